"""The verdict on a mechanism, by rule."""

from __future__ import annotations

from collections.abc import Sequence

from juguo_agents.studies.mechanisms.effects import Noise, RankingEffect
from juguo_agents.studies.mechanisms.patterns import PatternChange

NOTHING = "none beyond noise"
SMALL = "none beyond noise; ranking detectable"
"""On the same episodes the change can be told from chance, but other episodes alone change as much."""


def ranking_changed(effect: RankingEffect, noise: Noise) -> bool:
    """Whether the ranking changes by more than other episodes alone change it, and not by chance."""
    return effect.change > effect.chance and (effect.change > noise.change or effect.tau < noise.tau)


def ranking_detectable(effect: RankingEffect) -> bool:
    """Whether the change of the ranking can be told from chance on the same episodes."""
    return effect.change > effect.chance


def level_changed(effect: RankingEffect, noise: Noise) -> bool:
    """Whether the mean return changes by more than other episodes alone change it."""
    return abs(effect.mean) > noise.level


def verdict(
    effect: RankingEffect,
    noise: Noise,
    patterns: Sequence[PatternChange] = (),
    feedback: bool = False,
) -> str:
    """What a mechanism changes, in words.

    Args:
        effect, noise: Of the doctrines' returns.
        patterns: Those that change beyond noise.
        feedback: Whether the worth of feedback changes beyond noise.
    """
    flips = [str(p.number) for p in patterns if p.held != p.holds]
    moves = [str(p.number) for p in patterns if p.held == p.holds]
    changed = [
        *(["ranking"] if ranking_changed(effect, noise) else []),
        *([f"whether {', '.join(flips)} holds"] if flips else []),
        *([f"figures of {', '.join(moves)}"] if moves else []),
        *(["feedback"] if feedback else []),
    ]
    if changed:
        return "changes " + "; ".join(changed)
    return SMALL if ranking_detectable(effect) else NOTHING
