"""Sentences and labels that people read, by key and language: a folder of files for each language.

`speaking` sets the language and the unit of time; `say` gives a text with its values put in. What the code
declares for people to read (meanings of fields, ideas of rules, words of a tree) is in the catalogue, too: in
English as it is declared, in each other language by its files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from string import Formatter
from typing import Literal

from pydantic import BaseModel

from juguo_agents.allocators.registry import RULES
from juguo_agents.artifacts.place_weights import LOCALS
from juguo_agents.artifacts.tree_features import FEATURES
from juguo_agents.progress import WORDS
from juguo_envs.documents import load_mapping
from juguo_envs.errors import UserError, unknown
from juguo_envs.worlds.sampling import axes
from juguo_envs.worlds.scenario import Scenario, Step, scenario_names

Lang = Literal["en", "zh"]
_speech: ContextVar[tuple[str, Step]] = ContextVar("speech", default=("en", "quarter"))


def languages() -> list[str]:
    """Languages that there are texts in."""
    folders = resources.files(__name__).iterdir()
    return sorted(folder.name for folder in folders if (folder / "report.yaml").is_file())


@contextmanager
def speaking(lang: str, step: Step | None = None) -> Iterator[None]:
    """Within it texts are in this language, and time is counted in such steps; default: as before.

    Raises:
        UserError: If there are no texts in the language.
    """
    if lang not in languages():
        raise UserError(unknown("language", lang, languages()))
    before = _speech.set((lang, step or _speech.get()[1]))
    try:
        yield
    finally:
        _speech.reset(before)


def language() -> str:
    """The language that is spoken."""
    return _speech.get()[0]


@cache
def texts(lang: str = "en", of: str = "") -> Mapping[str, str]:
    """The texts of a language by their keys, or those of one of its files; values stand in braces."""
    found = _declared() if lang == "en" else {}
    for file in (resources.files(__name__) / lang).iterdir():
        if not of or file.name == f"{of}.yaml":
            found |= load_mapping(file.read_text(encoding="utf-8"), f"texts {lang}/{file.name}")
    return found


def say(key: str, lang: str | None = None, **values: object) -> str:
    """A text with its values put in; `{step}` and `{steps}` are the unit of time, one and several of it.

    What a language has no text for, such as a rule of one's own, is in English.

    Args:
        key: Of the catalogue.
        lang: A language other than the one that is spoken.
        values: What stands in braces.
    """
    lang = lang or language()
    found = texts(lang)
    return _filled(found[key] if key in found else texts()[key], _unit(lang) | values)


def _unit(lang: str) -> dict[str, object]:
    step, found = _speech.get()[1], texts(lang)
    return {"step": found[f"step.{step}"], "steps": found[f"steps.{step}"]}


def progress_words(lang: str) -> dict[str, str]:
    """How progress is told in a language."""
    return {key: texts(lang)[f"progress.{key}"] for key in WORDS}


def translated(text: str) -> str:
    """A text of the code, or of a file that ships, in the language that is spoken; any other as it is.

    For what is English in files of numbers, too, and for what its owner may state otherwise.
    """
    lang = language()
    found = _translations(lang).get(text)
    return _filled(found, _unit(lang)) if found else text


@cache
def _translations(lang: str) -> Mapping[str, str]:
    file = resources.files(__name__) / "translated" / f"{lang}.yaml"
    return load_mapping(file.read_text(encoding="utf-8"), f"translated {lang}") if lang != "en" else {}


def again(text: str, prefix: str) -> str:
    """What was said in English by a text whose key begins so, in the language that is spoken.

    Files for programs are in English, and pages are made of what they hold. What no text says stays as it is.
    """
    if language() == "en":
        return text
    for key, form in _forms(prefix).items():
        if found := form.fullmatch(text):
            return say(key, **found.groupdict())
    return text


@cache
def _forms(prefix: str) -> Mapping[str, re.Pattern[str]]:
    """What the English texts of these keys may say; those with fewer values come first."""
    found = {}
    for key, text in texts().items():
        if key.startswith(prefix):
            parts = [(re.escape(said), name) for said, name, _, _ in Formatter().parse(text)]
            found[key] = [said + (f"(?P<{name}>.+)" if name else "") for said, name in parts]
    ordered = sorted(found.items(), key=lambda item: sum("(?P<" in part for part in item[1]))
    return {key: re.compile("".join(form)) for key, form in ordered}


def _filled(text: str, values: Mapping[str, object]) -> str:
    """A text with its values; a space before or behind one falls away between characters that need none."""
    said = ""
    for literal, name, _, _ in Formatter().parse(text):
        behind = literal[:1] == " " and _is_wide(said[-1:]) and _is_wide(literal[1:2])
        said += literal[behind:]
        if name is not None:
            value = str(values[name])
            before = said[-1:] == " " and _is_wide(said[-2:-1]) and _is_wide(value[:1])
            said = (said[:-1] if before else said) + value
    return said


def _is_wide(character: str) -> bool:
    """Whether it is Chinese, or Chinese punctuation."""
    return "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"


def joined(names: Sequence[str], lang: str | None = None) -> str:
    """Names in a sentence."""
    if len(names) == 1:
        return names[0]
    return say("and", lang, most=say("comma", lang).join(names[:-1]), last=names[-1])


def sentences(parts: Sequence[str], lang: str | None = None) -> str:
    """Sentences one after another; empty ones are left out."""
    return say("space", lang).join(part for part in parts if part)


def _declared() -> dict[str, str]:
    """What the code declares in English, where a step is called a quarter."""
    found = {f"feature.{feature.name}": feature.words for feature in FEATURES}
    for name, field in Scenario.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            fields = group.model_fields.items()
            found |= {f"setting.{name}.{one}": info.description or "" for one, info in fields}
        elif field.description:
            found[f"setting.{name}"] = field.description
    found = {f"setting.{axis.name}": axis.text for axis in axes(preferences=True)} | found
    found = {key: re.sub(r"\bquarter(s?)\b", r"{step\1}", text) for key, text in found.items()}
    found |= {f"lean.{local.name}": local.words for local in LOCALS}
    found |= {f"progress.{key}": text for key, text in WORDS.items()}
    for rule in RULES:
        found |= {
            f"idea.{rule.base_name}": rule.idea,
            f"rule.{rule.base_name}": rule.base_name.replace("_", " "),
        }
    for name in scenario_names():
        world = Scenario.load(name)
        found[f"world.{name}"] = world.description
        if isinstance(world.society.communities, tuple):
            found |= {f"place.{place.name}": place.name for place in world.society.communities}
    return found
