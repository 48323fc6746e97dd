"""What feedback, evaluation and knowledge are worth in a world, measured by searching without them."""

from __future__ import annotations

from juguo_agents.allocators.parametric.families import CLOSED_LOOP, KNOWLEDGE_OFF, OPEN_LOOP, ORACLE
from juguo_agents.studies.study import Execute, Page, Study
from juguo_agents.studies.value.analysis import CLOSED, KNOWING, OPEN, UNEVALUATED, value_data
from juguo_agents.studies.value.arms import (
    ROUNDS,
    Arm,
    ArmResults,
    ArmSearches,
    ArmSettings,
    reference_names,
    worst_rule,
)
from juguo_agents.studies.value.feedback import KINDS
from juguo_agents.studies.value.page import in_folders, value_page
from juguo_envs.worlds.scenario import Scenario

LOOPS = (CLOSED, *(kind.name for kind in KINDS))
"""Arms whose results are closed loops; what was found without a kind of feedback is one, too."""


def arms(world: Scenario) -> dict[str, Arm]:
    """All that is searched on, by name; the kinds of feedback are switched off, one in each."""
    return {
        OPEN: Arm(OPEN_LOOP.name, world),
        KNOWING: Arm(ORACLE.name, world, extra=KNOWLEDGE_OFF),
        UNEVALUATED: Arm(CLOSED_LOOP.name, world.override({"observation.shown": 0.0})),
        CLOSED: Arm(CLOSED_LOOP.name, world),
        **{kind.name: Arm(CLOSED_LOOP.name, world, held=kind.off) for kind in KINDS},
    }


def measure_value(searches: ArmSearches) -> ArmResults:
    """Search the references, search on without each thing, measure all on test episodes."""
    settings, everything = searches.settings, arms(searches.scenario)
    searches.run_references(OPEN_LOOP, CLOSED_LOOP)
    closed, opened = (
        searches.numbers(searches.best(reference_names(family, settings)))
        for family in (CLOSED_LOOP, OPEN_LOOP)
    )
    leaders = searches.search_on(everything, closed, LOOPS, {OPEN: opened})
    leaders |= {CLOSED: searches.best([leaders[name] for name in LOOPS])}
    returns = searches.measure_rules()
    episodes = settings.budget + ROUNDS * settings.refine
    lowest = float(returns[worst_rule(returns)].mean())
    steps = searches.double(everything, leaders, CLOSED, LOOPS, episodes, lowest)
    returns |= searches.measure_found(search for some in (leaders, *steps) for search in some.values())
    return ArmResults(settings, searches.scenario, searches.found, leaders, steps, CLOSED, episodes, returns)


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
