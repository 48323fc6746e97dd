"""How threads share one call: work is cut into items, and whoever is free claims the next one.

One thread leads; it opens a phase, claims items like everybody else, and goes on when all are done. Who does
an item never shows in the result: items write to places of their own, or add whole numbers.
A helper that comes late finds nothing to claim; one that waits for long goes home.

The words of a team, an array of 64-bit integers, each in a cache line of its own: CLAIM holds the number of
the phase (high half) and the next item (low half), so that a claim of a phase that is over fails.
"""

from __future__ import annotations

import sys
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.cgutils import get_item_pointer
from numba.extending import intrinsic

from juguo_envs.model.compiled import inlined, internal
from juguo_envs.model.persons import MOVE, move_block, teller
from juguo_envs.model.state import Array, State, Structure

CLAIM, DONE, KIND, SOCIETY, COUNT, PRESENT, WITHIN = 0, 8, 16, 24, 32, 40, 48
WORDS = 56
SOCIETIES = 0
"""The kind of work whose items are whole societies; other kinds are parts of one society."""
PATIENCE = 100
"""Turns that a helper waits for more work; each lets another thread run."""

_intrinsic: Any = intrinsic  # numba types it without its first argument
_LOW, _PHASE = 0xFFFFFFFF, 1 << 32
_give_way = numba.types.ExternalFunction(
    "SwitchToThread" if sys.platform == "win32" else "sched_yield", types.intc()
)


def new_team() -> Array:
    """The words of a team, with nothing to claim."""
    return np.zeros(WORDS, np.int64)


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Pointer to element `arguments[1]` of the one-dimensional array `arguments[0]`."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return get_item_pointer(context, builder, signature.args[0], array, [arguments[1]])


@_intrinsic
def load(typing_context: Any, array: Any, index: Any) -> Any:
    """Element of an int64 array, after everything that was written before it was stored."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        return builder.load_atomic(pointer, "acquire", 8)

    return types.int64(array, types.intp), generate


@_intrinsic
def store(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Set an element of an int64 array, after everything written before is seen."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        builder.store_atomic(arguments[2], pointer, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


@_intrinsic
def swap(typing_context: Any, array: Any, index: Any, expected: Any, value: Any) -> Any:
    """Set an element of an int64 array if it is `expected`; whether it was."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        pair = builder.cmpxchg(pointer, arguments[2], arguments[3], "acq_rel", "acquire")
        return builder.extract_value(pair, 1)

    return types.boolean(array, types.intp, types.int64, types.int64), generate


@_intrinsic
def add(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Add to an element of an integer array that others add to at the same time."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        value = (
            builder.trunc(arguments[2], pointer.type.pointee) if array.dtype.bitwidth < 64 else arguments[2]
        )
        builder.atomic_rmw("add", pointer, value, "acq_rel")
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


@inlined
def open_phase(team: Array, kind: int, society: int, count: int) -> None:
    """Offer `count` items of a kind of work; all items of the phase before are done."""
    phase = (load(team, CLAIM) // _PHASE + 1) * _PHASE
    store(team, CLAIM, phase + _LOW)  # closed while the rest is written
    store(team, KIND, kind)
    store(team, SOCIETY, society)
    store(team, COUNT, count)
    store(team, DONE, 0)
    store(team, CLAIM, phase)


@inlined
def claim(team: Array) -> tuple[int, int, int]:
    """Claim an item of the phase that is open: its kind, society and number, or -1 for the number."""
    while True:
        word = load(team, CLAIM)
        kind, society, count = load(team, KIND), load(team, SOCIETY), load(team, COUNT)
        item = word & _LOW
        if item >= count:
            return kind, society, -1
        if swap(team, CLAIM, word, word + 1):
            return kind, society, item


@inlined
def item_done(team: Array) -> None:
    """Say that a claimed item is done."""
    add(team, DONE, 1)


@inlined
def wait_for_all(team: Array) -> None:
    """Wait until every item of the phase is done."""
    while load(team, DONE) < load(team, COUNT):
        give_way()


@inlined
def give_way() -> None:
    """Let another thread run."""
    _give_way()


@inlined
def add_alone(array: Array, index: int, value: int) -> None:
    """Add to an element of an array that nobody else adds to at the same time."""
    array[index] += value


tell_together, tell_alone = teller(add), teller(add_alone)


@internal
def do_block(s: State, w: Structure, P: Any, b: int, phase: int, k: int, together: bool) -> None:
    """Do a phase of society `b`'s quarter in block `k`; `together` if others do so in other blocks."""
    if phase == MOVE:
        move_block(s, w, P, b, k)
    elif together:
        tell_together(s, w, b, k)
    else:
        tell_alone(s, w, b, k)


@internal
def each_block(s: State, w: Structure, P: Any, b: int, phase: int) -> None:
    """Do a phase of society `b`'s quarter in every block, with the team's help where it has one."""
    team, count = w.team, w.blocks.shape[0]
    together = team.shape[0] > 0 and team[WITHIN] == 1
    if together:
        open_phase(team, phase, b, count)
    k = -1
    while True:
        if together:
            _, _, k = claim(team)
        else:
            k = k + 1 if k + 1 < count else -1
        if k < 0:
            break
        do_block(s, w, P, b, phase, k, together)
        if together:
            item_done(team)
    if together:
        wait_for_all(team)
