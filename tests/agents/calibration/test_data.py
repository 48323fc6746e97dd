"""Calibration: the data that it reads and refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from juguo_agents.calibration.data import DataError, Diffusion, read_diffusion
from juguo_agents.calibration.likelihood import Coefficients, exposure
from tests.agents.calibration.support import SMALL, write

PERSONS = ["id,community,time_of_adoption,adopted,note"] + [
    f"{i},{'east' if i < 6 else 'west'},{i if i < 9 else ''},{int(i < 9)}," for i in range(1, 13)
]
EDGES = ["ego,alter", "1,2", "2,3", "12,1"]


def read(folder: Path, persons: list[str] = PERSONS, edges: list[str] = EDGES, **options: Any) -> Diffusion:
    (folder / "p.csv").write_text("\n".join(persons) + "\n", encoding="utf-8")
    (folder / "e.csv").write_text("\n".join(edges) + "\n", encoding="utf-8")
    return read_diffusion(folder / "p.csv", folder / "e.csv", **options)


def test_files_are_read_as_they_stand(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert found.ids == tuple(str(i) for i in range(1, 13))
    assert found.places == ("east", "west")
    assert found.community.tolist() == [0] * 5 + [1] * 7
    assert found.time.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]
    assert found.periods == 8
    assert list(zip(found.ego.tolist(), found.alter.tolist(), strict=True)) == [(0, 1), (1, 2), (11, 0)]
    assert found.adopters().tolist()[3] == [3, 0]


def test_spaces_blank_lines_a_byte_order_mark_and_further_columns_do_not_matter(tmp_path: Path) -> None:
    spaced = ["\ufeff" + PERSONS[0].replace(",", " , ")] + [f" {line}" for line in PERSONS[1:]]
    found = read(tmp_path, [*spaced[:4], "", *spaced[4:], " , , , ,"], ["alter,times_named,ego", "2,5,1"])
    assert found.time.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]
    assert (found.ego.tolist(), found.alter.tolist()) == ([0], [1])


def test_communities_that_are_numbers_stand_in_their_order(tmp_path: Path) -> None:
    renamed = [PERSONS[0]] + [
        line.replace("east", "10").replace("west", "9") if i < 8 else line
        for i, line in enumerate(PERSONS[1:])
    ]
    assert read(tmp_path, renamed).places == ("9", "10", "west")


def test_persons_named_but_not_surveyed_are_no_peers(tmp_path: Path) -> None:
    plain, more = read(tmp_path), read(tmp_path, edges=[*EDGES, "1,stranger", "5,stranger"])
    assert more.unsurveyed == 2
    assert (more.ego == plain.ego).all()
    at = Coefficients(0.1, 0.4, 0.2)
    assert exposure(more).log_likelihood(at) == exposure(plain).log_likelihood(at)


def test_a_pair_that_is_named_again_counts_once(tmp_path: Path) -> None:
    found = read(tmp_path, edges=[*EDGES, "1,2", "2,1"])
    assert found.repeated == 1
    assert len(found.ego) == 4


def test_a_longer_window_keeps_the_censored_at_risk(tmp_path: Path) -> None:
    longer = exposure(read(tmp_path, periods=10))
    assert longer.waited.sum() == exposure(read(tmp_path)).waited.sum() + 2 * 4


def person(number: int, line: str) -> Callable[[list[str], list[str]], None]:
    def change(persons: list[str], edges: list[str]) -> None:
        persons[number - 1] = line

    return change


def edge(number: int, line: str) -> Callable[[list[str], list[str]], None]:
    def change(persons: list[str], edges: list[str]) -> None:
        edges[number - 1] = line

    return change


def files(persons: list[str] | None = None, edges: list[str] | None = None) -> Any:
    def change(old_persons: list[str], old_edges: list[str]) -> None:
        old_persons[:] = persons if persons is not None else old_persons
        old_edges[:] = edges if edges is not None else old_edges

    return change


NEVER = [PERSONS[0]] + [f"{i},east,,0," for i in range(1, 13)]
AT_ONCE = [PERSONS[0]] + [f"{i},east,1,1," for i in range(1, 13)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (person(4, "3,east,1.5,1,"), "p.csv, line 4, column time_of_adoption: '1.5'; allowed are whole"),
        (person(4, "3,east,0,1,"), "line 4, column time_of_adoption: '0'; allowed are whole numbers"),
        (person(4, "3,east,-2,1,"), "line 4, column time_of_adoption: '-2'; allowed"),
        (person(4, "3,east,1948,1,"), "'1948'; allowed are whole numbers from 1 to 1000, counted in"),
        (person(4, "3,east,NA,1,"), "'NA'; allowed are whole numbers from 1 to 1000"),
        (person(4, f"3,east,{'9' * 5000},1,"), "line 4, column time_of_adoption"),
        (person(4, "3,east,3,0,"), "line 4, column adopted: '0'; allowed is 1 where time_of_adoption"),
        (person(12, "11,west,,1,"), "line 12, column adopted: '1'; allowed"),
        (person(12, "11,west,,maybe,"), "line 12, column adopted: 'maybe'; allowed"),
        (person(5, "2,east,4,1,"), "line 5, column id: '2'; a person has one line, and '2' has line 3"),
        (person(5, ",east,4,1,"), "line 5, column id: ''; allowed is a name or number"),
        (person(5, "4,,4,1,"), "line 5, column community: ''; allowed is a name of at most 40"),
        (person(5, f"4,{'x' * 41},4,1,"), "column community"),
        (person(5, "4,east,4"), "p.csv, line 5: 3 values; allowed are 5, one for each column"),
        (person(5, '4,"east,4,1,'), "p.csv: cannot be read as CSV"),
        (person(1, "id,community,toa,adopted,note"), "line 1: column 'time_of_adoption' is missing; needed"),
        (person(1, "id,community,time_of_adoption,id,note"), "p.csv, line 1: column 'id' is there twice"),
        (files(persons=[]), "p.csv, line 1: column 'id' is missing"),
        (files(persons=PERSONS[:8]), "p.csv: 7 persons; allowed are 10 or more"),
        (files(persons=NEVER), "p.csv, column time_of_adoption: nobody adopted; allowed is one"),
        (files(persons=AT_ONCE), "column time_of_adoption: nobody adopted after period 1; allowed"),
        (edge(2, "99,2"), "e.csv, line 2, column ego: '99'; allowed is an id of"),
        (edge(2, "2,2"), "e.csv, line 2, column alter: '2'; allowed is another person than ego"),
        (edge(2, ",2"), "e.csv, line 2, column ego: ''; allowed is the id of the person"),
        (edge(2, "1,"), "e.csv, line 2, column alter: ''; allowed is the id"),
        (edge(2, "1,2,3"), "e.csv, line 2: 3 values; allowed are 2"),
        (edge(1, "from,to"), "e.csv, line 1: column 'ego' is missing; needed are ego, alter"),
        (files(edges=EDGES[:1]), "e.csv: no line joins two persons of"),
        (files(edges=["ego,alter", "1,stranger"]), "e.csv: no line joins two persons of"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_used_are_refused_in_one_clear_line(
    tmp_path: Path, change: Callable[[list[str], list[str]], None], words: str
) -> None:
    persons, edges = list(PERSONS), list(EDGES)
    change(persons, edges)
    with pytest.raises(DataError) as refusal:
        read(tmp_path, persons, edges)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_files_that_are_not_there_or_no_text_are_refused(tmp_path: Path) -> None:
    persons, edges = write(tmp_path, SMALL)
    with pytest.raises(DataError, match=r"nowhere\.csv: cannot be read"):
        read_diffusion(tmp_path / "nowhere.csv", edges)
    edges.write_bytes(b"ego,alter\n\xff\xfe,2\n")
    with pytest.raises(DataError, match=r"edges\.csv: cannot be read as CSV in UTF-8"):
        read_diffusion(persons, edges)


@pytest.mark.parametrize(
    ("periods", "words"), [(1, "--periods is 1; allowed"), (7, "'8'; allowed .* 1 to 7 with")]
)
def test_a_window_that_does_not_hold_the_data_is_refused(tmp_path: Path, periods: int, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(tmp_path, periods=periods)
