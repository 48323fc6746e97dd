"""What a measurement by search was asked for, and the folder that remembers it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.evaluation import seeds
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_envs.engine.compiled import SOURCE_KEY
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.scenario import Scenario

SETTINGS_FILE = "settings.json"


@dataclass(frozen=True)
class Claim:
    """What is asked of a job whose folder remembers it; each job has fields of its own besides.

    Attributes:
        scenario: The world, or what all worlds have in common.
        format: Of what the folder remembers.
    """

    scenario: Scenario = field(default_factory=Scenario)
    format: ClassVar[int] = 1

    @property
    def grows(self) -> tuple[str, ...]:
        """Numbers that may be raised later: what is done in the folder then counts."""
        return ()

    def as_json(self) -> dict[str, Any]:
        """Plain values, with the version of the model's equations."""
        values = asdict(self) | {"scenario": self.scenario.model_dump(mode="json")}
        return {"format": self.format, "model": str(SOURCE_KEY), **values}

    def claim(self, folder: Path) -> None:
        """Remember the settings in a folder, or check that it holds the same.

        Raises:
            UserError: If the folder was begun with others, or by another version of the model.
        """
        _claim(folder, self.as_json(), self.grows)


@dataclass(frozen=True)
class Settings(Claim):
    """What is asked of one world.

    Attributes:
        budget: Episodes of each search for the yardsticks.
        refine: Episodes of each search that goes on from the best of them.
        searches: Searches of each yardstick; the best by the validation episodes is taken.
        episodes: Test episodes on which everything is measured.
        first_seed: Seed of the first test episode.
        observe: "noisy" or "true".
    """

    budget: int = 60_000
    refine: int = 30_000
    searches: int = 2
    episodes: int = 1000
    first_seed: int = seeds.VALUE.first
    observe: str = "noisy"

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            UserError: Naming the number, its value and what is allowed.
        """
        check_within(
            self,
            budget=(100, seeds.LARGEST_BUDGET),
            refine=(100, seeds.LARGEST_BUDGET),
            searches=(1, seeds.YARDSTICKS.size),
            episodes=(2, seeds.VALUE.size),
            first_seed=(0, seeds.MAP.first - self.episodes),
        )

    @property
    def seeds(self) -> tuple[int, int]:
        """First test seed, and the one after the last."""
        return self.first_seed, self.first_seed + self.episodes

    def yardstick(self, family: str, index: int) -> SearchSettings:
        """One of the searches of a yardstick."""
        return SearchSettings(
            family, self.scenario, self.budget, seed=seeds.YARDSTICKS.first + index, observe=self.observe
        )

    def onward_seed(self, round: int) -> int:
        """The seed of a round of searches that go on from what was found."""
        return seeds.REFINEMENTS.first + round

    def onward(
        self,
        family: str,
        begin: Parameters,
        *,
        fixed: Parameters | None = None,
        lever: str | None = None,
        scenario: Scenario | None = None,
        round: int = 0,
    ) -> SearchSettings:
        """A search that goes on from numbers that were found; those of a round have the same episodes."""
        return SearchSettings(
            family,
            scenario or self.scenario,
            self.refine,
            seed=self.onward_seed(round),
            observe=self.observe,
            fixed=fixed or {},
            begin=begin,
            lever=lever,
        )


def check_within(settings: object, **allowed: tuple[int, int]) -> None:
    """Refuse the first of some numbers that is not within its two ends.

    Raises:
        UserError: Naming the number, its value and what is allowed.
    """
    for name, (least, most) in allowed.items():
        value = getattr(settings, name)
        if not least <= value <= most:
            raise UserError(f"{name} is {value}; allowed is {least} to {most}")


def _claim(folder: Path, values: dict[str, Any], grows: tuple[str, ...]) -> None:
    """Remember what was asked for in a folder, made where it is missing, or check that it holds the same.

    Numbers that may grow are remembered anew where they have.

    Raises:
        UserError: If the folder was begun with other values, or its settings cannot be read.
    """
    path = folder / SETTINGS_FILE
    text = json.dumps(values, allow_nan=False, indent=1, ensure_ascii=False) + "\n"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
        return
    try:
        here = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); remove the folder, or name another") from None
    asked = json.loads(json.dumps(values))
    for name, value in asked.items():
        there = here.get(name, 0 if name in grows else None)
        if there == value or (name in grows and isinstance(there, int) and there < value):
            continue
        shown = "another one" if name in ("scenario", "model") else repr(there)
        or_more = " or more" if name in grows else ""
        raise UserError(
            f"{path}: {name} is {shown} there, and not what is asked for now; ask for the same{or_more}, "
            "or name another --out"
        )
    if here != asked:
        write_text(path, text)
