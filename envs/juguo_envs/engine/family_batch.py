"""A batch in which every episode has its own world of a family, and in which more may be shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_envs.engine.batch import Batch
from juguo_envs.spaces.context import Context, ContextLayout, ObservationBuffer, ObservationConfig
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario
from juguo_envs.worlds.seeds import check_seeds

AS_IT_IS = ObservationConfig()
"""A quarter's observation with its noise, and nothing beside it."""


class FamilyBatch(Batch):
    """B societies whose scenarios are drawn at every reset from their seeds.

    A society's world, and its whole trajectory, depend on its own seed and actions alone, as in a `Batch`;
    it is bit for bit that of `Batch(family.scenario(seed), 1)`. Societies are made anew at every reset.
    Programmes are of different lengths: `done` says whose is over, and a caller steps the others by a mask.

    Attributes:
        family: What is drawn from.
        layout: Where each quantity stands in an observation, a `ContextLayout`.
        producers: (B, R) producers in each community.
    """

    def __init__(
        self,
        family: Family,
        size: int,
        config: ObservationConfig = AS_IT_IS,
        *,
        threads: int = 1,
    ) -> None:
        """Make room for `size` societies.

        Args:
            family: What their worlds are drawn from.
            size: Number of societies, at least 1.
            config: What is shown of them.
            threads: Threads that share the societies of a step; results do not depend on it.
        """
        super().__init__(family.base, size, noisy=config.noisy, threads=threads)
        self.family = family
        self.layout: ContextLayout = ContextLayout(self.communities, config)
        self.producers = np.tile(self.structure.producers, (size, 1))
        self._buffer = ObservationBuffer(self.layout, size)
        self._plain = self.layout.size == self.layout.observation.size

    def reset(
        self, seeds: npt.NDArray[np.uint64], mask: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.float32]:
        """Draw worlds and make societies anew; see `Batch.reset`."""
        numbers = self._per_society(check_seeds(seeds), np.uint64, "seeds")
        chosen = self._chosen(mask)
        self._draw(numbers, chosen)
        self._buffer.begin(self._facts(chosen), chosen)
        out = np.zeros((self.size, self.layout.size), np.float32)
        common = self.structure
        try:  # societies that have their producers in the same places are made by one call
            for producers in np.unique(self.producers[chosen], axis=0):
                self.structure = common._replace(producers=np.ascontiguousarray(producers))
                alike = chosen & (self.producers == producers).all(1)
                out[alike] = super().reset(numbers, alike)[alike]
        finally:
            self.structure = common
        return self._shown(out, chosen)

    def step(
        self, actions: npt.ArrayLike, mask: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.float32]:
        """Move societies on by a quarter; see `Batch.step`."""
        return self._shown(super().step(actions, mask), self._chosen(mask))

    @property
    def done(self) -> npt.NDArray[np.bool_]:
        """(B,) whether a society's programme is over."""
        over: npt.NDArray[np.bool_] = self.state.programme["t"] >= self.params["T"]
        return over

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """What changes beside `state`, live: arrays by name, to be copied or written over."""
        return self._buffer.memory()

    def redraw(self) -> None:
        """Draw all worlds again from the seeds in `state`, after it was written over."""
        self._draw(self.state.programme["seed"], self._everyone)
        self._buffer.facts[:] = self._facts(self._everyone)

    def _draw(self, seeds: npt.NDArray[np.uint64], chosen: npt.NDArray[np.bool_]) -> None:
        drawn = self.family.draw(seeds[chosen])
        self.params[chosen] = drawn.params
        self.producers[chosen] = drawn.producers

    def _facts(self, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        known = Context.of(self.params[chosen], self.structure, self.producers[chosen])
        return self.layout.facts_of(known)

    def _shown(self, out: npt.NDArray[np.float32], chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        return out if self._plain else self._buffer.complete(out, chosen)


def make_batch(
    world: Scenario | Family, size: int, config: ObservationConfig = AS_IT_IS, *, threads: int = 1
) -> Batch:
    """The batch for a world, one scenario for all or a family, in which so much is shown."""
    if isinstance(world, Scenario):
        if ContextLayout(1, config).size == ObservationLayout(1).size:
            return Batch(world, size, noisy=config.noisy, threads=threads)
        world = Family(world, varies=False)
    return FamilyBatch(world, size, config, threads=threads)


def scenario_of(batch: Batch, b: int) -> Scenario:
    """The world of society `b` since its last reset, hidden parameters included."""
    if isinstance(batch, FamilyBatch):
        return batch.family.scenario(int(batch.state.programme["seed"][b]))
    return batch.scenario
