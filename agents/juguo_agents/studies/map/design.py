"""What a map is made of: its points, its allocators, its episodes, and how they are kept apart.

Four things must never meet: what a tuned rule was tuned on, what its numbers were chosen on at a point, what
it is measured on there, and what the exchange of its parts is measured on. The first has points and episodes
of its own; the others have episodes of their own at every point.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.institutions import split_name
from juguo_agents.allocators.parametric.families import RULE
from juguo_agents.allocators.registry import cell_name, compared_names, rule_names
from juguo_agents.evaluation import seeds
from juguo_agents.studies.design import DESIGNS, points
from juguo_agents.studies.map.switches import check_switches
from juguo_envs.engine.compiled import SOURCE_KEY
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.sampling import scenario_at
from juguo_envs.worlds.scenario import Scenario

REFERENCES = ("nothing", "care_only")
"""Doctrines that bring no technology to people: they compete, and are told apart from the programmes."""
TUNED = ":tuned"

MAPS, MOST_POINTS, MOST_EPISODES, MOST_CHOICE = (
    seeds.MAPS, seeds.MAP_POINTS, seeds.MAP_EPISODES, seeds.MAP_CHOICES,
)  # fmt: skip
EXCHANGE_EPISODES = 8
"""Episodes on which parts are exchanged; they follow those that are measured."""
SWITCH_EPISODES, SWITCH_CHOICE = 8, 4
"""At most so many of a point's episodes are measured, and chosen on, with an assumption switched off."""

SETTINGS_FILE = "settings.json"
_FORMAT = 2


class MapError(UserError):
    """A map that cannot be made or gone on with."""


@dataclass(frozen=True)
class Settings:
    """What a map was asked for.

    Attributes:
        points: Number of scenarios.
        episodes: Episodes per scenario and allocator.
        seed: The map's own seed: of the points and of the episodes.
        design: How the points fill the cube; see `points.points`.
        regimes: Scenarios on which rules are tuned.
        budget: Episodes of each search.
        choice: Episodes on which a rule's numbers are compared at a point.
        switched: Points, from the first, at which assumptions are switched off; no more than there are.
        base: What all scenarios have in common.
        model: Fingerprint of the model's source, since runs of two models must not be mixed.
    """

    points: int = 512
    episodes: int = 16
    seed: int = 0
    design: str = "sobol"
    regimes: int = 3
    budget: int = 2500
    choice: int = 8
    switched: int = 48
    base: Scenario = field(default_factory=Scenario)
    model: str = f"{SOURCE_KEY:014x}"

    def check(self) -> None:
        """Refuse what is not allowed.

        Raises:
            MapError: Naming the first setting at fault.
            ScenarioError: If a switch cannot be thrown in the scenario.
        """
        for name, value, least, most in (
            ("points", self.points, 2, MOST_POINTS),
            ("episodes", self.episodes, 3, MOST_EPISODES - EXCHANGE_EPISODES),
            ("seed", self.seed, 0, MAPS - 1),
            ("regimes", self.regimes, 1, seeds.MANY_SEARCHES.size),
            ("budget", self.budget, 200, 1_000_000),
            ("choice", self.choice, 1, MOST_CHOICE),
            ("switched", self.switched, 2, MOST_POINTS),
        ):
            if not least <= value <= most:
                raise MapError(f"{name} is {value}; allowed is {least} to {most}")
        if self.design not in DESIGNS:
            raise MapError(f"design is {self.design!r}; allowed are {' and '.join(DESIGNS)}")
        check_switches(self.base)

    @property
    def switched_points(self) -> int:
        """Number of points at which assumptions are switched off."""
        return min(self.switched, self.points)

    def as_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return {"format": _FORMAT, **asdict(self), "base": self.base.model_dump(mode="json")}

    def save(self, folder: Path) -> None:
        """Write the settings into the map's folder."""
        text = json.dumps(self.as_json(), allow_nan=False, indent=2, ensure_ascii=False)
        write_text(folder / SETTINGS_FILE, text + "\n")

    def places(self) -> npt.NDArray[np.float64]:
        """(points, axes) the map's places in the unit cube of the family."""
        return points(self.points, self.seed, self.base, self.design, preferences=True)

    def tuning_places(self) -> npt.NDArray[np.float64]:
        """(regimes, axes) the places where rules are tuned; the map has none of them."""
        return points(self.regimes, seeds.MAP_TUNING_DESIGN.first + self.seed, self.base, preferences=True)


def load_settings(folder: Path) -> Settings:
    """The settings of the map in a folder.

    Raises:
        MapError: If there is none, or it was begun with another version or another model.
    """
    path = folder / SETTINGS_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise MapError(f"{path}: cannot be read ({error}); there is no map to go on with") from None
    except json.JSONDecodeError as error:
        raise MapError(f"{path}: no JSON ({error})") from None
    try:
        if data.pop("format") != _FORMAT:
            raise MapError(f"{path}: written by another version; make a new map in another folder")
        data["base"] = Scenario.parse(data["base"], f"{path}: base")
        settings = Settings(**data)
        settings.check()
    except (AttributeError, KeyError, TypeError) as error:
        raise MapError(f"{path}: not the settings of a map ({error!r})") from None
    if settings.model != Settings().model:
        raise MapError(
            f"{path}: the map was begun with another version of the model (its source differs); "
            "runs of both must not be mixed: make a new map in another folder"
        )
    return settings


def world(settings: Settings, place: npt.NDArray[np.float64], name: str) -> Scenario:
    """The scenario at a place, with the values drawn there."""
    return scenario_at(place, settings.base, name, preferences=True)


def alike_names() -> list[str]:
    """Every doctrine with both institutions, in the order of the doctrines."""
    return [cell_name(doctrine, True, True) for doctrine in rule_names()]


def tuned_rules() -> list[str]:
    """The rules that are tuned: every doctrine with both institutions."""
    return alike_names()


def family_name(rule: str) -> str:
    """The family in which a rule's numbers are searched."""
    return RULE + rule


def own_names() -> list[str]:
    """Every doctrine as the paper has it, and with both institutions; their numbers are their own."""
    return compared_names()


def tuned_names() -> list[str]:
    """Every doctrine with both institutions and tuned numbers."""
    return [rule + TUNED for rule in tuned_rules()]


def allocator_names() -> list[str]:
    """Every allocator of a map."""
    return [*own_names(), *tuned_names()]


def doctrine_of(allocator: str) -> str:
    """The doctrine of an allocator, whatever its institutions and its numbers."""
    return split_name(allocator.removesuffix(TUNED))[0]


def programmes() -> list[str]:
    """The doctrines that are no reference."""
    return [doctrine for doctrine in rule_names() if doctrine not in REFERENCES]


def map_seeds(settings: Settings, point: int) -> npt.NDArray[np.uint64]:
    """(episodes,) seeds on which allocators are measured at a point; no other point has one of them."""
    return seeds.map_test(settings.seed, point, settings.episodes)


def exchange_seeds(settings: Settings, point: int) -> npt.NDArray[np.uint64]:
    """(EXCHANGE_EPISODES,) seeds on which parts are exchanged at a point, behind those that are measured."""
    return seeds.map_test(settings.seed, point, EXCHANGE_EPISODES, after=settings.episodes)


def choice_seeds(settings: Settings, point: int) -> npt.NDArray[np.uint64]:
    """(choice,) seeds on which numbers are chosen at a point."""
    return seeds.map_choice(settings.seed, point, settings.choice)
