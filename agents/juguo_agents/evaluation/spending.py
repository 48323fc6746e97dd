"""What an allocator spends: by stage and function, and by stage and community."""

from __future__ import annotations

from typing import Any

import numpy as np

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.record import Record
from juguo_agents.evaluation.statistics import mean_interval


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
