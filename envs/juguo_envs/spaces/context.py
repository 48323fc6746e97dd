"""What may be shown beside a quarter's observation: what a real allocator would know, and earlier quarters.

The observation itself (`juguo_envs.spaces.observation`) is the same in every world. A policy that is to act
in many worlds can be told besides what anybody who hands out the money knows of its world, the preferences
that it serves, and what it saw in the quarters before. Hidden parameters are in none of these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from juguo_envs.model.state import World
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.worlds.parameters import HIGHEST_AVERSION
from juguo_envs.worlds.scenario import ScenarioError

Preferences = Literal["hidden", "shown", "drawn"]
PREFERENCES: tuple[Preferences, ...] = ("hidden", "shown", "drawn")
"""What is valued: not shown; shown as the scenario has it; the weights drawn at every reset, and shown."""
LONGEST_HISTORY = 64
SQUASH_BUDGET, SQUASH_QUARTERS, SQUASH_ROUNDS, SQUASH_WEIGHT = 1.0, 60.0, 2.0, 1.0
"""An amount x is shown as x / (x + its scale), so that any amount stays in [0, 1)."""
LOG_PERSONS = 7.0
"""Persons are shown as log10(persons) / 7: a society holds at most ten million."""
CONTEXT = ("budget", "quarters", "rounds", "persons")
CONTEXT_PER_COMMUNITY = ("population", "hub", "producers")
PREFERENCE_NAMES = ("weight_breadth", "weight_resilience", "weight_excluded", "aversion")

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Known:
    """What is known of the worlds of n episodes before they begin.

    Attributes:
        budget: (n,) money per person and quarter.
        quarters: (n,) length of the programme.
        rounds: (n,) technologies that are brought to application, one after another.
        persons: Number of persons.
        population: (R,) population shares.
        hubs: (R,) 1 for a hub.
        producers: (n, R) share of producers among a community's members.
        weights: (n, 3) weights of breadth, resilience and the excluded.
        aversion: (n,) aversion to inequality of breadth.
    """

    budget: npt.NDArray[np.float64]
    quarters: npt.NDArray[np.int64]
    rounds: npt.NDArray[np.int64]
    persons: int
    population: npt.NDArray[np.float64]
    hubs: npt.NDArray[np.float64]
    producers: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    aversion: npt.NDArray[np.float64]

    @classmethod
    def of(cls, params: npt.NDArray[Any], world: World, producers: npt.NDArray[np.int64]) -> Known:
        """From n records of parameters, what the societies have in common, and (n, R) producers."""
        sizes = np.diff(world.start)
        return cls(
            budget=params["B"].copy(),
            quarters=params["T"].copy(),
            rounds=params["rounds"].copy(),
            persons=int(world.start[-1]),
            population=world.share,
            hubs=world.hub,
            producers=producers / sizes,
            weights=np.stack([params[name] for name in ("w_b", "w_r", "w_x")], -1),
            aversion=params["aversion"].copy(),
        )

    def of_episodes(self, rows: npt.NDArray[np.int64]) -> Known:
        """Of some of the episodes."""
        by_episode = ("budget", "quarters", "rounds", "producers", "weights", "aversion")
        return replace(self, **{name: getattr(self, name)[rows] for name in by_episode})

    def context(self) -> Rows:
        """(n, 4 + 3 R) float32 in [0, 1], in the order of `FullLayout.context_names`."""
        n = len(self.budget)
        general = (
            self.budget / (self.budget + SQUASH_BUDGET),
            self.quarters / (self.quarters + SQUASH_QUARTERS),
            self.rounds / (self.rounds + SQUASH_ROUNDS),
            np.full(n, np.log10(self.persons) / LOG_PERSONS),
        )
        by_place = np.stack(
            [np.tile(self.population, (n, 1)), np.tile(self.hubs, (n, 1)), self.producers], axis=-1
        )
        return np.concatenate([np.stack(general, -1), by_place.reshape(n, -1)], axis=1).astype(np.float32)

    def preferences(self) -> Rows:
        """(n, 4) float32 in [0, 1]: of each weight weight / (weight + 1), then aversion / 2."""
        weights = self.weights / (self.weights + SQUASH_WEIGHT)
        aversion = self.aversion[:, None] / HIGHEST_AVERSION
        return np.concatenate([weights, aversion], axis=1).astype(np.float32)


@dataclass(frozen=True)
class FullLayout(ObservationLayout):
    """Where each quantity stands where more is shown than the quarter's observation.

    The vector is the observation, then the context, then the preferences, then the observation of the quarter
    before, the one before that, and so on; at the start of an episode these are the first one. What reads an
    `ObservationLayout` reads this, too.

    Attributes:
        context: Whether the context is shown.
        preferences: Whether the weights of the reward and the aversion to inequality are shown.
        history: Quarters of which the observation is shown, the present one included.
    """

    context: bool = False
    preferences: bool = False
    history: int = 1

    def __post_init__(self) -> None:
        """Refuse a history that is none.

        Raises:
            ScenarioError: If it is not allowed.
        """
        if not 1 <= self.history <= LONGEST_HISTORY:
            raise ScenarioError(f"history is {self.history}; allowed is 1 to {LONGEST_HISTORY} quarters")

    @property
    def observation(self) -> ObservationLayout:
        """Of a quarter's observation alone."""
        return ObservationLayout(self.communities)

    @property
    def facts(self) -> int:
        """Entries of context and preferences."""
        of_context = len(CONTEXT) + len(CONTEXT_PER_COMMUNITY) * self.communities
        return self.context * of_context + self.preferences * len(PREFERENCE_NAMES)

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.history * self.observation.size + self.facts

    def names(self, community_names: tuple[str, ...] | None = None) -> list[str]:
        """One name for each entry; that of an earlier quarter says how long ago it was."""
        own = self.observation.names(community_names)
        places = community_names or tuple(str(c) for c in range(self.communities))
        context = [*CONTEXT, *(f"{what}[{place}]" for place in places for what in CONTEXT_PER_COMMUNITY)]
        return [
            *own,
            *((f"known_{name}" for name in context) if self.context else ()),
            *(PREFERENCE_NAMES if self.preferences else ()),
            *(f"{name}@-{ago}" for ago in range(1, self.history) for name in own),
        ]

    def bounds(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Lowest and highest value of each entry."""
        low, high = self.observation.bounds()
        facts = np.zeros(self.facts, np.float32)
        before = self.history - 1
        return (
            np.concatenate([low, facts, np.tile(low, before)]),
            np.concatenate([high, facts + 1.0, np.tile(high, before)]),
        )

    def facts_of(self, known: Known) -> Rows:
        """(n, facts) what stands after the observation all along."""
        n = len(known.budget)
        parts = [np.zeros((n, 0), np.float32)]
        if self.context:
            parts.append(known.context())
        if self.preferences:
            parts.append(known.preferences())
        return np.concatenate(parts, axis=1)


class View:
    """Completes the observations of n episodes; it holds their facts and their earlier quarters.

    Attributes:
        layout: What is shown.
        facts: (n, facts) float32.
        past: (n, history - 1, observation) float32, the latest first.
    """

    def __init__(self, layout: FullLayout, n: int) -> None:
        """Make room for n episodes."""
        self.layout = layout
        self.facts = np.zeros((n, layout.facts), np.float32)
        self.past = np.zeros((n, layout.history - 1, layout.observation.size), np.float32)
        self._now = np.zeros((n, layout.observation.size), np.float32)
        self._fresh = np.ones(n, np.bool_)

    def begin(self, facts: Rows, mask: npt.NDArray[np.bool_]) -> None:
        """Forget the episodes of `mask`, and take the facts of the next ones: (their number, facts)."""
        self.facts[mask] = facts
        self._fresh[mask] = True

    def complete(self, observation: Rows, mask: npt.NDArray[np.bool_] | None = None) -> Rows:
        """The vector of this quarter, which becomes a past one with the next call.

        Args:
            observation: (n, observation) of the quarter; more columns after these are not looked at.
            mask: (n,) the episodes that moved on; all by default. The rows of the others are not touched.

        Returns:
            (n, size) float32; rows of episodes not in `mask` are zero.
        """
        chosen = np.ones(len(observation), np.bool_) if mask is None else mask
        now = observation[:, : self._now.shape[1]]
        if self.past.shape[1]:
            going = chosen & ~self._fresh
            self.past[going, 1:] = self.past[going, :-1]
            self.past[going, 0] = self._now[going]
            fresh = chosen & self._fresh
            self.past[fresh] = now[fresh, None]
        self._fresh[chosen] = False
        self._now[chosen] = now[chosen]
        full = np.zeros((len(observation), self.layout.size), np.float32)
        width, facts = self._now.shape[1], self.layout.facts
        full[chosen, :width] = now[chosen]
        full[chosen, width : width + facts] = self.facts[chosen]
        full[chosen, width + facts :] = self.past.reshape(len(full), self.past.shape[1] * width)[chosen]
        return full

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that change from quarter to quarter, live: to be copied, or written over."""
        return {"past": self.past, "now": self._now, "fresh": self._fresh}
