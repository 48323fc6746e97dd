"""Several allocators as one in a family: which of them acts in an episode, the budget of its world says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from juguo_agents.allocators.base import Allocator, Setting
from juguo_agents.array_types import Ints, Seeds, Singles
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

BUDGET = "money.B"
"""The axis of a family that tells them apart: any administration knows its budget."""


def budget_edges(base: Scenario, count: int) -> list[float]:
    """(count + 1,) budgets, money per person and quarter, that divide the family's range in equal ratios."""
    (axis,) = [axis for axis in Family(base).axes if axis.name == BUDGET]
    inner = np.geomspace(axis.low, axis.high, count + 1)[1:-1]
    return [axis.low, *map(float, inner), axis.high]


class ByBudget:
    """An allocator for each part of the range of budgets.

    Attributes:
        name: Of all of them.
        allocators: K of them, those for smaller budgets first.
        edges: (K - 1,) the budgets at which one part ends and the next begins, rising.
    """

    def __init__(self, name: str, allocators: Sequence[Allocator], edges: Sequence[float]) -> None:
        """Take the allocators, those for smaller budgets first.

        Raises:
            ValueError: If the edges are not one fewer, or do not rise.
        """
        if len(edges) != len(allocators) - 1 or (np.diff(edges) <= 0).any():
            raise ValueError(f"edges is {list(edges)}; allowed are {len(allocators) - 1} numbers that rise")
        self.name, self.allocators, self.edges = name, list(allocators), np.asarray(edges, np.float64)
        self._rows: list[Ints] = []

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; see `Allocator`."""
        budgets = np.broadcast_to(setting.known.budget, len(seeds))
        part = np.searchsorted(self.edges, budgets, side="right")
        self._rows = [np.flatnonzero(part == number) for number in range(len(self.allocators))]
        for allocator, rows in zip(self.allocators, self._rows, strict=True):
            if len(rows):
                allocator.start(setting.of_episodes(rows), seeds[rows])

    def act(self, observation: Singles) -> Singles:
        """Actions for a batch of observations."""
        parts = [(a, rows) for a, rows in zip(self.allocators, self._rows, strict=True) if len(rows)]
        acted = np.concatenate([allocator.act(observation[rows]) for allocator, rows in parts])
        action = np.empty_like(acted)
        action[np.concatenate([rows for _, rows in parts])] = acted
        return action
