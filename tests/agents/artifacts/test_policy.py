"""A policy to hand on: whole, refused by name where it is not, the same in numpy and in stable-baselines3."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from juguo_agents.allocators import Setting
from juguo_agents.allocators.registry import NamedTwice
from juguo_agents.artifacts.load import POLICY
from juguo_agents.artifacts.policy import Learned, Policy, PolicyFileError
from juguo_agents.artifacts.policy_file import load_policy, save_policy
from juguo_agents.training.config import Experiment
from juguo_agents.training.learners.kinds import extract_policy, make_learner
from juguo_agents.training.sb3_policy import to_stable_baselines3
from juguo_envs import Batch, Scenario
from tests.agents.forging import forge_policy
from tests.running import juguo, succeeded

SMALL = Scenario.load("default").override({"society.persons": 100, "programme.T": 12})


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The policy of a learner that took a few steps."""
    experiment = Experiment.model_validate(
        {"training": {"seeds": [3], "ppo": {"envs": 4, "paired": 2, "n_steps": 12, "batch_size": 24}}}
    )
    learner = make_learner(SMALL, experiment, seed=3)
    learner.learn(96)
    return extract_policy(learner, SMALL, experiment, seed=3)


@pytest.fixture
def observations() -> np.ndarray:
    """A few real observations."""
    batch = Batch(SMALL, 5)
    batch.reset(np.arange(5, dtype=np.uint64))
    return batch.step(np.random.default_rng(0).uniform(-1, 1, (5, batch.action_size)))


def test_a_policy_comes_back_as_it_was_written(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "policy-seed3.safetensors"
    save_policy(policy, path)
    back = load_policy(path)
    assert back.metadata == json.loads(json.dumps(policy.metadata))
    assert back.tensors.keys() == policy.tensors.keys()
    for name, tensor in policy.tensors.items():
        np.testing.assert_array_equal(back.tensors[name], tensor)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_numpy_and_stable_baselines3_agree(policy: Policy, observations: np.ndarray) -> None:
    rebuilt = to_stable_baselines3(policy)
    theirs, _ = rebuilt.predict(policy.normalise(observations), deterministic=True)
    np.testing.assert_allclose(policy.act(observations), theirs, atol=1e-6)


def test_the_rebuilt_policy_is_bit_equal(policy: Policy) -> None:
    state = to_stable_baselines3(policy).state_dict()
    for name, tensor in state.items():
        assert torch.equal(tensor, torch.from_numpy(policy.tensors[name])), name


def test_loading_runs_no_pickle(policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was unpickled")

    save_policy(policy, tmp_path / "policy-seed3.safetensors")
    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(pickle, "load", refuse)
    monkeypatch.setattr(cloudpickle, "loads", refuse)
    (learned,) = POLICY.allocators([tmp_path / "policy-seed3.safetensors"])
    assert learned.name == "learned_seed3"


def broken(policy: Policy, **change: object) -> Policy:
    """The policy with some tensors replaced, or dropped where the change is None."""
    tensors = {**policy.tensors, **change}
    return dataclasses.replace(policy, tensors={k: v for k, v in tensors.items() if v is not None})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log_std": None}, "'log_std' is missing"),
        ({"value_net.bias": np.zeros(2, np.float32)}, r"'value_net.bias' has shape \(2,\); expected \(1,\)"),
        (
            {"value_net.bias": np.full(1, np.nan, np.float32)},
            "'value_net.bias' holds values that are not finite",
        ),
        ({"stranger": np.zeros(1, np.float32)}, "'stranger' does not belong"),
    ],
)
def test_a_file_with_wrong_tensors_is_refused_by_name(
    policy: Policy, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    bad = broken(policy, **change)
    with pytest.raises(PolicyFileError, match=message):
        save_policy(bad, tmp_path / "bad.safetensors")
    assert not list(tmp_path.iterdir())
    save_policy(policy, tmp_path / "bad.safetensors")
    forge_policy(tmp_path / "bad.safetensors", tensors=lambda held: _become(held, bad.tensors))
    with pytest.raises(PolicyFileError, match=message):
        load_policy(tmp_path / "bad.safetensors")


def _become(held: dict[str, object], wanted: dict[str, object]) -> None:
    held.clear()
    held.update(wanted)


def test_other_files_are_refused_by_name(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "policy.safetensors"
    with pytest.raises(PolicyFileError, match=r"policy\.safetensors: no readable policy file"):
        load_policy(path)
    path.write_bytes(b"this is no safetensors file at all")
    with pytest.raises(PolicyFileError, match="no readable policy file"):
        load_policy(path)
    save_file({"x": np.zeros(1, np.float32)}, path)
    with pytest.raises(PolicyFileError, match="not a policy of juguo"):
        load_policy(path)
    save_policy(policy, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(PolicyFileError, match="no readable policy file"):
        load_policy(path)


def test_a_world_of_another_shape_is_refused(policy: Policy, tmp_path: Path) -> None:
    save_policy(policy, tmp_path / "policy-seed3.safetensors")
    (learned,) = POLICY.allocators([tmp_path / "policy-seed3.safetensors"])
    other = Scenario.load("default").override({"society.communities.count": 5})
    with pytest.raises(PolicyFileError, match="trained on 8 communities; this scenario has 5"):
        learned.start(Setting.of(other), np.zeros(1, np.uint64))


def test_two_runs_with_the_same_seed_get_different_names(policy: Policy, tmp_path: Path) -> None:
    paths = [tmp_path / run / "policy-seed3.safetensors" for run in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        save_policy(policy, path)
    with pytest.raises(NamedTwice, match=r"a/policy-seed3.* and .*b/policy-seed3.* hold the same allocator"):
        POLICY.allocators(paths)
    save_policy(broken(policy, log_std=policy.tensors["log_std"] + np.float32(0.5)), paths[1])
    assert [a.name for a in POLICY.allocators(paths)] == ["learned_a_seed3", "learned_b_seed3"]


def test_other_observations_are_refused_by_name(policy: Policy) -> None:
    metadata = json.loads(json.dumps(policy.metadata))
    metadata["spaces"]["observation"]["names"][-1] = "last_word"
    (other,) = [Learned(dataclasses.replace(policy, metadata=metadata), "learned_seed3")]
    with pytest.raises(PolicyFileError, match="'last_abandon' is new; 'last_word' is gone"):
        other.start(Setting.of(SMALL), np.zeros(1, np.uint64))


def test_evaluate_works_from_the_file_and_from_the_folder_where_nothing_can_be_unpickled(
    policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was unpickled")

    save_policy(policy, tmp_path / "policy-seed3.safetensors")
    SMALL.save(tmp_path / "scenario.yaml")
    batch = Batch(SMALL, 1)  # numba's cache of the model's machine code is pickled: that is loaded before
    batch.reset(np.zeros(1, np.uint64))
    batch.step(np.zeros((1, batch.action_size), np.float32))
    for name in ("loads", "load"):
        monkeypatch.setattr(pickle, name, refuse)
        monkeypatch.setattr(cloudpickle, name, refuse)
    for named in ("policy-seed3.safetensors", "."):
        done = juguo("evaluate", named, "--scenario", "scenario.yaml", "--episodes", "3", cwd=tmp_path)
        assert "learned_seed3" in succeeded(done)


def test_any_bit_that_is_flipped_is_seen_or_means_the_same(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "policy-seed3.safetensors"
    save_policy(policy, path)
    whole, wanted = path.read_bytes(), load_policy(path)
    rng = np.random.default_rng(0)
    header = 8 + int.from_bytes(whole[:8], "little")
    for place in [*range(16), *rng.integers(0, header, 60), *rng.integers(header, len(whole), 60)]:
        flipped = bytes([whole[place] ^ 1 << int(rng.integers(8))])
        path.write_bytes(whole[:place] + flipped + whole[place + 1 :])
        try:
            found = load_policy(path)
        except PolicyFileError as refused:
            assert path.name in str(refused)
        else:
            assert (found.metadata, found.acts_by) == (wanted.metadata, wanted.acts_by)


def test_a_policy_under_the_name_of_another_seed_is_refused(policy: Policy, tmp_path: Path) -> None:
    save_policy(policy, tmp_path / "policy-seed4.safetensors")
    with pytest.raises(PolicyFileError, match=r"policy-seed4.*: holds the policy of training seed 3"):
        load_policy(tmp_path / "policy-seed4.safetensors")
    (tmp_path / "policy-seed4.safetensors").rename(tmp_path / "mine.safetensors")
    assert load_policy(tmp_path / "mine.safetensors").seed == 3


def test_weights_that_are_too_large_to_act_are_refused_by_name(policy: Policy) -> None:
    """Every unit is infinite, and half of them are taken from the others: no order gives a number."""
    of = {"0.weight": 0.0, "0.bias": 3e38, "2.weight": 3e38, "2.bias": 3e38}
    names = {f"mlp_extractor.policy_net.{name}": value for name, value in of.items()}
    large = {name: np.full_like(policy.tensors[name], value) for name, value in names.items()}
    away = np.ones_like(policy.tensors["action_net.weight"])
    away[:, ::2] = -1.0
    huge = broken(policy, **large, **{"action_net.weight": away})
    huge = dataclasses.replace(huge, metadata={**policy.metadata, "activation": "relu"})
    with pytest.raises(PolicyFileError, match="learned_seed3: its weights are so large"):
        huge.act(np.ones((2, policy.metadata["observation_size"]), np.float32))
