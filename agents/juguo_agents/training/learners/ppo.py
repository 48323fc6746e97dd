"""Proximal policy optimisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.vec_env import VecEnv

from juguo_agents.training.learners.base import action_space, observation_space, set_abandon_bias
from juguo_agents.training.learners.on_policy import OnPolicyKind, arguments, networks
from juguo_agents.training.learners.settings import Ppo


class PpoKind(OnPolicyKind[PPO, Ppo]):
    """stable-baselines3's."""

    network = {"architecture": "actor_critic", "head": "gaussian", "activation": "tanh"}  # noqa: RUF012

    def make(self, settings: Ppo, venv: VecEnv, seed: int, device: str = "cpu") -> PPO:
        """With a multilayer perceptron each for actor and critic."""
        learner = PPO(
            "MlpPolicy", venv, seed=seed, policy_kwargs=networks(settings), **arguments(settings, device)
        )
        set_abandon_bias(learner.policy.action_net, settings.abandon_init)
        return learner

    def rebuilt(self, metadata: Mapping[str, Any]) -> ActorCriticPolicy:
        """Actor and critic."""
        net = [int(units) for units in metadata["net"]]
        return ActorCriticPolicy(
            observation_space(metadata),
            action_space(metadata),
            lr_schedule=lambda _: 0.0,
            net_arch={"pi": net, "vf": net},
            activation_fn=torch.nn.Tanh,
            use_sde=metadata["use_sde"],
        )


KIND = PpoKind()
