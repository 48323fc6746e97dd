"""A diffusion as it was observed: who adopted when, who lives where and who named whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
LEAST_PERSONS = 10
"""Persons of the smallest world."""


class Dropped(NamedTuple):
    """A value of a file that was not used."""

    file: str
    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Source:
    """A file that was read.

    Attributes:
        file: Its name.
        holds: What was read from it, in words.
        delimiter, encoding: How it was read, in words.
        sha256: Its digest.
    """

    file: str
    holds: str
    delimiter: str
    encoding: str
    sha256: str


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
        step: What a period is: "year", "quarter", "month", "week", or "period" where that is not known.
        start: The first period in the calendar; empty where that is not known.
        sources: The files.
        dropped: What of them was not used.
    """

    ids: tuple[str, ...]
    places: tuple[str, ...]
    community: Array
    time: Array
    periods: int
    ego: Array
    alter: Array
    step: str = "period"
    start: str = ""
    sources: tuple[Source, ...] = ()
    dropped: tuple[Dropped, ...] = ()

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

    def reasons(self) -> Mapping[str, int]:
        """How many values were dropped for each reason."""
        return Counter(dropped.reason for dropped in self.dropped)
