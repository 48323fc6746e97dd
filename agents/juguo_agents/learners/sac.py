"""Soft actor-critic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stable_baselines3 import SAC
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.sac.policies import Actor

from juguo_agents.heads import HEADS
from juguo_agents.learners.base import begin_without_giving_up, latent_space, observation_space
from juguo_agents.learners.off_policy import EntropicKind, arguments
from juguo_agents.learners.settings import Sac


class SacKind(EntropicKind[SAC, Sac]):
    """stable-baselines3's."""

    network = {"architecture": "squashed_actor", "head": "tanh", "activation": "relu"}  # noqa: RUF012

    def make(self, settings: Sac, venv: VecEnv, seed: int) -> SAC:
        """With two critics."""
        learner = SAC(
            "MlpPolicy",
            venv,
            seed=seed,
            ent_coef=settings.ent_coef,
            policy_kwargs={"net_arch": list(settings.net)},
            **arguments(settings),
        )
        begin_without_giving_up(learner.actor.mu, settings.abandon_init)
        return learner

    def rebuilt(self, metadata: Mapping[str, Any]) -> Actor:
        """The actor."""
        seen, net = observation_space(metadata), [int(units) for units in metadata["net"]]
        space = latent_space(metadata, HEADS["tanh"])
        return Actor(seen, space, net, FlattenExtractor(seen), int(metadata["observation_size"]))


KIND = SacKind()
