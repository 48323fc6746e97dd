"""A policy's file to hand on: safetensors with JSON metadata, read strictly. Loading runs no pickle."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationError

from juguo_agents.artifacts.identity import CHECKSUM, RUN, Count, Fingerprint, Identity, check_scenario
from juguo_agents.artifacts.networks import ACTIVATIONS, ARCHITECTURES, entries_of
from juguo_agents.artifacts.policy import OBS_MEAN, OBS_VAR, Policy, PolicyFileError, checksum
from juguo_envs.documents import DocumentError, load_json
from juguo_envs.files import write_bytes
from juguo_envs.spaces.context import ContextConfig
from juguo_envs.validation import EXACT, Strict, explain

FORMAT = 3
POLICY_PATTERN = "policy-seed*.safetensors"
KEY = "juguo_policy"
Size = Annotated[int, Field(ge=1)]
Weights = tuple[Annotated[float, Field(gt=0.0)], Annotated[float, Field(gt=0.0)]]


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
    write_bytes(path, _in_order(save(tensors, metadata={KEY: text, CHECKSUM: checksum(tensors, text)})))


def _in_order(file: bytes) -> bytes:
    """The same safetensors file, its head in order: the library writes metadata in an order of its own."""
    length = int.from_bytes(file[:8], "little")
    head = json.dumps(json.loads(file[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return len(head).to_bytes(8, "little") + head + file[8 + length :]


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
            names = file.keys()
            tensors = {name: file.get_tensor(name) for name in names}
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
    if metadata.get("format") == FORMAT and checksum(tensors, raw) != told.get(CHECKSUM):
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
