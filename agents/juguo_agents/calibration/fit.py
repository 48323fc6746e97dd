"""Maximum likelihood: estimates, standard errors, profile intervals and likelihood-ratio tests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

from juguo_agents.calibration.data import Array
from juguo_agents.calibration.likelihood import Coefficients, Exposure

NAMES = Coefficients._fields
HIGHEST = Coefficients(5.0, 10.0, 10.0)
"""Largest hazards looked for: what a scenario may hold, its q being the sum of the two."""
LEVEL = 0.95
_LOWEST_P = 1e-9  # without p nobody could be the first
_POINTS = 41  # of a profile, in a figure
_SINGULAR = 1e12  # condition number of an information matrix that tells nothing
_AT_ZERO = 1e-6  # of the scale: what the optimiser leaves of a coefficient that is best at 0


@dataclass(frozen=True)
class Model:
    """The best coefficients of a model, some of them perhaps held at 0."""

    coefficients: Coefficients
    log_likelihood: float


@dataclass(frozen=True)
class LikelihoodRatio:
    """A likelihood-ratio test of coefficients that are 0 by the null hypothesis, the edge of what is allowed.

    Attributes:
        statistic: Twice the gain in log-likelihood.
        p_value: Probability of as much or more under the null hypothesis.
        weights: Weights of chi-square with 0, 1, 2 degrees of freedom in its distribution under it.
    """

    statistic: float
    p_value: float
    weights: tuple[float, float, float]


@dataclass(frozen=True)
class Fit:
    """All that is estimated from a diffusion.

    Attributes:
        full: The model with all three coefficients.
        external, peers, community: The models with p alone, and with one of the two terms.
        errors: Standard errors from the observed information; None for a coefficient at an edge, which is
            held there for the others.
        intervals: Profile-likelihood intervals at the level `LEVEL`; the lower end may be 0.
        tests: By name: `peers` and `community` (each left out of the full model), `peers_alone` and
            `community_alone` (each added to p), `both` (added to p).
    """

    full: Model
    external: Model
    peers: Model
    community: Model
    errors: tuple[float | None, float | None, float | None]
    intervals: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
    tests: Mapping[str, LikelihoodRatio]


def fit(exposure: Exposure) -> Fit:
    """Estimate everything."""
    external, peers, community, full = (
        maximise(exposure, held) for held in ({1: 0.0, 2: 0.0}, {2: 0.0}, {1: 0.0}, {})
    )
    full = max(full, peers, community, external, key=lambda model: model.log_likelihood)
    one, two = (0.5, 0.5, 0.0), _weights_of_two(exposure, external.coefficients)
    return Fit(
        full=full,
        external=external,
        peers=peers,
        community=community,
        errors=standard_errors(exposure, full.coefficients),
        intervals=(interval(exposure, full, 0), interval(exposure, full, 1), interval(exposure, full, 2)),
        tests={
            "peers": _test(full, community, one),
            "community": _test(full, peers, one),
            "peers_alone": _test(peers, external, one),
            "community_alone": _test(community, external, one),
            "both": _test(full, external, two),
        },
    )


def maximise(
    exposure: Exposure, held: Mapping[int, float] | None = None, start: Coefficients | None = None
) -> Model:
    """The best coefficients, none below 0.

    Args:
        exposure: The data.
        held: Values of coefficients that are not to be estimated, by their place.
        start: Where to begin; by default from several places, and the best end is taken.
    """
    held = held or {}
    free = [j for j in range(3) if j not in held]
    scale = rate = float(exposure.adopted.sum() / (exposure.adopted.sum() + exposure.waited.sum()))

    def complete(x: Array) -> Coefficients:
        values = [held.get(j, 0.0) for j in range(3)]
        for j, value in zip(free, x, strict=True):
            values[j] = float(value) * scale
        return Coefficients(*values)

    def cost(x: Array) -> float:
        return -max(exposure.log_likelihood(complete(x)), -1e12)

    if not free:
        return Model(complete(np.zeros(0)), -cost(np.zeros(0)))
    bounds = [((_LOWEST_P if j == 0 else 0.0) / scale, HIGHEST[j] / scale) for j in free]
    starts = [start] if start else [Coefficients(rate, rate * m, rate * m) for m in (0.1, 1.0, 5.0)]
    best = None
    for begin in starts:
        x = np.clip([begin[j] / scale for j in free], *np.transpose(bounds))
        for _ in range(3):  # anew from where it ended, until that gains nothing
            found = minimize(
                cost,
                x,
                method="L-BFGS-B",
                jac="3-point",
                bounds=bounds,
                options={"ftol": 1e-13, "gtol": 1e-7},
            )
            gain, x = cost(x) - found.fun, found.x
            if gain < 1e-9:
                break
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    x = np.where(best.x < _AT_ZERO, [b[0] for b in bounds], best.x)
    x = x if cost(x) <= best.fun + 1e-9 else best.x
    return Model(complete(x), -cost(x))


def standard_errors(exposure: Exposure, at: Coefficients) -> tuple[float | None, float | None, float | None]:
    """From the inverse of the observed information over the coefficients inside their bounds."""
    inside = [j for j in range(3) if 0.0 < at[j] < 0.999 * HIGHEST[j]]
    information = -_curvature(exposure, at, inside)
    errors: list[float | None] = [None, None, None]
    values = np.linalg.eigvalsh(information)  # ascending
    if inside and values[0] > max(values[-1], 0.0) / _SINGULAR:
        for j, variance in zip(inside, np.diag(np.linalg.inv(information)), strict=True):
            errors[j] = float(math.sqrt(variance))
    return errors[0], errors[1], errors[2]


def _curvature(exposure: Exposure, at: Coefficients, places: list[int]) -> Array:
    """Second derivatives of the log-likelihood by central differences."""
    m = len(places)
    steps = [1e-3 * at[j] for j in places]

    def value(*moves: tuple[int, float]) -> float:
        x = list(at)
        for k, step in moves:
            x[places[k]] += step
        return exposure.log_likelihood(Coefficients(*x))

    here = value()
    second = np.empty((m, m))
    for a in range(m):
        h = steps[a]
        second[a, a] = (value((a, h)) - 2.0 * here + value((a, -h))) / h**2
        for b in range(a):
            g = steps[b]
            corners = value((a, h), (b, g)) - value((a, h), (b, -g)) - value((a, -h), (b, g))
            second[a, b] = second[b, a] = (corners + value((a, -h), (b, -g))) / (4.0 * h * g)
    return second


def profile(exposure: Exposure, best: Model, place: int, value: float) -> float:
    """Highest log-likelihood with one coefficient held at a value."""
    return maximise(exposure, {place: value}, best.coefficients).log_likelihood


def interval(exposure: Exposure, best: Model, place: int, level: float = LEVEL) -> tuple[float, float]:
    """Values of a coefficient that a likelihood-ratio test at `level` does not refuse.

    The ends are at most the bounds of what is allowed: 0 and `HIGHEST`.
    """
    cut = math.sqrt(float(chi2.ppf(level, 1)))
    estimate = best.coefficients[place]

    def excess(value: float) -> float:  # signed root: nearly linear in the value, so quickly solved
        return math.sqrt(max(0.0, 2.0 * (best.log_likelihood - profile(exposure, best, place, value)))) - cut

    lowest = _LOWEST_P if place == 0 else 0.0
    low = lowest
    if estimate > lowest and excess(lowest) > 0.0:
        low = float(brentq(excess, lowest, estimate, xtol=1e-7 * max(estimate, 1e-3), rtol=1e-6))
    high = max(2.0 * estimate, 1e-3)
    while high < HIGHEST[place] and excess(high) < 0.0:
        high *= 2.0
    high = min(high, HIGHEST[place])
    if excess(high) > 0.0:
        high = float(brentq(excess, estimate, high, xtol=1e-7 * max(estimate, 1e-3), rtol=1e-6))
    return (0.0 if low <= _LOWEST_P else low), high


def curve(exposure: Exposure, best: Model, place: int, ends: tuple[float, float]) -> tuple[Array, Array]:
    """Profile of a coefficient around its interval, for a figure.

    Returns:
        Values, and twice the log-likelihood that each falls short of the best.
    """
    margin = 0.35 * (ends[1] - ends[0])
    low = max(_LOWEST_P if place == 0 else 0.0, ends[0] - margin)
    values = np.linspace(low, min(ends[1] + margin, HIGHEST[place]), _POINTS)
    heights = [profile(exposure, best, place, float(value)) for value in values]
    return values, 2.0 * np.maximum(best.log_likelihood - np.array(heights), 0.0)


def _test(larger: Model, smaller: Model, weights: tuple[float, float, float]) -> LikelihoodRatio:
    statistic = max(0.0, 2.0 * (larger.log_likelihood - smaller.log_likelihood))
    tail = weights[1] * chi2.sf(statistic, 1) + weights[2] * chi2.sf(statistic, 2)
    return LikelihoodRatio(statistic, float(tail) if statistic > 0.0 else 1.0, weights)


def _weights_of_two(exposure: Exposure, null: Coefficients) -> tuple[float, float, float]:
    """Weights of chi-square with 0, 1, 2 degrees of freedom when two terms are 0 (Self and Liang 1987).

    The weight of 2 is the probability that both estimates, were they free, would be positive: for normal ones
    1/4 + arcsin(correlation) / (2 pi). The correlation is that of the estimates at p alone, from the outer
    product of the scores.
    """
    step = 1e-4 * null.p
    here = np.concatenate(exposure.terms(null))
    scores = []
    for j in range(3):
        moved = list(null)
        moved[j] += step
        scores.append((np.concatenate(exposure.terms(Coefficients(*moved))) - here) / step)
    score = np.array(scores)
    information = (score * np.concatenate([exposure.adopted, exposure.waited])) @ score.T
    if np.linalg.cond(information) > _SINGULAR:
        return 0.0, 0.0, 1.0  # the two cannot be told apart, or not from p: the cautious end
    covariance = np.linalg.inv(information)[1:, 1:]
    correlation = covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])
    both = 0.25 + math.asin(correlation) / (2.0 * math.pi)
    return 0.5 - both, 0.5, both
