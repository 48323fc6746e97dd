"""What a map is made of: its points, its allocators, its episodes, and how they are kept apart.

Three things must never meet: what a tuned rule was tuned on, what its numbers were chosen on at a point, and
what it is measured on there. The first has points and episodes of its own; the other two have episodes of
their own at every point.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.institutions import split_name
from juguo_agents.allocators.registry import all_rule_names, make_rule
from juguo_agents.evaluation import SEARCH_SEEDS, SELECTION_SEEDS, TEST_SEEDS_END
from juguo_agents.evidence.points import DESIGNS, points
from juguo_agents.search.families import RULE
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.model.compiled import SOURCE_KEY
from juguo_envs.sampling import scenario_at
from juguo_envs.scenario import Scenario

SYSTEMS = ("concentrated", "flat", "experiment_diffusion")
"""The systems that the paper sets against each other."""
TUNED = ":tuned"

MAPS = 128
"""A map's seed is below this; each has points and episodes of its own."""
MOST_POINTS, MOST_EPISODES, MOST_CHOICE = 2**16, 128, 64
MAP_SEEDS = 2**30
"""Test episodes from here on are a map's; those below are for `evaluate.py` and training's own test."""
CHOICE_SEEDS = (SELECTION_SEEDS + SEARCH_SEEDS) // 2
"""Episodes on which a map chooses a tuned rule's numbers: the upper half of those for selection."""
SEARCHES = 64
"""The searches behind tuned rules have seeds from here on; those below are for single searches."""
TUNING_POINTS = 2**20
"""Added to a map's seed where it draws the points to tune on."""
SECOND_LOOK, FINALISTS = 3, 3
"""The best few numbers are looked at again, on so many times as many episodes."""

SETTINGS_FILE = "settings.json"
_FORMAT = 1


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
        choice: Episodes on which all numbers are compared at a point; the best few get `SECOND_LOOK` times as
            many more.
        base: What all scenarios have in common.
        model: Fingerprint of the model's source, since runs of two models must not be mixed.
    """

    points: int = 512
    episodes: int = 30
    seed: int = 0
    design: str = "sobol"
    regimes: int = 8
    budget: int = 6000
    choice: int = 6
    base: Scenario = field(default_factory=Scenario)
    model: str = f"{SOURCE_KEY:014x}"

    def check(self) -> None:
        """Refuse what is not allowed.

        Raises:
            MapError: Naming the first setting at fault.
        """
        for name, value, least, most in (
            ("points", self.points, 2, MOST_POINTS),
            ("episodes", self.episodes, 3, MOST_EPISODES),
            ("seed", self.seed, 0, MAPS - 1),
            ("regimes", self.regimes, 1, SEARCHES),
            ("budget", self.budget, 200, 1_000_000),
            ("choice", self.choice, 1, MOST_CHOICE // (1 + SECOND_LOOK)),
        ):
            if not least <= value <= most:
                raise MapError(f"{name} is {value}; allowed is {least} to {most}")
        if self.design not in DESIGNS:
            raise MapError(f"design is {self.design!r}; allowed are {' and '.join(DESIGNS)}")

    def as_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return {"format": _FORMAT, **asdict(self), "base": self.base.model_dump(mode="json")}

    def save(self, folder: Path) -> None:
        """Write the settings into the map's folder."""
        text = json.dumps(self.as_json(), allow_nan=False, indent=2, ensure_ascii=False)
        write_text(folder / SETTINGS_FILE, text + "\n")

    def places(self) -> npt.NDArray[np.float64]:
        """(points, axes) the map's places in the unit cube of the family."""
        return points(self.points, self.seed, self.base, self.design)

    def tuning_places(self) -> npt.NDArray[np.float64]:
        """(regimes, axes) the places where rules are tuned; the map has none of them."""
        return points(self.regimes, TUNING_POINTS + self.seed, self.base)


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
    """The scenario at a place."""
    return scenario_at(place, settings.base, name)


def tuned_rules() -> list[str]:
    """The rules that are tuned: each system with and without the exit."""
    return [name for name in all_rule_names() if system_of(name) in SYSTEMS]


def family_name(rule: str) -> str:
    """The family in which a rule's numbers are searched."""
    return RULE + rule


def allocator_names() -> list[str]:
    """Every allocator of a map: all rules, each with and without the exit, then the tuned ones."""
    return [*all_rule_names(), *(rule + TUNED for rule in tuned_rules())]


def system_of(allocator: str) -> str:
    """The system to which an allocator belongs, whatever its exit and its numbers."""
    return split_name(allocator.removesuffix(TUNED))[0]


def has_exit(allocator: str) -> bool:
    """Whether an allocator may give a project up."""
    return make_rule(allocator.removesuffix(TUNED)).exit != "none"


def map_seeds(settings: Settings, point: int) -> npt.NDArray[np.uint64]:
    """(episodes,) seeds on which allocators are measured at a point; no other point has one of them."""
    block = (TEST_SEEDS_END - MAP_SEEDS) // MAPS
    first = MAP_SEEDS + settings.seed * block + point * MOST_EPISODES
    return np.arange(first, first + settings.episodes, dtype=np.uint64)


def choice_seeds(settings: Settings, point: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Seeds on which numbers are chosen at a point: those for all of them, and those for the best few."""
    block = (SEARCH_SEEDS - CHOICE_SEEDS) // MAPS
    first = CHOICE_SEEDS + settings.seed * block + point * MOST_CHOICE
    cut, end = first + settings.choice, first + settings.choice * (1 + SECOND_LOOK)
    return np.arange(first, cut, dtype=np.uint64), np.arange(cut, end, dtype=np.uint64)
