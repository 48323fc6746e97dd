"""How a command ends: done, refused, not finished, interrupted; and what then goes on.

A command's exit status is 0 where all is done. It is `REFUSED` where nothing was begun, and the command or a
file has to be mended; `FAILED` where a job was begun and not finished, or its result could not be shown;
`INTERRUPTED` by Ctrl-C or SIGTERM; `UNHEARD` where who read the output is gone, as in `juguo ... | head -1`.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from types import FrameType
from typing import Any

from juguo_agents.progress import heard, say

FAILED, REFUSED, INTERRUPTED, UNHEARD = 1, 2, 130, 141
_NAMES = {"sklearn": "scikit-learn", "PIL": "pillow"}
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_COMMAND = "juguo "
_words: Sequence[str] = ()


class _Unshown(Exception):
    """Standard output could not be written; the cause says why."""


def guarded(run: Callable[[], int], words: Sequence[str] = ()) -> int:
    """Run a command; returns its exit status, and says why on one line where that is not 0.

    Being told to end (SIGTERM) is treated as Ctrl-C is: processes end, and what was done is kept. A fault of
    the program itself is raised.

    Args:
        run: The command.
        words: The command line, to be told to somebody whose command was not finished.
    """
    global _words
    _words = words
    _open_streams()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        status = run()
        _flush()
        return status
    except BaseException as error:
        ended = _ended(error)
        if ended is None:
            raise
        status, text = ended
        if text:
            say(text)
        return status
    finally:
        heard()
        for number, handler in before.items():
            signal.signal(number, handler)
        _close_streams()


def _ended(error: BaseException) -> tuple[int, str] | None:
    """The exit status for an error and what to say of it; None for a fault of the program."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED, _then("interrupted", error)
        case _Unshown(__cause__=BrokenPipeError()):
            return UNHEARD, ""
        case _Unshown(__cause__=cause):
            return FAILED, f"error: standard output: {_why(cause)}; files are written as without it"
        case ImportError():
            return _missing(error)
        case UnicodeError():
            return REFUSED, f"error: {error}; set the environment variable PYTHONUTF8=1, or mend the text"
        case OSError():
            return FAILED, _then(f"error: {_why(error)}", error)
        case MemoryError():
            return _too_large(error)
        case ValueError() | RuntimeError():
            return _told(error)
    return None


def _told(error: ValueError | RuntimeError) -> tuple[int, str] | None:
    from juguo_envs.errors import (  # they bring the model along, which a page of help can do without
        Unfinished,
        UserError,
    )

    told = f"error: {error}"
    if isinstance(error, UserError):
        return REFUSED, told
    if isinstance(error, Unfinished):
        return FAILED, told  # it says itself how to go on
    if "allocate memory" in str(error) or "out of memory" in str(error):  # torch's
        return _too_large(error)
    return None


def _too_large(error: BaseException) -> tuple[int, str]:
    return FAILED, _then("error: out of memory; take fewer workers, processes or episodes", error)


def _then(what: str, error: BaseException) -> str:
    """What happened, and how to go on, where `going_on` knows it."""
    again = next((note for note in getattr(error, "__notes__", ()) if note.startswith(_COMMAND)), "")
    return f"{what}; go on with: {again}" if again else what


def _why(error: BaseException | None) -> str:
    """The system's words for an error, and which file."""
    if not isinstance(error, OSError):
        return str(error)
    words = error.strerror or str(error)
    if error.errno in _NO_ROOM:
        words += " (make room)"
    return f"{error.filename}: {words}" if error.filename else words


def _missing(error: ImportError) -> tuple[int, str] | None:
    missing = error if isinstance(error, ModuleNotFoundError) else error.__cause__
    extra = _extra_of(getattr(missing, "name", None) or "")
    if extra is None:
        return None
    return REFUSED, f"error: {missing}; install the extra: pip install 'juguo[{extra}]'"


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def show(text: str) -> None:
    """A result goes to standard output; nothing in it controls the screen."""
    from juguo_envs.names import terminal

    _print("\n".join(terminal(line) for line in text.split("\n")))


def _print(text: str) -> None:
    heard()
    with _showing():
        print(text)
        sys.stdout.flush()


def show_json(data: Any, indent: int = 2) -> None:
    """A result as JSON; where standard output has no bytes for a character, escaped."""
    text = json.dumps(data, allow_nan=False, indent=indent, ensure_ascii=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeError:
        text = json.dumps(data, allow_nan=False, indent=indent)
    _print(text)


def _flush() -> None:
    with _showing():
        sys.stdout.flush()


@contextmanager
def _showing() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise _Unshown from error


def _open_streams() -> None:
    """Standard streams that can take any text, and that are there: a file would else get their numbers."""
    while True:
        handle = os.open(os.devnull, os.O_RDWR)
        if handle > 2:
            os.close(handle)
            break
        os.set_inheritable(handle, True)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 (for good)
        elif hasattr(stream, "reconfigure"):
            with suppress(OSError, ValueError):
                stream.reconfigure(errors="backslashreplace")


def _close_streams() -> None:
    """Leave nothing behind that Python itself would fail to write at its end, and change the exit status."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, stream.fileno())
                os.close(null)


@contextmanager
def going_on(folder: Path, *instead: str) -> Iterator[None]:
    """Tell somebody whose job is not finished how to go on.

    Args:
        folder: Named where the command line did not name it.
        instead: The words to type, instead of those that were typed.
    """
    try:
        yield
    except BaseException as error:
        if folder.exists():
            error.add_note(_COMMAND + shlex.join(_naming(folder, instead or _words)))
        raise


@contextmanager
def one_job(folder: Path) -> Iterator[None]:
    """Within it commands are parts of the one that was typed, which goes on with this folder."""
    global _words
    before, _words = _words, _naming(folder, _words)
    try:
        with going_on(folder):
            yield
    finally:
        _words = before


def _naming(folder: Path, typed: Sequence[str]) -> list[str]:
    """A command line that names the folder."""
    named = any(word.split("=")[0] == "--out" for word in typed)
    return [*typed, *([] if named else ["--out", str(folder)])]


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
