"""Proximal policy optimisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.vec_env import VecEnv

from juguo_agents.artifacts.community_entries import CommunityEntries
from juguo_agents.artifacts.networks import CommunityActorCritic
from juguo_agents.training.learners.base import normaliser_of
from juguo_agents.training.learners.community_policy import CommunityMoments, CommunityPolicy
from juguo_agents.training.learners.group_critic import GroupCriticPolicy, GroupDifferences
from juguo_agents.training.learners.on_policy import OnPolicyKind
from juguo_agents.training.learners.settings import Ppo
from juguo_agents.training.sb3_vec_env import BatchVecEnv
from juguo_envs.spaces.observation import ObservationLayout

COMMUNITY_UNITS = 32
"""Units of each layer that encodes a community, where the network is one of communities."""


class PpoKind(OnPolicyKind[PPO, Ppo]):
    """stable-baselines3's, with a multilayer perceptron or a network of communities for actor and critic."""

    network = {"architecture": "actor_critic", "head": "gaussian", "activation": "tanh"}  # noqa: RUF012
    learner = PPO

    def make(self, settings: Ppo, venv: VecEnv, seed: int, device: str = "cpu") -> PPO:
        """A network over communities normalises what they show alike, too; a critic may see the group."""
        societies = venv.unwrapped
        if settings.critic == "group" and isinstance(societies, BatchVecEnv):
            compared = ObservationLayout(societies.batch.layout.communities).size
            venv = GroupDifferences(venv, settings.paired, compared)
        learner = super().make(settings, venv, seed, device)
        if isinstance(learner.policy, CommunityPolicy):
            normaliser, moments = normaliser_of(learner)
            alike = CommunityMoments(learner.policy.entries, moments.mean.size)
            normaliser.obs_rms = alike  # type: ignore[assignment]  # the library's is inferred from elsewhere
        return learner

    def described(self, settings: Ppo) -> dict[str, Any]:
        """With the size of what encodes a community, in the place of the kind of noise."""
        told = super().described(settings)
        if settings.network == "communities":
            del told["use_sde"]
            told |= {"architecture": CommunityActorCritic.name, "community_units": COMMUNITY_UNITS}
        return told

    def policy(self, told: Mapping[str, Any]) -> type[ActorCriticPolicy]:
        """By its architecture."""
        return CommunityPolicy if told["architecture"] == CommunityActorCritic.name else ActorCriticPolicy

    def own(self, told: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        """Which entries are a community's."""
        if told["architecture"] != CommunityActorCritic.name:
            return {}
        return {"entries": CommunityEntries.of(names), "community_units": int(told["community_units"])}

    def learning(
        self, settings: Ppo, told: Mapping[str, Any], names: Sequence[str]
    ) -> tuple[type[ActorCriticPolicy], dict[str, Any]]:
        """With a critic that sees the group, where it is set so."""
        if settings.critic == "group":
            return GroupCriticPolicy, {"seen": len(names)}
        return super().learning(settings, told, names)

    def tensors(self, learner: PPO) -> dict[str, torch.Tensor]:
        """Nothing of what only a critic that sees the group has."""
        policy = learner.policy
        return policy.alone() if isinstance(policy, GroupCriticPolicy) else super().tensors(learner)

    def last_layer(self, learner: PPO) -> torch.nn.Module:
        """Of a network over communities, that of the actions of the programme."""
        last: Any = super().last_layer(learner)
        found: torch.nn.Module = last.programme if isinstance(learner.policy, CommunityPolicy) else last
        return found


KIND = PpoKind()
