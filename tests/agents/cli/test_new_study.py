"""A new study is a folder of two files and one line in the list of studies: the command then knows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import running
from tests.running import TINY_WORLD, Done, copy_agents, refused, succeeded

pytestmark = pytest.mark.slow

LINE = '        ("width", "Width", "how far returns of one allocator spread"),\n'
STUDY = '''"""How far the returns of one allocator spread."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators import make_rule
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies.study import Execute, Page, Stage, Study
from juguo_agents.studies.settings import NamedScenario, Settings, default_world
from juguo_agents.studies.width.analysis import page
from juguo_envs.worlds.scenario import Scenario


class WidthSettings(Settings):
    smoke: ClassVar[Mapping[str, Any]] = {"episodes": 4}
    scenario: NamedScenario = default_world("world")
    episodes: int = Field(default=100, ge=2, description="test episodes")


@dataclass(frozen=True)
class Rule:
    key: str
    scenario: Scenario
    episodes: int


def follow(rule: Rule, work: Path) -> pa.Table:
    return pa.table({"return": run(make_rule(rule.key), rule.scenario, seeds.test(0, rule.episodes)).returns})


class Width(Study[WidthSettings, pa.Table]):
    name, settings_type, home = "width", WidthSettings, "width"

    def default_name(self) -> str:
        return "run"

    def plan(self, execute: Execute) -> pa.Table:
        asked = self.settings
        return execute(Stage("rules", [Rule("flat", asked.scenario, asked.episodes)], follow))[0]

    def analyse(self, table: pa.Table) -> Page:
        return page(table)
'''
ANALYSIS = '''"""The numbers, and the page that tells them."""

import numpy as np
import pyarrow as pa

from juguo_agents.studies.study import Page


def page(table: pa.Table) -> Page:
    returns = table["return"].to_numpy()
    data = {"kind": "juguo_width", "episodes": len(returns), "sd": float(np.std(returns, ddof=1))}
    text = f"standard deviation of {len(returns)} returns: {data['sd']:.4f}"
    return Page(data, "width.json", text, {"width.md": text.encode()})
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small world, and a copy of the agents that has one more study."""
    folder = tmp_path_factory.mktemp("new_study")
    (folder / "tiny.yaml").write_text(TINY_WORLD)
    studies = copy_agents(folder) / "juguo_agents/studies"
    (studies / "width").mkdir()
    (studies / "width/study.py").write_text(STUDY, encoding="utf-8")
    (studies / "width/analysis.py").write_text(ANALYSIS, encoding="utf-8")
    entries = (studies / "__init__.py").read_text(encoding="utf-8")
    last = entries.index("    )\n}  # fmt: skip")
    (studies / "__init__.py").write_text(entries[:last] + LINE + entries[last:], encoding="utf-8")
    return folder


def run(*words: str, folder: Path) -> Done:
    return running.run(*words, cwd=folder, agents=folder / "agents")


def test_it_runs_goes_on_and_refuses_as_all_others(folder: Path) -> None:
    asked = ("study", "width", "--scenario", "tiny.yaml", "--workers", "1", "--out", "found")
    told = json.loads(succeeded(run(*asked, "--smoke", "--json", folder=folder)))
    assert told["episodes"] == 4
    assert told["sd"] > 0.0
    assert {path.name for path in (folder / "found").glob("width.*")} == {"width.json", "width.md"}
    assert json.loads(succeeded(run(*asked, "--smoke", "--json", folder=folder))) == told
    refused(run(*asked, "--episodes", "1", folder=folder), "episodes")


def test_its_options_are_its_settings_and_it_is_listed(folder: Path) -> None:
    assert "test episodes" in succeeded(run("study", "width", "--help", folder=folder))
    assert "how far returns of one allocator spread" in succeeded(run("list", folder=folder))
