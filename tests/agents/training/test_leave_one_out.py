"""Paired societies: the same episodes in a group, and rewards relative to the others of the group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp
from stable_baselines3.common.vec_env import VecMonitor

from juguo_agents.training.config import Experiment
from juguo_agents.training.learners.kinds import make_learner, normalised
from juguo_agents.training.learners.leave_one_out import LeaveOneOut, leave_one_out
from juguo_agents.training.learners.settings import Ppo
from juguo_agents.training.sb3_vec_env import BatchVecEnv
from juguo_envs import Family, Scenario
from tests.support import small

SMALL = small()
_rewards = stnp.arrays(np.float32, (12,), elements=st.floats(-1, 1, width=32))


def societies(paired: int, world: Scenario | Family = SMALL) -> BatchVecEnv:
    return BatchVecEnv(world, 12, seed=3, paired=paired)


@given(_rewards, st.sampled_from([2, 3, 4, 6, 12]))
def test_a_reward_loses_the_mean_of_the_others(rewards: np.ndarray, group: int) -> None:
    found = leave_one_out(rewards, group)
    for i in range(12):
        first = i - i % group
        others = [rewards[j] for j in range(first, first + group) if j != i]
        assert found[i] == pytest.approx(rewards[i] - np.mean(others), abs=1e-5)


@given(_rewards, st.floats(-1, 1, width=32))
def test_what_one_brings_counts_fully_for_itself(rewards: np.ndarray, more: float) -> None:
    """The baseline of a society does not depend on its own reward, or the gradient would be biased."""
    changed = rewards.copy()
    changed[5] += np.float32(more)
    gain = leave_one_out(changed, 4) - leave_one_out(rewards, 4)
    assert gain[5] == pytest.approx(more, abs=1e-5)
    assert gain[[4, 6, 7]] == pytest.approx(-more / 3, abs=1e-5)
    assert not gain[[0, 1, 2, 3, 8, 9, 10, 11]].any()


@pytest.mark.parametrize("world", [SMALL, Family(SMALL)], ids=["scenario", "family"])
def test_groups_live_the_same_episodes_and_different_ones_from_each_other(world: Scenario | Family) -> None:
    venv = societies(4, world)
    observation = venv.reset()
    actions = np.zeros((12, venv.batch.action_size), np.float32)
    actions[:, -1] = -1.0
    paired = LeaveOneOut(venv, 4)
    for _ in range(200):  # beyond the end of the longest programme
        seed = venv.batch.state.programme["seed"].reshape(3, 4)
        assert (seed == seed[:, :1]).all()
        assert len(set(seed[:, 0])) == 3
        observation, reward, done, _ = paired.step(actions)
        assert np.abs(reward).max() < 1e-6  # the same decisions bring the same
        assert isinstance(observation, np.ndarray)
        assert (observation.reshape(3, 4, -1) == observation[::4][:, None]).all()
        assert (done.reshape(3, 4) == done[::4][:, None]).all()


def test_what_is_logged_is_the_plain_return() -> None:
    own = societies(4)
    venv = normalised(own, Ppo())  # as every learner has it
    venv.reset()
    generator, done = np.random.default_rng(0), np.zeros(12, bool)
    while not done.any():
        actions = generator.uniform(-1, 1, (12, own.batch.action_size)).astype(np.float32)
        _, _, done, infos = venv.step(actions)
    expected = [
        sum(
            w * i[part]
            for w, part in zip((1.0, 0.2, -1.0), ("breadth", "resilience", "excluded"), strict=True)
        )
        for i in infos
    ]
    assert [i["episode"]["r"] for i in infos] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("algorithm", ["ppo", "recurrent_ppo"])
def test_learners_that_are_set_so_are_paired(algorithm: str) -> None:
    settings = {"envs": 4, "paired": 2, "n_steps": 4, "batch_size": 8}
    training = {"seeds": [0], "algorithm": algorithm, algorithm: settings}
    learner = make_learner(SMALL, Experiment.model_validate({"training": training}), 0)
    normaliser = learner.get_vec_normalize_env()
    assert normaliser is not None
    assert isinstance(normaliser.venv, LeaveOneOut)


def test_unpaired_rewards_are_as_they_are() -> None:
    settings = {"envs": 3, "paired": 1, "n_steps": 4, "batch_size": 12}
    learner = make_learner(SMALL, Experiment.model_validate({"training": {"ppo": settings}}), 0)
    normaliser = learner.get_vec_normalize_env()
    assert normaliser is not None
    assert isinstance(normaliser.venv, VecMonitor)


def test_a_group_that_does_not_divide_the_societies_is_refused() -> None:
    with pytest.raises(ValueError, match="paired is 8, which does not divide envs = 12"):
        Experiment.model_validate({"training": {"ppo": {"envs": 12}}})
