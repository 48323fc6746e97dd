"""Recorded episodes are the environment's own: who does the same again sees and gets the same."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.transitions import transitions
from juguo_envs import ExperimentDiffusionEnv, Family, Scenario
from tests.support import small

WORLDS = {"scenario": small(), "family": Family(small())}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("observe", ["noisy", "true"])
def test_the_environment_gives_the_same_again(world: Scenario | Family, observe: str) -> None:
    seeds = np.array([5, 3], np.uint64)
    env = ExperimentDiffusionEnv(scenario=world, observe=observe)
    episodes = transitions(make_rule("flat"), world, seeds, observe=observe)
    for seed, episode in zip(seeds, episodes, strict=True):
        assert (episode.allocator, episode.seed) == ("flat", seed)
        observation, info = env.reset(seed=int(seed))
        for t, action in enumerate(episode.actions):
            assert np.array_equal(observation, episode.observations[t])
            assert all(np.array_equal(value, episode.infos[name][t]) for name, value in info.items())
            assert env.action_space.contains(action)
            observation, reward, terminated, _, info = env.step(action)
            assert reward == episode.rewards[t]
            assert terminated == (t == len(episode.actions) - 1)
        assert np.array_equal(observation, episode.observations[-1])
        assert all(np.array_equal(value, episode.infos[name][-1]) for name, value in info.items())
        assert len(episode.observations) == len(episode.actions) + 1


def test_recording_changes_nothing_of_what_an_allocator_does() -> None:
    seeds = np.arange(130, dtype=np.uint64)  # more than are stepped together
    rule = make_rule("experiment_diffusion")
    recorded = [episode.rewards.sum() for episode in transitions(rule, small(), seeds)]
    assert np.allclose(recorded, run(rule, small(), seeds).returns, rtol=1e-12, atol=0)
