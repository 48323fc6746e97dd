"""YAML and JSON as people write them: nothing misread, nothing without bounds, each fault in one line.

YAML has the scalars of its core schema 1.2, all numbers decimal: `1e3`, `1e-3` and `0100` (a hundred) are
numbers; `yes`, `on`, `1:30` and dates are text, as are `0x10` and `0o17`. Keys are text, and hold nothing
that nobody can see. Merge keys (`<<`) and aliases work.
"""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from juguo_envs.errors import UserError
from juguo_envs.names import composed

LARGEST = 64 * 2**20
"""Bytes of the largest text that is read."""
DEEPEST = 50
"""Lists and mappings that may stand within each other."""
MOST_REPEATED = 100_000
"""Values that all aliases of a document may stand for."""
INTEGERS = range(-(2**63), 2**63)
"""Whole numbers that are read."""

_TAG = "tag:yaml.org,2002:"
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WIDE = {"：": ":", "，": ",", "｛": "{", "｝": "}", "［": "[", "］": "]", "＝": "=", "“": '"', "”": '"'}
_KINDS = {
    "dict": "a mapping",
    "list": "a list",
    "str": "text",
    "bool": "true or false",
    "NoneType": "nothing",
}

# The C parser where PyYAML was built with it; both give the same events.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DocumentError(UserError):
    """A text that is not read; the message names its source, the line and what is wrong there."""


def kind_of(value: Any) -> str:
    """What a value of a document is, in words."""
    return _KINDS.get(type(value).__name__, "a number")


def read_text(path: Path, what: str, limit: int = LARGEST) -> str:
    """The text of a file in UTF-8; a byte order mark is left out.

    Args:
        path: The file.
        what: What it is, for messages, such as "scenario file".
        limit: Most bytes that it may have.

    Raises:
        DocumentError: If it cannot be read, is too large or no UTF-8.
    """
    source = f"{what} {path}"
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DocumentError(f"{source}: cannot be read ({reason})") from None
    if len(data) > limit:
        raise DocumentError(f"{source}: cannot be read (larger than {limit:,} bytes)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        line = data.count(b"\n", 0, error.start) + 1
        where = "it is UTF-16" if utf16 else f"line {line} is no UTF-8"
        raise DocumentError(f"{source}: cannot be read ({where}); save it as UTF-8") from None


def load_yaml(text: str, source: str) -> Any:
    """The value that a YAML document holds.

    Raises:
        DocumentError: If it is no YAML, has a key twice, holds an unknown tag or a number that is too large,
            is nested deeper than `DEEPEST`, or its aliases stand for more than `MOST_REPEATED` values.
    """
    return _load(text, lambda line: f"{source}: line {line}: ")


def load_mapping(text: str, source: str) -> dict[str, Any]:
    """The mapping of fields that a YAML document holds.

    Raises:
        DocumentError: As `load_yaml`, and if it holds something else, or nothing.
    """
    value = load_yaml(text, source)
    if not isinstance(value, dict):
        raise DocumentError(f"{source}: expected a mapping of fields, got {kind_of(value)}{_wide(text)}")
    return value


def yaml_value(text: str, source: str) -> Any:
    """The value of one setting as it is typed, such as what stands behind `=` on a command line.

    Raises:
        DocumentError: As `load_yaml`.
    """
    return _load(text, lambda line: f"{source}: ")


def load_json(text: str, source: str, *, nan: bool = False, big: bool = False) -> Any:
    """The value that a JSON document holds.

    Args:
        text: The document.
        source: Its name, for messages.
        nan: Whether numbers that are not finite are allowed (as NaN, Infinity).
        big: Whether whole numbers outside 64 bits are allowed, such as the states of generators.

    Raises:
        DocumentError: If it is no JSON, has a key twice, or holds what is not allowed.
    """

    def whole(digits: str) -> int:
        value = int(digits) if len(digits) < (1000 if big else 20) else None
        if value is None or not (big or value in INTEGERS):
            raise _Fault(f"the whole number {_short(digits)} has more than 64 bits", digits)
        return value

    def decimal(digits: str) -> float:
        if math.isinf(value := float(digits)) and not nan:
            raise _Fault(f"{_short(digits)} is larger than any number that can be held", digits)
        return value

    def constant(name: str) -> float:
        if not nan:
            raise _Fault(f"{name} is no number", name)
        return float(name)

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise _Fault(f"the key {twice!r} stands twice", None)
        return found

    try:
        value = json.loads(
            text,
            object_pairs_hook=mapping,
            parse_int=whole,
            parse_float=decimal,
            parse_constant=constant,
        )
    except _Fault as fault:
        place = text.find(fault.at) if fault.at else -1
        line = f"line {text.count(chr(10), 0, place) + 1}: " if place >= 0 else ""
        raise DocumentError(f"{source}: {line}{fault}") from None
    except json.JSONDecodeError as error:
        what = "the file ends too early" if error.pos >= len(text.rstrip()) else error.msg.lower()
        raise DocumentError(f"{source}: no JSON (line {error.lineno}: {what})") from None
    except RecursionError:
        raise DocumentError(f"{source}: nested deeper than {DEEPEST}") from None
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST + 1):
        inside = (one.values() if isinstance(one, dict) else one for one in level)
        level = [v for values in inside for v in values if isinstance(v, dict | list)]
        if not level:
            break
    else:
        raise DocumentError(f"{source}: nested deeper than {DEEPEST}")
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise DocumentError(f"{source}: holds half of a character (a lone surrogate)") from None
    return value


def dump_yaml(data: Mapping[str, Any]) -> str:
    """YAML of plain values, in their order; `load_yaml` gives them back."""
    text: str = yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


_Refuse = Callable[[int, str], NoReturn]
"""Raises the fault of a line."""


class _Fault(Exception):
    """A fault in JSON, and the text at which it stands."""

    def __init__(self, message: str, at: str | None) -> None:
        super().__init__(message)
        self.at = at


@dataclass
class _Open:
    """A list or mapping that is being read.

    Attributes:
        value: What it holds so far.
        line: Where it begins.
        anchor: Its name for aliases.
        size, height: How many values it holds, and how deep they are nested; aliases are counted in full.
        key: The key whose value comes next.
        lines: Line of each key, of a mapping.
        merged: Mappings to merge; what an earlier one holds counts.
    """

    value: dict[str, Any] | list[Any]
    line: int
    anchor: str | None
    size: int = 1
    height: int = 1
    key: str | None = None
    lines: dict[str, int] = field(default_factory=dict)
    merged: list[dict[str, Any]] = field(default_factory=list)


_MERGE = "\0merge"
"""Stands for a merge key while its mapping is read; no text can hold it."""


def _load(text: str, at: Callable[[int], str]) -> Any:
    def refuse(line: int, what: str) -> NoReturn:
        raise DocumentError(at(line) + what) from None

    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if odd := _UNREADABLE.search(text):
        refuse(text.count("\n", 0, odd.start()) + 1, f"the character U+{ord(odd[0]):04X} is not allowed")
    try:
        return _value(yaml.parse(text, Loader=_Parser), refuse)
    except DocumentError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = " ".join(part for part in (error.problem, error.context) if part)
        last = text.rstrip().count("\n") + 1  # the parser names the line after it where an end is missing
        refuse(min(mark.line + 1, last) if mark else 1, f"not readable as YAML ({told}){_wide(text)}")
    except (yaml.YAMLError, ValueError) as error:  # the parser's own, of bad escapes and the like
        refuse(1, f"not readable as YAML ({' '.join(str(error).split())})")


def _value(events: Iterable[Any], refuse: _Refuse) -> Any:
    """The value of a stream of parser's events, without recursion."""
    root = _Open([], 1, None)
    stack = [root]
    anchors: dict[str | None, tuple[Any, int, int]] = {}
    repeated = 0
    for event in events:
        line = event.start_mark.line + 1
        top = stack[-1]
        if isinstance(event, yaml.ScalarEvent):
            value, size, height, anchor = _scalar(event, top, line, refuse), 1, 0, event.anchor
        elif isinstance(event, yaml.AliasEvent):
            known = anchors.get(event.anchor)
            if known is None:
                within = any(event.anchor == one.anchor for one in stack)
                refuse(line, f"the alias *{event.anchor} " + ("is within itself" if within else "is unknown"))
            value, size, height = known
            anchor, repeated = None, repeated + size
            if repeated > MOST_REPEATED:
                refuse(line, f"aliases stand for more than {MOST_REPEATED:,} values")
            value = copy.deepcopy(value)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            mapping = isinstance(event, yaml.MappingStartEvent)
            if event.tag not in (None, "!", _TAG + ("map" if mapping else "seq")):
                refuse(line, f"the tag {_short(event.tag)} is not allowed; leave it out")
            stack.append(_Open({} if mapping else [], line, event.anchor))
            if len(stack) > DEEPEST + 1:
                refuse(line, f"nested deeper than {DEEPEST}")
            continue
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            stack.pop()
            for merged in top.merged:
                assert isinstance(top.value, dict)
                top.value = {**merged, **top.value}
            value, size, height, anchor = top.value, top.size, top.height, top.anchor
            top, line = stack[-1], top.line
        elif isinstance(event, yaml.DocumentStartEvent) and root.value:
            refuse(line, "a second document begins; one is allowed")
        else:
            continue
        if len(stack) + height > DEEPEST + 1:
            refuse(line, f"nested deeper than {DEEPEST}")
        if anchor is not None:
            anchors[anchor] = value, size, height
        top.size += size
        top.height = max(top.height, height + 1)
        _put(top, value, line, refuse)
    assert isinstance(root.value, list)
    return root.value[0] if root.value else None


def _put(top: _Open, value: Any, line: int, refuse: _Refuse) -> None:
    """Add a value to what is being read; in a mapping it may be a key."""
    if isinstance(top.value, list):
        top.value.append(value)
    elif top.key is None:
        if not isinstance(value, str):
            comma = ", and a number has no comma in it" if kind_of(value) == "a number" else ""
            refuse(line, f"a key is {kind_of(value)}; a key is text, in quotation marks where needed{comma}")
        if value != _MERGE:
            try:
                value = composed(value)
            except ValueError as error:
                refuse(line, f"the key {error}")
        if value in top.lines and value != _MERGE:
            refuse(line, f"{value!r} stands twice in a mapping, on lines {top.lines[value]} and {line}")
        top.key, top.lines[value] = value, line
    elif top.key == _MERGE:
        several = value if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) for one in several):
            refuse(line, "<< merges mappings, and stands before something else")
        top.merged += several
        top.key = None
    else:
        top.value[top.key] = value
        top.key = None


def _scalar(event: Any, top: _Open, line: int, refuse: _Refuse) -> Any:
    text, tag = event.value, event.tag
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        refuse(line, "holds half of a character (a lone surrogate)")
    if isinstance(top.value, dict) and top.key is None and text == "<<" and event.implicit[0]:
        return _MERGE
    plain = tag is None and event.implicit[0]
    name = "" if plain else "str" if tag in (None, "!") else tag.removeprefix(_TAG)
    if name not in ("", "str", "int", "float", "bool", "null"):
        refuse(line, f"the tag {_short(tag)} is not allowed; leave it out")
    if name == "str" or (plain and text[:1].isalpha() and text[:1] not in "ntfNTF"):
        return text
    if name in ("", "null") and _NULL.fullmatch(text):
        return None
    if name in ("", "bool") and _BOOL.fullmatch(text):
        return text[0] in "tT"
    if name in ("", "int") and _INT.fullmatch(text):
        digits = text.lstrip("+-").lstrip("0") or "0"
        if len(digits) > 19 or (number := int(digits) * (-1 if text[0] == "-" else 1)) not in INTEGERS:
            refuse(line, f"the whole number {_short(text)} has more than 64 bits")
        return number
    if name in ("", "float") and _FLOAT.fullmatch(text):
        value = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if math.isinf(value) and "n" not in text.lower():
            refuse(line, f"{_short(text)} is larger than any number that can be held")
        return value
    if name:
        refuse(line, f"{_short(text)!r} is no value of the tag {_short(tag)}; leave the tag out")
    return text


def _wide(text: str) -> str:
    """A hint at the first full-width sign of YAML, if there is one."""
    place, sign = min(((text.find(sign), sign) for sign in _WIDE if sign in text), default=(-1, ""))
    if place < 0:
        return ""
    line = text.count("\n", 0, place) + 1
    return f"; line {line} has {sign!r} (full-width), where {_WIDE[sign]!r} may be meant"


def _short(text: str) -> str:
    text = text.replace(_TAG, "!!")
    return text if len(text) <= 40 else f"{text[:30]}... ({len(text)} characters)"


class _Dumper(yaml.SafeDumper):
    """Quotes text that a reader of YAML may take for something else; a list of plain values takes a line."""


def _represent_list(dumper: yaml.SafeDumper, values: Any) -> yaml.SequenceNode:
    plain = all(not isinstance(value, list | dict) for value in values)
    return dumper.represent_sequence(_TAG + "seq", values, flow_style=plain)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    odd = not text.isprintable() or any(c.isspace() and c != " " for c in text)
    return dumper.represent_scalar(_TAG + "str", text, style='"' if odd else None)


_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(tuple, _represent_list)
_Dumper.add_representer(str, _represent_text)
for _kind, _pattern in (("int", _INT), ("float", _FLOAT), ("null", _NULL), ("bool", _BOOL)):
    _Dumper.add_implicit_resolver(_TAG + _kind, re.compile(f"(?:{_pattern.pattern})$"), None)
