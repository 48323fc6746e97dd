"""Allocators: the rules of the systems that the paper names, behind the protocol that all follow."""

from juguo_agents.allocators.base import Allocator, Observed, Setting
from juguo_agents.allocators.registry import (
    BASELINE,
    NOTHING,
    UnknownAllocator,
    Variant,
    all_rule_names,
    cell_name,
    compared_names,
    like_for_like,
    make_rule,
    rule_names,
    variant_of,
)

__all__ = [
    "BASELINE",
    "NOTHING",
    "Allocator",
    "Observed",
    "Setting",
    "UnknownAllocator",
    "Variant",
    "all_rule_names",
    "cell_name",
    "compared_names",
    "like_for_like",
    "make_rule",
    "rule_names",
    "variant_of",
]
