"""A rule that takes each of its parts from one of two rules."""

from __future__ import annotations

import copy
from collections.abc import Set as AbstractSet

import numpy as np

from juguo_agents.allocators.base import Observed, Setting
from juguo_agents.allocators.rule import Decision, Rule
from juguo_agents.array_types import Bools, Ints, Seeds, Singles
from juguo_envs.model.state import STAGES

FUNCTIONS_IN = tuple(f"functions in {stage}" for stage in STAGES)
PARTS = (*FUNCTIONS_IN, "places", "openness", "timing", "exit", "relief")
"""What a rule consists of. Every number and every request of an action comes from one of them.

Functions in a stage are the relative weights of the nine functions and of the reserve. Timing is when it asks
to advance. Exit is all of how it gives up. Relief is the whole institution, with its numbers, or its absence.
"""


class Hybrid:
    """Parts of B, and the rest of A. With no part of B it acts as A does, with all as B, bit for bit.

    Both rules see the same observations and keep their own memory of them. The exit of a rule is asked only
    where it is the hybrid's, as what a rule forgets when it gives up belongs to its exit. Relief is added
    last, to the functions and places that were put together.
    """

    def __init__(self, a: Rule, b: Rule, from_b: AbstractSet[str]) -> None:
        """Take two rules, which stay as they are, and the names of the parts that come from B.

        Raises:
            ValueError: If there is no part of that name.
        """
        if unknown := set(from_b) - set(PARTS):
            raise ValueError(f"unknown part {sorted(unknown)[0]!r}; there are {', '.join(PARTS)}")
        self.a, self.b = copy.copy(a), copy.copy(b)
        self.from_b = frozenset(from_b)

    @property
    def name(self) -> str:
        """The name of A, and what is taken from B."""
        return f"{self.a.name}|{self.b.name}: {', '.join(p for p in PARTS if p in self.from_b)}"

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; see `Allocator`."""
        self.setting = setting
        for rule in (self.a, self.b):
            rule.start(setting, seeds)

    def act(self, observation: Singles) -> Singles:
        """Actions (n, 10 + R + 3) in [-1, 1]."""
        seen = Observed(self.setting, observation)
        decision = self._together(seen.stage, self.a.decide(seen), self.b.decide(seen))
        relief = self._owner("relief")
        if relief.relieves:
            relief.relieve(seen, decision)
        return decision.action(self._owner("exit").abandons(seen))

    def _owner(self, part: str) -> Rule:
        return self.b if part in self.from_b else self.a

    def _together(self, stage: Ints, a: Decision, b: Decision) -> Decision:
        of_b: Bools = np.array([part in self.from_b for part in FUNCTIONS_IN])[stage]
        reserve = None
        if a.reserve is not None or b.reserve is not None:
            reserve = np.where(of_b, b.spare(), a.spare())

        def owner(part: str) -> Decision:
            return b if part in self.from_b else a

        return Decision(
            functions=np.where(of_b[:, None], b.functions, a.functions),
            communities=owner("places").communities,
            openness=owner("openness").openness,
            advance=owner("timing").advance,
            reserve=reserve,
        )
