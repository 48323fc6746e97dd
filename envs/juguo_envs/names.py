"""Names and texts that people give: one form, and one escape for each place where they are shown.

A name becomes a file's or folder's name by `slug`, stands in a page by `code`, `markdown` or `html`, and on a
screen by `terminal`.
"""

from __future__ import annotations

import hashlib
import html as _html
import re
import sys
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

LONGEST, LONGEST_SHORT, LONGEST_TEXT = 80, 40, 10_000
"""Most characters of a name, of one that figures show beside others, and of a text."""

_ODD = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Categories of characters that nobody can see, or that change what stands beside them."""
_LONGEST_SLUG = 120
_NOT_ON_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_PLAIN = re.compile(r"[\w.+=@:,/() -]+")
_HASHED = re.compile(r"-[0-9a-f]{8}$")
_MARKED = re.compile(r"[\\`*\[\]<>|~$&@]|(?<!\w)_|_(?!\w)|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)
_BEGINS = re.compile(r"^(\s*\d*)([#+=.)-])")


def normal(text: str, allowed: str = "") -> str:
    """A text in the one form that it is kept in: composed (NFC), without space around it.

    Args:
        text: What was given.
        allowed: Control characters that it may have.

    Raises:
        ValueError: As `composed`.
    """
    return composed(text.strip(), allowed)


def composed(text: str, allowed: str = "") -> str:
    """A text with its letters composed (NFC); see `normal`.

    Raises:
        ValueError: If it holds a control or format character (of no width, or of direction), or one that is
            assigned to nothing; it is named.
    """
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", text)
    for place, character in enumerate(text):
        if character not in allowed and unicodedata.category(character) in _ODD:
            name = unicodedata.name(character, "a control character").lower()
            raise ValueError(
                f"{text[:60]!a} has U+{ord(character):04X} ({name}) at place {place + 1}, "
                "which nobody can see; leave it out"
            )
    return text


@dataclass(frozen=True)
class _Normal:
    """Of an annotated type: text in its one form, of some length."""

    least: int
    most: int
    allowed: str = ""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, text: str) -> str:
        text = normal(text, self.allowed)
        if not self.least <= len(text) <= self.most:
            cut = ascii(text) if len(text) <= 60 else ascii(text[:57]) + "..."
            raise ValueError(f"{cut} has {len(text)} characters; allowed are {self.least} to {self.most}")
        return text


Name = Annotated[str, _Normal(1, LONGEST)]
"""A name."""
ShortName = Annotated[str, _Normal(1, LONGEST_SHORT)]
"""A name that figures show beside others."""
Text = Annotated[str, _Normal(0, LONGEST_TEXT, "\n\t")]
"""A text of one or more lines."""


def refuse_reserved(name: str, reserved: Collection[str], what: str) -> None:
    """Refuse a name that stands for something else, whatever its capitals.

    Raises:
        ValueError: If it is among the reserved ones.
    """
    if name.casefold() in {other.casefold() for other in reserved}:
        raise ValueError(f"{name!r} is the name of {what}; choose another")


def slug(name: str) -> str:
    """A name as that of a file or folder, without a suffix; two names have two slugs.

    Letters, digits, `.`, `_`, `-`, `+`, `=` and `@` stay. Where something else is replaced, a hash follows.
    """
    plain = unicodedata.normalize("NFC", name)
    made = re.sub(r"[^\w.+=@-]+", "_", plain).lstrip(".-")
    while len(made.encode()) > _LONGEST_SLUG:
        made = made[:-1]
    made = made.rstrip(".") or "_"
    if made == name and not _HASHED.search(made) and not _NOT_ON_WINDOWS.fullmatch(made):
        return made
    return f"{made}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def markdown(text: str) -> str:
    """A text as Markdown shows it, on one line: no markup, link, cell, heading or formula comes of it."""
    line = " ".join(_visible(text).split())
    line = _MARKED.sub(r"\\\g<0>", line)
    return _BEGINS.sub(r"\1\\\2", line)


def code(name: str) -> str:
    """A name in Markdown: as code where it is plain, and otherwise escaped, which code cannot be."""
    return f"`{name}`" if _PLAIN.fullmatch(name) else markdown(name)


def html(text: str) -> str:
    """A text as HTML shows it, in an element or in an attribute between quotation marks."""
    return _html.escape(_visible(text), quote=True)


def terminal(text: str, encoding: str | None = None) -> str:
    """A text as a screen shows it, on one line: nothing in it controls the screen.

    Args:
        text: What is shown.
        encoding: Of the screen, whose lacking characters are escaped; that of the standard output if None.
    """
    encoding = encoding or getattr(sys.stdout, "encoding", None) or "utf-8"
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def _visible(text: str) -> str:
    """A text with what nobody can see written out, but for line ends and tabs."""
    return "".join(
        ascii(c)[1:-1] if unicodedata.category(c) in _ODD and c not in "\n\t\r" else c for c in text
    )
