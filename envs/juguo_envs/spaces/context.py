"""What may be shown beside a quarter's observation: what a real allocator would know, and earlier quarters.

The observation itself (`juguo_envs.spaces.observation`) is the same in every world. A policy that is to act
in many worlds can be told besides what anybody who hands out the money knows of its world, the preferences
that it serves, and what it saw in the quarters before. Hidden parameters are in none of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from juguo_envs.model.state import Structure
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.validation import Strict
from juguo_envs.worlds.parameters import HIGHEST_AVERSION

Observe = Literal["noisy", "true"]
Preferences = Literal["hidden", "shown", "drawn"]
LONGEST_HISTORY = 64

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


class ContextConfig(Strict):
    """What is shown beside the quarter's observation."""

    context: bool = Field(default=False, description="what a real allocator would know of its world")
    preferences: Preferences = Field(
        default="hidden",
        description="the weights of the reward and the aversion: hidden, shown as the scenario has them, or "
        "the weights drawn at every reset, and shown",
    )
    history: int = Field(
        default=1, ge=1, le=LONGEST_HISTORY, description="quarters shown, with the present one"
    )


class ObservationConfig(ContextConfig):
    """What is shown of a world, and whether with noise."""

    observe: Observe = Field(default="noisy", description="noisy: as measured; true: without noise")

    @property
    def noisy(self) -> bool:
        """Whether what is seen carries the scenario's noise."""
        return self.observe == "noisy"


@dataclass(frozen=True)
class Context:
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
        worst_off: (n,) share of the worst off in the measure of resilience.
        release: (n,) most that the reserve gives back in a quarter, in quarterly budgets.
    """

    budget: Floats
    quarters: npt.NDArray[np.int64]
    rounds: npt.NDArray[np.int64]
    persons: int
    population: Floats
    hubs: Floats
    producers: Floats
    weights: Floats
    aversion: Floats
    worst_off: Floats
    release: Floats

    @classmethod
    def of(cls, params: npt.NDArray[Any], structure: Structure, producers: npt.NDArray[np.int64]) -> Context:
        """From n records of parameters, what the societies have in common, and (n, R) producers."""
        return cls(
            budget=params["B"].copy(),
            quarters=params["T"].copy(),
            rounds=params["rounds"].copy(),
            persons=int(structure.start[-1]),
            population=structure.share,
            hubs=structure.hub,
            producers=producers / np.diff(structure.start),
            weights=np.stack([params[name] for name in ("w_b", "w_r", "w_x")], -1),
            aversion=params["aversion"].copy(),
            worst_off=params["w_l"].copy(),
            release=params["r_M"].copy(),
        )

    def of_episodes(self, rows: npt.NDArray[np.int64]) -> Context:
        """Of some of the episodes."""
        shared = ("persons", "population", "hubs")
        return replace(self, **{k: v[rows] for k, v in self.__dict__.items() if k not in shared})


@dataclass(frozen=True)
class Fact:
    """One entry that stays the same over an episode, in [0, 1].

    Attributes:
        name: Its name; of a community's fact without the community.
        meaning: What it is.
        value: What is shown of it: of a `Context` of n episodes (n,), or (n, R) for one of a community.
    """

    name: str
    meaning: str
    value: Callable[[Context], Any]


def _squashed(amount: npt.NDArray[Any], scale: float) -> Floats:
    shown: Floats = amount / (amount + scale)
    return shown


def _weight(i: int) -> Callable[[Context], Floats]:
    return lambda known: _squashed(known.weights[:, i], 1.0)


CONTEXT = (
    Fact("budget", "B/(B + 1)", lambda known: _squashed(known.budget, 1.0)),
    Fact("quarters", "T/(T + 60)", lambda known: _squashed(known.quarters, 60.0)),
    Fact("rounds", "rounds/(rounds + 2)", lambda known: _squashed(known.rounds, 2.0)),
    Fact(
        "persons", "log10(persons)/7", lambda known: np.full(len(known.budget), np.log10(known.persons) / 7.0)
    ),
)
CONTEXT_PER_COMMUNITY = (
    Fact("population", "population share", lambda known: np.tile(known.population, (len(known.budget), 1))),
    Fact("hub", "1 for a hub, else 0", lambda known: np.tile(known.hubs, (len(known.budget), 1))),
    Fact("producers", "share of producers", lambda known: known.producers),
)
PREFERENCES = (
    *(
        Fact(f"weight_{name}", "w/(w + 1)", _weight(i))
        for i, name in enumerate(("breadth", "resilience", "excluded"))
    ),
    Fact("aversion", f"aversion/{HIGHEST_AVERSION:g}", lambda known: known.aversion / HIGHEST_AVERSION),
)


@dataclass(frozen=True)
class ContextLayout(ObservationLayout):
    """Where each quantity stands where more is shown than the quarter's observation.

    The vector is the observation, then the context, then the preferences, then the observation of the quarter
    before, the one before that, and so on; at the start of an episode these are the first one. What reads an
    `ObservationLayout` reads this, too.

    Attributes:
        config: What is shown.
    """

    config: ContextConfig

    @property
    def observation(self) -> ObservationLayout:
        """Of a quarter's observation alone."""
        return ObservationLayout(self.communities)

    @property
    def shows_preferences(self) -> bool:
        """Whether the weights of the reward and the aversion to inequality are shown."""
        return self.config.preferences != "hidden"

    @property
    def facts(self) -> int:
        """Entries of context and preferences."""
        of_context = len(CONTEXT) + len(CONTEXT_PER_COMMUNITY) * self.communities
        return self.config.context * of_context + self.preference_facts

    @property
    def preference_facts(self) -> int:
        """Entries of preferences."""
        return self.shows_preferences * len(PREFERENCES)

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.config.history * self.observation.size + self.facts

    def names(self, community_names: tuple[str, ...] | None = None) -> list[str]:
        """One name for each entry; that of an earlier quarter says how long ago it was."""
        own = self.observation.names(community_names)
        places = community_names or tuple(str(c) for c in range(self.communities))
        context = [
            *(fact.name for fact in CONTEXT),
            *(f"{fact.name}[{place}]" for place in places for fact in CONTEXT_PER_COMMUNITY),
        ]
        return [
            *own,
            *(f"known_{name}" for name in context if self.config.context),
            *(fact.name for fact in PREFERENCES if self.shows_preferences),
            *(f"{name}@-{ago}" for ago in range(1, self.config.history) for name in own),
        ]

    def bounds(self) -> tuple[Rows, Rows]:
        """Lowest and highest value of each entry."""
        low, high = self.observation.bounds()
        facts = np.zeros(self.facts, np.float32)
        before = self.config.history - 1
        return (
            np.concatenate([low, facts, np.tile(low, before)]),
            np.concatenate([high, facts + 1.0, np.tile(high, before)]),
        )

    def facts_of(self, known: Context) -> Rows:
        """(n, facts) float32: what stands after the observation all along."""
        n = len(known.budget)
        columns: list[Floats] = [np.zeros((n, 0))]
        if self.config.context:
            columns += [fact.value(known)[:, None] for fact in CONTEXT]
            by_place = np.stack([fact.value(known) for fact in CONTEXT_PER_COMMUNITY], axis=-1)
            columns.append(by_place.reshape(n, -1))
        if self.shows_preferences:
            columns += [fact.value(known)[:, None] for fact in PREFERENCES]
        return np.concatenate(columns, axis=1).astype(np.float32)


class ObservationBuffer:
    """Completes the observations of n episodes; it holds their facts and their earlier quarters.

    Attributes:
        layout: What is shown.
        facts: (n, facts) float32.
        past: (n, history - 1, observation) float32, the latest first.
    """

    def __init__(self, layout: ContextLayout, n: int, known: Context | None = None) -> None:
        """Make room for n episodes; where so much is `known` of their worlds, all of them begin."""
        self.layout = layout
        self.facts = np.zeros((n, layout.facts), np.float32)
        self.past = np.zeros((n, layout.config.history - 1, layout.observation.size), np.float32)
        self._now = np.zeros((n, layout.observation.size), np.float32)
        self._fresh = np.ones(n, np.bool_)
        if known is not None:
            self.facts[:] = layout.facts_of(known)

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
