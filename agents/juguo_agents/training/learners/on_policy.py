"""What PPO and its recurrent sister share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
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
from juguo_agents.training.sb3_vec_env import BatchVecEnv

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
        learner: The library's.
    """

    learner: type[L]

    @abstractmethod
    def policy(self, told: Mapping[str, Any]) -> type[ActorCriticPolicy]:
        """The library's policy, from what a policy file tells of the network."""

    def own(self, told: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        """Its further arguments, by the library's names, from that and the names of what is seen."""
        return {}

    def learning(
        self, settings: S, told: Mapping[str, Any], names: Sequence[str]
    ) -> tuple[type[ActorCriticPolicy], dict[str, Any]]:
        """The library's policy that learns, and its further arguments; by default as it is rebuilt."""
        return self.policy(told), self.own(told, names)

    def last_layer(self, learner: L) -> torch.nn.Module:
        """The actor's, whose last bias is that of `abandon`."""
        policy: Any = learner.policy
        found: torch.nn.Module = policy.action_net
        return found

    def make(self, settings: S, venv: VecEnv, seed: int, device: str = "cpu") -> L:
        """With equal networks for actor and critic."""
        told, societies = self.described(settings), venv.unwrapped
        names = societies.batch.layout.names() if isinstance(societies, BatchVecEnv) else ()
        # noise is drawn once more when a rollout begins, from what a resumed training puts back just before
        how = {**arguments(settings, _NAMES, device), "sde_sample_freq": settings.n_steps}
        policy, own = self.learning(settings, told, names)
        networks = {**_networks(settings.net), "log_std_init": settings.log_std_init, **own}
        learner = self.learner(policy, venv, seed=seed, policy_kwargs=networks, **how)
        set_abandon_bias(self.last_layer(learner), settings.abandon_init)
        return learner

    def rebuilt(self, metadata: Mapping[str, Any]) -> BasePolicy:
        """Actor and critic."""
        own = self.own(metadata, metadata["spaces"]["observation"]["names"])
        networks = {**_networks(metadata["net"]), "use_sde": metadata.get("use_sde", False), **own}
        spaces = observation_space(metadata), action_space(metadata)
        return self.policy(metadata)(*spaces, lr_schedule=lambda _: 0.0, **networks)

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
