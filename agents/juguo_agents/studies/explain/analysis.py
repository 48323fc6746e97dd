"""What an explanation says in numbers: how close a tree comes, what it keeps, and what allocators spend."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from juguo_agents.artifacts.tree import ABANDON, ADVANCE, OPENNESS
from juguo_agents.evaluation.record import Record
from juguo_agents.evaluation.statistics import CONFIDENCE, RESAMPLES, mean_interval, paired_difference
from juguo_agents.studies.explain.query import Answers
from juguo_envs.spaces.action import SHARES

Floats = npt.NDArray[np.float64]


def fidelity(answers: Answers) -> dict[str, float | None]:
    """Agreement of two allocators over the same quarters, each between 0 (never) and 1 (always the same).

    `money` and `communities`: the share of the money that goes to the same uses, and to the same places;
    `openness`: 1 less the mean distance; `advance` and `abandon`: share of quarters with the same answer;
    and, of the quarters in which the learner asks, the share in which the tree does, and the reverse (None
    where nobody asks): `advance_found`, `advance_right`, `abandon_found`, `abandon_right`.
    """
    wants, done = answers.wants, answers.done
    found: dict[str, float | None] = {
        "money": _same_shares(wants[:, :SHARES], done[:, :SHARES]),
        "communities": _same_shares(wants[:, SHARES:OPENNESS], done[:, SHARES:OPENNESS]),
        "openness": 1.0 - float(np.abs(wants[:, OPENNESS] - done[:, OPENNESS]).mean()),
    }
    for name, column in (("advance", ADVANCE), ("abandon", ABANDON)):
        wanted, asks = wants[:, column] >= 0.5, done[:, column] >= 0.5
        found[name] = float((wanted == asks).mean())
        found[f"{name}_found"] = float(asks[wanted].mean()) if wanted.any() else None
        found[f"{name}_right"] = float(wanted[asks].mean()) if asks.any() else None
    return found


def _same_shares(one: Floats, other: Floats) -> float:
    return 1.0 - 0.5 * float(np.abs(one - other).sum(1).mean())


def gain_kept(tree: Floats, learner: Floats, flat: Floats) -> dict[str, Any] | None:
    """The share of the learner's gain over `flat` that a tree keeps, with its interval.

    Args:
        tree, learner, flat: (E,) returns in the same episodes.

    Returns:
        `share`, `low`, `high`; episodes are resampled as a whole (percentiles of the bootstrap). None where
        the learner's gain cannot be told from none, so that there is nothing to keep.
    """
    if len(flat) < 2 or paired_difference(learner, flat).low <= 0.0:
        return None

    def share(one: Floats, whole: Floats, base: Floats, axis: int = -1) -> Floats:
        kept: Floats = (one - base).mean(axis) / (whole - base).mean(axis)
        return kept

    value = float(share(tree, learner, flat))
    if np.ptp((tree - flat) - value * (learner - flat)) < 1e-12:
        return {"share": value, "low": value, "high": value}
    interval = stats.bootstrap(
        (tree, learner, flat),
        share,
        paired=True,
        vectorized=True,
        method="percentile",
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return {"share": value, "low": float(interval.low), "high": float(interval.high)}


def spending(record: Record, population: Floats) -> dict[str, Any]:
    """Mean over the episodes of a record, in plain values; `population` are the (R,) population shares.

    `return` with its interval; `quarters` (3,) spent in each stage; `functions` (3, 10) share of a stage's
    money by function, then the reserve; `communities` (3, R) money on functions per member, relative to the
    mean over members: 1 is by population. A stage without money has zeros. `per_quarter` (3,) money per
    person and quarter of a stage, the reserve's releases included.
    """
    money, places = record.spending.mean(0), record.community_spending.mean(0)
    quarters = record.stage_quarters.mean(0)
    mean = mean_interval(record.returns)
    return {
        "name": record.name,
        "return": mean.mean,
        "return_low": mean.low,
        "return_high": mean.high,
        "abandoned": float(record.abandoned.mean()),
        "quarters": quarters.tolist(),
        "per_quarter": _ratio(money.sum(1), quarters).tolist(),
        "functions": _ratio(money, money.sum(1, keepdims=True)).tolist(),
        "communities": _ratio(places, (places @ population)[:, None]).tolist(),
    }


def _ratio(above: Floats, below: Floats) -> Floats:
    below = np.broadcast_to(below, above.shape)
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0.0)


def same_uses(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Share of the money of `one` that `other` spends on the same uses, stage by stage.

    A stage counts by what `one` spends in it; where `other` never spends, nothing is the same.
    """
    mine, theirs = np.array(one["functions"]), np.array(other["functions"])
    money = np.array(one["per_quarter"]) * np.array(one["quarters"])
    return float(np.minimum(mine, theirs).sum(1) @ money / money.sum()) if money.sum() > 0.0 else 0.0
