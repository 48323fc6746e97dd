"""Runs rules, a policy under every preference, and what searches found, over the same test episodes."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators import Allocator, make_rule
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.policy import Learned, load_policy
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import run
from juguo_agents.processes import work_through
from juguo_agents.studies.pareto.settings import Settings, Trained, Weights
from juguo_envs.files import write_bytes
from juguo_envs.info import REWARD_PARTS
from juguo_envs.worlds.scenario import Scenario

MEASURED = "measured"
Floats = npt.NDArray[np.float64]
Kind = Literal["rule", "policy", "search"]


@dataclass(frozen=True)
class Point:
    """An allocator that is measured: a rule, a policy under a preference, or the numbers of a closed loop.

    Attributes:
        kind: Which of these.
        group: The rule's name, the policy's, or the search's.
        weights: The preference that the policy is shown.
        policy: The policy.
        parameters: The numbers.
    """

    kind: Kind
    group: str
    weights: Weights | None = None
    policy: Trained | None = None
    parameters: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        """Of what acts: the same is measured once."""
        acts: Any = [self.group] if self.kind == "rule" else self.parameters
        if self.policy is not None:
            acts = [self.policy.digest, self.weights]
        return hashlib.sha256(json.dumps([self.kind, acts]).encode()).hexdigest()[:20]

    def allocator(self, settings: Settings) -> tuple[Allocator, Scenario]:
        """It, and the world that it is in: the preference is part of that."""
        if self.policy is not None and self.weights is not None:
            return Learned(load_policy(self.policy.file), "learned"), settings.world(self.weights)
        if self.kind == "search":
            return CLOSED_LOOP.allocator([dict(self.parameters)], settings.scenario), settings.scenario
        return make_rule(self.group), settings.scenario


def searched_point(group: str, parameters: Parameters) -> Point:
    """A closed loop with these numbers."""
    return Point("search", group, parameters=tuple(parameters.items()))


@dataclass(frozen=True)
class Task:
    """A point that is still to be measured."""

    point: Point
    settings: Settings
    folder: Path


def measure(
    settings: Settings, folder: Path, points: Sequence[Point], workers: int, progress: Callable[[], object]
) -> Floats:
    """(points, episodes, 3) breadth, resilience and excluded share; what is measured is only read.

    Args:
        settings: What was asked for.
        folder: Where measurements are kept.
        points: What is measured.
        workers: Processes; results do not depend on it.
        progress: Told of every point.
    """
    (folder / MEASURED).mkdir(exist_ok=True)
    tasks = {point.key: Task(point, settings, folder) for point in points}
    missing = [task for task in tasks.values() if _read(task) is None]
    for _ in range(len(points) - len(missing)):
        progress()

    def done(task: Task, result: None) -> None:
        progress()

    work_through(_measure_one, missing, workers, done)
    found = []
    for point in points:
        values = _read(tasks[point.key])
        if values is None:
            raise RuntimeError(f"{_path(tasks[point.key])} was written and cannot be read")
        found.append(values)
    return np.array(found)


def _measure_one(task: Task) -> None:
    settings = task.settings
    allocator, world = task.point.allocator(settings)
    episodes = seeds.test(settings.first_seed, settings.episodes)
    record = run(allocator, world, episodes, observe=settings.observe)
    out = io.BytesIO()
    np.save(out, np.stack([getattr(record, part) for part in REWARD_PARTS], -1), allow_pickle=False)
    write_bytes(_path(task), out.getvalue())


def _read(task: Task) -> Floats | None:
    try:
        values: Floats = np.load(_path(task), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return values if values.shape == (task.settings.episodes, len(REWARD_PARTS)) else None


def _path(task: Task) -> Path:
    return task.folder / MEASURED / f"{task.point.key}.npy"
