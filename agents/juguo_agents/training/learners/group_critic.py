"""PPO's policy whose critic also sees how a society differs from the others that live the same episode.

Rewards are relative to the others of a group (`leave_one_out`), so what is still to come depends on how a
society stands beside them. An observation alone does not tell that. The actor never sees it (an asymmetric
critic, as in Pinto et al. 2018). A policy file has the critic of a society that is like its group.

What the others do depends on no decision of a society's own, so as a part of the baseline it adds no bias.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import create_mlp
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn
from torch import nn

from juguo_agents.array_types import Singles
from juguo_agents.training.learners.leave_one_out import leave_one_out

SCALE = np.float32(2.0)
"""Observations are normalised over all episodes; within one, societies differ about half as much."""
FIRST_OF_CRITIC = "mlp_extractor.value_net.0.weight"
"""The weights of what the critic sees."""


class GroupDifferences(VecEnvWrapper):
    """Shows after each observation how it differs from those of the others of its group."""

    def __init__(self, venv: VecEnv, group: int, entries: int) -> None:
        """Take normalised environments, runs of `group` of which meet the same episodes.

        Args:
            venv: The environments.
            group: Societies that live one episode.
            entries: How many of an observation are compared; those after them are the same in a group.
        """
        self.group, self.entries = group, entries
        size = int(np.prod(venv.observation_space.shape or ())) + entries
        super().__init__(venv, spaces.Box(-np.inf, np.inf, (size,), np.float32))

    def reset(self) -> VecEnvObs:
        """With the differences, all of them 0."""
        return self._with_differences(self.venv.reset())

    def step_wait(self) -> VecEnvStepReturn:
        """With the differences."""
        observation, reward, done, infos = self.venv.step_wait()
        return self._with_differences(observation), reward, done, infos

    def _with_differences(self, observation: VecEnvObs) -> Singles:
        assert isinstance(observation, np.ndarray)
        differences = SCALE * leave_one_out(observation[:, : self.entries], self.group)
        return np.concatenate([observation, differences], 1)


class _Extractor(nn.Module):
    """The hidden layers of actor and critic; the actor's get the first `size` entries only."""

    def __init__(self, size: int, width: int, net: list[int], activation: type[nn.Module]) -> None:
        super().__init__()
        self.size = size
        self.policy_net = nn.Sequential(*create_mlp(size, -1, net, activation))
        self.value_net = nn.Sequential(*create_mlp(width, -1, net, activation))
        self.latent_dim_pi = self.latent_dim_vf = net[-1]

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What the actor's and what the critic's last layers get."""
        return self.forward_actor(x), self.forward_critic(x)

    def forward_actor(self, x: torch.Tensor) -> torch.Tensor:
        """The last hidden layer, of (n, `size` or more)."""
        found: torch.Tensor = self.policy_net(x[:, : self.size])
        return found

    def forward_critic(self, x: torch.Tensor) -> torch.Tensor:
        """The last hidden layer, of (n, width)."""
        found: torch.Tensor = self.value_net(x)
        return found


class GroupCriticPolicy(ActorCriticPolicy):
    """The library's, with tensors of the same names; its critic's first layer is wider."""

    def __init__(self, *spaces: Any, seen: int, **rest: Any) -> None:
        """As the library's; the actor sees the first `seen` entries."""
        self.seen = seen
        super().__init__(*spaces, **rest)

    def _build_mlp_extractor(self) -> None:
        hidden: Any = self.net_arch  # by its type a list, too, which it is not here
        extractor: Any = _Extractor(self.seen, self.features_dim, hidden["pi"], self.activation_fn)
        self.mlp_extractor = extractor.to(self.device)

    def alone(self) -> dict[str, torch.Tensor]:
        """Its tensors as those of a policy of which each society is like the others: no differences."""
        tensors = dict(self.state_dict())
        tensors[FIRST_OF_CRITIC] = tensors[FIRST_OF_CRITIC][:, : self.seen]
        return tensors
