"""Reads a table of text as people have it: encoding and delimiter are found, and told."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

from juguo_envs.errors import UserError, did_you_mean
from juguo_envs.names import terminal

MOST_BYTES = 256 * 2**20
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
MISSING = frozenset(("", "NA", "na", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "."))
"""What a cell without a value holds."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark is the beginning of this one
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SEP = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_SHOWN = 60  # characters of a value in a message
_NAMED = 3  # lines of a kind of fault in a message
_KINDS = 10  # kinds of faults in a message


class DataError(UserError):
    """Data that cannot be used; the message names file, line, column, value and what is allowed."""


def shown(value: str) -> str:
    """A value as a message quotes it: what cannot be seen is spelt out, and what is long is cut."""
    return repr(value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "...")


def _plain(heading: str) -> str:
    """A heading as a message names it."""
    return terminal(heading[:_SHOWN], "utf-8")


@dataclass
class Faults:
    """All that is wrong with a file, told together: of each kind the first lines."""

    file: Path
    _kinds: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)

    def add(self, line: int, column: str, value: str, allowed: str, beside: str = "") -> None:
        """Note a fault.

        Args:
            line: Its line in the file.
            column: The heading of its column; empty for a fault of the whole line.
            value: What stands there.
            allowed: What is allowed, and what to do; faults of the same text in a column are one kind.
            beside: What this line alone is about.
        """
        said = shown(value) + (f" ({beside})" if beside else "")
        self._kinds.setdefault((column, allowed), []).append((line, said))

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def refuse(self) -> None:
        """Raises:
        DataError: If anything was noted.
        """
        kinds = [self._told(*kind) for kind in self._kinds.items()]
        if len(kinds) > 1:
            kinds = [f"({i + 1}) {kind}" for i, kind in enumerate(kinds)]
        if kinds:
            more = f"; and {len(kinds) - _KINDS} kinds of faults more" if len(kinds) > _KINDS else ""
            raise DataError(f"{self.file}, {'; '.join(kinds[:_KINDS])}{more}")

    def _told(self, kind: tuple[str, str], places: list[tuple[int, str]]) -> str:
        column, allowed = kind
        first, more = places[:_NAMED], len(places) - _NAMED
        lines = [str(line) for line, _ in first] + ([f"{more:,} more"] if more > 0 else [])
        where = f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(lines[:-1])} and {lines[-1]}"
        return (
            f"{where}{f', column {_plain(column)}' if column else ''}: "
            f"{', '.join(dict.fromkeys(said for _, said in first))}; {allowed}"
        )


@dataclass(frozen=True)
class Table:
    """The cells of a file; spaces and tabs around a value do not count, nor do blank lines.

    Attributes:
        file: Where it came from.
        encoding: Its encoding, in words.
        delimiter: What stands between its cells.
        heading: (C,) names of the columns.
        heading_line: The line of the names, counted from 1.
        lines: (N,) the line in which each row begins.
        rows: (N, C) the cells.
        digest: SHA-256 of the file.
    """

    file: Path
    encoding: str
    delimiter: str
    heading: list[str]
    heading_line: int
    lines: list[int]
    rows: list[list[str]]
    digest: str

    @property
    def told(self) -> str:
        """How it was read, in words."""
        return f"{DELIMITERS[self.delimiter]}, {self.encoding}"

    def column(self, name: str, option: str) -> int:
        """The place of a column that must be there once.

        Args:
            name: The heading; capitals do not matter where only one column fits.
            option: How the user says another heading.

        Raises:
            DataError: If there is none, or several.
        """
        place = self.find(name)
        if place is None:
            near = did_you_mean(name, self.heading)
            there = ", ".join(map(shown, self.heading[:20])) + (" ..." if len(self.heading) > 20 else "")
            raise DataError(
                f"{self.file}, line {self.heading_line}: column {shown(name)} is missing{near}; the columns "
                f"are {there}; if yours has another heading, say {option}"
            )
        return place

    def find(self, name: str) -> int | None:
        """The place of a column, if it is there.

        Raises:
            DataError: If it is there several times.
        """
        for wanted, heading in (
            (name, self.heading),
            (name.casefold(), [h.casefold() for h in self.heading]),
        ):
            if heading.count(wanted) > 1:
                raise DataError(
                    f"{self.file}, line {self.heading_line}: column {shown(name)} is there twice; allowed is "
                    "once: rename one of them"
                )
            if wanted in heading:
                return heading.index(wanted)
        return None


def read_table(file: Path) -> Table:
    """Read a file.

    Raises:
        DataError: If it is no table of text.
    """
    data = _bytes(file)
    text, encoding = _decoded(file, data)
    delimiter, text, skipped = _delimiter(file, text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    heading: list[str] = []
    lines: list[int] = []
    rows: list[list[str]] = []
    faults = Faults(file)
    heading_line, start = 1, skipped + 1
    try:
        for cells in reader:
            values = [cell.strip(" \t") for cell in cells]
            if any(values):
                if not heading:
                    heading, heading_line = values, start
                elif len(values) == len(heading):
                    lines.append(start)
                    rows.append(values)
                else:
                    names = shown(delimiter.join(heading))
                    allowed = f"allowed are {len(heading)}, as line {heading_line} has: {names}"
                    faults.add(start, "", delimiter.join(cells), f"{len(values)} values; {allowed}")
            start = skipped + reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{file}, line {start}: cannot be read as CSV ({error}); allowed are cells in quotation marks "
            f'that are closed, with each mark inside written twice, as "say ""yes"""'
        ) from None
    faults.refuse()
    if not heading:
        raise DataError(f"{file}: is empty; its first line must name the columns")
    return Table(
        file, encoding, delimiter, heading, heading_line, lines, rows, hashlib.sha256(data).hexdigest()
    )


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as handle:
            data = handle.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise DataError(f"{file}: cannot be read ({error})") from None
    if len(data) > MOST_BYTES:
        raise DataError(f"{file}: is larger than {MOST_BYTES // 2**20} MiB, the most that is read")
    if data.startswith(_WORKBOOKS):
        raise DataError(f"{file}: is a workbook; allowed is text: save the sheet as CSV (UTF-8)")
    return data


def _decoded(file: Path, data: bytes) -> tuple[str, str]:
    """The text, and its encoding in words: by its mark, else UTF-8 where it can be, else what is likelier."""
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    codec = _MARKS[mark] if mark else _utf16(data) or "utf-8"
    try:
        name = codec[:6].upper().rstrip("-") + (" with a byte order mark" if mark else "")
        return data[len(mark) :].decode(codec), name
    except UnicodeDecodeError as error:
        if codec != "utf-8" or mark or _is_torn(data):
            bad = data[len(mark) + error.start : len(mark) + error.start + 1].hex()
            line = data[: len(mark) + error.start].count(b"\n") + 1
            raise DataError(
                f"{file}, line {line}: byte {bad} is no {codec.upper()}, which the rest of the file is; save "
                "the file anew as UTF-8"
            ) from None
    text, name = _guessed(file, data)
    return text, f"{name} (guessed; it holds {shown(_sample(text))})"


def _sample(text: str) -> str:
    """The first word with a letter that is not ASCII; of a long one, what is around this letter."""
    foreign = re.search("[^\x00-\x7f]", text)
    assert foreign
    at = foreign.start()
    before, after = re.search(r"\w*\Z", text[max(at - 20, 0) : at]), re.match(r".\w*", text[at : at + 20])
    assert before
    assert after
    return before[0] + after[0]


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: the heading begins with a Latin letter."""
    if len(data) % 2 == 0 and data[:1] != b"\0" == data[1:2]:
        return "utf-16-le"
    if len(data) % 2 == 0 and data[:1] == b"\0" != data[1:2]:
        return "utf-16-be"
    return None


def _is_torn(data: bytes) -> bool:
    """Whether more of what is not ASCII is UTF-8 than is not."""
    text = data.decode("utf-8", "surrogateescape")
    escaped = len(re.findall("[\udc80-\udcff]", text))
    return len(re.findall("[^\x00-\x7f]", text)) > 2 * escaped


def _guessed(file: Path, data: bytes) -> tuple[str, str]:
    """GB18030 if most runs of what is not ASCII look Chinese, else Latin-1 as Windows extends it.

    A word of Latin letters seldom has four letters with accents in a row. Two are one of the 3,755 common
    characters of GB 2312 if the first is a capital; no letter may follow then.
    """
    runs = re.findall(rb"([\x80-\xff]+)([A-Za-z]?)", data)
    chinese = sum(
        len(run) >= 4 or (len(run) == 2 and 0xB0 <= run[0] <= 0xD7 and run[1] > 0xA0 and not letter)
        for run, letter in runs
    )
    codecs_ = (("gb18030", "GB18030"),) if 2 * chinese > len(runs) else ()
    for codec, name in (*codecs_, ("cp1252", "Latin-1")):
        try:
            return data.decode(codec), name
        except UnicodeDecodeError as error:
            start = error.start
    line = data[:start].count(b"\n") + 1
    raise DataError(
        f"{file}, line {line}: byte {data[start]:02x} is no text in UTF-8, UTF-16, GB18030 or Latin-1; save "
        "the file as UTF-8"
    )


def _delimiter(file: Path, text: str) -> tuple[str, str, int]:
    """The delimiter, the text without the line that Excel may say it in, and how many lines that is."""
    first = re.match(r"[^\r\n]*", text)
    assert first is not None
    if said := _SEP.fullmatch(first[0].strip(" ")):
        if said[1] not in DELIMITERS:
            raise DataError(
                f"{file}, line 1: {shown(first[0])}; allowed delimiters are {', '.join(DELIMITERS.values())}"
            )
        return said[1], re.sub(r"\A[^\r\n]*(\r\n|\r|\n)?", "", text), 1
    heading = re.search(r'(?:"[^"]*"|[^"\r\n])+', text.lstrip())
    bare = re.sub(r'"[^"]*"', "", heading[0]) if heading else ""
    return max(DELIMITERS, key=bare.count), text, 0
