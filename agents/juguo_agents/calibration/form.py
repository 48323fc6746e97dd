"""How the files of a survey are to be read: what the user said of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from juguo_agents.calibration.table import DataError, Table, shown
from juguo_envs.errors import did_you_mean
from juguo_envs.worlds.scenario import Step

HEADINGS = {
    "id": "id", "community": "community", "time": "time_of_adoption", "adopted": "adopted",
    "ego": "ego", "alter": "alter",
}  # fmt: skip
"""The headings that are looked for, by the keys that `--columns` has for them."""


@dataclass(frozen=True)
class Form:
    """How the files are to be read.

    Attributes:
        columns: Headings by the keys of `HEADINGS`, where they differ from those.
        wide: Columns of persons that name others: `net1..net5`, `net*`, or several such, with commas between.
        only: Communities whose persons are used; empty: all.
        periods: How many periods were observed; by default up to the latest in which somebody adopted.
        start: The first period: a time of the calendar, or the number from which the data count.
        step: What a period is; by default what `start` names.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    wide: str | None = None
    only: tuple[str, ...] = ()
    periods: int | None = None
    start: str | None = None
    step: Step | None = None

    def heading(self, key: str) -> str:
        """The heading of a column."""
        return self.columns.get(key, HEADINGS[key])

    def place(self, table: Table, key: str) -> int:
        """The place of a column that must be there."""
        return table.column(self.heading(key), f"--columns {key}=HEADING")

    def find(self, table: Table, key: str) -> int | None:
        """The place of a column that may be there; where its heading was said, it must."""
        return self.place(table, key) if key in self.columns else table.find(HEADINGS[key])


def read_columns(text: str) -> dict[str, str]:
    """Headings by their keys, from text such as `id=ID,time=year`.

    Raises:
        DataError: If a key is unknown, or there twice.
    """
    columns: dict[str, str] = {}
    for part in re.split(rf",(?=\s*(?:{'|'.join(HEADINGS)})\s*=)", text):
        key, equals, heading = (word.strip() for word in part.partition("="))
        if not equals or key not in HEADINGS or key in columns:
            fault = "again" if key in columns else f"which is none of them{did_you_mean(key, HEADINGS)}"
            allowed = ",".join(f"{known}=HEADING" for known in HEADINGS)
            raise DataError(
                f"--columns has {shown(part.strip())}, {fault}; allowed are {allowed}, each once or not"
            )
        columns[key] = heading
    return columns
