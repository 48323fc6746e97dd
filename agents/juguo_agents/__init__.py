"""Allocators for juguo_envs: rules, search, training, evaluation and report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from juguo_agents.comparing import Compared as Compared
    from juguo_agents.comparing import compare as compare

__all__ = ["Compared", "compare"]


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: a command that compares nothing starts without it."""
    if name not in __all__:
        raise AttributeError(f"module 'juguo_agents' has no attribute {name!r}")
    from juguo_agents import comparing

    return getattr(comparing, name)
