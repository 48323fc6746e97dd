"""A learner whose numbers are numbers no more: which seed, at which step, what is kept, and what to do."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from juguo_agents.artifacts.load import find_allocators
from juguo_agents.training import pool
from juguo_agents.training import train as module
from juguo_agents.training.config import Experiment
from juguo_agents.training.train import Diverged, train_seed
from tests.running import juguo, refused
from tests.support import small

LEARNERS: dict[str, dict[str, Any]] = {
    "ppo": {"envs": 4, "paired": 2, "n_steps": 12, "batch_size": 48},
    "td3": {"envs": 4, "learning_starts": 8, "buffer_size": 400, "net": [8]},
}
WILD = """
name: wild
override: {society.persons: 60, programme.T: 10}
training:
  seeds: [0]
  steps: 400
  selections: 10
  selection_episodes: 2
  ppo: {envs: 4, paired: 2, n_steps: 10, batch_size: 40, learning_rate: 1.0, max_grad_norm: 1000000.0,
        ent_coef: 10, vf_coef: 10, n_epochs: 100}
comparison: {allocators: [flat], episodes: 2}
"""


def experiment(algorithm: str) -> Experiment:
    """A short training with two selections."""
    training = {"algorithm": algorithm, "seeds": [3], "steps": 192, "selections": 2, "selection_episodes": 2}
    return Experiment.model_validate({"training": {**training, algorithm: LEARNERS[algorithm]}})


def poison(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Make a policy's weights no numbers once there were so many selections."""
    told = module._Watch._on_rollout_end

    def watched(self: Any) -> None:
        told(self)
        if len(self.curve) >= after:
            for parameter in self.model.policy.parameters():
                with torch.no_grad():
                    parameter.fill_(math.nan)

    monkeypatch.setattr(module._Watch, "_on_rollout_end", watched)


@pytest.mark.parametrize("algorithm", LEARNERS)
def test_the_seed_and_the_step_are_told_and_the_best_policy_until_then_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, algorithm: str
) -> None:
    poison(monkeypatch, after=1)
    with pytest.raises(Diverged) as told:
        train_seed(experiment(algorithm), small(), 3)
    message = str(told.value)
    for words in (
        "training seed 3 diverged at step",
        f"lower training.{algorithm}.learning_rate",
        "new --out",
    ):
        assert words in message
    error = pickle.loads(pickle.dumps(told.value))  # as it comes from a training process
    assert str(error) == message
    line = pool._kept(error, 3, tmp_path)
    path = tmp_path / "diverged-seed3.safetensors"
    assert line == f"{message}; its best policy until then is {path}"
    assert [a.name for a in find_allocators([str(path)])] == ["learned_seed3"]


def test_where_none_was_selected_before_none_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    poison(monkeypatch, after=0)
    with pytest.raises(Diverged) as told:
        train_seed(experiment("ppo"), small(), 3)
    assert told.value.best is None
    assert pool._kept(told.value, 3, tmp_path) == str(told.value)
    assert not list(tmp_path.iterdir())


def test_another_fault_is_no_divergence() -> None:
    assert not module._no_number(ValueError("batch_size is 3"))
    assert module._no_number(FloatingPointError("no selection return is a number"))


@pytest.mark.slow
def test_a_run_that_diverges_ends_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "wild.yaml").write_text(WILD)
    done = juguo("train", "wild.yaml", "--out", "run", cwd=tmp_path)
    refused(done, "error: training seed 0 diverged at step 40", "lower training.ppo.learning_rate", status=1)
    assert not (tmp_path / "run" / "comparison.json").exists()
