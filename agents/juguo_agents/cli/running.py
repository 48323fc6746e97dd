"""How a command refuses, how it is interrupted, and what goes on afterwards."""

from __future__ import annotations

import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from types import FrameType

FAILED, REFUSED, INTERRUPTED = 1, 2, 130
_NAMES = {"sklearn": "scikit-learn"}
_words: Sequence[str] = ()


def guarded(run: Callable[[], int], words: Sequence[str] = ()) -> int:
    """Run a command; returns its exit status.

    A user's mistake becomes one line on standard error and exit status 2. Being told to end (SIGTERM) is
    treated as Ctrl-C is: processes end, and what was done is kept.

    Args:
        run: The command.
        words: The command line, to be told to somebody who interrupts it.
    """
    global _words
    _words = words
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        return run()
    except KeyboardInterrupt as error:
        say(f"interrupted; go on with: {error}" if error.args else "interrupted; what was finished is kept")
        return INTERRUPTED
    except ValueError as error:
        from juguo_envs.errors import (
            UserError,  # it brings the model along, which a page of help can do without
        )

        if not isinstance(error, UserError):
            raise
        say(f"error: {error}")
        return REFUSED
    except ImportError as error:
        missing = error if isinstance(error, ModuleNotFoundError) else error.__cause__
        extra = _extra_of(getattr(missing, "name", None) or "")
        if extra is None:
            raise
        say(f"error: {missing}; install the extra: pip install 'juguo[{extra}]'")
        return REFUSED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def say(text: str) -> None:
    """Progress and notes go to standard error."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def going_on(folder: Path, *instead: str) -> Iterator[None]:
    """Tell somebody who interrupts what is done inside how to go on.

    Args:
        folder: Named where the command line did not name it.
        instead: The words to type, instead of those that were typed.
    """
    try:
        yield
    except KeyboardInterrupt:
        if not folder.exists():
            raise
        typed = [*(instead or _words)]
        named = any(word.split("=")[0] == "--out" for word in typed)
        out = [] if named else ["--out", str(folder)]
        raise KeyboardInterrupt(shlex.join(["juguo", *typed, *out])) from None


def extras() -> dict[str, list[str]]:
    """Names of the packages of each extra of the installed distribution, by the extra's name."""
    found: dict[str, list[str]] = {}
    try:
        lines = requires("juguo") or []
    except PackageNotFoundError:
        lines = []
    for line in lines:
        if told := re.match(r"([\w.-]+).*;\s*extra == ['\"](\w+)['\"]", line):
            found.setdefault(told[2], []).append(told[1])
    return found


def _extra_of(module: str) -> str | None:
    """The extra that brings a module."""
    package = module.split(".")[0].replace("_", "-")
    package = _NAMES.get(package, package)
    return next((extra for extra, packages in extras().items() if package in packages), None)
