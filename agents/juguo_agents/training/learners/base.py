"""What training needs to know of a kind of learner."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from juguo_agents.training.checkpoint import Arrays
from juguo_agents.training.learners.settings import LearnerSettings

L = TypeVar("L", bound=BaseAlgorithm)
S = TypeVar("S", bound=LearnerSettings)


class Kind(ABC, Generic[L, S]):
    """A kind of learner: how it is made, what of it acts, and what of it a checkpoint holds.

    Attributes:
        network: What stands in a policy file of this kind besides what all have: `architecture`, `head` and
            `activation`.
    """

    network: Mapping[str, str]

    @abstractmethod
    def make(self, settings: S, venv: VecEnv, seed: int, device: str = "cpu") -> L:
        """A learner that knows nothing yet, on that device of torch's."""

    def paired(self, settings: S) -> int:
        """How many societies live the same episodes; 1: each lives its own."""
        return 1

    def described(self, settings: S) -> dict[str, Any]:
        """What a policy file tells of the network."""
        return {**self.network, "net": list(settings.net)}

    @abstractmethod
    def acting(self, learner: L) -> torch.nn.Module:
        """The part of a learner whose tensors a policy file has."""

    def tensors(self, learner: L) -> dict[str, torch.Tensor]:
        """What a policy file has of it, by name."""
        return dict(self.acting(learner).state_dict())

    @abstractmethod
    def rebuilt(self, metadata: Mapping[str, Any]) -> BasePolicy:
        """A policy of the learner's library that takes those tensors."""

    @abstractmethod
    def optimisers(self, learner: L) -> dict[str, torch.optim.Optimizer]:
        """The optimisers by name."""

    @abstractmethod
    def capture(self, learner: L, arrays: Arrays) -> dict[str, Any]:
        """What this kind keeps besides networks and optimisers, as plain values and in `arrays`."""

    @abstractmethod
    def restore(self, learner: L, values: Mapping[str, Any], arrays: Arrays) -> None:
        """Put back what `capture` gave."""

    def log_interval(self, settings: S) -> int:
        """How often the learner writes what it logs, in its own measure."""
        return 1


def array_like(arrays: Arrays, name: str, like: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A copy of an array of a checkpoint, which must be of the shape and type of another one.

    Raises:
        ValueError: If it is missing, or of another shape or type.
    """
    found = arrays.get(name)
    if found is None or found.shape != like.shape or found.dtype != like.dtype:
        has = "missing" if found is None else f"of shape {found.shape} and type {found.dtype}"
        raise ValueError(f"the array {name!r} is {has}; expected {like.shape} and {like.dtype}")
    return found.copy()


def normaliser_of(learner: BaseAlgorithm) -> tuple[VecNormalize, RunningMeanStd]:
    """What normalises a learner's observations and rewards, and the running moments of the observations.

    Raises:
        TypeError: If there is none.
    """
    normaliser = learner.get_vec_normalize_env()
    if normaliser is None or not isinstance(normaliser.obs_rms, RunningMeanStd):
        raise TypeError("the learner has no normaliser of observations")
    return normaliser, normaliser.obs_rms


def arguments(settings: LearnerSettings, names: Iterable[str], device: str) -> dict[str, Any]:
    """Settings that the libraries call as we do, by name; the learning rate, or its schedule; the device."""
    return {name: getattr(settings, name) for name in names} | {
        "learning_rate": rate(settings),
        "device": device,
    }


def rate(settings: LearnerSettings) -> float | Callable[[float], float]:
    """The learning rate, or its schedule over the remaining share of training."""
    whole = settings.learning_rate
    return (lambda remaining: whole * remaining) if settings.anneal else whole


def set_abandon_bias(last: torch.nn.Module, mean: float) -> None:
    """Let the mean of the latent action `abandon`, the last, begin at `mean`: the bias of the last layer.

    Raises:
        TypeError: If that layer is not linear.
    """
    if not isinstance(last, torch.nn.Linear):
        raise TypeError("the actor's last layer is not linear")
    with torch.no_grad():
        last.bias[-1] = mean


def observation_space(metadata: Mapping[str, Any]) -> spaces.Box:
    """Normalised observations."""
    return spaces.Box(-np.inf, np.inf, (int(metadata["observation_size"]),), np.float32)


def action_space(metadata: Mapping[str, Any]) -> spaces.Box:
    """What the network does."""
    return spaces.Box(-1.0, 1.0, (int(metadata["action_size"]),), np.float32)
