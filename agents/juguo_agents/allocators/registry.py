"""Allocators by name: every rule that `rules` defines, and its variants with other institutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from juguo_agents.allocators import rules
from juguo_agents.allocators.institutions import LIKE_FOR_LIKE, Exit, Institutions, split_name
from juguo_agents.allocators.rule import Rule
from juguo_envs.errors import UserError, did_you_mean

RULES: tuple[type[Rule], ...] = tuple(
    found
    for found in vars(rules).values()
    if isinstance(found, type) and issubclass(found, Rule) and "base_name" in vars(found)
)
"""The rules in the order in which they are defined."""
_BY_NAME = {rule.base_name: rule for rule in RULES}
BASELINE = rules.Concentrated.base_name + LIKE_FOR_LIKE
"""The traditional system, with both institutions as every doctrine has them where all are alike."""
NOTHING = rules.Nothing.base_name
"""No programme."""


class UnknownAllocator(UserError):
    """A name that stands for no allocator; the message lists those there are."""


class NamedTwice(UserError):
    """Allocators that are one and the same; the message names both."""


@dataclass(frozen=True)
class Variant:
    """What a rule's name stands for: two names with the same variant allocate alike.

    Attributes:
        doctrine: The rule's name without institutions.
        exit: "none", the rule's "own", or the "common" one.
        relief: Whether it answers crises.
    """

    doctrine: str
    exit: Exit
    relief: bool


def rule_names() -> list[str]:
    """The rules as the paper has them."""
    return list(_BY_NAME)


def cell_name(doctrine: str, exit: bool, relief: bool) -> str:
    """The shortest name of a doctrine with or without the common exit and relief."""
    wanted = Variant(doctrine, "common" if exit else "none", relief)
    choices = [Institutions(e, r) for e in (None, exit) for r in (None, relief)]
    names = (doctrine + choice.suffix for choice in choices)
    return min((name for name in names if variant_of(name) == wanted), key=len)


def all_rule_names() -> list[str]:
    """Every rule as the paper has it, and with each combination of institutions; no two allocate alike."""
    names: list[str] = []
    for doctrine in _BY_NAME:
        cells = [cell_name(doctrine, exit, relief) for exit in (False, True) for relief in (False, True)]
        names += dict.fromkeys([doctrine, *cells])
    return names


def compared_names() -> list[str]:
    """Every rule as the paper has it, and with both institutions; no two allocate alike."""
    return [name for d in _BY_NAME for name in dict.fromkeys((d, cell_name(d, True, True)))]


def like_for_like(doctrine: str) -> str:
    """A doctrine's name with both institutions."""
    return doctrine + LIKE_FOR_LIKE


def variant_of(name: str) -> Variant | None:
    """What a rule's name stands for; None where it is no rule's."""
    doctrine, asked = split_name(name)
    if doctrine not in _BY_NAME:
        return None
    rule = _BY_NAME[doctrine](asked)
    return Variant(doctrine, rule.exit, rule.relieves)


def make_rule(name: str) -> Rule:
    """A rule by name: `NAME`, followed by `+exit` or `-exit`, then by `+relief` or `-relief`, or by neither.

    Raises:
        UnknownAllocator: If there is none of that name.
    """
    doctrine, asked = split_name(name)
    if doctrine in _BY_NAME:
        return _BY_NAME[doctrine](asked)
    hint = did_you_mean(name, [*rule_names(), *map(like_for_like, rule_names())])
    raise UnknownAllocator(
        f"unknown allocator {name!r}{hint}; there are {', '.join(rule_names())}, each also with "
        "+exit or -exit and then +relief or -relief behind it, your own as FILE.py:CLASS, or the folder of a "
        "trained run, of a search, of a searched front or of an explanation, or zoo:NAME"
    )


def refuse_twice(names: Sequence[str]) -> None:
    """Refuse rules that allocate alike, among them one that is named twice.

    Raises:
        NamedTwice: Naming two of them.
        UnknownAllocator: If a name is no rule's.
    """
    seen: dict[Variant | None, str] = {}
    for name in names:
        make_rule(name)
        variant = variant_of(name)
        if variant in seen:
            one = seen[variant]
            raise NamedTwice(
                f"allocator {name!r} is named twice; name it once"
                if one == name
                else f"allocators {one!r} and {name!r} allocate alike; name one of them"
            )
        seen[variant] = name
