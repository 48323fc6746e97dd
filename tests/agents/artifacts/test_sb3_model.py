"""A model of stable-baselines3 as an allocator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from stable_baselines3 import PPO

from juguo_agents.artifacts.load import digest_of, find_allocators
from juguo_agents.artifacts.sb3_model import NORMALISER, ModelError, is_model, load_model
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import SELECTION
from juguo_envs import ExperimentDiffusionEnv
from tests.support import small

SMALL, SEEDS = small(), SELECTION.take(0, 3)


@pytest.mark.parametrize("name", ["absent.zip:PPO", "absent.zip:Ppo"])
def test_what_cannot_be_loaded_is_refused_on_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"^[^\n]+$") as refused:
        load_model(name)
    assert "absent.zip" in str(refused.value)


@pytest.mark.parametrize(
    "name", ["flat", "flat+exit", "runs/x", "a/b.json", "mine.py:Mine", "zoo:default", "x:1y", "m:C"]
)
def test_other_names_are_no_model(name: str) -> None:
    assert not is_model(name)


def test_a_model_of_stable_baselines3_acts_as_its_predict_says(tmp_path: Path) -> None:
    model = PPO("MlpPolicy", ExperimentDiffusionEnv(SMALL), n_steps=8, batch_size=8, device="cpu")
    model.save(tmp_path / "model.zip")
    (found,) = find_allocators([f"{tmp_path / 'model.zip'}:PPO"])
    record = run(found, SMALL, SEEDS)
    assert found.name == "model" and np.isfinite(record.returns).all()
    env = ExperimentDiffusionEnv(SMALL)
    observation, _ = env.reset(seed=int(SEEDS[0]))
    total, done = 0.0, False
    while not done:
        action, _ = model.predict(observation, deterministic=True)
        observation, reward, ended, cut, _ = env.step(action)
        total, done = total + float(reward), ended or cut
    assert np.isclose(total, record.returns[0])


def test_a_model_of_another_number_of_places_is_refused(tmp_path: Path) -> None:
    model = PPO("MlpPolicy", ExperimentDiffusionEnv(SMALL), n_steps=8, batch_size=8, device="cpu")
    model.save(tmp_path / "model.zip")
    world = SMALL.override({"society.communities.count": 4})
    with pytest.raises(ModelError, match="observations are"):
        run(load_model(f"{tmp_path / 'model.zip'}:PPO"), world, SEEDS)


def test_its_digest_is_of_all_that_it_acts_by(tmp_path: Path) -> None:
    file = tmp_path / "model.zip"
    file.write_bytes(b"one")
    first = digest_of(f"{file}:PPO")
    assert digest_of(f"{file}:A2C") != first
    (tmp_path / NORMALISER).write_bytes(b"two")
    assert digest_of(f"{file}:PPO") not in (first, None)
    file.unlink()
    with pytest.raises(ModelError, match="there is no such file"):
        digest_of(f"{file}:PPO")
