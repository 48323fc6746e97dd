"""Returns of many candidates on the same episodes, in as few batches as memory allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from juguo_agents.allocators.base import Allocator, show_hidden
from juguo_agents.allocators.parametric.policy_classes import PolicyClass
from juguo_agents.allocators.side_by_side import SideBySide
from juguo_agents.array_types import Floats, Seeds
from juguo_agents.evaluation.rollout import setting_of
from juguo_envs.engine.batch import Batch
from juguo_envs.engine.family_batch import make_batch
from juguo_envs.engine.memory import episodes_together
from juguo_envs.info import REWARD_PARTS
from juguo_envs.spaces.context import ObservationConfig
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario


class Scorer:
    """Runs candidates of a policy class in one scenario, or in that of each episode's seed."""

    def __init__(self, world: Scenario | Family, observe: str = "noisy", threads: int = 1) -> None:
        """Take the world, or the worlds; societies are made when they are first needed."""
        self.scenario = world.base if isinstance(world, Family) else world
        self.world, self.threads = world, threads
        self.config = ObservationConfig.model_validate({"observe": observe})
        self._batch: Batch | None = None

    def returns(
        self,
        policy_class: PolicyClass,
        candidates: Sequence[Mapping[str, float]],
        seeds: Seeds,
    ) -> Floats:
        """(candidates, episodes) returns; every candidate meets the same seeds."""
        return self._of_candidates(policy_class, candidates, seeds, ("reward",))[..., 0]

    def returns_of(self, allocators: Sequence[Allocator], seeds: Seeds) -> Floats:
        """(allocators, episodes) returns; every allocator meets the same seeds."""
        return self._sums(lambda some: SideBySide(allocators[some]), len(allocators), seeds, ("reward",))[
            ..., 0
        ]

    def parts(
        self,
        policy_class: PolicyClass,
        candidates: Sequence[Mapping[str, float]],
        seeds: Seeds,
    ) -> Floats:
        """(candidates, episodes, 3) breadth, resilience and excluded share, means over the quarters."""
        quarters = np.broadcast_to(setting_of(self.world, seeds).quarters, len(seeds))
        means: Floats = self._of_candidates(policy_class, candidates, seeds, REWARD_PARTS) / quarters[:, None]
        return means

    def _of_candidates(
        self,
        policy_class: PolicyClass,
        candidates: Sequence[Mapping[str, float]],
        seeds: Seeds,
        fields: Sequence[str],
    ) -> Floats:
        """(candidates, episodes, fields) sums over the quarters."""

        def make(some: slice) -> Allocator:
            return policy_class.allocator(candidates[some], self.scenario)

        return self._sums(make, len(candidates), seeds, fields)

    def _sums(
        self,
        make: Callable[[slice], Allocator],
        count: int,
        seeds: Seeds,
        fields: Sequence[str],
    ) -> Floats:
        """(count, episodes, fields) of what a quarter holds, summed over the quarters.

        `make` gives one allocator for a run of the candidates, each of which has an equal run of a batch.
        """
        room = episodes_together(self.scenario, max(1, count * len(seeds)))
        found = np.zeros((count, len(seeds), len(fields)))
        for j in range(0, len(seeds), room):
            part = seeds[j : j + room]
            together = max(1, room // len(part))
            for i in range(0, count, together):
                some = slice(i, min(i + together, count))
                everyone = np.tile(part, some.stop - i)
                sums = self._run(make(some), everyone, fields)
                found[some, j : j + room] = sums.reshape(some.stop - i, len(part), len(fields))
        return found

    def _run(self, allocator: Allocator, everyone: Seeds, fields: Sequence[str]) -> Floats:
        """(episodes, fields) sums over the quarters of one batch."""
        batch = self._societies(len(everyone))
        allocator.start(setting_of(self.world, everyone), everyone)
        show_hidden(allocator, batch)
        observation = batch.reset(everyone)
        total = np.zeros((len(fields), len(everyone)))
        for _ in range(int(batch.params["T"].max())):
            going = ~batch.done
            if going.all():
                observation = batch.step(allocator.act(observation))
            else:
                observation = batch.step(allocator.act(observation), going)
            for row, name in zip(total, fields, strict=True):
                row[going] += batch.state.quarter[name][going]
        return total.T

    def _societies(self, size: int) -> Batch:
        if self._batch is None or self._batch.size != size:
            self._batch = make_batch(self.world, size, self.config, threads=self.threads)
        return self._batch
