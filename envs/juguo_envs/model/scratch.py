"""Arrays that a kernel needs for a moment. numba compiles how one is made for each kind of them.

And for each length that is a constant, so lengths are taken from arrays.
"""

from __future__ import annotations

import numpy as np

from juguo_envs.model.compiled import inlined
from juguo_envs.model.state import Array


@inlined
def floats(n: int) -> Array:
    """(n,) float64 zeros."""
    found = np.empty(n)
    for i in range(n):
        found[i] = 0.0
    return found


@inlined
def wholes(n: int) -> Array:
    """(n,) int64 zeros."""
    found = np.empty(n, np.int64)
    for i in range(n):
        found[i] = 0
    return found


@inlined
def persons(n: int) -> Array:
    """(n,) int32, not yet filled: numbers of persons, or of ends of ties."""
    return np.empty(n, np.int32)
