"""The policy classes that are searched: the numbers of each in a scenario, and the allocators they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Protocol

import numpy as np

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.declared import RuleShares
from juguo_agents.allocators.levers import Forced, Lever, find_lever
from juguo_agents.allocators.parametric import rule_numbers
from juguo_agents.allocators.parametric.oracle import Oracle
from juguo_agents.allocators.parametric.schedules import (
    MEMBERS,
    NO_EXPERIENCE,
    ClosedLoop,
    Constant,
    OpenLoop,
    OpenLoopSegments,
    Searched,
    Thresholds,
)
from juguo_agents.allocators.parametric.space import Number, Parameters, Shares, Space
from juguo_agents.allocators.registry import RULES
from juguo_agents.allocators.side_by_side import SideBySide
from juguo_agents.array_types import Floats
from juguo_envs.documents import load_mapping
from juguo_envs.errors import UserError, unknown
from juguo_envs.model.state import STAGES
from juguo_envs.worlds.scenario import Scenario

RULE = "rule:"
PLACES = 10
"""Up to so many communities each has a weight of its own; where there are more, only hubs are told apart."""
FEEDBACK_OFF: Parameters = {
    "advance.K": 1.0,
    "advance.F": 1.0,
    "hold.harm": 1.0,
    "hold.experience": NO_EXPERIENCE,
    "exit.harm.production": 1.0,
    "exit.harm.diffusion": 1.0,
    "exit.harm.application": 1.0,
    "exit.experience": 4.0,
    "exit.patience": 0.0,
    "exit.time_left": 0.0,
    "lean.resilience": 0.0,
    "lean.adoption": 0.0,
    "redesign.hubs": 0.0,
    "lean.crisis": 0.0,
    "relief.extra": 0.0,
    "resilience.above": 0.05,
    "resilience.extra": 0.0,
    "redesign.above": 0.1,
    "redesign.extra": 0.0,
}
"""The feedback of `closed_loop` with which it is the open loop, action for action."""
FEEDBACK_STARTS: dict[str, Parameters] = {
    "moderate": {},
    "leave": {
        "hold.harm": 0.5,
        "exit.harm.production": 0.15,
        "exit.harm.diffusion": 0.15,
        "exit.harm.application": 0.3,
        "exit.patience": 3.0,
        "exit.time_left": 25.0,
        "lean.crisis": 8.0,
        "relief.extra": 1.0,
        "redesign.extra": 0.0,
    },
    "repair": {
        "hold.harm": 0.5,
        "exit.harm.production": 0.9,
        "exit.harm.diffusion": 0.9,
        "exit.harm.application": 0.9,
        "lean.crisis": 8.0,
        "relief.extra": 1.0,
        "redesign.above": 0.08,
        "redesign.extra": 0.5,
        "redesign.hubs": 1.5,
    },
    "repair or leave": {
        "hold.harm": 0.3,
        "exit.harm.production": 0.3,
        "exit.harm.diffusion": 0.15,
        "exit.harm.application": 0.25,
        "exit.experience": 10.0,
        "exit.patience": 3.0,
        "exit.time_left": 25.0,
        "lean.adoption": 4.0,
        "lean.crisis": 12.0,
        "relief.extra": 1.4,
        "redesign.above": 0.08,
        "redesign.extra": 0.5,
        "redesign.hubs": 2.0,
    },
}
"""Ways to react with which the search of a closed loop may begin; the best is taken."""
KNOWLEDGE_OFF: Parameters = {"exit.ceiling": 0.0, "exit.repairable": 1.0}
"""What the oracle knows beside the harm, unused."""
WARM_START = "begun"
"""The start that an earlier search found; see `warm_start_numbers`."""
REFINE = 0.3
"""First step of a search on the numbers that it takes over from another one."""


class UnknownPolicyClass(UserError):
    """A name that stands for no policy class."""


class PolicyClass(Protocol):
    """Allocators that differ by numbers."""

    @property
    def name(self) -> str:
        """Name as the user gives it."""
        ...

    @property
    def label(self) -> str:
        """Name of a found allocator in tables."""
        ...

    def space(self, scenario: Scenario) -> Space:
        """The numbers in a scenario."""
        ...

    def starts(self, scenario: Scenario) -> dict[str, Parameters]:
        """Places where a search may begin, by name; it begins at the best of them."""
        ...

    def allocator(
        self, candidates: Sequence[Mapping[str, float]], scenario: Scenario, name: str | None = None
    ) -> Allocator:
        """One allocator that acts for all candidates, on equal runs of a batch; `label` is its name."""
        ...


@dataclass(frozen=True)
class Parametric:
    """A class of `schedules`."""

    name: str
    kind: type[Searched]

    @property
    def label(self) -> str:
        """Name in tables."""
        return self.name if issubclass(self.kind, Oracle) else f"searched_{self.name}"

    def space(self, scenario: Scenario) -> Space:
        """Allocations by phase, weights by place, and what else the class decides."""
        parts = [part for phase in self.kind.phases for part in _allocation(phase)]
        parts += _places(scenario)
        if self.kind is Constant:
            # a wide step: from one end of its axis the search tries the other, too
            parts.append(Number("advance", 0, 1, 1, whole=True, step=5.0))
        elif self.kind is Thresholds:
            parts += [
                Number("advance.K", 0.05, 1, 0.5),
                Number("advance.F", 0.05, 1, 0.3),
                Number("exit.harm", 0.01, 1, 0.15, log=True),
            ]
        else:
            parts += _dates(scenario)
        if issubclass(self.kind, ClosedLoop):
            parts += _feedback(scenario)
        if issubclass(self.kind, Oracle):
            parts += [
                Number("exit.ceiling", 0, 1, 0.3),
                Number("exit.repairable", 1, 50, 2, log=True),
            ]
        return Space(tuple(parts))

    def starts(self, scenario: Scenario) -> dict[str, Parameters]:
        """Flat, the shares and the openness of every rule that has shares, and what was found before."""
        flat = self.space(scenario).start
        found = {"flat": flat}
        for rule in RULES:
            shares = vars(rule).get("shares")  # not inherited, or the same start would be tried twice
            if not isinstance(shares, RuleShares) or (shares.values.ndim == 2 and len(self.kind.phases) == 1):
                continue
            begun = flat | self._as_rule(shares.values, rule().openness_by_stage())
            found.setdefault(rule.base_name, begun)
        if self.kind.phases == STAGES:
            begun = {name: x for name, x in warm_start_numbers().items() if name in flat}
            space = self.space(scenario)
            found[WARM_START] = space.starting({**begun, **space.within(begun)}, REFINE).start
        return found

    def _as_rule(self, shares: Floats, opened: Floats) -> Parameters:
        """A rule's shares by phase; a tenth is flat, so that nothing begins stuck at zero."""
        found: Parameters = {}
        for i, phase in enumerate(self.kind.phases):
            stage = min(2, i)  # six segments in time: one for each of the first stages, the rest application
            row = shares[stage] if shares.ndim == 2 else shares
            mixed = np.append(0.9 * row / row.sum() + 0.1 / 9.0, 0.01) / 1.01
            found |= {f"{phase}.shares.{m}": float(x) for m, x in zip(MEMBERS, mixed, strict=True)}
            found[f"{phase}.openness"] = float(opened[stage])
        return found

    def allocator(
        self, candidates: Sequence[Mapping[str, float]], scenario: Scenario, name: str | None = None
    ) -> Allocator:
        """One allocator for all candidates."""
        return self.kind(candidates, name or self.label, scenario.programme.rounds)


@dataclass(frozen=True)
class TunedRule:
    """A rule with its numbers free, within what keeps it the same rule."""

    rule: str

    @property
    def name(self) -> str:
        """Name as the user gives it."""
        return RULE + self.rule

    @property
    def label(self) -> str:
        """Name in tables."""
        return f"{self.rule}:tuned"

    def space(self, scenario: Scenario) -> Space:
        """The rule's numbers; they are the same in every scenario."""
        return rule_numbers.space_of(self.rule)

    def starts(self, scenario: Scenario) -> dict[str, Parameters]:
        """The rule as it is."""
        return {"own numbers": self.space(scenario).start}

    def allocator(
        self, candidates: Sequence[Mapping[str, float]], scenario: Scenario, name: str | None = None
    ) -> Allocator:
        """The rule with each candidate's numbers."""
        rules = [rule_numbers.with_numbers(self.rule, c, name or self.label) for c in candidates]
        return rules[0] if len(rules) == 1 else SideBySide(rules)


@dataclass(frozen=True)
class ForcedPolicyClass:
    """Another policy class with one lever forced: what is best without it."""

    inner: PolicyClass
    lever: Lever

    @property
    def name(self) -> str:
        """The other's name; the lever is told beside it."""
        return self.inner.name

    @property
    def label(self) -> str:
        """Name in tables."""
        return f"{self.inner.label}|{self.lever.name}"

    def space(self, scenario: Scenario) -> Space:
        """The other's numbers; those of the lever have no effect."""
        return self.inner.space(scenario)

    def starts(self, scenario: Scenario) -> dict[str, Parameters]:
        """The other's."""
        return self.inner.starts(scenario)

    def allocator(
        self, candidates: Sequence[Mapping[str, float]], scenario: Scenario, name: str | None = None
    ) -> Allocator:
        """The other's allocator, forced."""
        return Forced(self.inner.allocator(candidates, scenario, name or self.inner.label), self.lever)


OPEN_LOOP = Parametric("open_loop", OpenLoop)
CLOSED_LOOP = Parametric("closed_loop", ClosedLoop)
ORACLE = Parametric("oracle", Oracle)
PARAMETRIC = (
    Parametric("constant", Constant),
    Parametric("thresholds", Thresholds),
    OPEN_LOOP,
    Parametric("open_loop_segments", OpenLoopSegments),
    CLOSED_LOOP,
    ORACLE,
)


def find_policy_class(name: str, lever: str | None = None) -> PolicyClass:
    """The policy class of a name, with a lever forced where one is named.

    Raises:
        UnknownPolicyClass: If there is none.
        NoNumbers: If it is a rule that has no numbers.
        UnknownAllocator: If it is a rule that does not exist.
        UnknownLever: If there is no such lever.
    """
    if lever is not None:
        return ForcedPolicyClass(find_policy_class(name), find_lever(lever))
    if name.startswith(RULE):
        rule_numbers.space_of(name.removeprefix(RULE))
        return TunedRule(name.removeprefix(RULE))
    known = {known.name: known for known in PARAMETRIC}
    if name in known:
        return known[name]
    raise UnknownPolicyClass(f"{unknown('family', name, known)} and {RULE}NAME")


@cache
def warm_start_numbers() -> Parameters:
    """Numbers of a closed loop that carries technologies in `default`; see the file."""
    text = (resources.files("juguo_agents.allocators.parametric") / "warm_start.yaml").read_text(
        encoding="utf-8"
    )
    return {name: float(value) for name, value in load_mapping(text, "warm_start.yaml").items()}


def _allocation(phase: str) -> list[Number | Shares]:
    """An allocation; flat, half open and by population unless a rule's is a better start."""
    return [
        Shares(f"{phase}.shares", MEMBERS, (1.0,) * 9 + (0.1,)),
        Number(f"{phase}.openness", 0, 1, 0.5),
        Number(f"{phase}.hubs", -4, 4, 0),
    ]


def _places(scenario: Scenario) -> list[Number | Shares]:
    names = [c.name for c in scenario.society.listed()]
    if len(names) > PLACES:
        return []
    return [Number(f"place.{name}", -2, 2, 0) for name in names]


def _dates(scenario: Scenario) -> list[Number | Shares]:
    """Quarters in production and diffusion, within what the programme allows; an exit by date.

    Where rounds follow each other, application has a date too, and there is no exit by date: it could
    fall where the programme does not allow it, and the clock would then be wrong.
    """
    programme = scenario.programme
    parts: list[Number | Shares] = []
    for stage, least, most in zip(STAGES, programme.minimum, programme.maximum, strict=False):
        high = max(least, min(most, programme.T))
        start = min(high, max(least, programme.T // 6))
        parts.append(Number(f"{stage}.quarters", least, high, start, whole=True))
    if programme.rounds > 1:
        least = programme.minimum[2]
        start = max(least, programme.T // programme.rounds // 2)
        parts.append(Number("application.quarters", least, max(least, programme.T), start, whole=True))
    else:
        parts.append(Number("exit.quarter", 1, programme.T, programme.T, whole=True))
    return parts


def _feedback(scenario: Scenario) -> list[Number | Shares]:
    """The feedback, and where its search begins: moderate, near what the rules of the paper do."""
    return [
        Number("advance.K", 0.05, 1, 0.5),
        Number("advance.F", 0.05, 1, 0.5),
        Number("hold.harm", 0.01, 1, 0.1, log=True),
        Number("exit.harm.production", 0.01, 1, 0.12, log=True),
        Number("exit.harm.diffusion", 0.01, 1, 0.12, log=True),
        Number("exit.harm.application", 0.01, 1, 0.15, log=True),
        Number("exit.experience", 0.5, 100, 4, log=True),
        Number("exit.patience", 0, 30, 4, whole=True),
        Number("hold.experience", NO_EXPERIENCE, 200, 2, log=True),
        Number("exit.time_left", 0, scenario.programme.T // 2, scenario.programme.T // 10, whole=True),
        Number("lean.resilience", 0, 10, 1),
        Number("lean.adoption", -10, 10, 0.5),
        Number("redesign.hubs", 0, 4, 0),
        Number("lean.crisis", 0, 60, 2),
        Number("relief.extra", 0, 8, 0.2),
        Number("resilience.above", 0, 0.5, 0.05),
        Number("resilience.extra", 0, 2, 0.2),
        Number("redesign.above", 0.01, 1, 0.1, log=True),
        Number("redesign.extra", 0, 3, 0.3),
    ]
