"""Rollouts of one allocator in which another one is asked, in every state, what it would have done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from juguo_agents.allocators.base import Allocator, Clairvoyant, Setting
from juguo_agents.array_types import Floats, Seeds, Singles
from juguo_agents.artifacts.place_weights import read_places
from juguo_agents.artifacts.tree import as_row
from juguo_agents.artifacts.tree_features import read_features
from juguo_agents.evaluation.dagger import Query, Rows
from juguo_envs.model.state import State
from juguo_envs.spaces.action import decode_allocation


@dataclass(frozen=True)
class Answers:
    """What was done and wanted, quarter by quarter.

    Attributes:
        values: (n, features) what was seen.
        places: (n, R, L) how far each place was above the mean; see `read_places`.
        wants: (n, 13 + R) flat allocations that the learner wanted.
        done: (n, 13 + R) flat allocations of the one that acted.
    """

    values: Singles
    places: Singles
    wants: Floats
    done: Floats


class ExpertQuery(Query):
    """Acts as one allocator does, and keeps what another one would do."""

    def __init__(self, actor: Allocator, learner: Allocator) -> None:
        """Take the one that acts and the one that is asked; they may be the same."""
        self.actor, self.expert, self.expert_acts = actor, learner, learner is actor
        self.name = actor.name
        self._kept: list[tuple[Singles, ...]] = []

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; the answers so far are kept."""
        self._setting = setting
        super().start(setting, seeds)
        if not self.expert_acts:
            self.actor.start(setting, seeds)

    def student(self, observation: Rows) -> Rows:
        """The actor's actions."""
        return self.actor.act(observation)

    def collect(self, observation: Rows, wanted: Rows, done: Rows) -> None:
        """What a tree may look at, and both actions."""
        seen = read_features(self._setting, observation), read_places(self._setting, observation)
        self._kept.append((*seen, wanted.copy(), done.copy()))

    def reveal(self, state: State, hazard: Floats) -> None:
        """Pass on what is hidden to those that may see it."""
        super().reveal(state, hazard)
        if not self.expert_acts and isinstance(self.actor, Clairvoyant):
            self.actor.reveal(state, hazard)

    def answers(self) -> Answers:
        """All answers so far."""
        values, places, wants, done = (np.concatenate(part) for part in zip(*self._kept, strict=True))
        population = self._setting.population
        wanted = as_row(decode_allocation(wants, population))
        acted = wanted if self.expert_acts else as_row(decode_allocation(done, population))
        return Answers(values, places, wanted, acted)


def joined(parts: list[Answers]) -> Answers:
    """All of them."""
    names = ("values", "places", "wants", "done")
    return Answers(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
