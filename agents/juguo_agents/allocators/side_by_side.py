"""Several allocators in one batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from juguo_agents.allocators.base import Allocator, Setting
from juguo_agents.allocators.rule import Decision, Rule
from juguo_agents.array_types import Seeds, Singles


class SideBySide:
    """Several allocators as one: each acts for its own run of a batch."""

    def __init__(self, allocators: Sequence[Allocator]) -> None:
        """Take the allocators in the order of their runs."""
        self.allocators = allocators

    @property
    def name(self) -> str:
        """The first one's name."""
        return self.allocators[0].name

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; see `Allocator`."""
        count = len(self.allocators)
        runs = zip(self.allocators, setting.split(count), np.split(seeds, count), strict=True)
        for allocator, known, part in runs:
            allocator.start(known, part)

    def act(self, observation: Singles) -> Singles:
        """Actions for a batch of observations."""
        parts = np.split(observation, len(self.allocators))
        rules = [a for a in self.allocators if isinstance(a, Rule)]
        if len(rules) < len(parts):
            return np.concatenate([a.act(part) for a, part in zip(self.allocators, parts, strict=True)])
        decided = [rule.decided(part) for rule, part in zip(rules, parts, strict=True)]
        decision = Decision.joined([decision for decision, _ in decided])
        return decision.action(np.concatenate([abandon for _, abandon in decided]))
