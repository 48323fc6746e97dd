"""A training that is interrupted, at every kind of moment, ends as one that was not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from juguo_agents.training import checkpoint as checkpoint_module
from juguo_agents.training.checkpoint import CheckpointFolder, CheckpointMisfit
from juguo_agents.training.config import Experiment
from juguo_agents.training.provenance import ResumeError
from juguo_agents.training.train import train_seed
from juguo_envs import Scenario
from juguo_envs.files import draft_of
from tests.agents.forging import Change, forge_archive
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


def test_the_checkpoints_of_another_seed_are_refused_and_both_seeds_named(tmp_path: Path) -> None:
    kill(EXPERIMENT, SMALL, tmp_path, 112)
    with pytest.raises(ResumeError, match=r"training seed 0, and is the folder of seed 1"):
        train_seed(EXPERIMENT, SMALL, 1, checkpoints=tmp_path)


def test_a_renamed_checkpoint_is_refused(tmp_path: Path) -> None:
    kill(EXPERIMENT, SMALL, tmp_path, 112)
    newest, _ = CheckpointFolder(tmp_path).files()
    newest.rename(newest.with_stem("000000000000999"))
    with pytest.raises(CheckpointMisfit, match=r"000000000000999\.ckpt: is of step 56"):
        resumed(tmp_path)


HOSTILE: dict[str, tuple[Change, Change, str]] = {
    "another kind": (lambda v: v.update(kind="juguo_tree"), len, "kind is 'juguo_tree'"),
    "another format": (lambda v: v.update(format=2), len, "format is 2"),
    "a field too many": (lambda v: v.update(surplus=1), len, "unknown field 'surplus'"),
    "steps as text": (lambda v: v.update(steps="112"), len, "steps is '112'"),
    "no learner": (lambda v: v.pop("learner"), len, "learner is missing"),
    "no selection": (lambda v: v["selection"].pop("next"), len, "selection.next is missing"),
    "no generator": (lambda v: v["generators"]["numpy"].pop("kind"), len, "no state of this training"),
    "a generator of another kind": (
        lambda v: v["environment"]["generator"].update(bit_generator="MT19937"),
        len,
        "no state of this training",
    ),
    "an optimiser of other settings": (
        lambda v: v["optimisers"]["policy"]["groups"][0].update(lr="much"),
        len,
        "the groups of the optimiser 'policy'",
    ),
    "a best policy of nothing": (lambda v: v["selection"].update(best={}), len, "not a policy"),
    "no tensor": (len, lambda a: a.pop("policy.action_net.bias"), "action_net.bias"),
    "a tensor of another shape": (
        len,
        lambda a: a.update({"policy.action_net.bias": np.zeros(2, np.float32)}),
        "action_net.bias",
    ),
    "a moment of another shape": (
        len,
        lambda a: a.update({"optimiser.policy.0.exp_avg": np.zeros((2, 2), np.float32)}),
        "'exp_avg' of shape",
    ),
    "a normaliser of another size": (
        len,
        lambda a: a.update({"normaliser.observations.mean": np.zeros(3)}),
        "normaliser.observations.mean",
    ),
    "societies of another size": (
        len,
        lambda a: a.update({"societies.state.neighbours": np.zeros((8, 2), np.int32)}),
        "state.neighbours",
    ),
    "a neighbour that is nobody": (
        len,
        lambda a: a["societies.state.neighbours"].fill(10**9),
        "neighbours",
    ),
    "a resilience that is none": (len, lambda a: a["societies.state.rho"].fill(np.nan), "rho"),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_checkpoint_with_a_right_checksum_that_no_training_wrote_is_refused(
    fault: str, begun: Path, tmp_path: Path
) -> None:
    values, arrays, words = HOSTILE[fault]
    for file in begun.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    newest = CheckpointFolder(tmp_path).files()[0]
    forge_archive(newest, values, arrays)
    with pytest.raises(CheckpointMisfit, match=re.escape(words)) as refused:
        resumed(tmp_path)
    assert str(newest) in str(refused.value) and "\n" not in str(refused.value)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoints of a training that was killed after it selected."""
    folder = tmp_path_factory.mktemp("begun")
    kill(EXPERIMENT, SMALL, folder, 224)
    return folder
