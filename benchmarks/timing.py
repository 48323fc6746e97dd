"""Repeated timing: medians with minimum and maximum, never a single number."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """Units per second over several repetitions."""

    median: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """For results.json."""
        return {"median": self.median, "low": self.low, "high": self.high}


def rate_of(rates: Sequence[float]) -> Rate:
    """Median, minimum and maximum of rates."""
    return Rate(statistics.median(rates), min(rates), max(rates))


def in_turns(jobs: Mapping[str, Callable[[], object]], units: float, turns: int) -> dict[str, Rate]:
    """Rates of jobs that do `units` of work each, one after the other in every turn.

    A machine that is slow for a while is so for all of them. One turn before the clock starts warms them up.
    """
    rates: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(turns + 1):
        for name, job in jobs.items():
            begun = time.perf_counter()
            job()
            if turn > 0:
                rates[name].append(units / (time.perf_counter() - begun))
    return {name: rate_of(found) for name, found in rates.items()}


def measure(job: Callable[[], None], units: float, repetitions: int = 5) -> Rate:
    """Rates of `job`, which does `units` of work; one call before the clock starts warms it up."""
    return in_turns({"job": job}, units, repetitions)["job"]
