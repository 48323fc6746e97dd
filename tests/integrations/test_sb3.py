"""stable-baselines3."""

from __future__ import annotations

import json
from pathlib import Path

import gymnasium as gym

from tests.integrations.running import ENV, EXAMPLES, library, run

library("stable_baselines3")
from stable_baselines3.common.env_checker import check_env  # noqa: E402


def test_its_own_check_finds_nothing() -> None:
    check_env(gym.make(ENV).unwrapped)


def test_the_example_stands_beside_the_rules(tmp_path: Path) -> None:
    assert "sb3" in run(EXAMPLES / "sb3_ppo.py", "3840", cwd=tmp_path)


def test_the_single_file_learns_and_leaves_a_curve(tmp_path: Path) -> None:
    words = ("--scenario", "poor", "--steps", "3840", "--test-episodes", "20", "--curve", "curve.csv")
    told = json.loads(run(EXAMPLES / "ppo_single_file.py", *words, cwd=tmp_path))
    assert told["steps"] == 3840
    assert len((tmp_path / "curve.csv").read_text().splitlines()) == 3


def test_the_single_file_repeats_itself(tmp_path: Path) -> None:
    words = ("--scenario", "poor", "--steps", "1920", "--test-episodes", "5", "--seed", "3")
    once, again = (json.loads(run(EXAMPLES / "ppo_single_file.py", *words, cwd=tmp_path)) for _ in range(2))
    assert once["return"] == again["return"]
