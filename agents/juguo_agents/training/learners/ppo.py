"""Proximal policy optimisation."""

from __future__ import annotations

from stable_baselines3 import PPO
from stable_baselines3.common.policies import ActorCriticPolicy

from juguo_agents.training.learners.on_policy import OnPolicyKind
from juguo_agents.training.learners.settings import Ppo


class PpoKind(OnPolicyKind[PPO, Ppo]):
    """stable-baselines3's, with a multilayer perceptron each for actor and critic."""

    network = {"architecture": "actor_critic", "head": "gaussian", "activation": "tanh"}  # noqa: RUF012
    learner, policy, named = PPO, ActorCriticPolicy, "MlpPolicy"


KIND = PpoKind()
