"""How far a job is, told on standard error. Whatever happens to that, the job goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

EVERY = 30.0
"""Seconds between two lines, where standard error is no terminal."""
_BROKEN = (OSError, ValueError)  # a pipe that closed, a full disk, a closed file; text it has no bytes for


class _Listener:
    """Standard error as it is at the moment of writing; a listener who is gone is no reason to stop."""

    @property
    def encoding(self) -> str:
        """That of standard error."""
        return getattr(sys.stderr, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write, if somebody listens."""
        with suppress(*_BROKEN):
            if sys.stderr is not None:
                sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if somebody listens."""
        with suppress(*_BROKEN):
            if sys.stderr is not None:
                sys.stderr.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        with suppress(*_BROKEN):
            return sys.stderr is not None and sys.stderr.isatty()
        return False

    def fileno(self) -> int:
        """Of standard error, for the width of the terminal."""
        return sys.stderr.fileno()


_listener: Any = _Listener()
_bar: Any = None  # the bar that is shown, if there is one


def announce(text: str) -> None:
    """A note in words of ours alone, before anything is imported that takes time."""
    _listener.write(f"{text}\n")
    _listener.flush()


def say(text: str) -> None:
    """A note of one line on standard error, above a bar; nothing in it controls the screen."""
    from juguo_envs.names import terminal  # it brings the model along, which a page of help can do without

    text = terminal(text, _listener.encoding)
    if _bar is None:
        _listener.write(f"{text}\n")
        _listener.flush()
    else:
        _bar.write(text, file=_listener)


class Progress:
    """How much of a job is done: a bar on a terminal, else a line now and again."""

    def __init__(self, total: int, what: str, unit: str, done: int, bar: Any = None) -> None:
        """See `progress`; the bar is tqdm's, where there is one."""
        self._bar = bar
        self._total, self._what, self._unit, self._done = total, what, unit, done
        self._begun, self._first, self._due = monotonic(), done, monotonic() + EVERY
        self._note = ""

    def update(self, count: int = 1) -> None:
        """So many more are done."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif monotonic() >= self._due:
            self._due = monotonic() + EVERY
            say(self._line())

    def note(self, text: str) -> None:
        """A word on how it goes, behind the numbers from now on."""
        self._note = text
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)

    @property
    def done(self) -> int:
        """How many are done."""
        return self._done

    def _line(self) -> str:
        speed = (self._done - self._first) / max(monotonic() - self._begun, 1e-9)
        left = f", {_time((self._total - self._done) / speed)} left" if speed > 0.0 else ""
        note = f"; {self._note}" if self._note else ""
        return f"{self._what}: {self._done:,} of {self._total:,} {self._unit}s{left}{note}"


def _time(seconds: float) -> str:
    minutes = round(seconds / 60.0)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


@contextmanager
def progress(total: int, what: str, unit: str, done: int = 0) -> Iterator[Progress]:
    """Tell how far a job is, while it is done inside.

    Args:
        total: How many units there are; where all are done, nothing is told.
        what: Is done, in a word.
        unit: What is counted, in the singular.
        done: How many are done already.
    """
    global _bar
    outer, bar = _bar, None
    if done < total and _listener.isatty():
        from tqdm import tqdm

        scale = total >= 10_000
        bar = tqdm(total=total, initial=done, unit=unit, unit_scale=scale, desc=what, file=_listener)
        _bar = bar
    try:
        yield Progress(total, what, unit, done, bar)
    finally:
        _bar = outer
        if bar is not None:
            bar.close()
