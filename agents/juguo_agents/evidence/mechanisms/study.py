"""All mechanisms of a world as one job: what is asked, the folder that remembers it, what is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from juguo_agents.evidence.mechanisms.counting import count_parameters
from juguo_agents.evidence.mechanisms.effects import ranking_effect, ranking_noise
from juguo_agents.evidence.mechanisms.measuring import RETURNS, Measured, Task, do_all, measure_returns
from juguo_agents.evidence.mechanisms.table import Mechanism
from juguo_agents.evidence.mechanisms.verdict import level_changed, verdict
from juguo_agents.evidence.mechanisms.words import page
from juguo_agents.evidence.mechanisms.worlds import AS_IS, pairs, same_worlds, worlds_without
from juguo_agents.evidence.patterns.seeds import MAKING_SEEDS, MOST_EPISODES
from juguo_agents.evidence.settings import Claim, check_within
from juguo_agents.versions import versions
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
    first_seed: int = MAKING_SEEDS
    repeats: int = 8

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            UserError: Naming the number, its value and what is allowed.
        """
        check_within(self, repeats=(1, 100), episodes=(2, MOST_EPISODES))
        if self.episodes * (self.repeats + 1) > MOST_EPISODES:
            raise UserError(
                f"episodes is {self.episodes} for {self.repeats + 1} sets; allowed is up to "
                f"{MOST_EPISODES // (self.repeats + 1)}"
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
        self, mechanisms: Sequence[Mechanism], part: str, how: Callable[..., Measured]
    ) -> dict[tuple[str, int], Measured]:
        """Measure one part in the world as it is and without each mechanism."""
        s = self.settings
        worlds = [*same_worlds(s.scenario, s.repeats), *worlds_without(s.scenario, mechanisms)]
        self.say(f"{part}: {len(worlds)} worlds, {s.episodes:,} episodes each")
        tasks = [Task(part, how, world, s.first_seed, s.episodes, self.folder) for world in worlds]
        return do_all(tasks, self.workers, self.say)


def measure(study: Study, mechanisms: Sequence[Mechanism]) -> Found:
    """Measure everything that is asked for; by part."""
    return {RETURNS: study.measure(mechanisms, RETURNS, measure_returns)}


def report(settings: Settings, mechanisms: Sequence[Mechanism], found: Found) -> dict[str, Any]:
    """What each mechanism is worth, from what was measured; plain values."""
    returns = found[RETURNS]
    blocks = [returns[AS_IS, block][RETURNS] for block in range(settings.repeats + 1)]
    noise = ranking_noise(blocks, pairs(settings.repeats))
    rows: dict[str, Any] = {}
    for mechanism in mechanisms:
        row: dict[str, Any] = {
            "words": mechanism.words,
            "off": mechanism.changes(settings.scenario),
            "verdict": OFF_ALREADY,
        }
        if (mechanism.name, 0) in returns:
            effect = ranking_effect(blocks[0], returns[mechanism.name, 0][RETURNS])
            row["returns"] = effect.as_json() | {"level_changed": level_changed(effect, noise)}
            row["verdict"] = verdict(effect, noise)
        rows[mechanism.name] = row
    return {
        "kind": "juguo_mechanisms",
        "settings": settings.as_json(),
        "scenario_digest": settings.scenario.digest(),
        "parameters": count_parameters(),
        "noise": {"returns": noise.as_json()},
        "mechanisms": rows,
        "versions": versions(),
    }


def write(data: dict[str, Any], folder: Path) -> None:
    """Write the report and its page."""
    write_text(
        folder / MECHANISMS_FILE, json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n"
    )
    write_text(folder / PAGE, "\n".join(page(data)) + "\n")
