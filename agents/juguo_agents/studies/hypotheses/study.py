"""The paper's claims, stated in `hypotheses.yaml`, tested over scenarios that are sampled from the ranges."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators.base import Allocator, Observed, rows
from juguo_agents.allocators.declared import weights
from juguo_agents.allocators.edits import Edited, Edits
from juguo_agents.allocators.parametric.policy_classes import (
    CLOSED_LOOP,
    FEEDBACK_OFF,
    OPEN_LOOP,
    RULE,
    find_policy_class,
)
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.allocators.registry import make_rule
from juguo_agents.allocators.rule import Decision, Rule
from juguo_agents.array_types import Floats, Seeds
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.outcomes import OUTCOMES, Watch
from juguo_agents.evaluation.rollout import run
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.conduct import search_state
from juguo_agents.search.optimise import begin, search
from juguo_agents.search.portfolio import Portfolio, portfolio, tunings
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies.hypotheses.analysis import as_json, as_markdown, console_table, results_of
from juguo_agents.studies.hypotheses.claims import (
    SHIPPED,
    Arm,
    Cell,
    ChosenClaims,
    ClaimsError,
    FirstTechnology,
    Thresholds,
    changed,
    load_claims,
    parse_claims,
)
from juguo_agents.studies.hypotheses.figures import draw
from juguo_agents.studies.searches import tune_all
from juguo_agents.studies.settings import Settings
from juguo_agents.studies.study import Content, Execute, Page, Stage, Study, record, recorded
from juguo_envs.engine.batch import Batch
from juguo_envs.engine.memory import episodes_together
from juguo_envs.worlds.sampling import scenario_at
from juguo_envs.worlds.scenario import Scenario

SOUND = 0.1
"""A technology whose defect is up to this is nearly sound; the model draws it or a serious one."""
FEWEST = 2
"""Episodes that a scenario needs at least, so that it has an interval."""

NUMBERS = {
    "scenarios": ("sample", "scenarios"),
    "episodes": ("sample", "episodes"),
    "seed": ("sample", "points_seed"),
    "searched": ("search", "scenarios"),
    "search_budget": ("search", "budget"),
    "tuning_points": ("tuning", "points"),
    "tuning_budget": ("tuning", "budget"),
}
"""Settings that change a number of the file of claims: its section and its field."""


def _number(text: str, least: int, most: int | None = None) -> Any:
    return Field(default=None, ge=least, le=most, description=f"{text}; as the claims state, if not given")


class HypothesesSettings(Settings):
    """What is asked. A folder remembers the claims, with what is changed in their numbers."""

    smoke: ClassVar = {
        "scenarios": 3, "episodes": 3, "searched": 2, "search_budget": 600, "tuning_points": 0,
        "tuning_budget": 100,
    }  # fmt: skip

    claims: Path | None = Field(
        default=None, description="file of claims; the paper's thirteen, if none is given"
    )
    only: tuple[int, ...] = Field(
        default=(), description="numbers of the claims to test; all, if none is named"
    )
    scenarios: int | None = _number("scenarios of the sample", 2, 4096)
    episodes: int | None = _number("episodes of each arm in each scenario", 2, 200)
    seed: int | None = _number("seed of the scenarios' places", 0)
    searched: int | None = _number("scenarios, the first ones, in which the best allocations are searched", 2)
    search_budget: int | None = _number("episodes of each of these searches", 1)
    tuning_points: int | None = _number("sampled worlds in which rules are tuned, besides those that ship", 0)
    tuning_budget: int | None = _number("episodes of each tuning search", 1)

    @cached_property
    def test(self) -> ChosenClaims:
        """The claims to test, with what is changed in their numbers."""
        stated = load_claims(self.claims or SHIPPED)
        data = stated.model_dump(mode="json", exclude_unset=True)
        for name, (section, field) in NUMBERS.items():
            if (value := getattr(self, name)) is not None:
                data[section][field] = value
        claims = parse_claims(data, "settings")
        return ChosenClaims(claims, tuple(sorted(set(self.only))) or tuple(c.id for c in claims.claims))

    def check(self) -> None:
        """Refuse what could only fail later: a claim that does not exist, seeds that run out, no budget."""
        test = self.test
        known = [claim.id for claim in test.claims.claims]
        for wanted in test.only:
            if wanted not in known:
                raise ClaimsError(f"only names claim {wanted}; there are {', '.join(map(str, known))}")
        claims = test.claims
        seeds.test(claims.sample.episodes_from, claims.sample.scenarios * seeds.HYPOTHESES_BLOCK)
        for rule in test.tuned_rules():
            begin(SearchSettings(RULE + rule, Scenario(), claims.tuning.budget, seed=claims.tuning.seed))
        for family in test.families():
            begin(SearchSettings(family, Scenario(), claims.search.budget, seed=claims.search.seed))

    def idle(self) -> Mapping[str, str]:
        """What is said of searches and tunings, where the claims need none."""
        searched = ("searched", "search_budget") if not self.test.families() else ()
        tuned = ("tuning_points", "tuning_budget") if not self.test.tuned_rules() else ()
        return dict.fromkeys(searched, "where no claim is searched for") | dict.fromkeys(
            tuned, "where no claim tunes a rule"
        )

    def remembered(self) -> dict[str, Any]:
        """The claims with what is changed in their numbers, and which are tested."""
        claims = self.test.claims.model_dump(mode="json", exclude_unset=True)
        return {"claims": claims, "only": list(self.test.only)}

    def fixed(self) -> dict[str, Any]:
        """All of it."""
        return self.remembered()


class Given(Rule):
    """Shares and openness as stated, by population, with no exit."""

    idea = "shares as stated"

    def __init__(self, arm: Arm, name: str) -> None:
        """Take what the arm states."""
        super().__init__()
        self.base_name = name  # type: ignore[misc]  # a class variable of rules that have a class each
        self.shares = weights(**(arm.shares or {}))
        self.opened = np.array(arm.openness)
        self.when = arm.advance

    def openness_by_stage(self) -> Floats:
        """(3,) as stated."""
        return self.opened

    def decide(self, seen: Observed) -> Decision:
        """The same shares whatever is seen."""
        if isinstance(self.when, Thresholds):
            advance = self.ready(seen, self.when.K, self.when.F)
        else:
            advance = np.full(self.n, self.when == "at_once")
        where = self.by_population()
        return Decision(rows(self.shares, self.n), where, self.opened[seen.stage], advance)


Searched = dict[str, dict[str, Parameters]]
"""What searches in one scenario found, by family and place: `end`; of a closed loop also `open_loop`, the
blind schedule at which the second half of its search began, and `start`, the shares at which it all began."""


def build(
    arm: Arm,
    name: str,
    scenario: Scenario,
    tuned: Callable[[str], Allocator],
    searched: Searched | None = None,
) -> Allocator:
    """The allocator of an arm in a scenario.

    Args:
        arm: As stated.
        name: Its name.
        scenario: The world, changes applied.
        tuned: Gives the tuned rule of a name, as chosen for the scenario.
        searched: Needed for an arm that is searched.
    """
    allocator: Allocator
    if arm.rule is not None:
        allocator = make_rule(arm.rule)
        for attribute, value in arm.numbers.items():
            setattr(allocator, attribute, value)
    elif arm.tuned is not None:
        allocator = tuned(arm.tuned)
    elif arm.searched is not None:
        if searched is None:
            raise ValueError(f"arm {name}: nothing was searched in this scenario")
        blind = FEEDBACK_OFF if arm.searched == CLOSED_LOOP.name and arm.at != "end" else {}
        numbers = {**blind, **searched[arm.searched][arm.at]}
        allocator = find_policy_class(arm.searched).allocator([numbers], scenario, name)
    else:
        allocator = Given(arm, name)
    return Edited(allocator, arm.edits, name) if arm.edits != Edits() else allocator


def search_scenario(
    work: Path, families: list[str], scenario: Scenario, budget: int, seed: int
) -> tuple[Searched, dict[str, Any]]:
    """Search families in a scenario, each at the same budget; also what to say of the searches."""
    searched: Searched = {}
    notes: dict[str, Any] = {}
    for family in families:
        state = search_state(SearchSettings(family, scenario, budget, seed=seed, validation=1), work / family)
        search(state, work / family, Scorer(scenario))
        outcomes = [phase.outcome for phase in state.phases if phase.outcome]
        start = state.phases[0].start
        searched[family] = {"end": outcomes[-1].parameters}
        if family == CLOSED_LOOP.name:
            searched[family]["open_loop"] = outcomes[0].parameters
            searched[family]["start"] = OPEN_LOOP.starts(scenario)[start or ""]
        notes[family] = {
            "spent": sum(phase.spent for phase in state.phases),
            "start": start,
            "chosen": [outcome.finalist for outcome in outcomes],
        }
    return searched, notes


def seeds_of(
    scenario: Scenario, index: int, episodes: int, episodes_from: int, first: FirstTechnology
) -> Seeds:
    """Test seeds of the i-th scenario, those whose first technology is as wanted.

    Raises:
        ClaimsError: If its block holds too few of them.
    """
    block = seeds.HYPOTHESES_BLOCK
    all_seeds = seeds.test(episodes_from + index * block, block)
    if first == "any":
        return all_seeds[:episodes]
    fitting: list[int] = []
    step = math.gcd(block, episodes_together(scenario, 100))
    batch = Batch(scenario, step)
    for i in range(0, block, step):
        batch.reset(all_seeds[i : i + step])
        defect = batch.state.programme["X"]
        fits = defect >= scenario.defect.X_lo if first == "defective" else defect <= SOUND
        fitting += all_seeds[i : i + step][fits].tolist()
        if len(fitting) >= episodes:
            break
    if len(fitting) >= FEWEST:  # a rare kind of technology: the interval of this scenario is the wider
        return np.array(fitting[:episodes], np.uint64)
    raise ClaimsError(
        f"{scenario.name}: {len(fitting)} of {block} episodes begin with a technology that is {first}, "
        f"and {episodes} are needed; give the claim a world in which there are some"
    )


@dataclass(frozen=True)
class SampledScenario:
    """A scenario of the sample, and its place in the unit cube."""

    index: int
    place: tuple[float, ...]

    @property
    def key(self) -> str:
        """Its number."""
        return f"scenario-{self.index:04d}"


def run_scenario(test: ChosenClaims, members: Portfolio, point: SampledScenario, work: Path) -> pa.Table:
    """Search, choose tuned numbers, and run every cell in a scenario; see `analysis.Run`."""
    claims, index = test.claims, point.index
    scenario = scenario_at(np.array(point.place), name=f"scenario {index}")
    searched: Searched | None = None
    notes: dict[str, Any] = {}
    if test.searched(index):
        asked = claims.search
        searched, notes["searches"] = search_scenario(
            work, test.families(), scenario, asked.budget, asked.seed
        )

    def run_cell(cell: Cell, outcomes: set[str]) -> dict[str, list[float]]:
        common = changed(scenario, cell.world)
        sample = claims.sample
        episodes = seeds_of(common, index, sample.episodes, sample.episodes_from, cell.first)
        world = changed(common, cell.arm.world)

        def tuned(rule: str) -> Allocator:
            selection = seeds.hypotheses_choice(index, claims.tuning.selection_episodes)
            name, allocator = best_member(rule, members[rule], world, selection)
            notes.setdefault("tuned", {})[cell.name] = name
            return allocator

        watch = Watch(len(episodes), world.programme.T)
        allocator = build(cell.arm, cell.name, world, tuned, searched)
        result = run(allocator, world, episodes, watch=watch.see)
        measured = {name: OUTCOMES[name].read(result, watch).tolist() for name in sorted(outcomes)}
        for name, values in measured.items():
            if not all(map(math.isfinite, values)):
                raise ClaimsError(f"{scenario.name}, arm {cell.name}: there is no {OUTCOMES[name].words}")
        return measured

    cells = {
        key: run_cell(cell, outcomes)
        for key, (cell, outcomes) in test.cells().items()
        if searched is not None or cell.arm.searched is None
    }
    return record({"cells": cells, "notes": notes})


def best_member(
    rule: str, members: dict[str, Parameters], scenario: Scenario, selection: Seeds
) -> tuple[str, Allocator]:
    """The member of a portfolio that does best in a scenario, on episodes for selection."""
    family = find_policy_class(RULE + rule)
    means = Scorer(scenario).returns(family, list(members.values()), selection).mean(1)
    name = list(members)[int(np.argmax(means))]
    return name, family.allocator([members[name]], scenario)


class HypothesesStudy(Study[HypothesesSettings, tuple[Portfolio, list[dict[str, Any]]]]):
    """The paper's claims, tested over sampled scenarios."""

    name, settings_type, home = "hypotheses", HypothesesSettings, "hypotheses"

    def default_name(self) -> str:
        """Name of a new folder in `home`."""
        return "test"

    def announcement(self) -> str:
        """How much there is to run."""
        test = self.settings.test
        total = sum(test.episodes(i) for i in range(test.claims.sample.scenarios))
        return f"{len(test.only)} claims, about {total:,} episodes after tuning"

    def plan(self, execute: Execute) -> tuple[Portfolio, list[dict[str, Any]]]:
        """Tune the rules, then run scenario by scenario."""
        test = self.settings.test
        tuning, worlds = test.claims.tuning, test.tuning_worlds()
        searches = tunings(test.tuned_rules(), worlds, tuning.budget, [tuning.seed] * len(worlds))
        members = portfolio(searches, tune_all(execute, searches), Scenario())
        points = [SampledScenario(i, tuple(place)) for i, place in enumerate(test.places().tolist())]
        stage = Stage(
            "scenarios",
            points,
            partial(run_scenario, test, members),
            depends=members,
            cost=lambda point: test.episodes(point.index),
            unit="episode",
        )
        return members, [recorded(table) for table in execute(stage)]

    def analyse(self, table: tuple[Portfolio, list[dict[str, Any]]]) -> Page:
        """A verdict, a number and a figure for each claim."""
        test, (members, runs) = self.settings.test, table
        results = results_of(test, runs)
        files: dict[str, Content] = {"portfolio.json": {"kind": "juguo_portfolio", "rules": members}}
        files |= {result.figure: draw(result, test) for result in results}
        files["hypotheses.md"] = as_markdown(test, results, runs).encode()
        data = {"claims": [as_json(test, result) for result in results]}
        return Page(data, "verdicts.json", console_table(results), files)
