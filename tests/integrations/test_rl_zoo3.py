"""The RL zoo."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.integrations.running import EXAMPLES, library, run

library("rl_zoo3")
SETTINGS = EXAMPLES / "rl_zoo3_ppo.yml"


def test_the_command_in_the_settings_trains(tmp_path: Path) -> None:
    words = (
        "--algo ppo --env juguo/ExperimentDiffusion-v0 --gym-packages juguo_envs --env-kwargs scenario:'poor'"
    )
    short = ("--conf-file", SETTINGS, "-n", "1920", "--eval-freq", "-1", "--seed", "0")
    run("-m", "rl_zoo3.train", *words.split(), *short, cwd=tmp_path)
    assert list(tmp_path.rglob("juguo-ExperimentDiffusion-v0.zip"))


def test_the_settings_are_those_that_were_tuned() -> None:
    tuned = yaml.safe_load((EXAMPLES.parent / "configs" / "learners" / "ppo.yaml").read_text())
    ours = tuned["training"]["ppo"]
    theirs = yaml.safe_load(SETTINGS.read_text())["juguo/ExperimentDiffusion-v0"]
    assert theirs["n_envs"] == ours["envs"] and theirs["learning_rate"] == f"lin_{ours['learning_rate']}"
    for name in ("n_steps", "batch_size", "n_epochs", "gamma", "gae_lambda", "clip_range", "ent_coef"):
        assert theirs[name] == ours[name]
    assert f"pi={ours['net']}" in theirs["policy_kwargs"]
