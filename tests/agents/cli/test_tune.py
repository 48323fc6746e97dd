"""`juguo tune`, and `juguo compare` of what it found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running import juguo, refused, succeeded

TINY = """
name: tiny
override: {society.persons: 60, programme.T: 10}
training:
  selections: 1
  selection_episodes: 2
  td3: {envs: 4, learning_starts: 20, buffer_size: 400, net: [8]}
"""
BUDGET = ("--trials", "2", "--trainings", "1", "--steps", "60", "--episodes", "2")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a finished small study, and what was printed."""
    folder = tmp_path_factory.mktemp("tune")
    (folder / "tiny.yaml").write_text(TINY)
    return folder, succeeded(
        juguo("tune", "td3", "--config", "tiny.yaml", *BUDGET, "--out", "found", cwd=folder)
    )


def test_tune_leaves_a_record_and_a_configuration_and_tells_the_best(tuned: tuple[Path, str]) -> None:
    folder, printed = tuned
    assert sorted(path.name for path in (folder / "found").iterdir()) == ["td3.study.json", "td3.yaml"]
    record = json.loads((folder / "found" / "td3.study.json").read_text())
    assert record["budget"]["steps"] == 60 and len(record["trials"]) == 2
    assert "td3: 2 trials" in printed and "winner: found/td3.yaml" in printed
    assert all(len(line) <= 110 for line in printed.splitlines())


def test_tune_refuses_another_budget_in_the_same_folder_by_name(tuned: tuple[Path, str]) -> None:
    folder, _ = tuned
    arguments = ("td3", "--config", "tiny.yaml", *BUDGET, "--out", "found", "--seed", "3")
    refused(juguo("tune", *arguments, cwd=folder), "sampler.seed is 3 now and was 0")


def test_compare_runs_refuses_what_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    refused(juguo("compare", "a", "b", cwd=tmp_path), "a: no policy-seed", "finished training run")
    alone = juguo("compare", "a", cwd=tmp_path)
    assert alone.returncode == 2 and "something to compare with: --against NAME" in alone.stderr


@pytest.mark.slow
def test_what_was_tuned_is_trained_and_compared(tuned: tuple[Path, str]) -> None:
    folder, _ = tuned
    short = ("training.steps=80", "training.seeds=[0,1]", "training.processes=1", "comparison.episodes=2")
    for out, more in (("one", ()), ("other", ("training.td3.net=[4]",))):
        rules = ("comparison.allocators=[flat]", "training.selection_episodes=2")
        done = juguo("train", "--config", "found/td3.yaml", "--out", out, *short, *rules, *more, cwd=folder)
        assert done.returncode == 0, done.stderr
    done = juguo("compare", "one", "other", "--episodes", "4", "--out", "c.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "vs one" in done.stdout and "at equal time" in done.stdout
    rows = json.loads((folder / "c.json").read_text())["runs"]
    assert [row["learner"] for row in rows] == ["td3", "td3"]
    assert [row["seeds"] for row in rows] == [[0, 1], [0, 1]]
    done = juguo("compare", "one", "--episodes", "4", "--against-true", "flat", "care_only", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "less care_only, shown the true state" in done.stdout and "vs one" not in done.stdout
