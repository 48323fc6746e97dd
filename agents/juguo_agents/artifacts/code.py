"""Allocators that are code: a class by `module:Class` or `file.py:Class`, or a model by `file.zip:ALGORITHM`.

Whoever names one runs it; a `.zip` of stable-baselines3 holds pickles, which are code, too.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pickle
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from juguo_agents.allocators.base import Allocator, Setting
from juguo_agents.array_types import Seeds, Singles
from juguo_agents.artifacts.zoo import PREFIX
from juguo_envs.errors import UserError, unknown

_NAME = re.compile(r"(?P<place>.+):(?P<what>[A-Za-z_]\w*)")
_PARTS = ("name", "start", "act")
NORMALISER = "vecnormalize.pkl"
"""Beside a model's file, what its observations were normalised by in training, as RL Zoo leaves it."""


class CodeError(UserError):
    """Code that is named as an allocator and cannot be one; the message names it and what is wrong."""


def is_code(name: str) -> bool:
    """Whether a name is meant for code: `module:Class`, `file.py:Class` or `file.zip:ALGORITHM`."""
    found = _NAME.fullmatch(name)
    return (
        found is not None
        and not name.startswith(PREFIX)
        and (
            Path(found["place"]).suffix in (".py", ".zip")
            or all(part.isidentifier() for part in found["place"].split("."))
        )
    )


def load_code(name: str) -> Allocator:
    """The allocator that a name of code stands for.

    Raises:
        CodeError: If it cannot be imported or loaded, or is no allocator.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise CodeError(f"{name!r} is no module:Class, file.py:Class or file.zip:ALGORITHM")
    place, what = found["place"], found["what"]
    if place.endswith(".zip"):
        return _of_stable_baselines3(Path(place), what)
    module = _module(place)
    if not hasattr(module, what):
        known = [one for one, value in vars(module).items() if inspect.isclass(value)]
        raise CodeError(f"{place}: {unknown('class', what, known)}")
    made: Any = getattr(module, what)
    try:
        made = made() if inspect.isclass(made) else made
    except Exception as error:
        raise CodeError(f"{name}: cannot be made without arguments ({_told(error)})") from None
    lacking = [part for part in _PARTS if not hasattr(made, part)]
    if lacking:
        raise CodeError(
            f"{name}: is no allocator, it has no {lacking[0]!r}; docs/tutorials/3-your-own-allocator.md "
            "tells what one has"
        )
    allocator: Allocator = made
    return allocator


def _module(place: str) -> ModuleType:
    try:
        if not place.endswith(".py"):
            return importlib.import_module(place)
        spec = importlib.util.spec_from_file_location(Path(place).stem, place)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    except Exception as error:
        raise CodeError(f"{place}: cannot be imported ({_told(error)})") from None


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
