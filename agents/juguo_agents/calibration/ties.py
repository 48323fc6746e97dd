"""Reads who named whom: lines of ego and alter, an adjacency matrix, or columns of the file of persons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from juguo_agents.calibration.data import Dropped
from juguo_agents.calibration.form import Form
from juguo_agents.calibration.ids import same
from juguo_agents.calibration.people import NEARLY, Index, People, fault_of
from juguo_agents.calibration.table import MISSING, DataError, Faults, Table, shown
from juguo_envs.errors import did_you_mean

UNSURVEYED = "alter was not surveyed"
ELSEWHERE = "alter was not surveyed there; another community has the id"
AGAIN = "pair was named before"
ITSELF = "alter is ego"
NOBODY = "alter is missing"
OF_LEFT_OUT = "tie of a person left out"
_CELL = re.compile(r"[0-9]+(?:[.,][0-9]+)?|TRUE|FALSE")
_TIE = re.compile(r"[1-9]|TRUE")


class Naming(NamedTuple):
    """Somebody named somebody: ego by index, alter as it stands in the file."""

    ego: int
    alter: str
    line: int
    column: str


class Ties:
    """The ties of a file.

    Attributes:
        pairs: Ego and alter by index, each pair once.
        dropped: What was not used.
        holds: What the file holds, in words.
    """

    def __init__(self, table: Table, people: People, form: Form) -> None:
        """Read them.

        Args:
            table: The file; that of the persons where its columns name others.
            people: The persons.
            form: How the files are to be read.

        Raises:
            DataError: If persons or ties are not allowed or unclear, or no tie joins two persons.
        """
        self.dropped: list[Dropped] = []
        self._table, self._people, self._form, self._faults = table, people, form, Faults(table.file)
        if form.wide is not None:
            index, namings, self.holds = self._columns(form.wide)
        elif self._is_matrix():
            index, namings, self.holds = self._matrix()
        else:
            index, namings, self.holds = self._list()
        people.faults.refuse()
        self.pairs = self._resolved(namings, index)
        self._faults.refuse()
        if not self.pairs:
            raise DataError(
                f"{table.file}: no tie joins two persons of {people.table.file}; allowed is one or more"
            )

    def _columns(self, wide: str) -> tuple[Index, Iterator[Naming], str]:
        """Columns of the persons: each cell is an alter, or empty."""
        table, people, form = self._table, self._people, self._form
        if {"ego", "alter"} & set(form.columns):
            raise DataError(
                "--columns has headings of ego and alter, and with --wide there is no file of ties"
            )
        chosen = wide_columns(table, wide)
        for key in ("id", "community", "time", "adopted"):
            if form.find(table, key) in chosen:
                raise DataError(
                    f"--wide {shown(wide)} has the column {shown(form.heading(key))}, which holds the {key}"
                )
        inside = people.ids_repeat()
        first, last = table.heading[chosen[0]], table.heading[chosen[-1]]
        holds = f"whom they named in {len(chosen)} columns, {first} to {last}"
        namings = (
            Naming(i, row[at], line, table.heading[at])
            for i, (line, row) in enumerate(zip(table.lines, table.rows, strict=True))
            for at in chosen
            if row[at] not in MISSING
        )
        return Index(people, range(len(people)), inside), namings, holds

    def _list(self) -> tuple[Index, Iterator[Naming], str]:
        """A line for each alter that an ego named."""
        table, people, form = self._table, self._people, self._form
        ego, alter = form.place(table, "ego"), form.place(table, "alter")
        place = table.find(form.heading("community")) if people.ids_repeat() else None
        inside = place is not None
        hint = f"; where ids are unique within a community only, {table.file} needs a column of communities"
        index = Index(people, range(len(people)), inside, hint)
        places = set(people.community)

        def namings() -> Iterator[Naming]:
            for line, row in zip(table.lines, table.rows, strict=True):
                community = ""
                if place is not None:
                    community = same(row[place], table.delimiter)
                    if community not in places:
                        allowed = f"allowed is a community of {people.table.file}, written as there"
                        self._fault(line, table.heading[place], row[place], allowed)
                        continue
                i = self._ego(line, table.heading[ego], row[ego], community, index)
                if i is not None:
                    yield Naming(i, row[alter], line, table.heading[alter])

        return index, namings(), f"{len(table.rows):,} lines of ego and alter"

    def _matrix(self) -> tuple[Index, Iterator[Naming], str]:
        """A row for each ego, a column for each alter."""
        table, people, column = self._table, self._people, self._table.heading[0] or "1"
        kept = [i for i in range(len(people)) if people.kept[i]]
        hint = "; a matrix is of one community where ids are unique within one only: say --only COMMUNITY"
        index = Index(people, kept if people.ids_repeat() else range(len(people)), False, hint)

        def namings() -> Iterator[Naming]:
            self._check_once("column", [(table.heading_line, "1", text) for text in table.heading[1:]])
            self._check_once(
                "row", [(line, column, row[0]) for line, row in zip(table.lines, table.rows, strict=True)]
            )
            rows = set()
            for line, row in zip(table.lines, table.rows, strict=True):
                i = self._ego(line, column, row[0], "", index)
                rows.add(i)
                for alter, cell in zip(table.heading[1:], row[1:], strict=True):
                    if cell == "0" or cell in MISSING:
                        continue
                    if not _CELL.fullmatch(cell):
                        self._fault(
                            line, alter, cell, "allowed are 0 or nothing (no tie) and numbers above 0 (a tie)"
                        )
                    elif i is not None and _TIE.search(cell):
                        yield Naming(i, alter, line, alter)
            without = Faults(people.table.file)
            for i in kept:
                if i not in rows:
                    allowed = f"{table.file} has no row for this person; allowed is one for each: see --only"
                    without.add(people.table.lines[i], self._form.heading("id"), people.ids[i], allowed)
            self._faults.refuse()
            without.refuse()

        return index, namings(), f"adjacency matrix of {len(table.rows):,} by {len(table.heading) - 1:,}"

    def _check_once(self, what: str, cells: list[tuple[int, str, str]]) -> None:
        """Note the rows and columns of a matrix that are there again."""
        seen = set()
        for line, column, text in cells:
            name = same(text, self._table.delimiter)
            if text in MISSING:
                self._fault(line, column, text, f"allowed is an id for each {what}")
            elif name in seen:
                self._fault(line, column, text, f"allowed is one {what} for each id")
            seen.add(name)

    def _is_matrix(self) -> bool:
        """Whether the first line and the first column hold the same ids, or only the first line holds ids."""
        table, form = self._table, self._form
        if {"ego", "alter"} & set(form.columns):
            return False
        if form.find(table, "ego") is not None and form.find(table, "alter") is not None:
            return False
        heads = {same(text, table.delimiter) for text in table.heading[1:]}
        if heads == {same(row[0], table.delimiter) for row in table.rows}:
            return True
        return not table.heading[0] and not heads.isdisjoint(self._people.ids)

    def _ego(self, line: int, column: str, text: str, community: str, index: Index) -> int | None:
        """Who named others; None, and a fault, if that is no person of the file."""
        name = same(text, self._table.delimiter)
        i = None if text in MISSING else index.exact(name, community)
        if i is None and not self._nearly(line, column, text, community, index):
            allowed = f"allowed is an id of {self._people.table.file}: who named others was surveyed"
            self._fault(line, column, text, allowed)
        return i

    def _nearly(self, line: int, column: str, text: str, community: str, index: Index) -> bool:
        """Whether an id that is no person's is unclear; then it is noted as a fault."""
        people, fault = self._people, fault_of(text)
        near = (
            None if text in MISSING or fault else index.nearly(same(text, self._table.delimiter), community)
        )
        if near is not None:
            beside = (
                f"line {people.table.lines[near]} of {people.table.file.name} has {shown(people.ids[near])}"
            )
            self._fault(line, column, text, NEARLY.format("ids"), beside)
        elif fault:
            self._fault(line, column, text, fault)
        return bool(fault) or near is not None

    def _resolved(self, namings: Iterator[Naming], index: Index) -> list[tuple[int, int]]:
        """Pairs by index, each once; all else is dropped, with its reason, or is a fault."""
        people, pairs = self._people, dict[tuple[int, int], None]()
        ids = set(people.ids)
        for ego, alter, line, column in namings:
            name, community = same(alter, self._table.delimiter), people.community[ego]
            j = None if alter in MISSING else index.exact(name, community)
            if alter in MISSING:
                reason = NOBODY
            elif not people.kept[ego] or (j is not None and not people.kept[j]):
                reason = OF_LEFT_OUT
            elif j is None:
                if self._nearly(line, column, alter, community, index):
                    continue
                reason = ELSEWHERE if name in ids else UNSURVEYED
            elif j == ego:
                reason = ITSELF
            elif (ego, j) in pairs:
                reason = AGAIN
            else:
                pairs[ego, j] = None
                continue
            self.dropped.append(Dropped(self._table.file.name, line, column, alter, reason))
        return list(pairs)

    def _fault(self, line: int, column: str, value: str, allowed: str, beside: str = "") -> None:
        self._faults.add(line, column, value, allowed, beside)


def wide_columns(table: Table, wide: str) -> list[int]:
    """Places of the columns that `--wide` means, in the order of the file.

    `net1..net5` are the columns whose headings differ in their numbers alone, and lie between the two;
    `net1_1..net3_3` likewise. `net*` fits headings, and a heading is itself.

    Raises:
        DataError: If a part fits no column, or several columns have the same heading.
    """
    chosen: set[int] = set()
    for part in (part.strip() for part in wide.split(",")):
        first, dots, last = (end.strip() for end in part.partition(".."))
        if dots:
            ends = [table.column(end, "--wide FIRST..LAST") for end in (first, last)]
            low, high = (_numbers(table.heading[end]) for end in ends)
            if low[0] != high[0] or not low[1] or low[1] > high[1]:
                raise DataError(
                    f"--wide has {shown(part)}; allowed are two headings that differ in their numbers alone, "
                    "the first below the last, such as net1..net5 or net1_1..net3_3"
                )
            found = [
                at
                for at, heading in enumerate(table.heading)
                if _numbers(heading)[0] == low[0] and low[1] <= _numbers(heading)[1] <= high[1]
            ]
        else:
            found = [
                at
                for at, heading in enumerate(table.heading)
                if heading == part or fnmatchcase(heading, part)
            ]
        if not found:
            raise DataError(
                f"--wide has {shown(part)}, which is no heading of {table.file}"
                f"{did_you_mean(part, table.heading)}; there are {', '.join(map(shown, table.heading[:20]))}"
            )
        chosen.update(found)
    headings = [table.heading[at] for at in sorted(chosen)]
    for heading in headings:
        if headings.count(heading) > 1:
            raise DataError(
                f"{table.file}, line {table.heading_line}: column {shown(heading)} is there twice"
            )
    return sorted(chosen)


def _numbers(heading: str) -> tuple[str, list[tuple[int, str]]]:
    """A heading without its numbers, and these, in the form in which they are compared."""
    digits = [number.lstrip("0") for number in re.findall("[0-9]+", heading)]
    return re.sub("[0-9]+", "#", heading), [(len(number), number) for number in digits]
