"""Runs rules side by side and keeps what a map needs of each episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.side_by_side import SideBySide
from juguo_agents.evaluation.record import Record
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies.map.values import breadth_column
from juguo_envs.engine.batch import Batch
from juguo_envs.model.measures import breadths
from juguo_envs.model.state import STAGES
from juguo_envs.worlds.scenario import Scenario

Columns = dict[str, npt.NDArray[Any]]
_TOGETHER = 100  # episodes in one batch; results do not depend on it


def measure(
    rules: Sequence[Allocator],
    scenario: Scenario,
    seeds: npt.NDArray[np.uint64],
    aversion: float,
    others: Sequence[float],
) -> list[Columns]:
    """What comes of each rule on the same episodes.

    Args:
        rules: The rules; none of them twice as the same object.
        scenario: The world.
        seeds: (episodes,) one for each episode.
        aversion: That of column `breadth`.
        others: Aversions of further columns of breadth.

    Returns:
        For each rule, (episodes,) for each column.
    """
    size = max(1, _TOGETHER // len(seeds))
    found: list[Columns] = []
    for i in range(0, len(rules), size):
        some = rules[i : i + size]
        columns = _together(some, scenario, np.tile(seeds, len(some)), np.array([aversion, *others]))
        found += [
            {name: np.split(values, len(some))[j] for name, values in columns.items()}
            for j in range(len(some))
        ]
    return found


def _together(
    rules: Sequence[Allocator],
    scenario: Scenario,
    seeds: npt.NDArray[np.uint64],
    aversions: npt.NDArray[np.float64],
) -> Columns:
    sums = np.zeros((len(seeds), len(aversions)))

    def watch(first: int, quarter: int, batch: Batch) -> None:
        seen = breadths(batch.state.adopters_measured, batch.state.cells, batch.persons, aversions)
        sums[first : first + len(seen)] += seen

    allocator = rules[0] if len(rules) == 1 else SideBySide(rules)
    record = run(allocator, scenario, seeds, watch=watch)
    means = sums / scenario.programme.T
    at = {breadth_column(a): means[:, i] for i, a in enumerate(aversions.tolist()) if i > 0}
    return _columns(record) | {"breadth": means[:, 0]} | at


def _columns(record: Record) -> Columns:
    return {
        "resilience": record.resilience,
        "excluded": record.excluded,
        "abandoned": record.abandoned,
        **{f"quarters_{stage}": record.stage_quarters[:, i] for i, stage in enumerate(STAGES)},
        "adoption_end": record.adoption[:, -1],
        "adoption_peak": record.adoption.max(1),
        "money_spent": record.spending[:, :, :-1].sum((1, 2)),
    }
