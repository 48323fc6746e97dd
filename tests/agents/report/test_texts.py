"""The catalogue of texts: every text that is asked for is there, in every language, with the same values."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import juguo_agents.report.texts
from juguo_agents.report.texts import joined, languages, say, texts
from juguo_envs.model.state import ACTORS, FUNCTIONS, INDICATORS, STAGES

AGENTS = Path(juguo_agents.report.texts.__file__).parents[2]


NAMES = r"`[^`]+`|[\w/]+\.(?:md|json|csv|html|png|yaml)|juguo|JavaScript|d3|Observable Plot|ISC|\b[AB]$"
"""What stays as it is in every language: names of the code, of files and of libraries."""


def values_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def without_values(text: str) -> str:
    return "".join(between for between, *_ in string.Formatter().parse(text))


def test_every_text_that_is_asked_for_is_there() -> None:
    files = [path for package in ("report", "play") for path in (AGENTS / package).rglob("*")]
    sources = [path for path in files if path.suffix in (".py", ".js") and ".min." not in path.name]
    asked = {key for path in sources for key in re.findall(r'say\(\s*"([\w.]+)"', path.read_text("utf-8"))}
    assert len(asked) > 60
    assert asked - set(texts()) == set()
    for kind, names in (("stage", STAGES), ("actor", ACTORS), ("use", FUNCTIONS), ("indicator", INDICATORS)):
        assert {f"{kind}.{name}" for name in names} <= set(texts())


@pytest.mark.parametrize("lang", languages())
def test_every_language_has_every_text_with_the_same_values(lang: str) -> None:
    assert set(texts(lang)) == set(texts())
    for key, text in texts(lang).items():
        assert values_of(text) == values_of(texts()[key]), key


@pytest.mark.parametrize("lang", languages())
def test_numbers_and_names_inside_agree_between_languages(lang: str) -> None:
    for key, text in texts(lang).items():
        for pattern in (NAMES, r"\d+(?:\.\d+)?"):
            here, there = (
                sorted(re.findall(pattern, without_values(one), re.ASCII)) for one in (text, texts()[key])
            )
            assert here == there, key


def test_no_word_of_the_chinese_texts_is_english_but_names() -> None:
    for key, text in texts("zh").items():
        assert re.findall(r"[A-Za-z]+", re.sub(NAMES, "", without_values(text), flags=re.ASCII)) == [], key
        assert not re.search(r"[,;:?!](?!\d)|\.(?!\d)", re.sub(NAMES, "", without_values(text))), key


def test_names_are_joined_as_in_a_sentence() -> None:
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert joined(["a", "b", "c"], "zh") == "a、b和c"
    assert say("count.more", count=2) == "2 more"
