"""Runs against the first of them: paired by seed and episode, with intervals that can go either way."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.artifacts.policy import Policy
from juguo_agents.artifacts.policy_file import save_policy
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies.compare_runs.analysis import verdict
from juguo_agents.studies.compare_runs.study import CompareRuns, Settings
from juguo_agents.studies.executors import LocalExecutor
from juguo_agents.studies.study import Page, conduct
from juguo_agents.training.config import Experiment
from juguo_agents.training.learners.kinds import extract_policy, make_learner
from juguo_agents.training.run import CurvesRecord, policies_in
from juguo_envs import Scenario
from juguo_envs.errors import UserError
from tests.agents.forging import store
from tests.agents.studies.conducting import check_chinese, has_page

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
    folder.mkdir(parents=True)
    for seed in range(seeds):
        metadata = json.loads(json.dumps(policy.metadata))
        metadata["training"]["seed"] = seed
        bias = policy.tensors[tensor] + np.float32(0.01 * seed)
        bias[:9] += np.float32(shift)
        tensors = {**policy.tensors, tensor: bias}
        save_policy(Policy(tensors, metadata), folder / f"policy-seed{seed}.safetensors")
    curve = [{"steps": 1000, "seconds": seconds, "selection_return": 0.0}]
    curves = {str(seed): curve for seed in range(seeds)}
    store(folder / "learning_curve.json", CurvesRecord, {"curves": curves}, policy.metadata["of"])
    return folder


def compared(folder: Path, *runs: Path, lang: str = "en", **options: Any) -> Page:
    """The study in the small world, in a folder of its own."""
    settings = Settings.parse({"runs": runs, "scenario": SMALL, "episodes": 12, **options})
    return conduct(CompareRuns(settings), folder / "compared", LocalExecutor(1), lang=lang)


def test_a_run_is_told_from_the_first_by_the_paired_interval_and_itself_is_not(
    policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stored(policy, tmp_path / "first", "action_net.bias", 0.0, 30.0)
    same = stored(policy, tmp_path / "same", "action_net.bias", 0.0, 60.0)
    stingy = stored(policy, tmp_path / "stingy", "action_net.bias", -3.0, 15.0)
    page = compared(tmp_path, first, same, stingy)
    rows = {row["name"]: row for row in page.data["runs"]}
    assert verdict(rows["first"]) == "first" and verdict(rows["same"]) == "not told apart"
    assert rows["same"]["difference"] == 0.0 and rows["same"]["better"] == 0.5
    assert verdict(rows["stingy"]) in ("worse", "better")
    difference = rows["stingy"]["mean"] - rows["first"]["mean"]
    assert rows["stingy"]["difference"] == pytest.approx(difference)
    # in the time of the quickest, 15 s
    assert {name: row["equal_time_steps"] for name, row in rows.items()} == {
        "first": 500, "same": 250, "stingy": 1000,
    }  # fmt: skip
    assert json.loads((tmp_path / "compared/comparison.json").read_text()) == page.data
    check_chinese(partial(compared, tmp_path, first, same, stingy), tmp_path / "compared", "comparison")
    assert has_page(tmp_path / "compared", "comparison")
    assert "vs first" in page.console and "at equal time" in page.console
    assert all(len(line) <= 110 for line in page.console.splitlines())
    monkeypatch.delattr("juguo_agents.studies.measurement.run")  # in another order nothing is run again
    again = compared(tmp_path, stingy, first).data["runs"][1]
    assert again["difference"] == pytest.approx(-difference)


def test_runs_that_cannot_be_compared_are_refused_by_name(policy: Policy, tmp_path: Path) -> None:
    two = stored(policy, tmp_path / "two", "action_net.bias", 0.0, 1.0)
    three = stored(policy, tmp_path / "three", "action_net.bias", 0.0, 1.0, seeds=3)
    with pytest.raises(UserError, match="three has 3 training seeds and two has 2"):
        compared(tmp_path, two, three)
    with pytest.raises(UserError, match=r"run '.*two' is named twice; name it once"):
        compared(tmp_path, two, two)
    one_name = [
        stored(policy, tmp_path / place, "action_net.bias", 0.0, 1.0) for place in ("a/b", "c/b", "d/a_b")
    ]
    with pytest.raises(UserError, match="two runs would both be named 'a_b' in tables; rename the folder"):
        compared(tmp_path, *one_name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty: no policy-seed.*folder of a finished training run"):
        compared(tmp_path, two, tmp_path / "empty")
    with pytest.raises(UserError, match="something to compare with: --against NAME"):
        compared(tmp_path, two)
    with pytest.raises(UserError, match="did you mean 'flat'"):
        compared(tmp_path, two, against=["flatt"])


def test_runs_in_folders_of_one_name_are_named_with_the_folder_above(policy: Policy, tmp_path: Path) -> None:
    runs = [
        stored(policy, tmp_path / seed / "default", "action_net.bias", bias, 1.0)
        for seed, bias in (("first", 0.0), ("second", -3.0))
    ]
    rows = compared(tmp_path, *runs).data["runs"]
    assert [row["name"] for row in rows] == ["first_default", "second_default"]
    assert rows[0]["mean"] != rows[1]["mean"]


def test_without_learning_curves_no_steps_of_equal_time_are_told(policy: Policy, tmp_path: Path) -> None:
    runs = [stored(policy, tmp_path / n, "action_net.bias", 0.0, 9.0) for n in ("a", "b")]
    (runs[1] / "learning_curve.json").unlink()
    page = compared(tmp_path, *runs, episodes=2)
    assert [row["equal_time_steps"] for row in page.data["runs"]] == [None, None]
    assert "equal time" not in page.console


def test_each_policy_is_set_beside_allocators_that_no_training_made(policy: Policy, tmp_path: Path) -> None:
    one = stored(policy, tmp_path / "one", "action_net.bias", 0.0, 9.0)
    page = compared(
        tmp_path, one, seed=40, against=["flat"], against_true=["care_only", "demonstration_zone"]
    )
    others = [("flat", "noisy"), ("care_only", "true"), ("demonstration_zone", "true")]
    assert [(row["name"], row["observe"]) for row in page.data["rivals"]] == others
    seeds = np.arange(40, 52, dtype=np.uint64)
    own = np.array([run(p.allocator(), SMALL, seeds).returns for p in policies_in(one).values()])
    for against, (name, observe) in zip(page.data["runs"][0]["against"], others, strict=True):
        paired = own - run(make_rule(name), SMALL, seeds, observe=observe).returns
        assert against["difference"] == pytest.approx(paired.mean())
        assert [row["seed"] for row in against["seeds"]] == [0, 1]
        for row, alone in zip(paired, against["seeds"], strict=True):
            assert alone["difference"] == pytest.approx(row.mean())
            assert alone["low"] <= alone["difference"] <= alone["high"]
        assert against["low"] <= against["difference"] <= against["high"]
        assert against["better"] == pytest.approx((paired > 0.0).mean() + 0.5 * (paired == 0.0).mean())
    noisy = run(make_rule("demonstration_zone"), SMALL, seeds).returns.mean()
    assert page.data["rivals"][2]["mean"] != noisy  # it decides by the true state
    for words in ("less care_only, shown the true state", "less flat, observing with noise"):
        assert words in page.console
    assert page.console.count("training seed 1 ") == 3 and "vs one" not in page.console
