"""All patterns of a world as one job: what is asked, the folder that remembers it, what is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from juguo_agents.evaluation.seeds import CONFIRMING, HELD_OUT_WORLDS, PATTERNS
from juguo_agents.provenance import versions
from juguo_agents.studies.patterns.cheap import CHEAP, run_cheap
from juguo_agents.studies.patterns.facts import FACTS
from juguo_agents.studies.patterns.figures import draw
from juguo_agents.studies.patterns.pattern import Pattern
from juguo_agents.studies.patterns.searched import SEARCHED, measure_searched
from juguo_agents.studies.patterns.words import lines
from juguo_agents.studies.value.arms import Job
from juguo_agents.studies.value.settings import Claim, check_within
from juguo_agents.studies.value.settings import Settings as SearchSettings
from juguo_envs.errors import UserError
from juguo_envs.files import write_text

PATTERNS_FILE, PAGE = "patterns.json", "patterns.md"


@dataclass(frozen=True)
class Settings(Claim):
    """What is asked of one world.

    Attributes:
        episodes: Test episodes on which everything is measured.
        first_seed: Seed of the first of them.
    """

    episodes: int = 200
    first_seed: int = PATTERNS.first

    def check(self, confirm: bool = False) -> None:
        """Refuse what cannot be done.

        Args:
            confirm: Whether the episodes that confirm a world may be used.

        Raises:
            UserError: Naming the number, its value and what is allowed.
        """
        check_within(self, episodes=(2, PATTERNS.size), first_seed=(0, HELD_OUT_WORLDS.first - self.episodes))
        end = self.first_seed + self.episodes
        if not confirm and self.first_seed < CONFIRMING.end and end > CONFIRMING.first:
            raise UserError(
                f"seed is {self.first_seed} for {self.episodes} episodes; {CONFIRMING.first} to "
                f"{CONFIRMING.end - 1} are kept for --confirm"
            )


def use_of(first_seed: int) -> str:
    """What test episodes from a seed on are for."""
    if first_seed in PATTERNS:
        return "making"
    return "confirming" if first_seed in CONFIRMING else "other"


def numbers(only: Collection[int]) -> tuple[int, ...]:
    """The patterns asked for, each once and in their order.

    Raises:
        UserError: If there is none of a number.
    """
    for number in only:
        if number not in FACTS:
            raise UserError(f"pattern is {number}; allowed is {min(FACTS)} to {max(FACTS)}")
    return tuple(number for number in FACTS if number in only)


def measure(
    settings: Settings,
    only: Collection[int],
    workers: int,
    say: Callable[[str], None],
    searches: tuple[SearchSettings, Path] | None = None,
) -> list[Pattern]:
    """Measure patterns by number.

    Args:
        settings: The world and the test episodes.
        only: Which patterns.
        workers: Processes.
        say: Told what is being done.
        searches: Settings and folder of the searches that patterns 5, 8 and 9 need.
    """
    found: list[Pattern] = []
    cheap = [number for number in only if number in CHEAP]
    if cheap:
        say(f"running systems on {settings.episodes:,} test episodes")
        runs = run_cheap(settings.scenario, settings.episodes, settings.first_seed, cheap, workers, say)
        found += [CHEAP[number].measure(runs) for number in cheap]
    dear = [number for number in only if number in SEARCHED]
    if dear:
        if searches is None:
            raise ValueError("these patterns need searches")
        found += measure_searched(Job(*searches, workers, say), dear)
    return sorted(found, key=lambda pattern: pattern.fact.number)


def write(settings: Settings, patterns: Collection[Pattern], folder: Path) -> dict[str, Any]:
    """Write what was measured, beside what the folder holds of other patterns; returns all of it."""
    written = {pattern["number"]: pattern for pattern in _there(folder)}
    written |= {pattern.fact.number: pattern.as_json() for pattern in patterns}
    data = {
        "kind": "juguo_patterns",
        "settings": settings.as_json(),
        "seeds": use_of(settings.first_seed),
        "scenario_digest": settings.scenario.digest(),
        "patterns": [written[number] for number in sorted(written)],
        "versions": versions(),
    }
    text = json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False)
    write_text(folder / PATTERNS_FILE, text + "\n")
    world = f"world {settings.scenario.name}, {settings.episodes:,} episodes"
    for pattern in patterns:
        draw(pattern, world, folder / figure_file(pattern.fact.number))
    figures = [f"![pattern {number}]({figure_file(number)})" for number in sorted(written)]
    write_text(folder / PAGE, "\n".join(["```", *lines(data), "```", "", *figures]) + "\n")
    return data


def figure_file(number: int) -> str:
    """The name of a pattern's figure."""
    return f"pattern-{number}.png"


def _there(folder: Path) -> list[dict[str, Any]]:
    path = folder / PATTERNS_FILE
    if not path.exists():
        return []
    try:
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["patterns"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{path}: cannot be read; remove it, or name another --out") from None
    return found
