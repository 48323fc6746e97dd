"""What a map is made of: settings, points, allocators and episodes, and what it varies at a point.

Four things must never meet: what a tuned rule was tuned on, what its numbers were chosen on at a point, what
it is measured on there, and what the exchange of its parts is measured on. The first has points and episodes
of its own; the others have episodes of their own at every point.

What a reward consists of does not depend on the values, so an episode is run once and scored under all value
sets. Only a rule that looks at its reward acts otherwise under other values, and is run under each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from juguo_agents.allocators.hybrid import PARTS
from juguo_agents.allocators.institutions import TUNED, split_name
from juguo_agents.allocators.registry import cell_name, compared_names, make_rule, rule_names
from juguo_agents.array_types import Floats, Seeds
from juguo_agents.evaluation import seeds
from juguo_agents.provenance import MODEL
from juguo_agents.report.texts import say
from juguo_agents.studies import settings as base
from juguo_agents.studies.design import points
from juguo_envs.worlds.parameters import Reward
from juguo_envs.worlds.sampling import scenario_at
from juguo_envs.worlds.scenario import Scenario


@dataclass(frozen=True)
class ValueSet:
    """One way to value what comes of an allocation.

    Attributes:
        name: Its name in results.
        changes: Fields of the reward that differ from the base scenario's; None for the values that are drawn
            at a point.
    """

    name: str
    changes: Mapping[str, float] | None

    @property
    def text(self) -> str:
        """What it is, in English words."""
        return say(f"map.values.{self.name}.text", "en")

    def reward(self, scenario: Scenario, base: Scenario) -> Reward:
        """The values.

        Args:
            scenario: That of a point, with the values drawn there.
            base: What all points have in common.
        """
        if self.changes is None:
            return scenario.reward
        return base.override({f"reward.{name}": value for name, value in self.changes.items()}).reward

    def pursued(self, scenario: Scenario, base: Scenario) -> Scenario:
        """The scenario of a point, for a rule that is to pursue these values."""
        reward = self.reward(scenario, base).model_dump()
        return scenario.override({f"reward.{name}": value for name, value in reward.items()})


DRAWN = ValueSet("drawn", None)
VALUE_SETS = (
    DRAWN,
    ValueSet("default", {}),
    ValueSet("headcount", {"aversion": 0.0}),
    ValueSet("egalitarian", {"aversion": 2.0}),
    ValueSet("care", {"w_r": 2.0}),
    ValueSet("no harm", {"w_x": 5.0}),
)
"""Drawn; the scenario's own; its aversion at both ends; and each weight of the floor high in its range."""
SEPARATOR = ","
"""Between the names of the value sets for which a row of the table of runs counts."""


def aversions(base: Scenario) -> tuple[float, ...]:
    """The aversions of the value sets other than `DRAWN`, in ascending order."""
    return tuple(sorted({s.reward(base, base).aversion for s in VALUE_SETS if s.changes is not None}))


def breadth_column(aversion: float) -> str:
    """Name of breadth at an aversion; breadth at the aversion drawn at a point is `breadth`."""
    return f"breadth_{aversion:g}"


def score(measured: Mapping[str, Floats], values: ValueSet, scenario: Scenario, base: Scenario) -> Floats:
    """Returns (episodes,) under some values.

    Args:
        measured: Resilience, excluded and breadth, the latter at the drawn and at all other aversions.
        values: The values.
        scenario, base: As of `ValueSet.reward`.
    """
    reward = values.reward(scenario, base)
    breadth = measured["breadth" if values.changes is None else breadth_column(reward.aversion)]
    found: Floats = (
        reward.w_b * breadth + reward.w_r * measured["resilience"] - reward.w_x * measured["excluded"]
    )
    return found


@dataclass(frozen=True)
class Switch:
    """One assumption of the model, switched off.

    Attributes:
        name: Its name in results; it says what holds then.
        changes: New values by dotted names of fields.
    """

    name: str
    changes: Mapping[str, float]

    @property
    def assumption(self) -> str:
        """What the model assumes otherwise, in English words."""
        return say(f"map.switch.{self.name}.text", "en")


AS_IS = "as it is"
SWITCHES = (
    Switch(AS_IS, {}),
    Switch("no critical mass", {"money.m_exp": 1.0}),
    Switch("no serious defects", {"defect.p_X": 0.0}),
    Switch("no shocks", {"crisis.shock_rate": 0.0}),
    Switch("openness is free", {"knowledge.chi": 0.0}),
    Switch("know-how reaches all", {"know_how.phi0": 1.0}),
    Switch("use needs no knowledge", {"adoption.alpha_k": 0.0}),
    Switch("fit needs no diversity", {"fit.div0": 1.0}),
    Switch("no learning by use", {"knowledge.eta_L": 0.0}),
    Switch("no aversion", {"reward.aversion": 0.0}),
)
"""Each assumption that the page names; the first is none."""


def switched(scenario: Scenario, name: str) -> Scenario:
    """A scenario with one assumption switched off.

    Raises:
        ScenarioError: If a field is unknown or a value not allowed.
    """
    return scenario.override(dict(next(s for s in SWITCHES if s.name == name).changes))


ALL, NONE = "all", "none"
GROUPS: dict[str, frozenset[str]] = {
    "functions": frozenset(part for part in PARTS if part.startswith("functions")),
    **{part: frozenset({part}) for part in PARTS if not part.startswith("functions")},
}
"""Parts of a rule that are exchanged together: functions in all stages, and each other part alone."""
EXCHANGES: dict[str, frozenset[str]] = {NONE: frozenset(), **GROUPS, ALL: frozenset(PARTS)}
"""Parts that the best rule of a point takes from the second best, from none to all.

What it loses is measured on episodes on which neither was chosen, so that luck which made it the best does
not count."""


REFERENCES = ("nothing", "care_only")
"""Doctrines that bring no technology to people: they compete, and are told apart from the programmes."""
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


class Settings(base.Settings):
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
    scenario: base.NamedScenario = base.default_world("what all points have in common")

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

    def places(self) -> Floats:
        """(points, axes) the map's places in the unit cube of the family."""
        return points(self.points, self.seed, self.scenario, self.design, preferences=True)

    def tuning_places(self) -> Floats:
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

    def measured_seeds(self, point: int) -> Seeds:
        """(episodes,) seeds on which allocators are measured at a point; no other point has one of them."""
        return seeds.map_test(self.seed, point, self.episodes)

    def exchange_seeds(self, point: int) -> Seeds:
        """(EXCHANGE_EPISODES,) seeds on which parts are exchanged, behind those that are measured."""
        return seeds.map_test(self.seed, point, EXCHANGE_EPISODES, after=self.episodes)

    def choice_seeds(self, point: int) -> Seeds:
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


@dataclass(frozen=True)
class Condition:
    """Who competes.

    Attributes:
        name: Its name in results.
        competitors: Gives the names of the allocators that compete, one of each doctrine.
    """

    name: str
    competitors: Callable[[], list[str]]

    @property
    def text(self) -> str:
        """What it is, in English words."""
        return say(f"map.condition.{self.name}", "en")


TUNED_ALIKE = Condition("tuned", tuned_names)
"""The condition that figures and words explain: every doctrine at its best, like for like."""
CONDITIONS = (
    TUNED_ALIKE,
    Condition("alike", tuned_rules),
    Condition("paper", rule_names),
)
