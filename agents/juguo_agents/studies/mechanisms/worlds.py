"""The worlds that are measured: without each mechanism, and as it is on several sets of episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from juguo_agents.studies.mechanisms.table import Mechanism
from juguo_envs.worlds.scenario import Scenario

AS_IS = "as it is"


@dataclass(frozen=True)
class World:
    """A world and its test episodes.

    Attributes:
        name: The mechanism that is off, or `AS_IS`.
        scenario: The world.
        block: Which set of episodes, from 0; the sets have no episode in common.
    """

    name: str
    scenario: Scenario
    block: int = 0

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name.replace(' ', '_')}-{self.block}.json"


def same_worlds(scenario: Scenario, repeats: int) -> list[World]:
    """The world as it is on the episodes of the mechanisms, and on `repeats` sets of others."""
    return [World(AS_IS, scenario, block) for block in range(repeats + 1)]


def worlds_without(scenario: Scenario, mechanisms: Sequence[Mechanism]) -> list[World]:
    """The world without each mechanism that is not off in it already."""
    found = [(mechanism.name, mechanism.without(scenario)) for mechanism in mechanisms]
    return [World(name, changed) for name, changed in found if changed is not None]


def pairs(repeats: int) -> list[tuple[int, int]]:
    """Every pair of sets of episodes on which the world as it is can be compared with itself."""
    return list(combinations(range(repeats + 1), 2))
