"""A critic that sees how a society differs from the others of its group: the actor and the file do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.policies import ActorCriticPolicy

from juguo_agents.training.config import Experiment
from juguo_agents.training.learners.group_critic import (
    FIRST_OF_CRITIC,
    SCALE,
    GroupCriticPolicy,
    GroupDifferences,
)
from juguo_agents.training.learners.kinds import extract_policy, make_learner
from juguo_agents.training.sb3_policy import to_stable_baselines3
from juguo_envs.spaces.observation import ObservationLayout
from tests.support import small

SMALL = small()
SEEN = {"context": True, "history": 3}
GROUP = 4


def setup(**section: Any) -> Experiment:
    own = {"envs": 12, "paired": GROUP, "n_steps": 6, "batch_size": 12, "net": [8, 6], "critic": "group"}
    training = {"seeds": [3], "ppo": {**own, **section}}
    return Experiment.model_validate({"scenario": "family", "shown": SEEN, "training": training})


@pytest.fixture(scope="module")
def learner() -> PPO:
    """After two updates in a family."""
    found = make_learner(SMALL, setup(), 3)
    assert isinstance(found, PPO)
    found.learn(144)
    return found


def sizes(learner: PPO) -> tuple[GroupDifferences, int, int]:
    """The outermost environment; the entries of an observation, and those that are compared."""
    venv = learner.get_env()
    assert isinstance(venv, GroupDifferences)
    (size,) = venv.venv.observation_space.shape or (0,)
    return venv, size, venv.entries


def rows(learner: PPO) -> npt.NDArray[np.float32]:
    """Some that a learner could see."""
    width = (learner.observation_space.shape or (0,))[0]
    return np.random.default_rng(0).normal(size=(5, width)).astype(np.float32)


def test_each_difference_is_to_the_mean_of_the_others_of_the_group(learner: PPO) -> None:
    venv, size, entries = sizes(learner)
    venv.reset()
    generator = np.random.default_rng(1)
    for _ in range(8):
        actions = generator.uniform(-1, 1, (12, *(learner.action_space.shape or ()))).astype(np.float32)
        seen, *_ = venv.step(actions)
        assert isinstance(seen, np.ndarray)
        assert seen.shape == (12, size + entries)
        for i in range(12):
            first = i - i % GROUP
            others = [j for j in range(first, first + GROUP) if j != i]
            expected = SCALE * (seen[i, :entries] - seen[others, :entries].mean(0))
            np.testing.assert_allclose(seen[i, size:], expected, rtol=0, atol=1e-4)
    assert np.abs(seen[:, size:]).max() > 0.1


def test_where_all_of_a_group_act_alike_nothing_differs(learner: PPO) -> None:
    venv, size, _ = sizes(learner)
    seen = venv.reset()
    for _ in range(100):  # over the end of the episodes
        assert isinstance(seen, np.ndarray)
        assert np.abs(seen[:, size:]).max() < 1e-4
        seen, *_ = venv.step(np.zeros((12, *(learner.action_space.shape or ())), np.float32))


def test_what_is_compared_is_the_quarters_observation_for_the_rest_is_alike_in_a_group(learner: PPO) -> None:
    _, size, entries = sizes(learner)
    assert entries == ObservationLayout(len(SMALL.society.listed())).size
    assert entries < size


def test_the_actor_does_not_see_the_group_and_the_critic_does(learner: PPO) -> None:
    _, size, _ = sizes(learner)
    here = rows(learner)
    there = here.copy()
    there[:, size:] += 1.0
    with torch.no_grad():
        acts = [learner.policy.get_distribution(torch.from_numpy(x)).mode() for x in (here, there)]
        values = [learner.policy.predict_values(torch.from_numpy(x)) for x in (here, there)]
    assert torch.equal(*acts)
    assert (values[0] != values[1]).all()


def test_the_critic_learns_from_the_group(learner: PPO) -> None:
    assert isinstance(learner.policy, GroupCriticPolicy)
    fresh = make_learner(SMALL, setup(), 3).policy.state_dict()
    _, size, _ = sizes(learner)
    learnt = learner.policy.state_dict()
    assert (learnt[FIRST_OF_CRITIC][:, size:] != fresh[FIRST_OF_CRITIC][:, size:]).any()


def test_the_critic_of_a_policy_file_is_that_of_a_society_like_its_group(learner: PPO) -> None:
    _, size, _ = sizes(learner)
    policy = extract_policy(learner, SMALL, setup(), 3)
    assert policy.metadata["observation_size"] == size
    rebuilt = to_stable_baselines3(policy)
    assert isinstance(rebuilt, ActorCriticPolicy)
    x = rows(learner)
    x[:, size:] = 0.0
    with torch.no_grad():
        own = learner.policy.predict_values(torch.from_numpy(x))
        found = rebuilt.predict_values(torch.from_numpy(x[:, :size]))
    torch.testing.assert_close(found, own, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"paired": 1}, "critic is group, paired is 1 and network is flat; allowed are paired=2 or more"),
        ({"network": "communities"}, "network is communities; allowed are paired=2 or more and network=flat"),
    ],
)
def test_without_a_group_or_with_another_network_it_is_refused(section: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        setup(**section)
