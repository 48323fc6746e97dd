"""`scripts/value.py` and `scripts/ablate.py` as a user runs them, in a world that takes seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.running import run

from juguo_agents.evidence.feedback import KINDS

WORLD = "society: {persons: 40, communities: {count: 3, hubs: 1}}\nprogramme: {T: 20}\n"
NUMBERS = ("--budget", "1200", "--refine", "600", "--searches", "1", "--episodes", "10")
ASKED = ("--scenario", "tiny.yaml", *NUMBERS, "--workers", "1", "--out", "values")


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
    assert plain["doubling"] == plain["worth_searched_on"] == {}
    assert "One search of each yardstick" in done.stdout
    assert set(plain["kinds"]) == {kind.name for kind in KINDS}

    done = run("value.py", *ASKED, "--double", cwd=home)
    assert done.returncode == 0, done.stderr
    data = json.loads((home / "values" / "value.json").read_text(encoding="utf-8"))
    assert set(data["doubling"]) == {"closed loop", "open loop", "oracle", "not shown"}
    assert {name: data[name] for name in ("worth", "kinds", "gap")} == {
        name: plain[name] for name in ("worth", "kinds", "gap")
    }
    means = {name: row["mean"] for name, row in data["allocators"].items()}
    last = {}
    for name, steps in data["doubling"].items():
        labels = [name, f"{name} twice", f"{name} 4 times", f"{name} 8 times"]
        assert [step["times"] for step in steps] == [2, 4, 8][: len(steps)]
        for step, now, before in zip(steps, labels[1:], labels, strict=False):
            assert step["episodes"] == step["times"] * (1200 + 2 * 600)
            assert step["difference"] == pytest.approx(means[now] - means[before])
            assert step["share"] == pytest.approx(step["difference"] / data["gap"]["mean"])
        last[name] = means[labels[len(steps)]]
    feedback = data["worth_searched_on"]["feedback"]["difference"]
    assert feedback == pytest.approx(last["closed loop"] - last["open loop"])
    table = done.stdout.partition("twice the budget")[2]
    assert all(f"{name}, 4,800" in table for name in data["doubling"])
    state = json.loads((home / "values" / "searches" / "oracle_twice" / "search_state.json").read_text())
    assert state["settings"]["budget"] == 1200 + 2 * 600  # as many as led to it
    assert (home / "values" / "value.png").read_bytes().startswith(b"\x89PNG")


def test_a_smoke_run_asks_for_the_same_and_doubles_once(home: Path) -> None:
    done = run("value.py", *ASKED, "--smoke", "--double", cwd=home)
    assert done.returncode == 0, done.stderr
    data = json.loads((home / "values" / "value.json").read_text(encoding="utf-8"))
    assert all([step["times"] for step in steps] == [2] for steps in data["doubling"].values())


@pytest.mark.slow
def test_levers_are_forced_on_the_closed_loop_of_a_measurement(home: Path) -> None:
    done = run("ablate.py", *ASKED, cwd=home)
    assert done.returncode == 0, done.stderr
    data = json.loads((home / "values" / "ablation.json").read_text(encoding="utf-8"))
    assert {"research", "abandon", "communities"} <= set(data["levers"])
    assert all(lever in done.stdout for lever in data["levers"])


def test_a_folder_of_other_budgets_is_refused(home: Path) -> None:
    done = run("value.py", *ASKED, "--budget", "1300", cwd=home)  # the last one counts
    assert done.returncode == 2
    assert "budget is 1200 there, and not what is asked for now" in done.stderr
