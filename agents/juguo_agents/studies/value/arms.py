"""Arms that are compared by search: searched on in rounds, then with doubled budgets, then measured.

The studies `value` and `ablation` are made of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators.parametric.families import Family, find_family
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.allocators.registry import rule_names
from juguo_agents.artifacts.searched import Found, validated
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.gap import GapShare, share_of_gap
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies.measurement import Measurement, Named, Parametric, measure, measured, named
from juguo_agents.studies.searches import found_in, search_all
from juguo_agents.studies.store import record, recorded
from juguo_agents.studies.study import Execute, NamedScenario, Settings, Stage
from juguo_envs.errors import UserError
from juguo_envs.model.compiled import SOURCE_KEY
from juguo_envs.worlds.scenario import Scenario

Floats = npt.NDArray[np.float64]

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

    smoke: ClassVar[Mapping[str, Any]] = {"budget": 1200, "refine": 600, "searches": 1, "episodes": 10}
    grows: ClassVar[frozenset[str]] = frozenset({"doublings"})

    scenario: tuple[NamedScenario, ...] = Field(
        default_factory=lambda: (Scenario(),),
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
        names = ("budget", "refine", "searches", "episodes", "first_seed", "observe")
        return {
            "format": self.format,
            "model": str(SOURCE_KEY),
            "scenario": scenario.model_dump(mode="json"),
            **{name: getattr(self, name) for name in names},
        }


@dataclass(frozen=True)
class Arm:
    """What is searched on: a family, in a world, with numbers held or a lever forced.

    Attributes:
        family: The name of what is searched.
        scenario: Where.
        held: Numbers that are held: those that switch a kind of feedback off.
        extra: Numbers that a closed loop lacks.
        lever: A lever that is forced all along, by name.
        later: Rounds by which its seeds are later than those of the rest, so that its episodes are others.
    """

    family: str
    scenario: Scenario
    held: Parameters = field(default_factory=dict)
    extra: Parameters = field(default_factory=dict)
    lever: str | None = None
    later: int = 0

    def of(self, closed: Parameters) -> Parameters:
        """A closed loop's numbers, made this arm's."""
        return {**closed, **self.extra, **self.held}


@dataclass(frozen=True)
class Starts:
    """Where a search may begin.

    Attributes:
        key: Name of the search.
        seed: Its seed.
        candidates: Numbers to begin at.
    """

    key: str
    family: str
    lever: str | None
    scenario: Scenario
    observe: str
    seed: int
    candidates: tuple[Parameters, ...]


def best_start(point: Starts, work: Path) -> pa.Table:
    """Index of the best candidate, on episodes on which the search that follows ranks nothing."""
    episodes = seeds.search_starts(point.seed, 0, START_EPISODES)
    family = find_family(point.family, point.lever)
    means = Scorer(point.scenario, point.observe).returns(family, point.candidates, episodes).mean(1)
    return record(int(np.argmax(means)))


class ArmSearches:
    """All searches and measurements of arms in one world.

    Attributes:
        settings: Budgets and seeds.
        scenario: The world.
        found: What every search found so far, by its name.
    """

    def __init__(self, settings: ArmSettings, scenario: Scenario, execute: Execute) -> None:
        """Take the settings, one of their worlds, and what runs points."""
        self.settings, self.scenario, self._execute = settings, scenario, execute
        self._room = f"{scenario.name}/" if len(settings.scenario) > 1 else ""
        self.found: dict[str, Found] = {}

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
        stage = f"{self._room}searches"
        places = {name: f"{stage}/{before}" for name, before in (after or {}).items()}
        results = search_all(self._execute, stage, searches, places)
        self.found |= {name: found_in(data) for name, data in results.items()}

    def run_references(self, *families: Family) -> None:
        """Search families from their own starts, each several times with other seeds."""
        self.run(
            {
                name: SearchSettings(
                    family.name,
                    self.scenario,
                    self.settings.budget,
                    seed=seeds.YARDSTICKS.first + i,
                    observe=self.settings.observe,
                )
                for family in families
                for i, name in enumerate(reference_names(family, self.settings))
            }
        )

    def search_on(
        self,
        arms: Mapping[str, Arm],
        begin: Parameters,
        loops: Collection[str],
        alone: Mapping[str, Parameters],
        first: int = 0,
    ) -> Leaders:
        """Search every arm on, in `ROUNDS` rounds.

        In the first round arms begin at the closed loop's numbers, each made its own. In those that follow an
        arm begins at the better of what it found itself and of the best closed loop of all, made its own:
        else what is taken from an arm could seem to be worth more than it is, where what stands in for it
        takes long to find, or less than nothing, as there are fewer numbers to find without it.

        Args:
            arms: By name.
            begin: The closed loop's numbers.
            loops: Arms whose results are closed loops with nothing forced; one may be the best of all.
            alone: Arms that begin at numbers of their own, and go on from what they find themselves.
            first: The first round, by which searches have their seeds.
        """
        searches: dict[str, list[str]] = {name: [] for name in arms}
        for turn in range(ROUNDS):
            candidates = {}
            for name, arm in arms.items():
                own = [self.numbers(self.best(searches[name]))] if turn else []
                shared = [alone[name]] if name in alone else [arm.of(begin)]
                candidates[name] = own if own and name in alone else own + shared
            names = {name: search_name(name) + (f"-{turn + 1}" if turn else "") for name in arms}
            starts = self._best_starts(arms, candidates, names, first + turn)
            self.run(
                {
                    names[name]: self._onward(arm, starts[name], first + turn, self.settings.refine)
                    for name, arm in arms.items()
                }
            )
            for name, search in names.items():
                searches[name].append(search)
            begin = self.numbers(self.best([search for name in loops for search in searches[name]]))
        return {name: self.best(found) for name, found in searches.items()}

    def _best_starts(
        self,
        arms: Mapping[str, Arm],
        candidates: Mapping[str, Sequence[Parameters]],
        names: Mapping[str, str],
        turn: int,
    ) -> dict[str, Parameters]:
        points = {
            name: Starts(
                names[name], arm.family, arm.lever, arm.scenario, self.settings.observe,
                seeds.REFINEMENTS.first + turn + arm.later, tuple(candidates[name]),
            )
            for name, arm in arms.items()
            if len(candidates[name]) > 1
        }  # fmt: skip
        stage = Stage(f"{self._room}starts", list(points.values()), best_start)
        chosen = dict(zip(points, map(recorded, self._execute(stage)), strict=True))
        return {name: places[chosen.get(name, 0)] for name, places in candidates.items()}

    def _onward(self, arm: Arm, begin: Parameters, turn: int, budget: int) -> SearchSettings:
        """A search that goes on from numbers that were found; those of a round have the same episodes."""
        return SearchSettings(
            arm.family,
            arm.scenario,
            budget,
            seed=seeds.REFINEMENTS.first + turn + arm.later,
            observe=self.settings.observe,
            fixed=arm.held,
            begin=begin,
            lever=arm.lever,
        )

    def double(
        self,
        arms: Mapping[str, Arm],
        leaders: Leaders,
        best: str,
        loops: Collection[str],
        episodes: int,
        lowest: float,
    ) -> list[Leaders]:
        """Double every arm's budget until that brings less than `ENOUGH` of the gap, or as often as is asked.

        Each goes on from its own numbers in one search, which is given more each time; the best of it and of
        what there was before counts. Who goes on is decided on validation episodes; test episodes only tell
        where the gap's lower end is.

        Args:
            arms: By name.
            leaders: What leads them so far.
            best: The arm of the best closed loop, the gap's upper end. What other closed loops find is its,
                too.
            loops: Arms whose results are closed loops with nothing forced.
            episodes: Those that led to each of the leaders.
            lowest: Mean return at the gap's lower end.

        Returns:
            For each of `TIMES`, as far as it went, the leaders of the arms that were searched on, and of the
            best closed loop where closed loops were among them.
        """
        gap = self.score(leaders[best]) - lowest
        steps: list[Leaders] = []
        so_far, left, before = dict(leaders), list(arms), 1
        for times in TIMES[: self.settings.doublings]:
            names = {name: search_name(label(name, times)) for name in left}
            self.run(
                {
                    search: self._onward(
                        arms[name], self.numbers(leaders[name]), DOUBLING_ROUND, (times - 1) * episodes
                    )
                    for name, search in names.items()
                },
                {search: search_name(label(name, before)) for name, search in names.items() if before > 1},
            )
            found = {name: self.best([so_far[name], search]) for name, search in names.items()}
            if any(name in loops for name in found):
                found[best] = self.best([so_far[best], *(found[name] for name in loops if name in found)])
            steps.append(found)
            gained = {name: self.score(search) - self.score(so_far[name]) for name, search in found.items()}
            left = [name for name, gain in gained.items() if gain >= ENOUGH * gap]
            so_far, before = so_far | found, times
            if not left:
                break
        return steps

    def measure_rules(self) -> dict[str, Floats]:
        """(episodes,) returns of every rule as the paper has it; the worst is the gap's lower end."""
        return self._measure({RULE + rule: (named(rule), self.scenario) for rule in rule_names()})

    def measure_found(
        self, searches: Iterable[str], forced: Mapping[str, tuple[str, str]] | None = None
    ) -> dict[str, Floats]:
        """(episodes,) returns of what searches found.

        Args:
            searches: Their names.
            forced: By a further name, a search and the lever that is forced on what it found.
        """
        plain: dict[str, tuple[str, str | None]] = {search: (search, None) for search in searches}
        allocators = {}
        for name, (search, lever) in {**plain, **(forced or {})}.items():
            world, data = self.found[search].scenario, self.found[search].data
            numbers = self.numbers(search)
            allocators[name] = (Parametric(data["family"], numbers, world, data["lever"], lever), world)
        return self._measure(allocators)

    def _measure(self, allocators: Mapping[str, tuple[Named | Parametric, Scenario]]) -> dict[str, Floats]:
        asked = self.settings
        points = [
            Measurement(name, (allocator,), world, asked.first_seed, asked.episodes, asked.observe)
            for name, (allocator, world) in allocators.items()
        ]
        tables = self._execute(Stage(f"{self._room}test", points, measure))
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
    found: Mapping[str, Found]
    leaders: Leaders
    steps: Sequence[Leaders]
    best: str
    episodes: int
    returns: Mapping[str, Floats]

    @property
    def worst(self) -> str:
        """The rule with the lowest mean return."""
        return worst_rule(self.returns)

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


def reference_names(family: Family, settings: ArmSettings) -> list[str]:
    """The reference searches of a family; see `ArmSearches.run_references`."""
    return [f"{family.name.removesuffix('_loop')}-{i + 1}" for i in range(settings.searches)]


def worst_rule(returns: Mapping[str, Floats]) -> str:
    """The name of the rule with the lowest mean return."""
    return min((n for n in returns if n.startswith(RULE)), key=lambda n: float(returns[n].mean()))


def label(name: str, times: int) -> str:
    """What an arm is called after so many times the budget."""
    return f"{name} twice" if times == 2 else f"{name} {times} times"


def search_name(name: str) -> str:
    """The name of an arm's search, usable as the name of a file."""
    return name.replace(" ", "_").replace(":", "_")
