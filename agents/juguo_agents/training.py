"""Trains one allocator per seed with stable-baselines3's PPO, and keeps the best on selection seeds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize

from juguo_agents.allocators.learned import Learned
from juguo_agents.config import Experiment, Training
from juguo_agents.evaluation import SELECTION_SEEDS, run
from juguo_agents.policy_file import FORMAT, OBS_MEAN, OBS_VAR, Policy
from juguo_agents.sb3_vec_env import BatchVecEnv
from juguo_agents.versions import versions
from juguo_envs.info import REWARD_PARTS
from juguo_envs.scenario import Scenario

ACTIVATION = "tanh"


class Progress(Protocol):
    """Told how far training is."""

    def __call__(self, steps: int, selection: float | None) -> None:
        """`steps` done so far, and the latest mean return on selection seeds."""


@dataclass
class Trained:
    """A trained policy and how it came about.

    Attributes:
        policy: The best on the selection seeds.
        curve: (steps, seconds, mean return on selection seeds) at each selection.
    """

    policy: Policy
    curve: list[tuple[int, float, float]] = field(default_factory=list)


def learning_rate(training: Training) -> float | Callable[[float], float]:
    """The rate, or its schedule over the remaining share of training."""
    ppo = training.ppo
    return (lambda remaining: ppo.learning_rate * remaining) if ppo.anneal else ppo.learning_rate


def make_learner(scenario: Scenario, experiment: Experiment, seed: int) -> PPO:
    """PPO over a batch of societies, with normalised observations and rewards."""
    training, ppo = experiment.training, experiment.training.ppo
    societies = BatchVecEnv(scenario, ppo.envs, seed=seed, noisy=experiment.observe == "noisy")
    venv = VecNormalize(VecMonitor(societies, info_keywords=REWARD_PARTS), gamma=ppo.gamma)
    return PPO(
        "MlpPolicy",
        venv,
        n_steps=ppo.n_steps,
        batch_size=ppo.batch_size,
        n_epochs=ppo.n_epochs,
        learning_rate=learning_rate(training),
        gamma=ppo.gamma,
        gae_lambda=ppo.gae_lambda,
        clip_range=ppo.clip_range,
        ent_coef=ppo.ent_coef,
        vf_coef=ppo.vf_coef,
        max_grad_norm=ppo.max_grad_norm,
        seed=seed,
        device="cpu",
        policy_kwargs={
            "net_arch": {"pi": list(ppo.net), "vf": list(ppo.net)},
            "activation_fn": torch.nn.Tanh,
            "log_std_init": ppo.log_std_init,
        },
    )


def extract_policy(learner: PPO, scenario: Scenario, experiment: Experiment, seed: int) -> Policy:
    """The learner's present policy with its frozen normaliser, ready to be written."""
    venv = learner.get_vec_normalize_env()
    if venv is None or not isinstance(venv.obs_rms, RunningMeanStd):
        raise TypeError("the learner has no normaliser of observations")
    tensors: dict[str, Any] = {
        name: tensor.detach().cpu().numpy().copy() for name, tensor in learner.policy.state_dict().items()
    }
    tensors[OBS_MEAN] = np.array(venv.obs_rms.mean, np.float64)
    tensors[OBS_VAR] = np.array(venv.obs_rms.var, np.float64)
    actions = int(np.prod(learner.action_space.shape or ()))
    metadata = {
        "format": FORMAT,
        "algorithm": "ppo",
        "observation_size": int(tensors[OBS_MEAN].size),
        "action_size": actions,
        "communities": actions - 13,
        "observe": experiment.observe,
        "net": list(experiment.training.ppo.net),
        "activation": ACTIVATION,
        "normaliser": {"clip": float(venv.clip_obs), "epsilon": float(venv.epsilon)},
        "scenario": scenario.model_dump(mode="json"),
        "scenario_digest": scenario.digest(),
        "versions": versions(),
        "training": {
            "seed": seed,
            "steps": int(learner.num_timesteps),
            "config": experiment.model_dump(mode="json"),
        },
    }
    return Policy(tensors, metadata)


class _Watch(BaseCallback):
    """Logs what episodes brought, reports progress, and selects."""

    def __init__(
        self, scenario: Scenario, experiment: Experiment, seed: int, progress: Progress | None
    ) -> None:
        super().__init__()
        self.scenario, self.experiment, self.seed, self.progress = scenario, experiment, seed, progress
        training = experiment.training
        self.every = max(1, training.steps // training.selections)
        self.next_selection = self.every
        self.best = -np.inf
        self.result: Trained | None = None
        self.curve: list[tuple[int, float, float]] = []
        self.begun = time.monotonic()

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        episodes = self.model.ep_info_buffer
        if episodes:
            self.logger.record("juguo/return", float(np.mean([e["r"] for e in episodes])))
            for part in REWARD_PARTS:
                self.logger.record(f"juguo/{part}", float(np.mean([e[part] for e in episodes])))
        if self.num_timesteps >= self.next_selection:
            self.next_selection += self.every
            self.select()
        if self.progress:
            self.progress(self.num_timesteps, self.curve[-1][2] if self.curve else None)

    def select(self) -> None:
        """Evaluate on the selection seeds; keep the policy if it is the best so far."""
        if not isinstance(self.model, PPO):
            raise TypeError("the callback watches PPO only")
        policy = extract_policy(self.model, self.scenario, self.experiment, self.seed)
        count = self.experiment.training.selection_episodes
        seeds = np.arange(SELECTION_SEEDS, SELECTION_SEEDS + count, dtype=np.uint64)
        record = run(Learned(policy, "learned"), self.scenario, seeds, observe=self.experiment.observe)
        mean = float(record.returns.mean())
        self.curve.append((self.num_timesteps, time.monotonic() - self.begun, mean))
        self.logger.record("selection/return", mean)
        for part in REWARD_PARTS:
            self.logger.record(f"selection/{part}", float(getattr(record, part).mean()))
        if mean > self.best:
            self.best = mean
            policy.metadata["training"]["selection_return"] = mean
            self.result = Trained(policy)

    def finish(self) -> Trained:
        """The best policy and the whole curve."""
        if not self.curve or self.curve[-1][0] < self.num_timesteps:
            self.select()
        if self.result is None:
            raise FloatingPointError(
                f"training seed {self.seed}: no selection return is a number; "
                "lower training.ppo.learning_rate"
            )
        self.result.curve = self.curve
        return self.result


def train_seed(
    experiment: Experiment,
    scenario: Scenario,
    seed: int,
    *,
    tensorboard: Path | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train one allocator.

    Args:
        experiment: What to train and how.
        scenario: The world to select in, overrides applied; training is in
            `experiment.training_world(scenario)`.
        seed: Training seed; with the same versions it fixes the policy.
        tensorboard: Folder of the event file; none is written by default.
        progress: Told after every update.
    """
    torch.set_num_threads(1)  # a second thread gains nothing for small networks, and starves the other seed
    learner = make_learner(experiment.training_world(scenario), experiment, seed)
    outputs = [TensorBoardOutputFormat(str(tensorboard))] if tensorboard else []
    learner.set_logger(Logger(str(tensorboard) if tensorboard else None, list(outputs)))
    watch = _Watch(scenario, experiment, seed, progress)
    learner.learn(experiment.training.steps, callback=watch)
    trained = watch.finish()
    for output in outputs:
        output.close()
    return trained
