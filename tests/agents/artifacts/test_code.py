"""Code as an allocator: a class of one's own, or a model of stable-baselines3."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from stable_baselines3 import PPO

from juguo_agents.allocators import make_rule
from juguo_agents.artifacts.code import CodeError, is_code, load_code
from juguo_agents.artifacts.load import find_allocators
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import SELECTION
from juguo_envs import ExperimentDiffusionEnv
from tests.support import small

SMALL, SEEDS = small(), SELECTION.take(0, 3)


def test_a_class_of_a_module_is_an_allocator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "thrifty.py").write_text(
        "from juguo_agents.allocators import make_rule\n"
        "class Thrifty:\n"
        "    def __init__(self): self.rule = make_rule('flat')\n"
        "    def start(self, setting, seeds): self.rule.start(setting, seeds)\n"
        "    def act(self, observation): return self.rule.act(observation)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = find_allocators(["thrifty:Thrifty"])
    assert found.name == "thrifty"
    assert (run(found, SMALL, SEEDS).returns == run(make_rule("flat"), SMALL, SEEDS).returns).all()
    with pytest.raises(CodeError, match="did you mean 'Thrifty'"):
        load_code("thrifty:Thirfty")


@pytest.mark.parametrize("name", ["no_module:Class", "broken:Class", "absent.zip:PPO", "absent.zip:Ppo"])
def test_what_cannot_be_imported_or_loaded_is_refused_on_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken.py").write_text("class Class(:\n")
    with pytest.raises(CodeError, match=r"^[^\n]+$") as refused:
        load_code(name)
    assert name.rpartition(":")[0] in str(refused.value)


@pytest.mark.parametrize(
    "name", ["flat", "flat+exit", "runs/x", "a/b.json", "mine.py:Mine", "zoo:default", "x:1y"]
)
def test_other_names_are_no_code(name: str) -> None:
    assert not is_code(name)


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
    with pytest.raises(CodeError, match="observations are"):
        run(load_code(f"{tmp_path / 'model.zip'}:PPO"), world, SEEDS)
