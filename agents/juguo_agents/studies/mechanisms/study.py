"""What each mechanism of the model is worth: the world with it switched off against the world as it is.

Measured are the ranking of the doctrines, the patterns that need no search, and, with the folder of a study
`value`, what feedback is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, OPEN_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.allocators.registry import like_for_like, make_rule, rule_names
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.gap import share_of_gap
from juguo_agents.evaluation.rollout import run
from juguo_agents.provenance import MODEL, versions
from juguo_agents.report.figures.style import styled_png
from juguo_agents.report.texts import say
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.conduct import run_or_resume
from juguo_agents.studies.arrays import to_arrays, to_table
from juguo_agents.studies.mechanisms.analysis import Measured, draw, page, report
from juguo_agents.studies.mechanisms.mechanism import MECHANISMS, count_parameters, find
from juguo_agents.studies.patterns.study import measure_unsearched
from juguo_agents.studies.settings import NamedScenario, Settings, default_world
from juguo_agents.studies.store import fingerprint
from juguo_agents.studies.study import Execute, Page, Stage, Study, record, recorded
from juguo_agents.studies.value.analysis import CLOSED, OPEN, finished_value
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

AS_IS = "as it is"
BUDGET = 5000
FAMILIES = {CLOSED: CLOSED_LOOP.name, OPEN: OPEN_LOOP.name}


@dataclass(frozen=True)
class Beginning:
    """Where the searches begin that tell what feedback is worth.

    Attributes:
        numbers: Of the closed and of the open loop, by name.
        budget: Episodes of each search.
    """

    numbers: dict[str, Parameters]
    budget: int


class MechanismsSettings(Settings):
    """What is asked of one world."""

    smoke: ClassVar[Mapping[str, Any]] = {
        "episodes": 4,
        "repeats": 2,
        "only": ("research", "recruitment", "peers", "know-how needed", "shocks", "exclusion", "showing"),
    }
    free: ClassVar[frozenset[str]] = frozenset({"only", "patterns", "value", "budget"})

    scenario: NamedScenario = default_world("the world")
    only: tuple[str, ...] = Field(default=(), description="mechanisms by name; all, if none is named")
    episodes: int = Field(
        default=60, ge=2, le=seeds.PATTERNS.size, description="test episodes of every world"
    )
    first_seed: int = Field(
        default=seeds.PATTERNS.first,
        ge=0,
        le=seeds.MAP.first - seeds.PATTERNS.size,
        description="seed of the first of them",
    )
    repeats: int = Field(
        default=8,
        ge=1,
        le=seeds.MANY_SEARCHES.size - 1,
        description="sets of as many other episodes on which the world as it is is measured, for the noise",
    )
    patterns: bool = Field(default=True, description="measure the patterns that need no search, too")
    value: Path | None = Field(
        default=None,
        description="folder of the study `value`: its closed and open loop are searched on without each "
        "mechanism",
    )
    budget: int | None = Field(
        default=None,
        ge=100,
        le=seeds.LARGEST_BUDGET,
        description=f"episodes of each of these searches; {BUDGET} if not given",
    )

    def check(self) -> None:
        """Refuse unknown mechanisms, more episodes than there are seeds, and a folder without searches."""
        find(self.only)
        if self.episodes * (self.repeats + 1) > seeds.PATTERNS.size:
            raise UserError(
                f"episodes is {self.episodes} for {self.repeats + 1} sets; allowed is up to "
                f"{seeds.PATTERNS.size // (self.repeats + 1)}"
            )
        self.beginning()

    def beginning(self) -> Beginning | None:
        """The closed and the open loop that `value` found in this world, after all doublings.

        Raises:
            UserError: If the folder holds no finished measurement of this world.
        """
        if self.value is None:
            if self.budget is not None:
                raise UserError(f"budget is {self.budget}; allowed only together with --value")
            return None
        data = finished_value(self.value, self.scenario)
        begin = {name: data["numbers"][data["last"][name]] for name in FAMILIES}
        return Beginning(begin, self.budget or BUDGET)


@dataclass(frozen=True)
class Case:
    """A world and its test episodes.

    Attributes:
        name: The mechanism that is off, or `AS_IS`.
        scenario: The world.
        block: Which set of episodes, from 0; the sets have no episode in common.
        first_seed, episodes: Of the set.
    """

    name: str
    scenario: Scenario
    block: int
    first_seed: int
    episodes: int

    @property
    def key(self) -> str:
        """The world's name and the set."""
        return f"{self.name}-{self.block}"

    @property
    def test_seeds(self) -> np.ndarray[Any, np.dtype[np.uint64]]:
        """(episodes,) of the set."""
        return seeds.test(self.first_seed, self.episodes)


def cases_of(settings: MechanismsSettings) -> tuple[list[Case], list[Case]]:
    """The world as it is on every set of episodes; without each mechanism that is not off in it already."""

    def case(name: str, scenario: Scenario, block: int = 0) -> Case:
        first = settings.first_seed + block * settings.episodes
        return Case(name, scenario, block, first, settings.episodes)

    changed = {m.name: m.without(settings.scenario) for m in find(settings.only or MECHANISMS)}
    return (
        [case(AS_IS, settings.scenario, block) for block in range(settings.repeats + 1)],
        [case(name, scenario) for name, scenario in changed.items() if scenario is not None],
    )


def measure_returns(case: Case, work: Path) -> pa.Table:
    """(episodes,) return of every doctrine, like for like."""
    return to_table(
        {
            name: run(make_rule(like_for_like(name)), case.scenario, case.test_seeds).returns
            for name in rule_names()
        }
    )


def measure_patterns(case: Case, work: Path) -> pa.Table:
    """The patterns that need no search, as JSON values."""
    patterns = measure_unsearched(case.scenario, case.first_seed, case.episodes)
    kept = ("number", "name", "holds", "parts")
    return record([{key: pattern.as_json()[key] for key in kept} for pattern in patterns])


def measure_feedback(begin: Beginning, case: Case, work: Path) -> pa.Table:
    """Search the closed and the open loop on, and measure them and the rules; see `analysis.Feedback`."""

    def searched(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        settings = SearchSettings(
            FAMILIES[name],
            case.scenario,
            begin.budget,
            seeds.MANY_SEARCHES.first + case.block,
            validation=1,
            begin=begin.numbers[name],
        )
        found = run_or_resume(settings, work / fingerprint(begin)[:12] / name)
        return run(found.allocator(name), case.scenario, case.test_seeds).returns

    closed, opened = searched(CLOSED), searched(OPEN)
    rules = [run(make_rule(name), case.scenario, case.test_seeds).returns for name in rule_names()]
    worst = min(rules, key=lambda returns: float(returns.mean()))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = share_of_gap(closed, opened, closed, worst)
    told = share.as_json() if closed.mean() > worst.mean() and np.isfinite(share.share_high) else None
    means = {"closed": closed, "open": opened, "worst": worst}
    return record({"feedback": told, **{name: float(returns.mean()) for name, returns in means.items()}})


class Mechanisms(Study[MechanismsSettings, tuple[list[Measured], dict[str, Measured]]]):
    """What each mechanism of the model is worth."""

    name, settings_type, home = "mechanisms", MechanismsSettings, "mechanisms"

    def default_name(self) -> str:
        """Name of a new folder in `home`."""
        return self.settings.scenario.name

    def plan(self, execute: Execute) -> tuple[list[Measured], dict[str, Measured]]:
        """The world as it is, set by set, and the worlds without a mechanism, by its name."""
        as_it_is, without = cases_of(self.settings)
        cases = [*as_it_is, *without]

        def measure(name: str, how: Callable[[Case, Path], pa.Table], depends: Any = None) -> list[pa.Table]:
            return execute(Stage(name, cases, how, depends))

        returns: Sequence[Any] = [to_arrays(table) for table in measure("returns", measure_returns)]
        patterns: Sequence[Any] = [None] * len(cases)
        feedback: Sequence[Any] = [None] * len(cases)
        if self.settings.patterns:
            patterns = [recorded(table) for table in measure("patterns", measure_patterns)]
        if (begin := self.settings.beginning()) is not None:
            tables = measure("feedback", partial(measure_feedback, begin), begin)
            feedback = [recorded(table) for table in tables]
        measured = list(map(Measured, returns, patterns, feedback))
        base, rest = measured[: len(as_it_is)], measured[len(as_it_is) :]
        return base, {case.name: one for case, one in zip(without, rest, strict=True)}

    def analyse(self, table: tuple[list[Measured], dict[str, Measured]]) -> Page:
        """Effects, noise and verdicts."""
        asked = self.settings
        data = {
            "settings": {
                "format": asked.format,
                "model": MODEL,
                "scenario": asked.scenario.model_dump(mode="json"),
                **{name: getattr(asked, name) for name in ("episodes", "first_seed", "repeats")},
            },
            "scenario_digest": asked.scenario.digest(),
            "parameters": count_parameters(),
            **report(asked.scenario, find(asked.only or MECHANISMS), *table),
            "versions": versions(),
        }
        text = "\n".join(page(data))
        page_file = f"{text}\n\n![{say('mechanisms.title')}](mechanisms.png)\n".encode()
        figure = styled_png(lambda: draw(data), Software=None)
        return Page(data, "mechanisms.json", text, {"mechanisms.md": page_file, "mechanisms.png": figure})
