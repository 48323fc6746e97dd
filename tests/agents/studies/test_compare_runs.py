"""Runs against the first of them: paired by seed and episode, with intervals that can go either way."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from juguo_agents.artifacts.policy import Learned, Policy, save_policy
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies.compare_runs import runs as run_comparison
from juguo_agents.studies.compare_runs.against import TRUE, find_rivals
from juguo_agents.studies.compare_runs.runs import compare_runs, load_trained, runs_table, verdict
from juguo_agents.training.config import Experiment
from juguo_agents.training.learners.kinds import extract_policy, make_learner
from juguo_envs import Scenario
from juguo_envs.errors import UserError

SMALL = Scenario.load("default").override({"society.persons": 60, "programme.T": 10})


@pytest.fixture(scope="module")
def policy() -> Policy:
    training = {
        "seeds": [0],
        "steps": 1000,
        "ppo": {"envs": 4, "paired": 2, "n_steps": 10, "batch_size": 20, "net": [4]},
    }
    setup = Experiment.model_validate({"training": training})
    return extract_policy(make_learner(SMALL, setup, seed=0), SMALL, setup, seed=0)


def stored(policy: Policy, folder: Path, tensor: str, shift: float, seconds: float, seeds: int = 2) -> Path:
    """A run of policies that differ in the seed, and from those of other runs by a shift."""
    folder.mkdir()
    for seed in range(seeds):
        metadata = json.loads(json.dumps(policy.metadata))
        metadata["training"]["seed"] = seed
        bias = policy.tensors[tensor] + np.float32(0.01 * seed)
        bias[:9] += np.float32(shift)
        tensors = {**policy.tensors, tensor: bias}
        save_policy(Policy(tensors, metadata), folder / f"policy-seed{seed}.safetensors")
    curve = [{"steps": 1000, "seconds": seconds, "selection_return": 0.0}]
    (folder / "learning_curve.json").write_text(json.dumps({str(s): curve for s in range(seeds)}))
    return folder


def test_a_run_is_told_from_the_first_by_the_paired_interval_and_itself_is_not(
    policy: Policy, tmp_path: Path
) -> None:
    first = stored(policy, tmp_path / "first", "action_net.bias", 0.0, 30.0)
    same = stored(policy, tmp_path / "same", "action_net.bias", 0.0, 60.0)
    stingy = stored(policy, tmp_path / "stingy", "action_net.bias", -3.0, 15.0)
    summary = compare_runs(load_trained([first, same, stingy]), SMALL, episodes=12)
    rows = {row["name"]: row for row in summary["runs"]}
    assert verdict(rows["first"]) == "first" and verdict(rows["same"]) == "not told apart"
    assert rows["same"]["difference"] == 0.0 and rows["same"]["better"] == 0.5
    assert verdict(rows["stingy"]) in ("worse", "better")
    difference = rows["stingy"]["mean"] - rows["first"]["mean"]
    assert rows["stingy"]["difference"] == pytest.approx(difference)
    again = compare_runs(load_trained([stingy, first]), SMALL, episodes=12)["runs"][1]
    assert again["difference"] == pytest.approx(-difference)
    # in the time of the quickest, 15 s
    assert {name: row["equal_time_steps"] for name, row in rows.items()} == {
        "first": 500, "same": 250, "stingy": 1000,
    }  # fmt: skip
    json.dumps(summary, allow_nan=False)
    assert all(len(line) <= run_comparison.WIDTH for line in runs_table(summary).splitlines())


def test_runs_that_cannot_be_paired_are_refused_by_name(policy: Policy, tmp_path: Path) -> None:
    two = stored(policy, tmp_path / "two", "action_net.bias", 0.0, 1.0)
    three = stored(policy, tmp_path / "three", "action_net.bias", 0.0, 1.0, seeds=3)
    with pytest.raises(UserError, match="three has 3 training seeds and two has 2"):
        load_trained([two, three])
    with pytest.raises(UserError, match="two runs are in folders named 'two'"):
        load_trained([two, two])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty: no policy-seed"):
        load_trained([two, tmp_path / "empty"])


def test_without_learning_curves_no_steps_of_equal_time_are_told(policy: Policy, tmp_path: Path) -> None:
    runs = load_trained([stored(policy, tmp_path / n, "action_net.bias", 0.0, 9.0) for n in ("a", "b")])
    runs[1] = dataclasses.replace(runs[1], seconds=None)
    summary = compare_runs(runs, SMALL, episodes=2)
    assert [row["equal_time_steps"] for row in summary["runs"]] == [None, None]
    assert "equal time" not in runs_table(summary)


def test_each_policy_is_set_beside_allocators_that_no_training_made(policy: Policy, tmp_path: Path) -> None:
    runs = load_trained([stored(policy, tmp_path / "one", "action_net.bias", 0.0, 9.0)])
    rivals = [*find_rivals(["flat"], "noisy"), *find_rivals(["care_only"], TRUE)]
    summary = compare_runs(runs, SMALL, episodes=12, first_seed=40, rivals=rivals)
    assert [(rival["name"], rival["observe"]) for rival in summary["rivals"]] == [
        ("flat", "noisy"), ("care_only", "true"),
    ]  # fmt: skip
    seeds = np.arange(40, 52, dtype=np.uint64)
    own = np.array([run(Learned(one, "own"), SMALL, seeds).returns for one in runs[0].policies])
    for against, rival in zip(summary["runs"][0]["against"], rivals, strict=True):
        paired = own - run(rival.allocator, SMALL, seeds, observe=rival.observe).returns
        assert against["difference"] == pytest.approx(paired.mean())
        assert [one["seed"] for one in against["seeds"]] == [0, 1]
        for row, one in zip(paired, against["seeds"], strict=True):
            assert one["difference"] == pytest.approx(row.mean())
            assert one["low"] <= one["difference"] <= one["high"]
        assert against["low"] <= against["difference"] <= against["high"]
        assert against["better"] == pytest.approx((paired > 0.0).mean() + 0.5 * (paired == 0.0).mean())
    json.dumps(summary, allow_nan=False)
    table = runs_table(summary)
    assert "less care_only, shown the true state" in table and "less flat, observing with noise" in table
    assert table.count("training seed 1 ") == 2 and "equal time" not in table


def test_what_is_shown_the_true_state_decides_by_it(policy: Policy, tmp_path: Path) -> None:
    runs = load_trained([stored(policy, tmp_path / "one", "action_net.bias", 0.0, 9.0)])
    name = "demonstration_zone"
    rivals = [*find_rivals([name], "noisy"), *find_rivals([name], TRUE)]
    noisy, true = compare_runs(runs, SMALL, episodes=12, rivals=rivals)["rivals"]
    assert noisy["mean"] != true["mean"]
