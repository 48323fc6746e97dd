"""How a piece of the model is compiled: numba, with floats as IEEE 754 has them but where it is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from juguo_envs.model.kernel_cache import cache_of

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_INTERNAL = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a piece of the model that kernels call, and that Python can call, too."""
    return numba.njit(**_OPTIONS)(function)


def internal(function: Callable[..., Any]) -> Any:
    """Compile a piece that only kernels call: a way in from Python takes as long to compile as the piece."""
    return numba.njit(**_INTERNAL)(function)


def merged(function: Callable[..., Any]) -> Any:
    """Compile such a piece that is always merged into its caller: handing the whole state over takes long."""
    return numba.njit(forceinline=True, **_INTERNAL)(function)


def expanded(function: Callable[..., Any]) -> Any:
    """Compile a small piece as if its text stood in its callers; quick for many pieces of a line each."""
    return numba.njit(inline="always", **_OPTIONS)(function)


def summed(function: Callable[..., Any]) -> Any:
    """Compile a loop of sums whose order the compiler may choose, so that it uses vector instructions.

    The order is fixed in the machine code: the same values give the same bits at every place of a batch and
    on any number of threads.
    """
    return numba.njit(fastmath={"reassoc", "nsz"}, **_OPTIONS)(function)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile an entry point of the model; its machine code is cached on disk, where that can be."""
    compiled = numba.njit(**_OPTIONS)(function)
    if (cache := cache_of(function)) is not None:
        compiled._cache = cache  # as its `enable_caching` does
    return compiled
