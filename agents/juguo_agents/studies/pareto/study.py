"""Pareto: the front of one policy over preferences, against that of a multi-objective search at equal steps.

Each policy of a run that was trained with drawn preferences is run under a grid of them. NSGA-II searches the
numbers of the closed loop with as many environment steps as the training of one policy took. Without a run a
front is searched alone: an allocator that acts as the member which is best for the weights of its scenario.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.registry import compared_names
from juguo_agents.artifacts.front import FrontRecord, front_file
from juguo_agents.artifacts.identity import headed
from juguo_agents.artifacts.policy import Policy, PolicyFileError, fitted
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.statistics import CONFIDENCE
from juguo_agents.processes import cores
from juguo_agents.report.texts import say
from juguo_agents.studies import settings as base
from juguo_agents.studies.measurement import Measurement, Named, Parametric, measure_all, named
from juguo_agents.studies.pages import page_and_figure
from juguo_agents.studies.settings import NamedScenario
from juguo_agents.studies.store import fingerprint
from juguo_agents.studies.study import Content, Execute, Page, Stage, Study, record, recorded
from juguo_agents.training.run import policies_in, steps_taken
from juguo_envs.errors import UserError
from juguo_envs.info import REWARD_PARTS
from juguo_envs.worlds.family import WEIGHTS
from juguo_envs.worlds.scenario import Scenario

try:
    from juguo_agents.search import multi_objective as nsga2
except ImportError as error:
    raise UserError(f"{error.name} is missing: pip install 'juguo[train,pareto]'") from None

from juguo_agents.array_types import Floats
from juguo_agents.report.figures.fronts import FIGURE, draw, draw_searched
from juguo_agents.studies.pareto.analysis import Point, as_markdown, console_table, search_table, summarise

MOST_EPISODES = seeds.HELD_OUT_WORLDS.first
SEARCH_BUDGET = 1_800_000
"""Environment steps of a search that is compared with nothing: 30,000 episodes of 60 quarters."""
Weights = tuple[float, float, float]


class Settings(base.Settings):
    """What is asked."""

    format: ClassVar[int] = 2
    smoke: ClassVar[Mapping[str, Any]] = {"levels": 2, "episodes": 4, "budget": 7200}

    run: Path | None = Field(
        None,
        description="folder of a run trained with drawn preferences; without it a front is searched alone",
        json_schema_extra={"positional": True},
    )
    scenario: NamedScenario | None = Field(None, description="world, without a run; default: default")
    budget: int | None = Field(
        None,
        ge=1,
        le=10**9,
        description="environment steps of each search; default: those of the training of one policy, "
        f"{SEARCH_BUDGET:,} without a run",
    )
    searches: int | None = Field(
        None, ge=1, le=seeds.MANY_SEARCHES.size, description="searches; default: one for each policy"
    )
    levels: int = Field(4, ge=2, le=8, description="weights on each range; their grid is the preferences")
    episodes: int = Field(500, ge=2, le=MOST_EPISODES, description="test episodes of every point")
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
        if self.seed > (most := MOST_EPISODES - self.episodes):
            raise UserError(f"seed is {self.seed}; allowed is 0 to {most}")
        search = self.fronts()[0]
        if search.budget < (least := 3 * search.steps(search.population)):
            fewer = "; fewer levels need less" if self.levels > 2 else ""
            raise UserError(f"budget is {search.budget}; allowed is {least} to {10**9}{fewer}")

    def idle(self) -> Mapping[str, str]:
        """A search alone is measured on no test episodes."""
        return {} if self.run is not None else dict.fromkeys(("episodes", "seed"), "without a run")

    def remembered(self) -> dict[str, Any]:
        """Budget, searches and policies as they are, wherever they come from."""
        fronts = self.fronts()
        return super().remembered() | {
            "run": {file.name: named(str(file)).digest for file in self.policies},
            "scenario": fronts[0].scenario.model_dump(mode="json"),
            "budget": fronts[0].budget,
            "searches": len(fronts),
        }

    @cached_property
    def policies(self) -> dict[Path, Policy]:
        """Those of the run, one for each training seed; none without a run.

        Raises:
            PolicyFileError: If none is in its folder, or one cannot be used for this.
        """
        found = {} if self.run is None else policies_in(self.run)
        for file, policy in found.items():
            _check(policy, next(iter(found.values())), str(file))
        return found

    @property
    def metadata(self) -> dict[str, Any]:
        """What the policies have in common; nothing without a run."""
        return next((policy.metadata for policy in self.policies.values()), {})

    def fronts(self) -> list[nsga2.FrontSearch]:
        """The searches."""
        asked = (self.scenario or Scenario.load("default"), self.budget or SEARCH_BUDGET, "noisy")
        if data := self.metadata:
            world = Scenario.parse(data["scenario"], str(self.run))
            asked = (world, self.budget or steps_taken(data), data["observe"])
        scenario, budget, observe = asked
        numbers = range(self.searches or len(self.policies) or 1)
        first, population = seeds.MANY_SEARCHES.first, self.levels ** len(WEIGHTS)
        return [
            nsga2.FrontSearch(scenario, first + k, budget, population, observe, self.warm_start)
            for k in numbers
        ]

    def preferences(self) -> list[Weights]:
        """The grid on the ranges that a run was trained over: even steps of the logarithm, ends included."""
        ranges = self.metadata["family"]["weights"]
        return list(itertools.product(*(np.geomspace(a, b, self.levels).tolist() for a, b in ranges)))


def _check(policy: Policy, first: Policy, source: str) -> None:
    metadata = policy.metadata
    shown = metadata["shown"]["preferences"]
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
    fitted(policy, policy.layout(int(metadata["communities"])), source)


def run_search(search: nsga2.FrontSearch, work: Path, threads: int) -> pa.Table:
    """The record of what a search ended with."""
    return record(asdict(nsga2.search_front(search, work, nsga2.scorer_of(search, threads))))


@dataclass(frozen=True)
class Table:
    """What was searched and measured.

    Attributes:
        searched: By the name of the search in tables.
        points: Rules, the policies under every preference, the searches' fronts; none without a run.
        episodes: (points, episodes, 3) breadth, resilience and excluded share.
    """

    searched: dict[str, nsga2.Searched]
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

    def plan(self, execute: Execute) -> Table:
        """Search; measure everything on the same episodes."""
        s, fronts = self.settings, self.settings.fronts()
        run = partial(run_search, threads=max(1, cores() // len(fronts)))  # results do not depend on it
        tables = execute(Stage("searches", fronts, run, cost=attrgetter("budget"), unit="step"))
        searched = {
            say("pareto.name.search", "en", seed=search.seed): nsga2.Searched(**recorded(table))
            for search, table in zip(fronts, tables, strict=True)
        }
        if not s.policies:
            return Table(searched, [], np.empty((0, 0, 3)))
        world, observe = fronts[0].scenario, fronts[0].observe
        rows: list[tuple[Point, Named | Parametric, Scenario]] = [
            (Point("rule", name), named(name), world) for name in compared_names()
        ]
        for file, policy in s.policies.items():
            for weights in s.preferences():
                values = {f"reward.{n}": w for n, w in zip(WEIGHTS.values(), weights, strict=True)}
                point = Point("policy", say("pareto.name.policy", "en", seed=policy.seed), weights)
                rows.append((point, named(str(file)), world.override(values)))
        for name, found in searched.items():
            for numbers in found.front:
                member = Parametric(CLOSED_LOOP.name, numbers, world)
                rows.append((Point("search", name, parameters=numbers), member, world))
        points = [
            Measurement(
                fingerprint(who, where)[:20], (who,), where, s.seed, s.episodes, observe, REWARD_PARTS
            )
            for _, who, where in rows
        ]
        goals = [goals for (goals,) in measure_all(execute, points)]
        return Table(searched, [point for point, *_ in rows], np.array(goals))

    def analyse(self, table: Table) -> Page:
        """Hypervolumes and what each preference gets; each search's front as an allocator."""
        s, search = self.settings, self.settings.fronts()[0]
        files: dict[str, Content] = {
            front_file(search.seed): headed(FrontRecord, nsga2.result_content(search, found))
            for search, found in zip(s.fronts(), table.searched.values(), strict=True)
        }
        if not s.policies:
            data = {name: asdict(found) for name, found in table.searched.items()}
            text = search_table(table.searched)
            files |= page_and_figure(
                FIGURE.removesuffix(".png"),
                text,
                lambda: draw_searched(search.scenario.name, table.searched),
                say("pareto.fig.alt"),
            )
            return Page(data, "searches.json", text, files)
        summary = {
            "scenario": search.scenario.name,
            "observe": search.observe,
            "episodes": s.episodes,
            "first_seed": s.seed,
            "confidence": CONFIDENCE,
            "steps": steps_taken(s.metadata),
            "budget": search.budget,
            "begun": s.warm_start,
            "levels": s.levels,
            "ranges": s.metadata["family"]["weights"],
            **summarise(table.points, table.episodes, table.searched, s.preferences()),
        }
        files |= {FIGURE: draw(summary), "front.md": as_markdown(summary).encode()}
        return Page(summary, "front.json", console_table(summary), files)
