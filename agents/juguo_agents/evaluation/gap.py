"""Differences between allocators as a share of the distance from the worst to the best, with intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.statistics import CONFIDENCE, RESAMPLES


@dataclass(frozen=True)
class GapShare:
    """A paired difference, plain and as a share of the gap; intervals are 95 %, over the episodes.

    Attributes:
        difference, low, high: The mean difference and its interval.
        share, share_low, share_high: The same over the gap, whose uncertainty is part of the interval.
    """

    difference: float
    low: float
    high: float
    share: float
    share_low: float
    share_high: float

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def share_of_gap(better: Floats, worse: Floats, best: Floats, worst: Floats) -> GapShare:
    """The difference of two allocators' returns and its share of the gap between two others'.

    Args:
        better, worse: (E,) returns on common episodes; the difference is the first less the second.
        best, worst: (E,) the gap's ends on the same episodes.
    """
    difference, gap = better - worse, best - worst
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(difference), size=(RESAMPLES, len(difference)))
    means, gaps = difference[drawn].mean(1), gap[drawn].mean(1)
    tail = 50.0 * (1.0 - CONFIDENCE)
    low, high = np.percentile(means, [tail, 100.0 - tail])
    share_low, share_high = np.percentile(means / gaps, [tail, 100.0 - tail])
    mean = float(difference.mean())
    return GapShare(
        mean, float(low), float(high), mean / float(gap.mean()), float(share_low), float(share_high)
    )
