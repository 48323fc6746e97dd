"""Tables of text: whatever delimiter, encoding, line ends and quotes a file has, its cells are the same."""

from __future__ import annotations

import csv
import io
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from juguo_agents.calibration.data import Diffusion
from juguo_agents.calibration.survey import read_diffusion
from juguo_agents.calibration.table import DataError, read_table

CHINESE = ("北京", "上海", "漯河", "甲村", "朱镕基", "一")
LATIN = ("São João", "Müßig", "Île", "Ñuñoa", "Québec", "Ærø")
ASCII = ("north", "7", "a;b,c", 'say "yes"', "it's")
ENCODINGS = {
    "utf-8": (*CHINESE, *LATIN, *ASCII, "𝄞"),
    "utf-8-sig": (*CHINESE, *LATIN, *ASCII),
    "utf-16": (*CHINESE, *LATIN, *ASCII),
    "utf-16-le": (*CHINESE, *LATIN, *ASCII),
    "utf-16-be": (*CHINESE, *LATIN, *ASCII),
    "utf-32": (*CHINESE, *LATIN, *ASCII),
    "gb18030": (*CHINESE, *ASCII),
    "latin-1": (*LATIN, *ASCII),
    "cp1252": (*LATIN, *ASCII, "l’Île"),
}
ENDS = ("\n", "\r\n", "\r")
QUOTING = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)


def text_of(rows: list[list[str]], delimiter: str, end: str, quoting: int) -> str:
    """Rows as a program writes them."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


@st.composite
def files(draw: st.DrawFn) -> tuple[list[list[str]], list[list[str]], dict[str, bytes]]:
    """Rows of persons and of ties, and the bytes of two files that hold them, each in a way of its own."""
    ways = [draw(st.sampled_from(sorted(ENCODINGS))) for _ in range(2)]
    known = [name for name in ENCODINGS[ways[0]] if name != "7"]
    n = draw(st.integers(10, 14))
    ids = draw(st.sampled_from(["{}", "p{}", "{}-x"]))
    names = draw(st.lists(st.sampled_from(known), min_size=1, max_size=4, unique=True))
    times = draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))
    times[0], decimals = 2, draw(st.booleans())
    number = f"{ids}.0" if decimals and ids == "{}" else ids
    persons = [["id", "community", "time_of_adoption"]] + [
        [number.format(i), names[i % len(names)], "" if t == 0 else f"{t}.0" if decimals else str(t)]
        for i, t in enumerate(times)
    ]
    pairs = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=20))
    ties = [
        ["ego", "alter"],
        [ids.format(0), ids.format(1)],
        *([ids.format(i), ids.format(j)] for i, j in pairs),
    ]
    made = {}
    for file, rows, encoding in (("p.csv", persons, ways[0]), ("e.csv", ties, ways[1])):
        delimiter = draw(st.sampled_from(",;\t"))
        text = text_of(rows, delimiter, draw(st.sampled_from(ENDS)), draw(st.sampled_from(QUOTING)))
        made[file] = (draw(st.sampled_from(["", f"sep={delimiter}\r\n"])) + text).encode(encoding)
    return persons, ties, made


def read(folder: Path, files: dict[str, bytes]) -> Diffusion:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return read_diffusion(folder / "p.csv", folder / "e.csv")


def same(one: Diffusion, other: Diffusion) -> None:
    """Both hold the same data."""
    assert (one.ids, one.places, one.periods) == (other.ids, other.places, other.periods)
    for name in ("community", "time", "ego", "alter"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert one.reasons() == other.reasons()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=files())
def test_in_whatever_way_a_file_is_written_it_holds_the_same_data(
    tmp_path: Path, made: tuple[list[list[str]], list[list[str]], dict[str, bytes]]
) -> None:
    persons, ties, content = made
    plain = {
        file: text_of(rows, ",", "\n", csv.QUOTE_MINIMAL).encode()
        for file, rows in (("p.csv", persons), ("e.csv", ties))
    }
    same(read(tmp_path, content), read(tmp_path, plain))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=files(), data=st.data())
def test_the_order_of_lines_does_not_matter(
    tmp_path: Path, made: tuple[list[list[str]], list[list[str]], dict[str, bytes]], data: st.DataObject
) -> None:
    def content(persons: list[list[str]], ties: list[list[str]]) -> dict[str, bytes]:
        return {
            file: text_of(rows, ",", "\n", csv.QUOTE_MINIMAL).encode()
            for file, rows in (("p.csv", persons), ("e.csv", ties))
        }

    def known(found: Diffusion) -> tuple[object, ...]:
        people = zip(found.ids, found.community, found.time, strict=True)
        ties = {(found.ids[i], found.ids[j]) for i, j in zip(found.ego, found.alter, strict=True)}
        return {i: (found.places[c], int(t)) for i, c, t in people}, ties, found.periods, found.places

    persons, ties, _ = made
    mixed = [[rows[0], *data.draw(st.permutations(rows[1:]))] for rows in (persons, ties)]
    assert known(read(tmp_path, content(*mixed))) == known(read(tmp_path, content(persons, ties)))


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "comma, UTF-8"),
        ("utf-8-sig", "comma, UTF-8 with a byte order mark"),
        ("utf-16", "comma, UTF-16 with a byte order mark"),
        ("utf-16-be", "comma, UTF-16"),
        ("gb18030", "comma, GB18030 (guessed; it holds '漯河')"),
    ],
)
def test_it_is_told_how_a_file_was_read(tmp_path: Path, encoding: str, told: str) -> None:
    (tmp_path / "a.csv").write_bytes("id,place\n1,漯河\n2,north\n".encode(encoding))
    table = read_table(tmp_path / "a.csv")
    assert table.told == told
    assert table.rows == [["1", "漯河"], ["2", "north"]]
    assert table.lines == [2, 3]


def test_every_common_chinese_character_is_told_from_latin_letters_with_accents(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hanzi = [bytes([a, b]).decode("gb2312") for a in range(0xB0, 0xD7) for b in range(0xA1, 0xFF)]
    for word in hanzi[::40] + ["".join(rng.choice(hanzi, 3)) for _ in range(30)]:
        (tmp_path / "a.csv").write_bytes(f"id,place\n1,{word}\n2,{word}县\n".encode("gb18030"))
        assert read_table(tmp_path / "a.csv").rows[0][1] == word
    for word in (*LATIN, "CONCEIÇÃO", "Françoise Noël", "£5", "Ø", "naïve", "30 °C", "Ã"):
        (tmp_path / "a.csv").write_bytes(f"id,place\n1,{word}\n".encode("latin-1"))
        assert read_table(tmp_path / "a.csv").rows[0][1] == word


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "id,place\n1,café\n3,café\n2,".encode() + b"caf\xe9\n",
            "line 4: byte e9 is no UTF-8, which the rest of the file is",
        ),
        (b"id,place\n1,\x81\n", "line 2: byte 81 is no text in UTF-8, UTF-16, GB18030 or Latin-1; save"),
        (b"\xff\xfei\0d\0,", "line 1: byte 2c is no UTF-16-LE"),
        (b"PK\x03\x04rest", "is a workbook; allowed is text: save the sheet as CSV"),
        (b"sep=|\nid|place\n", "line 1: 'sep=|'; allowed delimiters are comma, semicolon, tab"),
        (b"", "is empty; its first line must name the columns"),
        (b"\n \n,,\n", "is empty; its first line must name the columns"),
        (b'id,place\n1,"a\n2,b\n', "line 2: cannot be read as CSV"),
        (b'id,place\n1,"a"b\n', "line 2: cannot be read as CSV"),
        (
            b"id,place\n1,2\n1,2,3\n4\n",
            "(1) line 3: '1,2,3'; 3 values; allowed are 2, as line 1 has: 'id,place';",
        ),
    ],
)
def test_what_is_no_table_of_text_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError) as refusal:
        read_table(tmp_path / "a.csv")
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_long_cell_takes_no_long_time(tmp_path: Path) -> None:
    for word in ("x" * 120_000, "9" * 120_000, "1." * 60_000, "é" * 50_000, '"' * 120_000):
        (tmp_path / "a.csv").write_bytes(f"id,note,{word}\n1,{word},2\n1,à la,3\n".encode("latin-1"))
        begin = time.process_time()
        with suppress(DataError):
            read_table(tmp_path / "a.csv")
        assert time.process_time() - begin < 1.0


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for name in ("nowhere.csv", ".", "x" * 5000, "a\0b"):
        with pytest.raises(DataError, match="cannot be read"):
            read_table(tmp_path / name)


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\nid,note\n1,"two\nlines"\n\n2,\n')
    assert read_table(tmp_path / "a.csv").lines == [3, 6]
    assert read_table(tmp_path / "a.csv").heading_line == 2
    (tmp_path / "a.csv").write_bytes(b"sep=;\r\nid;note\r\n1;2\r\n")
    assert read_table(tmp_path / "a.csv").lines == [3]


def test_36_000_ties_are_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    persons = ["id,community,time_of_adoption", *(f"{i},{i % 31},{i % 20 or ''}" for i in range(9000))]
    ties = ["ego,alter", *(f"{i}.0,{j}" for i, j in rng.integers(9000, size=(36_000, 2)))]
    (tmp_path / "p.csv").write_text("\n".join(persons))
    (tmp_path / "e.csv").write_text("\n".join(ties))
    found = read_diffusion(tmp_path / "p.csv", tmp_path / "e.csv")
    assert len(found.ego) + sum(found.reasons().values()) == 36_000
