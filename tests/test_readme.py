"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import yaml

from juguo_agents.allocators import rule_names, rules
from juguo_agents.allocators.base import Setting
from juguo_agents.evaluation.rollout import run
from juguo_envs import Scenario

HOME = Path(__file__).resolve().parents[1]
README, CHINESE = ((HOME / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))


def blocks(language: str, page: str = README) -> list[str]:
    """A page's blocks of code in a language."""
    return [text for told, text in re.findall(r"```(\w*)\n(.*?)```", page, re.DOTALL) if told == language]


def test_the_environment_in_ten_lines_runs_to_its_end(capsys) -> None:
    exec(blocks("python")[0], {})
    breadth, resilience, excluded = map(float, capsys.readouterr().out.split())
    assert 0.0 <= breadth <= 1.0
    assert 0.0 < resilience <= 1.0
    assert 0.0 <= excluded <= 1.0


def test_the_example_of_an_allocator_allocates() -> None:
    names = dict(vars(rules))
    exec(blocks("python")[1], names)
    small = Scenario.load("default").override({"society.persons": 60, "programme.T": 8})
    assert len(Setting.of(small).names) == 8
    assert np.isfinite(run(names["Mine"](), small, np.arange(3, dtype=np.uint64)).returns).all()


def test_the_example_of_a_scenario_is_one() -> None:
    scenario = Scenario.parse(yaml.safe_load(blocks("yaml")[0]))
    assert len(scenario.society.listed()) == 4


def test_the_chinese_page_shows_the_same_code_commands_and_rules() -> None:
    for language in ("python", "yaml"):
        assert blocks(language, CHINESE) == blocks(language)
    commands = [[b for b in blocks("", page) if "make " in b or "juguo " in b] for page in (README, CHINESE)]
    assert commands[0] == commands[1] and len(commands[0]) == 2
    rows = [re.findall(r"^\| (`\w+(?:\.\.\.)?`) \|", page, re.MULTILINE) for page in (README, CHINESE)]
    assert rows[0] == rows[1] == [*(f"`{name}`" for name in rule_names()), "`learned...`"]


def test_the_chinese_page_shows_no_figures_of_its_own() -> None:
    table = max(blocks("", CHINESE), key=lambda block: block.count("%"))
    assert all(line in README for line in table.splitlines())
    links = re.findall(r"\]\(([^)]+)\)", CHINESE)
    assert links and all((HOME / link).exists() for link in links)


def test_figures_that_both_pages_quote_are_the_same() -> None:
    quoted = [set(re.findall(r"(?<![\d.])\.\d+|\[[\d.]+, [\d.]+\]", page)) for page in (README, CHINESE)]
    assert quoted[1] <= quoted[0]
