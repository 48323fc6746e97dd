"""Compare runs: all policies of trained runs on the same test episodes, and other allocators beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from juguo_agents.array_types import Floats
from juguo_agents.artifacts.load import find_allocators, folder_names
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.statistics import CONFIDENCE
from juguo_agents.report.texts import say
from juguo_agents.studies import settings as base
from juguo_agents.studies.compare_runs.analysis import TRUE, Other, TrainedRun, draw, runs_table, summarise
from juguo_agents.studies.measurement import Measurement, Named, measure_all, named
from juguo_agents.studies.pages import page_and_figure
from juguo_agents.studies.settings import NamedScenario
from juguo_agents.studies.store import fingerprint
from juguo_agents.studies.study import Execute, Page, Study
from juguo_agents.training.run import experiment_of, policies_in, read_curves
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario


class Settings(base.Settings):
    """What is asked."""

    smoke: ClassVar[dict[str, Any]] = {"episodes": 4}
    free: ClassVar[frozenset[str]] = frozenset({"runs", "against", "against_true"})

    runs: tuple[Path, ...] = Field(
        min_length=1,
        description="folders of finished training runs; the first is what the others are compared with",
        json_schema_extra={"positional": True},
    )
    against: tuple[str, ...] = Field(
        (), description="allocators to compare with, as in `juguo evaluate`; they observe as the runs do"
    )
    against_true: tuple[str, ...] = Field((), description="the same, but these observe the true state")
    episodes: int = Field(500, ge=1, description="test episodes")
    seed: int = Field(0, ge=0, description="seed of the first test episode")
    scenario: NamedScenario | None = Field(None, description="the world; default: that of the first run")
    observe: Literal["noisy", "true"] = Field("noisy", description="noise on what policies observe")

    def check(self) -> None:
        """Refuse seeds that are no test's, runs that cannot be compared, and names that stand for nothing.

        Raises:
            UserError: Naming the field, the run or the name.
        """
        if len(self.runs) < 2 and not self.others:
            raise UserError("runs is one run; name two, or something to compare with: --against NAME")
        seeds.test(self.seed, self.episodes)
        load_runs(self.runs)
        self.world  # noqa: B018 (is read)

    def remembered(self) -> dict[str, Any]:
        """The scenario, whether it was named or is the first run's."""
        return super().remembered() | {"scenario": self.world.model_dump(mode="json")}

    @cached_property
    def world(self) -> Scenario:
        """The scenario."""
        first = next(iter(policies_in(self.runs[0]).values())).world
        return self.scenario or (first.base if isinstance(first, Family) else first)

    @cached_property
    def others(self) -> dict[Other, Named]:
        """The allocators that no training made."""
        found: dict[Other, Named] = {}
        for names, observe in ((self.against, self.observe), (self.against_true, TRUE)):
            for index, allocator in enumerate(find_allocators(names)):
                other = Other(allocator.name, observe)
                if other in found:
                    raise UserError(f"allocator {other.name!r} is named twice, {observe} both times")
                found[other] = named(*names, index=index)
        return found


def load_runs(folders: tuple[Path, ...]) -> dict[TrainedRun, tuple[Named, ...]]:
    """Runs with their policies, in the order of training seeds.

    Raises:
        UserError: If a folder has no policies or is named twice, two would have one name, or runs have
            different numbers of seeds.
        PolicyFileError: If a policy file cannot be used.
    """
    resolved = [folder.resolve() for folder in folders]
    for folder, place in zip(folders, resolved, strict=True):
        if resolved.count(place) > 1:
            raise UserError(f"run {str(folder)!r} is named twice; name it once")
    names = folder_names(resolved)
    for name in names.values():
        if list(names.values()).count(name) > 1:
            raise UserError(f"two runs would both be named {name!r} in tables; rename the folder of one")
    runs = dict(_load(folder, names[place]) for folder, place in zip(folders, resolved, strict=True))
    first, *rest = runs
    for trained in rest:
        if len(trained.seeds) != len(first.seeds):
            raise UserError(
                f"{trained.name} has {len(trained.seeds)} training seeds and {first.name} has "
                f"{len(first.seeds)}; runs are compared seed by seed and need as many"
            )
    return runs


def _load(folder: Path, name: str) -> tuple[TrainedRun, tuple[Named, ...]]:
    policies, seconds = policies_in(folder), None
    if curves := [curve for curve in read_curves(folder).values() if curve]:
        seconds = float(np.mean([curve[-1]["seconds"] for curve in curves]))
    file, first = next(iter(policies.items()))
    trained = TrainedRun(
        name,
        str(first.metadata["algorithm"]),
        tuple(policy.seed for policy in policies.values()),
        experiment_of(first.metadata, str(file)).training.steps,
        seconds,
    )
    return trained, tuple(named(str(file)) for file in policies)


@dataclass(frozen=True)
class Table:
    """Returns on the same episodes.

    Attributes:
        runs: (seeds, episodes) of each run.
        others: (episodes,) of each other allocator.
    """

    runs: dict[TrainedRun, Floats]
    others: dict[Other, Floats]


class CompareRuns(Study[Settings, Table]):
    """The study."""

    name = "compare-runs"
    settings_type = Settings
    home = "comparisons"

    def default_name(self) -> str:
        """The first run's."""
        return self.settings.runs[0].resolve().name

    def plan(self, execute: Execute) -> Table:
        """Run every policy and every other allocator."""
        s, runs = self.settings, load_runs(self.settings.runs)
        asked: list[tuple[Named, str]] = [
            (policy, s.observe) for policies in runs.values() for policy in policies
        ]
        asked += [(allocator, other.observe) for other, allocator in s.others.items()]
        points = [
            Measurement(fingerprint(a, observe)[:20], (a,), s.world, s.seed, s.episodes, observe)
            for a, observe in asked
        ]
        returns = iter(values for (values,) in measure_all(execute, points))
        return Table(
            {run: np.array([next(returns) for _ in policies]) for run, policies in runs.items()},
            {other: next(returns) for other in s.others},
        )

    def analyse(self, table: Table) -> Page:
        """Differences with intervals over training seeds and episodes."""
        s = self.settings
        summary = {
            "scenario": s.world.name,
            "scenario_digest": s.world.digest(),
            "observe": s.observe,
            "episodes": s.episodes,
            "first_seed": s.seed,
            "confidence": CONFIDENCE,
            **summarise(
                list(table.runs), list(table.runs.values()), list(table.others), list(table.others.values())
            ),
        }
        text = runs_table(summary)
        files = page_and_figure("comparison", text, lambda: draw(summary), say("compare_runs.alt"))
        return Page(summary, "comparison.json", text, files)
