"""Reads the file of persons: ids, communities, and when each adopted."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import TypeAdapter, ValidationError

from juguo_agents.calibration.clock import Clock
from juguo_agents.calibration.data import Dropped
from juguo_agents.calibration.form import Form
from juguo_agents.calibration.ids import ambiguous, near, same, torn
from juguo_agents.calibration.table import MISSING, DataError, Faults, Table, shown
from juguo_envs.errors import did_you_mean
from juguo_envs.names import ShortName

MOST_PERIODS = 1000
LATE = "adopted after the last period"
LEFT_OUT = "person of a community left out"
NEARLY = (
    "allowed are {} that differ in more than capitals, spaces, width, invisible signs, zeros in front or how "
    "a number is written; write the same one alike everywhere"
)
_UNCLEAR = "it is one as well as a thousand; allowed are numbers without a sign between their figures"
_TORN = "allowed are characters that can be printed; take out the others, or save the file anew as UTF-8"
_ADOPTED = {"1": True, "1.0": True, "TRUE": True, "0": False, "0.0": False, "FALSE": False}
_NAME: TypeAdapter[str] = TypeAdapter(ShortName)


def fault_of(text: str) -> str:
    """What is wrong with an id by itself; empty if nothing is."""
    return _UNCLEAR if ambiguous(text) else _TORN if torn(text) else ""


class People:
    """The persons of a file.

    Attributes:
        table: The file.
        ids: (N,) ids as text; those of persons in different communities may be the same.
        community: (N,) names of communities.
        time: (N,) periods of adoption; 0 for none.
        kept: (N,) whether a person is of a community that is used.
        dropped: What was not used.
        faults: What is wrong.
    """

    def __init__(self, table: Table, form: Form, clock: Clock) -> None:
        """Read them, and note the faults.

        Raises:
            DataError: If a column is missing, or a community is to be used that is not there.
        """
        self.table, self.faults, self._form = table, Faults(table.file), form
        self.dropped: list[Dropped] = []
        places = [form.place(table, key) for key in ("id", "community", "time")]
        ids, communities, times = ([row[at] for row in table.rows] for at in places)
        adopted = form.find(table, "adopted")
        self.ids = [self._id(*cell) for cell in zip(table.lines, ids, strict=True)]
        self.community = self._communities(communities)
        self.kept = self._keep()
        told = [None if adopted is None else row[adopted] for row in table.rows]
        self.time = [
            self._time(*cells, clock) for cells in zip(table.lines, times, told, self.kept, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.ids)

    def ids_repeat(self) -> bool:
        """Whether persons in different communities have the same id."""
        of: dict[str, str] = {}
        return any(of.setdefault(i, c) != c for i, c in zip(self.ids, self.community, strict=True))

    def _drop(self, line: int, key: str, value: str, reason: str) -> None:
        self.dropped.append(Dropped(self.table.file.name, line, self._form.heading(key), value, reason))

    def _id(self, line: int, text: str) -> str:
        if text in MISSING:
            self._fault(line, "id", text, "allowed is a name or number; write it, or leave out the line")
        elif fault := fault_of(text):
            self._fault(line, "id", text, fault)
        return same(text, self.table.delimiter)

    def _communities(self, texts: list[str]) -> list[str]:
        """Their names; those that are nearly the same are refused."""
        names = {text: self._name(text) for text in dict.fromkeys(texts)}
        alike = {name: near(name) for name, _ in names.values()}
        first: dict[str, tuple[str, int]] = {}
        for line, text in zip(self.table.lines, texts, strict=True):
            name, fault = names[text]
            if fault:
                self._fault(line, "community", text, fault)
                continue
            other, there = first.setdefault(alike[name], (name, line))
            if other != name:
                beside = f"line {there} has {shown(other)}"
                self._fault(line, "community", text, NEARLY.format("names"), beside)
        return [names[text][0] for text in texts]

    def _name(self, text: str) -> tuple[str, str]:
        """A community's name, and what is wrong with it."""
        if text in MISSING:
            return text, "allowed is a name; write it, or leave out the line"
        if ambiguous(text):
            return text, _UNCLEAR
        try:
            return _NAME.validate_python(same(text, self.table.delimiter)), ""
        except ValidationError as error:
            return text, f"allowed is a name: {error.errors()[0]['ctx']['error']}"

    def _time(self, line: int, text: str, told: str | None, kept: bool, clock: Clock) -> int:
        """The period of an adoption; 0 if there was none in the window."""
        window, given = self._form.periods, text not in MISSING
        period = clock.period(text) if given else 0
        if period is None or period < given or (period > MOST_PERIODS and not window):
            allowed = (
                f"{clock.allowed}, at most {MOST_PERIODS:,} periods, or nothing or NA for a person who had "
                "not adopted when the data end"
            )
            self._fault(line, "time", text, allowed)
            return 0
        if late := window is not None and period > window:
            period = 0
            if kept:
                self._drop(line, "time", text, LATE)
        if told is not None and _ADOPTED.get(told) != given and not (late and _ADOPTED.get(told) is False):
            allowed = (
                "allowed is 1 where a time of adoption is given, and 0 where none is, or one after --periods"
            )
            self._fault(line, "adopted", told, allowed)
        return period

    def _keep(self) -> list[bool]:
        """Whether each is of a community that is used; the others are dropped."""
        only = {same(name.strip(), self.table.delimiter) for name in self._form.only}
        if not only:
            return [True] * len(self)
        for name in sorted(only - set(self.community)):
            raise DataError(
                f"--only {shown(name)}: {self.table.file} has no such community"
                f"{did_you_mean(name, self.community)}; allowed is what stands in column "
                f"{self._form.heading('community')}"
            )
        for line, name in zip(self.table.lines, self.community, strict=True):
            if name not in only:
                self._drop(line, "community", name, LEFT_OUT)
        return [name in only for name in self.community]

    def _fault(self, line: int, key: str, value: str, allowed: str, beside: str = "") -> None:
        self.faults.add(line, self._form.heading(key), value, allowed, beside)


class Index:
    """Finds persons by their ids.

    Attributes:
        inside: Whether an id is unique within a community only.
    """

    def __init__(self, people: People, among: Iterable[int], inside: bool, hint: str = "") -> None:
        """Index persons; who is there twice, or nearly, is noted among the faults.

        Args:
            people: All persons.
            among: Which of them.
            inside: Whether an id is unique within a community only.
            hint: What may be done about persons of different communities with the same id.
        """
        self.inside, self._people = inside, people
        self._exact: dict[tuple[str, str], int] = {}
        self._near: dict[tuple[str, str], int] = {}
        for i in among:
            text = people.ids[i]
            if text in MISSING:
                continue
            scope = people.community[i] if inside else ""
            line = people.table.lines[i]
            first = self._exact.setdefault((scope, text), i)
            close = self._near.setdefault((scope, near(text)), i)
            if first != i:
                elsewhere = hint if people.community[first] != people.community[i] else ""
                beside = f"line {people.table.lines[first]} has it already"
                people._fault(line, "id", text, f"allowed is one line for each person{elsewhere}", beside)
            elif close != i:
                beside = f"line {people.table.lines[close]} has {shown(people.ids[close])}"
                people._fault(line, "id", text, NEARLY.format("ids"), beside)

    def exact(self, text: str, community: str) -> int | None:
        """The person of an id, in a community if ids are unique there only."""
        return self._exact.get((community if self.inside else "", text))

    def nearly(self, text: str, community: str) -> int | None:
        """A person whose id is nearly this one."""
        return self._near.get((community if self.inside else "", near(text)))
