"""`scripts/mechanisms.py` as a user runs it, in a world that takes seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.running import refused, run

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, OPEN_LOOP
from juguo_agents.search.checkpoint import Settings
from juguo_agents.search.conduct import conduct
from juguo_agents.studies.value.yardsticks import CLOSED, OPEN
from juguo_envs.worlds.scenario import Scenario

WORLD = "society: {persons: 40, communities: {count: 3, hubs: 1}}\nprogramme: {T: 12}\n"
ASKED = ("--scenario", "tiny.yaml", "--smoke", "--out", "found")
ONLY = ("--only", "shocks", "network", "neighbours")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that holds a small world."""
    (tmp_path / "tiny.yaml").write_text(WORLD)
    return tmp_path


def _data(home: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((home / "found" / "mechanisms.json").read_text(encoding="utf-8"))
    return data


def test_a_study_goes_on_where_it_was_stopped_and_does_not_depend_on_workers(home: Path) -> None:
    quick = (*ASKED, *ONLY, "--without-patterns")
    done = run("mechanisms.py", *quick, "--workers", "2", cwd=home)
    assert done.returncode == 0, done.stderr
    first = _data(home)
    assert set(first["mechanisms"]) == {"shocks", "network", "neighbours"}
    assert first["mechanisms"]["neighbours"]["verdict"] == "off in this world already"
    assert "shocks strike communities" in (home / "found" / "mechanisms.md").read_text(encoding="utf-8")

    (home / "found" / "returns" / "shocks-0.json").unlink()
    done = run("mechanisms.py", *quick, "--workers", "1", "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    assert "returns, 1 of 1: shocks" in done.stderr
    assert json.loads(done.stdout) == _data(home) == first

    refused(run("mechanisms.py", *quick, "--episodes", "5", cwd=home), "episodes is 4 there")


@pytest.mark.slow
def test_patterns_and_the_worth_of_feedback_are_measured_on_request(home: Path) -> None:
    _write_value(home)
    done = run("mechanisms.py", *ASKED, "--only", "shocks", "--value", "value", "--budget", "300", cwd=home)
    assert done.returncode == 0, done.stderr
    data = _data(home)
    assert {pattern["number"] for pattern in data["as_it_is"]["patterns"]} == {1, 2, 3, 4, 6, 7, 10}
    row = data["mechanisms"]["shocks"]
    assert isinstance(row["patterns"], list)
    assert set(row["feedback"]) == {"share", "changed"}
    assert data["noise"]["feedback"] >= 0.0


def _write_value(home: Path) -> None:
    """What `scripts/value.py` writes, as far as it is read here."""
    scenario = Scenario.load(home / "tiny.yaml")
    families = {CLOSED: CLOSED_LOOP.name, OPEN: OPEN_LOOP.name}
    searches = {name: Settings(family, scenario, 1200, validation=2) for name, family in families.items()}
    found = conduct(searches, home / "short", workers=1)
    told = {
        "scenario_digest": scenario.digest(),
        "last": {name: name for name in families},
        "numbers": {name: one.data["parameters"] for name, one in found.items()},
    }
    (home / "value").mkdir()
    (home / "value" / "value.json").write_text(json.dumps(told))


def test_parameters_are_counted_and_mistakes_refused(home: Path) -> None:
    done = run("mechanisms.py", "--count", cwd=home)
    assert done.returncode == 0
    *groups, total = (int(line.split()[-1]) for line in done.stdout.splitlines())
    assert sum(groups) == total
    refused(run("mechanisms.py", "--only", "gossip", cwd=home), "mechanism is 'gossip'", "rumour")
    refused(run("mechanisms.py", "--budget", "500", cwd=home), "--budget is 500", "--value")
    refused(run("mechanisms.py", "--value", "nowhere", cwd=home), "--value is nowhere")
