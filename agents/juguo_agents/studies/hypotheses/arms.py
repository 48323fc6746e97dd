"""From an arm as the claims state it to an allocator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from juguo_agents.allocators.base import Allocator, Floats, Observed, rows
from juguo_agents.allocators.declared import weights
from juguo_agents.allocators.parametric.policy_classes import (
    CLOSED_LOOP,
    FEEDBACK_OFF,
    OPEN_LOOP,
    find_policy_class,
)
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.allocators.registry import make_rule
from juguo_agents.allocators.rule import Decision, Rule
from juguo_agents.studies.hypotheses.claims import Arm, Thresholds
from juguo_agents.studies.hypotheses.edits import Edited, edits_of
from juguo_envs.worlds.scenario import Scenario

Tuned = Callable[[str], Allocator]
"""The tuned rule of a name, as chosen for the scenario at hand."""


class Given(Rule):
    """Shares and openness as stated, by population, with no exit."""

    idea = "shares as stated"

    def __init__(self, arm: Arm, name: str) -> None:
        """Take what the arm states."""
        super().__init__()
        self.base_name = name  # type: ignore[misc]  # a class variable of rules that have a class each
        self.shares = weights(**(arm.shares or {}))
        self.opened = np.array(arm.openness)
        self.when = arm.advance

    def openness_by_stage(self) -> Floats:
        """(3,) as stated."""
        return self.opened

    def decide(self, seen: Observed) -> Decision:
        """The same shares whatever is seen."""
        if isinstance(self.when, Thresholds):
            advance = self.ready(seen, self.when.K, self.when.F)
        else:
            advance = np.full(self.n, self.when == "at_once")
        where = self.by_population()
        return Decision(rows(self.shares, self.n), where, self.opened[seen.stage], advance)


class Searched:
    """What the searches in one scenario found: parameters by family and by place in the search."""

    def __init__(self, found: dict[str, dict[str, Parameters]]) -> None:
        """Take the parameters by family and place: end, and for the closed loop open_loop and start."""
        self.found = found

    def allocator(self, family: str, at: str, scenario: Scenario, name: str) -> Allocator:
        """The allocator of an arm."""
        parameters = self.found[family][at]
        if family == CLOSED_LOOP.name and at != "end":
            parameters = {**FEEDBACK_OFF, **parameters}
        return find_policy_class(family).allocator([parameters], scenario, name)


def starts_of(scenario: Scenario, start: str) -> Parameters:
    """Where the search of a closed loop began: the parameters of the open loop by the start's name."""
    return OPEN_LOOP.starts(scenario)[start]


def build(arm: Arm, name: str, scenario: Scenario, tuned: Tuned, searched: Searched | None) -> Allocator:
    """The allocator of an arm in a scenario.

    Args:
        arm: As stated.
        name: Its name.
        scenario: The world, changes applied.
        tuned: Gives tuned rules.
        searched: What was searched in the scenario; needed for an arm that is searched.
    """
    allocator: Allocator
    if arm.rule is not None:
        allocator = make_rule(arm.rule)
        for attribute, value in arm.numbers.items():
            setattr(allocator, attribute, value)
    elif arm.tuned is not None:
        allocator = tuned(arm.tuned)
    elif arm.searched is not None:
        if searched is None:
            raise ValueError(f"arm {name}: nothing was searched in this scenario")
        allocator = searched.allocator(arm.searched, arm.at, scenario, name)
    else:
        allocator = Given(arm, name)
    edits = edits_of(arm.edits)
    return Edited(allocator, edits, name) if edits else allocator
