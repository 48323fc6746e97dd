"""DAgger (Ross, Gordon and Bagnell 2011): the expert is asked in the states that the student itself reaches.

A student that is fitted to the states of an expert alone comes, by its own mistakes, to states that it never
saw. So in each round the student acts, the expert tells in every state what it would do, and the student is
fitted to all answers so far. In the first round there is no student yet, and the expert acts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from juguo_agents.allocators.base import Allocator, Clairvoyant, Setting
from juguo_agents.array_types import Floats, Seeds, Singles
from juguo_envs.model.state import State

Rows = Singles


class Query(ABC):
    """An allocator that acts as the student, or as the expert, and keeps what the expert would do.

    Attributes:
        name: Of an allocator.
        expert: What is asked; it may remember, and may be shown what is hidden.
        expert_acts: Whether the expert acts, not the student.
    """

    name = "query"
    expert: Allocator
    expert_acts = True

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; the answers so far are kept."""
        self.expert.start(setting, seeds)

    def act(self, observation: Rows) -> Rows:
        """What the expert does, or the student."""
        wanted = self.expert.act(observation)
        done = wanted if self.expert_acts else self.student(observation)
        self.collect(observation, wanted, done)
        return done

    def reveal(self, state: State, hazard: Floats) -> None:
        """Pass on what is hidden, where the expert may see it."""
        if isinstance(self.expert, Clairvoyant):
            self.expert.reveal(state, hazard)

    @abstractmethod
    def student(self, observation: Rows) -> Rows:
        """What the student does where these observations, (n, size), are made."""

    @abstractmethod
    def collect(self, observation: Rows, wanted: Rows, done: Rows) -> None:
        """Keep observations, what the expert wanted and what was done; (n, size) each."""
