"""The best programme of a comparison, learned or not: how far it is ahead, and of what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.bootstrap import crossed_mean, difference
from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.evaluation.statistics import Estimate, spread_out


def best_programme(
    comparison: Comparison, names: Sequence[str], references: Sequence[Record]
) -> dict[str, Any]:
    """The programme with the highest mean return; the learned allocators are one programme together.

    Args:
        comparison: What was measured.
        names: The allocators that compete; no reference is among them.
        references: What programmes are read against, such as `nothing`.

    Returns:
        `names` of the best (several for the learned together), `adoption_end` and `excluded`, the mean return
        and the paired difference to the baseline with intervals; `others`: every other programme with its
        `names` and by how much the best is ahead of it (`lead`); `references`: each with its `name`, by how
        much the best earns more (`gain`), and the `beaten_by` names of the programmes that earn more beyond
        luck.
    """
    learned = [r for r in comparison.ranked() if r.name in names and r.learned]
    programmes: list[tuple[Record, ...]] = [
        (r,) for r in comparison.ranked() if r.name in names and not r.learned
    ]
    programmes += [tuple(learned)] if learned else []
    best = max(programmes, key=lambda records: float(_returns(records).mean()))
    return (
        {"names": [r.name for r in best]}
        | {"adoption_end": float(np.mean([r.adoption[:, -1] for r in best]))}
        | {"excluded": float(np.mean([r.excluded for r in best]))}
        | spread_out("mean", crossed_mean(_returns(best)))
        | spread_out("difference", _lead(best, (comparison.record(comparison.baseline),)))
        | {
            "others": [
                {"names": [r.name for r in other]} | spread_out("lead", _lead(best, other))
                for other in programmes
                if other is not best
            ],
            "references": [
                {"name": reference.name}
                | spread_out("gain", _lead(best, (reference,)))
                | {
                    "beaten_by": [
                        r.name for one in programmes if _lead(one, (reference,)).low > 0.0 for r in one
                    ]
                }
                for reference in references
            ],
        }
    )


def _returns(records: Sequence[Record]) -> Floats:
    found: Floats = np.array([r.returns for r in records])
    return found


def _lead(one: Sequence[Record], other: Sequence[Record]) -> Estimate:
    """By how much the first earns more; at most one of the two holds several records."""
    if len(one) >= len(other):
        return difference(_returns(one), _returns(other)[0])
    behind = difference(_returns(other), _returns(one)[0])
    return Estimate(-behind.mean, -behind.high, -behind.low)
