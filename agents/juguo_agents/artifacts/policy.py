"""A trained policy: tensors and what is known of them. It acts by numpy alone, and needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Setting
from juguo_agents.artifacts.base import World
from juguo_agents.artifacts.community_entries import CommunityEntries
from juguo_agents.artifacts.networks import ARCHITECTURES, HEADS, Architecture, Floats, Memory, entries_of
from juguo_envs.errors import UserError
from juguo_envs.spaces.action import action_size
from juguo_envs.spaces.context import ContextLayout, ObservationBuffer, ObservationConfig
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.worlds.family import Family, names_family
from juguo_envs.worlds.scenario import Scenario

SHOWN = "shown"
"""Field of a policy's metadata: what it sees beside a quarter's observation, a `ContextConfig`."""
OBS_MEAN, OBS_VAR = "normaliser.mean", "normaliser.var"


class PolicyFileError(UserError):
    """A policy file that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Policy:
    """What acts, as its learner names the tensors, and the normaliser of observations, frozen.

    Attributes:
        tensors: float32 arrays by the learner's names, and `normaliser.mean` and `normaliser.var` (float64).
        metadata: What is known of it; see `policy_file.Metadata`. `spaces` tells what each entry of an
            observation is, and the bounds of actions; `evaluation`, how it did on selection and on test
            episodes.
    """

    tensors: dict[str, npt.NDArray[Any]]
    metadata: dict[str, Any]

    @property
    def seed(self) -> int:
        """The training seed."""
        return int(self.metadata["training"]["seed"])

    @property
    def name(self) -> str:
        """By the training seed."""
        return f"learned_seed{self.seed}"

    def name_in(self, folder: str) -> str:
        """With the name of its run's folder."""
        return f"learned_{folder}_seed{self.seed}"

    @property
    def world(self) -> World:
        """What it was trained for: a scenario, or the family around it."""
        scenario = Scenario.parse(self.metadata["scenario"], self.name)
        varies = names_family(self.metadata["training"]["config"]["scenario"])
        return Family(scenario) if varies else scenario

    @property
    def observe(self) -> str:
        """What it was trained to see of that."""
        return str(self.metadata["observe"])

    @property
    def model(self) -> str:
        """Fingerprint of the model that it was trained with."""
        return str(self.metadata["model"])

    @cached_property
    def acts_by(self) -> str:
        """Digest of its tensors."""
        return checksum(self.tensors)

    def layout(self, communities: int) -> ContextLayout:
        """Where each quantity stands in what it was trained to see of so many communities."""
        config = ObservationConfig(observe=self.metadata["observe"], **self.metadata[SHOWN])
        return ContextLayout(communities, config)

    def allocator(self, name: str | None = None) -> Learned:
        """The policy as an allocator."""
        return Learned(self, name or self.name)

    def normalise(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Observations as the network takes them."""
        clip = self.metadata["normaliser"]["clip"]
        with np.errstate(over="ignore"):  # what is clipped may be anything
            scaled = (observation - self.tensors[OBS_MEAN]) / self._spread
        clipped: npt.NDArray[np.float64] = np.clip(scaled, -clip, clip)
        return clipped.astype(np.float32)

    @cached_property
    def _spread(self) -> npt.NDArray[np.float64]:
        """Of each entry; infinite where it never varied in training, and so tells the network nothing."""
        variance, epsilon = self.tensors[OBS_VAR], self.metadata["normaliser"]["epsilon"]
        spread: npt.NDArray[np.float64] = np.where(variance > epsilon, np.sqrt(variance + epsilon), np.inf)
        return spread

    @property
    def architecture(self) -> Architecture:
        """The network."""
        return ARCHITECTURES[self.metadata["architecture"]]

    def begin(self, n: int) -> Memory:
        """What is remembered of n environments at the start of their episodes."""
        return self.architecture.begin(self.metadata, n)

    def step(self, observation: npt.NDArray[np.float32], memory: Memory) -> tuple[Floats, Memory]:
        """The actions that the policy takes for the mean of what it could draw, and its memory thereafter.

        Args:
            observation: (n, observation_size).
            memory: What `begin`, or `step` a quarter ago, gave for the same n environments.

        Returns:
            (n, action_size) in [-1, 1], and the memory for the next quarter.

        Raises:
            PolicyFileError: If an action is no number.
        """
        x = self.normalise(observation)
        with np.errstate(over="ignore", invalid="ignore"):  # of weights that are too large
            latent, memory = self.architecture.step(self.tensors, self.metadata, x, memory)
            actions = HEADS[self.metadata["head"]](latent)
        if not np.isfinite(actions).all():
            raise PolicyFileError(f"{self.name}: its weights are so large that its actions are no numbers")
        return actions, memory

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The actions of a policy that remembers nothing: (n, observation_size) in, (n, action_size) out.

        Raises:
            TypeError: If the policy has a memory; `step` is for that.
        """
        memory = self.begin(len(observation))
        if memory:
            raise TypeError("this policy has a memory; call begin at the start of episodes, then step")
        return self.step(observation, memory)[0]


class Learned:
    """Takes the mean action of a trained policy: shown what that was trained to see, with its memory."""

    def __init__(self, policy: Policy, name: str) -> None:
        """Wrap a policy under a name, which begins with `learned`."""
        self.policy = policy
        self._name = name
        self._memory: Memory = ()

    @property
    def name(self) -> str:
        """Name in tables."""
        return self._name

    def start(self, setting: Setting, seeds: npt.NDArray[np.uint64]) -> None:
        """Begin episodes.

        Raises:
            PolicyFileError: If the policy does not fit what is seen and done there.
        """
        layout = self.policy.layout(setting.layout.communities)
        self._acting = fitted(self.policy, layout, self.name)
        self._buffer = ObservationBuffer(layout, len(seeds), setting.known)
        self._memory = self._acting.begin(len(seeds))

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Actions for a batch of observations."""
        actions, self._memory = self._acting.step(self._buffer.complete(observation), self._memory)
        return actions


def spaces_of(layout: ObservationLayout, actions: int) -> dict[str, Any]:
    """What a policy sees and does, for its metadata."""
    return {
        "observation": {"size": layout.size, "dtype": "float32", "names": layout.names()},
        "action": {"size": actions, "dtype": "float32", "low": -1.0, "high": 1.0},
    }


def fitted(policy: Policy, layout: ContextLayout, source: str) -> Policy:
    """The policy as it acts in a world; refused where it does not fit the observations and actions there.

    Raises:
        PolicyFileError: Naming what does not fit: the communities, or the entries of an observation.
    """
    if policy.architecture.any_communities:
        policy = _with_communities(policy, layout)
    metadata = policy.metadata
    trained, here = metadata["communities"], layout.communities
    if trained != here:
        raise PolicyFileError(
            f"{source} was trained on {trained} communities; this scenario has {here}: evaluate it on its "
            "own scenario or one of as many communities, or train it with training.ppo.network=communities, "
            "for any number"
        )
    names = layout.names()
    known = metadata["spaces"]["observation"]["names"]
    if known != names:
        odd = [*(f"{n!r} is new" for n in names if n not in known)]
        odd += [f"{n!r} is gone" for n in known if n not in names]
        raise PolicyFileError(
            f"{source} was trained on other observations ({'; '.join(odd[:3]) or 'their order differs'}); "
            "train it anew with this version"
        )
    for what, has, wanted in (
        ("observation_size", metadata["observation_size"], layout.size),
        ("action_size", metadata["action_size"], action_size(here)),
    ):
        if has != wanted:
            raise PolicyFileError(
                f"{source}: {what} is {has}; this version has {wanted} for {here} communities: "
                "train it anew with this version"
            )
    return policy


def _with_communities(policy: Policy, layout: ContextLayout) -> Policy:
    """The same network where there are other communities, with the moments of its own as far as it has them.

    A community's share of a whole is looked at relative to an equal share.
    """
    here, own = CommunityEntries.of(layout.names()), entries_of(policy.metadata)
    if here.communities == own.communities or here.kinds != own.kinds:
        return policy
    tensors = dict(policy.tensors)
    scale = np.where(own.shares, own.communities / here.communities, 1.0)
    for name, by in ((OBS_MEAN, scale), (OBS_VAR, scale**2)):
        moments = np.empty(layout.size)
        moments[here.of_each] = by * policy.tensors[name][own.of_each[0]]
        moments[here.of_whole] = policy.tensors[name][own.of_whole]
        tensors[name] = moments
    actions = action_size(here.communities)
    metadata = {
        **policy.metadata,
        "communities": here.communities,
        "observation_size": layout.size,
        "action_size": actions,
        "spaces": spaces_of(layout, actions),
    }
    return Policy(tensors, metadata)


def checksum(tensors: Mapping[str, npt.NDArray[Any]], text: str = "") -> str:
    """SHA-256 of tensors, and of the text of metadata."""
    found = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"\n{name} {tensor.dtype.str} {tensor.shape}\n".encode())
        found.update(np.ascontiguousarray(tensor).tobytes())
    return found.hexdigest()
