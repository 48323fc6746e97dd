"""Trainings that are killed, in a process that goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import save

from juguo_agents.training.config import Experiment
from juguo_agents.training.train import Trained, train_seed
from juguo_envs import Scenario


class Killed(BaseException):
    """What a kill is in a process that goes on."""


def killer(after: int) -> Callable[[int, float | None], None]:
    """Ends the training when it is told of so many steps."""

    def progress(steps: int, selection: float | None) -> None:
        if steps >= after:
            raise Killed

    return progress


def kill(experiment: Experiment, world: Scenario, folder: Path, *after: int) -> None:
    """Train the experiment's first seed, and kill it after so many steps, each time from where it was."""
    for steps in after:
        with pytest.raises(Killed):
            seed = experiment.training.seeds[0]
            train_seed(experiment, world, seed, checkpoints=folder, progress=killer(steps))


def content(trained: Trained) -> tuple[bytes, object, list[tuple[int, float]]]:
    """Every bit of a policy, its metadata, and the curve but for the time."""
    policy = trained.policy
    return save(policy.tensors), policy.metadata, [(steps, mean) for steps, _, mean in trained.curve]
