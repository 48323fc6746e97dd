"""Errors that a user can mend: the message names the field, the value and what is allowed, or what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Bad input. The command prints the message on one line and exits with status 2."""


class Unfinished(RuntimeError):
    """A job that was begun and cannot be finished as it is; the message says how to go on.

    What was done is kept. The command prints the message on one line and exits with status 1.
    """


def did_you_mean(word: str, known: Iterable[object]) -> str:
    """The known name closest to a word, as " (did you mean 'X'?)"; empty if none is close."""
    names = {str(name).lower(): str(name) for name in known}
    close = difflib.get_close_matches(word.lower(), names, n=1)
    return f" (did you mean {names[close[0]]!r}?)" if close else ""


def unknown(what: str, word: str, known: Iterable[object]) -> str:
    """A message about a name that is not known: the closest, and all there are."""
    names = [str(name) for name in known]
    return f"unknown {what} {word!r}{did_you_mean(word, names)}; there are {', '.join(names)}"
