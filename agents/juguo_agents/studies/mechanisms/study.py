"""All mechanisms of a world as one job: what is asked, the folder that remembers it, what is written."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from juguo_agents.evaluation import seeds
from juguo_agents.provenance import versions
from juguo_agents.studies.mechanisms.counting import count_parameters
from juguo_agents.studies.mechanisms.effects import Noise, ranking_effect, ranking_noise
from juguo_agents.studies.mechanisms.feedback import (
    FEEDBACK,
    Beginning,
    feedback_changed,
    feedback_noise,
    measurer,
    share_in,
)
from juguo_agents.studies.mechanisms.measuring import RETURNS, Measured, Task, do_all, measure_returns
from juguo_agents.studies.mechanisms.patterns import (
    PATTERNS,
    PartNoise,
    PatternChange,
    measure_patterns,
    part_noise,
    pattern_changes,
)
from juguo_agents.studies.mechanisms.table import Mechanism
from juguo_agents.studies.mechanisms.verdict import level_changed, verdict
from juguo_agents.studies.mechanisms.words import page
from juguo_agents.studies.mechanisms.worlds import AS_IS, pairs, same_worlds, worlds_without
from juguo_agents.studies.value.settings import Claim, check_within
from juguo_envs.errors import UserError
from juguo_envs.files import write_text

MECHANISMS_FILE, PAGE = "mechanisms.json", "mechanisms.md"
OFF_ALREADY = "off in this world already"
Found = dict[str, dict[tuple[str, int], Measured]]
"""What was measured, by part, then by the world's name and set of episodes."""


@dataclass(frozen=True)
class Settings(Claim):
    """What is asked of one world.

    Attributes:
        episodes: Test episodes of every world.
        first_seed: Seed of the first of them.
        repeats: Sets of as many other episodes on which the world as it is is measured again, for the noise.
    """

    episodes: int = 60
    first_seed: int = seeds.PATTERNS.first
    repeats: int = 8

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            UserError: Naming the number, its value and what is allowed.
        """
        check_within(self, repeats=(1, seeds.MANY_SEARCHES.size - 1), episodes=(2, seeds.PATTERNS.size))
        check_within(self, first_seed=(0, seeds.MAP.first - seeds.PATTERNS.size))
        if self.episodes * (self.repeats + 1) > seeds.PATTERNS.size:
            raise UserError(
                f"episodes is {self.episodes} for {self.repeats + 1} sets; allowed is up to "
                f"{seeds.PATTERNS.size // (self.repeats + 1)}"
            )


@dataclass(frozen=True)
class Study:
    """The job.

    Attributes:
        settings: The world and its episodes.
        folder: What is done there already is not done again.
        workers: Processes.
        say: Told what is being done.
    """

    settings: Settings
    folder: Path
    workers: int
    say: Callable[[str], None]

    def measure(
        self, mechanisms: Sequence[Mechanism], part: str, how: Callable[..., Measured], key: str = ""
    ) -> dict[tuple[str, int], Measured]:
        """Measure one part in the world as it is and without each mechanism."""
        s = self.settings
        worlds = [*same_worlds(s.scenario, s.repeats), *worlds_without(s.scenario, mechanisms)]
        self.say(f"{part}: {len(worlds)} worlds, {s.episodes:,} episodes each")
        tasks = [Task(part, how, world, s.first_seed, s.episodes, self.folder, key) for world in worlds]
        return do_all(tasks, self.workers, self.say)


def measure(
    study: Study, mechanisms: Sequence[Mechanism], patterns: bool = True, begin: Beginning | None = None
) -> Found:
    """Measure what is asked for; by part.

    Args:
        study: The job.
        mechanisms: Which are switched off, one at a time.
        patterns: Whether the patterns that need no search are measured.
        begin: Where the searches begin that tell what feedback is worth; None to leave this out.
    """
    found = {RETURNS: study.measure(mechanisms, RETURNS, measure_returns)}
    if patterns:
        found[PATTERNS] = study.measure(mechanisms, PATTERNS, measure_patterns)
    if begin is not None:
        how = measurer(begin, study.folder / FEEDBACK)
        found[FEEDBACK] = study.measure(mechanisms, FEEDBACK, how, begin.key)
    return found


@dataclass(frozen=True)
class AsItIs:
    """The world as it is: what was measured on each set of episodes, and the noise.

    Attributes:
        found: By part, one for each set; a part that was not measured is missing.
        returns: Noise of the returns.
        patterns: Noise of the patterns' parts.
        feedback: Noise of the worth of feedback.
    """

    found: dict[str, list[Measured]]
    returns: Noise
    patterns: PartNoise
    feedback: float

    @classmethod
    def of(cls, found: Found, repeats: int) -> AsItIs:
        """From all that was measured."""
        sets = {part: [got[AS_IS, block] for block in range(repeats + 1)] for part, got in found.items()}
        compared = pairs(repeats)
        return cls(
            sets,
            ranking_noise([one[RETURNS] for one in sets[RETURNS]], compared),
            part_noise([one[PATTERNS] for one in sets[PATTERNS]], compared) if PATTERNS in sets else {},
            feedback_noise(sets[FEEDBACK], compared) if FEEDBACK in sets else 0.0,
        )


def report(settings: Settings, mechanisms: Sequence[Mechanism], found: Found) -> dict[str, Any]:
    """What each mechanism is worth, from what was measured; plain values."""
    base = AsItIs.of(found, settings.repeats)
    noise: dict[str, Any] = {RETURNS: base.returns.as_json()}
    if PATTERNS in found:
        noise[PATTERNS] = _noise_of_patterns(base)
    if FEEDBACK in found:
        noise[FEEDBACK] = base.feedback
    return {
        "kind": "juguo_mechanisms",
        "settings": settings.as_json(),
        "scenario_digest": settings.scenario.digest(),
        "parameters": count_parameters(),
        "noise": noise,
        "as_it_is": {part: sets[0][part] for part, sets in base.found.items() if part != RETURNS},
        "mechanisms": {m.name: _row(m, settings, base, found) for m in mechanisms},
        "versions": versions(),
    }


def _row(mechanism: Mechanism, settings: Settings, base: AsItIs, found: Found) -> dict[str, Any]:
    """What one mechanism is worth."""
    row: dict[str, Any] = {"words": mechanism.words, "off": mechanism.changes(settings.scenario)}
    here = {part: got[mechanism.name, 0] for part, got in found.items() if (mechanism.name, 0) in got}
    if RETURNS not in here:
        return row | {"verdict": OFF_ALREADY}
    effect = ranking_effect(base.found[RETURNS][0][RETURNS], here[RETURNS][RETURNS])
    row[RETURNS] = effect.as_json() | {"level_changed": level_changed(effect, base.returns)}
    changes: list[PatternChange] = []
    if PATTERNS in here:
        changes = pattern_changes(base.found[PATTERNS][0][PATTERNS], here[PATTERNS][PATTERNS], base.patterns)
        row[PATTERNS] = [change.as_json() for change in changes]
    pays = False
    if FEEDBACK in here:
        pays = feedback_changed(base.found[FEEDBACK][0], here[FEEDBACK], base.feedback)
        row[FEEDBACK] = {"share": share_in(here[FEEDBACK]), "changed": pays}
    return row | {"verdict": verdict(effect, base.returns, changes, pays)}


def _noise_of_patterns(base: AsItIs) -> list[dict[str, Any]]:
    """Plain values; None where a part could be told on some sets of episodes only."""
    return [
        {
            "number": pattern["number"],
            "part": part["name"],
            "noise": noise if math.isfinite(noise := base.patterns[pattern["number"], i]) else None,
        }
        for pattern in base.found[PATTERNS][0][PATTERNS]
        for i, part in enumerate(pattern["parts"])
    ]


def write(data: dict[str, Any], folder: Path) -> None:
    """Write the report and its page."""
    write_text(
        folder / MECHANISMS_FILE, json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n"
    )
    write_text(folder / PAGE, "\n".join(page(data)) + "\n")
