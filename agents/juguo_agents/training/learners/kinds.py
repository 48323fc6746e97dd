"""Learners by the name of their algorithm: made from a configuration, and turned into policy files."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv, VecMonitor, VecNormalize

from juguo_agents.artifacts.policy import OBS_MEAN, OBS_VAR, SHOWN, Policy, spaces_of
from juguo_agents.artifacts.policy_file import FORMAT, KEY
from juguo_agents.provenance import MODEL, versions
from juguo_agents.training.config import Experiment
from juguo_agents.training.experts import find_experts
from juguo_agents.training.learners.base import Kind, normaliser_of
from juguo_agents.training.learners.constraint import Multiplier
from juguo_agents.training.learners.device import check_device
from juguo_agents.training.learners.imitation import imitate
from juguo_agents.training.learners.leave_one_out import LeaveOneOut
from juguo_agents.training.learners.settings import LearnerSettings
from juguo_agents.training.provenance import run_identity
from juguo_agents.training.sb3_vec_env import BatchVecEnv
from juguo_envs.info import REWARD_PARTS
from juguo_envs.spaces.context import ContextLayout
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

AnyKind = Kind[Any, Any]


def kind_of(algorithm: str) -> AnyKind:
    """What there is to know of an algorithm's learners; only the module of that name is imported."""
    kind: AnyKind = import_module(f"juguo_agents.training.learners.{algorithm}").KIND
    return kind


def make_learner(scenario: Scenario, experiment: Experiment, seed: int, threads: int = 1) -> BaseAlgorithm:
    """A learner over a batch of societies, with normalised observations and rewards.

    Raises:
        ConfigError: If torch cannot use the device that is set.
    """
    check_device(experiment.training)
    settings = experiment.training.settings
    kind = kind_of(experiment.training.algorithm)
    constraint = experiment.training.constraint
    societies = BatchVecEnv(
        experiment.worlds(scenario),
        settings.envs,
        experiment.observation,
        seed=seed,
        threads=threads,
        multiplier=Multiplier(constraint) if constraint else None,
        per_weight=experiment.training.per_weight,
        paired=kind.paired(settings),
    )
    venv = normalised(societies, settings)
    with warnings.catch_warnings():
        # the library advises against small networks on a device; whoever sets it has read our figures on that
        warnings.filterwarnings("ignore", message="You are trying to run .* on the GPU")
        learner: BaseAlgorithm = kind.make(settings, venv, seed, experiment.training.device)
    return learner


def normalised(societies: BatchVecEnv, settings: LearnerSettings) -> VecNormalize:
    """What a learner sees: monitored, with relative rewards where societies are paired, and normalised."""
    venv: VecEnv = VecMonitor(societies, info_keywords=REWARD_PARTS)
    if societies.paired > 1:
        venv = LeaveOneOut(venv, societies.paired)
    return VecNormalize(venv, gamma=settings.gamma)


def begin_at_expert(
    learner: BaseAlgorithm, experiment: Experiment, scenario: Scenario, seed: int, expert: str
) -> None:
    """Let a fresh learner imitate an expert, or a panel of them, by name.

    Raises:
        UserError: If there is no such allocator, or more than one.
    """
    if not isinstance(learner, PPO):
        raise TypeError("only PPO begins at an expert")
    worlds = experiment.worlds(experiment.training_world(scenario))
    experts = find_experts(expert, worlds)
    imitate(learner, experts, experiment.observation, seed)


def extract_policy(learner: BaseAlgorithm, scenario: Scenario, experiment: Experiment, seed: int) -> Policy:
    """The learner's present policy with its frozen normaliser, ready to be written."""
    normaliser, moments = normaliser_of(learner)
    training = experiment.training
    kind = kind_of(training.algorithm)
    tensors: dict[str, Any] = {
        name: tensor.detach().cpu().numpy().copy() for name, tensor in kind.tensors(learner).items()
    }
    tensors[OBS_MEAN] = np.array(moments.mean, np.float64)
    tensors[OBS_VAR] = np.array(moments.var, np.float64)
    actions = int(np.prod(learner.action_space.shape or ()))
    communities = len(scenario.society.listed())
    layout = ContextLayout(communities, experiment.observation)
    worlds = experiment.worlds(scenario)
    metadata = {
        "kind": KEY,
        "format": FORMAT,
        "model": MODEL,
        "of": run_identity(experiment, scenario),
        "algorithm": training.algorithm,
        "observation_size": int(tensors[OBS_MEAN].size),
        "action_size": actions,
        "communities": communities,
        "spaces": spaces_of(layout, actions),
        SHOWN: experiment.shown.model_dump(mode="json"),
        "family": worlds.as_json() if isinstance(worlds, Family) else None,
        "observe": experiment.observe,
        **kind.described(training.settings),
        "normaliser": {"clip": float(normaliser.clip_obs), "epsilon": float(normaliser.epsilon)},
        "scenario": scenario.model_dump(mode="json"),
        "scenario_digest": scenario.digest(),
        "versions": versions(),
        "training": {
            "seed": seed,
            "steps": int(learner.num_timesteps),
            "config": experiment.model_dump(mode="json"),
            **_constrained(learner),
        },
    }
    return Policy(tensors, metadata)


def multiplier_of(learner: BaseAlgorithm) -> Multiplier | None:
    """The multiplier with which a learner holds a limit, where it has one."""
    venv = learner.get_env()
    societies = venv.unwrapped if venv is not None else None
    return societies.multiplier if isinstance(societies, BatchVecEnv) else None


def _constrained(learner: BaseAlgorithm) -> dict[str, float]:
    multiplier = multiplier_of(learner)
    return {"multiplier": multiplier.value} if multiplier else {}
