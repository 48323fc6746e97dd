"""Which observations matter: what an allocator earns less when it sees them as they are in another episode.

A group of observations of the same meaning is taken from another episode of the batch, in the same quarter:
a partner, drawn once and kept, so that what is seen keeps its course over time and its spread over episodes,
and only tells nothing of this episode any more. The loss of return is paired by episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from juguo_agents.allocators.base import Allocator, Clairvoyant, Setting
from juguo_agents.array_types import Floats, Seeds, Singles
from juguo_agents.evaluation.rollout import Conditions
from juguo_agents.evaluation.statistics import mean_interval
from juguo_envs.model.state import State
from juguo_envs.spaces.action import SHARES
from juguo_envs.spaces.observation import PER_COMMUNITY, SCALARS, ObservationLayout

_CHUNK = 100  # episodes stepped together: a partner is one of these

_PLACES = {
    "adoption": "adoption, all communities and strata",
    "adoption_change": "change of adoption, all communities and strata",
    "know_how": "know-how, all communities",
    "environment": "application environment, all communities",
    "trust": "trust, all communities",
    "crisis": "crisis level, all communities",
    "resilience": "resilience, mean and lowest, all communities",
    "excluded": "excluded, all communities",
    "interactors": "interactors, all communities",
    "capability": "capability, all communities",
}
_SCALARS = {
    "knowledge": "knowledge and its change",
    "knowledge_change": "knowledge and its change",
    "fit": "social fit",
    "harm_estimate": "harm: estimate and evidence",
    "harm_evidence": "harm: estimate and evidence",
    "experience": "experience of use",
    "stage_quarters": "quarters in the stage, age of the project",
    "project_quarters": "quarters in the stage, age of the project",
    "abandoned": "projects given up so far",
    "time_left": "quarters left",
    "reserve": "reserve",
}


@dataclass(frozen=True)
class Group:
    """Observations of the same meaning: words, and their places in the vector."""

    words: str
    columns: tuple[int, ...]


def groups(layout: ObservationLayout) -> list[Group]:
    """Every entry of an observation in one group; what is new to this list is a group of its own."""
    found: dict[str, list[int]] = {}
    r, c = layout.communities, len(PER_COMMUNITY)
    for i, name in enumerate(PER_COMMUNITY):
        base = next((known for known in sorted(_PLACES, key=len, reverse=True) if name.startswith(known)), "")
        words = _PLACES.get(base, f"{name.replace('_', ' ')}, all communities")
        found.setdefault(words, []).extend(range(i, r * c, c))
    first = r * c
    for i, name in enumerate(SCALARS):
        words = "stage" if name in _STAGES else _SCALARS.get(name, name.replace("_", " "))
        found.setdefault(words, []).append(first + i)
    first += len(SCALARS)
    last = {
        "last quarter's money by function": SHARES,
        "last quarter's money by community": r,
        "last quarter's openness": 1,
        "last quarter's requests": layout.size - first - SHARES - r - 1,
    }
    for words, count in last.items():
        found[words] = list(range(first, first + count))
        first += count
    return [Group(words, tuple(columns)) for words, columns in found.items()]


_STAGES = frozenset(name for name in SCALARS if name.startswith("stage_") and name != "stage_quarters")


class Misled:
    """An allocator that sees some columns as they are in another episode of the batch."""

    def __init__(self, allocator: Allocator, columns: tuple[int, ...], seed: int) -> None:
        """Take the allocator, the columns, and a seed for who is whose partner."""
        self.allocator, self.columns, self.seed = allocator, list(columns), seed

    @property
    def name(self) -> str:
        """The allocator's name."""
        return self.allocator.name

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; everybody gets a partner other than themselves.

        Raises:
            ValueError: If there is one episode only.
        """
        if len(seeds) < 2:
            raise ValueError("one episode has no other to be misled by")
        ring = np.random.default_rng([self.seed, int(seeds[0])]).permutation(len(seeds))
        self._partner = np.empty(len(seeds), np.int64)
        self._partner[ring] = np.roll(ring, 1)
        self.allocator.start(setting, seeds)

    def act(self, observation: Singles) -> Singles:
        """The allocator's actions for what it is made to see."""
        seen = observation.copy()
        seen[:, self.columns] = observation[self._partner][:, self.columns]
        return self.allocator.act(seen)

    def reveal(self, state: State, hazard: Floats) -> None:
        """Pass on what is hidden to an allocator that may see it."""
        if isinstance(self.allocator, Clairvoyant):
            self.allocator.reveal(state, hazard)


def returns_without(
    group: Group,
    allocator: Allocator,
    conditions: Conditions,
    episodes: Seeds,
    repeats: int,
) -> Floats:
    """(E,) what an allocator earns that sees a group as it is in another episode.

    Args:
        group: What is taken from other episodes.
        allocator: Whose eyes.
        conditions: Where.
        episodes: (E,) seeds, at least 2.
        repeats: How many partners each episode has, one after another; the returns are their means.
    """
    parts = np.array_split(episodes, -(-len(episodes) // _CHUNK))
    misled = np.zeros(len(episodes))
    for repeat in range(repeats):
        blind = Misled(allocator, group.columns, repeat)
        misled += np.concatenate([conditions.run(blind, part).returns for part in parts]) / repeats
    return misled


def importance(group: Group, returns: Floats, without: Floats) -> dict[str, Any]:
    """What a group is worth: the mean loss of return (E,) without it, with its interval."""
    loss = mean_interval(returns - without)
    return {
        "group": group.words,
        "entries": len(group.columns),
        "loss": loss.mean,
        "low": loss.low,
        "high": loss.high,
    }
