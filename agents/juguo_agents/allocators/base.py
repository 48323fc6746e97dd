"""The protocol of an allocator, what it is told of a world, and what it reads off an observation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from juguo_agents.array_types import Floats, Ints, Seeds, Singles
from juguo_envs.engine.batch import Batch
from juguo_envs.model.measures import breadth_seen
from juguo_envs.model.state import FUNCTIONS, State
from juguo_envs.spaces.context import Context
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

RELIEF = [FUNCTIONS.index(name) for name in ("governance", "resilience")]
"""The functions that end a crisis."""


@dataclass(frozen=True)
class Setting:
    """What any administration knows of its world before the programme begins.

    In a family every episode has a world of its own: then `quarters` and `reward` hold a value for each of n
    episodes, and `known` n rows. The places and the persons are the same for all.

    Attributes:
        layout: Where each quantity stands in an observation.
        names: Names of the R communities.
        population: (R,) population shares.
        hubs: (R,) 1 for a hub.
        quarters: Length of the programme; (n,) in a family.
        reward: Weights of breadth, resilience and the excluded; (n,) each in a family.
        known: All of it, and the money, as a policy may be told; one row outside a family.
    """

    layout: ObservationLayout
    names: tuple[str, ...]
    population: Floats
    hubs: Floats
    quarters: int | Ints
    reward: tuple[float | Floats, float | Floats, float | Floats]
    known: Context

    @classmethod
    def of(cls, scenario: Scenario) -> Setting:
        """The setting of a scenario."""
        setting = cls.of_family(Family(scenario, varies=False), np.zeros(1, np.uint64))
        weights = scenario.reward
        return replace(setting, quarters=scenario.programme.T, reward=(weights.w_b, weights.w_r, weights.w_x))

    @classmethod
    def of_family(cls, family: Family, seeds: Seeds) -> Setting:
        """The setting of episodes of a family, one per seed."""
        structure, drawn = family.structure, family.draw(seeds)
        known = Context.of(drawn.params, structure, drawn.producers)
        return cls(
            layout=ObservationLayout(len(structure.share)),
            names=tuple(c.name for c in family.base.society.listed()),
            population=structure.share,
            hubs=structure.hub,
            quarters=known.quarters,
            reward=(known.weights[:, 0], known.weights[:, 1], known.weights[:, 2]),
            known=known,
        )

    def mean(self, places: Floats) -> Floats:
        """(n,) means over the communities by population, of (n, R).

        A product with `population` would round otherwise for another n: then what is decided in an episode
        would depend on how many episodes run together.
        """
        found: Floats = (places * self.population).sum(-1)
        return found

    def split(self, parts: int) -> list[Setting]:
        """For equal runs of the episodes; where all have one world, the setting itself."""
        if not isinstance(self.quarters, np.ndarray):
            return [self] * parts
        return [self.of_episodes(some) for some in np.split(np.arange(len(self.quarters)), parts)]

    def of_episodes(self, rows: Ints) -> Setting:
        """For some of the episodes; where all have one world, the setting itself."""
        if not isinstance(self.quarters, np.ndarray):
            return self
        known = self.known.of_episodes(rows)
        weights = known.weights
        reward = (weights[:, 0], weights[:, 1], weights[:, 2])
        return replace(self, quarters=known.quarters, reward=reward, known=known)


class Allocator(Protocol):
    """Anything that allocates: a batch of observations in, a batch of actions out."""

    @property
    def name(self) -> str:
        """Name in tables and figures."""
        ...

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes: forget everything, and hold memory for `len(seeds)` environments.

        Args:
            setting: What is known of the world.
            seeds: (n,) one per episode, for an allocator that draws at random; the same seed gives the same
                draws at every place of a batch.
        """
        ...

    def act(self, observation: Singles) -> Singles:
        """Actions (n, 10 + R + 3) in [-1, 1] for observations (n, size)."""
        ...


@runtime_checkable
class Clairvoyant(Protocol):
    """An allocator that is shown what is hidden from all others: a yardstick, no strategy."""

    def reveal(self, state: State, hazard: Floats) -> None:
        """Take the live state of the n societies it acts for, and (n,) the harm of a full defect."""
        ...


def show_hidden(allocator: Allocator, batch: Batch) -> None:
    """Open the books to an allocator that may see them; to all others this does nothing."""
    if isinstance(allocator, Clairvoyant):
        allocator.reveal(batch.state, batch.params["h0"])


@dataclass(frozen=True)
class Observed:
    """A batch of observations, read by name. Arrays are (n,), (n, R) or (n, R, 3)."""

    setting: Setting
    vector: Singles

    def _place(self, name: str) -> Floats:
        return self.setting.layout.place(self.vector, name)

    def _scalar(self, name: str) -> Floats:
        return self.setting.layout.scalar(self.vector, name)

    def _quarters(self, name: str) -> Ints:
        return np.rint(self._scalar(name) * self.setting.quarters).astype(np.int64)

    @cached_property
    def stage(self) -> Ints:
        """0 production, 1 diffusion, 2 application."""
        return self.setting.layout.stage(self.vector)

    @cached_property
    def adoption(self) -> Floats:
        """Adopting share by community and stratum."""
        return self.setting.layout.adoption(self.vector)

    @cached_property
    def adoption_by_place(self) -> Floats:
        """Adopting share by community, strata weighing the same."""
        share: Floats = self.adoption.mean(-1)
        return share

    @cached_property
    def adoption_total(self) -> Floats:
        """Adopting share of the society, strata weighing the same."""
        return self.setting.mean(self.adoption_by_place)

    @property
    def knowledge(self) -> Floats:
        """K."""
        return self._scalar("knowledge")

    @property
    def fit(self) -> Floats:
        """F, as seen."""
        return self._scalar("fit")

    @property
    def harm(self) -> Floats:
        """Estimate of harm per adopter and quarter."""
        return self._scalar("harm_estimate")

    @property
    def experience(self) -> Floats:
        """Experience W behind the estimate, person-quarters."""
        return self.setting.layout.amount(self.vector, "experience")

    @property
    def crisis(self) -> Floats:
        """Crisis level by community."""
        return self._place("crisis")

    @property
    def resilience(self) -> Floats:
        """Mean resilience by community, as seen."""
        return self._place("resilience_mean")

    @property
    def resilience_lowest(self) -> Floats:
        """Mean resilience of the lowest decile by community, as seen."""
        return self._place("resilience_lowest")

    @property
    def capability_by_place(self) -> Floats:
        """Mean capability by community."""
        return self._place("capability")

    @property
    def capability(self) -> Floats:
        """Mean capability of the society."""
        return self.setting.mean(self.capability_by_place)

    @property
    def excluded(self) -> Floats:
        """Share of the society under the floor."""
        return self.setting.mean(self._place("excluded"))

    @property
    def stage_quarters(self) -> Ints:
        """Quarters in this stage."""
        return self._quarters("stage_quarters")

    @property
    def project_quarters(self) -> Ints:
        """Quarters of this project."""
        return self._quarters("project_quarters")

    @property
    def quarter(self) -> Ints:
        """Quarters of the programme so far."""
        return self.setting.quarters - self._quarters("time_left")

    def reward(self) -> Floats:
        """The quarter's reward as an administration would reckon it from what it sees (not divided by T)."""
        w_b, w_r, w_x = self.setting.reward
        population = self.setting.population
        breadth = breadth_seen(self.adoption, population, self.setting.known.aversion)
        worst_off = self.setting.known.worst_off
        mean, lowest = map(self.setting.mean, (self.resilience, self.resilience_lowest))
        resilience = (1.0 - worst_off) * mean + worst_off * lowest
        seen: Floats = w_b * breadth + w_r * resilience - w_x * self.excluded
        return seen


def rows(value: Any, n: int) -> npt.NDArray[Any]:
    """`value` repeated for n environments, if it is not a batch yet."""
    array = np.asarray(value)
    return np.broadcast_to(array, (n, *array.shape))
