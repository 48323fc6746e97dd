"""Sentences and labels of the verdict and of the page, by key and language: a file of each language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from juguo_envs.documents import load_mapping


def languages() -> list[str]:
    """Languages that there are texts in."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))


@cache
def texts(lang: str = "en") -> Mapping[str, str]:
    """The texts of a language by their keys; their values stand in braces."""
    source = resources.files(__name__) / f"{lang}.yaml"
    return load_mapping(source.read_text(encoding="utf-8"), f"texts {lang}")


def say(key: str, lang: str = "en", **values: object) -> str:
    """A text with its values put in."""
    return texts(lang)[key].format(**values)


def joined(names: Sequence[str], lang: str = "en") -> str:
    """Names in a sentence."""
    if len(names) == 1:
        return names[0]
    return say("and", lang, most=say("comma", lang).join(names[:-1]), last=names[-1])
