"""Curves of adoption: when they reach a level, and the fit of Bass (1969)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from juguo_agents.array_types import Floats

_STARTS = ((0.01, 0.4), (0.0005, 1.0), (0.1, 0.1))
_LEAST, _MOST = np.log(1e-9), np.log(100.0)


@dataclass(frozen=True)
class Bass:
    """A curve of Bass (1969): p and q per year, and the share m that adopts in the end."""

    p: float
    q: float
    m: float

    def at(self, years: Floats) -> Floats:
        """Adopting share at some times, in years."""
        return self.m * _bass(self.p, self.q, years)


def _bass(p: float, q: float, years: Floats) -> Floats:
    gone = np.exp(-(p + q) * years)
    shape: Floats = (1.0 - gone) / (1.0 + q / p * gone)
    return shape


def fit_bass(years: Floats, adoption: Floats, near: Bass | None = None) -> Bass:
    """Nonlinear least squares of the cumulative curve to an adopting share.

    Args:
        years: (n,) times.
        adoption: (n,) adopting share at these times.
        near: Where to begin; else the best of several starts is taken.

    Returns:
        The curve; its ceiling is at most 1, its rates are NaN where nobody adopts.
    """
    if not adoption.max() > 0.0:
        return Bass(float("nan"), float("nan"), 0.0)

    def ceiling(shape: Floats) -> float:  # for given rates it is a linear problem
        return min(1.0, max(0.0, float(shape @ adoption) / max(float(shape @ shape), 1e-300)))

    def residuals(logs: Floats) -> Floats:
        p, q = np.exp(np.clip(logs, _LEAST, _MOST))
        shape = _bass(p, q, years)
        left: Floats = ceiling(shape) * shape - adoption
        return left

    starts = [(near.p, near.q)] if near else _STARTS
    tried = [optimize.least_squares(residuals, np.log(start), method="lm") for start in starts]
    logs = np.clip(min(tried, key=lambda result: float(result.cost)).x, _LEAST, _MOST)
    p, q = (float(x) for x in np.exp(logs))
    return Bass(p, q, ceiling(_bass(p, q, years)))


def crossing(times: Floats, curve: Floats, level: float) -> float:
    """When a curve first reaches a level, by linear interpolation; NaN where it never does."""
    reached = np.flatnonzero(curve >= level)
    if not len(reached):
        return float("nan")
    i = int(reached[0])
    if i == 0:
        return float(times[0])
    share = (level - curve[i - 1]) / (curve[i] - curve[i - 1])
    return float(times[i - 1] + share * (times[i] - times[i - 1]))
