"""What each part of a training brought, where it began at an expert: search, imitation, reinforcement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from juguo_agents.allocators.registry import variant_of
from juguo_agents.array_types import Floats
from juguo_agents.evaluation.bootstrap import crossed_mean
from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.evaluation.statistics import spread_out
from juguo_agents.report.formatting import interval
from juguo_agents.report.texts import say

IMITATION = "imitation"
"""How the names of policies begin at which learning began."""
PARTS = ("search", "imitation", "reinforcement")


@dataclass(frozen=True)
class Route:
    """How a training came to its policies.

    Attributes:
        expert: What was imitated, by its name in the comparison; None where that is not one allocator.
        steps: Environment steps of each of `PARTS`: of the search, and for each training seed.
    """

    expert: str | None
    steps: Mapping[str, int]


def parts_of(comparison: Comparison, route: Route | None, best: Record) -> list[dict[str, Any]]:
    """Each part of a route: its `steps`, and what it brought `over` what came before it, paired.

    The search is read against the best rule, the imitation against the expert, the reinforcement against the
    imitation of the same training seed. A rule as the expert needed no search.
    """
    if route is None:
        return []
    learned = [r for r in comparison.records if r.learned]
    imitation = [r for r in comparison.records if r.name.startswith(IMITATION)]
    expert = [comparison.record(route.expert)] if route.expert else []
    searched = expert if expert and variant_of(expert[0].name) is None else []
    found = []
    for part, after, before in zip(
        PARTS, (searched, imitation, learned), ([best], expert, imitation), strict=True
    ):
        if after and before:
            names = {"over": before[0].name if len(before) == 1 else IMITATION, "seeds": len(after)}
            gain = crossed_mean(_returns(after) - _returns(before))
            found.append({"part": part, "steps": route.steps[part]} | names | spread_out("difference", gain))
    return found


def parts_as_rows(parts: list[dict[str, Any]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The head of a table, and a row a part."""
    rows: list[tuple[str, ...]] = [
        (
            say(f"route.{part['part']}"),
            interval(part, "difference", signed=True),
            part["over"],
            f"{part['steps']:,}" + ("" if part["part"] == PARTS[0] else f" x {part['seeds']}"),
        )
        for part in parts
    ]
    return tuple(say(f"route.{name}") for name in ("part", "brought", "over", "steps")), rows


def _returns(records: list[Record]) -> Floats:
    return np.array([record.returns for record in records])
