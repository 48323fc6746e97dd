"""What the compiled engine needs beside numba: a cache that is never stale, and a word while it is filled."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.core import event, types
from numba.core.cgutils import alloca_once_value, gep_inbounds
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, models, register_model

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

PIECES, THEIR_SHARE = 40, 0.15
"""So many of the pieces that numba compiles for the model take this share of the time, measured."""

_intrinsic: Any = intrinsic  # numba types it without its first argument


class Borrowed(types.Type):
    """A named tuple of arrays at one address, whose owners are not counted."""

    def __init__(self, arrays: Any) -> None:
        super().__init__(f"Borrowed({arrays.instance_class.__name__})")
        self.arrays = arrays


@infer_getattr
class _Fields(AttributeTemplate):
    key = Borrowed

    def generic_resolve(self, kind: Any, name: str) -> Any:  # type: ignore[override]  # of one signature
        """The type of an array, by its name."""
        return dict(zip(kind.arrays.fields, kind.arrays.types, strict=True)).get(name)


register_model(Borrowed)(models.OpaqueModel)


@lower_getattr_generic(Borrowed)
def _field(context: Any, builder: Any, kind: Borrowed, place: Any, name: str) -> Any:
    i = kind.arrays.fields.index(name)
    pointer = builder.bitcast(place, context.get_value_type(kind.arrays).as_pointer())
    value = builder.load(gep_inbounds(builder, pointer, 0, i))
    array = context.make_array(kind.arrays.types[i])(context, builder, value)
    array.meminfo, array.parent = array.meminfo.type(None), array.parent.type(None)  # nobody's
    return array._getvalue()


def words_of(arrays: Any, kind: types.NamedTuple) -> npt.NDArray[np.int64]:
    """What compiled code has of each array of a named tuple, one array after another, for `borrowed`.

    Raises:
        TypeError: If the arrays are not of the kind that the code is compiled for.
    """
    if numba.typeof(arrays) != kind:
        raise TypeError(f"the code is compiled for {kind}, not for {numba.typeof(arrays)}")
    words = [(0, 0, a.size, a.itemsize, a.ctypes.data, *a.shape, *a.strides) for a in arrays]
    return np.array([word for of_one in words for word in of_one], np.int64)


def borrowed(kind: types.NamedTuple) -> Any:
    """A compiled function: from `words_of` a named tuple to that; the caller keeps the arrays alive.

    To hand over dozens of arrays themselves takes longer than a small society's quarter. Compiled code would
    also count the owner of every array, up and down, by an atomic operation each: the threads of a team would
    wait for each other's counts.
    """

    @_intrinsic
    def read(typing_context: Any, words: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            held = builder.bitcast(array.data, context.get_value_type(kind).as_pointer())
            place = alloca_once_value(builder, builder.load(held))
            return builder.bitcast(place, context.get_value_type(signature.return_type))

        return Borrowed(kind)(words), generate

    return read


class Progress(event.Listener):
    """Says on standard error how long compiling takes, as soon as that can be told from the first pieces."""

    def __init__(self, pieces: int = PIECES) -> None:
        """Say it when so many pieces are compiled."""
        self.pieces = pieces
        self._begun: float | None = None

    def on_start(self, event: Any) -> None:
        """A piece begins."""
        self._begun = self._begun or time.monotonic()

    def on_end(self, event: Any) -> None:
        """A piece is compiled."""
        self.pieces -= 1
        if self.pieces == 0 and self._begun is not None:
            seconds = (time.monotonic() - self._begun) / THEIR_SHARE
            with suppress(OSError, ValueError):  # nobody listens
                print(
                    f"juguo: compiling the model for this machine, about {seconds:.0f} s ...",
                    file=sys.stderr,
                    flush=True,
                )


@contextmanager
def compilation(kernels: tuple[Any, ...]) -> Iterator[None]:
    """Around the first call of kernels: that they are compiled is said, if they are."""
    if all(kernel.signatures for kernel in kernels):
        yield
        return
    with event.install_listener("numba:compile", Progress()):
        yield
