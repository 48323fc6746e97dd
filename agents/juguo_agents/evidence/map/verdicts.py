"""Who is best at a point, by how much, and whether that is more than noise.

The allocators that compete in a condition form groups: one for each system, with all its variants. At a
point the allocator with the highest mean leads. It is compared with every allocator of the other groups, by a
paired t-test over the common episodes; the p-values are corrected for their number (Holm 1979), and the
largest one is the point's: the group is best only if it beats all others. Many points are judged at once, so
the points' p-values are adjusted once more, for false discoveries among all points (Benjamini and Hochberg
1995). A point is won beyond noise where that is at most 5 %; everywhere else it is a tie.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats

from juguo_agents.evidence.map.design import SYSTEMS, TUNED, allocator_names, has_exit, system_of
from juguo_agents.evidence.map.tables import Floats, Runs
from juguo_envs.files import write_bytes

LEVEL = 0.05
VERDICTS_FILE = "verdicts.parquet"


@dataclass(frozen=True)
class Condition:
    """Who competes.

    Attributes:
        name: Its name in results.
        text: What it is, in words.
        exits: With the exit (True), without (False), or both (None).
        tuned: Tuned numbers only (True), the rules' own only (False), or both (None).
        systems: The groups; empty for all.
    """

    name: str
    text: str
    exits: bool | None
    tuned: bool | None
    systems: tuple[str, ...] = SYSTEMS

    def competitors(self) -> list[str]:
        """Names of the allocators that compete."""
        return [
            name
            for name in allocator_names()
            if (self.exits is None or has_exit(name) == self.exits)
            and (self.tuned is None or name.endswith(TUNED) == self.tuned)
            and (not self.systems or system_of(name) in self.systems)
        ]


CONDITIONS = (
    Condition("exit_tuned", "tuned, with the exit", True, True),
    Condition("exit_own", "own numbers, with the exit", True, False),
    Condition("no_exit_tuned", "tuned, without the exit", False, True),
    Condition("no_exit_own", "own numbers, without the exit", False, False),
    Condition("exit", "own or tuned, with the exit", True, None),
    Condition("no_exit", "own or tuned, without the exit", False, None),
    Condition("three", "own or tuned, with or without the exit", None, None),
    Condition("all", "all rules, in any variant", None, None, ()),
)
CORE = tuple(c.name for c in CONDITIONS[:4])
"""The conditions of the acceptance: each tuned and not, with and without the exit."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on one point.

    Attributes:
        point: Its number.
        leader, second: The allocator with the highest mean, and the best one of another group.
        margin, low, high: Difference of their means, with its 95 % interval over common episodes.
        p: The largest of the leader's corrected p-values.
        p_adjusted: The same, adjusted for the number of points.
        best: The system that won beyond noise; empty for a tie.
        tied: Systems that share the lead where there is no winner, the leader's first.
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
        """The leader's system."""
        return system_of(self.leader)


def judge(runs: Runs, condition: Condition) -> list[Verdict]:
    """The verdicts of a condition, point by point."""
    names = condition.competitors()
    places = [runs.names.index(name) for name in names]
    groups = [system_of(name) for name in names]
    return verdicts(runs.returns[:, places], names, groups)


def verdicts(returns: Floats, names: list[str], groups: list[str]) -> list[Verdict]:
    """The verdicts on points.

    Args:
        returns: (points, allocators, episodes); episodes are common to the allocators of a point.
        names: The allocators.
        groups: The group of each; there must be two or more.
    """
    judged = [_at_point(values, groups) for values in returns]
    adjusted = false_discovery(np.array([j.p for j in judged]))
    found = []
    for point, (j, p_adjusted) in enumerate(zip(judged, adjusted.tolist(), strict=True)):
        won = p_adjusted <= LEVEL
        tied = () if won else tuple(dict.fromkeys((groups[j.leader], groups[j.second], *j.close)))
        found.append(
            Verdict(
                point, names[j.leader], names[j.second], j.margin, j.low, j.high, j.p, p_adjusted,
                groups[j.leader] if won else "", tied,
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class _Judged:
    leader: int
    second: int
    margin: float
    low: float
    high: float
    p: float
    close: tuple[str, ...]


def _at_point(values: Floats, groups: list[str]) -> _Judged:
    """(allocators, episodes) at one point: the leader against all of the other groups."""
    means = values.mean(1)
    leader = int(np.argmax(means))
    others = [i for i, group in enumerate(groups) if group != groups[leader]]
    differences = values[leader] - values[others]
    corrected = holm(paired_p(differences))
    nearest = int(np.argmax(means[others]))
    margin, low, high = interval(differences[nearest])
    close = tuple(groups[i] for i, p in zip(others, corrected.tolist(), strict=True) if p > LEVEL)
    return _Judged(leader, others[nearest], margin, low, high, float(corrected.max()), close)


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


def false_discovery(p: Floats) -> Floats:
    """P-values adjusted so that few of those under a level are false (Benjamini and Hochberg 1995)."""
    order = np.argsort(-p, kind="stable")
    count = len(p)
    stepped = np.minimum.accumulate(p[order] * count / np.arange(count, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    found = stats.binomtest(count, total).proportion_ci(1.0 - LEVEL, method="wilson")
    return float(found.low), float(found.high)


def write_verdicts(folder: Path, found: dict[str, list[Verdict]]) -> None:
    """Every verdict of every condition as one table."""
    rows = [
        {"condition": name, **asdict(v), "tied": list(v.tied)} for name, group in found.items() for v in group
    ]
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), out, compression="zstd")
    write_bytes(folder / VERDICTS_FILE, out.getvalue().to_pybytes())
