"""Twin delayed deterministic policy gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3 import TD3
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.td3.policies import Actor

from juguo_agents.training.learners.off_policy import OffPolicyKind
from juguo_agents.training.learners.settings import Td3


class Td3Kind(OffPolicyKind[TD3, Td3]):
    """stable-baselines3's."""

    network = {"architecture": "deterministic_actor", "head": "tanh", "activation": "relu"}  # noqa: RUF012
    learner, actor = TD3, Actor

    def own(self, settings: Td3, venv: VecEnv) -> dict[str, Any]:
        """Gaussian noise, independent in every entry and quarter, on what is explored; delay and noise."""
        size = venv.action_space.shape or ()
        noise = NormalActionNoise(np.zeros(size), np.full(size, settings.action_noise))
        names = ("policy_delay", "target_policy_noise", "target_noise_clip")
        return {"action_noise": noise, **{name: getattr(settings, name) for name in names}}

    def last_layers(self, learner: TD3) -> list[Any]:
        """A hyperbolic tangent comes last."""
        return [learner.actor.mu[-2], learner.actor_target.mu[-2]]


KIND = Td3Kind()
