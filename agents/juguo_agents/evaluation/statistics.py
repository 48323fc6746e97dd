"""Estimates and intervals over test episodes. Differences are paired: same seed, same luck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy  # it loads scipy.stats, which takes half a second, when that is first used

from juguo_agents.array_types import Floats, Ints

CONFIDENCE = 0.95
RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A mean with its bootstrap interval."""

    mean: float
    low: float
    high: float


def spread_out(name: str, estimate: Estimate) -> dict[str, float]:
    """An estimate as entries `name`, `name_low` and `name_high`."""
    return {name: estimate.mean, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def interquartile_mean(values: Floats) -> float:
    """Mean of the middle half (Agarwal et al. 2021)."""
    return float(scipy.stats.trim_mean(values, 0.25))


def interquartile_means(values: Floats) -> Floats:
    """(N,) interquartile means of the rows of an (N, M) matrix."""
    found: Floats = scipy.stats.trim_mean(values, 0.25, axis=1)
    return found


def mean_interval(values: Floats) -> Estimate:
    """Mean with its bias-corrected, accelerated bootstrap interval (Efron 1987), 95 %.

    The resampling is seeded, so the same values always give the same interval. With fewer than two values,
    or values that are all the same, the interval is the mean itself.
    """
    values = np.asarray(values, np.float64)
    mean = float(values.mean())
    if len(values) < 2 or np.ptp(values) < 1e-12:
        return Estimate(mean, mean, mean)
    interval = scipy.stats.bootstrap(
        (values,), np.mean, confidence_level=CONFIDENCE, n_resamples=RESAMPLES, rng=np.random.default_rng(0)
    ).confidence_interval
    return Estimate(mean, float(interval.low), float(interval.high))


def median_interval(values: Floats) -> Estimate:
    """Median with its percentile bootstrap interval, 95 %; the resampling is seeded."""
    values = np.asarray(values, np.float64)
    return _percentiles(float(np.median(values)), np.median(values[_resamples(len(values))], axis=1))


def difference_of_medians(values: Floats, base: Floats) -> Estimate:
    """Median of `values` less that of `base` over common cases, which are resampled together, 95 %."""
    values, base = np.asarray(values, np.float64), np.asarray(base, np.float64)
    drawn = _resamples(len(values))
    between = np.median(values[drawn], axis=1) - np.median(base[drawn], axis=1)
    return _percentiles(float(np.median(values) - np.median(base)), between)


def composite_interval(
    statistic: Callable[[Ints], float], count: int, resamples: int = RESAMPLES
) -> Estimate:
    """Any figure reckoned from episodes, with its percentile bootstrap interval, 95 %.

    Args:
        statistic: The figure of the episodes with the given indices; NaN where it cannot be told.
        count: Number of episodes, 1 or more; each resample draws so many of them, and is seeded.
        resamples: How many; those in which the figure cannot be told are left out.
    """
    estimate = statistic(np.arange(count))
    values = np.array([statistic(drawn) for drawn in _resamples(count, resamples)], np.float64)
    told = values[np.isfinite(values)]
    if not np.isfinite(estimate) or not len(told):
        return Estimate(float("nan"), float("nan"), float("nan"))
    return _percentiles(estimate, told)


def _resamples(count: int, resamples: int = RESAMPLES) -> Ints:
    return np.random.default_rng(0).integers(0, count, (resamples, count))


def _percentiles(estimate: float, resampled: Floats) -> Estimate:
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(resampled, (tail, 1.0 - tail))
    return Estimate(estimate, float(low), float(high))


def paired_difference(values: Floats, base: Floats) -> Estimate:
    """Mean of `values - base` over common episodes with its bootstrap interval."""
    return mean_interval(np.asarray(values, np.float64) - np.asarray(base, np.float64))
