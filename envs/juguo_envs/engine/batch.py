"""A batch of societies of one scenario: what every environment is a shell of."""

from __future__ import annotations

import os
import threading
from queue import SimpleQueue
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from juguo_envs.engine.compiled import SOURCE_KEY, borrowed, compilation, words_of
from juguo_envs.engine.memory import check_societies
from juguo_envs.engine.team import (
    PATIENCE,
    PRESENT,
    SOCIETIES,
    WITHIN,
    add,
    claim,
    do_block,
    each_block,
    give_way,
    item_done,
    new_team,
    open_phase,
    wait_for_all,
)
from juguo_envs.model.compiled import kernel
from juguo_envs.model.initialisation import populate
from juguo_envs.model.persons import MOVE, TELL
from juguo_envs.model.quarter import begin_quarter, end_quarter
from juguo_envs.model.scratch import floats
from juguo_envs.model.state import Array, State, Structure, allocate_state
from juguo_envs.spaces.action import action_size, check_actions, decode_into
from juguo_envs.spaces.observation import ObservationLayout, observe_one
from juguo_envs.worlds.scenario import Scenario
from juguo_envs.worlds.seeds import check_seeds
from juguo_envs.worlds.society import build_structure

_STATE = numba.typeof(allocate_state(1, 1, 1, 0, 1))
_STRUCTURE = numba.typeof(
    Structure(
        **{name: np.zeros(0, "i8") for name in ("start", "producers", "offsets", "team")},
        **{name: np.zeros(0, "f8") for name in ("share", "hub", "kappa_mean")},
        blocks=np.zeros((0, 3), "i8"),
        mixing=np.zeros((0, 0), "f8"),
        edges=np.zeros((), "i8"),
        neighbours=np.zeros(0, "i4"),
    )
)
"""What the kernel is compiled for."""
_of_state, _of_structure = borrowed(_STATE), borrowed(_STRUCTURE)
LARGE = 20_000
"""Persons from which a team may share one society; in a smaller one, telling each other costs too much."""


def _build_kernel(source_key: int) -> Any:
    """The entry point of the compiled model; see `juguo_envs.engine.compiled` for the key."""

    @kernel
    def move_on(
        state: Array,
        fixed: Array,
        P: Array,
        seeds: Array,
        actions: Array,
        mask: Array,
        noisy: bool,
        out: Array,
        helps: bool,
    ) -> int:
        """Make the societies of the mask from seeds, if there are any, or else move them on by actions."""
        s, w = _of_state(state), _of_structure(fixed)
        team, allocation, count, begins = w.team, floats(actions.shape[1]), mask.shape[0], seeds.shape[0] > 0
        within = team.shape[0] > 0 and team[WITHIN] == 1
        alone = not helps and (within or team.shape[0] == 0)
        if helps:
            add(team, PRESENT, 1)
        elif not alone:
            open_phase(team, SOCIETIES, 0, count)
        turns, kind, b, item = 0, SOCIETIES, 0, -1
        while turns < PATIENCE:
            if alone:
                item = item + 1 if item + 1 < count else -1
            else:
                kind, b, item = claim(team)
            if item < 0:
                if begins or not helps:
                    break
                turns += 1
                give_way()
                continue
            turns = 0
            if kind != SOCIETIES:
                do_block(s, w, P[b], b, kind, item, within)
            elif mask[item]:
                if begins:
                    populate(s, w, P[item], item, seeds[item])
                else:
                    decode_into(actions[item], w.share, allocation)
                    begin_quarter(s, w, P[item], item, allocation)
                    for phase in (MOVE, TELL):
                        each_block(s, w, P[item], item, phase)
                    end_quarter(s, w, P[item], item)
                observe_one(s, w, P[item], item, noisy, out[item])
            if not alone:
                item_done(team)
        if helps:
            add(team, PRESENT, -1)
        elif not alone:
            wait_for_all(team)
        return source_key

    return move_on


_kernel = _build_kernel(SOURCE_KEY)
_NO_SEEDS, _NO_ACTIONS = np.zeros(0, np.uint64), np.zeros((0, 0), np.float32)
_ready = threading.Event()
"""Whether the kernel has run; to ask it itself takes longer than a small society's quarter."""


def _run(arguments: tuple[Any, ...]) -> None:
    """Run the kernel in this thread, as the leader of its team if it has one."""
    if _ready.is_set():
        _kernel(*arguments, False)
        return
    with compilation((_kernel,)):
        _kernel(*arguments, False)
    _ready.set()


_OWN = ("_words", "_fixed", "_team")  # the first two hold addresses
"""What a copy of a batch makes for itself."""


class Batch:
    """B societies of one scenario, stepped by one call.

    Every society's trajectory depends on its own seed and actions alone: not on its place, on the size of the
    batch, or on the number of threads.

    Attributes:
        scenario: The scenario.
        state: The arrays, `State`; written in place.
        structure: What the societies have in common: communities, blocks, ties.
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

        Raises:
            UserError: If so many persons do not fit into memory.
        """
        if size < 1:
            raise ValueError(f"size is {size}; a batch holds at least 1 society")
        if threads < 1:
            raise ValueError(f"threads is {threads}; allowed is 1 or more")
        self.scenario = scenario
        self.size = size
        self.noisy = noisy
        self.threads = threads
        self.structure: Structure = build_structure(scenario)
        check_societies(scenario, size, threads=threads, fixed=self.structure)
        self.communities = len(self.structure.share)
        self.persons = scenario.society.persons
        self.layout = ObservationLayout(self.communities)
        self.params = np.repeat(scenario.record(), size)
        self.state: State = allocate_state(
            size, self.persons, self.communities, int(self.structure.edges), len(self.structure.blocks)
        )
        self._everyone = np.ones(size, np.bool_)
        self._words = words_of(self.state, _STATE)
        self._fixed: tuple[Structure, Array] | None = None
        self._team: _Team | None = None

    def __getstate__(self) -> dict[str, Any]:
        """A copy shares no threads with the original, and its arrays are at other addresses."""
        return {name: value for name, value in self.__dict__.items() if name not in _OWN}

    def __setstate__(self, held: dict[str, Any]) -> None:
        """Take what `__getstate__` gave."""
        self.__dict__.update(held, _words=words_of(held["state"], _STATE), _fixed=None, _team=None)

    @property
    def action_size(self) -> int:
        """Length of one action vector."""
        return action_size(self.communities)

    def reset(
        self, seeds: npt.NDArray[np.uint64], mask: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.float32]:
        """Make societies anew.

        Societies of one seed are made once and copied, as those that live the same episode are.

        Args:
            seeds: (B,) uint64, one per society.
            mask: (B,) which societies; all by default.

        Returns:
            (B, size) float32 observations; rows of societies not in `mask` are zero.

        Raises:
            SeedError: If a seed is no whole number from 0 to 2**63 - 1.
        """
        out = np.zeros((self.size, self.layout.size), np.float32)
        numbers = self._per_society(check_seeds(seeds), np.uint64, "seeds")
        chosen = self._chosen(mask)
        copies, originals = self._twins(numbers, chosen)
        if len(copies):
            chosen = chosen.copy()  # a caller's, or that of everyone
            chosen[copies] = False
        self._make(numbers, chosen, out)
        if len(copies):
            for array in (*self.state, out):
                array[copies] = array[originals]
        return out

    def _make(self, seeds: Array, chosen: Array, out: Array) -> None:
        """Make the chosen societies, and write their observations to `out`."""
        helpers = min(self.threads, self.size) - 1 if _ready.is_set() else 0
        fixed, words = self._as_words()
        if helpers:  # a team of its own: a helper that comes late does no harm
            fixed = fixed._replace(team=new_team())
            words = words_of(fixed, _STRUCTURE)
        arguments = (self._words, words, self.params, seeds, _NO_ACTIONS, chosen, self.noisy, out)
        _call_helpers(helpers, arguments, (self.state, fixed))
        _run(arguments)

    def _twins(self, seeds: Array, chosen: Array) -> tuple[Array, Array]:
        """Of the chosen, those that another one's seed and parameters would make once more, and that one."""
        among = np.flatnonzero(chosen)
        _, first, group = np.unique(seeds[among], return_index=True, return_inverse=True)
        original = among[first[group]]
        params = self.params.view(np.uint8).reshape(self.size, -1)
        twin = original != among
        twin[twin] = (params[among[twin]] == params[original[twin]]).all(1)
        return among[twin], original[twin]

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
        checked, chosen = check_actions(actions, (self.size,), self.communities), self._chosen(mask)
        if self.threads > 1 and _ready.is_set():
            if self._team is None or self._team.epoch is not _epoch:
                self._team = _Team(self)
            return self._team.step(checked, chosen)
        _, words = self._as_words()
        out = np.zeros((self.size, self.layout.size), np.float32)
        _run((self._words, words, self.params, _NO_SEEDS, checked, chosen, self.noisy, out))
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

    def _as_words(self) -> tuple[Structure, Array]:
        """The structure, and its words; a family puts others in its place while it makes societies."""
        if self._fixed is None or self._fixed[0] is not self.structure:
            self._fixed = self.structure, words_of(self.structure, _STRUCTURE)
        return self._fixed

    def _chosen(self, mask: npt.NDArray[np.bool_] | None) -> Array:
        return self._everyone if mask is None else self._per_society(mask, np.bool_, "mask")


class _Team:
    """The threads that step a batch, and the arrays that they all know.

    A helper stays for a moment after a step, in case there is another one, so the arrays are always the same.
    """

    def __init__(self, batch: Batch) -> None:
        self.epoch = _epoch
        self.words = new_team()
        across = batch.size >= 2 * batch.threads or batch.persons < LARGE
        self.words[WITHIN] = 0 if across else 1
        items = batch.size if across else len(batch.structure.blocks)
        self.helpers = min(batch.threads, items) - 1
        self.actions = np.zeros((batch.size, batch.action_size), np.float32)
        self.mask = np.zeros(batch.size, np.bool_)
        self.out = np.zeros((batch.size, batch.layout.size), np.float32)
        fixed = batch.structure._replace(team=self.words)
        self.owners = batch.state, fixed
        self.arguments = (
            batch._words, words_of(fixed, _STRUCTURE), batch.params, _NO_SEEDS, self.actions, self.mask,
            batch.noisy, self.out,
        )  # fmt: skip

    def step(self, actions: Array, mask: Array) -> npt.NDArray[np.float32]:
        """See `Batch.step`."""
        self.actions[:] = actions
        self.mask[:] = mask
        if not mask.all():
            self.out[:] = 0.0
        _call_helpers(self.helpers - int(self.words[PRESENT]), self.arguments, self.owners)
        _run(self.arguments)
        return self.out.copy()


class _Epoch:
    """The process and its helpers; a forked child has none of its parent's threads."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self.threads = 0
        self.lock = threading.Lock()


_epoch = _Epoch()


def _call_helpers(count: int, arguments: tuple[Any, ...], owners: tuple[State, Structure]) -> None:
    """Ask threads, kept between calls, to run the kernel as helpers; they keep its arrays alive."""
    if count <= 0:
        return
    with _epoch.lock:
        while _epoch.threads < count:
            threading.Thread(target=_help, args=(_epoch.calls,), name="juguo", daemon=True).start()
            _epoch.threads += 1
    for _ in range(count):
        _epoch.calls.put((arguments, owners))


def _help(calls: SimpleQueue[tuple[Any, ...]]) -> None:
    """What a helper does all its life."""
    while True:
        arguments, owners = calls.get()
        _kernel(*arguments, True)
        del arguments, owners  # let a batch that is no longer used go


def _forget_helpers() -> None:
    global _epoch
    _epoch = _Epoch()


os.register_at_fork(after_in_child=_forget_helpers)
