"""Estimates and intervals over test episodes. Differences are paired: same seed, same luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95
RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A mean with its bootstrap interval."""

    mean: float
    low: float
    high: float


def interquartile_mean(values: Floats) -> float:
    """Mean of the middle half (Agarwal et al. 2021)."""
    return float(stats.trim_mean(values, 0.25))


def mean_interval(values: Floats) -> Estimate:
    """Mean with its bias-corrected, accelerated bootstrap interval (Efron 1987), 95 %.

    The resampling is seeded, so the same values always give the same interval. With fewer than two values,
    or values that are all the same, the interval is the mean itself.
    """
    values = np.asarray(values, np.float64)
    mean = float(values.mean())
    if len(values) < 2 or np.ptp(values) < 1e-12:
        return Estimate(mean, mean, mean)
    interval = stats.bootstrap(
        (values,), np.mean, confidence_level=CONFIDENCE, n_resamples=RESAMPLES, rng=np.random.default_rng(0)
    ).confidence_interval
    return Estimate(mean, float(interval.low), float(interval.high))


def paired_difference(values: Floats, base: Floats) -> Estimate:
    """Mean of `values - base` over common episodes with its bootstrap interval."""
    return mean_interval(np.asarray(values, np.float64) - np.asarray(base, np.float64))
