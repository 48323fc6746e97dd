"""Models of what people write: strict types, no number out of 64 bits, and every fault told at once.

`Strict` is the base of all of them. Nothing is taken for something else: `true` is no number, `"5"` neither,
and 2.5 is no whole number. A whole number may be written as `1e3` (but see `EXACT`), a tuple as a list, and
`true` where the word "true" is among those allowed.
"""

from __future__ import annotations

import numbers
import re
import reprlib
import types
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import core_schema

from juguo_envs.documents import INTEGERS
from juguo_envs.errors import did_you_mean

MOST_TOLD = 10
"""Faults that are told at once."""

_NOT_SCHEMAS = ("default", "metadata", "expected", "serialization", "config", "default_factory")
_WORDS = {True: "true", False: "false"}

EXACT = {"whole numbers": "have no point"}
"""The context in which a file is validated that only programs write: there 3.0 is no whole number."""


def _strict(schema: Any) -> Any:
    """A schema in which whole numbers have bounds, tuples may be lists, and `true` may be a word."""
    if isinstance(schema, list | tuple):
        return type(schema)(_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return schema
    done: Any = {key: part if key in _NOT_SCHEMAS else _strict(part) for key, part in schema.items()}
    kind = done.get("type")
    if kind in ("tuple", "set", "frozenset", "lax-or-strict"):
        done["strict"] = False
    elif kind == "int" and "strict" not in done:
        if "lt" not in done:
            done.setdefault("le", INTEGERS[-1])
        if "gt" not in done:
            done.setdefault("ge", INTEGERS[0])
        done["strict"] = True
        return core_schema.with_info_before_validator_function(_whole, done)
    elif kind == "float" and "strict" not in done:
        done["strict"] = True
        return core_schema.no_info_before_validator_function(_decimal, done)
    elif kind == "literal" and "true" in done["expected"]:
        return core_schema.no_info_before_validator_function(_word, done)
    return done


def _whole(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    taken = isinstance(value, float) and value.is_integer() and info.context is not EXACT
    return int(value) if taken else value


def _decimal(value: Any) -> Any:
    if isinstance(value, int) and value in INTEGERS and int(float(value)) != value:
        raise ValueError(f"is {value}, which no float is exactly; write it with a point")
    other = isinstance(value, numbers.Real) and not isinstance(value, int | float)  # of numpy, for example
    return float(value) if other else value


def _word(value: Any) -> Any:
    return _WORDS[value] if isinstance(value, bool) else value


class Strict(BaseModel):
    """Base of what people write: immutable, unknown fields refused, types strict, numbers finite."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True
    )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """The schema of the fields, with what strictness means for them."""
        schema: core_schema.CoreSchema = _strict(handler(source))
        return schema


def explain(
    error: ValidationError, model: type[BaseModel], source: str = "", label: Callable[[str], str] = str
) -> str:
    """One line: each fault by field, value, what is allowed and, where it can be told, what to write.

    Args:
        error: Of the validation.
        model: What was validated.
        source: Where the values are from, for example "scenario file world.yaml".
        label: What a field is called where it is written, from its dotted name.
    """
    by_place: dict[str, list[_Fault]] = {}  # a union refuses a value once for each of its members
    for fault in error.errors(include_url=False):
        found = _walk(fault, model)
        by_place.setdefault(found.place, []).append(found)
    within = {place for field in by_place for place in _around(field)}  # a union tells what is wrong within
    faults = [
        _told(label(_visible(field)), found) for field, found in by_place.items() if field not in within
    ]
    start = f"{source}: " if source else ""
    if len(faults) == 1:
        return start + faults[0]
    listed = "; ".join(f"({i + 1}) {fault}" for i, fault in enumerate(faults[:MOST_TOLD]))
    more = f"; and {len(faults) - MOST_TOLD} more" if len(faults) > MOST_TOLD else ""
    return f"{start}{len(faults)} faults: {listed}{more}"


def allowed_range(field: FieldInfo | None, thousands: str = "") -> str:
    """The range of a field's number in words; empty where there is none.

    Args:
        field: The field.
        thousands: What stands between thousands, for people.
    """

    def said(number: Any) -> str:
        return f"{number:{thousands}}" if isinstance(number, int) else f"{number:g}"

    bounds = field.metadata if field else ()
    low = next((bound for bound in bounds if isinstance(bound, Ge | Gt)), None)
    high = next((bound for bound in bounds if isinstance(bound, Le | Lt)), None)
    least = f"{said(low.ge)}" if isinstance(low, Ge) else f"above {said(low.gt)}" if low else ""
    if isinstance(high, Lt) and isinstance(high.lt, int):
        high = Le(high.lt - 1)
    most = f"{said(high.le)}" if isinstance(high, Le) else f"below {said(high.lt)}" if high else ""
    if least and most:
        return f"{least} to {most}"
    return f"up to {most}" if most else f"{least} or more" if isinstance(low, Ge) else least


def _visible(field: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in field)


def _around(field: str) -> list[str]:
    parts = field.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def shown(value: Any) -> str:
    """A value as it is written, cut where it is long."""
    if value is None or isinstance(value, bool):
        return "empty" if value is None else _WORDS[value]
    return _SHORT.repr(value)


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60
_SHORT.maxlevel = _SHORT.maxdict = 3

_SAID = {
    "model_type": "input should be a mapping of fields",
    "dict_type": "input should be a mapping",
    "tuple_type": "input should be a list",
    "bool_type": "input should be true or false",
    "too_long": "at most {max_length} entries are allowed",
    "too_short": "at least {min_length} entries are needed",
}
"""What pydantic says in words of Python, in words of YAML."""


@dataclass(frozen=True)
class _Fault:
    """A fault where it is written.

    Attributes:
        fault: As pydantic tells it.
        place: Dotted name of the place.
        hints: The types that may stand there; of an unknown field, the types around it.
        field: The field, if the place is one.
    """

    fault: Any
    place: str
    hints: Sequence[Any]
    field: FieldInfo | None


def _told(field: str, faults: list[_Fault]) -> str:
    """What is wrong at one place, in words."""
    fault, hints = faults[0].fault, faults[0].hints
    kind, value = fault["type"], fault["input"]
    if kind == "extra_forbidden":
        known = _fields(hints)
        name = str(fault["loc"][-1])
        hint = did_you_mean(name, known) or _wide(name)
        return f"unknown field {field!r}{hint}" + (f"; known here: {', '.join(known)}" if known else "")
    if kind == "missing":
        return f"{field} is missing"
    if kind in ("value_error", "assertion_error"):
        return f"{field}: {fault['ctx']['error']}" if field else str(fault["ctx"]["error"])
    told = f"{field or '(whole)'} is {shown(value)}"
    if kind.startswith(("greater_than", "less_than")) and (allowed := allowed_range(faults[0].field)):
        return f"{told}; allowed is {allowed}"
    said = [
        _SAID[f["type"]].format(**f.get("ctx", {}))
        if f["type"] in _SAID
        else f["msg"][:1].lower() + f["msg"][1:]
        for f in (one.fault for one in faults)
    ]
    hint = next(filter(None, (_what_to_write(one.fault, one.hints) for one in faults)), "")
    return f"{told}: {' or '.join(dict.fromkeys(said))}{hint}"


def _what_to_write(fault: Any, hints: Sequence[Any]) -> str:
    kind, value = fault["type"], fault["input"]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in ("int_type", "float_type"):
        return _as_number(value) if isinstance(value, str) else ""
    if kind == "string_type" and (number or isinstance(value, bool)):
        return f'; as text it stands in quotation marks: "{shown(value)}"'
    if kind in ("tuple_type", "list_type") and (number or isinstance(value, str)):
        return f"; write a list: [{value if number else shown(value)}]"
    if kind == "literal_error" and isinstance(value, str):
        return did_you_mean(value, re.findall(r"'([^']*)'", fault["ctx"]["expected"]))
    if kind == "model_type" and (fields := _fields(hints)):
        example = f"{{{fields[0]}: {shown(value) if number else '...'}}}"
        return f"; write its fields, such as {example}" if number else f", of {', '.join(fields)}"
    return ""


def _as_number(text: str) -> str:
    """How to write the number that a text may stand for."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if len(plain) > 40:
        return "; write a number"
    bare = re.sub(r"(?<=\d)[,_' ](?=\d{3}(?!\d))", "", plain)
    if power := re.fullmatch(r"(\d{1,3}) ?(?:\*\*|\^) ?(\d{1,2})", bare):
        return f"; write the number itself, {float(power[1]) ** int(power[2]):g}"
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", bare):
        return "; write a number"
    if bare != plain:
        return f"; write {bare}, without a sign between thousands"
    return f"; write {bare}, " + ("without quotation marks" if text.isascii() else "not in full-width signs")


def _wide(text: str) -> str:
    """A hint at full-width signs in a name."""
    plain = unicodedata.normalize("NFKC", text)
    return "" if plain == text else f" (it has full-width signs; {plain!r} may be meant)"


def _alternatives(hint: Any) -> list[Any]:
    """The members of a union, or the type itself, without what is annotated."""
    if get_origin(hint) is Annotated:
        return _alternatives(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return [one for member in get_args(hint) for one in _alternatives(member)]
    return [hint]


def _models(hints: Sequence[Any]) -> list[type[BaseModel]]:
    return [hint for hint in hints if isinstance(hint, type) and issubclass(hint, BaseModel)]


def _fields(hints: Sequence[Any]) -> list[str]:
    return [name for model in _models(hints) for name in model.model_fields]


def _walk(fault: Any, model: type[BaseModel]) -> _Fault:
    """Where a fault is written: pydantic's location holds besides which member of a union it tried."""
    place: list[str] = []
    hints: list[Any] = [model]
    field: FieldInfo | None = None
    location = fault["loc"]
    for i, part in enumerate(location):
        if fault["type"] == "extra_forbidden" and i == len(location) - 1:
            place.append(str(part))
            break
        fields: Any = {}
        for one in _models(hints):
            for name, known in one.model_fields.items():
                fields |= {name: known, known.alias: known}
        items = [h for h in hints if get_origin(h) in (list, tuple, dict, set, frozenset)]
        if part in fields:
            field = fields[part]
            inside = [fields[part].annotation]
        elif isinstance(part, int) or any(get_origin(h) is dict for h in items):
            field = None
            inside = [a for h in items for a in get_args(h)[-1 if get_origin(h) is dict else 0 :]]
        else:
            continue
        place.append(str(part))
        hints = [one for hint in inside for one in _alternatives(hint)]
    return _Fault(fault, ".".join(place), hints, field)
