"""Reads who adopted when, who lives where and who named whom, and refuses what cannot be used."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_envs.errors import UserError

Array = npt.NDArray[Any]

LEAST_PERSONS, MOST_PERIODS = 10, 1000
_NAME_LENGTH = 40  # of a community, as a scenario allows
_DIGITS = 9  # more are no period


class DataError(UserError):
    """Data that cannot be used; the message names file, line, column, value and what is allowed."""


@dataclass(frozen=True)
class Diffusion:
    """A diffusion as it was observed, over periods 1 to `periods`.

    Attributes:
        ids: N persons, in the order of the file.
        places: R names of communities, numbers in their order, then the others by the alphabet.
        community: (N,) i8 index of each person's community.
        time: (N,) i8 period in which a person adopted; 0 if not by the last period (right-censored).
        periods: The last period.
        ego, alter: (M,) i8 who named whom, each pair once; both were surveyed.
        unsurveyed: Ties to persons who are not among the surveyed.
        repeated: Lines that named a pair again.
    """

    ids: tuple[str, ...]
    places: tuple[str, ...]
    community: Array
    time: Array
    periods: int
    ego: Array
    alter: Array
    unsurveyed: int = 0
    repeated: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    def until(self, period: int) -> Diffusion:
        """The same as one would have seen it at the end of an earlier period."""
        return replace(self, time=np.where(self.time <= period, self.time, 0), periods=period)

    def adopted_by(self, period: int) -> Array:
        """(N,) whether each person had adopted by the end of a period; period 0 is before the first."""
        return (self.time > 0) & (self.time <= period)

    def adopters(self) -> Array:
        """(periods + 1, R) i8 adopters of each community at the end of periods 0 to the last."""
        counts = np.zeros((self.periods + 1, len(self.places)), "i8")
        np.add.at(counts, (self.time[self.time > 0], self.community[self.time > 0]), 1)
        total: Array = counts.cumsum(axis=0)
        return total


def read_diffusion(persons: Path, edges: Path, periods: int | None = None) -> Diffusion:
    """Read the two files.

    Args:
        persons: CSV with columns id, community, time_of_adoption (a period from 1; empty: not adopted);
            a column adopted (1 or 0) is checked, others are ignored.
        edges: CSV with columns ego, alter: ego named alter. An alter who is not in `persons` was not
            surveyed.
        periods: How many periods were observed; by default the latest in which somebody adopted.

    Raises:
        DataError: If a file cannot be read or a value is not allowed.
    """
    if periods is not None and not 2 <= periods <= MOST_PERIODS:
        raise DataError(f"--periods is {periods}; allowed are 2 to {MOST_PERIODS}")
    line_of: dict[str, int] = {}
    labels: list[str] = []
    times: list[int] = []
    for row in _rows(persons, ("id", "community", "time_of_adoption")):
        person = row.filled("id", "a name or number")
        if person in line_of:
            raise row.error("id", f"a person has one line, and {person!r} has line {line_of[person]} already")
        line_of[person] = row.line
        labels.append(_label(row))
        times.append(_time(row, periods))
    _check_size(persons, times)
    places = tuple(sorted(set(labels), key=_order))
    index = {name: c for c, name in enumerate(places)}
    number = {person: i for i, person in enumerate(line_of)}
    pairs, unsurveyed, repeated = _pairs(edges, number, persons)
    ends = np.array(pairs, "i8").reshape(-1, 2)
    return Diffusion(
        ids=tuple(line_of),
        places=places,
        community=np.array([index[name] for name in labels], "i8"),
        time=np.array(times, "i8"),
        periods=max(times) if periods is None else periods,
        ego=ends[:, 0],
        alter=ends[:, 1],
        unsurveyed=unsurveyed,
        repeated=repeated,
    )


@dataclass(frozen=True)
class _Row:
    """One line of a file, by column."""

    file: Path
    line: int
    cells: dict[str, str]

    def error(self, column: str, allowed: str) -> DataError:
        """A complaint about one cell."""
        return DataError(f"{self.file}, line {self.line}, column {column}: {self.cells[column]!r}; {allowed}")

    def filled(self, column: str, allowed: str) -> str:
        """A cell that must not be empty."""
        if not self.cells[column]:
            raise self.error(column, f"allowed is {allowed}")
        return self.cells[column]


def _rows(file: Path, needed: tuple[str, ...]) -> Iterator[_Row]:
    """The lines below the header; blank ones are skipped and spaces around a value do not count."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = [name.strip() for name in next(reader, [])]
            for column in needed:
                if header.count(column) != 1:
                    problem = "is there twice" if column in header else "is missing"
                    raise DataError(
                        f"{file}, line 1: column {column!r} {problem}; needed are {', '.join(needed)}"
                    )
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header):
                    raise DataError(
                        f"{file}, line {reader.line_num}: {len(cells)} values; allowed are "
                        f"{len(header)}, one for each column of the header"
                    )
                values = (cell.strip() for cell in cells)
                yield _Row(file, reader.line_num, dict(zip(header, values, strict=True)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file}: cannot be read as CSV in UTF-8 ({error})") from None


def _label(row: _Row) -> str:
    name = row.filled("community", f"a name of at most {_NAME_LENGTH} characters")
    if len(name) > _NAME_LENGTH:
        raise row.error("community", f"allowed is a name of at most {_NAME_LENGTH} characters")
    return name


def _order(name: str) -> tuple[bool, int, str]:
    """Numbers by size, then everything else by the alphabet."""
    number = name.isascii() and name.isdecimal()
    return not number, int(name) if number else 0, name


def _time(row: _Row, periods: int | None) -> int:
    text = row.cells["time_of_adoption"]
    most = periods or MOST_PERIODS
    allowed = f"allowed are whole numbers from 1 to {most}{' with --periods' if periods else ''}, counted in "
    allowed += "periods since the start, or nothing for a person who had not adopted when the data end"
    whole = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    if text and not (whole and 1 <= int(text) <= most):
        raise row.error("time_of_adoption", allowed)
    told = row.cells.get("adopted")
    if told is not None and told != ("1" if text else "0"):
        raise row.error("adopted", "allowed is 1 where time_of_adoption is given, and 0 where it is empty")
    return int(text) if text else 0


def _check_size(file: Path, times: list[int]) -> None:
    if len(times) < LEAST_PERSONS:
        raise DataError(f"{file}: {len(times)} persons; allowed are {LEAST_PERSONS} or more")
    if max(times) == 0:
        raise DataError(f"{file}, column time_of_adoption: nobody adopted; allowed is one adopter or more")
    if max(times) == 1:
        raise DataError(
            f"{file}, column time_of_adoption: nobody adopted after period 1; allowed are data in which "
            "adoption takes two periods or more, else nothing tells peers from chance"
        )


def _pairs(file: Path, number: dict[str, int], persons: Path) -> tuple[list[tuple[int, int]], int, int]:
    """Pairs of the surveyed, each once; how many ties led elsewhere, and how many lines said it again."""
    pairs: dict[tuple[str, str], None] = {}
    lines = 0
    for row in _rows(file, ("ego", "alter")):
        lines += 1
        ego = row.filled("ego", "the id of the person who named alter")
        alter = row.filled("alter", "the id of the person named")
        if ego not in number:
            raise row.error(
                "ego",
                f"allowed is an id of {persons}: who named others was surveyed; only alter may be missing",
            )
        if ego == alter:
            raise row.error("alter", "allowed is another person than ego")
        pairs[ego, alter] = None
    inside = [(number[ego], number[alter]) for ego, alter in pairs if alter in number]
    if not inside:
        raise DataError(f"{file}: no line joins two persons of {persons}; allowed is one or more")
    return inside, len(pairs) - len(inside), lines - len(pairs)
