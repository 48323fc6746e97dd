"""Experts for a generalist to imitate: a closed loop for each of many worlds, searched in that world alone.

One allocator for all worlds of a family has to do with the mean of them. A search in one world finds what
that world needs, at a price that no allocator can pay in a world that it meets for the first time. A learner
that imitates many of these experts, each in its own world, begins with what they have in common, and with
what can be told of their differences from what it observes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from matplotlib.figure import Figure
from pydantic import Field

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.identity import headed
from juguo_agents.artifacts.searched import RESULT_FILE, SEARCHES, SearchRecord, load_result, result_in
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.statistics import mean_interval, paired_difference, spread_out
from juguo_agents.report.figures.intervals import Estimate, draw
from juguo_agents.report.figures.style import readable
from juguo_agents.report.texts import say
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.optimise import QUICK, begin
from juguo_agents.studies import settings as base
from juguo_agents.studies.pages import page_and_figure
from juguo_agents.studies.searches import Result, search_all
from juguo_agents.studies.settings import NamedScenario, default_world
from juguo_agents.studies.study import Execute, Page, Study
from juguo_agents.tables import ranged
from juguo_envs.worlds.family import Family


class Settings(base.Settings):
    """What is asked."""

    format: ClassVar[int] = 3
    smoke: ClassVar[Mapping[str, Any]] = {"worlds": 3, "budget": 300}

    scenario: NamedScenario = default_world("what all worlds have in common")
    begin: Path | None = Field(
        None, description="a search of a closed loop, such as one on the family, to begin at"
    )
    worlds: int = Field(400, ge=2, le=10_000, description="worlds, an expert each")
    budget: int = Field(3000, ge=100, le=seeds.LARGEST_BUDGET, description="episodes of each search")
    validation: int = Field(
        20, ge=2, le=100_000, description="episodes on which each search measures its expert"
    )
    observe: Literal["noisy", "true"] = Field("noisy", description="noise on what allocators observe")

    @property
    def grows(self) -> frozenset[str]:  # type: ignore[override]  # known of given settings only
        """A search that finds its own beginning cannot be lengthened."""
        return frozenset() if self.begin is None else frozenset({"budget"})

    def check(self) -> None:
        """Refuse a budget that is too small, and numbers that are not allowed."""
        begin(self.search(0))

    def remembered(self) -> dict[str, Any]:
        """The numbers to begin at, wherever they come from."""
        return super().remembered() | {"begin": self.start}

    @cached_property
    def start(self) -> Parameters | None:
        """The numbers to begin at.

        Raises:
            SearchedFileError: If the file cannot be used.
        """
        return None if self.begin is None else load_result(result_in(self.begin)).data["parameters"]

    def search(self, index: int) -> SearchSettings:
        """The search for the expert of a world, by its number from 0."""
        world = Family(self.scenario).scenario(seeds.expert_world(index))
        start = self.start and {**self.start, **CLOSED_LOOP.space(world).within(self.start)}
        return SearchSettings(
            CLOSED_LOOP.name,
            world,
            self.budget,
            seed=seeds.EXPERT_SEARCH.first,
            observe=self.observe,
            validation=self.validation,
            begin=start,
            **QUICK,
        )


class Experts(Study[Settings, dict[str, Result]]):
    """The study; its table is the searches' results, by name."""

    name = "experts"
    settings_type = Settings
    home = "searches"

    def plan(self, execute: Execute) -> dict[str, Result]:
        """Search an expert in every world."""
        searches = {f"world-{i:05d}": self.settings.search(i) for i in range(self.settings.worlds)}
        return search_all(execute, "searches", searches)

    def analyse(self, table: dict[str, Result]) -> Page:
        """How good the experts are, each in its own world; each expert's file, where a training finds it."""
        s = self.settings
        validations = [result["validation"] for result in table.values()]
        start, found = (np.array([row[name] for row in validations]) for name in ("start_mean", "mean"))
        estimates = {
            "start": mean_interval(start),
            "expert": mean_interval(found),
            "gain": paired_difference(found, start),
        }
        data = {
            "scenario": s.scenario.name,
            "worlds": s.worlds,
            "budget": s.budget,
            "validation": s.validation,
        }
        console = say(
            "experts.told",
            worlds=s.worlds,
            budget=f"{s.budget:,}",
            validation=s.validation,
            option="training.expert=FOLDER",
            **{name: ranged(vars(estimate)) for name, estimate in estimates.items()},
        )
        for name, estimate in estimates.items():
            data |= spread_out(name, estimate)
        files = page_and_figure("experts", console, lambda: _draw(estimates, s), say("experts.alt"))
        files |= {
            f"{SEARCHES}/{name}/{RESULT_FILE}": headed(SearchRecord, {**result, "place": name})
            for name, result in table.items()
        }
        return Page(data, "experts.json", console, files)


def _draw(estimates: Mapping[str, Any], asked: Settings) -> Figure:
    """What the searches began at, what they found, and the gain."""
    rows = [
        Estimate(say(f"experts.{name}"), one.mean, one.low, one.high, name == "gain")
        for name, one in estimates.items()
    ]
    world = readable(asked.scenario.name)
    note = say("experts.note", worlds=f"{asked.worlds:,}", world=world)
    return draw(say("experts.title"), note, say("studies.return"), rows, 0.0)
