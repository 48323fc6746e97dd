"""A policy to hand on: safetensors with JSON metadata. Loading runs no pickle and needs no torch."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Setting
from juguo_agents.artifacts.base import World
from juguo_agents.artifacts.networks import ACTIVATIONS, ARCHITECTURES, HEADS, Architecture, Floats, Memory
from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes
from juguo_envs.spaces.action import action_size
from juguo_envs.spaces.context import ContextLayout, ObservationBuffer, ObservationConfig
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.worlds.family import Family, names_family
from juguo_envs.worlds.scenario import Scenario

FORMAT = 2
POLICY_PATTERN = "policy-seed*.safetensors"
KEY = "juguo_policy"
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
        metadata: What is known of it: `architecture` and `head` (see `networks`), `net`, `activation`,
            `observation_size`, `action_size`, `communities`, `normaliser` (clip, epsilon), `scenario`,
            `scenario_digest`, `family`, `observe`, `shown`, `versions`, `algorithm`, `training` (seed, steps,
            config, curve), `spaces` (what each entry of an observation is, and the bounds of actions) and,
            once it was evaluated, `evaluation` (on selection and on test episodes).
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

    def layout(self, communities: int) -> ContextLayout:
        """Where each quantity stands in what it was trained to see of so many communities."""
        config = ObservationConfig(observe=self.metadata["observe"], **self.metadata[SHOWN])
        return ContextLayout(communities, config)

    def allocator(self, name: str | None = None) -> Learned:
        """The policy as an allocator."""
        return Learned(self, name or self.name)

    def normalise(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Observations as the network takes them."""
        rules = self.metadata["normaliser"]
        scaled = (observation - self.tensors[OBS_MEAN]) / np.sqrt(self.tensors[OBS_VAR] + rules["epsilon"])
        clipped: npt.NDArray[np.float64] = np.clip(scaled, -rules["clip"], rules["clip"])
        return clipped.astype(np.float32)

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
        """
        x = self.normalise(observation)
        latent, memory = self.architecture.step(self.tensors, self.metadata, x, memory)
        return HEADS[self.metadata["head"]](latent), memory

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
        check_fits(self.policy, layout, self.name)
        self._buffer = ObservationBuffer(layout, len(seeds), setting.known)
        self._memory = self.policy.begin(len(seeds))

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Actions for a batch of observations."""
        actions, self._memory = self.policy.step(self._buffer.complete(observation), self._memory)
        return actions


def spaces_of(layout: ObservationLayout, actions: int) -> dict[str, Any]:
    """What a policy sees and does, for its metadata."""
    return {
        "observation": {"size": layout.size, "dtype": "float32", "names": layout.names()},
        "action": {"size": actions, "dtype": "float32", "low": -1.0, "high": 1.0},
    }


def check_fits(policy: Policy, layout: ObservationLayout, source: str) -> None:
    """Refuse a policy that does not fit a world's observations and actions.

    Raises:
        PolicyFileError: Naming what does not fit: the communities, or the entries of an observation.
    """
    metadata = policy.metadata
    trained, here = metadata["communities"], layout.communities
    if trained != here:
        raise PolicyFileError(
            f"{source} was trained on {trained} communities; this scenario has {here}: evaluate it on its "
            "own scenario or one of as many communities"
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


def expected_shapes(metadata: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that a policy of this architecture has."""
    observations = int(metadata["observation_size"])
    own = ARCHITECTURES[metadata["architecture"]].shapes(metadata)
    return {OBS_MEAN: (observations,), OBS_VAR: (observations,), **own}


def check_policy(policy: Policy, source: str) -> None:
    """Refuse a policy whose metadata or tensors are not what the format says.

    Raises:
        PolicyFileError: Naming the field or the tensor.
    """
    metadata = policy.metadata
    if metadata.get("format") != FORMAT:
        raise PolicyFileError(f"{source}: format is {metadata.get('format')!r}; this version reads {FORMAT}")
    _check_metadata(metadata, source)
    shapes = expected_shapes(metadata)
    for name, shape in shapes.items():
        if name not in policy.tensors:
            raise PolicyFileError(f"{source}: tensor {name!r} is missing")
        tensor = policy.tensors[name]
        if tensor.shape != shape:
            raise PolicyFileError(f"{source}: tensor {name!r} has shape {tensor.shape}; expected {shape}")
        dtype = np.dtype(np.float64 if name in (OBS_MEAN, OBS_VAR) else np.float32)
        if tensor.dtype != dtype:
            raise PolicyFileError(f"{source}: tensor {name!r} is of type {tensor.dtype}; expected {dtype}")
        if not np.isfinite(tensor).all():
            raise PolicyFileError(f"{source}: tensor {name!r} holds values that are not finite numbers")
    if (policy.tensors[OBS_VAR] < 0.0).any():
        raise PolicyFileError(f"{source}: tensor {OBS_VAR!r} holds variances below zero")
    extra = sorted(set(policy.tensors) - set(shapes))
    if extra:
        raise PolicyFileError(f"{source}: tensor {extra[0]!r} does not belong to this architecture")


def _check_metadata(metadata: dict[str, Any], source: str) -> None:
    needed = (
        "algorithm", "architecture", "head", "observation_size", "action_size", "communities", "spaces",
        SHOWN, "observe", "net", "activation", "normaliser", "scenario", "scenario_digest", "family",
        "training",
    )  # fmt: skip
    for name in needed:
        if name not in metadata:
            raise PolicyFileError(f"{source}: metadata lacks {name!r}")
    normaliser, training = metadata["normaliser"], metadata["training"]
    _among(source, "architecture", metadata["architecture"], ARCHITECTURES)
    architecture = ARCHITECTURES[metadata["architecture"]]
    _among(source, "algorithm", metadata["algorithm"], architecture.algorithms)
    _among(source, "head", metadata["head"], (architecture.head,))
    _among(source, "activation", metadata["activation"], ACTIVATIONS)
    for name in ("observation_size", "action_size", "communities", *architecture.whole):
        value = metadata.get(name)
        if type(value) is not int or value < 1:
            raise PolicyFileError(f"{source}: {name} is {value!r}; allowed are whole numbers from 1")
    for name in architecture.flags:
        if type(metadata.get(name)) is not bool:
            raise PolicyFileError(f"{source}: {name} is {metadata.get(name)!r}; allowed is true or false")
    net = metadata["net"]
    if not isinstance(net, list) or not net or any(type(u) is not int or u < 1 for u in net):
        raise PolicyFileError(f"{source}: net is {net!r}; allowed is a list of units per layer, each from 1")
    for name in ("clip", "epsilon"):
        value = normaliser.get(name) if isinstance(normaliser, dict) else None
        if not isinstance(value, int | float) or not 0.0 < value < np.inf:
            raise PolicyFileError(f"{source}: normaliser.{name} is {value!r}; allowed are numbers above 0")
    seed = training.get("seed") if isinstance(training, dict) else None
    if type(seed) is not int:
        raise PolicyFileError(f"{source}: training.seed is {seed!r}; allowed are whole numbers")
    if not isinstance(training.get("config"), dict):
        raise PolicyFileError(f"{source}: metadata lacks 'training.config'")


def _among(source: str, field: str, value: Any, allowed: Collection[str]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise PolicyFileError(f"{source}: {field} is {value!r}; allowed is {', '.join(allowed)}")


def save_policy(policy: Policy, path: Path) -> None:
    """Check a policy and write it (to a temporary name, then renamed)."""
    from safetensors.numpy import save  # rules alone need no safetensors

    check_policy(policy, path.name)
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in policy.tensors.items()}
    write_bytes(path, save(tensors, metadata={KEY: json.dumps(policy.metadata, sort_keys=True)}))


def load_policy(path: Path) -> Policy:
    """Read a policy.

    Raises:
        PolicyFileError: If the file is missing, is no safetensors file, or is not a whole policy of ours.
    """
    from safetensors import SafetensorError, safe_open  # as above

    try:
        with safe_open(path, framework="numpy") as file:
            raw = (file.metadata() or {}).get(KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (OSError, SafetensorError) as error:
        raise PolicyFileError(f"{path}: no readable policy file ({error})") from None
    if raw is None:
        raise PolicyFileError(f"{path}: a safetensors file, but not a policy of juguo (no {KEY!r} metadata)")
    try:
        metadata = json.loads(raw)
    except json.JSONDecodeError:
        raise PolicyFileError(f"{path}: metadata {KEY!r} is no JSON") from None
    if not isinstance(metadata, dict):
        raise PolicyFileError(f"{path}: metadata {KEY!r} is no JSON object")
    policy = Policy(tensors, metadata)
    check_policy(policy, str(path))
    return policy
