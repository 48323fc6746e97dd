"""Calibration: the data that it reads and refuses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from juguo_agents.calibration.likelihood import Coefficients, exposure
from juguo_agents.calibration.people import LATE, LEFT_OUT
from juguo_agents.calibration.table import DataError
from juguo_agents.calibration.ties import (
    AGAIN,
    ITSELF,
    NOBODY,
    OF_LEFT_OUT,
    UNSURVEYED,
)
from tests.agents.calibration.support import EDGES, PERSONS, read


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
    assert more.reasons() == {UNSURVEYED: 2}
    assert (more.ego == plain.ego).all()
    at = Coefficients(0.1, 0.4, 0.2)
    assert exposure(more).log_likelihood(at) == exposure(plain).log_likelihood(at)


def test_a_pair_that_is_named_again_counts_once(tmp_path: Path) -> None:
    found = read(tmp_path, edges=[*EDGES, "1,2", "2,1"])
    assert found.dropped == (("e.csv", 5, "alter", "2", AGAIN),)
    assert len(found.ego) == 4


def test_who_names_nobody_or_oneself_has_no_tie_by_that(tmp_path: Path) -> None:
    found = read(tmp_path, edges=[*EDGES, "5,NA", "6,", "7,7"])
    assert found.dropped == (
        ("e.csv", 5, "alter", "NA", NOBODY),
        ("e.csv", 6, "alter", "", NOBODY),
        ("e.csv", 7, "alter", "7", ITSELF),
    )
    assert found.ego.tolist() == read(tmp_path).ego.tolist()


def test_adoption_after_the_window_is_none(tmp_path: Path) -> None:
    found = read(tmp_path, periods=7)
    assert found.time.tolist() == [1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0]
    assert found.dropped == (("p.csv", 9, "time_of_adoption", "8", LATE),)
    other = [line.replace("8,west,8,1", "8,west,8,0") for line in PERSONS]
    assert (read(tmp_path, other, periods=7).time == found.time).all()


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
        (person(4, "3,east,0,1,"), "line 4, column time_of_adoption: '0'; allowed are whole numbers from 1"),
        (person(4, "3,east,-2,1,"), "line 4, column time_of_adoption: '-2'; allowed"),
        (person(4, "3,east,1e2,1,"), "line 4, column time_of_adoption: '1e2'; allowed"),
        (person(4, "3,east,inf,1,"), "line 4, column time_of_adoption: 'inf'; allowed"),
        (person(4, "3,east,３,1,"), "line 4, column time_of_adoption: '３'; allowed"),
        (person(4, "3,east,1948,1,"), "'1948'; allowed are whole numbers from 1, counted in periods"),
        (person(4, "3,east,1953-11-02,1,"), "(for years and dates say --start and --step), at most 1"),
        (person(4, f"3,east,{'9' * 5000},1,"), "line 4, column time_of_adoption: '9999"),
        (person(4, "3,east,NA,1,"), "line 4, column adopted: '1'; allowed is 1 where a time of"),
        (person(4, "3,east,3,0,"), "line 4, column adopted: '0'; allowed is 1 where a time"),
        (person(12, "11,west,,1,"), "line 12, column adopted: '1'; allowed"),
        (person(12, "11,west,,maybe,"), "line 12, column adopted: 'maybe'; allowed"),
        (person(5, "2,east,4,1,"), "line 5, column id: '2' (line 3 has it already); allowed is one line"),
        (person(5, ",east,4,1,"), "line 5, column id: ''; allowed is a name or number; write it, or"),
        (person(5, "NA,east,4,1,"), "line 5, column id: 'NA'; allowed is a name or number"),
        (person(5, "4,,4,1,"), "line 5, column community: ''; allowed is a name; write it, or leave"),
        (person(5, "4,NA,4,1,"), "line 5, column community: 'NA'; allowed is a name"),
        (person(5, "4,east,4"), "p.csv, line 5: '4,east,4'; 3 values; allowed are 5, as line 1 has: 'id"),
        (person(5, '4,"east,4,1,'), "p.csv, line 5: cannot be read as CSV"),
        (person(1, "id,community,toa,adopted,note"), "'time_of_adoption' is missing; the columns are 'id', "),
        (person(1, "id,community,time_of_adoption,id,note"), "p.csv, line 1: column 'id' is there twice"),
        (files(persons=PERSONS[1:]), "p.csv, line 1: column 'id' is missing; the columns are '1', 'east', "),
        (files(persons=["# mine", *PERSONS]), "5 values; allowed are 1, as line 1 has: '# mine'"),
        (files(persons=[]), "p.csv: is empty; its first line must name the columns"),
        (files(persons=PERSONS[:1]), "p.csv: holds no line below its heading"),
        (files(persons=NEVER), "p.csv, column time_of_adoption: nobody adopted; allowed is one"),
        (files(persons=AT_ONCE), "column time_of_adoption: nobody adopted after period 1; allowed"),
        (edge(2, "99,2"), "e.csv, line 2, column ego: '99'; allowed is an id of"),
        (edge(2, ",2"), "e.csv, line 2, column ego: ''; allowed is an id of"),
        (edge(2, "1,2,3"), "e.csv, line 2: '1,2,3'; 3 values; allowed are 2"),
        (edge(1, "from,to"), "column 'ego' is missing; the columns are 'from', 'to'; if yours has another "),
        (files(edges=EDGES[:1]), "e.csv: no tie joins two persons of"),
        (files(edges=["ego,alter", "1,stranger"]), "e.csv: no tie joins two persons of"),
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


def test_a_window_that_cannot_be_is_refused(tmp_path: Path) -> None:
    for periods in (1, 1001):
        with pytest.raises(DataError, match=f"--periods is {periods}; allowed are 2 to 1000"):
            read(tmp_path, periods=periods)


def test_all_faults_of_a_file_are_told_at_once_each_kind_by_its_first_lines(tmp_path: Path) -> None:
    persons = [line.replace("east", "NA").replace(",west,8", ",west,eight") for line in PERSONS]
    with pytest.raises(DataError) as refusal:
        read(tmp_path, persons)
    message = str(refusal.value)
    assert "p.csv, (1) lines 2, 3, 4 and 2 more, column community: 'NA'; allowed" in message
    assert "; (2) line 9, column time_of_adoption: 'eight'; allowed" in message


# --- ids and names of communities -------------------------------------------------------------------------


@pytest.mark.parametrize("persons", ["{}", "{}.0", "{}.00"])
@pytest.mark.parametrize("ties", ["{}", "{}.0", "{}.000000"])
def test_whole_numbers_with_decimals_are_the_same_ids(tmp_path: Path, persons: str, ties: str) -> None:
    lines = [line.replace(f"{i},", f"{persons.format(i)},", 1) for i, line in enumerate(PERSONS)]
    edges = ["ego,alter", *(f"{ties.format(i)},{ties.format(j)}" for i, j in ((1, 2), (2, 3), (12, 1)))]
    found, plain = read(tmp_path, lines, edges), read(tmp_path)
    assert found.ids == plain.ids
    assert (found.alter == plain.alter).all()
    assert not found.dropped


def test_a_comma_before_decimals_is_one_where_it_is_no_delimiter(tmp_path: Path) -> None:
    persons = [line.replace(",", ";") for line in PERSONS]
    found = read(tmp_path, persons, ["ego;alter", "1,0;2,0", "2;3,00", "12;1"])
    assert found.alter.tolist() == read(tmp_path).alter.tolist()
    times = [re.sub(r";(\d+);1;", r";\1,0;1;", line) for line in persons]
    assert read(tmp_path, times).time.tolist() == found.time.tolist()
    with pytest.raises(DataError, match=r"column alter: '1,000'; it is one as well as a thousand"):
        read(tmp_path, persons, ["ego;alter", "1;2", "2;1,000"])
    with pytest.raises(DataError, match=r"column time_of_adoption: '3.000'; allowed are whole"):
        read(tmp_path, [*persons[:3], "3;east;3.000;1;", *persons[4:]])


NEAR = {
    "zero in front": "02",
    "space": "2 1",
    "no-break space": "2\u00a0",
    "zero width": "2\u200b",
    "direction": "\u200e2",
    "full width": "２",
    "power": "1e+01",
    "sign": "+2",
    "point": "2.",
    "thousands": "1,0",
}


@pytest.mark.parametrize("text", NEAR.values(), ids=NEAR)
def test_what_is_nearly_an_id_is_refused_with_its_lines(tmp_path: Path, text: str) -> None:
    persons = [*PERSONS, "21,west,,0,"]
    for column in (0, 1):
        cell = f'"{text}"'
        line = f"{cell},3" if column == 0 else f"3,{cell}"
        with pytest.raises(
            DataError, match=rf"e\.csv, line 5, column {('ego', 'alter')[column]}: .* of p\.csv has '"
        ):
            read(tmp_path, persons, [*EDGES, line])
    with pytest.raises(DataError, match=r"p\.csv, line 15, column id: .*\(line \d+ has '"):
        read(tmp_path, [*persons, f'"{text}",west,,0,'])


WAYS: dict[str, Callable[[str, int], str]] = {
    "capitals": lambda text, _: text.swapcase(),
    "zero in front": lambda text, _: re.sub("[0-9]", r"0\g<0>", text, count=1),
    "decimals": lambda text, at: f"{text}.{'0' * (at % 2 + 1)}",
    "width": lambda text, _: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "composition": lambda text, _: unicodedata.normalize("NFD", text),
    "sign": lambda text, at: text[:at] + "\u200b\u00ad\u2060\ufeff\u200e"[at % 5] + text[at:],
    "space": lambda text, at: text[:at] + " \u00a0\u3000\u2009"[at % 4] + text[at:],
    "power": lambda text, _: f"{float(text):.3e}" if text.isascii() and text.isdecimal() else text,
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ids=st.lists(
        st.from_regex(r"[a-zé北]{0,2}[1-9][0-9]{0,3}", fullmatch=True), min_size=3, max_size=6, unique=True
    ),
    ways=st.lists(st.sampled_from(sorted(WAYS)), min_size=1, max_size=3),
    at=st.integers(0, 6),
)
def test_an_alter_written_otherwise_is_found_or_refused_and_never_taken_for_a_stranger(
    tmp_path: Path, ids: list[str], ways: list[str], at: int
) -> None:
    alter = ids[1]
    for way in sorted(ways, key=lambda way: way == "power"):  # nothing is written after a power
        alter = WAYS[way](alter, at)
    persons = ["id,community,time_of_adoption", *(f"{name},a,{i + 1}" for i, name in enumerate(ids))]
    edges = ["ego,alter", f"{ids[0]},{ids[2]}", f'{ids[0]},"{alter}"']
    try:
        found = read(tmp_path, persons, edges)
    except DataError as refusal:
        assert "\n" not in str(refusal)
    else:
        assert found.alter.tolist() == [2, 1]
        assert not found.dropped


def test_ids_are_text_and_capitals_matter_only_to_be_refused(tmp_path: Path) -> None:
    persons = [PERSONS[0]] + [f"p{line}" for line in PERSONS[1:]]
    edges = ["ego,alter", "p1,p2", "p2,p3", "p12,p1"]
    assert read(tmp_path, persons, edges).ids[0] == "p1"
    many = [*edges, *(f"p1,P{i}" for i in range(3, 9))]
    with pytest.raises(DataError) as refusal:
        read(tmp_path, persons, many)
    assert "e.csv, lines 5, 6, 7 and 3 more, column alter: 'P3' (line 4 of p.csv has 'p3'), 'P4'" in str(
        refusal.value
    )


def test_a_number_that_may_be_one_or_a_thousand_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 5, column alter: '1\.000'; it is one as well as a thousand"):
        read(tmp_path, edges=[*EDGES, "3,1.000"])


def test_what_cannot_be_printed_is_no_id(tmp_path: Path) -> None:
    for text, told in (
        ("2\n1", r"\\n"),
        ("2\x001", r"\\x00"),
        ("2\ufffd", "\ufffd"),
        ("2\u2028", r"\\u2028"),
    ):
        with pytest.raises(DataError, match=rf"line 14, column id: '2{told}1?'; allowed are characters that"):
            read(tmp_path, [*PERSONS, f'"{text}",west,,0,'])


def communities(*names: str) -> list[str]:
    """The persons with other communities, by turns."""
    quoted = [f'"{name}"' for name in names]
    lines = [line.replace("west", "east") for line in PERSONS[1:]]
    return [PERSONS[0], *(line.replace("east", quoted[i % len(names)]) for i, line in enumerate(lines))]


@pytest.mark.parametrize(
    ("names", "one"), [(("1", "1.0"), "1"), (("caf\u00e9", "cafe\u0301"), "caf\u00e9"), (("a", "a "), "a")]
)
def test_names_that_are_the_same_make_one_community(tmp_path: Path, names: tuple[str, str], one: str) -> None:
    assert read(tmp_path, communities(*names)).places == (one,)


@pytest.mark.parametrize(
    "names", [("1", "01"), ("New York", "New  York"), ("North", "north"), ("1", "１"), ("a-b", "a-b\u3000.")]
)
def test_names_that_are_nearly_the_same_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    with pytest.raises(DataError, match=r"lines 3, 5, 7 and 3 more, column community: .* \(line 2 has '"):
        read(tmp_path, communities(*names))


def test_names_that_a_scenario_cannot_have_are_refused(tmp_path: Path) -> None:
    for name in ("a\u2028b", "a\x85b", "a\u202eb", "x" * 41):
        with pytest.raises(
            DataError, match=r"lines 3, 5, 7 and 3 more, column community: .* allowed is a name: "
        ):
            read(tmp_path, communities("b", name))
    for name in ("no", "~", "- x", "a: b # c", "<img src=x>", "$\\frac{$", "比较"):
        assert name in read(tmp_path, communities("b", name)).places


def test_some_communities_alone_are_used_and_the_others_told(tmp_path: Path) -> None:
    found = read(tmp_path, edges=[*EDGES, "7,8"], only=("west",))
    assert found.places == ("west",)
    assert len(found) == 7
    assert found.reasons() == {LEFT_OUT: 5, OF_LEFT_OUT: 3}
    with pytest.raises(DataError, match=r"--only 'wst': .* has no such community \(did you mean 'west'\?\)"):
        read(tmp_path, only=("wst",))


def test_lines_of_ids_that_are_unique_within_a_community_need_their_community(tmp_path: Path) -> None:
    persons = ["id,community,time_of_adoption"] + [f"{i},{c},{i}" for c in "ab" for i in range(1, 6)]
    with pytest.raises(
        DataError, match=r"lines 7, 8, 9 and 2 more, column id: .* needs a column of communities"
    ):
        read(tmp_path, persons, ["ego,alter", "1,2"])
    found = read(tmp_path, persons, ["ego,alter,community", "1,2,b", "1,2,a"])
    assert list(zip(found.ego.tolist(), found.alter.tolist(), strict=True)) == [(5, 6), (0, 1)]
    with pytest.raises(DataError, match=r"line 2, column community: 'c'; allowed is a community of"):
        read(tmp_path, persons, ["ego,alter,community", "1,2,c"])
