"""The systems that are run for the patterns, and what is recorded of them, all on the same episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from juguo_agents.allocators import BASELINE, Allocator, like_for_like, make_rule, rule_names
from juguo_agents.allocators.levers import Forced, find_lever
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import run
from juguo_agents.report.technologies import first_given_up, first_is_defective
from juguo_agents.studies.arrays import to_table
from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import N_STRATA
from juguo_envs.worlds.scenario import Scenario

Floats = npt.NDArray[np.float64]

NOTHING, CARE, KNOWLEDGE = "nothing", "care_only", "knowledge_centred"
CONCENTRATED, MARKET, FLAT = "concentrated", "market", "flat"
AS_IS, CALM, SOUND = "as it is", "no shocks", "sound technology, no shocks"
WORLDS: dict[str, dict[str, float]] = {
    AS_IS: {},
    CALM: {"crisis.shock_rate": 0.0},
    SOUND: {"crisis.shock_rate": 0.0, "defect.p_X": 0.0},
}
"""Worlds that are derived from a scenario, by the fields that are changed."""

EARLY = 12
"""Quarters after which knowledge is compared."""
CRISIS = 0.1
"""Level of a community's crisis above which it counts."""
YEAR = 4
"""Quarters."""


def bringing() -> list[str]:
    """The doctrines that bring a technology to people."""
    return [name for name in rule_names() if name not in (NOTHING, KNOWLEDGE, CARE)]


@dataclass(frozen=True)
class System:
    """An allocator in a world.

    Attributes:
        name: The rule's, as `make_rule` takes it.
        world: One of `WORLDS`.
        lever: A lever that is forced, if any.
    """

    name: str
    world: str = AS_IS
    lever: str | None = None

    def allocator(self) -> Allocator:
        """The allocator, its lever forced."""
        rule = make_rule(self.name)
        return Forced(rule, find_lever(self.lever)) if self.lever else rule

    def scenario(self, base: Scenario) -> Scenario:
        """Its world."""
        changes = WORLDS[self.world]
        return base.override(changes) if changes else base


def alike(doctrines: list[str], world: str = AS_IS, lever: str | None = None) -> list[System]:
    """Doctrines with both institutions, in a world."""
    return [System(like_for_like(name), world, lever) for name in doctrines]


@dataclass(frozen=True)
class Run:
    """E episodes of T quarters under an allocator.

    Attributes:
        returns: (E,) return.
        excluded: (E,) share of the excluded, mean over the quarters.
        adoption: (E, T + 1) adopting share.
        given_up: (E,) whether the first technology was given up.
        early_knowledge: (E,) K after `EARLY` quarters (at the end, of a shorter programme).
        entering_knowledge: (E,) K at the end of the quarter in which diffusion was first entered; NaN where
            it never was.
        crises: (E,) share of community-quarters with a crisis above `CRISIS`.
        places: (E, T + 1, 2) adopting share of the hubs' persons and of all others; NaN where there are none.
        strata: (E, T + 1, 3) adopting share by stratum, the lowest first.
    """

    returns: Floats
    excluded: Floats
    adoption: Floats
    given_up: npt.NDArray[np.bool_]
    early_knowledge: Floats
    entering_knowledge: Floats
    crises: Floats
    places: Floats
    strata: Floats


def follow(allocator: Allocator, scenario: Scenario, episodes: npt.NDArray[np.uint64]) -> Run:
    """Run an allocator on test episodes, one per seed."""
    e, quarters = len(episodes), scenario.programme.T
    early, entering, crises = np.zeros(e), np.full(e, np.nan), np.zeros(e)
    places, strata = np.zeros((e, quarters + 1, 2)), np.zeros((e, quarters + 1, N_STRATA))

    def watch(first: int, quarter: int, batch: Batch) -> None:
        state, rows = batch.state, slice(first, first + batch.size)
        knowledge, unset = state.programme["K"], np.isnan(entering[rows])
        if quarter < EARLY:
            early[rows] = knowledge
        enters = unset & (state.programme["stage"] == 1)
        entering[rows][enters] = knowledge[enters]
        crises[rows] += (state.community["crisis"] > CRISIS).mean(1) / quarters
        hubs = batch.world.hub > 0.0
        for place, chosen in enumerate((hubs, ~hubs)):
            adopters, persons = (array[:, chosen].sum((1, 2)) for array in (state.adopters, state.cells))
            places[rows, quarter + 1, place] = adopters / persons if chosen.any() else np.nan
        strata[rows, quarter + 1] = state.adopters.sum(1) / np.maximum(state.cells.sum(1), 1)

    record = run(allocator, scenario, episodes, watch=watch)
    return Run(
        record.returns, record.excluded, record.adoption, first_given_up(record), early, entering, crises,
        places, strata,
    )  # fmt: skip


@dataclass(frozen=True)
class SystemPoint:
    """A system on test episodes; `base` is the scenario that its world is derived from."""

    system: System
    base: Scenario
    first_seed: int
    episodes: int

    @property
    def key(self) -> str:
        """The system's."""
        system = self.system
        return f"{system.name} ({system.world}{', without ' + system.lever if system.lever else ''})"


def run_system(point: SystemPoint, work: Path) -> pa.Table:
    """The run of a system, a column each field."""
    episodes = seeds.test(point.first_seed, point.episodes)
    return to_table(vars(follow(point.system.allocator(), point.system.scenario(point.base), episodes)))


@dataclass(frozen=True)
class Runs:
    """What systems did in worlds derived from a scenario, on the same test episodes."""

    scenario: Scenario
    first_seed: int
    episodes: int
    by_system: Mapping[System, Run]

    def at(self, name: str, world: str = AS_IS, lever: str | None = None) -> Run:
        """A system's run."""
        return self.by_system[System(name, world, lever)]

    def alike(self, name: str, world: str = AS_IS, lever: str | None = None) -> Run:
        """The run of a doctrine with both institutions."""
        return self.at(like_for_like(name), world, lever)

    @cached_property
    def defective(self) -> npt.NDArray[np.bool_]:
        """(E,) whether the first technology is seriously defective in the world as it is."""
        return first_is_defective(
            Comparison(self.scenario, "noisy", self.first_seed, self.episodes, BASELINE, ())
        )

    @property
    def sound(self) -> npt.NDArray[np.int64]:
        """Indices of the episodes whose first technology is not seriously defective."""
        return np.flatnonzero(~self.defective)
