"""Periods of a diffusion: numbers, years, quarters, months, weeks and dates become 1, 2, 3, ..."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from juguo_agents.calibration.table import DataError, shown
from juguo_envs.worlds.scenario import STEPS_A_YEAR, Step

_COUNT = re.compile(r"([0-9]{1,9})(?:[.,](?!000\Z)0+)?")  # three zeros may be those of a thousand
_YEAR = re.compile(r"([0-9]{4})(?:[.,](?!000\Z)0+)?")
_QUARTER = re.compile(r"([0-9]{4})[- ]?[Qq]([1-4])")
_MONTH = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})")
_WEEK = re.compile(r"([0-9]{4})-?[Ww]([0-9]{2})")
_DATE = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?:[T ][0-9][0-9:.]*(?:Z|[-+][0-9:]+)?)?")
_WRITTEN: Mapping[str, str] = {
    "year": "1946 or 1946-05-03",
    "quarter": "1953-Q4, 1953-11 or 1953-11-02",
    "month": "1953-11 or 1953-11-02",
    "week": "1953-11-02 or 1953-W45",
}


def places(text: str) -> Mapping[str, int]:
    """Where a time lies in the calendar.

    Returns:
        By each step that the time is fine enough for, a number that rises by 1 with the step, and for weeks
        with the day. Empty if the text is no time.
    """
    if found := _YEAR.fullmatch(text):
        return {"year": int(found[1])}
    if found := _QUARTER.fullmatch(text):
        return {"year": int(found[1]), "quarter": 4 * int(found[1]) + int(found[2])}
    try:
        if found := _WEEK.fullmatch(text):
            return {"week": date.fromisocalendar(int(found[1]), int(found[2]), 1).toordinal()}
        if found := _MONTH.fullmatch(text):
            return _within(date(int(found[1]), int(found[2]), 1))
        if found := _DATE.fullmatch(text):
            day = date(int(found[1]), int(found[3]), int(found[4]))
            return {**_within(day), "week": day.toordinal()}
    except ValueError:  # no such day
        pass
    return {}


def _within(day: date) -> Mapping[str, int]:
    """Year, quarter and month of a day."""
    return {
        "year": day.year,
        "quarter": 4 * day.year + (day.month + 2) // 3,
        "month": 12 * day.year + day.month,
    }


class Clock:
    """Tells in which period a time lies.

    Attributes:
        step: What a period is: a step of the calendar, or "period" where that is not known.
        start: The first period as it was said; empty where periods count from 1.
    """

    def __init__(self, start: str | None = None, step: Step | None = None) -> None:
        """Set it.

        Args:
            start: The first period: a time of the calendar, or the number from which the data count.
            step: What a period is; by default what `start` names.

        Raises:
            DataError: If the two do not tell when the first period is.
        """
        self.start = (start or "").strip()
        self._counts = not self.start or (_COUNT.fullmatch(self.start) and not _YEAR.fullmatch(self.start))
        if self._counts:
            self.step: str = step or "period"
            self._first = int((self.start or "1").replace(",", ".").partition(".")[0])
            return
        at = places(self.start)
        if not at:
            raise DataError(
                f"--start is {shown(self.start)}; allowed are a number and times such as 1946, 1953-Q4, "
                "1953-11, 1953-W45 and 1953-11-02"
            )
        if step is None and _DATE.fullmatch(self.start):
            raise DataError(
                f"--start is {self.start}, a date; say too how long a period is: "
                f"--step {'|'.join(STEPS_A_YEAR)}"
            )
        self.step = step or list(at)[-1]
        if self.step not in at:
            raise DataError(
                f"--start is {self.start} and --step {self.step}; allowed are starts such as "
                f"{_WRITTEN[self.step]}"
            )
        self._first = at[self.step]

    def period(self, text: str) -> int | None:
        """The period of a time, counted from 1, and below 1 before the start; None if it is no such time."""
        if self._counts:
            found = _COUNT.fullmatch(text)
            return int(found[1]) - self._first + 1 if found else None
        at = places(text).get(self.step)
        return None if at is None else (at - self._first) // (7 if self.step == "week" else 1) + 1

    @property
    def allowed(self) -> str:
        """What a time may be, in words."""
        if not self._counts:
            return f"allowed are times from {self.start} on, such as {_WRITTEN[self.step]}"
        return (
            f"allowed are whole numbers from {self._first}, counted in periods since the start (for years "
            "and dates say --start and --step)"
        )
