"""A training that is interrupted, at every kind of moment, ends as one that was not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from juguo_agents.training import checkpoint as checkpoint_module
from juguo_agents.training.checkpoint import (
    Checkpoint,
    CheckpointFolder,
    TornCheckpoint,
    from_bytes,
    to_bytes,
)
from juguo_agents.training.config import Experiment
from juguo_agents.training.provenance import ResumeError
from juguo_agents.training.train import train_seed
from juguo_envs import Scenario
from juguo_envs.files import draft_of
from tests.agents.training.killing import Killed, content, kill

SMALL = Scenario.load("default").override({"society.persons": 60, "programme.T": 10})
# rollouts end in the middle of an episode, so that the societies' state matters
EXPERIMENT = Experiment.model_validate(
    {
        "training": {
            "seeds": [0],
            "steps": 280,
            "selections": 2,
            "selection_episodes": 3,
            "checkpoint_minutes": 0,
            "ppo": {"envs": 8, "paired": 2, "n_steps": 7, "batch_size": 28},
        }
    }
)


@pytest.fixture(scope="module")
def wanted() -> object:
    return content(train_seed(EXPERIMENT, SMALL, 0))


def resumed(folder: Path) -> object:
    return content(train_seed(EXPERIMENT, SMALL, 0, checkpoints=folder))


@pytest.mark.parametrize("after", [56, 280])
def test_killed_in_a_rollout_it_ends_with_the_same_policy(wanted, tmp_path: Path, after: int) -> None:
    kill(EXPERIMENT, SMALL, tmp_path, after)
    assert 0 < len(CheckpointFolder(tmp_path).files()) <= 2
    assert resumed(tmp_path) == wanted


@pytest.mark.parametrize("moment", ["before the rename", "after it"])
def test_killed_while_a_checkpoint_is_written_it_ends_with_the_same_policy(
    wanted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    write, calls = checkpoint_module.write_bytes, []

    def torn(path: Path, data: bytes) -> None:
        calls.append(path)
        if len(calls) < 3:
            write(path, data)
        elif moment == "after it":
            write(path, data)
            raise Killed
        else:
            draft_of(path).write_bytes(data[: len(data) // 2])
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_module, "write_bytes", torn)
        with pytest.raises(Killed):
            train_seed(EXPERIMENT, SMALL, 0, checkpoints=tmp_path)
    assert resumed(tmp_path) == wanted
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("torn", [1, 2])
def test_torn_checkpoints_are_passed_over(wanted, tmp_path: Path, torn: int) -> None:
    kill(EXPERIMENT, SMALL, tmp_path, 224)
    for path in CheckpointFolder(tmp_path).files()[:torn]:
        path.write_bytes(path.read_bytes()[:-1000])
    found, problems = CheckpointFolder(tmp_path).latest()
    assert (found is None) == (torn == 2)
    assert all("checksum" in text for text in problems.values())
    assert len(problems) == torn
    assert resumed(tmp_path) == wanted


def test_another_configuration_is_refused_by_name(tmp_path: Path) -> None:
    kill(EXPERIMENT, SMALL, tmp_path, 112)
    ppo = EXPERIMENT.training.ppo.model_copy(update={"gamma": 0.5})
    training = EXPERIMENT.training.model_copy(update={"ppo": ppo})
    other = EXPERIMENT.model_copy(update={"training": training})
    with pytest.raises(ResumeError, match=r"training\.ppo\.gamma is 0\.5 now and was 0\.99"):
        train_seed(other, SMALL, 0, checkpoints=tmp_path)
    with pytest.raises(ResumeError, match=r"money\.B is 0\.3 now"):
        train_seed(EXPERIMENT, SMALL.override({"money.B": 0.3}), 0, checkpoints=tmp_path)


@pytest.mark.parametrize("place", [0, 40, 100, -1])
def test_one_flipped_bit_is_found(place: int) -> None:
    data = bytearray(to_bytes(Checkpoint({"x": np.arange(5.0)}, {"steps": 1})))
    assert from_bytes(bytes(data), "file").arrays["x"].tolist() == [0, 1, 2, 3, 4]
    data[place] ^= 1
    with pytest.raises(TornCheckpoint, match="file"):
        from_bytes(bytes(data), "file")
