"""Levers of an allocation, and an allocator with one of them forced out of its hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from juguo_agents.allocators.base import Allocator, Clairvoyant, Setting
from juguo_agents.array_types import Floats, Seeds, Singles
from juguo_envs.errors import UserError, unknown
from juguo_envs.model.state import FUNCTIONS, N_FUNCTIONS, State
from juguo_envs.spaces.action import SHARES

Actions = Singles

NO, YES = -1.0, 1.0
_OPENNESS, _ADVANCE, _ABANDON = -3, -2, -1


class UnknownLever(UserError):
    """A name that stands for no lever; the message lists those there are."""


@dataclass(frozen=True)
class Lever:
    """One part of an allocation that can be forced.

    Attributes:
        name: Its name.
        forced: What is done to it, in words.
        force: Changes actions (n, 10 + R + 3) in place, given population shares (R,).
    """

    name: str
    forced: str
    force: Callable[[Actions, Floats], None]


def _no_share(column: int) -> Callable[[Actions, Floats], None]:
    """No money for one use; the others keep their proportions. Where nothing else is paid, it is saved."""

    def force(actions: Actions, population: Floats) -> None:
        actions[:, column] = NO

    return force


def _fixed(column: int, value: float) -> Callable[[Actions, Floats], None]:
    def force(actions: Actions, population: Floats) -> None:
        actions[:, column] = value

    return force


def _by_population(actions: Actions, population: Floats) -> None:
    actions[:, SHARES : SHARES + len(population)] = 2.0 * population / population.max() - 1.0


LEVERS: dict[str, Lever] = {
    lever.name: lever
    for lever in (
        *(Lever(f, "zero", _no_share(i)) for i, f in enumerate(FUNCTIONS)),
        Lever("reserve", "zero", _no_share(N_FUNCTIONS)),
        Lever("openness", "zero", _fixed(_OPENNESS, NO)),
        Lever("communities", "by population", _by_population),
        Lever("advance:at_once", "as soon as allowed", _fixed(_ADVANCE, YES)),
        Lever("advance:never", "only at the maximum", _fixed(_ADVANCE, NO)),
        Lever("abandon", "never", _fixed(_ABANDON, NO)),
    )
}


def find_lever(name: str) -> Lever:
    """A lever by name.

    Raises:
        UnknownLever: If there is none of that name.
    """
    if name not in LEVERS:
        raise UnknownLever(unknown("lever", name, LEVERS))
    return LEVERS[name]


class Forced:
    """An allocator that decides everything but one lever, which is forced."""

    def __init__(self, allocator: Allocator, lever: Lever) -> None:
        """Take the allocator and the lever."""
        self.allocator, self.lever = allocator, lever

    @property
    def name(self) -> str:
        """The allocator's name and what is forced."""
        return f"{self.allocator.name}|{self.lever.name}"

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; see `Allocator`."""
        self.population = setting.population
        self.allocator.start(setting, seeds)

    def act(self, observation: Singles) -> Singles:
        """The allocator's actions with the lever forced."""
        actions = np.array(self.allocator.act(observation), np.float32)
        self.lever.force(actions, self.population)
        return actions

    def reveal(self, state: State, hazard: Floats) -> None:
        """Pass on what is hidden to an allocator that may see it."""
        if isinstance(self.allocator, Clairvoyant):
            self.allocator.reveal(state, hazard)
