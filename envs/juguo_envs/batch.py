"""A batch of societies of one scenario: what every environment is a shell of."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_envs.allocation import action_size, check_actions, decode_into
from juguo_envs.model.compiled import SOURCE_KEY, announce_compilation, kernel
from juguo_envs.model.measures import tally
from juguo_envs.model.state import Array, State, World, allocate_state
from juguo_envs.model.step import step_one
from juguo_envs.observation import ObservationLayout, observe_one
from juguo_envs.scenario import Scenario
from juguo_envs.society import build_world, populate


def _build_kernels(source_key: int) -> tuple[Any, Any]:
    """The two entry points of the compiled model; see `juguo_envs.model.compiled` for the key."""

    @kernel
    def reset_range(
        s: State, w: World, P: Array, seeds: Array, mask: Array, noisy: bool, out: Array, low: int, high: int
    ) -> int:
        for b in range(low, high):
            if mask[b]:
                populate(s, w, P[b], b, seeds[b])
                tally(s, w, P[b], b, np.zeros(3, np.int64), np.zeros(3))
                for c in range(w.share.shape[0]):
                    for j in range(3):
                        s.adopters_before[b, c, j] = 0
                observe_one(s, w, P[b], b, noisy, out[b])
        return source_key

    @kernel
    def step_range(
        s: State,
        w: World,
        P: Array,
        actions: Array,
        mask: Array,
        noisy: bool,
        out: Array,
        low: int,
        high: int,
    ) -> int:
        allocation = np.empty(actions.shape[1])
        for b in range(low, high):
            if mask[b]:
                decode_into(actions[b], w.share, allocation)
                step_one(s, w, P[b], b, allocation)
                observe_one(s, w, P[b], b, noisy, out[b])
        return source_key

    return reset_range, step_range


_reset_range, _step_range = _build_kernels(SOURCE_KEY)


class Batch:
    """B societies of one scenario, stepped by one call.

    Every society's trajectory depends on its own seed and actions alone: not on its place, on the size of the
    batch, or on the number of threads.

    Attributes:
        scenario: The scenario.
        state: The arrays, `State`; written in place.
        world: What the societies have in common.
        layout: Where each quantity stands in an observation.
        params: (B,) structured array of parameters.
    """

    def __init__(self, scenario: Scenario, size: int, *, noisy: bool = True, threads: int = 1) -> None:
        """Make room for `size` societies.

        Args:
            scenario: The world.
            size: Number of societies, at least 1.
            noisy: Whether observations carry the scenario's noise.
            threads: Threads that share the societies of a call; results do not depend on it.
        """
        if size < 1:
            raise ValueError(f"size is {size}; a batch holds at least 1 society")
        if threads < 1:
            raise ValueError(f"threads is {threads}; allowed is 1 or more")
        self.scenario = scenario
        self.size = size
        self.noisy = noisy
        self.threads = threads
        self.world: World = build_world(scenario)
        self.communities = len(self.world.share)
        self.persons = scenario.society.persons
        self.layout = ObservationLayout(self.communities)
        self.params = np.repeat(scenario.record(), size)
        self.state: State = allocate_state(size, self.persons, self.communities, int(self.world.edges))
        self._everyone = np.ones(size, np.bool_)

    @property
    def action_size(self) -> int:
        """Length of one action vector."""
        return action_size(self.communities)

    def reset(
        self, seeds: npt.NDArray[np.uint64], mask: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.float32]:
        """Make societies anew.

        Args:
            seeds: (B,) uint64, one per society.
            mask: (B,) which societies; all by default.

        Returns:
            (B, size) float32 observations; rows of societies not in `mask` are zero.
        """
        out = np.zeros((self.size, self.layout.size), np.float32)
        self._run(_reset_range, self._per_society(seeds, np.uint64, "seeds"), mask, out)
        return out

    def step(
        self, actions: npt.ArrayLike, mask: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.float32]:
        """Move societies on by a quarter.

        Args:
            actions: (B, 10 + R + 3) in [-1, 1].
            mask: (B,) which societies; all by default.

        Returns:
            (B, size) float32 observations; rows of societies not in `mask` are zero.

        Raises:
            AllocationError: If actions have the wrong shape or are not finite; nothing is stepped then.
        """
        out = np.zeros((self.size, self.layout.size), np.float32)
        self._run(_step_range, check_actions(actions, self.size, self.communities), mask, out)
        return out

    @property
    def done(self) -> npt.NDArray[np.bool_]:
        """(B,) whether a society's programme is over."""
        over: npt.NDArray[np.bool_] = self.state.programme["t"] >= self.scenario.programme.T
        return over

    def _per_society(self, values: npt.ArrayLike, dtype: Any, name: str) -> Array:
        """An array the kernels are compiled for: they check no bounds and cast no types."""
        array = np.require(values, dtype, ["C", "A", "W"])
        if array.shape != (self.size,):
            raise ValueError(f"{name} has shape {array.shape}; expected ({self.size},)")
        return array

    def _run(self, kernel_: Any, per_society: Array, mask: npt.NDArray[np.bool_] | None, out: Array) -> None:
        everyone = self._everyone if mask is None else self._per_society(mask, np.bool_, "mask")
        arguments: tuple[Any, ...] = (
            self.state, self.world, self.params, per_society, everyone, self.noisy, out,
        )  # fmt: skip
        with announce_compilation((_reset_range, _step_range)):
            if self.threads == 1 or self.size == 1 or not kernel_.signatures:
                kernel_(*arguments, 0, self.size)
                return
        cuts = np.linspace(0, self.size, min(self.threads, self.size) + 1).astype(int).tolist()
        spans = list(pairwise(cuts))
        pool = _workers(self.threads - 1)
        others = [pool.submit(kernel_, *(*arguments, low, high)) for low, high in spans[1:]]
        kernel_(*arguments, *spans[0])
        for other in others:
            other.result()


@lru_cache(maxsize=8)
def _workers(count: int) -> ThreadPoolExecutor:
    """Threads kept between calls; making them costs more than a step."""
    return ThreadPoolExecutor(count, thread_name_prefix="juguo")


# a forked child has none of its parent's threads and must not wait for them
os.register_at_fork(after_in_child=_workers.cache_clear)
