"""Texts with faults in them, as people, editors and broken disks make them: number i is always the same."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

from juguo_envs.errors import UserError

ODD = (
    "yes", "no", "on", "true", "null", "~", "", "0100", "1:00", "0x10", "1e3", "1e-3", "-1", "1e400", ".inf",
    ".nan", "9" * 25, "5,000", "１０", "'5'", "[]", "{}", "[1, 2]", "{a: 1}", "2024-02-30", "&a 1", "*a",
    "<<", "!!python/name:os.system", "x" * 200, '"\\0"', "\u200b", "é", "cafe\u0301", "\u202e", "：", "|",
    ">", "#", "- ", "? ", "\t", "\ufeff", "\x85", "\u2028", "- - - -", "[[[[", "&a [*a, *a]",
)  # fmt: skip
"""What is written in the place of something else."""


def mutated(text: str, number: int) -> str:
    """A text with one to three faults."""
    chance = random.Random(number)
    for _ in range(chance.randint(1, 3)):
        text = chance.choice(_WAYS)(text, chance)
    return text


def _value(text: str, chance: random.Random) -> str:
    """Another value behind a colon, in a list, or after a bracket."""
    places = list(re.finditer(r"(?<=[:,\[{] )[^\s,\[\]{}]+|(?<=\[)[^\s,\[\]{}]+", text))
    if not places:
        return text
    place = chance.choice(places)
    return text[: place.start()] + chance.choice(ODD) + text[place.end() :]


def _line(text: str, chance: random.Random) -> str:
    """A line taken out, doubled, moved or indented otherwise."""
    lines = text.split("\n")
    i, j = chance.randrange(len(lines)), chance.randrange(len(lines))
    way = chance.randrange(4)
    if way == 0:
        del lines[i]
    elif way == 1:
        lines.insert(j, lines[i])
    elif way == 2:
        lines.insert(j, lines.pop(i))
    else:
        lines[i] = chance.choice(("  ", "\t", " ")) + lines[i] if chance.random() < 0.5 else lines[i].lstrip()
    return "\n".join(lines)


def _letter(text: str, chance: random.Random) -> str:
    """A letter taken out, changed or put in; or the rest of the text lost."""
    i = chance.randrange(len(text) + 1)
    way = chance.randrange(10)
    if way == 0:
        return text[:i]
    if way < 4:
        return text[:i] + text[i + 1 :]
    new = chance.choice((*ODD, ":", " ", '"', "'", "\\", "{", "}", "[", "]", ",", "-", "0", "9", "."))
    return text[:i] + new + text[i + (way < 7) :]


_WAYS = (_value, _value, _line, _letter)


def read_or_refused(read: Callable[[Path], object], path: Path, text: str) -> object | None:
    """What is read of a text, or None where it is refused as it should be: in one line that is no page."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return read(path)
    except UserError as error:
        message = str(error)
        assert "\n" not in message and message.isprintable(), message
        assert len(message) < 3000, message
        return None
