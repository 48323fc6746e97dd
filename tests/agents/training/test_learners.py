"""Every kind of learner: repeatable, resumable, and the same in numpy as in the library that trained it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from juguo_agents.allocators import Setting
from juguo_agents.artifacts.policy import Learned, Policy, PolicyFileError
from juguo_agents.artifacts.policy_file import load_policy, save_policy
from juguo_agents.training.config import ConfigError, Experiment, load_experiment
from juguo_agents.training.learners.kinds import extract_policy, kind_of, make_learner
from juguo_agents.training.learners.settings import SECTIONS
from juguo_agents.training.sb3_policy import to_stable_baselines3
from juguo_agents.training.train import train_seed
from juguo_envs import Batch, Scenario
from tests.agents.forging import forge_policy
from tests.agents.training.killing import content, kill
from tests.devices import with_device

SMALL = Scenario.load("default").override({"society.persons": 60, "programme.T": 10})
ALGORITHMS = tuple(SECTIONS)
OFF_POLICY = ("sac", "td3", "tqc")
# rollouts end within episodes, and the replay buffer is full before the end
_ON = {"envs": 4, "paired": 2, "n_steps": 7, "batch_size": 14, "n_epochs": 2}
_OFF = {"envs": 4, "train_freq": 3, "learning_starts": 48, "buffer_size": 64, "batch_size": 8, "net": [8, 6]}
SECTION: dict[str, dict[str, Any]] = {
    "ppo": {**_ON, "net": [8, 6]},
    "recurrent_ppo": {**_ON, "net": [6], "lstm": 5},
    "sac": {**_OFF, "ent_coef": "auto"},
    "td3": _OFF,
    "tqc": {**_OFF, "n_quantiles": 5, "ent_coef": 0.01},
}

CASES = [
    *(pytest.param(algorithm, {}, id=algorithm) for algorithm in ALGORITHMS),
    *(pytest.param(a, {"use_sde": True}, id=f"{a}, use_sde") for a in ("ppo", "recurrent_ppo")),
    pytest.param("ppo", {"network": "communities"}, id="ppo, communities"),
    pytest.param("ppo", {"critic": "group"}, id="ppo, critic of a group"),
]
"""Every algorithm, and its other kind of noise, of network or of critic where it has one."""
DEVICES = ["cpu", pytest.param("cuda", marks=with_device)]


def experiment(algorithm: str, device: str = "cpu", **section: Any) -> Experiment:
    training = {
        "algorithm": algorithm,
        "device": device,
        "seeds": [3],
        "steps": 112,
        "selections": 2,
        "selection_episodes": 2,
        "checkpoint_minutes": 0,
        algorithm: {**SECTION[algorithm], **section},
    }
    return Experiment.model_validate({"training": training})


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("algorithm", "section"), CASES)
def test_killed_anywhere_a_training_ends_with_the_same_policy(
    algorithm: str, section: dict[str, Any], device: str, tmp_path: Path
) -> None:
    setup = experiment(algorithm, device, **section)
    wanted = content(train_seed(setup, SMALL, 3))
    kill(setup, SMALL, tmp_path, 24, 56, 84)  # while the off-policy ones act at random, in the middle, late
    assert content(train_seed(setup, SMALL, 3, checkpoints=tmp_path)) == wanted


@pytest.fixture(scope="module", params=[pytest.param(case.values, id=case.id) for case in CASES])
def trained(request: pytest.FixtureRequest) -> tuple[str, BaseAlgorithm, Policy]:
    """A learner of each kind that took a few steps, and its policy."""
    algorithm, section = request.param
    setup = experiment(algorithm, **section)
    learner = make_learner(SMALL, setup, seed=3)
    learner.learn(84)
    return algorithm, learner, extract_policy(learner, SMALL, setup, seed=3)


def as_learning(learner: BaseAlgorithm, seen: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Normalised observations as the learner sees them, in a group where all are alike."""
    (width,) = learner.observation_space.shape or (0,)
    return np.pad(seen, ((0, 0), (0, width - seen.shape[1])))


def episode(policy: Policy, n: int) -> list[np.ndarray]:
    """What n societies show over an episode in which the policy acts."""
    batch = Batch(SMALL, n)
    allocator = Learned(policy, "learned")
    allocator.start(Setting.of(SMALL), np.arange(n, dtype=np.uint64))
    seen = [batch.reset(np.arange(n, dtype=np.uint64)).copy()]
    while len(seen) < SMALL.programme.T:
        seen.append(batch.step(allocator.act(seen[-1])).copy())
    return seen


def test_numpy_acts_over_an_episode_as_the_learner_itself_would(
    trained: tuple[str, BaseAlgorithm, Policy],
) -> None:
    _, learner, policy = trained
    venv = learner.get_vec_normalize_env()
    assert venv is not None
    allocator = Learned(policy, "learned")
    allocator.start(Setting.of(SMALL), np.arange(3, dtype=np.uint64))
    state, starts = None, np.ones(3, np.bool_)
    for observation in episode(policy, 3):
        latent, state = learner.predict(
            as_learning(learner, venv.normalize_obs(observation)),
            state=state,
            episode_start=starts,
            deterministic=True,
        )
        starts = np.zeros(3, np.bool_)
        theirs = latent
        np.testing.assert_allclose(allocator.act(observation), theirs, rtol=0, atol=1e-6)


def test_a_policy_rebuilt_from_its_file_has_the_learners_tensors_and_actions(
    trained: tuple[str, BaseAlgorithm, Policy], tmp_path: Path
) -> None:
    algorithm, learner, policy = trained
    save_policy(policy, tmp_path / "policy-seed3.safetensors")
    back = load_policy(tmp_path / "policy-seed3.safetensors")
    assert back.metadata == json.loads(json.dumps(policy.metadata))
    rebuilt = to_stable_baselines3(back)
    acting = learner.policy if algorithm not in OFF_POLICY else learner.policy.actor  # type: ignore[union-attr]
    assert type(rebuilt).__mro__[0] in type(acting).__mro__
    theirs = kind_of(algorithm).tensors(learner)
    assert rebuilt.state_dict().keys() == theirs.keys()
    for name, tensor in rebuilt.state_dict().items():
        assert torch.equal(tensor, theirs[name]), name
    seen = policy.normalise(episode(policy, 3)[-1])
    mine, _ = rebuilt.predict(seen, deterministic=True)
    own, _ = learner.predict(as_learning(learner, seen), deterministic=True)
    if learner.observation_space.shape != seen.shape[1:]:  # a part of wider rows is summed in another order
        np.testing.assert_allclose(mine, own, rtol=0, atol=1e-7)
    else:
        np.testing.assert_array_equal(mine, own)


def test_the_normaliser_stands_still_once_a_policy_is_extracted(
    trained: tuple[str, BaseAlgorithm, Policy],
) -> None:
    _, learner, policy = trained
    mean = policy.tensors["normaliser.mean"].copy()
    episode(policy, 3)
    learner.env.step_async(np.zeros((4, policy.metadata["action_size"]), np.float32))  # type: ignore[union-attr]
    learner.env.step_wait()  # type: ignore[union-attr]
    assert not np.array_equal(learner.get_vec_normalize_env().obs_rms.mean, mean)  # type: ignore[union-attr]
    np.testing.assert_array_equal(policy.tensors["normaliser.mean"], mean)


def test_a_recurrent_policy_forgets_at_the_start_of_episodes_and_at_no_other_time() -> None:
    setup = experiment("recurrent_ppo")
    policy = extract_policy(make_learner(SMALL, setup, seed=3), SMALL, setup, seed=3)
    observation = episode(policy, 2)[0]
    allocator, setting = Learned(policy, "learned"), Setting.of(SMALL)
    allocator.start(setting, np.arange(2, dtype=np.uint64))
    first, second = allocator.act(observation), allocator.act(observation)
    assert not np.array_equal(first, second)
    allocator.start(setting, np.arange(2, dtype=np.uint64))
    np.testing.assert_array_equal(allocator.act(observation), first)
    with pytest.raises(TypeError, match="has a memory"):
        policy.act(observation)


def test_only_the_section_in_use_is_written_down() -> None:
    written = experiment("td3").model_dump(mode="json")["training"]
    assert {name for name in written if name in SECTIONS} == {"td3"}
    assert Experiment.model_validate({"training": written}) == experiment("td3")


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["training.algorithm=dqn"], r"training\.algorithm is 'dqn'"),
        (["training.sac.buffer_size=10"], "buffer_size is 10, less than envs . train_freq = 16"),
        (
            ["training.sac.ent_coef=often"],
            r"training\.sac\.ent_coef: ent_coef is 'often'; allowed are auto and",
        ),
        (["training.sac.entropy=1"], r"unknown field 'training\.sac\.entropy'"),
        (["training.td3.tau=0"], r"training\.td3\.tau is 0"),
        (["training.tqc.top_quantiles_to_drop=25"], "allowed is less than n_quantiles = 25"),
        (["training.recurrent_ppo.lstm=0"], r"training\.recurrent_ppo\.lstm is 0"),
        (["training.ppo.net=[0]"], r"net is \[0\]; allowed are 1 to 4096"),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused_by_name(
    assignments: list[str], message: str, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text("name: x\n")
    with pytest.raises(ConfigError, match=message):
        load_experiment(tmp_path / "config.yaml", assignments)


@pytest.mark.parametrize(
    ("algorithm", "change", "message"),
    [
        ("sac", {"architecture": "transformer"}, "architecture is 'transformer'; allowed is actor_critic, "),
        ("sac", {"architecture": ["mu"]}, r"architecture is \['mu'\]: input should be a valid string"),
        ("sac", {"head": "gaussian"}, "head is 'gaussian'; allowed is tanh"),
        ("sac", {"algorithm": "td3"}, "algorithm is 'td3'; allowed is sac, tqc"),
        ("td3", {"architecture": "squashed_actor"}, "algorithm is 'td3'"),
        ("tqc", {"net": [8, 7]}, r"'latent_pi\.2\.weight' has shape \(6, 8\); expected \(7, 8\)"),
        ("td3", {"activation": "gelu"}, "activation is 'gelu'; allowed is tanh, relu"),
        ("recurrent_ppo", {"lstm": 0}, "lstm is 0: input should be greater than or equal to 1"),
        ("recurrent_ppo", {"lstm": 6}, r"'mlp_extractor\.policy_net\.0\.weight' has shape \(6, 5\)"),
        ("ppo", {"head": None}, "head is empty: input should be a valid string"),
        ("ppo", {"use_sde": 1}, "use_sde is 1: input should be true or false"),
        ("ppo", {"use_sde": True}, r"'log_std' has shape \(21,\); expected \(6, 21\)"),
        ("recurrent_ppo", {"lstm": None}, "lstm is missing"),
        ("ppo", {"architecture": "community_actor_critic"}, "community_units is missing"),
        ("ppo", {"format": 2}, "format is 2; this version reads 3"),
        ("ppo", {"format": True}, "format is True"),
        ("ppo", {"kind": "juguo_tree"}, "not a policy"),
        ("ppo", {"net": [10**30]}, "metadata 'juguo_policy': .*has more than 64 bits"),
        ("ppo", {"communities": 10**9}, "communities is 1000000000; allowed is 1 to 1000"),
    ],
)
def test_a_file_whose_parts_do_not_belong_together_is_refused_by_name(
    algorithm: str, change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    setup = experiment(algorithm)
    policy = extract_policy(make_learner(SMALL, setup, seed=3), SMALL, setup, seed=3)
    save_policy(policy, tmp_path / "bad.safetensors")
    forge_policy(tmp_path / "bad.safetensors", lambda metadata: metadata.update(change))
    with pytest.raises(PolicyFileError, match=message):
        load_policy(tmp_path / "bad.safetensors")


@pytest.mark.parametrize(("algorithm", "section"), CASES)
def test_a_learner_begins_with_the_tendency_to_give_up_that_is_set(
    algorithm: str, section: dict[str, Any]
) -> None:
    """The last entry of the mean is higher by the difference of two settings, all others are the same."""

    def means(abandon: float) -> npt.NDArray[np.float64]:
        setup = experiment(algorithm, abandon_init=abandon, **section)
        policy = extract_policy(make_learner(SMALL, setup, 3), SMALL, setup, 3)
        seen = np.random.default_rng(0).normal(size=(5, policy.metadata["observation_size"]))
        memory = policy.begin(5)
        return policy.architecture.step(policy.tensors, policy.metadata, seen.astype(np.float32), memory)[0]

    higher = means(0.25) - means(-0.5)
    np.testing.assert_allclose(higher[:, -1], 0.75, atol=1e-5)
    np.testing.assert_allclose(higher[:, :-1], 0.0, atol=1e-6)
