"""PPO's policy for any number of communities, as stable-baselines3 takes it, and what normalises for it.

`juguo_agents.artifacts.networks.CommunityActorCritic` tells what it does, and runs it without torch.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from stable_baselines3.common.distributions import DiagGaussianDistribution, Distribution
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.torch_layers import create_mlp
from stable_baselines3.common.type_aliases import Schedule
from torch import nn

from juguo_agents.artifacts.community_entries import CommunityEntries
from juguo_envs.model.state import N_REQUESTS, N_SHARES

Latent = tuple[torch.Tensor, torch.Tensor]
"""Of an actor: the last hidden layer (n, net[-1]), and the communities' codes (n, R, units)."""


class _Encoder(nn.Module):
    """From observations to a code of every community."""

    def __init__(self, entries: CommunityEntries, units: int, net: list[int], activation: type[nn.Module]):
        super().__init__()
        own, others = entries.of_each.shape[1], len(entries.of_whole)
        self.community = nn.Linear(own, units, bias=False)
        self.programme = nn.Linear(others, units)
        self.activation = activation()
        self.hidden = nn.Sequential(*create_mlp(units + others, -1, net, activation))

    def forward(self, own: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        """(n, R, D) and (n, G) in, (n, R, units) out."""
        found: torch.Tensor = self.activation(self.community(own) + self.programme(others).unsqueeze(1))
        return found


class _Extractor(nn.Module):
    """The hidden layers of actor and critic; what encodes the communities learns from the actor alone."""

    def __init__(self, entries: CommunityEntries, units: int, net: list[int], activation: type[nn.Module]):
        super().__init__()
        self.of_each: torch.Tensor
        self.of_whole: torch.Tensor
        self.register_buffer("of_each", torch.from_numpy(entries.of_each.ravel()), persistent=False)
        self.register_buffer("of_whole", torch.from_numpy(entries.of_whole), persistent=False)
        self.shape = entries.of_each.shape
        self.policy_net = _Encoder(entries, units, net, activation)
        width = units + self.shape[1] + len(entries.of_whole)
        self.value_net = nn.Sequential(*create_mlp(width, -1, net, activation))

    def forward(self, x: torch.Tensor) -> tuple[Latent, torch.Tensor]:
        """What the actor's and what the critic's last layers get."""
        own, others = self._parted(x)
        code = self.policy_net(own, others)
        return self._actor(code, others), self._critic(code, own, others)

    def forward_actor(self, x: torch.Tensor) -> Latent:
        """The last hidden layer, and the communities' codes."""
        own, others = self._parted(x)
        return self._actor(self.policy_net(own, others), others)

    def forward_critic(self, x: torch.Tensor) -> torch.Tensor:
        """The last hidden layer."""
        own, others = self._parted(x)
        return self._critic(self.policy_net(own, others), own, others)

    def _parted(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x.index_select(1, self.of_each).view(-1, *self.shape), x.index_select(1, self.of_whole)

    def _actor(self, code: torch.Tensor, others: torch.Tensor) -> Latent:
        return self.policy_net.hidden(torch.cat([code.mean(1), others], 1)), code

    def _critic(self, code: torch.Tensor, own: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.value_net(torch.cat([code.detach().mean(1), own.mean(1), others], 1))
        return found


class _Actions(nn.Module):
    """The mean latent actions of what an actor's hidden layers give."""

    def __init__(self, units: int, width: int, activation: type[nn.Module]):
        super().__init__()
        self.programme = nn.Linear(width, N_SHARES + N_REQUESTS)
        self.code = nn.Linear(units, units, bias=False)
        self.hidden = nn.Linear(width, units)
        self.community = nn.Linear(units, 1)
        self.activation = activation()

    def forward(self, latent: Latent) -> torch.Tensor:
        """(n, 10 + R + 3)."""
        hidden, code = latent
        of_each = self.activation(self.code(code) + self.hidden(hidden).unsqueeze(1))
        shares, requests = self.programme(hidden).split([N_SHARES, N_REQUESTS], 1)
        return torch.cat([shares, self.community(of_each).squeeze(2), requests], 1)


class CommunityPolicy(ActorCriticPolicy):
    """Actor and critic that treat communities alike; the noise of their actions has one spread, too."""

    def __init__(self, *spaces: Any, entries: CommunityEntries, community_units: int, **rest: Any) -> None:
        """As the library's, of observations with these entries."""
        self.entries, self.community_units = entries, community_units
        super().__init__(*spaces, **rest)

    def _build(self, lr_schedule: Schedule) -> None:
        hidden: Any = self.net_arch  # by its type a list, too, which it is not here
        units, net, communities = self.community_units, hidden["pi"], self.entries.communities
        extractor: Any = _Extractor(self.entries, units, net, self.activation_fn)
        actions = _Actions(units, net[-1], self.activation_fn)
        self.mlp_extractor, self.action_net = extractor, actions
        self.value_net = nn.Linear(net[-1], 1)
        self.log_std = nn.Parameter(torch.full((N_SHARES + 1 + N_REQUESTS,), self.log_std_init))
        spread_of = [
            *range(N_SHARES),
            *[N_SHARES] * communities,
            *range(N_SHARES + 1, N_SHARES + 1 + N_REQUESTS),
        ]
        self.spread_of: torch.Tensor
        self.register_buffer("spread_of", torch.tensor(spread_of), persistent=False)
        # as the library begins: orthogonal, small actions
        for module, gain in ((extractor, np.sqrt(2)), (actions, np.sqrt(2)), (self.value_net, 1.0),
                             (actions.programme, 0.01), (actions.community, 0.01)):  # fmt: skip
            module.apply(partial(self.init_weights, gain=gain))
        optimizer: Any = self.optimizer_class  # torch's base class knows no rate, each optimizer does
        self.optimizer = optimizer(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)

    def _get_action_dist_from_latent(self, latent_pi: torch.Tensor) -> Distribution:
        assert isinstance(self.action_dist, DiagGaussianDistribution)
        return self.action_dist.proba_distribution(self.action_net(latent_pi), self.log_std[self.spread_of])


class CommunityMoments(RunningMeanStd):
    """Running moments that are the same for all communities: those of what any of them shows."""

    def __init__(self, entries: CommunityEntries, size: int) -> None:
        """For observations of that size with these entries."""
        super().__init__(shape=(size,))
        self.entries = entries

    def update_from_moments(
        self,
        batch_mean: npt.NDArray[np.float64],
        batch_var: npt.NDArray[np.float64],
        batch_count: float,
    ) -> None:
        """Take the moments of further observations."""
        each = self.entries.of_each
        mean, var = np.array(batch_mean, np.float64), np.array(batch_var, np.float64)
        mean[each] = batch_mean[each].mean(0)
        var[each] = batch_var[each].mean(0) + batch_mean[each].var(0)
        super().update_from_moments(mean, var, batch_count)
