"""What SAC, TD3 and TQC share: they learn from what they remember of many rollouts.

The memory holds observations and rewards as they were; they are normalised when they are drawn, by what the
normaliser knows then. Episodes end and are never cut off, so what follows an episode's last quarter has no
part in any target, and each observation need be remembered once only.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.common.vec_env import VecEnv

from juguo_agents.training.checkpoint import Arrays
from juguo_agents.training.learners.base import (
    Kind,
    action_space,
    arguments,
    array_like,
    observation_space,
    set_abandon_bias,
)
from juguo_agents.training.learners.settings import _OffPolicy

L = TypeVar("L", bound=OffPolicyAlgorithm)
S = TypeVar("S", bound=_OffPolicy)

_REMEMBERED = ("observations", "actions", "rewards", "dones")


_NAMES = (
    "buffer_size", "learning_starts", "batch_size", "tau", "gamma", "train_freq", "gradient_steps",
)  # fmt: skip
"""Settings that the libraries call so, too."""


class OffPolicyKind(Kind[L, S]):
    """Between two updates the replay buffer is kept, and the generator of the first, random actions.

    Attributes:
        learner: The library's.
        actor: Its network that acts.
    """

    learner: type[L]
    actor: type[BasePolicy]

    @abstractmethod
    def own(self, settings: S, venv: VecEnv) -> dict[str, Any]:
        """What this kind alone has, by the library's names."""

    def last_layers(self, learner: L) -> list[Any]:
        """The actors' last linear layers."""
        return [learner.actor.mu]

    def make(self, settings: S, venv: VecEnv, seed: int, device: str = "cpu") -> L:
        """With two critics, or the critics that it says."""
        own = self.own(settings, venv)
        networks = {"net_arch": list(settings.net), **own.pop("policy_kwargs", {})}
        how = {**arguments(settings, _NAMES, device), **own, "optimize_memory_usage": True}
        how["replay_buffer_kwargs"] = {"handle_timeout_termination": False}
        learner = self.learner("MlpPolicy", venv, seed=seed, policy_kwargs=networks, **how)
        for layer in self.last_layers(learner):
            set_abandon_bias(layer, settings.abandon_init)
        return learner

    def acting(self, learner: L) -> torch.nn.Module:
        """The actor alone."""
        return learner.actor

    def rebuilt(self, metadata: Mapping[str, Any]) -> BasePolicy:
        """The actor."""
        seen, net = observation_space(metadata), [int(units) for units in metadata["net"]]
        space, size = action_space(metadata), int(metadata["observation_size"])
        return self.actor(seen, space, net, FlattenExtractor(seen), size)

    def optimisers(self, learner: L) -> dict[str, torch.optim.Optimizer]:
        """One of the actor and one of the critics."""
        policy: Any = learner.policy
        return {"actor": policy.actor.optimizer, "critic": policy.critic.optimizer}

    def log_interval(self, settings: S) -> int:
        """In episodes: once where every society has ended one."""
        return settings.envs

    def capture(self, learner: L, arrays: Arrays) -> dict[str, Any]:
        """What is remembered, as far as the memory is filled."""
        buffer = _buffer(learner)
        for name in _REMEMBERED:
            arrays[f"replay.{name}"] = getattr(buffer, name)[: _rows(buffer.pos, buffer.full, buffer)].copy()
        arrays["learner.last_original_obs"] = np.array(learner._last_original_obs)
        generator = learner.action_space.np_random.bit_generator.state
        return {"position": int(buffer.pos), "full": bool(buffer.full), "generator": dict(generator)}

    def restore(self, learner: L, values: Mapping[str, Any], arrays: Arrays) -> None:
        """Put that back."""
        buffer = _buffer(learner)
        position, full = values["position"], values["full"]
        if type(position) is not int or not 0 <= position < buffer.buffer_size or type(full) is not bool:
            raise ValueError(f"the replay buffer's position is {position!r}, and full is {full!r}")
        rows = _rows(position, full, buffer)
        for name in _REMEMBERED:
            getattr(buffer, name)[:rows] = array_like(arrays, f"replay.{name}", getattr(buffer, name)[:rows])
        buffer.pos, buffer.full = position, full
        like = np.zeros((learner.n_envs, *(learner.observation_space.shape or ())), np.float32)
        learner._last_original_obs = array_like(arrays, "learner.last_original_obs", like)
        learner.action_space.np_random.bit_generator.state = values["generator"]


class EntropicKind(OffPolicyKind[L, S]):
    """With the entropy's weight, where that is learned."""

    network = {"architecture": "squashed_actor", "head": "tanh", "activation": "relu"}  # noqa: RUF012

    def optimisers(self, learner: L) -> dict[str, torch.optim.Optimizer]:
        """A third one for the entropy's weight."""
        own: Any = learner
        weight = {} if own.ent_coef_optimizer is None else {"entropy": own.ent_coef_optimizer}
        return {**super().optimisers(learner), **weight}

    def capture(self, learner: L, arrays: Arrays) -> dict[str, Any]:
        """With the weight."""
        own: Any = learner
        if own.log_ent_coef is not None:
            arrays["learner.log_ent_coef"] = own.log_ent_coef.detach().cpu().numpy().copy()
        return super().capture(learner, arrays)

    def restore(self, learner: L, values: Mapping[str, Any], arrays: Arrays) -> None:
        """Put that back, in place: the optimiser holds the tensor."""
        own: Any = learner
        if own.log_ent_coef is not None:
            like = own.log_ent_coef.detach().cpu().numpy()
            own.log_ent_coef.data.copy_(torch.from_numpy(array_like(arrays, "learner.log_ent_coef", like)))
        super().restore(learner, values, arrays)


def _buffer(learner: OffPolicyAlgorithm) -> ReplayBuffer:
    if learner.replay_buffer is None:
        raise TypeError("the learner has no replay buffer")
    return learner.replay_buffer


def _rows(position: int, full: bool, buffer: ReplayBuffer) -> int:
    """Rows that are filled; what follows the newest quarter stands one row on."""
    return buffer.buffer_size if full else min(position + 1, buffer.buffer_size)
