"""A pattern: what was measured of a stylised fact, the band it must lie in, and whether it does."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from juguo_agents.evaluation.statistics import Estimate
from juguo_agents.studies.patterns.facts import Fact

YES, NO, UNDECIDED = "yes", "no", "undecided"


UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))
"""A figure that cannot be told."""


@dataclass(frozen=True)
class Band:
    """Where a figure must lie.

    Attributes:
        least, most: Its ends; None where there is none.
        above: Whether the figure must be above `least`, not only reach it.
        beyond_noise: Whether the whole interval must lie in the band, not only the estimate.
    """

    least: float | None = None
    most: float | None = None
    above: bool = False
    beyond_noise: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number lies in the band; one that could not be measured does not."""
        if not math.isfinite(value):
            return False
        if self.least is not None and (value < self.least or (self.above and value == self.least)):
            return False
        return self.most is None or value <= self.most

    def text(self) -> str:
        """The band in signs."""
        if self.least is not None and self.most is not None:
            return f"{self.least:.3g} to {self.most:.3g}"
        end = (
            f"<= {self.most:.3g}" if self.least is None else f"{'>' if self.above else '>='} {self.least:.3g}"
        )
        return end + (" beyond noise" if self.beyond_noise else "")


@dataclass(frozen=True)
class Part:
    """One figure of a pattern.

    Attributes:
        name: What was measured, with its unit.
        estimate: The figure and its interval, 95 %, over the episodes; NaN where it cannot be told.
        band: Where it must lie; None where it is told but decides nothing.
    """

    name: str
    estimate: Estimate
    band: Band | None = None

    @property
    def holds(self) -> bool:
        """Whether it lies in its band: the estimate, or the interval where the band is beyond noise."""
        if self.band is None:
            return True
        if self.band.beyond_noise:
            return self.band.holds(self.estimate.low) and self.band.holds(self.estimate.high)
        return self.band.holds(self.estimate.mean)

    @property
    def decided(self) -> bool:
        """Whether the whole interval tells what `holds` tells."""
        if self.band is None:
            return True
        ends = {self.band.holds(x) for x in (self.estimate.low, self.estimate.high)}
        return ends == {self.holds}

    @property
    def verdict(self) -> str:
        """`yes` or `no` where the interval decides it, else `undecided`; empty where nothing is asked."""
        if self.band is None:
            return ""
        if not self.decided:
            return UNDECIDED
        return YES if self.holds else NO

    def as_json(self) -> dict[str, Any]:
        """Plain values; None where a figure could not be told."""
        return {
            "name": self.name,
            "measured": _plain(self.estimate.mean),
            "low": _plain(self.estimate.low),
            "high": _plain(self.estimate.high),
            "band": self.band.text() if self.band else None,
            "holds": self.holds if self.band else None,
            "verdict": self.verdict or None,
        }


@dataclass(frozen=True)
class Pattern:
    """A stylised fact and what was measured of it.

    Attributes:
        fact: What must hold.
        parts: All that was measured; the pattern holds where every part with a band does.
        details: Further figures, plain values.
        expected: Whether it is meant to hold in this world.
    """

    fact: Fact
    parts: tuple[Part, ...]
    details: dict[str, Any] = field(default_factory=dict)
    expected: bool = True

    @property
    def holds(self) -> bool:
        """Whether every part lies in its band."""
        return all(part.holds for part in self.parts)

    @property
    def verdict(self) -> str:
        """`no` where one part is out of its band for sure, `yes` where all are in it for sure."""
        told = [part.verdict for part in self.parts if part.band]
        if NO in told:
            return NO
        return UNDECIDED if UNDECIDED in told else YES

    @property
    def leading(self) -> Part:
        """The part that stands for the pattern: the first that does not hold, else the first."""
        asked = [part for part in self.parts if part.band]
        return next((part for part in asked if not part.holds), asked[0])

    def as_json(self) -> dict[str, Any]:
        """Plain values; `measured`, `low`, `high` and `band` are those of `leading`."""
        leading = self.leading.as_json()
        return {
            **asdict(self.fact),
            "holds": self.holds,
            "verdict": self.verdict,
            "expected": self.expected,
            "part": leading["name"],
            **{key: leading[key] for key in ("measured", "low", "high", "band")},
            "parts": [part.as_json() for part in self.parts],
            "details": _told(self.details),
        }


def _told(value: Any) -> Any:
    """Plain values with None in the place of numbers that could not be told, at any depth."""
    if isinstance(value, dict):
        return {name: _told(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_told(inner) for inner in value]
    return _plain(value) if isinstance(value, float) else value


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
