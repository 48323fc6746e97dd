"""Ten stylised facts that a world must show before systems are compared in it.

Patterns 1 to 4, 6, 7 and 10 are measured from runs of the doctrines. Patterns 5, 8 and 9 need the searches of
the studies `value` and `ablation`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import pyarrow as pa
from pydantic import Field, PrivateAttr, model_validator

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.identity import STUDY, Fingerprint, Record, read_record
from juguo_agents.artifacts.searched import RESULT_FILE, SEARCHES, load_result
from juguo_agents.evaluation import seeds
from juguo_agents.provenance import MODEL, versions
from juguo_agents.report.texts import say
from juguo_agents.studies.ablation.analysis import ablation_data
from juguo_agents.studies.ablation.study import closed_loops, measure_levers
from juguo_agents.studies.arms import ArmSearches, ArmSettings
from juguo_agents.studies.arrays import to_arrays, to_table
from juguo_agents.studies.patterns.analysis import (
    MEASURES,
    RESEARCH,
    SEARCHED,
    feedback_pays,
    giving_up,
    making_matters,
)
from juguo_agents.studies.patterns.figures import draw
from juguo_agents.studies.patterns.page import lines
from juguo_agents.studies.patterns.runs import (
    FACTS,
    Pattern,
    Run,
    Runs,
    SystemPoint,
    Verdict,
    follow,
    run_system,
)
from juguo_agents.studies.searches import SearchPoint, run_search
from juguo_agents.studies.settings import NamedScenario, Settings, default_world
from juguo_agents.studies.study import DATA_FORMAT, Execute, Page, Stage, Study, record
from juguo_agents.studies.value.analysis import finished_value, value_data
from juguo_agents.studies.value.study import measure_value
from juguo_envs.errors import UserError
from juguo_envs.names import Name
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario

PATTERNS_FILE = "patterns.json"
BUDGETS = ("budget", "refine", "searches")


class _Measured(Strict):
    measured: float | None
    low: float | None
    high: float | None
    band: str | None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len({value is None for value in (self.measured, self.low, self.high)}) > 1:
            raise ValueError("measured, low and high are all numbers, or none is")
        return self


class _Part(_Measured):
    name: Name
    holds: bool | None
    verdict: Verdict | None


class _Pattern(_Measured):
    number: Annotated[int, Field(ge=min(FACTS), le=max(FACTS))]
    name: str
    statement: str
    source: str
    holds: bool
    verdict: Verdict
    expected: bool
    part: str
    parts: list[_Part]
    details: dict[str, Any]


class PatternsRecord(Record):
    """What the file of the patterns of a world holds."""

    KIND: ClassVar[str] = "juguo_patterns"
    FORMAT: ClassVar[int] = DATA_FORMAT
    WHAT: ClassVar[str] = "the patterns of a world"
    AGAIN: ClassVar[str] = "restore the file as it was written, or remove it; its patterns are then not told"

    settings: dict[str, Any]
    seeds: str
    scenario_digest: Fingerprint
    patterns: list[_Pattern]
    versions: dict[str, str]


class PatternsSettings(Settings):
    """What is asked of one world."""

    smoke: ClassVar[Mapping[str, Any]] = {
        "episodes": 4, "only": tuple(MEASURES), "budget": 1200, "refine": 600, "searches": 1,
    }  # fmt: skip
    free: ClassVar[frozenset[str]] = frozenset({"only", "value", *BUDGETS})

    scenario: NamedScenario = default_world("the world")
    only: tuple[int, ...] = Field(
        default=(), description="numbers of the patterns; all ten, if none is named"
    )
    episodes: int = Field(default=200, ge=2, le=seeds.PATTERNS.size, description="test episodes")
    first_seed: int = Field(default=seeds.PATTERNS.first, ge=0, description="seed of the first test episode")
    confirm: bool = Field(
        default=False, description="take the episodes on which a finished world is confirmed, once"
    )
    value: Path | None = Field(
        default=None,
        description="folder of the study `value`, whose searches patterns 5, 8 and 9 take",
    )
    budget: int | None = Field(
        default=None, ge=100, le=seeds.LARGEST_BUDGET, description="of these searches; see the study `value`"
    )
    refine: int | None = Field(
        default=None, ge=100, le=seeds.LARGEST_BUDGET, description="of these searches; see the study `value`"
    )
    searches: int | None = Field(
        default=None, ge=1, le=seeds.YARDSTICKS.size, description="of each kind; see the study `value`"
    )

    _written: dict[int, dict[str, Any]] = PrivateAttr(default_factory=dict)

    def check(self) -> None:
        """Refuse patterns that do not exist, and seeds that are kept for something else."""
        for number in self.only:
            if number not in FACTS:
                raise UserError(f"pattern is {number}; allowed is {min(FACTS)} to {max(FACTS)}")
        first, end = self.first_seed, self.first_seed + self.episodes
        if end > 2**29:
            raise UserError(f"first_seed is {first}; allowed is 0 to {2**29 - self.episodes}")
        if self.confirm and first != seeds.PATTERNS.first:
            raise UserError(f"first_seed is {first}; with --confirm the seeds are those kept for it")
        if first < seeds.CONFIRMING.end and end > seeds.CONFIRMING.first:
            raise UserError(
                f"first_seed is {first} for {self.episodes} episodes; {seeds.CONFIRMING.first} to "
                f"{seeds.CONFIRMING.end - 1} are kept for --confirm"
            )
        if set(SEARCHED) & set(self.numbers):
            self.search_settings().check()

    def idle(self) -> Mapping[str, str]:
        """What is said of searches, where none is needed."""
        if set(SEARCHED) & set(self.numbers):
            return {}
        where = f"where none of the patterns {', '.join(map(str, SEARCHED))} is measured"
        return dict.fromkeys(("value", *BUDGETS), where)

    def search_settings(self) -> ArmSettings:
        """Settings of the searches that patterns 5, 8 and 9 need, measured on the patterns' test episodes.

        Raises:
            UserError: If one is not allowed, or `value` is no finished study of the same world.
        """
        asked: dict[str, Any] = {n: value for n in BUDGETS if (value := getattr(self, n)) is not None}
        if self.value is not None:
            there = finished_value(self.value, self.scenario)["settings"]
            for name, value in {"model": MODEL, **asked}.items():
                if value != there[name]:
                    raise UserError(f"{name} is {value}, but {self.value} has {there[name]}")
            asked = {name: there[name] for name in (*BUDGETS, "observe")}
        measured = {"scenario": (self.scenario,), "episodes": self.episodes, "first_seed": self.seed}
        return ArmSettings.parse({**asked, **measured, "doublings": 1})

    def claim(self, folder: Path, study: str) -> None:
        """See `Settings`; patterns that were measured in the folder before stay on its page."""
        super().claim(folder, study)
        path = folder / PATTERNS_FILE
        if not path.exists():
            return
        data, record = read_record(path, PatternsRecord)
        STUDY.check(path, record.of, UserError)
        self._written.update({pattern["number"]: pattern for pattern in data["patterns"]})

    @property
    def seed(self) -> int:
        """Seed of the first test episode."""
        return seeds.CONFIRMING.first if self.confirm else self.first_seed

    @property
    def numbers(self) -> tuple[int, ...]:
        """The patterns asked for, in their order."""
        return tuple(number for number in FACTS if number in (self.only or FACTS))

    @property
    def written(self) -> dict[int, dict[str, Any]]:
        """Patterns that were measured in the folder before, by number, as JSON values."""
        return self._written


def runs_of(
    execute: Execute, scenario: Scenario, first_seed: int, episodes: int, only: Collection[int]
) -> Runs:
    """All that patterns which need no search are measured from; each system runs once."""
    systems = dict.fromkeys(
        system for number, how in MEASURES.items() if number in only for system in how.systems()
    )
    points = [SystemPoint(system, scenario, first_seed, episodes) for system in systems]
    tables = execute(Stage("systems", points, run_system))
    by_system = {system: Run(**to_arrays(table)) for system, table in zip(systems, tables, strict=True)}
    return Runs(scenario, first_seed, episodes, by_system)


def measure_unsearched(scenario: Scenario, first_seed: int, episodes: int) -> list[Pattern]:
    """The patterns that need no search, measured in this process."""

    def execute(stage: Stage[SystemPoint]) -> list[pa.Table]:
        return [stage.run(point, Path()) for point in stage.points]

    numbers = tuple(MEASURES)
    return patterns_of(runs_of(execute, scenario, first_seed, episodes, numbers), numbers)


def patterns_of(runs: Runs, only: Collection[int]) -> list[Pattern]:
    """Those of the patterns that need no search."""
    return [how.pattern(runs) for number, how in MEASURES.items() if number in only]


@dataclass(frozen=True)
class Loops:
    """What searches found, measured on the test episodes.

    Attributes:
        best: The run of the best closed loop.
        searches: What to say of the searches.
        value, ablation: The numbers of these studies; of the second only where they are needed.
    """

    best: Run
    searches: dict[str, Any]
    value: dict[str, Any]
    ablation: dict[str, Any] | None


def take_search(value: Path, point: SearchPoint, work: Path) -> pa.Table:
    """What a search found in a folder of the study `value`; where it is not there, it is run."""
    file = value / SEARCHES / point.key / RESULT_FILE
    if file.exists():
        data, asked = load_result(file).data, point.settings
        if (data["budget"], data["seed"]) == (asked.budget, asked.seed):
            return record(data)
    return run_search(point, work)


@dataclass(frozen=True)
class LoopPoint:
    """A closed loop on test episodes."""

    parameters: Parameters
    scenario: Scenario
    first_seed: int
    episodes: int
    key: str = "closed loop"


def run_loop(point: LoopPoint, work: Path) -> pa.Table:
    """The run of a closed loop, a column each field."""
    allocator = CLOSED_LOOP.allocator([point.parameters], point.scenario, point.key)
    return to_table(vars(follow(allocator, point.scenario, seeds.test(point.first_seed, point.episodes))))


class Patterns(Study[PatternsSettings, tuple[Runs, Loops | None]]):
    """Ten stylised facts that a world must show before systems are compared in it."""

    name, settings_type, home = "patterns", PatternsSettings, "patterns"

    def default_name(self) -> str:
        """Name of a new folder in `home`."""
        return self.settings.scenario.name

    def plan(self, execute: Execute) -> tuple[Runs, Loops | None]:
        """The doctrines, and the searches where a pattern needs them."""
        asked = self.settings
        runs = runs_of(execute, asked.scenario, asked.seed, asked.episodes, asked.numbers)
        return runs, self._loops(execute) if set(SEARCHED) & set(asked.numbers) else None

    def _loops(self, execute: Execute) -> Loops:
        asked, settings = self.settings, self.settings.search_settings()

        def execute_or_take(stage: Stage[Any]) -> list[pa.Table]:
            if asked.value is None or stage.run is not run_search:
                return execute(stage)
            return execute(replace(stage, run=partial(take_search, asked.value.absolute())))

        searches = ArmSearches(settings, asked.scenario, execute_or_take)
        value = value_data(measure_value(searches))
        searches.settings = settings.model_copy(update={"doublings": 0})  # no figure rests on doubled levers
        ablation = ablation_data(measure_levers(searches, (RESEARCH,))) if 5 in asked.numbers else None
        best = searches.best(closed_loops(searches.found, asked.scenario))
        point = LoopPoint(searches.numbers(best), asked.scenario, asked.seed, asked.episodes)
        (table,) = execute(Stage("best", [point], run_loop))
        how = {"closed_loop": f"{SEARCHES}/{best}", **{name: getattr(settings, name) for name in BUDGETS}}
        return Loops(Run(**to_arrays(table)), how, value, ablation)

    def analyse(self, table: tuple[Runs, Loops | None]) -> Page:
        """Every pattern, its verdict and its figure."""
        asked, (runs, loops) = self.settings, table
        patterns = patterns_of(runs, asked.numbers)
        if loops is not None:
            if loops.ablation is not None:
                patterns.append(making_matters(loops.ablation, loops.best, loops.searches))
            if 8 in asked.numbers:
                patterns.append(giving_up(loops.best, runs.defective, loops.searches))
            if 9 in asked.numbers:
                patterns.append(feedback_pays(loops.value, loops.searches))
        by_number = asked.written | {pattern.fact.number: pattern.as_json() for pattern in patterns}
        data = {
            "kind": PatternsRecord.KIND,
            "settings": {
                "format": asked.format,
                "model": MODEL,
                "scenario": asked.scenario.model_dump(mode="json"),
                "episodes": asked.episodes,
                "first_seed": asked.seed,
            },
            "seeds": use_of(asked.seed),
            "scenario_digest": asked.scenario.digest(),
            "patterns": [by_number[number] for number in sorted(by_number)],
            "versions": versions(),
        }
        text = lines(data)
        figures = [f"![{say('patterns.alt', number=n)}]({figure_file(n)})" for n in sorted(by_number)]
        page = "\n".join(["```", *text, "```", "", *figures]) + "\n"
        of = (asked.scenario.name, asked.episodes)
        drawn = {figure_file(pattern.fact.number): draw(pattern, *of) for pattern in patterns}
        return Page(data, PATTERNS_FILE, "\n".join(text), {"patterns.md": page.encode(), **drawn})


def use_of(seed: int) -> str:
    """What the test episodes from a seed on are for."""
    if seed in seeds.PATTERNS:
        return "making"
    return "confirming" if seed in seeds.CONFIRMING else "other"


def figure_file(number: int) -> str:
    """The name of a pattern's figure."""
    return f"pattern-{number}.png"
