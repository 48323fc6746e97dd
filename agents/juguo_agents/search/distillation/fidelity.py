"""How closely a tree does what the learner would do, and how much of the learner's gain it keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from juguo_agents.array_types import Floats
from juguo_agents.artifacts.tree import ABANDON, ADVANCE, OPENNESS
from juguo_agents.evaluation.statistics import CONFIDENCE, RESAMPLES, paired_difference
from juguo_agents.search.distillation.query import Answers
from juguo_envs.spaces.action import SHARES


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
