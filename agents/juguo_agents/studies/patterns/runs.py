"""Every system is run once on the same episodes; all patterns are measured from what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators import BASELINE, Allocator
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.evaluation.rollout import run
from juguo_agents.processes import work_through
from juguo_agents.report.technologies import first_is_defective
from juguo_agents.studies.patterns.systems import AS_IS, System
from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import N_STRATA
from juguo_envs.worlds.scenario import Scenario

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

EARLY = 12
"""Quarters after which knowledge is compared."""
CRISIS = 0.1
"""Level of a community's crisis above which it counts."""
YEAR = 4
"""Quarters."""


@dataclass(frozen=True)
class Course:
    """What a record does not hold of E episodes of T quarters.

    Attributes:
        early_knowledge: (E,) K after `EARLY` quarters (at the end, of a shorter programme).
        entering_knowledge: (E,) K at the end of the quarter in which diffusion was first entered; NaN where
            it never was.
        crises: (E,) share of community-quarters with a crisis above `CRISIS`.
        places: (E, T + 1, 2) adopting share of the hubs' persons and of all others; NaN where there are none.
        strata: (E, T + 1, 3) adopting share by stratum, the lowest first.
    """

    early_knowledge: Floats
    entering_knowledge: Floats
    crises: Floats
    places: Floats
    strata: Floats


@dataclass(frozen=True)
class Run:
    """An allocator's record and course."""

    record: Record
    course: Course


def follow(allocator: Allocator, scenario: Scenario, seeds: npt.NDArray[np.uint64]) -> Run:
    """Run an allocator on test episodes, one per seed."""
    e, quarters = len(seeds), scenario.programme.T
    course = Course(
        np.zeros(e), np.full(e, np.nan), np.zeros(e), np.zeros((e, quarters + 1, 2)),
        np.zeros((e, quarters + 1, N_STRATA)),
    )  # fmt: skip

    def watch(first: int, quarter: int, batch: Batch) -> None:
        state, rows = batch.state, slice(first, first + batch.size)
        knowledge, entering = state.programme["K"], course.entering_knowledge[rows]
        if quarter < EARLY:
            course.early_knowledge[rows] = knowledge
        enters = np.isnan(entering) & (state.programme["stage"] == 1)
        entering[enters] = knowledge[enters]
        course.crises[rows] += (state.community["crisis"] > CRISIS).mean(1) / quarters
        hubs = batch.structure.hub > 0.0
        for place, chosen in enumerate((hubs, ~hubs)):
            adopters, persons = (array[:, chosen].sum((1, 2)) for array in (state.adopters, state.cells))
            course.places[rows, quarter + 1, place] = adopters / persons if chosen.any() else np.nan
        course.strata[rows, quarter + 1] = state.adopters.sum(1) / np.maximum(state.cells.sum(1), 1)

    return Run(run(allocator, scenario, seeds, watch=watch), course)


@dataclass(frozen=True)
class Runs:
    """What systems did in worlds derived from a scenario, on the same test episodes."""

    scenario: Scenario
    first_seed: int
    episodes: int
    found: dict[System, Run]

    def at(self, name: str, world: str = AS_IS, lever: str | None = None) -> Run:
        """A system's run."""
        return self.found[System(name, world, lever)]

    @cached_property
    def defective(self) -> Bools:
        """(E,) whether the first technology is seriously defective in the world as it is."""
        return first_is_defective(
            Comparison(self.scenario, "noisy", self.first_seed, self.episodes, BASELINE, ())
        )

    @property
    def sound(self) -> npt.NDArray[np.int64]:
        """Indices of the episodes whose first technology is not seriously defective."""
        return np.flatnonzero(~self.defective)


@dataclass(frozen=True)
class _Task:
    system: System
    scenario: Scenario
    first_seed: int
    episodes: int


def _follow(task: _Task) -> Run:
    world = task.system.scenario(task.scenario)
    return follow(task.system.allocator(), world, seeds.test(task.first_seed, task.episodes))


def run_all(
    systems: Iterable[System],
    scenario: Scenario,
    first_seed: int,
    episodes: int,
    workers: int = 1,
    say: Callable[[str], None] | None = None,
) -> Runs:
    """Run each system once; in order of need.

    Raises:
        UserError: If there is no episode, or a seed is no test episode's.
    """
    seeds.test(first_seed, episodes)
    tasks = [_Task(system, scenario, first_seed, episodes) for system in dict.fromkeys(systems)]
    found: dict[System, Run] = {}

    def done(task: _Task, result: Run) -> None:
        found[task.system] = result
        if say:
            say(f"  {len(found)} of {len(tasks)}: {task.system.name}, {task.system.world}")

    work_through(_follow, tasks, workers, done)
    return Runs(scenario, first_seed, episodes, found)
