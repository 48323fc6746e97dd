"""The cache of machine code on disk: what cannot be read is compiled again, what cannot be kept is told.

numba's own writes its index before the code that it names, and trusts what it reads. A kill between the two
leaves code of other source behind, and a torn file is an error until somebody removes it. And processes that
start together would all compile the same.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from numba.core.caching import FunctionCache, IndexDataCacheFile

_told: set[str] = set()


def cache_of(function: Callable[..., Any]) -> Cache | None:
    """A cache for a function's machine code, or None where no folder can be written, which is told once."""
    try:
        return Cache(function)
    except (RuntimeError, OSError):  # no place for it, or no home
        _tell("no folder for compiled code can be written, so every start compiles the model anew")
        return None


def _tell(problem: str) -> None:
    """One line on standard error, once."""
    if problem not in _told:
        _told.add(problem)
        advice = "name a folder in the environment variable NUMBA_CACHE_DIR"
        with suppress(OSError, ValueError):  # nobody listens
            print(f"juguo: {problem}; {advice}", file=sys.stderr, flush=True)


class _File(IndexDataCacheFile):
    """Each entry is marked with what it was compiled from, and with its own checksum."""

    def save(self, key: Any, data: Any) -> None:
        """Keep an entry."""
        content = self._dump(data)
        super().save(key, (self._mark(key, content), content))

    def load(self, key: Any) -> Any:
        """An entry; None where there is none, or one that is torn or another's."""
        found = super().load(key)
        if found is None:
            return None
        mark, content = found
        return pickle.loads(content) if mark == self._mark(key, content) else None

    def _mark(self, key: Any, content: bytes) -> bytes:
        return hashlib.sha256(repr((self._source_stamp, key)).encode() + content).digest()


class Cache(FunctionCache):
    """One that is never the reason why something does not run; of several processes one compiles."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._cache_file = _File(self._cache_path, self._impl.filename_base, locator.get_source_stamp())
        self._lock: IO[bytes] | None = None

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The machine code; or None where it has to be compiled, which no other process begins meanwhile."""
        found = self._load(signature, target)
        if found is None and self._lock is None:
            self._lock = _locked(Path(self._cache_path) / f"{self._impl.filename_base}.lock")
            found = self._load(signature, target)  # of who had the lock before
        return found

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keep machine code, if that can be done."""
        try:
            super().save_overload(signature, data)
        except Exception as error:
            self._forget()
            _tell(f"compiled code cannot be kept in {self._cache_path} ({error})")

    def release(self) -> None:
        """Let other processes compile, or load what this one compiled."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _load(self, signature: Any, target: Any) -> Any:
        try:
            return super().load_overload(signature, target)
        except Exception:  # a torn file may raise anything
            self._forget()
            return None

    def _forget(self) -> None:
        """Remove the index: what it names is compiled again."""
        with suppress(OSError):
            Path(self._cache_file._index_path).unlink(missing_ok=True)


def _locked(path: Path) -> IO[bytes] | None:
    """Wait for a lock that ends with the process, however it ends; None where there are no such locks."""
    try:
        import fcntl

        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
        fcntl.flock(file, fcntl.LOCK_EX)
    except (ImportError, OSError):
        return None
    return file
