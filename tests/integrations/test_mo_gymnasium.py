"""MO-Gymnasium and MORL-Baselines."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import PassiveEnvChecker

from tests.integrations.running import ENV, EXAMPLES, library, run

mo_gym = library("mo_gymnasium")
LinearReward = library("mo_gymnasium.wrappers").LinearReward
MO = "juguo_envs:juguo/MO-ExperimentDiffusion-v0"


# What `LinearReward` puts into info, `reward_weights`, is the same array at every step.
@pytest.mark.filterwarnings("ignore:.*The infos returned by .* share an object")
def test_gymnasiums_checks_of_a_running_environment_find_nothing_in_the_weighted_one() -> None:
    env = PassiveEnvChecker(LinearReward(mo_gym.make(MO), weight=np.array([1.0, 0.2, 1.0])))
    env.reset(seed=1)
    over = False
    while not over:
        _, reward, over, _, info = env.step(env.action_space.sample())
        assert np.isscalar(reward) and info["vector_reward"].shape == (env.unwrapped.reward_dim,)


@pytest.mark.parametrize("scenario", ["default", "poor", "family"])
def test_weighted_by_the_scalar_environments_weights_it_is_that_environment(scenario: str) -> None:
    one = gym.make(ENV, scenario=scenario)
    weights = one.unwrapped.scenario.reward
    w = np.array([weights.w_b, weights.w_r, weights.w_x])
    other = LinearReward(mo_gym.make(MO, scenario=scenario), weight=w)
    for seed in range(2):
        assert np.array_equal(one.reset(seed=seed)[0], other.reset(seed=seed)[0])
        one.action_space.seed(seed)
        over = False
        while not over:
            action = one.action_space.sample()
            observation, reward, over, _, _ = one.step(action)
            same, weighted, also, _, info = other.step(action)
            assert np.array_equal(observation, same) and over == also
            assert abs(reward - weighted) <= 1e-12
            assert other.unwrapped.reward_space.contains(info["vector_reward"])


def test_the_example_learns_for_a_few_updates(tmp_path: Path) -> None:
    assert run(EXAMPLES / "morl_capql.py", "400", cwd=tmp_path).count("breadth") == 4
