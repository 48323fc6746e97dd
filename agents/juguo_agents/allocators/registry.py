"""Allocators by name. Adding a rule takes its class and one line in `RULES`."""

from __future__ import annotations

import difflib

from juguo_agents.allocators import rules
from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.rules import Rule
from juguo_envs.errors import UserError

RULES: tuple[type[Rule], ...] = (
    rules.Nothing,
    rules.Concentrated,
    rules.KnowledgeCentred,
    rules.TechnologyCentred,
    rules.Market,
    rules.SocialExperiment,
    rules.DemonstrationZone,
    rules.PolicyLearning,
    rules.SupplyLed,
    rules.DemandLed,
    rules.CapabilityFirst,
    rules.Tiered,
    rules.Flat,
    rules.CareOnly,
    rules.ExperimentDiffusion,
)
_BY_NAME = {rule.base_name: rule for rule in RULES}
BASELINE = rules.Concentrated.base_name
EXIT, NO_EXIT = "+exit", "-exit"


class UnknownAllocator(UserError):
    """A name that stands for no allocator; the message lists those there are."""


def rule_names() -> list[str]:
    """The rules as the paper has them."""
    return list(_BY_NAME)


def all_rule_names() -> list[str]:
    """The rules, and each with the exit that it does not have, or without the one that it has."""
    names = []
    for name, rule in _BY_NAME.items():
        names += [name, name + (NO_EXIT if rule.gives_up else EXIT)]
    return names


def make_rule(name: str) -> Allocator:
    """A rule by name: `NAME`, `NAME+exit` or `NAME-exit`.

    Raises:
        UnknownAllocator: If there is none of that name.
    """
    for suffix, exits in ((EXIT, True), (NO_EXIT, False), ("", None)):
        base = name.removesuffix(suffix) if suffix else name
        if name.endswith(suffix) and base in _BY_NAME:
            return _BY_NAME[base](exits)
    close = difflib.get_close_matches(name, all_rule_names(), n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise UnknownAllocator(
        f"unknown allocator {name!r}{hint}; there are {', '.join(rule_names())}, each also with {EXIT} or "
        f"{NO_EXIT}, or the folder of a trained run, of a search, of a searched front or of an explanation"
    )
