"""Truncated quantile critics."""

from __future__ import annotations

from sb3_contrib import TQC
from sb3_contrib.tqc.policies import Actor
from stable_baselines3.common.vec_env import VecEnv

from juguo_agents.training.learners.base import set_abandon_bias
from juguo_agents.training.learners.off_policy import EntropicKind, arguments
from juguo_agents.training.learners.settings import Tqc


class TqcKind(EntropicKind[TQC, Tqc]):
    """sb3-contrib's."""

    network = {"architecture": "squashed_actor", "head": "tanh", "activation": "relu"}  # noqa: RUF012
    actor = Actor

    def make(self, settings: Tqc, venv: VecEnv, seed: int, device: str = "cpu") -> TQC:
        """With critics of quantiles."""
        learner = TQC(
            "MlpPolicy",
            venv,
            seed=seed,
            ent_coef=settings.ent_coef,
            top_quantiles_to_drop_per_net=settings.top_quantiles_to_drop,
            policy_kwargs={
                "net_arch": list(settings.net),
                "n_quantiles": settings.n_quantiles,
                "n_critics": settings.n_critics,
            },
            **arguments(settings, device),
        )
        set_abandon_bias(learner.actor.mu, settings.abandon_init)
        return learner


KIND = TqcKind()
