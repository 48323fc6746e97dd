"""How a piece of the model is compiled: numba, with floats as IEEE 754 has them but where it is said.

Pieces are only linked into kernels. numba would optimise each by itself, make machine code of it and a way in
from Python, and do all that again with every piece that it is linked into; here kernels alone are optimised,
and pieces with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import AnnotateTypes

from juguo_envs.model.kernel_cache import Cache, cache_of

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_INTERNAL = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


class _Linked(JITCodeLibrary):
    """Code that is linked into other code, and neither optimised nor run by itself."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """There is no machine code."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        """What is asked to set the function's environment, which machine code would have."""
        return self

    def set_env(self, name: str, env: Any) -> None:
        """There is none."""


@register_pass(mutates_CFG=False, analysis_only=True)
class _LinkOnly(AnalysisPass):
    _name = "link_only"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Choose where the code goes."""
        state.library = _Linked(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return False


class _Pieces(CompilerBase):
    """numba's own passes; the code is for linking."""

    def define_pipelines(self) -> list[Any]:
        """The passes."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_LinkOnly, AnnotateTypes)
        passes.finalize()
        return [passes]


class _Piece(CPUDispatcher):
    """A piece that Python can call, too: it is then compiled once more, by itself."""

    _alone: Any = None

    def __call__(self, *arguments: Any) -> Any:
        """Call it from Python."""
        if self._alone is None:
            self._alone = numba.njit(**_OPTIONS)(self.py_func)
        return self._alone(*arguments)


class _Kernel(CPUDispatcher):
    """An entry point: one process compiles it, and others that start meanwhile wait and load it."""

    _cache: Any

    def compile(self, signature: Any) -> Any:
        """Compile it for types, or load it."""
        try:
            return super().compile(signature)
        finally:
            if isinstance(self._cache, Cache):
                self._cache.release()


def _dispatcher(kind: Any, function: Callable[..., Any], pipeline: Any, **more: Any) -> Any:
    return kind(function, targetoptions={"nopython": True, **_INTERNAL, **more}, pipeline_class=pipeline)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a piece of the model that kernels call, and that Python can call, too."""
    return _dispatcher(_Piece, function, _Pieces)


def internal(function: Callable[..., Any]) -> Any:
    """Compile a piece that only kernels call."""
    return _dispatcher(CPUDispatcher, function, _Pieces)


def expanded(function: Callable[..., Any]) -> Any:
    """Compile a small piece as if its text stood in its callers; quick for many pieces of a line each."""
    return numba.njit(inline="always", **_OPTIONS)(function)


def summed(function: Callable[..., Any]) -> Any:
    """Compile a loop of sums whose order the compiler may choose, so that it uses vector instructions.

    The order is fixed in the machine code: the same values give the same bits at every place of a batch and
    on any number of threads. It is optimised by itself, so that it does not depend on the callers either.
    """
    return _dispatcher(_Piece, function, Compiler, fastmath={"reassoc", "nsz"})


def kernel(function: Callable[..., Any]) -> Any:
    """Compile an entry point of the model; its machine code is cached on disk, where that can be."""
    compiled = _Kernel(function, targetoptions={"nopython": True, **_OPTIONS})
    if (cache := cache_of(function)) is not None:
        compiled._cache = cache  # as its `enable_caching` does
    return compiled
