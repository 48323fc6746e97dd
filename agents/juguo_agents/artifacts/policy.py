"""A policy to hand on: safetensors with JSON metadata. Loading runs no pickle and needs no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from juguo_agents.allocators.base import Setting
from juguo_agents.artifacts.base import World
from juguo_agents.artifacts.community_entries import CommunityEntries
from juguo_agents.artifacts.identity import CHECKSUM, RUN, Count, Fingerprint, Identity, check_scenario
from juguo_agents.artifacts.networks import (
    ACTIVATIONS,
    ARCHITECTURES,
    HEADS,
    Architecture,
    Floats,
    Memory,
    entries_of,
)
from juguo_envs.documents import DocumentError, load_json
from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes
from juguo_envs.spaces.action import action_size
from juguo_envs.spaces.context import ContextConfig, ContextLayout, ObservationBuffer, ObservationConfig
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.validation import EXACT, Strict, explain
from juguo_envs.worlds.family import Family, names_family
from juguo_envs.worlds.scenario import Scenario

FORMAT = 3
POLICY_PATTERN = "policy-seed*.safetensors"
KEY = "juguo_policy"
SHOWN = "shown"
"""Field of a policy's metadata: what it sees beside a quarter's observation, a `ContextConfig`."""
OBS_MEAN, OBS_VAR = "normaliser.mean", "normaliser.var"
Size = Annotated[int, Field(ge=1)]
Weights = tuple[Annotated[float, Field(gt=0.0)], Annotated[float, Field(gt=0.0)]]


class PolicyFileError(UserError):
    """A policy file that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Policy:
    """What acts, as its learner names the tensors, and the normaliser of observations, frozen.

    Attributes:
        tensors: float32 arrays by the learner's names, and `normaliser.mean` and `normaliser.var` (float64).
        metadata: What is known of it; see `Metadata`. `spaces` tells what each entry of an observation is,
            and the bounds of actions; `evaluation`, how it did on selection and on test episodes.
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
        return _checksum(self.tensors)

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
        variance = self.tensors[OBS_VAR]
        # what never varied in training tells the network nothing, whatever it is now
        spread = np.where(variance > rules["epsilon"], np.sqrt(variance + rules["epsilon"]), np.inf)
        with np.errstate(over="ignore"):  # what is clipped may be anything
            scaled = (observation - self.tensors[OBS_MEAN]) / spread
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


def expected_shapes(metadata: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that a policy of this architecture has."""
    observations = int(metadata["observation_size"])
    own = ARCHITECTURES[metadata["architecture"]].shapes(metadata)
    return {OBS_MEAN: (observations,), OBS_VAR: (observations,), **own}


class _Layer(Strict):
    size: Size
    dtype: Literal["float32"]
    names: list[str]


class _Actions(Strict):
    size: Size
    dtype: Literal["float32"]
    low: float
    high: float


class _Spaces(Strict):
    observation: _Layer
    action: _Actions


class _Normaliser(Strict):
    clip: Annotated[float, Field(gt=0.0)]
    epsilon: Annotated[float, Field(gt=0.0)]


class _Selection(Strict):
    steps: Count
    selection_return: float | None


class _Training(Strict):
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    steps: Count
    config: dict[str, Any]
    multiplier: float | None = None
    selection_return: float | None = None
    curve: list[_Selection] | None = None


class _Range(Strict):
    base: str
    base_digest: Fingerprint
    axes: dict[str, tuple[float, float]]
    weights: tuple[Weights, Weights, Weights] | None


class _Shown(ContextConfig, Strict):
    """What is shown, all of it told."""


class Metadata(Strict):
    """What a policy's file tells of it, in JSON.

    Attributes:
        of: Identity of the run whose it is; None for one that was made otherwise.
        model: Fingerprint of the model that it was trained with.
    """

    kind: Literal["juguo_policy"]
    format: Literal[3]
    model: Fingerprint
    of: Identity | None
    algorithm: str
    architecture: str
    head: str
    activation: str
    net: Annotated[list[Size], Field(min_length=1)]
    lstm: Size | None = None
    community_units: Size | None = None
    use_sde: bool | None = None
    observation_size: Size
    action_size: Size
    communities: Annotated[int, Field(ge=1, le=1000)]
    spaces: _Spaces
    shown: _Shown
    observe: Literal["noisy", "true"]
    normaliser: _Normaliser
    scenario: dict[str, Any]
    scenario_digest: Fingerprint
    family: _Range | None
    versions: dict[str, str]
    training: _Training
    evaluation: dict[str, dict[str, Any]] = Field(default_factory=dict)


def check_policy(policy: Policy, source: str) -> None:
    """Refuse a policy whose metadata or tensors are not what the format says.

    Raises:
        PolicyFileError: Naming the field or the tensor.
    """
    metadata = policy.metadata
    if metadata.get("kind") != KEY:
        raise PolicyFileError(f"{source}: not a policy (kind is not {KEY!r})")
    if metadata.get("format") != FORMAT:
        raise PolicyFileError(
            f"{source}: format is {metadata.get('format')!r}; this version reads {FORMAT}; train it anew "
            "with this version, or use the version that wrote it"
        )
    try:
        Metadata.model_validate(metadata, context=EXACT)
    except ValidationError as error:
        raise PolicyFileError(explain(error, Metadata, source)) from None
    _check_network(metadata, source)
    check_scenario(metadata["scenario"], metadata["scenario_digest"], source, PolicyFileError)
    try:
        shapes = expected_shapes(metadata)
    except ValueError as error:
        raise PolicyFileError(f"{source}: spaces.observation.names: {error}") from None
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
    if policy.architecture.any_communities:
        own = entries_of(metadata)
        for name in (OBS_MEAN, OBS_VAR):
            if (policy.tensors[name][own.of_each] != policy.tensors[name][own.of_each[0]]).any():
                raise PolicyFileError(f"{source}: tensor {name!r} is not the same for all communities")
    extra = sorted(set(policy.tensors) - set(shapes))
    if extra:
        raise PolicyFileError(f"{source}: tensor {extra[0]!r} does not belong to this architecture")


def _check_network(metadata: dict[str, Any], source: str) -> None:
    _among(source, "architecture", metadata["architecture"], ARCHITECTURES)
    architecture = ARCHITECTURES[metadata["architecture"]]
    _among(source, "algorithm", metadata["algorithm"], architecture.algorithms)
    _among(source, "head", metadata["head"], (architecture.head,))
    _among(source, "activation", metadata["activation"], ACTIVATIONS)
    for name in (*architecture.whole, *architecture.flags):
        if metadata.get(name) is None:
            raise PolicyFileError(f"{source}: {name} is missing; the architecture {architecture.name} has it")
    if not isinstance(metadata["training"]["config"].get("scenario"), str):
        raise PolicyFileError(f"{source}: training.config.scenario is missing or no text")


def _among(source: str, field: str, value: Any, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise PolicyFileError(f"{source}: {field} is {value!r}; allowed is {', '.join(allowed)}")


def policy_file(seed: int) -> str:
    """The name of the file of a training seed's policy."""
    return POLICY_PATTERN.replace("*", str(seed))


def save_policy(policy: Policy, path: Path) -> None:
    """Check a policy and write it (to a temporary name, then renamed)."""
    from safetensors.numpy import save  # rules alone need no safetensors

    check_policy(policy, path.name)
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in policy.tensors.items()}
    text = json.dumps(policy.metadata, sort_keys=True, allow_nan=False)
    write_bytes(path, _in_order(save(tensors, metadata={KEY: text, CHECKSUM: _checksum(tensors, text)})))


def _in_order(file: bytes) -> bytes:
    """The same safetensors file, its head in order: the library writes metadata in an order of its own."""
    length = int.from_bytes(file[:8], "little")
    head = json.dumps(json.loads(file[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return len(head).to_bytes(8, "little") + head + file[8 + length :]


def _checksum(tensors: Mapping[str, npt.NDArray[Any]], text: str = "") -> str:
    """SHA-256 of tensors, and of the text of metadata."""
    found = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"\n{name} {tensor.dtype.str} {tensor.shape}\n".encode())
        found.update(np.ascontiguousarray(tensor).tobytes())
    return found.hexdigest()


def load_policy(path: Path) -> Policy:
    """Read a policy.

    Raises:
        PolicyFileError: If the file is missing, is no safetensors file, is not a whole policy of ours, was
            changed, or lies where another belongs: the policy of another training seed or of another run.
    """
    from safetensors import SafetensorError, safe_open  # as above

    try:
        with safe_open(path, framework="numpy") as file:
            told = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (OSError, SafetensorError, TypeError, ValueError) as error:
        raise PolicyFileError(f"{path}: no readable policy file ({error})") from None
    raw = told.get(KEY)
    if raw is None:
        raise PolicyFileError(f"{path}: a safetensors file, but not a policy of juguo (no {KEY!r} metadata)")
    try:
        metadata = load_json(raw, f"{path}: metadata {KEY!r}")
    except DocumentError as error:
        raise PolicyFileError(str(error)) from None
    if not isinstance(metadata, dict):
        raise PolicyFileError(f"{path}: metadata {KEY!r} is no JSON object")
    policy = Policy(tensors, metadata)
    if metadata.get("format") == FORMAT and _checksum(tensors, raw) != told.get(CHECKSUM):
        raise PolicyFileError(
            f"{path}: was changed since it was written (its checksum {CHECKSUM} does not fit its content); "
            "restore the file as it was written, or train its seed again"
        )
    check_policy(policy, str(path))
    _check_place(policy, path)
    return policy


def _check_place(policy: Policy, path: Path) -> None:
    """Refuse a policy that lies where another belongs, and a run whose world is no longer its own."""
    if path.match(POLICY_PATTERN) and path.name != policy_file(policy.seed):
        raise PolicyFileError(
            f"{path}: holds the policy of training seed {policy.seed}; it was copied or renamed: put back "
            "the one that belongs here, or give it another name"
        )
    RUN.check(path, policy.metadata["of"], PolicyFileError)
    RUN.check_world(path, policy.metadata["scenario_digest"], PolicyFileError)
