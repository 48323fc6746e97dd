"""Allocators: the rules of the systems that the paper names, and learned policies, behind one protocol."""

from juguo_agents.allocators.base import Allocator, Observed, Setting
from juguo_agents.allocators.registry import (
    BASELINE,
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
from juguo_agents.artifacts.load import find_allocators, load_learned

__all__ = [
    "BASELINE",
    "Allocator",
    "Observed",
    "Setting",
    "UnknownAllocator",
    "Variant",
    "all_rule_names",
    "cell_name",
    "compared_names",
    "find_allocators",
    "like_for_like",
    "load_learned",
    "make_rule",
    "rule_names",
    "variant_of",
]
