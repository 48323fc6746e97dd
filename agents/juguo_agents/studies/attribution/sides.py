"""The two rules that are compared, by what a user names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from juguo_agents.allocators.declared import shares_of
from juguo_agents.allocators.rule import Rule
from juguo_agents.artifacts.load import common_world, digest_of, find_allocators
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

DEFAULT_SCENARIO = "default"


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes:
        rule: What allocates.
        digest: SHA-256 of the search that it was found by; None for a rule as it is.
    """

    rule: Rule
    digest: str | None

    def as_json(self) -> dict[str, Any]:
        """What it allocates by, in plain values."""
        shares = None if shares_of(self.rule) is None else np.asarray(self.rule.shares).tolist()
        return {
            "name": self.rule.name,
            "doctrine": self.rule.base_name,
            "exit": self.rule.exit,
            "relief": self.rule.relieves,
            "shares": shares,
            "numbers": {name: float(getattr(self.rule, name)) for name in self.rule.active_numbers()},
            "sha256": self.digest,
        }


def find_sides(a: str, b: str) -> tuple[Side, Side]:
    """Two rules that differ.

    Args:
        a: The name of a rule, with institutions or not, or the folder or file of a rule's search.
        b: The same.

    Raises:
        UserError: If one is no rule, or both allocate alike.
    """
    first, second = _side(a), _side(b)
    if first.rule.name == second.rule.name and first.digest and second.digest:
        apart = [rule for rule in find_allocators([a, b]) if isinstance(rule, Rule)]  # named after folders
        first, second = Side(apart[0], first.digest), Side(apart[1], second.digest)
    if _allocates_by(first) == _allocates_by(second):
        raise UserError(f"--between {a} {b}: both allocate alike; name two rules that differ")
    return first, second


def home_of(a: str, b: str) -> Scenario:
    """The world in which they are compared where none is named: that of their searches, or `default`.

    Raises:
        UserError: If there is more than one, or it is a family.
    """
    world = common_world([a, b])
    if isinstance(world, Family):
        raise UserError(
            f"--between {a} {b}: searched in a family around {world.base.name}; say by --scenario where to "
            "compare them"
        )
    return world or Scenario.load(DEFAULT_SCENARIO)


def _side(name: str) -> Side:
    found = find_allocators([name])
    if len(found) != 1:
        raise UserError(f"--between: {name!r} stands for {len(found)} allocators; name one rule")
    if not isinstance(found[0], Rule):
        raise UserError(
            f"--between: {name!r} is {found[0].name}, which is no rule; only rules can be divided: "
            "name a rule, or the search of a rule's numbers"
        )
    return Side(found[0], digest_of(name))


def _allocates_by(side: Side) -> dict[str, Any]:
    return {key: value for key, value in side.as_json().items() if key not in ("name", "sha256")}
