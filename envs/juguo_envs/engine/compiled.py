"""What the compiled engine needs beside numba: a cache that is never stale, and a word while it is filled."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from numba.extending import intrinsic

# numba's cache looks at a kernel's own file only; a change in another file of the model would leave a
# stale kernel behind. Kernels therefore close over this number, and closures are part of the cache key.
_PACKAGE = Path(__file__).parent.parent
_SOURCES = sorted((_PACKAGE / "model").glob("*.py")) + [
    _PACKAGE / name
    for name in (
        "engine/batch.py",
        "engine/compiled.py",
        "engine/team.py",
        "spaces/action.py",
        "spaces/observation.py",
        "worlds/society.py",
    )
]
SOURCE_KEY = int.from_bytes(hashlib.sha256(b"".join(p.read_bytes() for p in _SOURCES)).digest()[:7], "big")

_intrinsic: Any = intrinsic  # numba types it without its first argument


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
            with suppress(OSError, ValueError):  # nobody listens
                print(
                    "juguo: compiling the model for this machine (about half a minute) ...",
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
