"""`scripts/value.py` and `scripts/ablate.py` as a user runs them, in a world that takes seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.running import run

from juguo_agents.studies.value.feedback import KINDS

WORLD = "society: {persons: 40, communities: {count: 3, hubs: 1}}\nprogramme: {T: 12}\n"
BUDGET, REFINE = 400, 400
NUMBERS = ("--budget", str(BUDGET), "--refine", str(REFINE), "--searches", "1", "--episodes", "10")
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

    done = run("value.py", *ASKED, "--smoke", "--double", cwd=home)  # once, as it is a smoke run
    assert done.returncode == 0, done.stderr
    data = json.loads((home / "values" / "value.json").read_text(encoding="utf-8"))
    kinds = {kind.name for kind in KINDS}
    assert set(data["doubling"]) == {"closed loop", "open loop", "oracle", "not shown", *kinds}
    assert {name: data[name] for name in ("worth", "kinds", "gap")} == {
        name: plain[name] for name in ("worth", "kinds", "gap")
    }
    means = {name: row["mean"] for name, row in data["allocators"].items()}
    last = {name: f"{name} twice" for name in data["doubling"]}
    for name, (step,) in data["doubling"].items():
        assert step["times"] == 2 and step["episodes"] == 2 * (BUDGET + 2 * REFINE)
        assert step["difference"] == pytest.approx(means[last[name]] - means[name])
        assert step["share"] == pytest.approx(step["difference"] / data["gap"]["mean"])
    feedback = data["worth_searched_on"]["feedback"]["difference"]
    assert feedback == pytest.approx(means[last["closed loop"]] - means[last["open loop"]])
    for kind in kinds:
        lost = data["kinds_searched_on"][kind]["difference"]
        assert lost == pytest.approx(means[last["closed loop"]] - means[last[kind]])
    best = data["searches"][last["closed loop"]]
    assert f"closed loop in searches/{best}," in done.stdout
    found = json.loads((home / "values" / "searches" / best / "searched.json").read_text(encoding="utf-8"))
    assert found["parameters"] == data["numbers"][last["closed loop"]]
    table = done.stdout.partition("twice the budget")[2]
    assert all(f"{name}, {2 * (BUDGET + 2 * REFINE):,}" in table for name in data["doubling"])
    assert all(f"\n{name} " in table.partition("searched on")[2] for name in kinds)
    state = json.loads((home / "values" / "searches" / "oracle_twice" / "search_state.json").read_text())
    assert state["settings"]["budget"] == BUDGET + 2 * REFINE  # as many as led to it
    assert (home / "values" / "value.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_doubling_goes_on_where_it_brings_much(home: Path) -> None:
    done = run("value.py", *ASKED, "--double", cwd=home)
    assert done.returncode == 0, done.stderr
    data = json.loads((home / "values" / "value.json").read_text(encoding="utf-8"))
    names = [name for name, steps in data["doubling"].items() if [s["times"] for s in steps] != [2]]
    assert names  # so short a search is never enough for everything
    labels = {2: "twice", 4: "4 times", 8: "8 times", 16: "16 times"}
    for name in names:
        steps = data["doubling"][name]
        assert all(f"{name} {labels[step['times']]}" in data["allocators"] for step in steps)
        assert f"{name}, {steps[-1]['episodes']:,}" in done.stdout


@pytest.mark.slow
def test_levers_are_forced_on_the_closed_loop_of_a_measurement(home: Path) -> None:
    done = run("ablate.py", *ASKED, cwd=home)
    assert done.returncode == 0, done.stderr
    plain = json.loads((home / "values" / "ablation.json").read_text(encoding="utf-8"))
    assert {"research", "abandon", "communities"} <= set(plain["levers"])
    assert all(f"\n{lever} " in done.stdout for lever in [*plain["levers"], "control"])
    assert plain["doubling"] == {} and all(row["doubled"] is None for row in plain["levers"].values())
    begun = state_of(home, "unforced")["settings"]["begin"]
    assert begun in [
        json.loads(file.read_text(encoding="utf-8"))["parameters"]
        for file in (home / "values" / "searches").glob("*/searched.json")
    ]

    done = run("ablate.py", *ASKED, "--smoke", "--double", cwd=home)  # once, as it is a smoke run
    assert done.returncode == 0, done.stderr
    data = json.loads((home / "values" / "ablation.json").read_text(encoding="utf-8"))
    assert state_of(home, "unforced")["settings"]["begin"] == begun
    assert {n: row["searched"] for n, row in data["levers"].items()} == {
        n: row["searched"] for n, row in plain["levers"].items()
    }
    assert set(data["doubling"]) == {"unforced", "control", *data["levers"]}
    gained = {name: sum(step["difference"] for step in steps) for name, steps in data["doubling"].items()}
    for name, row in data["levers"].items():
        lost = row["searched"]["difference"] + gained["unforced"] - gained[name]
        assert row["doubled"]["difference"] == pytest.approx(lost)
    assert state_of(home, "advance_never-2")["settings"]["lever"] == "advance:never"
    assert state_of(home, "control")["settings"]["seed"] != state_of(home, "unforced")["settings"]["seed"]


def state_of(home: Path, place: str) -> dict[str, Any]:
    """What a search in the folder was asked for."""
    file = home / "values" / "searches" / place / "search_state.json"
    state: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return state


def test_a_folder_of_other_budgets_is_refused(home: Path) -> None:
    done = run("value.py", *ASKED, "--budget", "1300", cwd=home)  # the last one counts
    assert done.returncode == 2
    assert f"budget is {BUDGET} there, and not what is asked for now" in done.stderr
