"""Allocators of a user's own by name: `FILE.py:CLASS` or `MODULE:CLASS`, a class that needs no arguments.

A file is run as Python runs it, with its folder on the path; a module is imported. A rule's class may have
institutions behind its name, as rules have: `mine.py:Mine+exit`.
"""

from __future__ import annotations

import hashlib
import re
import sys
import traceback
from functools import lru_cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.institutions import split_name
from juguo_agents.allocators.registry import UnknownAllocator, variant_of
from juguo_agents.allocators.rule import Rule
from juguo_agents.artifacts.zoo import PREFIX
from juguo_envs.documents import read_text
from juguo_envs.errors import UserError, did_you_mean
from juguo_envs.names import LONGEST, normal

_FILE = re.compile(r"(?P<place>.+\.py)(?::(?P<kind>.*))?", re.DOTALL)
_WORD = r"[^\W\d]\w*"
_MODULE = re.compile(rf"(?!{PREFIX})(?P<place>{_WORD}(?:\.{_WORD})*)(?<!\.zip):(?P<kind>{_WORD}(?:[+-]\w+)*)")
_TRAINED = "learned"
"""How names of what was trained begin."""
_WITHIN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PROTOCOL = "an allocator has start(setting, seeds) and act(observations)"


class OwnFileError(UserError):
    """A file or module of the user's that holds no allocator of that name; the message says what is wrong."""


def is_own(name: str) -> bool:
    """Whether a name stands for a class of a Python file or module."""
    return _told(name) is not None


def own_digest(name: str) -> str:
    """SHA-256 of the file and of the class's name; of what the file imports nothing counts.

    Raises:
        UnknownAllocator: If there is no such file or module.
        OwnFileError: If it cannot be read.
    """
    place, kind = _parted(name)
    if not isinstance(place, Path):
        file = _imported(place).__file__
        if file is None:
            raise OwnFileError(f"{name}: {place} is no Python file; name a module of one")
        place = Path(file)
    source = _source(place)
    return hashlib.sha256(f"{source}\0{kind}".encode()).hexdigest()


def load_own(name: str) -> Allocator:
    """An allocator of the user's own. Without a `name` of its own it has that of its class.

    Raises:
        UnknownAllocator: If there is no such file or module, or no such class in it.
        OwnFileError: If the file cannot be run, or the class makes no allocator.
    """
    place, kind = _parted(name)
    word, asked = split_name(kind)
    is_file = isinstance(place, Path)
    module = _run(place, _source(place)) if isinstance(place, Path) else _imported(place)
    there = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and (value.__module__ == module.__name__ or not is_file)
    }
    if word not in there:
        known = f"; it has {', '.join(there)}" if there else "; it has none"
        what = f"no class {word!r}{did_you_mean(word, there)}" if word else f"name a class: {place}:CLASS"
        raise UnknownAllocator(f"{place}: {what}{known}")
    made = there[word]
    called = _WITHIN.sub("_", word).lower()
    if issubclass(made, Rule):
        if not hasattr(made, "base_name"):
            made.base_name = called
        return _checked(_made_of(lambda: made(asked), f"{place}:{word}"), called, name)
    if asked.suffix:
        raise OwnFileError(f"{name}: {word} is no rule, so it has no institutions; leave out {asked.suffix}")
    return _checked(_made_of(made, f"{place}:{word}"), called, name)


def _told(name: str) -> re.Match[str] | None:
    return _FILE.fullmatch(name) or _MODULE.fullmatch(name)


def _parted(name: str) -> tuple[Path | str, str]:
    """The file, or the name of the module, and the class."""
    told = _told(name)
    assert told is not None, name
    place, kind = told["place"], told["kind"] or ""
    return (Path(place) if place.endswith(".py") else place), kind


def _imported(module: str) -> ModuleType:
    try:
        return import_module(module)
    except (Exception, SystemExit) as error:
        raise OwnFileError(f"{module}: cannot be imported ({why(error)})") from None


def _source(file: Path) -> str:
    if not file.is_file():
        raise UnknownAllocator(f"{file}: there is no such file; an allocator of your own is FILE.py:CLASS")
    return read_text(file, "allocators")


@lru_cache(maxsize=64)
def _run(file: Path, source: str) -> ModuleType:
    """The file's module; the same for the same content."""
    name = f"own_{hashlib.sha256(bytes(file.resolve()) + source.encode()).hexdigest()[:16]}"
    spec = spec_from_file_location(name, file)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for the types of their fields
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        exec(compile(source, str(file), "exec"), vars(module))
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise OwnFileError(f"{file}: {why(error, file)}") from None
    finally:
        sys.path.remove(folder)
    return module


def _made_of(make: Any, what: str) -> Any:
    """What a class makes without arguments.

    Raises:
        OwnFileError: If it makes nothing.
    """
    try:
        return make()
    except (Exception, SystemExit) as error:
        raise OwnFileError(f"{what} cannot be made without arguments: {why(error)}") from None


def why(error: BaseException, file: Path | None = None) -> str:
    """An error on one line, with the line of the file where it was raised."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)
    ]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    words = " ".join(str(error).split())
    return f"{f'line {line}: ' if line else ''}{type(error).__name__}{f': {words}' if words else ''}"


def _checked(made: Any, called: str, name: str) -> Allocator:
    """An object as an allocator, with a name.

    Args:
        made: The object.
        called: Its name, where it has none.
        name: By which the user named it.

    Raises:
        OwnFileError: If it lacks a method, or its name cannot be.
    """
    for method in ("start", "act"):
        if not callable(getattr(made, method, None)):
            raise OwnFileError(f"{name} has no method {method}; {_PROTOCOL}")
    if not hasattr(made, "name"):
        try:
            object.__setattr__(made, "name", called)
        except AttributeError:
            raise OwnFileError(f"{name} has no name, and room for none; {_PROTOCOL}, and a name") from None
    try:
        good = isinstance(made.name, str) and normal(made.name) == made.name and 0 < len(made.name) <= LONGEST
    except ValueError:
        good = False
    if not good:
        raise OwnFileError(f"{name}: its name is {made.name!r}; allowed is text of 1 to {LONGEST} characters")
    if variant_of(made.name) is not None or made.name == "all" or made.name.startswith(_TRAINED):
        raise OwnFileError(
            f"{name}: its name is {made.name!r}, which stands for a rule or for what was trained; "
            "give it another name"
        )
    allocator: Allocator = made
    return allocator
