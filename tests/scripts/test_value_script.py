"""`scripts/value.py` and `scripts/ablate.py` as a user runs them, in a world that takes seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.running import run

from juguo_agents.evidence.feedback import KINDS

WORLD = "society: {persons: 40, communities: {count: 3, hubs: 1}}\nprogramme: {T: 20}\n"
ASKED = ("--scenario", "tiny.yaml", "--smoke", "--workers", "1", "--out", "values")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds a small world."""
    folder = tmp_path_factory.mktemp("value")
    (folder / "tiny.yaml").write_text(WORLD)
    return folder


def test_a_measurement_says_what_everything_is_worth_and_whether_its_budget_was_enough(home: Path) -> None:
    done = run("value.py", *ASKED, cwd=home)
    assert done.returncode == 0, done.stderr
    assert "twice the budget" not in done.stdout
    plain = json.loads((home / "values" / "value.json").read_text(encoding="utf-8"))
    assert plain["doubling"] == {}
    assert set(plain["kinds"]) == {kind.name for kind in KINDS}

    done = run("value.py", *ASKED, "--double", cwd=home)
    assert done.returncode == 0, done.stderr
    data = json.loads((home / "values" / "value.json").read_text(encoding="utf-8"))
    assert set(data["doubling"]) == {"closed loop", "open loop", "oracle", "not shown"}
    assert {name: data[name] for name in ("worth", "kinds", "gap")} == {
        name: plain[name] for name in ("worth", "kinds", "gap")
    }
    means = {name: row["mean"] for name, row in data["allocators"].items()}
    for name, gain in data["doubling"].items():
        assert gain["difference"] == pytest.approx(means[f"{name} twice"] - means[name])
        assert gain["share"] == pytest.approx(gain["difference"] / data["gap"]["mean"])
    table = done.stdout.partition("twice the budget")[2]
    assert all(name in table for name in data["doubling"])
    state = json.loads((home / "values" / "searches" / "oracle_twice" / "search_state.json").read_text())
    assert state["settings"]["budget"] == 1200 + 2 * 600  # as many as led to it
    assert (home / "values" / "value.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_levers_are_forced_on_the_closed_loop_of_a_measurement(home: Path) -> None:
    done = run("ablate.py", *ASKED, cwd=home)
    assert done.returncode == 0, done.stderr
    data = json.loads((home / "values" / "ablation.json").read_text(encoding="utf-8"))
    assert {"research", "abandon", "communities"} <= set(data["levers"])
    assert all(lever in done.stdout for lever in data["levers"])


def test_a_folder_of_other_budgets_is_refused(home: Path) -> None:
    done = run("value.py", *ASKED, "--budget", "1300", cwd=home)
    assert done.returncode == 2
    assert "budget is 1200 there, and not what is asked for now" in done.stderr
