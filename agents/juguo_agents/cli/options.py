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

from cyclopts import Group, Parameter
from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from juguo_agents.allocators import rule_names
from juguo_agents.artifacts.zoo import PREFIX, zoo_names
from juguo_agents.progress import told_in
from juguo_agents.report.texts import progress_words
from juguo_agents.training.shipped import config_names
from juguo_envs.documents import yaml_value
from juguo_envs.errors import UserError
from juguo_envs.validation import allowed_range, explain
from juguo_envs.worlds.scenario import Scenario, scenario_names

Model = TypeVar("Model", bound=BaseModel)
_PLAIN = (bool, str, Path)
LANG: Any = Field(
    "en",
    description="language of tables, page, figures and progress; files for programs, notes and errors are in "
    "English",
)
"""An option of every command that people read from."""
SCENARIO: Any = Field(
    None,
    description="name or path of a scenario, or family; default: the one that the runs, searches and plays "
    "were made for, and 'default' for rules alone",
    json_schema_extra={"names": "scenario"},
)
"""An option of every command in which allocators act."""
NAMES: dict[str, Callable[[], Iterable[str]]] = {
    "scenario": lambda: [*scenario_names(), "family"],
    "allocator": lambda: [*rule_names(), *(PREFIX + name for name in zoo_names())],
    "config": config_names,
}
"""What the shell offers for a field with `json_schema_extra={"names": KIND}`."""


def command(run: Callable[..., int]) -> Callable[..., int]:
    """A function that takes models of settings, as one that takes their fields as options."""
    hints = typing.get_type_hints(run)
    models: list[type[BaseModel]] = [hints[name] for name in inspect.signature(run).parameters]

    def from_options(*arguments: Any, **options: Any) -> int:
        given = said(from_options, arguments, options)
        asked = [read(model, given) for model in models]
        with told_in(progress_words(next((one.lang for one in asked if hasattr(one, "lang")), "en"))):
            return run(*asked)

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
    """A model of those of the given values that are its own. Numbers are given as words, as YAML has them.

    Raises:
        UserError: If values are not allowed; the message names the options.
    """
    fields = dict(_fields(model))
    values = {name: _read(name, field, given[name]) for name, field in fields.items() if name in given}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        by_name = {given: name for name, field in model.model_fields.items() for given in (name, field.alias)}

        def label(place: str) -> str:
            name = place.partition(".")[0]
            field = model.model_fields[by_name[name]] if name in by_name else None
            return _option(field.alias or name, field) if field else place

        raise UserError(explain(error, model, label=label)) from None


def _option(name: str, field: FieldInfo) -> str:
    """How an option is written."""
    return name.upper() if _extra(field, "positional") else f"--{name.replace('_', '-')}"


def _read(name: str, field: FieldInfo, value: Any) -> Any:
    """A word of the command line as the value that it stands for, or several of them."""
    if isinstance(value, tuple | list):
        return tuple(_read(name, field, one) for one in value)
    number = isinstance(value, str) and _holds(field.annotation, int, float)
    return yaml_value(value, _option(name, field)) if number else value


def _fields(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """Each field with the name of its option."""
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def _extra(field: FieldInfo, key: str) -> Any:
    return field.json_schema_extra.get(key) if isinstance(field.json_schema_extra, dict) else None


def _parameter(name: str, field: FieldInfo, model: type[BaseModel]) -> inspect.Parameter:
    hint, required = _plain(field.annotation), field.is_required()
    default = inspect.Parameter.empty if required else False if hint is bool else None
    kind: Any = inspect.Parameter.KEYWORD_ONLY
    names = NAMES.get(_extra(field, "names") or ("scenario" if _holds(field.annotation, Scenario) else ""))
    of_command: dict[str, Any] = {
        "help": _help(field),
        "negative": None if field.default is True else (),
        "show_default": _shown_default(field),
        "consume_multiple": get_origin(hint) is tuple or None,
        "completer": (lambda context: list(names())) if names else None,
        "metavar": _metavar(field.annotation, several=get_origin(hint) is tuple),
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


def _metavar(hint: Any, several: bool) -> str | None:
    """What stands for a number in the help, which is read as text."""
    kind = "FLOAT" if _holds(hint, float) else "INT" if _holds(hint, int) else None
    return f"{kind}..." if kind and several else kind


@cache
def _group(title: str | None) -> Group:
    return Group(title or "Settings", sort_key=int(title is not None))


def _plain(hint: Any) -> Any:
    """The type that a word of the command line is turned into; what is not plain is left to `read`."""
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


def _holds(hint: Any, *kinds: type) -> bool:
    return hint in kinds or any(_holds(part, *kinds) for part in get_args(hint))


def _help(field: FieldInfo) -> str:
    allowed = allowed_range(field, thousands=",")
    return (field.description or "") + (f"; {allowed}" if allowed else "")


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
