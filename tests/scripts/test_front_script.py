"""`scripts/front.py` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.running import refused, run
from tests.support import small

from juguo_agents.artifacts.policy import save_policy
from juguo_agents.training.config import Experiment
from juguo_agents.training.train import train_seed

pytest.importorskip("pymoo")

NUMBERS = ("--levels", "2", "--episodes", "4", "--budget", "1440", "--workers", "1", "--out", "front")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of one policy that hardly learned."""
    place = tmp_path_factory.mktemp("front")
    training = {"steps": 48, "selections": 1, "selection_episodes": 2}
    training["ppo"] = {"envs": 4, "paired": 2, "n_steps": 12, "batch_size": 24, "net": [8]}
    for name, preferences in (("run", "drawn"), ("blind", "hidden")):
        setup = Experiment.model_validate({"shown": {"preferences": preferences}, "training": training})
        (place / name).mkdir()
        save_policy(train_seed(setup, small(), 0).policy, place / name / "policy-seed0.safetensors")
    return place


def test_front_tells_the_verdict_and_is_gone_on_with(folder: Path) -> None:
    first = run("front.py", "run", *NUMBERS, cwd=folder)
    assert first.returncode == 0, first.stderr
    assert "policy seed 0" in first.stdout and "search seed" in first.stdout
    assert "Hypervolume of the one policy" in first.stdout
    assert all(len(line) <= 110 for line in first.stdout.splitlines())
    written = (folder / "front" / "front.json").read_text()
    again = run("front.py", "run", *NUMBERS, "--json", cwd=folder)
    assert json.loads(again.stdout) == json.loads(written)
    refused(run("front.py", "run", *NUMBERS, "--begun", cwd=folder), "begun is False there")


def test_front_refuses_a_run_that_was_not_trained_for_it(folder: Path) -> None:
    refused(run("front.py", "blind", cwd=folder), "shown.preferences is hidden there", "configs/preferences")
    refused(run("front.py", "run", cwd=folder), "budget is")
    assert not (folder / "fronts").exists()


def test_without_a_run_a_front_is_searched_and_is_an_allocator(folder: Path) -> None:
    small().save(folder / "small.yaml")
    alone = (
        "--scenario",
        "small.yaml",
        "--levels",
        "2",
        "--budget",
        "1440",
        "--workers",
        "1",
        "--out",
        "alone",
    )
    searched = run("front.py", *alone, cwd=folder)
    assert searched.returncode == 0, searched.stderr
    assert "search seed 64" in searched.stdout
    written = (folder / "alone" / "front-seed64.json").read_bytes()
    assert run("front.py", *alone, cwd=folder).stdout == searched.stdout
    assert (folder / "alone" / "front-seed64.json").read_bytes() == written
    evaluated = run("evaluate.py", "alone", "flat", "--episodes", "4", cwd=folder)
    assert evaluated.returncode == 0, evaluated.stderr
    assert "front_seed64" in evaluated.stdout
    refused(run("front.py", *alone, "--json", cwd=folder), "--json is for a comparison")
    refused(run("front.py", "run", "--scenario", "small.yaml", cwd=folder), "--scenario is for a search")
