"""What feedback, evaluation and knowledge are worth in a world, measured by searching without them."""

from __future__ import annotations

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, KNOWLEDGE_OFF, OPEN_LOOP, ORACLE
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.studies.arms import (
    ROUNDS,
    Arm,
    ArmResults,
    ArmSearches,
    ArmSettings,
    reference_names,
)
from juguo_agents.studies.arms_page import in_folders
from juguo_agents.studies.study import Execute, Page, Study
from juguo_agents.studies.value.analysis import (
    CLOSED,
    KINDS,
    KNOWING,
    OPEN,
    UNEVALUATED,
    value_data,
    value_page,
)
from juguo_envs.worlds.scenario import Scenario


def arms(world: Scenario, opened: Parameters) -> dict[str, Arm]:
    """All that is searched on, by name; the kinds of feedback are switched off, one in each."""
    return {
        OPEN: Arm(OPEN_LOOP.name, world, begin=opened),
        KNOWING: Arm(ORACLE.name, world, extra=KNOWLEDGE_OFF),
        UNEVALUATED: Arm(CLOSED_LOOP.name, world.override({"observation.shown": 0.0})),
        CLOSED: Arm(CLOSED_LOOP.name, world, loop=True),
        **{kind.name: Arm(CLOSED_LOOP.name, world, loop=True, held=kind.off) for kind in KINDS},
    }


def measure_value(searches: ArmSearches) -> ArmResults:
    """Search the references, search on without each thing, measure all on test episodes."""
    settings = searches.settings
    searches.run_references(OPEN_LOOP, CLOSED_LOOP)
    opened, closed = (
        searches.numbers(searches.best(reference_names(family, settings)))
        for family in (OPEN_LOOP, CLOSED_LOOP)
    )
    everything = arms(searches.scenario, opened)
    leaders = searches.search_on(everything, closed)
    return searches.results(everything, leaders, settings.budget + ROUNDS * settings.refine)


class Value(Study[ArmSettings, list[ArmResults]]):
    """What feedback, evaluation and knowledge are worth."""

    name, settings_type, home = "value", ArmSettings, "values"

    def default_name(self) -> str:
        """Name of a new folder in `home`."""
        return "_".join(scenario.name for scenario in self.settings.scenario)

    def plan(self, execute: Execute) -> list[ArmResults]:
        """Every world in turn."""
        return [
            measure_value(ArmSearches(self.settings, scenario, execute))
            for scenario in self.settings.scenario
        ]

    def analyse(self, table: list[ArmResults]) -> Page:
        """What differences between what was found tell, in each world."""
        return in_folders({one.scenario.name: value_page(one, value_data(one)) for one in table})
