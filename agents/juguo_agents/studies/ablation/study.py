"""What the best searched closed loop loses when a lever is forced: at once, and after searching on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators.levers import LEVERS
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.searched import RESULT_FILE, SEARCHES, SearchResult, load_result, validated
from juguo_agents.studies.ablation.analysis import (
    CONTROL,
    UNFORCED,
    ablation_data,
    ablation_page,
    forced,
    levers_over_worlds,
)
from juguo_agents.studies.arms import (
    ROUNDS,
    Arm,
    ArmResults,
    ArmSearches,
    ArmSettings,
    reference_names,
)
from juguo_agents.studies.arms_page import in_folders
from juguo_agents.studies.searches import found_in
from juguo_agents.studies.study import Execute, Page, Stage, Study, record, recorded
from juguo_agents.studies.value.analysis import finished_value
from juguo_envs.errors import UserError
from juguo_envs.names import slug
from juguo_envs.worlds.scenario import Scenario

FIRST_ROUND, LATER = ROUNDS, 3
"""The rounds by which these searches have their seeds: after those of `value`, and the control's after those
of doubled budgets."""


class AblationSettings(ArmSettings):
    """Worlds, budgets and test episodes, and where the closed loop comes from."""

    value: Path | None = Field(
        default=None,
        description="folder of the study `value` with the same worlds and budgets; the best closed loop that "
        "it holds is the beginning, which is not searched anew",
    )

    def check(self) -> None:
        """Refuse a folder of other budgets or of other worlds, too."""
        super().check()
        for scenario in self.scenario if self.value else ():
            folder, asked = self.value_folder(scenario), self.as_json(scenario)
            there = finished_value(folder, scenario)["settings"]
            for name in ("model", "budget", "refine", "searches", "validation", "observe"):
                if there.get(name) != asked[name]:
                    raise UserError(f"{name} is {asked[name]}, but {folder} has {there.get(name)}")

    def value_folder(self, scenario: Scenario) -> Path:
        """Where the study `value` has one of the worlds."""
        folder = (self.value or Path()).absolute()
        return folder / slug(scenario.name) if len(self.scenario) > 1 else folder


@dataclass(frozen=True)
class FromValue:
    """What a folder of the study `value` holds when it is first read; it may find more later.

    Attributes:
        references: Its reference searches of the closed loop.
        scenario: The world.
        folder: Where it is.
    """

    references: tuple[str, ...]
    scenario: Scenario
    folder: Path = field(compare=False)
    key: str = "value"


def read_value(point: FromValue, work: Path) -> pa.Table:
    """The results of the reference searches, and of the best closed loop, by name."""
    files = point.folder.glob(f"{SEARCHES}/*/{RESULT_FILE}")
    found = {file.parent.name: load_result(file) for file in files}
    for name in point.references:
        if name not in found:
            raise UserError(
                f"{point.folder / SEARCHES / name / RESULT_FILE}: is missing; run that study again"
            )
    best = max(
        [*point.references, *closed_loops(found, point.scenario)], key=lambda name: validated(found[name])
    )
    return record({name: found[name].data for name in (*point.references, best)})


def closed_loops(found: Mapping[str, SearchResult], scenario: Scenario) -> list[str]:
    """The searches whose results are closed loops for a world, with nothing forced; by name."""
    digest = scenario.digest()
    return [
        name
        for name, one in sorted(found.items())
        if one.data["family"] == CLOSED_LOOP.name
        and one.data["lever"] is None
        and one.data["scenario_digest"] == digest
    ]


def arms(world: Scenario, begin: Parameters, levers: Collection[str]) -> dict[str, Arm]:
    """All that is searched on, by name: the closed loop as it is, twice, and with each lever forced."""
    name = CLOSED_LOOP.name
    return {
        UNFORCED: Arm(name, world, loop=True),
        CONTROL: Arm(name, world, begin=begin, later=LATER),
        **{lever: Arm(name, world, lever=lever) for lever in levers},
    }


def measure_levers(searches: ArmSearches, levers: Collection[str] = tuple(LEVERS)) -> ArmResults:
    """Force each lever of the best closed loop, search on with it forced, measure all on test episodes.

    The closed loop is the best that was found so far, those of `value` included. The control is searched on,
    too, from the same numbers and with the same budget but on other episodes, with nothing forced: what it
    differs by is what searching alone makes of it.

    Args:
        searches: What was found so far; the reference searches of the closed loop are added where they lack.
        levers: Which are forced, one at a time, by name.
    """
    settings, world = searches.settings, searches.scenario
    references = reference_names(CLOSED_LOOP, settings)
    if not searches.found.keys() >= set(references):
        searches.run_references(CLOSED_LOOP)
    begin = searches.numbers(searches.best([*references, *closed_loops(searches.found, world)]))
    fresh = begin in [searches.numbers(name) for name in references]
    episodes = settings.budget + ROUNDS * settings.refine * (1 if fresh else 2)
    everything = arms(world, begin, levers)
    leaders = searches.search_on(everything, begin, FIRST_ROUND)
    return searches.results(everything, leaders, episodes, {forced(lever): lever for lever in levers})


class Ablation(Study[AblationSettings, list[ArmResults]]):
    """What each lever is worth."""

    name, settings_type, home = "ablation", AblationSettings, "ablations"

    def default_name(self) -> str:
        """Name of a new folder in `home`."""
        return "_".join(scenario.name for scenario in self.settings.scenario)

    def plan(self, execute: Execute) -> list[ArmResults]:
        """Every world in turn."""
        return [self._measure(scenario, execute) for scenario in self.settings.scenario]

    def _measure(self, scenario: Scenario, execute: Execute) -> ArmResults:
        asked = self.settings
        searches = ArmSearches(asked, scenario, execute)
        if asked.value:
            references = tuple(reference_names(CLOSED_LOOP, asked))
            point = FromValue(references, scenario, asked.value_folder(scenario))
            (table,) = execute(Stage(f"{searches.room}value", [point], read_value))
            searches.found = {name: found_in(data) for name, data in recorded(table).items()}
        return measure_levers(searches)

    def analyse(self, table: list[ArmResults]) -> Page:
        """What each lever costs in each world, and in which it matters."""
        worlds = {one.scenario.name: ablation_data(one) for one in table}
        pages = {one.scenario.name: ablation_page(one, worlds[one.scenario.name]) for one in table}
        return in_folders(pages, levers_over_worlds(worlds))
