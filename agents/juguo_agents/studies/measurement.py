"""Allocators measured in a world, as points of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.levers import Forced, find_lever
from juguo_agents.allocators.parametric.policy_classes import find_policy_class
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.array_types import Floats
from juguo_agents.artifacts.load import digest_of, find_allocators
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies.study import Execute, Stage
from juguo_envs.worlds.scenario import Scenario


@dataclass(frozen=True)
class Named:
    """An allocator by name: one of those that `find_allocators` finds behind names.

    Attributes:
        digest: Of the files behind the names; empty for rules.
        index: Which of them.
        names: Where they are. What is measured does not depend on it, if the digest is the same.
    """

    digest: str
    index: int
    names: tuple[str, ...] = field(compare=False)

    def allocator(self) -> Allocator:
        """The allocator itself."""
        return find_allocators(self.names)[self.index]


def named(*names: str, index: int = 0) -> Named:
    """An allocator by name, with the digest of its files as they are now; rules count by their names."""
    return Named(" ".join(digest_of(name) or name for name in names), index, names)


@dataclass(frozen=True)
class Parametric:
    """A parametric allocator with its numbers, and the scenario in which they were searched.

    Attributes:
        lever: The lever that was forced while it was searched, by name.
        forced: A lever that is forced on what was found, by name.
    """

    family: str
    parameters: Parameters
    scenario: Scenario
    lever: str | None = None
    forced: str | None = None

    def allocator(self) -> Allocator:
        """The allocator itself."""
        found = find_policy_class(self.family, self.lever).allocator([self.parameters], self.scenario)
        return Forced(found, find_lever(self.forced)) if self.forced else found


@dataclass(frozen=True)
class Measurement:
    """Allocators that meet the same episodes of one world.

    Attributes:
        key: Its name in the stage.
        allocators: Who.
        world: Where.
        first_seed: Seed of the first episode; the others follow it.
        episodes: How many.
        observe: "noisy" or "true".
        columns: Fields of `Record`, a number for each episode.
    """

    key: str
    allocators: tuple[Named | Parametric, ...]
    world: Scenario
    first_seed: int
    episodes: int
    observe: str
    columns: tuple[str, ...] = ("returns",)


def measure(point: Measurement, work: Path) -> pa.Table:
    """The columns, first all episodes of the first allocator, then of the next."""
    seeds = np.arange(point.first_seed, point.first_seed + point.episodes, dtype=np.uint64)
    records = [run(a.allocator(), point.world, seeds, observe=point.observe) for a in point.allocators]
    return pa.table({c: np.concatenate([getattr(r, c) for r in records]) for c in point.columns})


def measure_all(execute: Execute, points: Sequence[Measurement]) -> list[list[Floats]]:
    """What points measured, in their order; points with the same key are the same and run once."""
    once = list({point.key: point for point in points}.values())
    tables = execute(Stage("measuring", once, measure, cost=_episodes, unit="episode"))
    found = {point.key: measured(point, table) for point, table in zip(once, tables, strict=True)}
    return [found[point.key] for point in points]


def _episodes(point: Measurement) -> int:
    return len(point.allocators) * point.episodes


def measured(point: Measurement, table: pa.Table) -> list[Floats]:
    """For each allocator of a point (episodes,) values, or (episodes, columns) where there are several."""
    values = np.stack([table[column].to_numpy() for column in point.columns], -1)
    parts: list[Floats] = np.split(values, len(point.allocators))
    return [part[:, 0] if len(point.columns) == 1 else part for part in parts]
