"""Calibration: tables of other forms: own headings, wide surveys, matrices."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from juguo_agents.calibration.data import Diffusion
from juguo_agents.calibration.form import Form, read_columns
from juguo_agents.calibration.people import LATE
from juguo_agents.calibration.survey import read_diffusion
from juguo_agents.calibration.table import DataError, read_table
from juguo_agents.calibration.ties import (
    ELSEWHERE,
    UNSURVEYED,
    wide_columns,
)
from tests.agents.calibration.support import EDGES, PERSONS, SMALL, read, write


def test_own_headings_are_said_and_capitals_of_a_heading_do_not_matter(tmp_path: Path) -> None:
    persons = ["ID,village,year,Adopted,note", *PERSONS[1:]]
    columns = read_columns("community=village, time = year,ego=from,alter=to")
    found = read(tmp_path, persons, ["to,from", "2,1"], columns=columns)
    assert (found.ids, found.places) == (read(tmp_path).ids, ("east", "west"))
    assert (found.ego.tolist(), found.alter.tolist()) == ([0], [1])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "tme=year",
            "--columns has 'tme=year', which is none of them (did you mean 'time'?); allowed are id=HEADING,",
        ),
        ("id=a,id=b", "--columns has 'id=b', again; allowed"),
        ("id", "--columns has 'id', which is none"),
        ("", "--columns has ''"),
    ],
)
def test_columns_that_mean_nothing_are_refused(text: str, words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        read_columns(text)


def test_a_heading_with_a_comma_can_be_said() -> None:
    assert read_columns("time=year, of adoption,id=ID") == {"time": "year, of adoption", "id": "ID"}


WIDE = ["city,id,net1_1,net1_2,net2_1,net2_2,toa,remark"] + [
    f"{city}.0,{i}.0,{i % 6 + 1}.0,NA,{(i + 1) % 6 + 1}.0,{97 if i == 1 else 'NA'},{i if i < 5 else 9}.0,"
    for city in (1, 2)
    for i in range(1, 7)
]
WIDE_COLUMNS = read_columns("community=city,time=toa")


def read_wide(folder: Path, persons: list[str], wide: str, **options: Any) -> Diffusion:
    (folder / "w.csv").write_text("\n".join(persons) + "\n", encoding="utf-8")
    return read_diffusion(folder / "w.csv", None, Form(columns=WIDE_COLUMNS, wide=wide, **options))


def test_numbers_of_headings_count_as_numbers_however_long(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"net9,net[1],net10,net010,net{'9' * 9000},age2,net11\n1,2,3,4,5,6,7\n")
    table = read_table(tmp_path / "a.csv")
    assert wide_columns(table, "net9..net10") == [0, 2, 3]
    assert wide_columns(table, "net[1], net11") == [1, 6]


@pytest.mark.parametrize("wide", ["net1_1..net2_2", "net*", "net1_1,net1_2,net2_*", "net1_2..net2_2, net1_1"])
def test_a_wide_survey_is_the_same_as_its_ties_line_by_line(tmp_path: Path, wide: str) -> None:
    found = read_wide(tmp_path, WIDE, wide, periods=8)
    persons = ["id,community,time_of_adoption"] + [
        f"{city}-{i},{city},{i if i < 5 else ''}" for city in (1, 2) for i in range(1, 7)
    ]
    edges = ["ego,alter"] + [
        f"{city}-{i},{city}-{(i + k) % 6 + 1}" for city in (1, 2) for i in range(1, 7) for k in (0, 1)
    ]
    tidy = read(tmp_path, persons, [line for line in edges if len(set(line.split(","))) == 2], periods=8)
    for name in ("community", "time", "ego", "alter"):
        assert getattr(found, name).tolist() == getattr(tidy, name).tolist()
    assert found.reasons() == {LATE: 4, UNSURVEYED: 2}
    assert "ids unique within a community only" in found.sources[0].holds


def test_an_id_of_another_community_is_no_peer_where_ids_are_unique_within_one(tmp_path: Path) -> None:
    persons = [*WIDE, "2,7,1,NA,NA,NA,3,", "1,1000,7,NA,NA,NA,3,"]
    found = read_wide(tmp_path, persons, "net*")
    assert [d[1:] for d in found.dropped if d.reason == ELSEWHERE] == [(15, "net1_1", "7", ELSEWHERE)]


@pytest.mark.parametrize(
    ("wide", "words"),
    [
        ("net9", "--wide has 'net9', which is no heading"),
        ("net1_1..net9_9", "column 'net9_9' is missing"),
        (
            "net2_2..net1_1",
            "allowed are two headings that differ in their numbers alone, the first below the last",
        ),
        ("net1_1..toa", "allowed are two headings that differ in their numbers alone"),
        ("*", "--wide '*' has the column 'id', which holds the id"),
        ("", "--wide has ''"),
    ],
)
def test_columns_that_name_nobody_are_refused(tmp_path: Path, wide: str, words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        read_wide(tmp_path, WIDE, wide)


def test_who_named_whom_is_said_once(tmp_path: Path) -> None:
    persons, edges = write(tmp_path, SMALL)
    for arguments in ((persons, None, Form()), (persons, edges, Form(wide="net*"))):
        with pytest.raises(DataError, match="say once who named whom: either --edges FILE, or --wide"):
            read_diffusion(*arguments)


def matrix(delimiter: str = ";", corner: str = "") -> list[str]:
    """The ties as an adjacency matrix."""
    ties = {tuple(line.split(",")) for line in EDGES[1:]}
    ids = [str(i) for i in range(1, 13)]
    rows = [[ego, *("1" if (ego, alter) in ties else "0" for alter in ids)] for ego in ids]
    return [delimiter.join(row) for row in ([corner, *ids], *rows)]


@pytest.mark.parametrize("corner", ["", "person"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_matrix_is_the_same_as_its_ties_line_by_line(tmp_path: Path, delimiter: str, corner: str) -> None:
    found, plain = read(tmp_path, edges=matrix(delimiter, corner)), read(tmp_path)
    assert (found.ego.tolist(), found.alter.tolist()) == (plain.ego.tolist(), plain.alter.tolist())
    assert found.sources[1].holds == "adjacency matrix of 12 by 12"
    weighted = [
        line.replace(f"{delimiter}1{delimiter}", f"{delimiter}2.5{delimiter}")
        for line in matrix(delimiter)[1:]
    ]
    assert len(read(tmp_path, edges=[matrix(delimiter)[0], *weighted]).ego) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[:-1], "p.csv, line 13, column id: '12'; "),
        (lambda rows: [*rows, rows[1]], "line 14, column 1: '1'; allowed is one row for each id"),
        (lambda rows: [*rows, "99" + rows[1][1:]], "line 14, column 1: '99'; allowed is an id of"),
        (
            lambda rows: [rows[0], rows[1].replace("0", "-1", 1), *rows[2:]],
            "column 1: '-1'; allowed are 0 or",
        ),
        (
            lambda rows: [rows[0].replace("12", "2"), *rows[1:]],
            "column 1: '2'; allowed is one column for each",
        ),
    ],
)
def test_a_matrix_that_is_none_is_refused(
    tmp_path: Path, change: Callable[[list[str]], list[str]], words: str
) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        read(tmp_path, edges=change(matrix()))
