"""Repeated timing: medians with minimum and maximum, never a single number."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
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


def measure(job: Callable[[], None], units: float, repetitions: int = 5) -> Rate:
    """Rates of `job`, which does `units` of work; one call before the clock starts warms it up."""
    job()
    rates = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        job()
        rates.append(units / (time.perf_counter() - begun))
    return Rate(statistics.median(rates), min(rates), max(rates))
