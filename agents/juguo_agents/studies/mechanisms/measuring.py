"""What is measured in one world, as plain values that a file keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from juguo_agents.allocators.registry import like_for_like, make_rule, rule_names
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import test as test_seeds
from juguo_agents.processes import work_through
from juguo_agents.studies.mechanisms.worlds import World
from juguo_envs.files import write_text

Measured = dict[str, Any]
RETURNS = "returns"


@dataclass(frozen=True)
class Task:
    """A world, one part of what is measured in it, and the file that keeps it.

    Attributes:
        part: Name of the part.
        measure: What measures it: takes the world, the first test seed and the number of episodes.
        world: Where.
        first_seed: Seed of the first episode of set 0.
        episodes: Episodes of a set.
        folder: The study's.
        key: What else the result depends on; a file with another one is not taken.
    """

    part: str
    measure: Callable[[World, int, int], Measured]
    world: World
    first_seed: int
    episodes: int
    folder: Path
    key: str = ""

    @property
    def path(self) -> Path:
        """Its file."""
        return self.folder / self.part / self.world.file

    def there(self) -> Measured | None:
        """What its file holds; None where there is none, or it is of something else."""
        if not self.path.exists():
            return None
        try:
            data: Measured = json.loads(self.path.read_text(encoding="utf-8"))
        except ValueError:
            return None
        return data if self.identity.items() <= data.items() else None

    @property
    def identity(self) -> Measured:
        """What a file tells of what it is a measurement of."""
        return {
            "world": self.world.name,
            "block": self.world.block,
            "scenario_digest": self.world.scenario.digest(),
            "key": self.key,
        }


def do(task: Task) -> Measured:
    """Measure, and keep it in the task's file."""
    first_seed = task.first_seed + task.world.block * task.episodes
    data = task.identity | task.measure(task.world, first_seed, task.episodes)
    task.path.parent.mkdir(parents=True, exist_ok=True)
    write_text(task.path, json.dumps(data, allow_nan=False, ensure_ascii=False) + "\n")
    return data


def do_all(
    tasks: Sequence[Task], workers: int, say: Callable[[str], None]
) -> dict[tuple[str, int], Measured]:
    """Do what is not done yet; returns all, by the world's name and set of episodes."""
    there = {task.path: task.there() for task in tasks}
    missing = [task for task in tasks if there[task.path] is None]
    count = 0

    def done(task: Task, data: Measured) -> None:
        nonlocal count
        there[task.path] = data
        count += 1
        say(f"  {task.part}, {count} of {len(missing)}: {task.world.name}")

    work_through(do, missing, workers, done)
    return {
        (task.world.name, task.world.block): data for task in tasks if (data := there[task.path]) is not None
    }


def measure_returns(world: World, first_seed: int, episodes: int) -> Measured:
    """Returns of every doctrine, like for like, on each episode."""
    seeds = test_seeds(first_seed, episodes)
    return {
        RETURNS: {
            name: run(make_rule(like_for_like(name)), world.scenario, seeds).returns.tolist()
            for name in rule_names()
        }
    }
