"""Soft actor-critic."""

from __future__ import annotations

from stable_baselines3 import SAC
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.sac.policies import Actor

from juguo_agents.training.learners.base import set_abandon_bias
from juguo_agents.training.learners.off_policy import EntropicKind, arguments
from juguo_agents.training.learners.settings import Sac


class SacKind(EntropicKind[SAC, Sac]):
    """stable-baselines3's."""

    network = {"architecture": "squashed_actor", "head": "tanh", "activation": "relu"}  # noqa: RUF012
    actor = Actor

    def make(self, settings: Sac, venv: VecEnv, seed: int, device: str = "cpu") -> SAC:
        """With two critics."""
        learner = SAC(
            "MlpPolicy",
            venv,
            seed=seed,
            ent_coef=settings.ent_coef,
            policy_kwargs={"net_arch": list(settings.net)},
            **arguments(settings, device),
        )
        set_abandon_bias(learner.actor.mu, settings.abandon_init)
        return learner


KIND = SacKind()
