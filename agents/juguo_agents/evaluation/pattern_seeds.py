"""Test episodes of the patterns: those on which a world is made, and those on which it is confirmed."""

from __future__ import annotations

MAKING_SEEDS = 640_000
"""From here on lie the episodes that may be looked at while a world is made."""
CONFIRMING_SEEDS = 940_000
"""From here on lie the episodes on which a world that is frozen is confirmed, once."""
MOST_EPISODES = 50_000
"""Of each; no other study of this project was measured on these ranges."""


def purpose(first_seed: int) -> str:
    """What test episodes from a seed on are for."""
    for name, start in (("making", MAKING_SEEDS), ("confirming", CONFIRMING_SEEDS)):
        if start <= first_seed < start + MOST_EPISODES:
            return name
    return "other"
