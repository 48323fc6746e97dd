"""How far two worlds rank allocators differently, and how far other episodes alone do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.statistics import paired_difference

Returns = Mapping[str, Sequence[float] | Floats]
"""(episodes,) returns by the doctrine's name."""
CERTAIN = 0.95
"""Share of the comparisons of the world with itself that noise covers."""
FLIPS = 2000


def pairs(repeats: int) -> list[tuple[int, int]]:
    """Every pair of sets of episodes on which the world as it is can be compared with itself."""
    return list(combinations(range(repeats + 1), 2))


def table_of(returns: Returns) -> Floats:
    """(doctrines, episodes) of returns."""
    return np.array(list(returns.values()), np.float64)


def ranking_change(world: Floats, other: Floats) -> float:
    """Largest change of a doctrine's mean return less the mean over doctrines.

    Args:
        world, other: (D, E) returns of the same doctrines.
    """
    return float(np.abs(_relative(other).mean(1) - _relative(world).mean(1)).max())


def agreement(world: Floats, other: Floats) -> float:
    """Kendall's tau of the rankings by mean return; 1 where a ranking has nothing but ties in both."""
    first, second = world.mean(1), other.mean(1)
    if np.array_equal(first, second):
        return 1.0
    tau = float(stats.kendalltau(first, second).statistic)
    return tau if np.isfinite(tau) else 0.0


def _relative(returns: Floats) -> Floats:
    relative: Floats = returns - returns.mean(0)
    return relative


@dataclass(frozen=True)
class RankingEffect:
    """What switching a mechanism off does to the doctrines' returns.

    Attributes:
        change: Largest change of a doctrine's return less the mean over doctrines.
        who: The doctrine.
        chance: What `change` would be at most, at 95 %, if only chance gave each episode's change its sign.
        tau: Kendall's tau of the rankings.
        mean, low, high: Change of the mean return of all doctrines, 95 %, over the episodes.
    """

    change: float
    who: str
    chance: float
    tau: float
    mean: float
    low: float
    high: float


def ranking_effect(world: Returns, without: Returns) -> RankingEffect:
    """The effect on returns, from the same doctrines on the same episodes."""
    first, second = table_of(world), table_of(without)
    changes = _relative(second) - _relative(first)
    furthest = int(np.argmax(np.abs(changes.mean(1))))
    level = paired_difference(second.mean(0), first.mean(0))
    return RankingEffect(
        ranking_change(first, second),
        list(world)[furthest],
        _chance(changes),
        agreement(first, second),
        level.mean,
        level.low,
        level.high,
    )


def _chance(changes: Floats) -> float:
    """Quantile of the largest mean change under signs by chance, the same for all doctrines of an episode."""
    signs = np.random.default_rng(0).choice((-1.0, 1.0), size=(FLIPS, changes.shape[1]))
    largest = np.abs(signs @ changes.T / changes.shape[1]).max(1)
    return float(np.quantile(largest, CERTAIN))


def noise(values: Iterable[float], least: bool = False) -> float:
    """The value that covers 95 % of comparisons of the world with itself; from below if `least`."""
    return float(np.quantile(np.array(list(values)), 1.0 - CERTAIN if least else CERTAIN))


@dataclass(frozen=True)
class Noise:
    """What other test episodes alone change in the world as it is.

    Attributes:
        change: Of the ranking, at most; as `RankingEffect.change`.
        tau: Kendall's tau, at least.
        level: Of the mean return of all doctrines, at most.
        comparisons: How many comparisons this is taken from.
    """

    change: float
    tau: float
    level: float
    comparisons: int


def ranking_noise(blocks: Sequence[Returns], pairs: Sequence[tuple[int, int]]) -> Noise:
    """Noise of the returns, from the world as it is on several sets of episodes."""
    tables = [table_of(block) for block in blocks]
    compared = [(tables[i], tables[j]) for i, j in pairs]
    return Noise(
        noise(ranking_change(*pair) for pair in compared),
        noise((agreement(*pair) for pair in compared), least=True),
        noise(abs(float(first.mean() - second.mean())) for first, second in compared),
        len(pairs),
    )


def level_changed(effect: RankingEffect, noise: Noise) -> bool:
    """Whether the mean return changes by more than other episodes alone change it."""
    return abs(effect.mean) > noise.level
