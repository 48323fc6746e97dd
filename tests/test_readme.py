"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import yaml

from juguo_agents.allocators.base import Setting, rows, weights
from juguo_agents.allocators.rules import Decision, Rule
from juguo_agents.evaluation import run
from juguo_envs import Scenario

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_environment_in_ten_lines_runs_to_its_end(capsys) -> None:
    exec(blocks("python")[0], {})
    breadth, resilience, excluded = map(float, capsys.readouterr().out.split())
    assert 0.0 <= breadth <= 1.0
    assert 0.0 < resilience <= 1.0
    assert 0.0 <= excluded <= 1.0


def test_the_example_of_an_allocator_allocates() -> None:
    names = {"Rule": Rule, "Decision": Decision, "rows": rows, "weights": weights}
    exec(blocks("python")[1], names)
    small = Scenario.load("default").override({"society.persons": 60, "programme.T": 8})
    assert len(Setting.of(small).names) == 8
    assert np.isfinite(run(names["Mine"](), small, np.arange(3, dtype=np.uint64)).returns).all()


def test_the_example_of_a_scenario_is_one() -> None:
    scenario = Scenario.parse(yaml.safe_load(blocks("yaml")[0]))
    assert len(scenario.society.listed()) == 4
