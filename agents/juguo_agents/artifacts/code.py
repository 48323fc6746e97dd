"""Allocators that are code beside one's own files: `MODULE:CLASS`, or a model by `FILE.zip:ALGORITHM`.

Whoever names one runs it: a `.zip` of stable-baselines3 holds pickles, which are code, too.
"""

from __future__ import annotations

import importlib
import inspect
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.allocators.base import Allocator, Setting
from juguo_agents.array_types import Seeds, Singles
from juguo_agents.artifacts.own import checked, is_own, made_of
from juguo_agents.artifacts.zoo import PREFIX
from juguo_envs.errors import UserError, unknown

_NAME = re.compile(r"(?P<place>.+):(?P<what>[A-Za-z_]\w*)")
NORMALISER = "vecnormalize.pkl"
"""Beside a model's file, what its observations were normalised by in training, as RL Zoo leaves it."""


class CodeError(UserError):
    """Code that is named as an allocator and cannot be one; the message names it and what is wrong."""


def is_code(name: str) -> bool:
    """Whether a name is meant for code: `MODULE:CLASS` or `FILE.zip:ALGORITHM`."""
    found = _NAME.fullmatch(name)
    if found is None or is_own(name) or name.startswith(PREFIX):
        return False
    place = found["place"]
    return place.endswith(".zip") or all(part.isidentifier() for part in place.split("."))


def load_code(name: str) -> Allocator:
    """The allocator that a name of code stands for.

    Raises:
        CodeError: If it cannot be imported or loaded.
        OwnFileError: If it is no allocator.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise CodeError(f"{name!r} is no MODULE:CLASS and no FILE.zip:ALGORITHM")
    place, what = found["place"], found["what"]
    if place.endswith(".zip"):
        return _of_stable_baselines3(Path(place), what)
    try:
        module = importlib.import_module(place)
    except Exception as error:
        raise CodeError(f"{place}: cannot be imported ({_told(error)})") from None
    kinds = {one: value for one, value in vars(module).items() if inspect.isclass(value)}
    if what not in kinds:
        raise CodeError(f"{place}: {unknown('class', what, kinds)}")
    return checked(made_of(kinds[what], name), what.lower(), name)


def _of_stable_baselines3(file: Path, algorithm: str) -> Allocator:
    import sb3_contrib
    import stable_baselines3

    kinds = {
        name: value
        for library in (stable_baselines3, sb3_contrib)
        for name, value in vars(library).items()
        if inspect.isclass(value) and hasattr(value, "load") and hasattr(value, "predict")
    }
    if algorithm not in kinds:
        raise CodeError(f"{file}: {unknown('algorithm', algorithm, kinds)}")
    try:
        model = kinds[algorithm].load(file, device="cpu")
        beside = file.parent / NORMALISER
        normaliser = pickle.loads(beside.read_bytes()) if beside.is_file() else None
    except Exception as error:
        raise CodeError(f"{file}: is no model of {algorithm} that can be loaded ({_told(error)})") from None
    return Sb3Allocator(model, file.stem, normaliser)


def _told(error: Exception) -> str:
    """An error on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


class Sb3Allocator:
    """A model of stable-baselines3, or with the same `predict`, as an allocator: its mean action."""

    def __init__(self, model: Any, name: str, normaliser: Any = None) -> None:
        """Take a model, its name in tables, and the `VecNormalize` of its observations, where it has one."""
        self.model, self.name, self.normaliser = model, name, normaliser

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes.

        Raises:
            CodeError: If the model sees another number of things than there are.
        """
        size, seen = setting.layout.size, self.model.observation_space.shape
        if seen != (size,):
            raise CodeError(
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
