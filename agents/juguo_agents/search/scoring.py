"""Returns of many candidates on the same episodes, in as few batches as memory allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Setting, show_hidden
from juguo_agents.search.families import Family
from juguo_envs.batch import Batch
from juguo_envs.scenario import Scenario

_PERSONS = 1_000_000  # stepped together, about 200 MB; results do not depend on it


class Scorer:
    """Runs candidates of a family in one scenario."""

    def __init__(self, scenario: Scenario, observe: str = "noisy", threads: int = 1) -> None:
        """Take the world; societies are made when they are first needed."""
        self.scenario, self.noisy, self.threads = scenario, observe == "noisy", threads
        self.setting = Setting.of(scenario)
        self._batch: Batch | None = None

    def returns(
        self, family: Family, candidates: Sequence[Mapping[str, float]], seeds: npt.NDArray[np.uint64]
    ) -> npt.NDArray[np.float64]:
        """(candidates, episodes) returns; every candidate meets the same seeds."""
        room = max(1, _PERSONS // self.scenario.society.persons)
        found = np.zeros((len(candidates), len(seeds)))
        for j in range(0, len(seeds), room):
            some = seeds[j : j + room]
            together = max(1, room // len(some))
            for i in range(0, len(candidates), together):
                group = candidates[i : i + together]
                found[i : i + together, j : j + room] = self._run(family, group, some)
        return found

    def _run(
        self, family: Family, candidates: Sequence[Mapping[str, float]], seeds: npt.NDArray[np.uint64]
    ) -> npt.NDArray[np.float64]:
        everyone = np.tile(seeds, len(candidates))
        batch = self._societies(len(everyone))
        allocator = family.allocator(candidates, self.scenario)
        allocator.start(self.setting, everyone)
        show_hidden(allocator, batch)
        observation = batch.reset(everyone)
        total = np.zeros(len(everyone))
        for _ in range(self.scenario.programme.T):
            observation = batch.step(allocator.act(observation))
            total += batch.state.quarter["reward"]
        return total.reshape(len(candidates), len(seeds))

    def _societies(self, size: int) -> Batch:
        if self._batch is None or self._batch.size != size:
            self._batch = Batch(self.scenario, size, noisy=self.noisy, threads=self.threads)
        return self._batch
