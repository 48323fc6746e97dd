"""Indicators that policy uses, of one allocator or of several taken together, each with its interval.

Intervals are percentiles over resampled episodes, 95 %; those of shares of episodes are Wilson's (1927).
What cannot be told is None: a ratio to nothing, the time to what no episode reaches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import scipy  # it loads scipy.stats, which takes half a second, when that is first used

from juguo_agents.array_types import Floats, Ints
from juguo_agents.evaluation.course import STRATA
from juguo_agents.evaluation.record import Record
from juguo_agents.evaluation.statistics import CONFIDENCE, RESAMPLES

LEVELS = (0.05, 0.10, 0.25, 0.50)
"""Adopting shares of the society, the time to which is told."""
WORST = 0.1
"""The share of episodes that are the worst."""
FIFTH = 0.2
"""The share of the places that are the best and the worst served."""


def indicators(records: Sequence[Record], references: Sequence[Record], a_year: int) -> dict[str, Any]:
    """The indicators of the records taken together: the mean over them, episode by episode.

    Args:
        records: At least one, all of the same episodes, with their courses.
        references: Those to which the probability of being worse is told, in `worse_than` by name.
        a_year: Steps of the world that make a year.
    """
    adoption = np.array([r.adoption for r in records])  # (S, E, T + 1)
    returns = np.array([r.returns for r in records])
    end, years = adoption[..., -1].mean(0), adoption[..., 1:].sum(-1).mean(0) / a_year
    money = np.array([r.spending[..., :-1].sum((1, 2)) for r in records]).mean(0)
    told: dict[str, Any] = {
        "reaches": [_reach(adoption, level) for level in LEVELS],
        "money_per_adopter": _ratio(money, end),
        "money_per_adopter_year": _ratio(money, years),
        "worst_tenth": _worst_tenth(returns),
        "worse_than": {r.name: _share((returns < r.returns).mean(0)) for r in references},
    }
    courses = [r.course for r in records if r.course is not None]
    strata = np.array([course.society[:, -1, -len(STRATA) :] for course in courses]).mean(0)
    return (
        told
        | _gaps(strata, np.array([r.final_adoption for r in records]), courses[0].persons)
        | {"excluded_by_place": _by_place(np.mean([course.excluded for course in courses], axis=0))}
    )


def _reach(adoption: Floats, level: float) -> dict[str, Any]:
    """How often a level is reached, and after how many steps where it is."""
    reached = adoption >= level
    ever = reached.any(-1)
    when = np.where(ever, reached.argmax(-1), 0)
    told = _ratio(when.sum(0).astype(float), ever.sum(0).astype(float))
    return {"level": level, "share": _share(ever.mean(0)), "quarters": told}


def _gaps(strata: Floats, final: Floats, persons: Floats) -> dict[str, Any]:
    """Adopting shares at the end by stratum, and of the best and worst served fifth of an episode's places.

    Args:
        strata: (E, 3) of the society.
        final: (S, E, R, 3) by place.
        persons: (R, 3) mean numbers, by which strata count in a place.
    """
    weights = np.where(np.isnan(final), 0.0, persons)
    places = np.sort((np.nan_to_num(final) * weights).sum(3) / np.maximum(weights.sum(3), 1e-12), axis=-1)
    many = max(1, round(FIFTH * places.shape[-1]))
    worst, best = places[..., :many].mean((0, 2)), places[..., -many:].mean((0, 2))
    means = strata.mean(0)
    return {
        "adoption_by_stratum": [_mean(one) for one in strata.T],
        "gap_strata": _ratio(strata[:, means.argmax()], strata[:, means.argmin()]),
        "adoption_best_places": _mean(best),
        "adoption_worst_places": _mean(worst),
        "gap_places": _ratio(best, worst),
    }


def _worst_tenth(returns: Floats) -> dict[str, float]:
    """Mean return over the worst tenth of the episodes, one at least."""

    def least(some: Floats) -> Floats:
        count = max(1, round(WORST * some.shape[1]))
        found: Floats = np.partition(some, count - 1, axis=1)[:, :count].mean(1)
        return found

    drawn = [least(returns.T[rows].reshape(len(rows), -1)) for rows in _resamples(returns.shape[1])]
    return _told(float(least(returns.reshape(1, -1))[0]), np.concatenate(drawn))


def _by_place(values: Floats) -> dict[str, list[float]]:
    """(E, R) values as lists over the places."""
    counts = (np.array([np.bincount(row, minlength=len(values)) for row in rows])
              for rows in _resamples(len(values)))  # fmt: skip
    drawn = np.concatenate([some @ values for some in counts]) / len(values)
    low, high = np.quantile(drawn, _TAILS, axis=0)
    return {"mean": values.mean(0).tolist(), "low": low.tolist(), "high": high.tolist()}


def _mean(values: Floats) -> dict[str, float]:
    drawn = np.concatenate([values[rows].mean(1) for rows in _resamples(len(values))])
    return _told(float(values.mean()), drawn)


def _ratio(above: Floats, below: Floats) -> dict[str, float] | None:
    """The ratio of two means over the same episodes; None where the second is nothing."""
    if below.sum() <= 0.0:
        return None
    both = np.stack([above, below], axis=1)
    sums = np.concatenate([both[rows].sum(1) for rows in _resamples(len(both))])
    some = sums[sums[:, 1] > 0.0]
    return _told(float(above.sum() / below.sum()), some[:, 0] / some[:, 1])


def _share(happened: Floats) -> dict[str, float]:
    """A share of E episodes, of which each counts between 0 and 1, with Wilson's interval."""
    n, share = len(happened), float(happened.mean())
    z2 = float(scipy.stats.norm.ppf(_TAILS[1])) ** 2
    middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n)
    half = float(np.sqrt(z2 * (share * (1.0 - share) / n + z2 / (4.0 * n * n)))) / (1.0 + z2 / n)
    return {
        "mean": share,
        "low": min(max(middle - half, 0.0), share),
        "high": max(min(middle + half, 1.0), share),
    }


_TAILS = ((1.0 - CONFIDENCE) / 2.0, (1.0 + CONFIDENCE) / 2.0)
_AT_ONCE = 2_000_000  # numbers that are drawn together


def _told(estimate: float, resampled: Floats) -> dict[str, float]:
    low, high = np.quantile(resampled, _TAILS)
    return {"mean": estimate, "low": float(low), "high": float(high)}


def _resamples(values: int) -> Iterator[Ints]:
    """Seeded resamples of the indices below a count, (n, count) at a time."""
    rng, together = np.random.default_rng(0), max(1, _AT_ONCE // values)
    for begin in range(0, RESAMPLES, together):
        yield rng.integers(0, values, (min(together, RESAMPLES - begin), values))
