"""Damaged files of persons and ties: they are read as what they hold, or refused in one line."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest

from juguo_agents.calibration.data import Diffusion
from juguo_agents.calibration.form import Form, read_columns
from juguo_agents.calibration.survey import read_diffusion
from juguo_envs.errors import UserError
from tests.agents.calibration.support import SMALL, write

TOKENS = [
    *(b'"', b",", b";", b"\t", b"\n", b"\r", b"\0", b"#", b"'", b"NA", b"-1", b"0", b"007", b".0", b"1e308"),
    *(b"nan", b"1946", b"ego", b"id", b"i1", b"place 0", b"sep=;\n", b"=1+1", b"9" * 400, b"x" * 200_000),
    *("\u00a0", "\u200b", "\u202e", "\ufeff", "\u2028", "\ufffd", "北京", "é", "２"),
    *(b"\xff\xfe", b"\xbc\xd7", b"\xe9", b"\x1b[2J"),
]
BYTES = [token.encode() if isinstance(token, str) else token for token in TOKENS]


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes changed, cut, doubled, moved, or others put between."""
    for _ in range(int(rng.integers(1, 4))):
        at, length = int(rng.integers(len(data) + 1)), int(rng.integers(1, 30))
        lines = data.splitlines(keepends=True)
        match int(rng.integers(8)):
            case 0:
                data = data[:at] + bytes([int(rng.integers(256))]) + data[at + 1 :]
            case 1:
                data = data[:at] + data[at + length :]
            case 2:
                data = data[:at]
            case 3 | 4:
                data = data[:at] + BYTES[int(rng.integers(len(BYTES)))] + data[at:]
            case 5:
                rng.shuffle(lines)
                data = b"".join(lines)
            case 6:
                data = (
                    b"".join(lines[i] for i in sorted(rng.integers(len(lines), size=len(lines))))
                    if lines
                    else b""
                )
            case _:
                data = data.replace(*(BYTES[int(k)] for k in rng.integers(12, size=2)))
    return data


def sound(found: Diffusion) -> None:
    """Everything is within its bounds."""
    n = len(found)
    assert n == len(found.community) == len(found.time)
    assert set(found.community) == set(range(len(found.places)))
    assert ((found.time >= 0) & (found.time <= found.periods)).all()
    assert 2 <= found.time.max() <= found.periods <= 1000
    ends = np.c_[found.ego, found.alter]
    assert ((ends >= 0) & (ends < n)).all()
    assert (found.ego != found.alter).all()
    assert len(np.unique(ends, axis=0)) == len(ends) > 0


def again(found: Diffusion, folder: Path) -> None:
    """What was read, written and read once more is the same."""
    with (folder / "p2.csv").open("w", encoding="utf-8", newline="") as file:
        persons = csv.writer(file)
        persons.writerow(["id", "community", "time_of_adoption"])
        for name, c, t in zip(found.ids, found.community, found.time, strict=True):
            persons.writerow([name, found.places[c], t or ""])
    with (folder / "e2.csv").open("w", encoding="utf-8", newline="") as file:
        ties = csv.writer(file)
        ties.writerow(["ego", "alter"])
        ties.writerows([found.ids[i], found.ids[j]] for i, j in zip(found.ego, found.alter, strict=True))
    same = read_diffusion(folder / "p2.csv", folder / "e2.csv", Form(periods=found.periods))
    assert (same.ids, same.places, same.periods, same.dropped) == (found.ids, found.places, found.periods, ())
    for name in ("community", "time", "ego", "alter"):
        assert np.array_equal(getattr(same, name), getattr(found, name)), name


def attacked(folder: Path, times: int, seed: int) -> tuple[int, int]:
    """Damage files many times; how often they were read all the same, and how often refused."""
    rng = np.random.default_rng(seed)
    write(folder, SMALL)
    good = [(folder / name).read_bytes() for name in ("persons.csv", "edges.csv")]
    wide = b"id,community,time_of_adoption,net1,net2\n" + b"".join(
        f"{i}.0,place {i % 3},{i % 7 or 'NA'},{(i + 1) % 20},NA\n".encode() for i in range(20)
    )
    matrix = b";1;2;3\n" + b"".join(b"%d;0;1;%d\n" % (i, i % 2) for i in (1, 2, 3))
    few = b"id;village;year\n1;a;1946\n2;b;1948\n3;a;\n"
    kept = refused = 0
    for k in range(times):
        which = k % 4
        files, form, ties = list(good), Form(), True
        if which == 2:
            files, form, ties = [wide, b""], Form(wide="net1..net2"), False
        elif which == 3:
            files, form = (
                [few, matrix],
                Form(columns=read_columns("time=year,community=village"), start="1946"),
            )
        target = k // 4 % 2 if ties else 0
        files[target] = damaged(files[target], rng)
        for name, content in zip(("p.csv", "e.csv"), files, strict=True):
            (folder / name).write_bytes(content)
        begin = time.process_time()
        try:
            found = read_diffusion(folder / "p.csv", folder / "e.csv" if ties else None, form)
        except UserError as error:
            refused += 1
            assert "\n" not in str(error), str(error)
            assert str(error).isprintable(), str(error)
            assert len(str(error)) < 5000
        else:
            kept += 1
            sound(found)
            if len(set(found.ids)) == len(found):
                again(found, folder)
        assert time.process_time() - begin < 2.0
    return kept, refused


def test_a_damaged_survey_is_read_as_what_it_holds_or_refused_in_one_line(tmp_path: Path) -> None:
    kept, refused = attacked(tmp_path, 400, seed=0)
    assert kept > 40
    assert refused > 100


@pytest.mark.slow
def test_ten_thousand_damaged_surveys_are_read_as_what_they_hold_or_refused(tmp_path: Path) -> None:
    kept, refused = attacked(tmp_path, 10_000, seed=1)
    assert kept > 1000
    assert refused > 2500
