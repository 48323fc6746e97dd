"""Models of stable-baselines3 or sb3-contrib as allocators: `FILE.zip:ALGORITHM`.

Whoever names one runs it: such a file holds pickles, which are code.
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.allocators.base import Allocator, Setting
from juguo_agents.array_types import Seeds, Singles
from juguo_agents.artifacts.own import why
from juguo_envs.errors import UserError, unknown

_NAME = re.compile(r"(?P<file>.+\.zip):(?P<algorithm>[A-Za-z_]\w*)")
NORMALISER = "vecnormalize.pkl"
"""Beside a model's file, what its observations were normalised by in training, as RL Zoo leaves it."""


class ModelError(UserError):
    """A model that cannot be an allocator; the message names it and what is wrong."""


def is_model(name: str) -> bool:
    """Whether a name stands for a model."""
    return _NAME.fullmatch(name) is not None


def model_digest(name: str) -> str:
    """SHA-256 of a model's file, of what normalises its observations, and of the algorithm's name.

    Raises:
        ModelError: If there is no such file.
    """
    file, algorithm = _parted(name)
    if not file.is_file():
        raise ModelError(f"{file}: there is no such file; a model is FILE.zip:ALGORITHM")
    beside = _normaliser(file)
    return hashlib.sha256(file.read_bytes() + (beside or b"") + algorithm.encode()).hexdigest()


def load_model(name: str) -> Allocator:
    """The allocator that a model is, called as its file.

    Raises:
        ModelError: If there is no such algorithm, or the file cannot be loaded.
    """
    import sb3_contrib
    import stable_baselines3

    file, algorithm = _parted(name)
    kinds = {
        name: value
        for library in (stable_baselines3, sb3_contrib)
        for name, value in vars(library).items()
        if inspect.isclass(value) and hasattr(value, "load") and hasattr(value, "predict")
    }
    if algorithm not in kinds:
        raise ModelError(f"{file}: {unknown('algorithm', algorithm, kinds)}")
    try:
        model = kinds[algorithm].load(file, device="cpu")
        beside = _normaliser(file)
        normaliser = None if beside is None else pickle.loads(beside)
    except Exception as error:
        raise ModelError(f"{file}: is no model of {algorithm} that can be loaded ({why(error)})") from None
    return Sb3Allocator(model, file.stem, normaliser)


def _parted(name: str) -> tuple[Path, str]:
    found = _NAME.fullmatch(name)
    assert found is not None, name
    return Path(found["file"]), found["algorithm"]


def _normaliser(file: Path) -> bytes | None:
    beside = file.parent / NORMALISER
    return beside.read_bytes() if beside.is_file() else None


class Sb3Allocator:
    """A model of stable-baselines3, or with the same `predict`, as an allocator: its mean action."""

    def __init__(self, model: Any, name: str, normaliser: Any = None) -> None:
        """Take a model, its name in tables, and the `VecNormalize` of its observations, where it has one."""
        self.model, self.name, self.normaliser = model, name, normaliser

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes.

        Raises:
            ModelError: If the model sees another number of things than there are.
        """
        size, seen = setting.layout.size, self.model.observation_space.shape
        if seen != (size,):
            raise ModelError(
                f"{self.name}: observations are {seen} for the model and ({size},) here; name a world of as "
                "many communities as it was trained in"
            )
        self._memory: Any = None
        self._first = np.ones(len(seeds), bool)

    def act(self, observation: Singles) -> Singles:
        """Actions for a batch of observations."""
        if self.normaliser is not None:
            observation = self.normaliser.normalize_obs(observation)
        actions, self._memory = self.model.predict(
            observation, state=self._memory, episode_start=self._first, deterministic=True
        )
        self._first = np.zeros_like(self._first)
        clipped: Singles = np.clip(actions, -1.0, 1.0).astype(np.float32)
        return clipped
