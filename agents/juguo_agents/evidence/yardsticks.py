"""The allocators that a world is measured by: what searches found, and the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.registry import rule_names
from juguo_agents.evidence.searches import SEARCHES, Measurement, conduct, validated
from juguo_agents.evidence.settings import Settings
from juguo_agents.search.families import CLOSED_LOOP, OPEN_LOOP, ORACLE, Family
from juguo_agents.search.searched import RESULT_FILE, Found

Floats = npt.NDArray[np.float64]
Say = Callable[[str], None]
Told = Callable[[str, float], None]
"""Told of a search that is done, and of its mean return on the validation episodes."""
CLOSED, OPEN, KNOWING, UNEVALUATED = "closed loop", "open loop", "oracle", "not shown"
YARDSTICKS = {CLOSED: CLOSED_LOOP, OPEN: OPEN_LOOP, KNOWING: ORACLE, UNEVALUATED: CLOSED_LOOP}
Place = tuple[str, Found]
"""A search's folder by name, and what it found."""
Searched = dict[str, Place]


def better(places: Sequence[Place]) -> Place:
    """The best of some results by the validation episodes."""
    return max(places, key=lambda place: validated(place[1]))


def yardsticks(
    settings: Settings,
    folder: Path,
    workers: int,
    told: Told,
    say: Say,
    families: Sequence[Family] = (OPEN_LOOP, CLOSED_LOOP),
) -> dict[str, Found]:
    """Every search of some families, the open and the closed loop by default; by name."""
    names = " and ".join(family.name for family in families)
    say(f"searching {settings.searches} x {names}, {settings.budget:,} episodes each")
    wanted = {
        f"{_short(family)}-{i + 1}": settings.yardstick(family.name, i)
        for i in range(settings.searches)
        for family in families
    }
    return conduct(wanted, folder, workers, told)


def of_family(found: Mapping[str, Found], family: Family) -> list[str]:
    """The names of those of `yardsticks` that searched a family."""
    return [name for name in found if name.startswith(f"{_short(family)}-")]


def _short(family: Family) -> str:
    return family.name.removesuffix("_loop")


def rules_of(settings: Settings) -> list[Measurement]:
    """Every rule as the paper has it; the worst of them is the gap's lower end."""
    return [
        Measurement(f"rule {r}", settings.scenario, settings.observe, settings.seeds, rule=r)
        for r in rule_names()
    ]


def worst_rule(returns: dict[str, Floats]) -> str:
    """The name of the rule with the lowest mean return."""
    return min((n for n in returns if n.startswith("rule ")), key=lambda n: float(returns[n].mean()))


def measurements(settings: Settings, folder: Path, found: Searched) -> list[Measurement]:
    """What searches found, to be measured on the test episodes."""
    return [
        Measurement(
            name,
            result.scenario,
            settings.observe,
            settings.seeds,
            file=folder / SEARCHES / place / RESULT_FILE,
        )
        for name, (place, result) in found.items()
    ]
