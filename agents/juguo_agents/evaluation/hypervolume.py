"""Hypervolume: how much of the space above a reference point a set of points dominates, and its luck.

Needs the extra `pareto`.
"""

from __future__ import annotations

from collections.abc import Callable

import moocore
import numpy as np

from juguo_agents.array_types import Bools, Floats
from juguo_agents.evaluation.statistics import CONFIDENCE, RESAMPLES, Estimate

SIGNS = np.array([1.0, 1.0, -1.0])
"""Breadth and resilience are to be high, the excluded low; an objective is to be high."""


def non_dominated(points: Floats) -> Bools:
    """(n,) whether no other point is as good in all and better in one; of equal points the first counts.

    Args:
        points: (n, 3), to be high.
    """
    kept: Bools = moocore.is_nondominated(points, maximise=True)
    return kept


def objectives(episodes: Floats) -> Floats:
    """(n, 3) means over the episodes, all to be high, of (n, episodes, 3) breadth, resilience, excluded."""
    means: Floats = episodes.mean(1) * SIGNS
    return means


def volume(points: Floats, reference: Floats) -> float:
    """Of (n, 3) points that are to be high; those that are not above the reference add nothing."""
    return float(moocore.hypervolume(points, ref=reference, maximise=True))


def episode_weights(count: int) -> Floats:
    """(RESAMPLES, count) how much each episode counts in each resample; seeded, so always the same."""
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1.0 / count), RESAMPLES)
    weights: Floats = drawn / count
    return weights


def resampled(episodes: Floats, weights: Floats, statistic: Callable[[Floats], float]) -> Floats:
    """(RESAMPLES,) a statistic of the objectives, of (n, episodes, 3), with the episodes resampled.

    All that is resampled with the same weights is paired: an episode is in or out for all of it.
    """
    means = np.einsum("be,nek->bnk", weights, episodes, optimize=True) * SIGNS
    return np.array([statistic(points) for points in means])


def over_members(values: Floats, generator: np.random.Generator) -> Floats:
    """(RESAMPLES,) means over members, of (members, RESAMPLES), where the members are resampled, too."""
    members, count = values.shape
    chosen = generator.integers(0, members, (members, count))
    means: Floats = np.take_along_axis(values, chosen, axis=0).mean(0)
    return means


def estimate(value: float, resamples: Floats) -> Estimate:
    """With the basic bootstrap interval.

    The volume of a set is the higher the noisier its points are, in the episodes as in their resamples. The
    basic interval takes that off once; that of percentiles would add it again.
    """
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(resamples, (tail, 1.0 - tail))
    return Estimate(value, float(2.0 * value - high), float(2.0 * value - low))
