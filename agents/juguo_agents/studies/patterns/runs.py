"""The stylised facts and their bands, and the systems that are run for them, all on the same episodes.

The bands are this project's. Only that of p and q in fact 3 is a range of published figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from juguo_agents.allocators import BASELINE, Allocator, like_for_like, make_rule, rule_names
from juguo_agents.allocators.levers import Forced, find_lever
from juguo_agents.array_types import Bools, Floats, Ints, Seeds
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.statistics import Estimate
from juguo_agents.report.technologies import first_given_up, first_is_defective
from juguo_agents.report.texts import say
from juguo_agents.studies.arrays import to_table
from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import N_STRATA
from juguo_envs.worlds.scenario import Scenario

Verdict = Literal["yes", "no", "undecided"]
YES: Verdict = "yes"
NO: Verdict = "no"
UNDECIDED: Verdict = "undecided"
UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))
"""A figure that cannot be told."""


@dataclass(frozen=True)
class Fact:
    """A stylised fact, by its number from 1; its texts are in the catalogue."""

    number: int

    def as_json(self) -> dict[str, Any]:
        """In English: what it is called, what must hold of a world, and literature that reports it.

        The page of stylised facts has the literature in full.
        """
        texts = {part: say(f"patterns.fact.{self.number}.{part}", "en") for part in FACT_PARTS}
        return {"number": self.number, **texts}


FACT_PARTS = ("name", "statement", "source")
FACTS = {number: Fact(number) for number in range(1, 11)}
"""The stylised facts by their numbers."""


@dataclass(frozen=True)
class Band:
    """Where a figure must lie.

    Attributes:
        least, most: Its ends; None where there is none.
        above: Whether the figure must be above `least`, not only reach it.
        beyond_noise: Whether the whole interval must lie in the band, not only the estimate.
    """

    least: float | None = None
    most: float | None = None
    above: bool = False
    beyond_noise: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number lies in the band; one that could not be measured does not."""
        if not math.isfinite(value):
            return False
        if self.least is not None and (value < self.least or (self.above and value == self.least)):
            return False
        return self.most is None or value <= self.most

    def text(self) -> str:
        """The band in signs, in English."""
        if self.least is not None and self.most is not None:
            return say("patterns.band.between", "en", low=f"{self.least:.3g}", high=f"{self.most:.3g}")
        end = (
            f"<= {self.most:.3g}" if self.least is None else f"{'>' if self.above else '>='} {self.least:.3g}"
        )
        return say("patterns.band.noise", "en", band=end) if self.beyond_noise else end


@dataclass(frozen=True)
class Part:
    """One figure of a pattern.

    Attributes:
        name: What was measured, with its unit, in English: one of the texts `patterns.part.*`.
        estimate: The figure and its interval, 95 %, over the episodes; NaN where it cannot be told.
        band: Where it must lie; None where it is told but decides nothing.
    """

    name: str
    estimate: Estimate
    band: Band | None = None

    @property
    def holds(self) -> bool:
        """Whether it lies in its band: the estimate, or the interval where the band is beyond noise."""
        if self.band is None:
            return True
        if self.band.beyond_noise:
            return self.band.holds(self.estimate.low) and self.band.holds(self.estimate.high)
        return self.band.holds(self.estimate.mean)

    @property
    def verdict(self) -> str:
        """`yes` or `no` where the whole interval says so, else `undecided`; empty where nothing is asked."""
        if self.band is None:
            return ""
        if {self.band.holds(x) for x in (self.estimate.low, self.estimate.high)} != {self.holds}:
            return UNDECIDED
        return YES if self.holds else NO

    def as_json(self) -> dict[str, Any]:
        """Plain values; None where a figure could not be told."""
        estimate, band = self.estimate, self.band
        return {
            "name": self.name,
            **_plain({"measured": estimate.mean, "low": estimate.low, "high": estimate.high}),
            "band": band.text() if band else None,
            "holds": self.holds if band else None,
            "verdict": self.verdict or None,
        }


@dataclass(frozen=True)
class Pattern:
    """A stylised fact and what was measured of it.

    Attributes:
        fact: What must hold.
        parts: All that was measured; the pattern holds where every part with a band does.
        details: Further figures, plain values.
        expected: Whether it is meant to hold in this world.
    """

    fact: Fact
    parts: tuple[Part, ...]
    details: dict[str, Any] = field(default_factory=dict)
    expected: bool = True

    @property
    def holds(self) -> bool:
        """Whether every part lies in its band."""
        return all(part.holds for part in self.parts)

    @property
    def verdict(self) -> str:
        """`no` where one part is out of its band for sure, `yes` where all are in it for sure."""
        verdicts = [part.verdict for part in self.parts if part.band]
        if NO in verdicts:
            return NO
        return UNDECIDED if UNDECIDED in verdicts else YES

    def as_json(self) -> dict[str, Any]:
        """Plain values; `part` to `band` are of the first part that does not hold, or of the first."""
        asked = [part for part in self.parts if part.band]
        leading = next((part for part in asked if not part.holds), asked[0]).as_json()
        return {
            **self.fact.as_json(),
            "holds": self.holds,
            "verdict": self.verdict,
            "expected": self.expected,
            "part": leading["name"],
            **{key: leading[key] for key in ("measured", "low", "high", "band")},
            "parts": [part.as_json() for part in self.parts],
            "details": _plain(self.details),
        }


def _plain(value: Any) -> Any:
    """Plain values with None in the place of numbers that could not be told, at any depth."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


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
    given_up: Bools
    early_knowledge: Floats
    entering_knowledge: Floats
    crises: Floats
    places: Floats
    strata: Floats


def follow(allocator: Allocator, scenario: Scenario, episodes: Seeds) -> Run:
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
        hubs = batch.structure.hub > 0.0
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
    def defective(self) -> Bools:
        """(E,) whether the first technology is seriously defective in the world as it is."""
        return first_is_defective(
            Comparison(self.scenario, "noisy", self.first_seed, self.episodes, BASELINE, ())
        )

    @property
    def sound(self) -> Ints:
        """Indices of the episodes whose first technology is not seriously defective."""
        return np.flatnonzero(~self.defective)
