"""When two ids, or two names of communities, are the same, and when they are only nearly the same."""

from __future__ import annotations

import re
import unicodedata

_DECIMAL = re.compile(r"([0-9]+)([.,])(0+)")
_POWER = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}")
_AMBIGUOUS = re.compile(r"[0-9]{1,3}[.,]000")


def same(text: str, delimiter: str) -> str:
    """The one way in which an id is written: composed characters, and no decimals of a whole number.

    Args:
        text: As it stands in the file.
        delimiter: That of the file. Where it is no comma, a comma may stand before decimals.
    """
    decimal = _DECIMAL.fullmatch(text)
    if decimal and decimal[2] != delimiter and not _AMBIGUOUS.fullmatch(text):
        return decimal[1]
    return unicodedata.normalize("NFC", text)


def near(text: str) -> str:
    """What texts have in common that a reader may take for the same.

    They differ in capitals, spaces, width, signs that cannot be seen, zeros at the beginning, or in how a
    number is written.
    """
    if text.isascii() and text.isdecimal():
        return text.lstrip("0") or "0"
    plain = _plain(text)
    if _POWER.fullmatch(plain):
        plain = f"{float(plain.replace(',', '.')):.0f}"
    plain = re.sub(r"(?<=[0-9])[.,'](?=[0-9]{3}(?![0-9]))", "", plain)
    plain = re.sub(r"(?<![0-9.,])0+(?=[0-9])", "", plain.removeprefix("+"))
    whole = plain.rstrip("0.,")
    zeros = re.split("[.,]", plain[len(whole) :], maxsplit=1)[0]  # of a whole number
    return unicodedata.normalize("NFC", whole + zeros)


def _plain(text: str) -> str:
    """A text without capitals, spaces, widths and signs that cannot be seen."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))


def ambiguous(text: str) -> bool:
    """Whether a text can be one, with three decimals, as well as a thousand."""
    return len(text) < 100 and _AMBIGUOUS.fullmatch(_plain(text)) is not None


def torn(text: str) -> bool:
    """Whether a text has characters that control, break a line or stand for lost ones."""
    return any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c == "\ufffd" for c in text)
