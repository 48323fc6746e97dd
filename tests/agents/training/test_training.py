"""Training: repeatable from its seed, watched, and selected on seeds of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from juguo_agents.artifacts.policy import Learned
from juguo_agents.evaluation.rollout import run
from juguo_agents.training.config import ConfigError, Experiment
from juguo_agents.training.sb3_vec_env import BatchVecEnv
from juguo_agents.training.train import train_seed
from juguo_envs import ExperimentDiffusionEnv, Scenario

SMALL = Scenario.load("default").override({"society.persons": 100, "programme.T": 12})
EXPERIMENT = Experiment.model_validate(
    {
        "training": {
            "seeds": [0],
            "steps": 480,
            "selections": 2,
            "selection_episodes": 4,
            "ppo": {"envs": 8, "paired": 2, "n_steps": 12, "batch_size": 48},
        }
    }
)


def test_the_same_seed_trains_the_same_policy_and_another_seed_another() -> None:
    first, again, other = (train_seed(EXPERIMENT, SMALL, seed).policy for seed in (0, 0, 1))
    for name, tensor in first.tensors.items():
        np.testing.assert_array_equal(tensor, again.tensors[name])
    assert not np.array_equal(first.tensors["action_net.weight"], other.tensors["action_net.weight"])


def test_the_policy_kept_is_the_one_that_was_best_on_the_selection_seeds() -> None:
    trained = train_seed(EXPERIMENT, SMALL, 0)
    best = max(value for _, _, value in trained.curve)
    assert trained.policy.metadata["training"]["selection_return"] == best
    record = run(Learned(trained.policy, "learned"), SMALL, np.arange(2**31, 2**31 + 4, dtype=np.uint64))
    assert record.returns.mean() == pytest.approx(best, rel=1e-12)


def test_training_may_take_place_in_a_sample_of_the_society() -> None:
    sample = EXPERIMENT.model_copy(
        update={"training": EXPERIMENT.training.model_copy(update={"override": {"society.persons": 50}})}
    )
    assert sample.training_world(SMALL).society.persons == 50
    trained = train_seed(sample, SMALL, 0)
    assert trained.policy.metadata["scenario"]["society"]["persons"] == 100


def test_a_sample_with_other_communities_is_refused() -> None:
    training = EXPERIMENT.training.model_copy(update={"override": {"society.communities.count": 5}})
    with pytest.raises(ConfigError, match="number of communities"):
        EXPERIMENT.model_copy(update={"training": training}).training_world(SMALL)


def test_tensorboard_gets_the_return_and_its_parts(tmp_path: Path) -> None:
    train_seed(EXPERIMENT, SMALL, 0, tensorboard=tmp_path)
    events = EventAccumulator(str(tmp_path)).Reload()
    tags = set(events.Tags()["scalars"])
    for part in ("return", "breadth", "resilience", "excluded"):
        assert {f"juguo/{part}", f"selection/{part}"} <= tags
    assert all(np.isfinite(e.value) for e in events.Scalars("juguo/return"))


def test_progress_is_told_after_every_update() -> None:
    told: list[int] = []
    train_seed(EXPERIMENT, SMALL, 0, progress=lambda steps, _: told.append(steps))
    assert told == [96, 192, 288, 384, 480]


def test_the_adapter_is_the_environment_bit_for_bit() -> None:
    venv = BatchVecEnv(SMALL, 3, seed=5)
    seeds = np.random.default_rng(5).integers(2**32, 2**63, 3)
    singles = [ExperimentDiffusionEnv(SMALL) for _ in range(3)]
    observation = venv.reset()
    for i, single in enumerate(singles):
        np.testing.assert_array_equal(observation[i], single.reset(seed=int(seeds[i]))[0])
    rng = np.random.default_rng(0)
    for t in range(SMALL.programme.T):
        actions = rng.uniform(-1, 1, (3, venv.batch.action_size)).astype(np.float32)
        observation, reward, done, infos = venv.step(actions)
        for i, single in enumerate(singles):
            alone, alone_reward, over, _, _ = single.step(actions[i])
            assert reward[i] == np.float32(alone_reward)
            assert done[i] == over == (t == SMALL.programme.T - 1)
            if over:
                np.testing.assert_array_equal(infos[i]["terminal_observation"], alone)
                assert infos[i]["TimeLimit.truncated"] is False
                assert 0.0 <= infos[i]["breadth"] <= 1.0
            else:
                np.testing.assert_array_equal(observation[i], alone)
                assert infos[i] == {}


def test_observations_of_the_adapter_are_fresh_arrays() -> None:
    venv = BatchVecEnv(SMALL, 2, seed=0)
    first = venv.reset()
    kept = first.copy()
    venv.step(np.zeros((2, venv.batch.action_size), np.float32))
    np.testing.assert_array_equal(first, kept)
