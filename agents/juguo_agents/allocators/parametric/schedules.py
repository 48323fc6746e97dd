"""The parametric allocators that are searched: constant, thresholds, blind schedules, closed loop.

Each holds one or more candidates, a mapping of parameters for each. Where there are more, the environments of
a batch belong to them in equal runs, the first candidate's first, so that a whole generation is one batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from juguo_agents.allocators.base import RELIEF, Observed, Setting
from juguo_agents.array_types import Bools, Floats, Ints, Seeds, Singles
from juguo_envs.errors import UserError
from juguo_envs.model.state import FUNCTIONS, STAGES
from juguo_envs.spaces.action import encode_allocation

SEGMENTS = tuple(f"segment{i}" for i in range(1, 7))
CONSTANT = ("always",)
MEMBERS = (*FUNCTIONS, "reserve")
EXPERIENCE = 4.0
"""Person-quarters behind an estimate of harm before `thresholds` gives up on it; as the rules have it."""

NO_EXPERIENCE = 0.5
"""The least experience that a closed loop may wait for before it leaves the trial; it means not to wait."""

ADAPTATION, ITERATION = FUNCTIONS.index("adaptation"), FUNCTIONS.index("iteration")


class WrongPlaces(UserError):
    """An allocator that was searched for other communities than those it meets."""


class Searched:
    """Base: candidates, their numbers as columns, and their phases' allocations."""

    phases: ClassVar[tuple[str, ...]]
    """The times that have an allocation each."""

    def __init__(self, candidates: Sequence[Mapping[str, float]], name: str, rounds: int) -> None:
        """Take candidates, the name in tables, and the rounds of the programme they were searched for."""
        self.candidates = candidates
        self._name = name
        self.rounds = rounds

    @property
    def name(self) -> str:
        """Name in tables."""
        return self._name

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; see `Allocator`.

        Raises:
            WrongPlaces: If a community has no weight.
        """
        self.setting = setting
        count = len(self.candidates)
        if len(seeds) % count:
            raise ValueError(f"{len(seeds)} environments cannot be shared by {count} candidates")
        self.row = np.repeat(np.arange(count), len(seeds) // count)
        self._each: dict[str, Floats] = {}
        self.shares = np.stack(
            [np.stack([self.column(f"{p}.shares.{m}") for m in MEMBERS], -1) for p in self.phases], 1
        )
        self.openness = np.stack([self.column(f"{p}.openness") for p in self.phases], 1)
        self.where = self._where()
        self.prepare()

    def prepare(self) -> None:
        """Make ready what does not depend on the observation."""

    def has(self, name: str) -> bool:
        """Whether the candidates have a number of that name."""
        return name in self.candidates[0]

    def column(self, name: str) -> Floats:
        """(candidates,) a number of every candidate."""
        return np.array([candidate[name] for candidate in self.candidates])

    def each(self, name: str) -> Floats:
        """(n,) a number of the candidate to whom each environment belongs."""
        if name not in self._each:
            self._each[name] = self.column(name)[self.row]
        return self._each[name]

    def _where(self) -> Floats:
        """(candidates, phases, R) community weights: population, weights by place, lean to hubs by phase."""
        weights = np.broadcast_to(self.setting.population, (len(self.candidates), len(self.setting.names)))
        placed = [name.removeprefix("place.") for name in self.candidates[0] if name.startswith("place.")]
        if placed:
            if set(placed) != set(self.setting.names):
                raise WrongPlaces(
                    f"{self.name} was searched for the {len(placed)} communities {placed[0]!r} to "
                    f"{placed[-1]!r}; this scenario has {len(self.setting.names)}, from "
                    f"{self.setting.names[0]!r}"
                )
            by_place = np.stack([self.column(f"place.{name}") for name in self.setting.names], -1)
            weights = weights * np.exp(by_place)
        lean = np.stack([self.column(f"{p}.hubs") for p in self.phases], 1)
        where: Floats = weights[:, None] * np.exp(lean[..., None] * self.setting.hubs)
        return where

    def act(self, observation: Singles) -> Singles:
        """Actions for a batch of observations."""
        raise NotImplementedError  # abstract: every class has its own


class Constant(Searched):
    """One allocation for all times; moves on as soon as allowed, or only where the maximum forces it."""

    phases = CONSTANT

    def prepare(self) -> None:
        """(candidates, size) the one action of each."""
        self.action = encode_allocation(
            self.shares[:, 0, :9],
            self.where[:, 0],
            reserve=self.shares[:, 0, 9],
            openness=self.openness[:, 0],
            advance=self.column("advance") >= 0.5,
        )

    def act(self, observation: Singles) -> Singles:
        """The same whatever is seen."""
        return self.action[self.row]


class Thresholds(Searched):
    """One allocation for all times, moved on by K and F, with an exit where harm is seen."""

    phases = CONSTANT

    def act(self, observation: Singles) -> Singles:
        """Asks to advance at K in production and at F afterwards."""
        seen = Observed(self.setting, observation)
        ready = np.where(
            seen.stage == 0, seen.knowledge > self.each("advance.K"), seen.fit > self.each("advance.F")
        )
        return encode_allocation(
            self.shares[self.row, 0, :9],
            self.where[self.row, 0],
            reserve=self.shares[self.row, 0, 9],
            openness=self.openness[self.row, 0],
            advance=ready,
            abandon=(seen.harm > self.each("exit.harm")) & (seen.experience >= EXPERIENCE),
        )


class Schedule(Searched):
    """Blind: allocations, advances and an exit by the clock, whatever happens.

    Of an observation it reads the quarter and nothing else. The stage that it goes by is the one that its
    own dates lead to.
    """

    def prepare(self) -> None:
        """(candidates, quarters, size) every action there will be."""
        quarters = int(np.max(self.setting.quarters))
        stage, advance, abandon = (
            np.stack(rows) for rows in zip(*(self._clock(c, quarters) for c in self.candidates), strict=True)
        )
        phase = self.phase(stage, np.arange(quarters))
        row = np.arange(len(self.candidates))[:, None]
        self.actions = encode_allocation(
            self.shares[row, phase, :9],
            self.where[row, phase],
            reserve=self.shares[row, phase, 9],
            openness=self.openness[row, phase],
            advance=advance,
            abandon=abandon,
        )

    def _clock(self, candidate: Mapping[str, float], quarters: int) -> tuple[Ints, Bools, Bools]:
        """Stage by the dates, and what is asked, for every quarter."""
        stages, advances = np.zeros(quarters, np.int64), np.zeros(quarters, bool)
        abandons = np.zeros(quarters, bool)
        stage = since = 0
        rounds = self.rounds
        for t in range(quarters):
            since += 1
            stages[t] = stage
            advances[t] = since >= candidate.get(f"{STAGES[stage]}.quarters", np.inf)
            abandons[t] = t + 1 == candidate.get("exit.quarter", np.inf) and t + 1 < quarters
            if abandons[t]:
                stage = since = 0
            elif advances[t] and stage < 2:
                stage, since = stage + 1, 0
            elif advances[t] and rounds > 1:
                stage, since, rounds = 0, 0, rounds - 1
        return stages, advances, abandons

    def phase(self, stage: Ints, quarter: Ints) -> Ints:
        """(candidates, quarters) which allocation holds."""
        raise NotImplementedError  # abstract: by stage or by segment

    def act(self, observation: Singles) -> Singles:
        """Looks up the quarter."""
        quarter = Observed(self.setting, observation).quarter
        return self.actions[self.row, np.minimum(quarter, self.setting.quarters - 1)]


class OpenLoop(Schedule):
    """One allocation for each stage."""

    phases = STAGES

    def phase(self, stage: Ints, quarter: Ints) -> Ints:
        """The stage by the dates."""
        return stage


class OpenLoopSegments(Schedule):
    """One allocation for each of six equal segments in time."""

    phases = SEGMENTS

    def phase(self, stage: Ints, quarter: Ints) -> Ints:
        """The segment, whatever the stage."""
        segment = quarter * len(self.phases) // int(np.max(self.setting.quarters))
        return np.broadcast_to(segment, stage.shape)


class ClosedLoop(Searched):
    """The open loop, and feedback: every part of it can be switched off, and then it is the open loop.

    Thresholds that are compared with something in [0, 1] are strict, so that 1 means never.
    """

    phases = STAGES

    def see(self, observation: Singles) -> Observed:
        """What it decides on."""
        return Observed(self.setting, observation)

    def act(self, observation: Singles) -> Singles:
        """Decides on the stage, the harm, the crises and who lags behind."""
        seen = self.see(observation)
        functions = self.shares[self.row, seen.stage].copy()
        in_need = seen.excluded > self.each("resilience.above")
        functions[:, 8] += np.where(in_need, self.each("resilience.extra"), 0.0)
        harmful = seen.harm > self.each("redesign.above")
        redesign = np.where(seen.stage == 2, ITERATION, ADAPTATION)
        functions[np.arange(len(self.row)), redesign] += np.where(harmful, self.each("redesign.extra"), 0.0)
        relief = self.each("relief.extra") * self.setting.mean(seen.crisis)
        functions[:, RELIEF] += relief[:, None] / len(RELIEF)
        low = np.exp(self.each("lean.resilience")[:, None] * (0.5 - seen.resilience))
        behind = np.exp(-self.each("lean.adoption")[:, None] * seen.adoption_by_place)
        fixing = np.exp(np.where(harmful, self.each("redesign.hubs"), 0.0)[:, None] * self.setting.hubs)
        struck = 1.0 + self.each("lean.crisis")[:, None] * seen.crisis
        return encode_allocation(
            functions[:, :9],
            self.where[self.row, seen.stage] * low * behind * struck * fixing,
            reserve=functions[:, 9],
            openness=self.openness[self.row, seen.stage],
            advance=self._advance(seen),
            abandon=self._abandon(seen),
        )

    def _advance(self, seen: Observed) -> Bools:
        """By date, or earlier by K or F; not while harm is seen, nor out of the trial without experience."""
        latest = np.stack([self._latest(stage) for stage in STAGES], -1)
        due = seen.stage_quarters + 1 >= latest[np.arange(len(self.row)), seen.stage]
        early = (seen.stage == 0) & (seen.knowledge > self.each("advance.K"))
        early |= (seen.stage == 1) & (seen.fit > self.each("advance.F"))
        calm = seen.harm <= self.each("hold.harm")
        needed = self.each("hold.experience")
        tried = (seen.stage != 1) | (needed <= NO_EXPERIENCE) | (seen.experience >= needed)
        ready: Bools = (due | early) & calm & tried
        return ready

    def _latest(self, stage: str) -> Floats:
        """(n,) quarters after which a stage is left by date."""
        name = f"{stage}.quarters"
        return self.each(name) if self.has(name) else np.full(len(self.row), np.inf)

    def _limit(self, seen: Observed) -> Floats:
        """(n,) harm above which a project is given up."""
        limits = np.stack([self.each(f"exit.harm.{stage}") for stage in STAGES], -1)
        limit: Floats = limits[np.arange(len(self.row)), seen.stage]
        return limit

    def _abandon(self, seen: Observed) -> Bools:
        """Where harm is seen on enough experience and time remains; or by date."""
        harmful = seen.harm > self._limit(seen)
        known = seen.experience >= self.each("exit.experience")
        known &= seen.project_quarters >= self.each("exit.patience")
        worthwhile = self.setting.quarters - seen.quarter >= self.each("exit.time_left")
        leave: Bools = harmful & known & worthwhile
        if self.has("exit.quarter"):
            now = seen.quarter + 1
            leave |= (now == self.each("exit.quarter")) & (now < self.setting.quarters)
        return leave
