"""How far a job is, told on standard error. Whatever happens to that, the job goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from time import monotonic
from typing import Any

EVERY = 30.0
"""Seconds between two lines, where standard error is no terminal."""
SILENCE = 1.5
"""Seconds after which a command says what it is."""
JOBS = (
    "training", "comparing", "tuning", "searching", "playing", "recording", "reporting", "calibrating",
    "drawing", "measuring", "systems", "best", "coalitions", "searches", "measurements", "runs", "starts",
    "test", "value",
)  # fmt: skip
"""What is done, where it has a word of its own; what else there is are names of the code."""
UNITS = ("step", "allocator", "rule", "episode", "world", "part", "picture", "trial", "point")
"""What is counted."""
WORDS: Mapping[str, str] = {
    "line": "{what}: {done} of {total} {units}",
    "left": ", {time} left",
    "note": "; {what} {value}",
    "hours": "{hours} h {minutes} min",
    "minutes": "{minutes} min",
    "mean return": "mean return",
    "figures": "drawing figures ...",
    **{job: job for job in JOBS},
    **{unit: unit for unit in UNITS},
    **{f"{unit}s": f"{unit}s" for unit in UNITS},
}
"""How progress is told, in English."""
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
_words: Mapping[str, str] = WORDS


_announcement: Timer | None = None


def announce(text: str) -> None:
    """Say so after `SILENCE`, unless something else is said before; so what is refused at once is one line.

    The words are ours alone, and nothing is imported for them.
    """
    global _announcement
    _announcement = Timer(SILENCE, _listener.write, [f"{text}\n"])
    _announcement.daemon = True
    _announcement.start()


def heard() -> None:
    """Something was said, so no announcement is needed any more."""
    global _announcement
    if _announcement is not None:
        _announcement.cancel()
        _announcement = None


def say(text: str) -> None:
    """A note of one line on standard error, above a bar; nothing in it controls the screen."""
    heard()
    from juguo_envs.names import terminal  # it brings the model along, which a page of help can do without

    text = terminal(text, _listener.encoding)
    if _bar is None:
        _listener.write(f"{text}\n")
        _listener.flush()
    else:
        _bar.write(text, file=_listener)


@contextmanager
def told_in(words: Mapping[str, str]) -> Iterator[None]:
    """Within it progress is told in these words, which have the keys of `WORDS`."""
    global _words
    before, _words = _words, words
    try:
        yield
    finally:
        _words = before


def told(key: str) -> str:
    """What `WORDS` has under a key, in the language of progress."""
    return _words[key]


def _name(word: str) -> str:
    """A word in the language of progress; a name of the code, such as a world before a slash, as it is."""
    room, slash, name = word.rpartition("/")
    return f"{room}{slash}{_words.get(name, name)}"


class Progress:
    """How much of a job is done: a bar on a terminal, else a line now and again."""

    def __init__(self, total: int, what: str, unit: str, done: int, bar: Any = None) -> None:
        """See `progress`; the bar is tqdm's, where there is one."""
        if bar is not None:
            heard()
        self._bar = bar
        self._total, self._what, self._unit, self._done = total, what, unit, done
        self._begun, self._first, self._due = monotonic(), done, monotonic() + EVERY
        self._note: tuple[str, str] | None = None

    def update(self, count: int = 1) -> None:
        """So many more are done."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif monotonic() >= self._due:
            self._due = monotonic() + EVERY
            say(self._line())

    def note(self, what: str, value: str) -> None:
        """What came out so far, behind the numbers from now on."""
        self._note = what, value
        if self._bar is not None:
            self._bar.set_postfix_str(f"{_name(what)} {value}", refresh=False)

    @property
    def done(self) -> int:
        """How many are done."""
        return self._done

    def _line(self) -> str:
        said = _words["line"].format(
            what=_name(self._what),
            done=f"{self._done:,}",
            total=f"{self._total:,}",
            units=_name(f"{self._unit}s"),
        )
        speed = (self._done - self._first) / max(monotonic() - self._begun, 1e-9)
        if speed > 0.0:
            said += _words["left"].format(time=_time((self._total - self._done) / speed))
        if self._note:
            said += _words["note"].format(what=_name(self._note[0]), value=self._note[1])
        return said


def _time(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60.0), 60)
    return _words["hours" if hours else "minutes"].format(hours=hours, minutes=minutes)


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
        bar = tqdm(
            total=total, initial=done, unit=_name(unit), unit_scale=scale, desc=_name(what), file=_listener
        )
        _bar = bar
    try:
        yield Progress(total, what, unit, done, bar)
    finally:
        _bar = outer
        if bar is not None:
            bar.close()
