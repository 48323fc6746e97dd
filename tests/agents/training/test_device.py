"""Where the networks are, and how many threads step the societies: neither decides what a training is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from juguo_agents.allocators import make_rule
from juguo_agents.training import pool
from juguo_agents.training.config import ConfigError, Experiment
from juguo_agents.training.learners import device, imitation
from juguo_agents.training.learners.base import normaliser_of
from juguo_agents.training.learners.kinds import extract_policy, make_learner
from juguo_agents.training.sb3_policy import to_stable_baselines3
from juguo_agents.training.sb3_vec_env import BatchVecEnv
from juguo_agents.training.train import train_seed
from juguo_envs import ObservationConfig
from tests.devices import with_device
from tests.running import juguo, refused
from tests.support import small

SMALL = small()


def experiment(**training: Any) -> Experiment:
    ppo = {"envs": 8, "paired": 2, "n_steps": 10, "batch_size": 40}
    return Experiment.model_validate(
        {
            "training": {"seeds": [0], "steps": 160, "selections": 1, "selection_episodes": 3, "ppo": ppo}
            | training
        }
    )


def test_the_number_of_threads_does_not_show() -> None:
    one, three = (train_seed(experiment(), SMALL, 0, threads=threads).policy for threads in (1, 3))
    assert save(one.tensors) == save(three.tensors)
    assert one.metadata == three.metadata


def test_the_societies_of_a_learner_are_stepped_by_as_many_threads_as_are_asked_for() -> None:
    venv = make_learner(SMALL, experiment(), 0, threads=3).get_env()
    assert venv is not None and isinstance(venv.unwrapped, BatchVecEnv)
    assert venv.unwrapped.batch.threads == 3


def test_a_device_that_is_not_there_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"training\.device is cuda.*allowed here is cpu"):
        make_learner(SMALL, experiment(device="cuda"), 0)
    refused(juguo("train", "training.device=cuda", cwd=tmp_path), "training.device is cuda", "cpu")
    refused(juguo("train", "training.device=gpu", cwd=tmp_path), "training.device", "'cpu' or 'cuda'")
    assert not list(tmp_path.iterdir())


def test_torch_is_not_asked_about_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: pytest.fail("it was asked"))
    device.check_device(experiment().training)


@with_device
@pytest.mark.parametrize("expert", [None, "experiment_diffusion"])
def test_what_was_trained_on_a_device_acts_on_the_cpu_too(expert: str | None) -> None:
    setup = experiment(device="cuda", expert=expert)
    first, again = (train_seed(setup, SMALL, 0).policy for _ in range(2))
    assert save(first.tensors) == save(again.tensors)
    learner = make_learner(SMALL, setup, 0)
    assert learner.device.type == "cuda"
    learner.learn(80)
    normaliser, _ = normaliser_of(learner)
    policy = extract_policy(learner, SMALL, setup, 0)
    seen = np.asarray(normaliser.get_original_obs())
    theirs, _ = learner.predict(normaliser.normalize_obs(seen), deterministic=True)
    np.testing.assert_allclose(policy.act(seen), theirs, rtol=0, atol=1e-5)
    rebuilt = to_stable_baselines3(policy)
    assert rebuilt.device.type == "cpu"
    np.testing.assert_allclose(
        rebuilt.predict(policy.normalise(seen), deterministic=True)[0], theirs, atol=1e-5
    )


@with_device
def test_an_imitation_on_a_device_comes_as_near_as_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imitation, "EPISODES", imitation.EPISODES // 4)
    missed = {}
    for place in ("cpu", "cuda"):
        learner: Any = make_learner(SMALL, experiment(device=place), 0)
        missed[place] = imitation.imitate(
            learner, [(make_rule("experiment_diffusion"), SMALL)], ObservationConfig(), 0
        )
    assert missed["cuda"] == pytest.approx(missed["cpu"], rel=0.2)


@pytest.mark.parametrize(("machine", "workers", "each"), [(2, 1, 2), (2, 2, 1), (16, 3, 5), (2, 4, 1)])
def test_seeds_side_by_side_share_the_cores(
    monkeypatch: pytest.MonkeyPatch, machine: int, workers: int, each: int
) -> None:
    monkeypatch.setattr(pool, "cores", lambda: machine)
    assert pool.share_of_cores(workers) == each
