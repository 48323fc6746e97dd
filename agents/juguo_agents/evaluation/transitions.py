"""Episodes with all that an allocator saw and did in them, for learning without an environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Allocator, show_hidden
from juguo_agents.evaluation.rollout import setting_of
from juguo_envs.engine.family_batch import make_batch
from juguo_envs.info import batch_info
from juguo_envs.spaces.context import ObservationConfig
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

_CHUNK = 100  # episodes stepped together; results do not depend on it


@dataclass(frozen=True)
class Episode:
    """An episode of T quarters, as the environment gives it.

    Attributes:
        allocator: Name of who decided.
        seed: The episode's.
        observations: (T + 1, size) float32, the last of them when the programme is over.
        actions: (T, 10 + R + 3) float32, each in [-1, 1].
        rewards: (T,) float64.
        infos: Arrays of T + 1 rows by the names of the environment's info.
    """

    allocator: str
    seed: int
    observations: npt.NDArray[np.float32]
    actions: npt.NDArray[np.float32]
    rewards: npt.NDArray[np.float64]
    infos: dict[str, npt.NDArray[Any]]


def transitions(
    allocator: Allocator,
    world: Scenario | Family,
    seeds: npt.NDArray[np.uint64],
    *,
    observe: str = "noisy",
    threads: int = 1,
) -> Iterator[Episode]:
    """An episode for each seed, in their order."""
    config = ObservationConfig.model_validate({"observe": observe})
    for first in range(0, len(seeds), _CHUNK):
        yield from _chunk(allocator, world, seeds[first : first + _CHUNK], config, threads)


def _chunk(
    allocator: Allocator,
    world: Scenario | Family,
    seeds: npt.NDArray[np.uint64],
    config: ObservationConfig,
    threads: int,
) -> Iterator[Episode]:
    batch = make_batch(world, len(seeds), config, threads=threads)
    allocator.start(setting_of(world, seeds), seeds)
    show_hidden(allocator, batch)
    seen, done, paid, told = [batch.reset(seeds).copy()], [], [], [batch_info(batch)]
    quarters = batch.params["T"].astype(np.int64)
    while not batch.done.all():
        actions = allocator.act(seen[-1])
        seen.append(batch.step(actions, ~batch.done).copy())
        done.append(actions)
        paid.append(batch.state.quarter["reward"].copy())
        told.append(batch_info(batch))
    for i, (seed, length) in enumerate(zip(seeds, quarters, strict=True)):
        yield Episode(
            allocator.name,
            int(seed),
            np.stack([rows[i] for rows in seen[: length + 1]]),
            np.stack([rows[i] for rows in done[:length]]),
            np.stack([rows[i] for rows in paid[:length]]),
            {name: np.stack([info[name][i] for info in told[: length + 1]]) for name in told[0]},
        )
