"""What people read, in Chinese and with steps of any length: no word is left out, no number another."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from matplotlib.text import Text

import juguo_agents
from juguo_agents.allocators import make_rule
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import compare
from juguo_agents.report import console_page, summarise
from juguo_agents.report.figures import FIGURES, draw_figure, draw_figures, style
from juguo_agents.report.markdown import comparison_markdown
from juguo_agents.report.page.data import Source, page_data
from juguo_agents.report.tidy import courses, trajectories
from juguo_agents.report.verdict import verdict
from juguo_envs import Scenario
from juguo_envs.errors import UserError
from tests.agents.report.test_texts import NAMES

PLACES = (
    {"name": "安吉县", "label_en": "Anji", "population": 3, "producers": 1, "capability": 0.3},
    {"name": "德清县", "label_en": "Deqing", "population": 2, "producers": 2, "capability": 0.4, "hub": True},
    {"name": "Place 甲", "population": 2, "producers": 1, "capability": 0.3},
)
RULES = (
    "flat+exit+relief", "flat-exit", "flat+exit", "flat+relief", "nothing", "care_only+exit+relief",
    "experiment_diffusion", "concentrated+exit+relief",
)  # fmt: skip
CODE = re.compile(
    r"`[^`]*`|\b(?:" + "|".join({re.split("[+-]", name)[0] for name in RULES}) + r")\b|\bw_[brx]\b"
)
SMALL = {"society.persons": 60, "society.communities": PLACES, "programme.T": 12}


@pytest.fixture(scope="module")
def compared() -> Comparison:
    """Twelve episodes of a small world with Chinese places."""
    world = Scenario.load("default").override(SMALL)
    return compare([make_rule(name) for name in RULES], world, episodes=12)


@pytest.fixture(scope="module")
def summary(compared: Comparison) -> dict[str, Any]:
    return summarise(compared, {})


def of_years(comparison: Comparison) -> Comparison:
    """The same comparison, where a step is called a year."""
    return replace(comparison, scenario=comparison.scenario.override({"step": "year"}))


def english(text: str) -> list[str]:
    """Latin words that are no names of the code, of files, of the world and of places."""
    left = re.sub(NAMES, "", CODE.sub("", text), flags=re.ASCII)
    return re.findall(r"[A-Za-z]{2,}", re.sub(r"\b(?:default|Place|exit|relief)\b|\.png", "", left))


def numbers(text: str) -> list[str]:
    return sorted(re.findall(r"[−+-]?\d+(?:\.\d+)?%?", text))


def test_the_terminal_says_the_same_in_chinese(summary: dict[str, Any]) -> None:
    page = console_page(summary, "zh")
    assert english(page) == []
    for zh, en in zip(verdict(summary, lang="zh"), verdict(summary), strict=True):
        assert numbers(CODE.sub("", zh)) == [n for n in numbers(CODE.sub("", en)) if n in numbers(zh)]
    lines = page.splitlines()
    assert max(len(line) for line in lines) <= 110


def test_the_markdown_page_says_the_same_in_chinese(compared: Comparison, summary: dict[str, Any]) -> None:
    page, there = (comparison_markdown(compared, summary, lang=lang) for lang in ("zh", "en"))
    assert english(re.sub(r"\]\(\w+\.png\)", "]", page)) == []
    assert "`experiment_diffusion`（技术实验—扩散模式）" in page
    assert [line.count("|") for line in page.splitlines()] == [line.count("|") for line in there.splitlines()]
    rows = [[numbers(line) for line in text.splitlines() if line.startswith("| `")] for text in (page, there)]
    assert rows[0] == rows[1]


# what figures are without such a font: test_without_a_font_figures_are_english_and_places_have_their_labels
@pytest.mark.skipif(style.chinese() is None, reason="no font here draws Chinese")
@pytest.mark.parametrize("name", [file.removesuffix(".png") for file in FIGURES])
def test_figures_are_in_chinese(compared: Comparison, summary: dict[str, Any], name: str) -> None:
    figure = draw_figure(name, compared, summary, "zh")
    said = [text.get_text() for text in figure.findobj(Text)]
    assert [word for text in said for word in english(text)] == []
    assert any("一" <= letter <= "鿿" for text in said for letter in text)
    assert not any(map(style.lacking, "".join(said).replace("\n", "")))


def test_the_page_is_in_chinese_with_its_glossary(compared: Comparison, summary: dict[str, Any]) -> None:
    source = Source("x", summary, courses(compared), trajectories(compared), compared.scenario)
    data = page_data(source, "zh")
    told = [
        *data["verdict"],
        *(text for system in data["systems"] for text in (*system["words"], system["label"])),
    ]
    told += [cell for group in data["settings"] for row in group["rows"] for cell in row[2:]]
    told += [text for pair in data["glossary"] for text in pair]
    assert [word for text in told for word in english(text.replace("NAME", "")) if word != "m0"] == []
    assert [place["name"] for place in data["society"]["places"]] == ["安吉县", "德清县", "Place 甲"]
    assert [place["name"] for place in page_data(source)["society"]["places"]] == [
        "Anji",
        "Deqing",
        "Place 甲",
    ]


def test_time_is_counted_in_the_steps_of_the_scenario(compared: Comparison, summary: dict[str, Any]) -> None:
    yearly = of_years(compared)
    found = summarise(yearly, {})
    page = comparison_markdown(yearly, found)
    assert "a programme of 12 years is" in page and "per person and year" in page
    assert "quarter" not in page.replace("a quarter of these", "")
    assert "12 年" in console_page(found, "zh")
    axes = draw_figure("adoption", yearly, found).findobj(Text)
    assert "year of the programme" in [text.get_text() for text in axes]
    name = max(compared.records, key=lambda record: float(record.adoption[:, -1].mean())).name
    per_year, per_quarter = (
        one["indicators"][name]["money_per_adopter_year"]["mean"] for one in (found, summary)
    )
    assert per_quarter == pytest.approx(4.0 * per_year)


def test_without_a_font_figures_are_english_and_places_have_their_labels(
    compared: Comparison,
    summary: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(style, "chinese", lambda: None)
    style._characters.cache_clear()
    style._say_what_to_install.cache_clear()
    try:
        figure = draw_figure("places", compared, summary, "zh")
        list(draw_figures(compared, summary, lang="zh"))  # and none of them warns of a missing character
    finally:
        monkeypatch.undo()
        style._characters.cache_clear()
    said = [text.get_text() for text in figure.findobj(Text)]
    assert {"Anji", "Deqing *", "Place U+7532"} <= set(said)
    assert "Where adoption arrived: share of adopters at the end" in "".join(said)
    assert capsys.readouterr().err.count("fonts-noto-cjk") == 1


def test_a_language_that_there_is_not_is_refused_before_the_work() -> None:
    with pytest.raises(UserError, match="unknown language 'fr'"):
        juguo_agents.compare("default", ["flat"], lang="fr")  # type: ignore[arg-type]
