"""The space in which a rule is tuned, from what it declares; and rules with the numbers that were found.

A function that a rule does not fund stays unfunded, and each number stays within the range that the rule
declares: the traditional system stays closed, the social experiment open. What a rule looks at, and where it
pays, is not a number.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from juguo_agents.allocators.declared import RuleShares, numbers_of, shares_of
from juguo_agents.allocators.parametric.space import Number, Shares, Space
from juguo_agents.allocators.registry import make_rule
from juguo_agents.allocators.rule import Rule
from juguo_agents.array_types import Floats, Ints
from juguo_envs.errors import UserError
from juguo_envs.model.state import ACTORS, FUNCTIONS, STAGES

STEP = 0.5
"""First step of a rule's search, on the unconstrained axes."""


class NoNumbers(UserError):
    """A rule that has nothing to tune."""


def space_of(name: str) -> Space:
    """The numbers of a rule by name, those of its institutions included; it starts from its own.

    Raises:
        UnknownAllocator: If there is no such rule.
        NoNumbers: If it has none.
    """
    rule = make_rule(name)
    parts: list[Number | Shares] = list(_shares(shares_of(rule)))
    declared = numbers_of(rule)
    for number in (declared[n] for n in rule.active_numbers()):
        parts.append(
            Number(number.name, number.low, number.high, number.value, number.log, number.whole, STEP)
        )
    if not parts:
        raise NoNumbers(f"rule {name!r} has no numbers to tune")
    return Space(tuple(parts))


def with_numbers(name: str, numbers: Mapping[str, float], label: str) -> Rule:
    """A rule with other numbers, named `label` in tables."""
    rule = make_rule(name)
    declared = shares_of(rule)
    if declared is not None:
        rule.shares = _filled(declared, numbers)
    for key, value in numbers.items():
        if "." not in key:
            setattr(rule, key, value)
    rule.suffix = label.removeprefix(rule.base_name)
    return rule


def _groups(declared: RuleShares) -> list[tuple[str, Ints, float]]:
    """The groups that share among themselves: name, places in the flat array, total."""
    values = declared.values
    places = np.arange(values.size)
    if declared.free == "nothing":
        return []
    if declared.free == "within actors":
        parts = zip(ACTORS, np.split(places, len(ACTORS)), strict=True)
        return [(f"shares.{actor}", p, float(values[p].sum() / values.sum())) for actor, p in parts]
    if values.ndim == 2:
        by_stage = zip(STAGES, np.split(places, len(STAGES)), strict=True)
        return [(f"shares.{stage}", p, 1.0) for stage, p in by_stage]
    return [("shares", places, 1.0)]


def _shares(declared: RuleShares | None) -> list[Shares]:
    """Only what is funded is free; a group of one has nothing to share."""
    if declared is None:
        return []
    values = declared.values.ravel()
    parts = []
    for name, places, total in _groups(declared):
        funded = [int(p) for p in places if values[p] > 0.0]
        if len(funded) > 1:
            members = tuple(FUNCTIONS[p % len(FUNCTIONS)] for p in funded)
            parts.append(Shares(name, members, tuple(values[funded].tolist()), total, STEP))
    return parts


def _filled(declared: RuleShares, numbers: Mapping[str, float]) -> Floats:
    filled = declared.values.ravel().copy()
    for name, places, _ in _groups(declared):
        for place in places:
            filled[place] = numbers.get(f"{name}.{FUNCTIONS[place % len(FUNCTIONS)]}", filled[place])
    return filled.reshape(declared.values.shape)
