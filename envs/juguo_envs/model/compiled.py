"""How the model is compiled: numba, cached on disk, and never stale or silent."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
from numba.extending import intrinsic

# numba's cache looks at a kernel's own file only; a change in another file of the model would leave a
# stale kernel behind. Kernels therefore close over this number, and closures are part of the cache key.
_PACKAGE = Path(__file__).parent.parent
_SOURCES = sorted((_PACKAGE / "model").glob("*.py")) + [
    _PACKAGE / name
    for name in (
        "engine/team.py",
        "engine/batch.py",
        "spaces/action.py",
        "spaces/observation.py",
        "worlds/society.py",
    )
]
SOURCE_KEY = int.from_bytes(hashlib.sha256(b"".join(p.read_bytes() for p in _SOURCES)).digest()[:7], "big")

_intrinsic: Any = intrinsic  # numba types it without its first argument
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a piece of the model that is only called from kernels."""
    return numba.njit(**_OPTIONS)(function)


def merged(function: Callable[..., Any]) -> Any:
    """Compile a piece that is always merged into its caller: handing the whole state over takes long."""
    return numba.njit(forceinline=True, **_OPTIONS)(function)


def summed(function: Callable[..., Any]) -> Any:
    """Compile a loop of sums whose order the compiler may choose, so that it uses vector instructions.

    The order is fixed in the machine code: the same values give the same bits at every place of a batch and
    on any number of threads.
    """
    return numba.njit(fastmath={"reassoc", "nsz"}, **_OPTIONS)(function)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile an entry point of the model; its machine code is cached on disk."""
    return numba.njit(cache=True, **_OPTIONS)(function)


@_intrinsic
def borrowed(typing_context: Any, arrays: Any) -> Any:
    """The same named tuple of arrays, whose owners are not counted; the caller keeps them alive.

    A compiled function otherwise counts the owner of every array that it is handed, up and down, by an atomic
    operation each: more time than a small community takes, and the threads of a team would wait for each
    other's counts.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = arguments[0]
        for i, kind in enumerate(signature.args[0].types):
            array = context.make_array(kind)(context, builder, builder.extract_value(value, i))
            array.meminfo = array.meminfo.type(None)
            array.parent = array.parent.type(None)
            value = builder.insert_value(value, array._getvalue(), i)
        return value

    return arrays(arrays), generate


_announced = threading.Event()


@contextmanager
def announce_compilation(dispatchers: tuple[Any, ...], patience: float = 1.5) -> Iterator[None]:
    """Say on standard error that kernels are being compiled, if that takes longer than `patience` seconds.

    Args:
        dispatchers: The kernels about to be called; nothing is announced when all are compiled.
        patience: Seconds to wait before saying so.
    """
    if all(d.signatures for d in dispatchers):
        yield
        return

    def say() -> None:
        if not _announced.is_set():
            _announced.set()
            print(
                "juguo: compiling the model for this machine (about half a minute, then cached) ...",
                file=sys.stderr,
                flush=True,
            )

    timer = threading.Timer(patience, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
