"""Allocators: the rules of the systems that the paper names, and learned policies, behind one protocol."""

from juguo_agents.allocators.base import Allocator, Observed, Setting
from juguo_agents.allocators.find import find_allocators, load_learned
from juguo_agents.allocators.registry import (
    BASELINE,
    UnknownAllocator,
    all_rule_names,
    make_rule,
    rule_names,
)

__all__ = [
    "BASELINE",
    "Allocator",
    "Observed",
    "Setting",
    "UnknownAllocator",
    "all_rule_names",
    "find_allocators",
    "load_learned",
    "make_rule",
    "rule_names",
]
