"""Who is best at a point, by how much, and whether that is more than noise.

Allocators compete in groups, such as doctrines. At a point the one with the highest mean leads. It is
compared with every one of another group by a paired t-test over the common episodes. The p-values are
corrected for their number (Holm 1979), and the largest is the point's: a group is best only if it beats all.
Many points are judged at once, so the points' p-values are adjusted once more, for false discoveries among
all points (Benjamini and Hochberg 1995). A point is won beyond noise where that is at most 5 %; everywhere
else it is a tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from juguo_agents.array_types import Floats

LEVEL = 0.05


@dataclass(frozen=True)
class Verdict:
    """The verdict on one point.

    Attributes:
        point: Its number.
        leader, second: The allocator with the highest mean, and the next best of another group.
        margin, low, high: Difference of their means, with its 95 % interval over common episodes.
        p: The largest of the leader's corrected p-values.
        p_adjusted: The same, adjusted for the number of points.
        best: The group that won beyond noise; empty for a tie.
        tied: Groups that share the lead where there is no winner, the leader's first.
    """

    point: int
    leader: str
    second: str
    margin: float
    low: float
    high: float
    p: float
    p_adjusted: float
    best: str
    tied: tuple[str, ...]

    @property
    def leads(self) -> str:
        """The leader's group."""
        return self.best or self.tied[0]


def verdicts(returns: Floats, names: Sequence[str], groups: Sequence[str]) -> list[Verdict]:
    """The verdicts on points.

    Args:
        returns: (points, allocators, episodes); episodes are common to the allocators of a point.
        names: The allocators.
        groups: The group of each; there must be two or more.
    """
    found = [_at_point(point, values, names, groups) for point, values in enumerate(returns)]
    adjusted = stats.false_discovery_control([v.p for v in found]).tolist()
    return [
        replace(v, p_adjusted=p, tied=()) if p <= LEVEL else replace(v, p_adjusted=p, best="")
        for v, p in zip(found, adjusted, strict=True)
    ]


def _at_point(point: int, values: Floats, names: Sequence[str], groups: Sequence[str]) -> Verdict:
    """(allocators, episodes) at one point: the leader against the other groups, as if it won and tied."""
    means = values.mean(1)
    leader = int(np.argmax(means))
    others = [i for i, group in enumerate(groups) if group != groups[leader]]
    differences = values[leader] - values[others]
    corrected = holm(paired_p(differences))
    nearest = int(np.argmax(means[others]))
    close = [groups[i] for i, p in zip(others, corrected.tolist(), strict=True) if p > LEVEL]
    return Verdict(
        point,
        names[leader],
        names[others[nearest]],
        *interval(differences[nearest]),
        p=float(corrected.max()),
        p_adjusted=1.0,
        best=groups[leader],
        tied=tuple(dict.fromkeys((groups[leader], groups[others[nearest]], *close))),
    )


def paired_p(differences: Floats) -> Floats:
    """Two-sided p-values of a t-test of mean zero, for each row of (rows, episodes).

    A row that does not vary has 1 where it is zero, and 0 otherwise.
    """
    count = differences.shape[1]
    mean, spread = differences.mean(1), differences.std(1, ddof=1)
    exact = spread <= 1e-12
    t = np.divide(mean * np.sqrt(count), spread, out=np.zeros_like(mean), where=~exact)
    p: Floats = 2.0 * stats.t.sf(np.abs(t), count - 1)
    return np.where(exact, np.where(np.abs(mean) <= 1e-12, 1.0, 0.0), p)


def interval(differences: Floats) -> tuple[float, float, float]:
    """Mean of (episodes,) differences with its 95 % interval by the same t."""
    mean, count = float(differences.mean()), len(differences)
    half = float(stats.t.ppf(1.0 - LEVEL / 2.0, count - 1) * differences.std(ddof=1) / np.sqrt(count))
    return mean, mean - half, mean + half


def holm(p: Floats) -> Floats:
    """P-values corrected for their number, so that one false rejection among them is rare (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    found = stats.binomtest(count, total).proportion_ci(1.0 - LEVEL, method="wilson")
    return float(found.low), float(found.high)
