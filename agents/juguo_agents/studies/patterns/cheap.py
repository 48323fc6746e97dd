"""The patterns that need no search: 1 to 4, 6, 7 and 10."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from juguo_agents.evaluation import seeds
from juguo_agents.studies.patterns import concentration, crises, curves, earning
from juguo_agents.studies.patterns.pattern import Pattern
from juguo_agents.studies.patterns.runs import Runs, run_all
from juguo_agents.studies.patterns.systems import System
from juguo_envs.worlds.scenario import Scenario


@dataclass(frozen=True)
class Cheap:
    """How a pattern is measured: who is run, and what is reckoned from it."""

    systems: Callable[[], list[System]]
    measure: Callable[[Runs], Pattern]


CHEAP: dict[int, Cheap] = {
    1: Cheap(earning.programmes_pay_systems, earning.programmes_pay),
    2: Cheap(concentration.systems, concentration.concentration),
    3: Cheap(curves.s_curve_systems, curves.s_curve),
    4: Cheap(curves.divide_systems, curves.divide),
    6: Cheap(crises.systems, crises.crises_are_exceptions),
    7: Cheap(earning.care_systems, earning.care_is_not_enough),
    10: Cheap(earning.idle_systems, earning.no_programme_no_diffusion),
}


def run_cheap(
    scenario: Scenario,
    episodes: int,
    first_seed: int,
    only: Collection[int] = tuple(CHEAP),
    workers: int = 1,
    say: Callable[[str], None] | None = None,
) -> Runs:
    """Run all that some of these patterns are measured from; see `run_all`."""
    systems = [system for number, cheap in CHEAP.items() if number in only for system in cheap.systems()]
    return run_all(systems, scenario, first_seed, episodes, workers, say)


def measure_cheap(
    scenario: Scenario,
    episodes: int = 200,
    first_seed: int = seeds.PATTERNS.first,
    only: Collection[int] = tuple(CHEAP),
    workers: int = 1,
) -> list[Pattern]:
    """Measure patterns that need no search, on test episodes from `first_seed` on.

    Raises:
        UserError: If there is no episode, or a seed is no test episode's.
    """
    runs = run_cheap(scenario, episodes, first_seed, only, workers)
    return [cheap.measure(runs) for number, cheap in CHEAP.items() if number in only]
