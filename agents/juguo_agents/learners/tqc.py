"""Truncated quantile critics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sb3_contrib import TQC
from sb3_contrib.tqc.policies import Actor
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.common.vec_env import VecEnv

from juguo_agents.heads import HEADS
from juguo_agents.learners.base import begin_without_giving_up, latent_space, observation_space
from juguo_agents.learners.off_policy import EntropicKind, arguments
from juguo_agents.learners.settings import Tqc


class TqcKind(EntropicKind[TQC, Tqc]):
    """sb3-contrib's."""

    network = {"architecture": "squashed_actor", "head": "tanh", "activation": "relu"}  # noqa: RUF012

    def make(self, settings: Tqc, venv: VecEnv, seed: int) -> TQC:
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
            **arguments(settings),
        )
        begin_without_giving_up(learner.actor.mu, settings.abandon_init)
        return learner

    def rebuilt(self, metadata: Mapping[str, Any]) -> Actor:
        """The actor."""
        seen, net = observation_space(metadata), [int(units) for units in metadata["net"]]
        space = latent_space(metadata, HEADS["tanh"])
        return Actor(seen, space, net, FlattenExtractor(seen), int(metadata["observation_size"]))


KIND = TqcKind()
