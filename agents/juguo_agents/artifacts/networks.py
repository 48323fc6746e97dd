"""The networks that act, run by numpy: their tensors by the learners' own names, and a step of each.

A policy file's metadata tell its architecture. Adding one takes its class and one line in `ARCHITECTURES`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.artifacts.community_entries import CommunityEntries
from juguo_envs.model.state import N_REQUESTS, N_SHARES

Floats = npt.NDArray[np.float32]
Tensors = Mapping[str, npt.NDArray[Any]]
Shapes = dict[str, tuple[int, ...]]
Memory = tuple[Floats, ...]
"""What a network remembers of each of n environments, (n, units) each; empty where it remembers nothing."""


def _relu(x: Floats) -> Floats:
    positive: Floats = np.maximum(x, np.float32(0.0))
    return positive


def _sigmoid(x: Floats) -> Floats:
    half = np.float32(0.5)
    found: Floats = half * (np.float32(1.0) + np.tanh(half * x))  # exp of a large number would overflow
    return found


def clipped(latent: Floats) -> Floats:
    """A Gaussian's draw or mean as an action: exact zeros and ones have a probability of their own."""
    actions: Floats = np.clip(latent, -1.0, 1.0)
    return actions


ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {"tanh": np.tanh, "relu": _relu}
HEADS: dict[str, Callable[[Floats], Floats]] = {"gaussian": clipped, "tanh": np.tanh}
"""From latent actions (n, 10 + R + 3) to actions of the same shape in [-1, 1], by name."""


def _linear(tensors: Tensors, name: str, x: Floats) -> Floats:
    found: Floats = x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]
    return found


def _hidden(tensors: Tensors, metadata: Mapping[str, Any], prefix: str, x: Floats) -> Floats:
    """Through the hidden layers, as torch's `Sequential` counts them: a layer, an activation, a layer ..."""
    activation = ACTIVATIONS[metadata["activation"]]
    for i in range(len(metadata["net"])):
        x = activation(_linear(tensors, f"{prefix}.{2 * i}", x))
    return x


def _layers(prefix: str, width: int, net: list[int]) -> Shapes:
    shapes: Shapes = {}
    for i, units in enumerate(net):
        shapes |= _layer(f"{prefix}.{2 * i}", width, units)
        width = units
    return shapes


def _layer(name: str, width: int, units: int) -> Shapes:
    return {f"{name}.weight": (units, width), f"{name}.bias": (units,)}


class Architecture(ABC):
    """A network: observations, normalised, in; latent actions, which a head turns into actions, out.

    Attributes:
        name: As it stands in policy files.
        algorithms: The learners that have it.
        head: What turns its latent actions into actions; a name in `HEADS`.
        whole: Names of numbers that its metadata have besides those of every architecture, whole and from 1.
        flags: Names of what is true or false there likewise.
        any_communities: Whether its tensors are the same for every number of communities.
    """

    name: str
    algorithms: tuple[str, ...]
    head: str
    whole: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    any_communities: bool = False

    @abstractmethod
    def shapes(self, metadata: Mapping[str, Any]) -> Shapes:
        """Name and shape of each tensor."""

    def begin(self, metadata: Mapping[str, Any], n: int) -> Memory:
        """The memory of n environments at the start of their episodes."""
        return ()

    @abstractmethod
    def step(
        self, tensors: Tensors, metadata: Mapping[str, Any], x: Floats, memory: Memory
    ) -> tuple[Floats, Memory]:
        """The mean latent actions, (n, action_size), and the memory for the next quarter."""


class ActorCritic(Architecture):
    """PPO's: a multilayer perceptron each for actor and critic, and the Gaussian's logarithmic spread."""

    name = "actor_critic"
    algorithms = ("ppo",)
    head = "gaussian"
    flags = ("use_sde",)

    def shapes(self, metadata: Mapping[str, Any]) -> Shapes:
        """Those of `ActorCriticPolicy`."""
        return _actor_and_critic(metadata, int(metadata["observation_size"]))

    def step(
        self, tensors: Tensors, metadata: Mapping[str, Any], x: Floats, memory: Memory
    ) -> tuple[Floats, Memory]:
        """The Gaussian's mean."""
        x = _hidden(tensors, metadata, "mlp_extractor.policy_net", x)
        return _linear(tensors, "action_net", x), memory


class CommunityActorCritic(Architecture):
    """PPO's for any number of communities, which it treats alike (deep sets; Zaheer et al. 2017).

    One layer makes a code of every community, from its entries and those of the programme. The hidden layers
    get the mean of the codes, and the entries of the programme. The actor decides from the last of them, for
    a community from that and its code. If communities change places, so do their actions; all else stays.
    """

    name = "community_actor_critic"
    algorithms = ("ppo",)
    head = "gaussian"
    whole = ("community_units",)
    any_communities = True

    def shapes(self, metadata: Mapping[str, Any]) -> Shapes:
        """Those of `CommunityPolicy`."""
        entries = entries_of(metadata)
        net, units = list(metadata["net"]), int(metadata["community_units"])
        own, others = entries.of_each.shape[1], len(entries.of_whole)
        name = "mlp_extractor.policy_net"
        shapes = {f"{name}.community.weight": (units, own)} | _layer(f"{name}.programme", others, units)
        shapes |= _layers(f"{name}.hidden", units + others, net)
        shapes |= _layers("mlp_extractor.value_net", units + own + others, net)
        shapes |= _layer("action_net.programme", net[-1], N_SHARES + N_REQUESTS)
        shapes |= {"action_net.code.weight": (units, units)} | _layer("action_net.hidden", net[-1], units)
        shapes |= _layer("action_net.community", units, 1) | _layer("value_net", net[-1], 1)
        return shapes | {"log_std": (N_SHARES + 1 + N_REQUESTS,)}

    def step(
        self, tensors: Tensors, metadata: Mapping[str, Any], x: Floats, memory: Memory
    ) -> tuple[Floats, Memory]:
        """The Gaussian's mean."""
        activation, entries = ACTIVATIONS[metadata["activation"]], entries_of(metadata)
        own, others = x[:, entries.of_each], x[:, entries.of_whole]
        name = "mlp_extractor.policy_net"
        code = own @ tensors[f"{name}.community.weight"].T
        code = activation(code + _linear(tensors, f"{name}.programme", others)[:, None])
        hidden = _hidden(tensors, metadata, f"{name}.hidden", np.concatenate([code.mean(1), others], 1))
        of_each = code @ tensors["action_net.code.weight"].T
        of_each = activation(of_each + _linear(tensors, "action_net.hidden", hidden)[:, None])
        of_each = _linear(tensors, "action_net.community", of_each)[..., 0]
        shares, requests = np.split(_linear(tensors, "action_net.programme", hidden), [N_SHARES], 1)
        return np.concatenate([shares, of_each, requests], 1), memory


def entries_of(metadata: Mapping[str, Any]) -> CommunityEntries:
    """Which entries of a policy's observations are of a community each.

    Raises:
        ValueError: If the communities have not the same entries, or are not as many as the metadata say.
    """
    names = metadata["spaces"]["observation"]["names"]
    entries = CommunityEntries.of(names)
    if (entries.communities, len(names)) != (metadata["communities"], metadata["observation_size"]):
        raise ValueError("they are not of as many communities and entries as the policy has")
    return entries


class RecurrentActorCritic(Architecture):
    """Recurrent PPO's: an LSTM each for actor and critic, before what PPO has."""

    name = "recurrent_actor_critic"
    algorithms = ("recurrent_ppo",)
    head = "gaussian"
    whole = ("lstm",)
    flags = ("use_sde",)

    def shapes(self, metadata: Mapping[str, Any]) -> Shapes:
        """Those of `RecurrentActorCriticPolicy` with an LSTM of one layer for each."""
        units, width = int(metadata["lstm"]), int(metadata["observation_size"])
        shapes = _actor_and_critic(metadata, units)
        for name in ("lstm_actor", "lstm_critic"):
            shapes |= {
                f"{name}.weight_ih_l0": (4 * units, width),
                f"{name}.weight_hh_l0": (4 * units, units),
                f"{name}.bias_ih_l0": (4 * units,),
                f"{name}.bias_hh_l0": (4 * units,),
            }
        return shapes

    def begin(self, metadata: Mapping[str, Any], n: int) -> Memory:
        """Hidden state and cell, zeros."""
        units = int(metadata["lstm"])
        return np.zeros((n, units), np.float32), np.zeros((n, units), np.float32)

    def step(
        self, tensors: Tensors, metadata: Mapping[str, Any], x: Floats, memory: Memory
    ) -> tuple[Floats, Memory]:
        """The Gaussian's mean after a quarter of the LSTM, its gates in torch's order."""
        hidden, cell = memory
        gates = x @ tensors["lstm_actor.weight_ih_l0"].T + tensors["lstm_actor.bias_ih_l0"]
        gates = gates + hidden @ tensors["lstm_actor.weight_hh_l0"].T + tensors["lstm_actor.bias_hh_l0"]
        take, keep, new, show = np.split(gates, 4, axis=-1)
        cell = _sigmoid(keep) * cell + _sigmoid(take) * np.tanh(new)
        hidden = _sigmoid(show) * np.tanh(cell)
        x = _hidden(tensors, metadata, "mlp_extractor.policy_net", hidden)
        return _linear(tensors, "action_net", x), (hidden, cell)


class SquashedActor(Architecture):
    """The actor of SAC and TQC: a Gaussian whose spread depends on what is seen, squashed. No critic."""

    name = "squashed_actor"
    algorithms = ("sac", "tqc")
    head = "tanh"

    def shapes(self, metadata: Mapping[str, Any]) -> Shapes:
        """Those of the `Actor` of SAC and TQC."""
        net, actions = list(metadata["net"]), int(metadata["action_size"])
        shapes = _layers("latent_pi", int(metadata["observation_size"]), net)
        return shapes | _layer("mu", net[-1], actions) | _layer("log_std", net[-1], actions)

    def step(
        self, tensors: Tensors, metadata: Mapping[str, Any], x: Floats, memory: Memory
    ) -> tuple[Floats, Memory]:
        """The Gaussian's mean."""
        return _linear(tensors, "mu", _hidden(tensors, metadata, "latent_pi", x)), memory


class DeterministicActor(Architecture):
    """TD3's actor. No critic."""

    name = "deterministic_actor"
    algorithms = ("td3",)
    head = "tanh"

    def shapes(self, metadata: Mapping[str, Any]) -> Shapes:
        """Those of TD3's `Actor`."""
        net = [*metadata["net"], int(metadata["action_size"])]
        return _layers("mu", int(metadata["observation_size"]), net)

    def step(
        self, tensors: Tensors, metadata: Mapping[str, Any], x: Floats, memory: Memory
    ) -> tuple[Floats, Memory]:
        """What the last layer gives."""
        x = _hidden(tensors, metadata, "mu", x)
        return _linear(tensors, f"mu.{2 * len(metadata['net'])}", x), memory


def _actor_and_critic(metadata: Mapping[str, Any], width: int) -> Shapes:
    """What follows the features of a given width."""
    net, actions = list(metadata["net"]), int(metadata["action_size"])
    shapes = _layers("mlp_extractor.policy_net", width, net) | _layers("mlp_extractor.value_net", width, net)
    shapes |= _layer("action_net", net[-1], actions) | _layer("value_net", net[-1], 1)
    # state-dependent noise has a spread for each of its weights
    return shapes | {"log_std": (net[-1], actions) if metadata["use_sde"] else (actions,)}


_ALL = ActorCritic(), CommunityActorCritic(), RecurrentActorCritic(), SquashedActor(), DeterministicActor()
ARCHITECTURES: dict[str, Architecture] = {a.name: a for a in _ALL}
