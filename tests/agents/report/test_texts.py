"""The catalogue of texts: every text that is asked for is there, in every language, with the same values."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import juguo_agents.report.texts
from juguo_agents.report.texts import joined, language, languages, say, sentences, speaking, texts
from juguo_envs.documents import load_mapping
from juguo_envs.errors import UserError
from juguo_envs.model.state import ACTORS, FUNCTIONS, INDICATORS, STAGES

AGENTS = Path(juguo_agents.report.texts.__file__).parents[2]


NAMES = (
    r"`[^`]+`|\w+\.(?:md|json|csv|html|png|yaml)|juguo|JavaScript|d3|Observable Plot|ISC|\b[AB]$"
    r"|OECD|Freeman|fonts-noto-cjk|google-noto-sans-cjk-fonts|font-noto-cjk|Debian|Ubuntu|Fedora|Alpine|Homebrew"
    r"|Shapley|Sobol|Holm|Benjamini-Hochberg|Bass|Kendall|Spearman|NSGA-II|R²|SHA-256|stable-baselines3|sb3-contrib"
)
"""What stays as it is in every language: names of the code, of files, of libraries and of people."""


def values_of(text: str) -> set[str]:
    """The unit of time is one value, whether there is one of it or several."""
    units = {"steps": "step", "Step": "step"}
    return {units.get(name, name) for _, name, _, _ in string.Formatter().parse(text) if name}


def without_values(text: str) -> str:
    return "".join(between for between, *_ in string.Formatter().parse(text))


def with_zeros(text: str) -> str:
    """With 0.3 for .3."""
    return re.sub(r"(?<!\d)\.(?=\d)", "0.", text)


def test_every_text_that_is_asked_for_is_there() -> None:
    files = [
        path
        for package in ("report", "play", "studies", "benchmark")
        for path in (AGENTS / package).rglob("*")
    ]
    sources = [path for path in files if path.suffix in (".py", ".js") and ".min." not in path.name]
    asked = {key for path in sources for key in re.findall(r'say\(\s*"([\w.]+)"', path.read_text("utf-8"))}
    assert len(asked) > 60
    assert asked - set(texts()) == set()
    for kind, names in (("stage", STAGES), ("actor", ACTORS), ("use", FUNCTIONS), ("indicator", INDICATORS)):
        assert {f"{kind}.{name}" for name in names} <= set(texts())


@pytest.mark.parametrize("lang", languages())
def test_no_text_stands_in_two_files(lang: str) -> None:
    files = (AGENTS / "report" / "texts" / lang).glob("*.yaml")
    keys = [key for file in files for key in load_mapping(file.read_text("utf-8"), file.name)]
    assert sorted(keys) == sorted(set(keys))


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
                sorted(re.findall(pattern, with_zeros(without_values(one)), re.ASCII))
                for one in (text, texts()[key])
            )
            assert here == there, key


def test_no_word_of_the_chinese_texts_is_english_but_names() -> None:
    for key, text in texts("zh").items():
        if key.endswith(".source"):
            continue  # names of people
        assert re.findall(r"[A-Za-z]{2,}", re.sub(NAMES, "", without_values(text), flags=re.ASCII)) == [], key
        assert not re.search(r"[,;:?!](?!\d)|\.(?!\d)", re.sub(NAMES, "", without_values(text))), key


def test_names_are_joined_as_in_a_sentence() -> None:
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert joined(["a", "b", "c"], "zh") == "a、b和c"
    assert say("count.more", count=2) == "2 more"


def test_sentences_stand_apart_in_english_and_not_in_chinese() -> None:
    assert sentences(["One.", "", "Two."], "en") == "One. Two."
    assert sentences(["一。", "", "二。"], "zh") == "一。二。"


def test_a_space_beside_a_value_falls_away_between_chinese_characters_alone() -> None:
    with speaking("zh", "year"):
        assert say("rests.on", episodes="x", world="浙北", persons=3, places=2, quarters="3").startswith(
            "这一比较的依据是模拟世界浙北中的x"
        )
        assert say("count.quarters", count=3) == "3 年"
    assert "world 浙北: 3" in say("rests.on", episodes="x", world="浙北", persons=3, places=2, quarters="3")


def test_a_rule_of_ones_own_is_in_english_where_a_language_has_no_text_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = {"en": {**texts("en"), "rule.mine": "mine, by {name}"}, "zh": texts("zh")}
    monkeypatch.setattr(juguo_agents.report.texts, "texts", lambda lang="en": own[lang])
    assert say("rule.mine", "zh", name="me") == "mine, by me"
    with pytest.raises(KeyError):
        say("rule.nobody", "zh")


def test_what_is_spoken_is_set_within_and_as_before_afterwards() -> None:
    assert say("count.quarters", count=3) == "3 quarters"
    with speaking("zh", "month"):
        assert (language(), say("count.quarters", count=3)) == ("zh", "3 个月")
        with speaking("en", "week"):
            assert say("count.quarters", count=3) == "3 weeks"
        assert language() == "zh"
    assert language() == "en"
    with pytest.raises(UserError, match="unknown language 'fr'"), speaking("fr"):
        pass
