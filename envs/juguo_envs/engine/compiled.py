"""What the compiled engine needs beside numba: a cache that is never stale, and a word while it is filled."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

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


@_intrinsic
def borrowed(typing_context: Any, arrays: Any) -> Any:
    """A named tuple of arrays by its address; the caller keeps it and them alive.

    A compiled function otherwise takes hundreds of numbers to be handed the state, which takes long to
    compile, and counts the owner of every array, up and down, by an atomic operation each: more time than a
    small community takes, and the threads of a team would wait for each other's counts.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = alloca_once_value(builder, arguments[0])
        return builder.bitcast(place, context.get_value_type(signature.return_type))

    return Borrowed(arrays)(arrays), generate


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
