"""What a map is made of: its settings, its points, its allocators and its episodes.

Four things must never meet: what a tuned rule was tuned on, what its numbers were chosen on at a point, what
it is measured on there, and what the exchange of its parts is measured on. The first has points and episodes
of its own; the others have episodes of their own at every point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from juguo_agents.allocators.institutions import split_name
from juguo_agents.allocators.registry import cell_name, compared_names, make_rule, rule_names
from juguo_agents.evaluation import seeds
from juguo_agents.provenance import MODEL
from juguo_agents.studies import study as engine
from juguo_agents.studies.design import points
from juguo_agents.studies.map.variations import EXCHANGES, SWITCHES, VALUE_SETS, switched
from juguo_envs.worlds.sampling import scenario_at
from juguo_envs.worlds.scenario import Scenario

REFERENCES = ("nothing", "care_only")
"""Doctrines that bring no technology to people: they compete, and are told apart from the programmes."""
TUNED = ":tuned"
EXCHANGE_EPISODES = 8
"""Episodes on which parts are exchanged; they follow those that are measured."""
SWITCH_EPISODES, SWITCH_CHOICE = 8, 4
"""At most so many of a point's episodes are measured, and chosen on, with an assumption switched off."""
_FORMAT = 2  # of the settings in the map's files


@dataclass(frozen=True)
class Point:
    """Everything that is run at a point as it is, or with an assumption switched off.

    Attributes:
        number: Of the point, from 0.
        place: (axes,) in the unit cube of the family.
        switch: Name of the switch; empty for the point as it is.
    """

    number: int
    place: tuple[float, ...]
    switch: str = ""

    @property
    def key(self) -> str:
        """Its name."""
        return f"{self.number:05d} {self.switch}".strip()


class Settings(engine.Settings):
    """What a map is asked for."""

    smoke: ClassVar[Mapping[str, Any]] = {
        "points": 4, "episodes": 3, "regimes": 1, "budget": 200, "choice": 1, "switched": 2,
    }  # fmt: skip
    grows: ClassVar[frozenset[str]] = frozenset({"points", "switched"})

    points: int = Field(512, ge=2, le=seeds.MAP_POINTS, description="scenarios")
    episodes: int = Field(
        16,
        ge=3,
        le=seeds.MAP_EPISODES - EXCHANGE_EPISODES,
        description="episodes of every allocator at each point",
    )
    seed: int = Field(
        0, ge=0, lt=seeds.MAPS, description="seed of the map: of its points and of its episodes"
    )
    design: Literal["sobol", "latin"] = Field("sobol", description="how points fill the ranges")
    regimes: int = Field(
        3, ge=1, le=seeds.MANY_SEARCHES.size, description="other scenarios, in which rules are tuned"
    )
    budget: int = Field(2500, ge=200, le=1_000_000, description="episodes of each tuning search")
    choice: int = Field(
        8,
        ge=1,
        le=seeds.MAP_CHOICES,
        description="episodes on which tuned numbers are compared at a point",
    )
    switched: int = Field(
        48,
        ge=2,
        le=seeds.MAP_POINTS,
        description="points, from the first, at which assumptions are switched off",
    )
    scenario: engine.NamedScenario = Field(
        default_factory=lambda: Scenario.load("default"), description="what all points have in common"
    )

    def check(self) -> None:
        """Check that every switch can be thrown in the scenario.

        Raises:
            ScenarioError: If a field is unknown or a value not allowed.
        """
        for switch in SWITCHES:
            switched(self.scenario, switch.name)

    @property
    def switched_points(self) -> int:
        """Number of points at which assumptions are switched off."""
        return min(self.switched, self.points)

    def as_json(self) -> dict[str, Any]:
        """The settings as the map's files quote them."""
        values = self.model_dump(mode="json")
        base = values.pop("scenario")
        return {"format": _FORMAT, **values, "base": base, "model": MODEL}

    def places(self) -> npt.NDArray[np.float64]:
        """(points, axes) the map's places in the unit cube of the family."""
        return points(self.points, self.seed, self.scenario, self.design, preferences=True)

    def tuning_places(self) -> npt.NDArray[np.float64]:
        """(regimes, axes) the places where rules are tuned; the map has none of them."""
        seed = seeds.MAP_TUNING_DESIGN.first + self.seed
        return points(self.regimes, seed, self.scenario, preferences=True)

    def world(self, place: npt.ArrayLike, name: str) -> Scenario:
        """The scenario at a place, with the values drawn there."""
        return scenario_at(np.asarray(place), self.scenario, name, preferences=True)

    def map_points(self) -> list[Point]:
        """Every point as it is, then the first points with each switch."""
        places = [tuple(place) for place in self.places().tolist()]
        plain = [Point(number, place) for number, place in enumerate(places)]
        some = plain[: self.switched_points]
        return [*plain, *(Point(p.number, p.place, s.name) for s in SWITCHES for p in some)]

    def measured_seeds(self, point: int) -> seeds.Seeds:
        """(episodes,) seeds on which allocators are measured at a point; no other point has one of them."""
        return seeds.map_test(self.seed, point, self.episodes)

    def exchange_seeds(self, point: int) -> seeds.Seeds:
        """(EXCHANGE_EPISODES,) seeds on which parts are exchanged, behind those that are measured."""
        return seeds.map_test(self.seed, point, EXCHANGE_EPISODES, after=self.episodes)

    def choice_seeds(self, point: int) -> seeds.Seeds:
        """(choice,) seeds on which numbers are chosen at a point."""
        return seeds.map_choice(self.seed, point, self.choice)

    def cost(self, point: Point) -> int:
        """About how many episodes a point takes.

        A tuned rule is measured with each of its numbers that is chosen for any values; about two are.
        """
        members, rules = self.regimes + 1, tuned_rules()
        if point.switch:
            chosen, measured = min(SWITCH_CHOICE, self.choice), min(SWITCH_EPISODES, self.episodes)
            return len(rules) * (chosen * members + measured)
        apart = {name: len(VALUE_SETS) if make_rule(name).heeds_values else 1 for name in compared_names()}
        candidates = sum(apart[rule] for rule in rules) * members
        measured = sum(apart.values()) + sum(max(2, apart[rule]) for rule in rules)
        return candidates * self.choice + measured * self.episodes + len(EXCHANGES) * EXCHANGE_EPISODES


def tuned_rules() -> list[str]:
    """The rules that are tuned: every doctrine with both institutions."""
    return [cell_name(doctrine, True, True) for doctrine in rule_names()]


def tuned_names() -> list[str]:
    """Every doctrine with both institutions and tuned numbers."""
    return [rule + TUNED for rule in tuned_rules()]


def allocator_names() -> list[str]:
    """Every doctrine as the paper has it and with both institutions, and the latter tuned."""
    return [*compared_names(), *tuned_names()]


def doctrine_of(allocator: str) -> str:
    """The doctrine of an allocator, whatever its institutions and its numbers."""
    return split_name(allocator.removesuffix(TUNED))[0]


def programmes() -> list[str]:
    """The doctrines that are no reference."""
    return [doctrine for doctrine in rule_names() if doctrine not in REFERENCES]
