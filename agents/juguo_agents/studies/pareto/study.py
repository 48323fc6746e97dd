"""Pareto: the front of one policy over preferences, against that of a multi-objective search at equal steps.

Each policy of a run that was trained with drawn preferences is run under a grid of them. NSGA-II searches the
numbers of the closed loop with as many environment steps as the training of one policy took. Without a run a
front is searched alone: an allocator that acts as the member which is best for the weights of its scenario.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators.parametric.families import CLOSED_LOOP
from juguo_agents.allocators.registry import compared_names
from juguo_agents.artifacts.front import front_text
from juguo_agents.artifacts.load import FRONT_PATTERN
from juguo_agents.artifacts.observation import SHOWN, layout_of
from juguo_agents.artifacts.policy import Policy, PolicyFileError, check_fits
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.statistics import CONFIDENCE
from juguo_agents.processes import cores
from juguo_agents.provenance import versions
from juguo_agents.studies import study as engine
from juguo_agents.studies.measurement import (
    Measurement,
    Named,
    Parametric,
    measure_all,
    named,
    policies_in,
)
from juguo_agents.studies.store import fingerprint
from juguo_agents.studies.study import Execute, NamedScenario, Page, Stage, Study, record, recorded
from juguo_agents.training.config import Experiment
from juguo_envs.errors import UserError
from juguo_envs.info import REWARD_PARTS
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.worlds.family import PREFERENCES, WEIGHTS
from juguo_envs.worlds.scenario import Scenario

try:
    from juguo_agents.search.multi_objective import (
        FrontSearch,
        Searched,
        scorer_of,
        search_front,
    )
except ImportError as error:
    raise UserError(
        f"{error.name} is missing; install the extra: pip install 'juguo[train,pareto]'"
    ) from None

from juguo_agents.report.figures.fronts import FIGURE, draw
from juguo_agents.studies.pareto.analysis import Point, summarise
from juguo_agents.studies.pareto.page import as_markdown, console_table, search_table

MOST_LEVELS = 8
SEARCH_BUDGET = 1_800_000
"""Environment steps of a search that is compared with nothing: 30,000 episodes of 60 quarters."""
Floats = npt.NDArray[np.float64]
Weights = tuple[float, float, float]


@dataclass(frozen=True)
class Trained:
    """The policies of a run, one for each training seed, and what they have in common.

    Attributes:
        policies: By their names in tables.
        scenario: The world that they were trained in.
        observe: "noisy" or "true".
        ranges: Lowest and highest weight of breadth, resilience and the excluded in training.
        steps: Environment steps of the training of one, those of its selection included.
    """

    policies: Mapping[str, Named]
    scenario: Scenario
    observe: str
    ranges: tuple[tuple[float, float], ...]
    steps: int


class Settings(engine.Settings):
    """What is asked."""

    format: ClassVar[int] = 2
    smoke: ClassVar[Mapping[str, Any]] = {"levels": 2, "episodes": 4, "budget": 7200}

    run: Path | None = Field(
        None,
        description="folder of a run trained with drawn preferences; without it a front is searched alone",
        json_schema_extra={"positional": True},
    )
    scenario: NamedScenario | None = Field(
        None, description="world of a search without a run; default: default"
    )
    budget: int | None = Field(
        None,
        le=10**9,
        description="environment steps of each search; default: those of the training of one policy, "
        f"{SEARCH_BUDGET:,} without a run",
    )
    searches: int | None = Field(
        None, ge=1, le=seeds.MANY_SEARCHES.size, description="searches; default: one for each policy"
    )
    levels: int = Field(
        4,
        ge=2,
        le=MOST_LEVELS,
        description="weights on each of the three ranges; their grid is the preferences",
    )
    episodes: int = Field(
        500, ge=2, le=seeds.HELD_OUT_WORLDS.first, description="test episodes of every point"
    )
    seed: int = Field(0, ge=0, description="seed of the first test episode")
    warm_start: bool = Field(
        False, description="searches may begin at what an earlier search found, whose steps are not counted"
    )

    def check(self) -> None:
        """Refuse what ranges of single fields cannot, and a run that was not trained for this.

        Raises:
            UserError: Naming the field, its value and what is allowed, or the file.
        """
        if self.run is not None and self.scenario is not None:
            raise UserError("scenario is for a search without a run; a run's policies have theirs")
        if self.seed > seeds.HELD_OUT_WORLDS.first - self.episodes:
            raise UserError(
                f"seed is {self.seed}; allowed is 0 to {seeds.HELD_OUT_WORLDS.first - self.episodes}"
            )
        search = self.fronts()[0]
        if search.budget < (least := 3 * search.steps(search.population)):
            fewer = "; fewer levels need less" if self.levels > 2 else ""
            raise UserError(f"budget is {search.budget}; allowed is {least} to {10**9}{fewer}")

    def remembered(self) -> dict[str, Any]:
        """Budget, searches and policies as they are, wherever they come from."""
        fronts, trained = self.fronts(), self.trained
        return super().remembered() | {
            "run": trained and {name: policy.digest for name, policy in trained.policies.items()},
            "scenario": fronts[0].scenario.model_dump(mode="json"),
            "budget": fronts[0].budget,
            "searches": len(fronts),
        }

    @cached_property
    def trained(self) -> Trained | None:
        """The policies, where a run is named.

        Raises:
            PolicyFileError: If no policy is there, or one cannot be used for this.
        """
        return None if self.run is None else _trained(self.run)

    def fronts(self) -> list[FrontSearch]:
        """The searches."""
        trained = self.trained
        count = self.searches or (1 if trained is None else len(trained.policies))
        return [
            FrontSearch(
                (self.scenario or Scenario()) if trained is None else trained.scenario,
                seeds.MANY_SEARCHES.first + index,
                (SEARCH_BUDGET if trained is None else trained.steps) if self.budget is None else self.budget,
                self.levels ** len(WEIGHTS),
                "noisy" if trained is None else trained.observe,
                self.warm_start,
            )
            for index in range(count)
        ]

    def preferences(self) -> list[Weights]:
        """The grid: even steps of the logarithm on each range, ends included."""
        ranges = PREFERENCES if self.trained is None else self.trained.ranges
        axes = [np.geomspace(low, high, self.levels).tolist() for low, high in ranges]
        return list(itertools.product(*axes))


def _trained(run: Path) -> Trained:
    policies = policies_in(run)
    (file, first), *_ = policies.items()
    for other, policy in policies.items():
        _check(policy, first, str(other))
    metadata = first.metadata
    return Trained(
        {f"policy seed {policy.seed}": named(str(file)) for file, policy in policies.items()},
        Scenario.parse(metadata["scenario"], str(file)),
        metadata["observe"],
        tuple((float(low), float(high)) for low, high in metadata["family"]["weights"]),
        training_steps(metadata),
    )


def _check(policy: Policy, first: Policy, source: str) -> None:
    metadata = policy.metadata
    shown = metadata.get(SHOWN, {}).get("preferences", "hidden")
    if shown != "drawn" or not (metadata.get("family") or {}).get("weights"):
        raise PolicyFileError(
            f"{source}: shown.preferences is {shown} there; a front takes a policy that was trained with "
            "drawn, for example with configs/preferences.yaml"
        )
    if metadata["family"]["axes"]:
        raise PolicyFileError(
            f"{source} was trained on a family; a front is measured in one scenario: train it in one"
        )
    if not metadata["training"].get("curve"):
        raise PolicyFileError(f"{source}: training.curve is missing; the training did not finish")
    for field in ("scenario_digest", "observe", "family"):
        if metadata[field] != first.metadata[field]:
            raise PolicyFileError(f"{source}: {field} is not that of the other policies of the run")
    observation = ObservationLayout(int(metadata["communities"]))
    check_fits(policy, layout_of(metadata, observation), source)


def training_steps(metadata: Mapping[str, Any]) -> int:
    """Environment steps that a policy's training took, those of the episodes of its selections included."""
    training = metadata["training"]
    curve: Sequence[Mapping[str, Any]] = training["curve"]
    experiment = Experiment.model_validate(training["config"])
    quarters = int(metadata["scenario"]["programme"]["T"])
    return int(curve[-1]["steps"]) + len(curve) * experiment.training.selection_episodes * quarters


def run_search(search: FrontSearch, work: Path, threads: int) -> pa.Table:
    """The record of what a search ended with."""
    return record(asdict(search_front(search, work, scorer_of(search, threads))))


@dataclass(frozen=True)
class Table:
    """What was searched and measured.

    Attributes:
        searched: By the name of the search in tables.
        points: Rules, the policies under every preference, the searches' fronts; none without a run.
        episodes: (points, episodes, 3) breadth, resilience and excluded share.
    """

    searched: dict[str, Searched]
    points: list[Point]
    episodes: Floats


class Pareto(Study[Settings, Table]):
    """The study."""

    name = "pareto"
    settings_type = Settings
    home = "fronts"

    def default_name(self) -> str:
        """The run's, or the scenario's."""
        s = self.settings
        return s.fronts()[0].scenario.name if s.run is None else s.run.resolve().name

    def announcement(self) -> str:
        """What is searched and measured."""
        fronts = self.settings.fronts()
        text = f"{len(fronts)} searches of {fronts[0].budget:,} environment steps"
        if self.settings.trained is not None:
            text += f", then {self.settings.episodes:,} test episodes of every point"
        return f"{text}; what is done is not done again"

    def plan(self, execute: Execute) -> Table:
        """Search; measure everything on the same episodes."""
        s, fronts = self.settings, self.settings.fronts()
        threads = max(1, cores() // len(fronts))  # results do not depend on it
        tables = execute(
            Stage("searches", fronts, partial(run_search, threads=threads), cost=_steps, unit="step")
        )
        searched = {
            f"search seed {search.seed}": Searched(**recorded(table))
            for search, table in zip(fronts, tables, strict=True)
        }
        if s.trained is None:
            return Table(searched, [], np.empty((0, 0, 3)))
        world = s.trained.scenario
        rows: list[tuple[Point, Named | Parametric, Scenario]] = [
            (Point("rule", name), named(name), world) for name in compared_names()
        ]
        for name, policy in s.trained.policies.items():
            for weights in s.preferences():
                values = {f"reward.{n}": w for n, w in zip(WEIGHTS.values(), weights, strict=True)}
                rows.append((Point("policy", name, weights), policy, world.override(values)))
        for name, found in searched.items():
            for numbers in found.front:
                member = Parametric(CLOSED_LOOP.name, numbers, world)
                rows.append((Point("search", name, parameters=numbers), member, world))
        points = [
            Measurement(
                fingerprint(allocator, scenario)[:20],
                (allocator,),
                scenario,
                s.seed,
                s.episodes,
                s.trained.observe,
                REWARD_PARTS,
            )
            for _, allocator, scenario in rows
        ]
        goals = [goals for (goals,) in measure_all(execute, points)]
        return Table(searched, [point for point, *_ in rows], np.array(goals))

    def analyse(self, table: Table) -> Page:
        """Hypervolumes and what each preference gets; each search's front as an allocator."""
        s, fronts, trained = self.settings, self.settings.fronts(), self.settings.trained
        files = {}
        for search, found in zip(fronts, table.searched.values(), strict=True):
            about = {
                "name": f"front_seed{search.seed}",
                "observe": search.observe,
                "seed": search.seed,
                "budget": search.budget,
                "steps": found.steps,
                "generations": found.generations,
                "begun": search.warm_start,
                "versions": versions(),
            }
            text = front_text(found.front, np.array(found.means), about, search.scenario)
            files[FRONT_PATTERN.replace("*", str(search.seed))] = text.encode()
        if trained is None:
            data = {name: asdict(found) for name, found in table.searched.items()}
            return Page(data, "searches.json", search_table(table.searched), files)
        summary = {
            "scenario": trained.scenario.name,
            "observe": trained.observe,
            "episodes": s.episodes,
            "first_seed": s.seed,
            "confidence": CONFIDENCE,
            "steps": trained.steps,
            "budget": fronts[0].budget,
            "begun": s.warm_start,
            "levels": s.levels,
            "ranges": [list(pair) for pair in trained.ranges],
            **summarise(table.points, table.episodes, table.searched, s.preferences()),
        }
        files |= {FIGURE: draw(summary), "front.md": as_markdown(summary).encode()}
        return Page(summary, "front.json", console_table(summary), files)


def _steps(search: FrontSearch) -> int:
    return search.budget
