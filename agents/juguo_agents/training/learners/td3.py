"""Twin delayed deterministic policy gradient."""

from __future__ import annotations

import numpy as np
from stable_baselines3 import TD3
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.td3.policies import Actor

from juguo_agents.training.learners.base import set_abandon_bias
from juguo_agents.training.learners.off_policy import OffPolicyKind, arguments
from juguo_agents.training.learners.settings import Td3


class Td3Kind(OffPolicyKind[TD3, Td3]):
    """stable-baselines3's."""

    network = {"architecture": "deterministic_actor", "head": "tanh", "activation": "relu"}  # noqa: RUF012
    actor = Actor

    def make(self, settings: Td3, venv: VecEnv, seed: int, device: str = "cpu") -> TD3:
        """With Gaussian noise, independent in every entry and quarter, on what is explored."""
        size = venv.action_space.shape or ()
        noise = NormalActionNoise(np.zeros(size), np.full(size, settings.action_noise))
        learner = TD3(
            "MlpPolicy",
            venv,
            seed=seed,
            action_noise=noise,
            policy_delay=settings.policy_delay,
            target_policy_noise=settings.target_policy_noise,
            target_noise_clip=settings.target_noise_clip,
            policy_kwargs={"net_arch": list(settings.net)},
            **arguments(settings, device),
        )
        for actor in (learner.actor, learner.actor_target):
            set_abandon_bias(actor.mu[-2], settings.abandon_init)  # a hyperbolic tangent comes last
        return learner


KIND = Td3Kind()
