"""Arms that are compared by search: searched on in rounds, then with doubled budgets, then measured.

The studies `value` and `ablation` are made of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators.parametric.policy_classes import PolicyClass, find_policy_class
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.allocators.registry import rule_names
from juguo_agents.array_types import Floats
from juguo_agents.artifacts.searched import SearchResult, validated
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.gap import GapShare, share_of_gap
from juguo_agents.provenance import MODEL
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies.measurement import Measurement, Named, Parametric, measure, measured, named
from juguo_agents.studies.searches import found_in, search_all
from juguo_agents.studies.settings import NamedScenario, Settings
from juguo_agents.studies.store import record, recorded
from juguo_agents.studies.study import Execute, Stage
from juguo_envs.errors import UserError
from juguo_envs.names import slug
from juguo_envs.worlds.scenario import Scenario

ROUNDS = 2
START_EPISODES = 400
"""Episodes on which places to begin at are compared."""
ENOUGH = 0.01
"""Share of the gap: where a doubled budget brings less, the budget is enough."""
TIMES = (2, 4, 8, 16)
"""The budgets, in those of before, up to which something is searched on."""
DOUBLING_ROUND = 4
"""By which these searches have their seeds; `ablation` has the rounds between."""

RULE = "rule "
"""Before the names of rules, among those of searches."""
Leaders = dict[str, str]
"""For each arm, by name, the search that found the best so far."""


class ArmSettings(Settings):
    """Worlds, budgets and test episodes."""

    smoke: ClassVar[Mapping[str, Any]] = {
        "budget": 1200, "refine": 250, "searches": 1, "validation": 40, "episodes": 10,
    }  # fmt: skip
    grows: ClassVar[frozenset[str]] = frozenset({"doublings"})

    scenario: tuple[NamedScenario, ...] = Field(
        default_factory=lambda: (Scenario.load("default"),),
        min_length=1,
        description="the world; with several, each is measured in a folder of its own",
    )
    budget: int = Field(
        default=60_000, ge=100, le=seeds.LARGEST_BUDGET, description="episodes of each reference search"
    )
    refine: int = Field(
        default=30_000,
        ge=100,
        le=seeds.LARGEST_BUDGET,
        description="episodes of each search that goes on from the best of them",
    )
    searches: int = Field(
        default=2,
        ge=1,
        le=seeds.YARDSTICKS.size,
        description="reference searches of each kind, which differ by their seed; the best counts",
    )
    validation: int = Field(
        default=1000,
        ge=2,
        le=seeds.SEARCH_VALIDATION.size,
        description="episodes on which what each search found is measured, to choose between them",
    )
    episodes: int = Field(default=1000, ge=2, le=100_000, description="test episodes")
    first_seed: int = Field(default=seeds.VALUE.first, ge=0, description="seed of the first test episode")
    observe: Literal["noisy", "true"] = Field(
        default="noisy", description="noise on what is seen, or the true state"
    )
    doublings: int = Field(
        default=0,
        ge=0,
        le=len(TIMES),
        description="search on with twice, 4, 8 and 16 times the episodes, at most so often, until that "
        f"brings less than {ENOUGH:.0%} of the gap: is the budget enough?",
    )

    def check(self) -> None:
        """Refuse seeds that are kept for other studies, and two worlds of one name."""
        if self.first_seed > (most := seeds.MAP.first - self.episodes):
            raise UserError(f"first_seed is {self.first_seed}; allowed is 0 to {most}")
        names = [scenario.name for scenario in self.scenario]
        if len(set(names)) < len(names):
            raise UserError(f"scenario is {' '.join(names)}; each name may be there once")

    def as_json(self, scenario: Scenario) -> dict[str, Any]:
        """The settings in one of the worlds, for files."""
        names = ("budget", "refine", "searches", "validation", "episodes", "first_seed", "observe")
        return {
            "format": self.format,
            "model": MODEL,
            "scenario": scenario.model_dump(mode="json"),
            **{name: getattr(self, name) for name in names},
        }


@dataclass(frozen=True)
class Arm:
    """What is searched on: a family, in a world, with numbers held or a lever forced.

    Attributes:
        family: The name of what is searched.
        scenario: Where.
        loop: Whether its result is a closed loop with nothing forced. The first arm of this kind is the best
            closed loop of all: what the others find is its, too.
        begin: Numbers of its own to begin at; it then goes on from what it finds itself.
        held: Numbers that are held: those that switch a kind of feedback off.
        extra: Numbers that a closed loop lacks.
        lever: A lever that is forced all along, by name.
        later: Rounds by which its seeds are later than those of the rest, so that its episodes are others.
    """

    family: str
    scenario: Scenario
    loop: bool = False
    begin: Parameters | None = None
    held: Parameters = field(default_factory=dict)
    extra: Parameters = field(default_factory=dict)
    lever: str | None = None
    later: int = 0

    def of(self, closed: Parameters) -> Parameters:
        """A closed loop's numbers, made this arm's."""
        return {**closed, **self.extra, **self.held}

    def seed(self, turn: int) -> int:
        """That of its search in a round; searches of a round have the same episodes."""
        return seeds.REFINEMENTS.first + turn + self.later


@dataclass(frozen=True)
class Starts:
    """Numbers at which a search of an arm may begin, by the search's name and round, and so many episodes."""

    key: str
    arm: Arm
    turn: int
    observe: str
    candidates: tuple[Parameters, ...]
    episodes: int


def best_start(point: Starts, work: Path) -> pa.Table:
    """Index of the best candidate, on episodes on which the search that follows ranks nothing."""
    arm = point.arm
    episodes = seeds.search_starts(arm.seed(point.turn), 0, point.episodes)
    scorer = Scorer(arm.scenario, point.observe)
    returns = scorer.returns(find_policy_class(arm.family, arm.lever), point.candidates, episodes)
    return record(int(np.argmax(returns.mean(1))))


class ArmSearches:
    """All searches and measurements of arms in one world.

    Attributes:
        settings: Budgets and seeds.
        scenario: The world.
        found: What every search found so far, by its name.
        room: Before the names of stages, where there are several worlds.
    """

    def __init__(self, settings: ArmSettings, scenario: Scenario, execute: Execute) -> None:
        """Take the settings, one of their worlds, and what runs points."""
        self.settings, self.scenario, self._execute = settings, scenario, execute
        self.room = f"{slug(scenario.name)}/" if len(settings.scenario) > 1 else ""
        self.found: dict[str, SearchResult] = {}

    def numbers(self, search: str) -> Parameters:
        """The numbers that a search found."""
        found: Parameters = self.found[search].data["parameters"]
        return found

    def score(self, search: str) -> float:
        """Mean return of what a search found on the validation episodes, the same for all."""
        return validated(self.found[search])

    def best(self, searches: Iterable[str]) -> str:
        """The search with the highest score; the first of those that share it."""
        return max(searches, key=self.score)

    def run(self, searches: Mapping[str, SearchSettings], after: Mapping[str, str] | None = None) -> None:
        """Run searches by name; for one of `after`, go on from the state of another."""
        places = {name: f"searches/{before}" for name, before in (after or {}).items()}
        results = search_all(self._execute, f"{self.room}searches", searches, places)
        self.found |= {name: found_in(data) for name, data in results.items()}

    def run_references(self, *families: PolicyClass) -> None:
        """Search families from their own starts, each several times with other seeds."""
        self.run(
            {
                name: SearchSettings(
                    family.name,
                    self.scenario,
                    self.settings.budget,
                    seed=seeds.YARDSTICKS.first + i,
                    observe=self.settings.observe,
                    validation=self.settings.validation,
                )
                for family in families
                for i, name in enumerate(reference_names(family, self.settings))
            }
        )

    def search_on(self, arms: Mapping[str, Arm], begin: Parameters, first: int = 0) -> Leaders:
        """Search every arm on, in `ROUNDS` rounds.

        In the first round arms begin at the closed loop's numbers, each made its own. In those that follow an
        arm begins at the better of what it found itself and of the best closed loop of all, made its own:
        else what is taken from an arm could seem to be worth more than it is, where what stands in for it
        takes long to find, or less than nothing, as there are fewer numbers to find without it.

        Args:
            arms: By name.
            begin: The closed loop's numbers.
            first: The first round, by which searches have their seeds.
        """
        searches: dict[str, list[str]] = {name: [] for name in arms}
        loops = [name for name, arm in arms.items() if arm.loop]
        for turn in range(ROUNDS):
            names = {name: search_name(name) + (f"-{turn + 1}" if turn else "") for name in arms}
            candidates = {}
            for name, arm in arms.items():
                own = [self.numbers(self.best(searches[name]))] if turn else []
                shared = [arm.of(begin)] if arm.begin is None else [] if turn else [arm.begin]
                candidates[name] = own + shared
            starts = [
                Starts(
                    names[name],
                    arm,
                    first + turn,
                    self.settings.observe,
                    tuple(candidates[name]),
                    min(START_EPISODES, self.settings.validation),
                )
                for name, arm in arms.items()
                if len(candidates[name]) > 1
            ]
            chosen = self._execute(Stage(f"{self.room}starts", starts, best_start))
            best = {point.key: recorded(table) for point, table in zip(starts, chosen, strict=True)}
            self.run(
                {
                    search: self._onward(
                        arms[name], candidates[name][best.get(search, 0)], first + turn, self.settings.refine
                    )
                    for name, search in names.items()
                }
            )
            for name, search in names.items():
                searches[name].append(search)
            begin = self.numbers(self.best([search for name in loops for search in searches[name]]))
        leaders = {name: self.best(found) for name, found in searches.items()}
        return leaders | {loops[0]: self.best([leaders[name] for name in loops])}

    def _onward(self, arm: Arm, begin: Parameters, turn: int, budget: int) -> SearchSettings:
        """A search that goes on from numbers that were found."""
        return SearchSettings(
            arm.family,
            arm.scenario,
            budget,
            seed=arm.seed(turn),
            observe=self.settings.observe,
            validation=self.settings.validation,
            fixed=arm.held,
            begin=begin,
            lever=arm.lever,
        )

    def results(
        self,
        arms: Mapping[str, Arm],
        leaders: Leaders,
        episodes: int,
        forced: Mapping[str, str] | None = None,
    ) -> ArmResults:
        """Search on with doubled budgets, and measure all that was found, and the rules, on test episodes.

        Args:
            arms: By name.
            leaders: What leads them so far.
            episodes: Those that led to each of the leaders.
            forced: By a name for it, a lever that is also forced on the best closed loop as it is.
        """
        asked, world = self.settings, self.scenario
        best = next(name for name, arm in arms.items() if arm.loop)
        returns = self._measure({RULE + rule: (named(rule), world) for rule in rule_names()})
        lowest = min(float(values.mean()) for values in returns.values())
        steps = self._double(arms, leaders, best, episodes, lowest)
        plain = {search: (search, None) for some in (leaders, *steps) for search in some.values()}
        levers = {name: (leaders[best], lever) for name, lever in (forced or {}).items()}
        allocators = {}
        for name, (search, lever) in {**plain, **levers}.items():
            found, data = self.found[search].scenario, self.found[search].data
            numbers = Parametric(data["family"], data["parameters"], found, data["lever"], lever)
            allocators[name] = (numbers, found)
        returns |= self._measure(allocators)
        return ArmResults(asked, world, self.found, leaders, steps, best, episodes, returns)

    def _double(
        self, arms: Mapping[str, Arm], leaders: Leaders, best: str, episodes: int, lowest: float
    ) -> list[Leaders]:
        """Double every arm's budget until that brings less than `ENOUGH` of the gap, or as often as is asked.

        Each goes on from its own numbers in one search, which is given more each time; the best of it and of
        what there was before counts. Who goes on is decided on validation episodes; test episodes only tell
        where the gap's lower end is.

        Returns:
            For each of `TIMES`, as far as it went, the leaders of the arms that were searched on, and of the
            best closed loop where closed loops were among them.
        """
        gap = self.score(leaders[best]) - lowest
        steps: list[Leaders] = []
        so_far, left, before = dict(leaders), list(arms), 1
        for times in TIMES[: self.settings.doublings]:
            names = {name: search_name(label(name, times)) for name in left}
            budget = (times - 1) * episodes
            self.run(
                {
                    search: self._onward(arms[name], self.numbers(leaders[name]), DOUBLING_ROUND, budget)
                    for name, search in names.items()
                },
                {search: search_name(label(name, before)) for name, search in names.items() if before > 1},
            )
            found = {name: self.best([so_far[name], search]) for name, search in names.items()}
            if loops := [name for name in found if arms[name].loop]:
                found[best] = self.best([so_far[best], *(found[name] for name in loops)])
            steps.append(found)
            gained = {name: self.score(search) - self.score(so_far[name]) for name, search in found.items()}
            left = [name for name, gain in gained.items() if gain >= ENOUGH * gap]
            so_far, before = so_far | found, times
            if not left:
                break
        return steps

    def _measure(self, allocators: Mapping[str, tuple[Named | Parametric, Scenario]]) -> dict[str, Floats]:
        asked = self.settings
        points = [
            Measurement(name, (allocator,), world, asked.first_seed, asked.episodes, asked.observe)
            for name, (allocator, world) in allocators.items()
        ]
        tables = self._execute(Stage(f"{self.room}test", points, measure))
        return {p.key: measured(p, table)[0] for p, table in zip(points, tables, strict=True)}


@dataclass(frozen=True)
class ArmResults:
    """What was found and measured in one world.

    Attributes:
        settings: Budgets and seeds.
        scenario: The world.
        found: What every search found, by its name.
        leaders: The best of each arm, before budgets were doubled.
        steps: Those after each doubling; see `ArmSearches.double`.
        best: The arm of the best closed loop.
        episodes: Those that led to each of the leaders.
        returns: (episodes,) test returns of rules and searches, by name.
    """

    settings: ArmSettings
    scenario: Scenario
    found: Mapping[str, SearchResult]
    leaders: Leaders
    steps: Sequence[Leaders]
    best: str
    episodes: int
    returns: Mapping[str, Floats]

    @property
    def worst(self) -> str:
        """The rule with the lowest mean return."""
        rules = [name for name in self.returns if name.startswith(RULE)]
        return min(rules, key=lambda name: float(self.returns[name].mean()))

    @property
    def labelled(self) -> Leaders:
        """All leaders, those after a doubling by `label`."""
        return self.leaders | {
            label(name, times): search
            for times, step in zip(TIMES, self.steps, strict=False)
            for name, search in step.items()
        }

    def last(self, step: int | None = None) -> dict[str, str]:
        """For each arm the label of its leader at the end, or before a step."""
        last = {name: name for name in self.leaders}
        for times, leaders in zip(TIMES, self.steps[:step], strict=False):
            last |= {name: label(name, times) for name in leaders}
        return last

    def share(self, better: str, worse: str, best: str | None = None) -> GapShare:
        """A difference of test returns as a share of the gap from the worst rule to the best closed loop.

        Args:
            better, worse: Labels, or names of what was measured; the difference is the first less the second.
            best: Label of the best closed loop; by default that before budgets were doubled.
        """
        ends = (better, worse, best or self.best, self.worst)
        return share_of_gap(*(self.returns[self.labelled.get(name, name)] for name in ends))

    def gains(self) -> dict[str, list[dict[str, Any]]]:
        """What each doubling brought on the test episodes, plain and as a share of the gap; by arm."""
        gains: dict[str, list[dict[str, Any]]] = {name: [] for step in self.steps for name in step}
        for i, (times, step) in enumerate(zip(TIMES, self.steps, strict=False)):
            before = self.last(i)
            for name in step:
                share = self.share(label(name, times), before[name])
                gains[name].append({"times": times, "episodes": times * self.episodes, **share.as_json()})
        return gains


def reference_names(family: PolicyClass, settings: ArmSettings) -> list[str]:
    """The reference searches of a family; see `ArmSearches.run_references`."""
    return [f"{family.name.removesuffix('_loop')}-{i + 1}" for i in range(settings.searches)]


def label(name: str, times: int) -> str:
    """What an arm is called after so many times the budget."""
    return f"{name} twice" if times == 2 else f"{name} {times} times"


def search_name(name: str) -> str:
    """The name of an arm's search, usable as the name of a file."""
    return name.replace(" ", "_").replace(":", "_")
