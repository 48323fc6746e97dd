"""What PPO and its recurrent sister share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from juguo_agents.training.checkpoint import Arrays
from juguo_agents.training.learners.base import Kind, array_like, rate
from juguo_agents.training.learners.settings import _OnPolicy

L = TypeVar("L", bound=OnPolicyAlgorithm)
S = TypeVar("S", bound=_OnPolicy)


class OnPolicyKind(Kind[L, S]):
    """Between two updates nothing is kept but where the societies stand: the rollout is used up."""

    def paired(self, settings: S) -> int:
        """As it is set."""
        return settings.paired

    def described(self, settings: S) -> dict[str, Any]:
        """With the noise."""
        return {**super().described(settings), "use_sde": settings.use_sde}

    def acting(self, learner: L) -> torch.nn.Module:
        """Actor and critic."""
        return learner.policy

    def optimisers(self, learner: L) -> dict[str, torch.optim.Optimizer]:
        """One for both."""
        return {"policy": learner.policy.optimizer}

    def capture(self, learner: L, arrays: Arrays) -> dict[str, Any]:
        """Whether episodes have just begun."""
        arrays["learner.last_episode_starts"] = np.array(learner._last_episode_starts)
        return {}

    def restore(self, learner: L, values: Mapping[str, Any], arrays: Arrays) -> None:
        """Put that back."""
        like = np.zeros(learner.n_envs, np.bool_)
        learner._last_episode_starts = array_like(arrays, "learner.last_episode_starts", like)


def arguments(settings: _OnPolicy, device: str) -> dict[str, Any]:
    """The settings and the device by the libraries' names."""
    return {
        "n_steps": settings.n_steps,
        "batch_size": settings.batch_size,
        "n_epochs": settings.n_epochs,
        "learning_rate": rate(settings),
        "gamma": settings.gamma,
        "gae_lambda": settings.gae_lambda,
        "clip_range": settings.clip_range,
        "ent_coef": settings.ent_coef,
        "vf_coef": settings.vf_coef,
        "max_grad_norm": settings.max_grad_norm,
        "use_sde": settings.use_sde,
        # drawn once more when a rollout begins, from what a resumed training puts back just before
        "sde_sample_freq": settings.n_steps,
        "device": device,
    }


def networks(settings: _OnPolicy) -> dict[str, Any]:
    """The networks likewise."""
    return {
        "net_arch": {"pi": list(settings.net), "vf": list(settings.net)},
        "activation_fn": torch.nn.Tanh,
        "log_std_init": settings.log_std_init,
    }
