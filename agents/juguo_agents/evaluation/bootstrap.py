"""Estimates over two levels of luck that are kept apart: that of training (seeds) and that of test episodes.

The values are a matrix, a row per training seed and a column per test episode. The episodes are the same for
all seeds, so the two levels are crossed: a hard episode is hard for every seed, and more seeds do not average
that away. Each level is therefore resampled as a whole, seeds first, then episodes once for all of them
(the pigeonhole bootstrap, Owen 2007, Annals of Applied Statistics 1(2)).

A handful of training seeds is too few for a bootstrap alone: it varies by (S - 1) / S of what it should, with
the tails of a normal sample. So what it gives is stretched about the estimate until its spread is that of the
analysis of variance and its tails are Student's (Hesterberg 2015, The American Statistician 69(4)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # it loads scipy.stats, which takes half a second, when that is first used

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.statistics import (
    CONFIDENCE,
    RESAMPLES,
    Estimate,
    interquartile_mean,
    interquartile_means,
    mean_interval,
)

POWER = 0.8
"""Probability with which a true difference should be told from none, for which seeds are counted."""
_CAUTION = 0.8  # the pilot's spread is taken at this upper confidence limit (Browne 1995)
_MOST_SEEDS = 1000


@dataclass(frozen=True)
class Spread:
    """Where a mean over S seeds and E episodes has its uncertainty from, as variances of that mean.

    Attributes:
        seeds: The part that falls with more training seeds only.
        episodes: The part that falls with more test episodes only.
        both: The part that falls with either.
        total: The variance of the mean, no less than what each level shows alone.
        freedom: Degrees of freedom of `total` (Satterthwaite 1946).
    """

    seeds: float
    episodes: float
    both: float
    total: float
    freedom: float


def spread_of(values: Floats) -> Spread:
    """The spread of the mean of an (S, E) matrix, S and E at least 2, by two-way analysis of variance."""
    s, e = values.shape
    grand, rows, columns = values.mean(), values.mean(1), values.mean(0)
    by_seed = e * float(((rows - grand) ** 2).sum()) / (s - 1)
    by_episode = s * float(((columns - grand) ** 2).sum()) / (e - 1)
    rest = values - rows[:, None] - columns[None, :] + grand
    left = float((rest**2).sum()) / ((s - 1) * (e - 1))
    total = max(by_seed + by_episode - left, by_seed, by_episode)
    squares = by_seed**2 / (s - 1) + by_episode**2 / (e - 1) + left**2 / ((s - 1) * (e - 1))
    freedom = total**2 / squares if squares > 0.0 else np.inf
    return Spread(
        seeds=max(by_seed - left, 0.0) / (s * e),
        episodes=max(by_episode - left, 0.0) / (s * e),
        both=left / (s * e),
        total=total / (s * e),
        freedom=float(max(freedom, min(s, e) - 1.0)),
    )


def crossed_mean(values: Floats) -> Estimate:
    """The mean of an (S, E) matrix with its 95 % interval over training seeds and test episodes.

    With one seed it covers the luck of the episodes alone, and with one episode that of the seeds alone.
    """
    values = _matrix(values)
    if 1 in values.shape:
        return mean_interval(values.ravel())
    mean, spread = float(values.mean()), spread_of(values)
    seeds, episodes = _weights(*values.shape)
    return _stretched(mean, ((seeds @ values) * episodes).sum(1), spread)


def crossed_iqm(values: Floats) -> Estimate:
    """The interquartile mean over all S x E values, with its 95 % interval over both levels.

    How far the bootstrap has to be stretched is taken from the mean of the same values.
    """
    values = _matrix(values)
    middle = interquartile_mean(values.ravel())
    if 1 in values.shape:
        return _one_level_iqm(values.ravel())
    seeds, episodes = _weights(*values.shape)
    means = ((seeds @ values) * episodes).sum(1)
    rng = np.random.default_rng(0)
    s, e = values.shape
    picked = np.empty((RESAMPLES // 2, s * e))
    for row in picked:
        row[:] = values[rng.integers(0, s, s)][:, rng.integers(0, e, e)].ravel()
    return _stretched(middle, interquartile_means(picked), spread_of(values), float(means.var()))


def improvement(values: Floats, base: Floats) -> Estimate:
    """The probability that a training seed does better than `base` in an episode, with its interval.

    Args:
        values: (S, E) returns.
        base: (E,) of one allocator on the same episodes, or (S, E) of another training with the same seeds;
            each value is compared with its own partner, and a tie counts half.
    """
    values = _matrix(values)
    base = np.broadcast_to(np.asarray(base, np.float64), values.shape)
    found = crossed_mean((values > base) + 0.5 * (values == base))
    return Estimate(found.mean, max(found.low, 0.0), min(found.high, 1.0))


def difference(values: Floats, base: Floats) -> Estimate:
    """The mean of `values - base`, paired as in `improvement`, with its interval over both levels."""
    values = _matrix(values)
    return crossed_mean(values - np.asarray(base, np.float64))


def variance_saved(values: Floats, base: Floats) -> float | None:
    """Share of the variance of a difference that pairing takes away: 1 - Var(x - y) / (Var(x) + Var(y)).

    An unpaired comparison would need 1 / (1 - share) times the episodes. Below zero where pairing hurts.

    Args:
        values: (E,) returns, or (S, E), whose rows are then averaged.
        base: (E,) returns of the other, on the same episodes.

    Returns:
        None where nothing varies or there is a single episode.
    """
    x = np.atleast_2d(np.asarray(values, np.float64)).mean(0)
    y = np.atleast_2d(np.asarray(base, np.float64)).mean(0)
    if len(x) < 2:
        return None
    apart = float(x.var(ddof=1) + y.var(ddof=1))
    if apart < 1e-24:
        return None
    return 1.0 - float((x - y).var(ddof=1)) / apart


@dataclass(frozen=True)
class SeedsNeeded:
    """Training seeds after which a difference as large as the pilot's is told from none.

    Attributes:
        pilot: Seeds of the pilot.
        power: The probability with which it is told, in a two-sided test at 5 %.
        seeds: That many, where seeds vary as in the pilot; None where no number suffices on so many episodes.
        cautious: That many, where they vary as much as the pilot just does not rule out (80 % limit).
    """

    pilot: int
    power: float
    seeds: int | None
    cautious: int | None


def seeds_needed(differences: Floats) -> SeedsNeeded | None:
    """Training seeds needed to claim a difference, from a pilot: (S, E) paired differences.

    Returns:
        None where the pilot has fewer than two seeds or two episodes, or shows no difference.
    """
    differences = _matrix(differences)
    s, e = differences.shape
    effect = abs(float(differences.mean()))
    if s < 2 or e < 2 or effect < 1e-12:
        return None
    between = float(differences.mean(1).var(ddof=1))
    # what the episodes' common luck leaves, however many seeds: their part of the variance of the mean
    floor = spread_of(differences).episodes
    wider = between * (s - 1) / float(scipy.stats.chi2.ppf(1.0 - _CAUTION, s - 1))
    return SeedsNeeded(s, POWER, _count(effect, between, floor), _count(effect, wider, floor))


def _count(effect: float, between: float, floor: float) -> int | None:
    for n in range(2, _MOST_SEEDS + 1):
        error = np.sqrt(between / n + floor)
        if error < 1e-12 * effect:
            return n
        critical = scipy.stats.t.ppf(0.5 + CONFIDENCE / 2.0, n - 1)
        power = scipy.stats.nct.sf(critical, n - 1, effect / error)
        if power >= POWER:
            return n
    return None


def _matrix(values: Floats) -> Floats:
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"values have shape {values.shape}; expected training seeds x test episodes")
    return values


def _weights(seeds: int, episodes: int) -> tuple[Floats, Floats]:
    """How often each seed and each episode is drawn, in each resample, as shares."""
    rng = np.random.default_rng(0)
    rows = rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), RESAMPLES)
    columns = rng.multinomial(episodes, np.full(episodes, 1.0 / episodes), RESAMPLES)
    return rows / seeds, columns / episodes


def _stretched(
    estimate: float, drawn: Floats, spread: Spread, drawn_variance: float | None = None
) -> Estimate:
    """The percentiles of a bootstrap, stretched about the estimate to the right spread and tails.

    `drawn_variance` is the bootstrap's variance of the mean, where `drawn` is of another statistic.
    """
    variance = float(drawn.var()) if drawn_variance is None else drawn_variance
    if variance < 1e-24:
        return Estimate(estimate, estimate, estimate)
    tail = 0.5 + CONFIDENCE / 2.0
    stretch = np.sqrt(spread.total / variance) * scipy.stats.t.ppf(tail, spread.freedom)
    stretch /= scipy.stats.norm.ppf(tail)
    low, high = np.quantile(drawn, (1.0 - tail, tail))
    return Estimate(
        estimate, float(estimate - stretch * (estimate - low)), float(estimate + stretch * (high - estimate))
    )


def _one_level_iqm(values: Floats) -> Estimate:
    """The interquartile mean with its percentile interval over one level."""
    estimate = interquartile_mean(values)
    if len(values) < 2 or np.ptp(values) < 1e-12:
        return Estimate(estimate, estimate, estimate)
    rng = np.random.default_rng(0)
    picked = values[rng.integers(0, len(values), (RESAMPLES, len(values)))]
    low, high = np.quantile(interquartile_means(picked), (0.025, 0.975))
    return Estimate(estimate, float(low), float(high))
