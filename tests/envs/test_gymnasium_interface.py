"""The single environment keeps Gymnasium's contract, and that of stable-baselines3."""

from __future__ import annotations

import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from juguo_envs import ENV_ID, ExperimentDiffusionEnv, Scenario, scenario_names
from tests.support import small

QUALIFIED = f"juguo_envs:{ENV_ID}"


def test_the_id_is_the_documented_one() -> None:
    assert QUALIFIED == "juguo_envs:juguo/ExperimentDiffusion-v0"


def test_the_id_is_reached_in_a_fresh_interpreter() -> None:
    program = (
        f"import gymnasium; env = gymnasium.make({QUALIFIED!r}, scenario='poor');"
        "observation, info = env.reset(seed=0);"
        "assert observation in env.observation_space;"
        "print(env.spec.id, type(env.unwrapped).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [ENV_ID, "ExperimentDiffusionEnv"]


def test_gymnasiums_checker_has_no_complaint() -> None:
    check_env(gym.make(QUALIFIED).unwrapped, skip_render_check=True)  # see test_render


def test_gymnasiums_checker_has_no_complaint_about_another_world() -> None:
    env = gym.make(QUALIFIED, scenario=small(), observe="true", render_mode="ansi")
    check_env(env.unwrapped, skip_render_check=True)


def test_the_checker_of_stable_baselines3_has_no_complaint() -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(gym.make(QUALIFIED).unwrapped, warn=True)


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_world_runs(name: str) -> None:
    env = ExperimentDiffusionEnv(name)
    observation, _ = env.reset(seed=0)
    assert observation in env.observation_space
    env.action_space.seed(0)
    for _ in range(3):
        observation, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        assert observation in env.observation_space
        assert type(reward) is float
        assert (terminated, truncated) == (False, False)


def test_spaces_are_finite_boxes_of_float32() -> None:
    env = ExperimentDiffusionEnv()
    for space in (env.observation_space, env.action_space):
        assert isinstance(space, gym.spaces.Box)
        assert space.dtype == np.float32
        assert space.is_bounded("both")
    assert env.action_space.shape == (10 + 8 + 3,)
    assert env.observation_space.shape == (len(env.layout.names()),)


def test_the_episode_terminates_at_the_programmes_end_and_is_never_truncated() -> None:
    env = ExperimentDiffusionEnv(small({"programme.T": 5}))
    env.reset(seed=0)
    ends = [env.step(env.action_space.sample())[2:4] for _ in range(5)]
    assert ends == [(False, False)] * 4 + [(True, False)]


def test_observations_are_fresh_arrays() -> None:
    env = ExperimentDiffusionEnv(small())
    observations = [env.reset(seed=0)[0]]
    kept = [observations[0].copy()]
    for _ in range(4):
        observations.append(env.step(env.action_space.sample())[0])
        kept.append(observations[-1].copy())
    observations.append(env.reset(seed=1)[0])
    for observation, copied in zip(observations, kept, strict=False):
        assert np.array_equal(observation, copied)
    for i, one in enumerate(observations):
        assert not any(np.shares_memory(one, other) for other in observations[:i])


def test_what_info_holds_is_not_changed_by_the_next_quarter() -> None:
    env = ExperimentDiffusionEnv(small())
    env.reset(seed=0)
    info = env.step(env.action_space.sample())[4]
    board, vector = info["board"].copy(), info["reward_vector"].copy()
    env.step(env.action_space.sample())
    assert np.array_equal(info["board"], board)
    assert np.array_equal(info["reward_vector"], vector)


def test_episodes_without_a_seed_differ_and_follow_from_the_last_seed() -> None:
    env = ExperimentDiffusionEnv(small())
    first, second, third = env.reset(seed=4)[0], env.reset()[0], env.reset()[0]
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)
    assert np.array_equal(env.reset(seed=4)[0], first)
    assert np.array_equal(env.reset()[0], second)
    assert np.array_equal(env.reset()[0], third)


def test_two_environments_share_nothing() -> None:
    one, other = ExperimentDiffusionEnv(small()), ExperimentDiffusionEnv(small())
    one.reset(seed=0)
    other.reset(seed=0)
    action = one.action_space.sample()
    for _ in range(3):
        one.step(action)
    assert other.batch.state.programme["t"][0] == 0


@pytest.mark.parametrize("seed", [0, 2**31, 2**63 - 1])
def test_every_seed_from_0_to_the_documented_most_works(seed: int) -> None:
    observation, _ = ExperimentDiffusionEnv(small()).reset(seed=seed)
    assert np.isfinite(observation).all()


def test_a_scenario_object_is_taken_as_it_is() -> None:
    scenario = Scenario.load("poor")
    assert ExperimentDiffusionEnv(scenario).scenario is scenario
