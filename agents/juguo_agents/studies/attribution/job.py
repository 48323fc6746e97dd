"""Runs every coalition of two rules' parts on the same test episodes, and divides their difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.allocators.base import Floats
from juguo_agents.allocators.rule import Rule
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.statistics import mean_interval, paired_difference
from juguo_agents.processes import work_through
from juguo_agents.provenance import versions
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies.attribution.hybrid import PARTS, Hybrid
from juguo_agents.studies.attribution.shapley import Step, best_first, parts_of, shapley, without
from juguo_agents.studies.attribution.sides import Side
from juguo_agents.studies.explain.parts import Parts
from juguo_envs.engine.compiled import SOURCE_KEY
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.scenario import Scenario

STATE_FILE, RESULT_FILE = "between_state.json", "between.json"
KIND, FORMAT = "juguo_between", 1
COALITIONS = 2 ** len(PARTS)
TOGETHER = 8  # coalitions of a task; results do not depend on it
TASKS = COALITIONS // TOGETHER


@dataclass(frozen=True)
class Settings:
    """What is asked.

    Attributes:
        a: The rule from which parts are exchanged.
        b: The rule for whose parts they are exchanged.
        scenario: The world.
        observe: "noisy" or "true".
        episodes: Test episodes; every coalition meets the same.
        first_seed: Seed of the first.
    """

    a: Side
    b: Side
    scenario: Scenario
    observe: str = "noisy"
    episodes: int = 200
    first_seed: int = 0

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            UserError: Naming the number, its value and what is allowed.
        """
        for name, value, least, most in (
            ("episodes", self.episodes, 2, seeds.EXPLAIN_EPISODES),
            ("first_seed", self.first_seed, 0, seeds.MAP.first - self.episodes),
        ):
            if not least <= value <= most:
                raise UserError(f"{name} is {value}; allowed is {least} to {most}")

    def as_json(self) -> dict[str, Any]:
        """What a division belongs to, in plain values."""
        return {
            "a": self.a.as_json(),
            "b": self.b.as_json(),
            "scenario": self.scenario.model_dump(mode="json"),
            "observe": self.observe,
            "episodes": self.episodes,
            "first_seed": self.first_seed,
            "model": f"{SOURCE_KEY:014x}",
        }


@dataclass(frozen=True)
class Task:
    """Some coalitions to run, in a process of their own."""

    a: Rule
    b: Rule
    scenario: Scenario
    observe: str
    episodes: int
    first_seed: int
    coalitions: range

    @property
    def name(self) -> str:
        """Under which it is kept."""
        return f"coalitions {self.coalitions.start} to {self.coalitions.stop - 1}"


def hybrid(a: Rule, b: Rule, coalition: int) -> Hybrid:
    """The allocator of a coalition: bit i is set where part i comes from B."""
    return Hybrid(a, b, {part for i, part in enumerate(PARTS) if coalition >> i & 1})


def run_task(task: Task) -> list[list[float]]:
    """(coalitions, episodes) returns."""
    scorer = Scorer(task.scenario, task.observe)
    hybrids = [hybrid(task.a, task.b, coalition) for coalition in task.coalitions]
    returns: list[list[float]] = scorer.returns_of(
        hybrids, seeds.test(task.first_seed, task.episodes)
    ).tolist()
    return returns


def coalition_returns(
    settings: Settings, folder: Path, workers: int, progress: Callable[[str], None]
) -> Floats:
    """(256, episodes) returns of every coalition; what is done in the folder already is not done again."""
    parts = Parts(folder / STATE_FILE, settings.as_json())
    tasks = [
        Task(
            settings.a.rule,
            settings.b.rule,
            settings.scenario,
            settings.observe,
            settings.episodes,
            settings.first_seed,
            range(first, first + TOGETHER),
        )
        for first in range(0, COALITIONS, TOGETHER)
    ]

    def done(task: Task, returns: list[list[float]]) -> None:
        parts.keep(task.name, returns)
        progress(task.name)

    for task in tasks:
        if task.name in parts.done:
            progress(task.name)
    work_through(run_task, [task for task in tasks if task.name not in parts.done], workers, done)
    return np.concatenate([np.array(parts.done[task.name]) for task in tasks])


def between(
    settings: Settings, folder: Path, workers: int, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Divide the difference of two rules, and write it; the same whatever the number of processes.

    Args:
        settings: What is asked; checked.
        folder: Where to; gone on with where it exists.
        workers: Processes.
        progress: Called `TASKS` times.

    Returns:
        The content of `between.json`.

    Raises:
        UserError: If the folder holds something else.
        WorkerDied: If a process ends without a result.
    """
    values = coalition_returns(settings, folder, workers, progress)
    asked = settings.as_json()
    data = {
        "kind": KIND,
        "format": FORMAT,
        "a": asked["a"] | {"return": mean_interval(values[0]).__dict__},
        "b": asked["b"] | {"return": mean_interval(values[-1]).__dict__},
        "scenario": settings.scenario.name,
        "scenario_digest": settings.scenario.digest(),
        "settings": {key: asked[key] for key in ("observe", "episodes", "first_seed", "model")},
        "difference": paired_difference(values[-1], values[0]).__dict__,
        **division(values),
        "coalitions": values.mean(1).tolist(),
        "versions": versions(),
    }
    write_text(folder / RESULT_FILE, json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n")
    return data


def division(values: Floats) -> dict[str, Any]:
    """What each part is worth, exchanged in all orders, first and last; and the two best-first orders."""
    everything = len(values) - 1
    return {
        "parts": [
            {
                "part": PARTS[i],
                "worth": mean_interval(worth).__dict__,
                "first": paired_difference(values[1 << i], values[0]).__dict__,
                "last": paired_difference(values[-1], values[everything ^ 1 << i]).__dict__,
                "same": _same(values, i),
            }
            for i, worth in enumerate(shapley(values))
        ],
        "orders": {
            "a_to_b": _told(values, best_first(values, 0)),
            "b_to_a": _told(values, best_first(values, everything)),
        },
    }


def _same(values: Floats, part: int) -> bool:
    """Whether exchanging a part changes the return of no coalition in no episode."""
    others = without(part, parts_of(values))
    return bool(np.array_equal(values[others], values[others | 1 << part]))


def _told(values: Floats, path: list[Step]) -> list[dict[str, Any]]:
    return [
        {
            "part": PARTS[step.part],
            "gain": paired_difference(values[step.after], values[step.before]).__dict__,
            "return": float(values[step.after].mean()),
        }
        for step in path
    ]
