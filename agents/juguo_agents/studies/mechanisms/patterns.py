"""Which stylised facts change where a mechanism is switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from juguo_agents.studies.mechanisms.effects import CERTAIN
from juguo_agents.studies.mechanisms.measuring import Measured
from juguo_agents.studies.mechanisms.worlds import World
from juguo_agents.studies.patterns.cheap import measure_cheap

PATTERNS = "patterns"
_KEPT = ("number", "name", "holds", "parts")
Told = Sequence[Mapping[str, Any]]
"""Patterns as plain values: number, name, holds, and parts with name, measured, low, high, band."""
PartNoise = dict[tuple[int, int], float]
"""By how much other episodes alone move a part, by the pattern's number and the part's place in it."""


def measure_patterns(world: World, first_seed: int, episodes: int) -> Measured:
    """The patterns that need no search."""
    found = [pattern.as_json() for pattern in measure_cheap(world.scenario, episodes, first_seed=first_seed)]
    return {PATTERNS: [{key: pattern[key] for key in _KEPT} for pattern in found]}


@dataclass(frozen=True)
class PatternChange:
    """A pattern that changes beyond noise.

    Attributes:
        number: The pattern's.
        held, holds: Whether it holds in the world as it is, and without the mechanism.
        part: What of it moves; the first part that does.
        before, after: The figure in both worlds; None where it cannot be told.
    """

    number: int
    held: bool
    holds: bool
    part: str
    before: float | None
    after: float | None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def part_noise(blocks: Sequence[Told], pairs: Sequence[tuple[int, int]]) -> PartNoise:
    """Noise of every part, from the world as it is on several sets of episodes."""
    places = [(p["number"], i) for p in blocks[0] for i in range(len(p["parts"]))]
    figures = {place: [_figure(block, place) for block in blocks] for place in places}
    return {
        place: float(np.quantile([_distance(told[i], told[j]) for i, j in pairs], CERTAIN, method="higher"))
        for place, told in figures.items()
    }


def pattern_changes(world: Told, without: Told, noise: PartNoise) -> list[PatternChange]:
    """The patterns of which a part that has a band moves beyond its interval and beyond noise."""
    found = []
    for before, after in zip(world, without, strict=True):
        number = int(before["number"])
        moved = [
            (one, other)
            for i, (one, other) in enumerate(zip(before["parts"], after["parts"], strict=True))
            if one["band"] is not None and _moves(one, other["measured"], noise[number, i])
        ]
        if moved:
            flips = [(one, other) for one, other in moved if one["holds"] != other["holds"]]
            one, other = (flips or moved)[0]
            holds = bool(after["holds"]) if flips else bool(before["holds"])
            found.append(
                PatternChange(
                    number, bool(before["holds"]), holds, one["name"], one["measured"], other["measured"]
                )
            )
    return found


def _moves(part: Mapping[str, Any], value: float | None, noise: float) -> bool:
    """Whether a figure leaves the interval that it had, by more than noise."""
    if part["measured"] is None or value is None:
        return _distance(part["measured"], value) > noise
    outside = not part["low"] <= value <= part["high"]
    return outside and _distance(part["measured"], value) > noise


def _figure(patterns: Told, place: tuple[int, int]) -> float | None:
    number, index = place
    pattern = next(p for p in patterns if p["number"] == number)
    value: float | None = pattern["parts"][index]["measured"]
    return value


def _distance(one: float | None, other: float | None) -> float:
    """Between two figures; infinite where only one can be told."""
    if one is None or other is None:
        return 0.0 if one is other else float("inf")
    return abs(one - other)
