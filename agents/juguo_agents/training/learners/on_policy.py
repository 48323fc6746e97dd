"""What PPO and its recurrent sister share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.vec_env import VecEnv

from juguo_agents.training.checkpoint import Arrays
from juguo_agents.training.learners.base import (
    Kind,
    action_space,
    arguments,
    array_like,
    observation_space,
    set_abandon_bias,
)
from juguo_agents.training.learners.settings import _OnPolicy

L = TypeVar("L", bound=OnPolicyAlgorithm)
S = TypeVar("S", bound=_OnPolicy)


_NAMES = (
    "n_steps", "batch_size", "n_epochs", "gamma", "gae_lambda", "clip_range", "ent_coef", "vf_coef",
    "max_grad_norm", "use_sde",
)  # fmt: skip
"""Settings that the libraries call so, too."""


class OnPolicyKind(Kind[L, S]):
    """Between two updates nothing is kept but where the societies stand: the rollout is used up.

    Attributes:
        learner, policy: The library's.
        named: The policy's name there.
    """

    learner: type[L]
    policy: type[ActorCriticPolicy]
    named: str

    def sizes(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Further sizes of the networks, by the library's names, from settings or from a policy file."""
        return {}

    def make(self, settings: S, venv: VecEnv, seed: int, device: str = "cpu") -> L:
        """With equal networks for actor and critic."""
        own = {"log_std_init": settings.log_std_init, **self.sizes(settings.model_dump())}
        # noise is drawn once more when a rollout begins, from what a resumed training puts back just before
        how = {**arguments(settings, _NAMES, device), "sde_sample_freq": settings.n_steps}
        networks = {**_networks(settings.net), **own}
        learner = self.learner(self.named, venv, seed=seed, policy_kwargs=networks, **how)
        policy: Any = learner.policy
        set_abandon_bias(policy.action_net, settings.abandon_init)
        return learner

    def rebuilt(self, metadata: Mapping[str, Any]) -> BasePolicy:
        """Actor and critic."""
        networks = {**_networks(metadata["net"]), "use_sde": metadata["use_sde"], **self.sizes(metadata)}
        spaces = observation_space(metadata), action_space(metadata)
        return self.policy(*spaces, lr_schedule=lambda _: 0.0, **networks)

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


def _networks(net: Iterable[int]) -> dict[str, Any]:
    units = [int(count) for count in net]
    return {"net_arch": {"pi": units, "vf": list(units)}, "activation_fn": torch.nn.Tanh}
