"""Options of a command from models of its settings: one field is one option.

A field's description is the help, its bounds are the range, its alias, if any, is the option's name.
`json_schema_extra={"positional": True}`, or a name instead, makes it positional; a tuple takes what is left.
The title of a model's configuration is the group of its options in the help.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from cyclopts import Group, Parameter
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from juguo_agents.allocators import rule_names
from juguo_agents.training.shipped import config_names
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario, scenario_names

Model = TypeVar("Model", bound=BaseModel)
_PLAIN = (int, float, bool, str, Path)
NAMES: dict[str, Callable[[], Iterable[str]]] = {
    "scenario": lambda: [*scenario_names(), "family"],
    "allocator": rule_names,
    "config": config_names,
}
"""What the shell offers for a field with `json_schema_extra={"names": KIND}`."""


def command(run: Callable[..., int]) -> Callable[..., int]:
    """A function that takes models of settings, as one that takes their fields as options."""
    hints = typing.get_type_hints(run)
    models: list[type[BaseModel]] = [hints[name] for name in inspect.signature(run).parameters]

    def from_options(*arguments: Any, **options: Any) -> int:
        given = said(from_options, arguments, options)
        return run(*(read(model, given) for model in models))

    return with_options(from_options, models)


def with_options(function: Callable[..., int], models: Iterable[type[BaseModel]]) -> Callable[..., int]:
    """Give a function the fields of models as its parameters."""
    parameters = [_parameter(name, field, model) for model in models for name, field in _fields(model)]
    parameters.sort(key=lambda parameter: parameter.kind)
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return function


def said(function: Callable[..., int], arguments: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """What the command line names, by option."""
    return dict(inspect.signature(function).bind(*arguments, **options).arguments)


def read(model: type[Model], given: Mapping[str, Any]) -> Model:
    """A model of those of the given values that are its own.

    Raises:
        UserError: If a value is not allowed; the message names the option.
    """
    names = [name for name, _ in _fields(model)]
    try:
        return model.model_validate({name: given[name] for name in names if name in given})
    except ValidationError as error:
        raise UserError(_explained(error, model)) from None


def _fields(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """Each field with the name of its option."""
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def _extra(field: FieldInfo, key: str) -> Any:
    return field.json_schema_extra.get(key) if isinstance(field.json_schema_extra, dict) else None


def _parameter(name: str, field: FieldInfo, model: type[BaseModel]) -> inspect.Parameter:
    hint, required = _plain(field.annotation), field.is_required()
    default = inspect.Parameter.empty if required else False if hint is bool else None
    kind: Any = inspect.Parameter.KEYWORD_ONLY
    names = NAMES.get(_extra(field, "names") or ("scenario" if _holds_scenario(field.annotation) else ""))
    of_command: dict[str, Any] = {
        "help": _help(field),
        "negative": None if field.default is True else (),
        "show_default": _shown_default(field),
        "consume_multiple": get_origin(hint) is tuple or None,
        "completer": (lambda context: list(names())) if names else None,
    }
    if positional := _extra(field, "positional"):
        of_command |= {"name": positional} if isinstance(positional, str) else {}
        kind = inspect.Parameter.POSITIONAL_ONLY
        if get_origin(hint) is tuple:
            kind, default, hint = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.empty, get_args(hint)[0]
            of_command |= {"consume_multiple": None, "show_default": False}
    else:
        of_command |= {"group": _group(model.model_config.get("title"))}
    if default is None:
        hint = hint | None
    return inspect.Parameter(name, kind, default=default, annotation=Annotated[hint, Parameter(**of_command)])


@cache
def _group(title: str | None) -> Group:
    return Group(title or "Settings", sort_key=int(title is not None))


def _plain(hint: Any) -> Any:
    """The type that a word of the command line is turned into; what is not plain is left to the model."""
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    if get_origin(hint) is Literal or hint in _PLAIN:
        return hint
    if get_origin(hint) is tuple:
        return types.GenericAlias(tuple, (_plain(get_args(hint)[0]), ...))
    if get_origin(hint) in (typing.Union, types.UnionType):
        members = [_plain(member) for member in get_args(hint) if member is not type(None)]
        return members[0] if len(set(members)) == 1 else str
    return str


def _holds_scenario(hint: Any) -> bool:
    return hint is Scenario or any(_holds_scenario(part) for part in get_args(hint))


def _help(field: FieldInfo) -> str:
    allowed = _allowed(field)
    return (field.description or "") + (f"; {allowed}" if allowed else "")


def _allowed(field: FieldInfo) -> str:
    """The range of a number in words; empty where there is none."""
    low = next((bound for bound in field.metadata if isinstance(bound, Ge | Gt)), None)
    high = next((bound for bound in field.metadata if isinstance(bound, Le | Lt)), None)
    least = f"{low.ge:,}" if isinstance(low, Ge) else f"above {low.gt:,}" if low else ""
    if isinstance(high, Lt) and isinstance(high.lt, int):
        high = Le(high.lt - 1)
    most = f"{high.le:,}" if isinstance(high, Le) else f"below {high.lt:,}" if high else ""
    if least and most:
        return f"{least} to {most}"
    return f"up to {most}" if most else f"{least} or more" if isinstance(low, Ge) else least


def _shown_default(field: FieldInfo) -> str | bool:
    if field.is_required():
        return False
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None or default is False or default is PydanticUndefined or default == ():
        return False
    if isinstance(default, tuple):
        return " ".join(map(_word, default))
    return _word(default)


def _word(value: Any) -> str:
    return str(getattr(value, "name", value))


def _explained(error: ValidationError, model: type[BaseModel]) -> str:
    """One line: the first fault by option, value and what is allowed."""
    first = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if not first["loc"]:
        return str(cause or first["msg"])
    options = dict(_fields(model))
    name = str(first["loc"][0])
    name, field = next((n, f) for n, f in options.items() if name == n or model.model_fields.get(name) is f)
    option = name.upper() if _extra(field, "positional") else f"--{name.replace('_', '-')}"
    if isinstance(cause, UserError):
        return f"{option}: {cause}"
    allowed = _allowed(field)
    if allowed and first["type"].startswith(("greater_than", "less_than")):
        return f"{option} is {first['input']}; allowed is {allowed}"
    return f"{option} is {first['input']!r}: {cause or first['msg'][:1].lower() + first['msg'][1:]}"
