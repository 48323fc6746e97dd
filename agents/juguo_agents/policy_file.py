"""A policy to hand on: safetensors with JSON metadata. Loading runs no pickle and needs no torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from juguo_envs.allocation import action_size
from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes
from juguo_envs.observation import ObservationLayout

FORMAT = 1
KEY = "juguo_policy"
OBS_MEAN, OBS_VAR = "normaliser.mean", "normaliser.var"
_ACTIVATIONS = {"tanh": np.tanh}


class PolicyFileError(UserError):
    """A policy file that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Policy:
    """A Gaussian multilayer-perceptron policy as stable-baselines3 names its tensors, and its normaliser.

    Attributes:
        tensors: float32 arrays by the names of stable-baselines3's `MlpPolicy`, and `normaliser.mean` and
            `normaliser.var` (float64).
        metadata: What is known of it: `observation_size`, `action_size`, `communities`, `net`, `activation`,
            `normaliser` (clip, epsilon), `scenario` (whole), `scenario_digest`, `versions`, `training` (seed,
            steps, configuration, curve). Files of later versions also have `spaces` (what each entry of an
            observation is, and the bounds of actions) and `evaluation` (on selection and on test episodes).
    """

    tensors: dict[str, npt.NDArray[Any]]
    metadata: dict[str, Any]

    @property
    def seed(self) -> int:
        """The training seed."""
        return int(self.metadata["training"]["seed"])

    def normalise(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Observations as the network takes them."""
        rules = self.metadata["normaliser"]
        scaled = (observation - self.tensors[OBS_MEAN]) / np.sqrt(self.tensors[OBS_VAR] + rules["epsilon"])
        clipped: npt.NDArray[np.float64] = np.clip(scaled, -rules["clip"], rules["clip"])
        return clipped.astype(np.float32)

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The mean action, clipped to [-1, 1]: (n, observation_size) in, (n, action_size) out."""
        x = self.normalise(observation)
        activation = _ACTIVATIONS[self.metadata["activation"]]
        for i in range(len(self.metadata["net"])):
            layer = f"mlp_extractor.policy_net.{2 * i}"
            x = activation(x @ self.tensors[f"{layer}.weight"].T + self.tensors[f"{layer}.bias"])
        mean = x @ self.tensors["action_net.weight"].T + self.tensors["action_net.bias"]
        clipped: npt.NDArray[np.float32] = np.clip(mean, -1.0, 1.0)
        return clipped


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
    known = metadata.get("spaces", {}).get("observation", {}).get("names")
    if known is not None and known != names:
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
    observations, actions = int(metadata["observation_size"]), int(metadata["action_size"])
    shapes: dict[str, tuple[int, ...]] = {OBS_MEAN: (observations,), OBS_VAR: (observations,)}
    for head, last in (("policy_net", "action_net"), ("value_net", "value_net")):
        width = observations
        for i, units in enumerate(metadata["net"]):
            shapes[f"mlp_extractor.{head}.{2 * i}.weight"] = (units, width)
            shapes[f"mlp_extractor.{head}.{2 * i}.bias"] = (units,)
            width = units
        out = actions if last == "action_net" else 1
        shapes[f"{last}.weight"] = (out, width)
        shapes[f"{last}.bias"] = (out,)
    shapes["log_std"] = (actions,)
    return shapes


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
        "observation_size", "action_size", "communities", "net", "activation", "normaliser",
        "scenario_digest", "training",
    )  # fmt: skip
    for name in needed:
        if name not in metadata:
            raise PolicyFileError(f"{source}: metadata lacks {name!r}")
    normaliser, training = metadata["normaliser"], metadata["training"]
    if metadata["activation"] not in _ACTIVATIONS:
        raise PolicyFileError(
            f"{source}: activation is {metadata['activation']!r}; allowed is {', '.join(_ACTIVATIONS)}"
        )
    whole = {name: metadata[name] for name in ("observation_size", "action_size", "communities")}
    for name, value in whole.items():
        if type(value) is not int or value < 1:
            raise PolicyFileError(f"{source}: {name} is {value!r}; allowed are whole numbers from 1")
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


def save_policy(policy: Policy, path: Path) -> None:
    """Check a policy and write it (to a temporary name, then renamed)."""
    check_policy(policy, path.name)
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in policy.tensors.items()}
    write_bytes(path, save(tensors, metadata={KEY: json.dumps(policy.metadata, sort_keys=True)}))


def load_policy(path: Path) -> Policy:
    """Read a policy.

    Raises:
        PolicyFileError: If the file is missing, is no safetensors file, or is not a whole policy of ours.
    """
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
