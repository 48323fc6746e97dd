"""Trains one allocator per seed with the learner that is set, and keeps the best on selection seeds.

With a folder for checkpoints, a training that was killed goes on from the last one and ends with the same
policy, bit for bit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat
from torch.utils.tensorboard import SummaryWriter

from juguo_agents.array_types import Seeds
from juguo_agents.artifacts.policy import Learned, Policy
from juguo_agents.artifacts.policy_file import check_policy, save_policy
from juguo_agents.evaluation.record import Record
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import SELECTION
from juguo_agents.folders import locked
from juguo_agents.training.checkpoint import Arrays, Checkpoint, CheckpointFolder
from juguo_agents.training.config import ConfigError, Experiment
from juguo_agents.training.learners.constraint import NONE_YET, Merit, merit
from juguo_agents.training.learners.kinds import (
    begin_at_expert,
    extract_policy,
    kind_of,
    make_learner,
    multiplier_of,
)
from juguo_agents.training.learners.state import capture, restore, restore_generators
from juguo_agents.training.provenance import check_checkpoint, identity
from juguo_envs.errors import Unfinished
from juguo_envs.info import REWARD_PARTS
from juguo_envs.spaces.action import AllocationError
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

_WRITING = 0.05  # the share of the time that checkpoints may take, where there is a pause between them


class Diverged(Unfinished):
    """A training whose numbers are no numbers any more.

    Attributes:
        best: The best policy until then, or None where there was no selection before.
    """

    def __init__(self, message: str, best: Policy | None = None) -> None:
        super().__init__(message, best)
        self.best = best

    def __str__(self) -> str:
        return str(self.args[0])


class Progress(Protocol):
    """Told how far training is."""

    def __call__(self, steps: int, selection: float | None) -> None:
        """`steps` done so far, and the latest mean return on selection seeds."""


@dataclass
class Trained:
    """A trained policy and how it came about.

    Attributes:
        policy: The best on the selection seeds.
        curve: (steps, seconds, mean return on selection seeds) at each selection.
    """

    policy: Policy
    curve: list[tuple[int, float, float]] = field(default_factory=list)


class _Watch(BaseCallback):
    """Logs what episodes brought, reports progress, selects, and writes checkpoints."""

    def __init__(
        self,
        scenario: Scenario,
        experiment: Experiment,
        seed: int,
        progress: Progress | None,
        checkpoints: CheckpointFolder | None,
        threads: int,
    ) -> None:
        super().__init__()
        self.scenario, self.experiment, self.seed, self.progress = scenario, experiment, seed, progress
        self.checkpoints, self.threads = checkpoints, threads
        training = experiment.training
        self.every = max(1, training.steps // training.selections)
        self.next_selection = self.every
        self.best = NONE_YET
        self.result: Trained | None = None
        self.curve: list[tuple[int, float, float]] = []
        self.pause = 60.0 * training.checkpoint_minutes
        self.begun = self.written = time.monotonic()
        self.taken_up: Checkpoint | None = None
        self.imitates = False

    def _on_training_start(self) -> None:
        if self.imitates:  # what reinforcement makes worse is not kept
            self.select()

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self.taken_up:
            restore_generators(self.taken_up)
            self.taken_up = None
        begun = time.monotonic()
        if self.checkpoints and begun - self.written >= self.pause:
            self.checkpoints.write(self.checkpoint())
            self.written = time.monotonic()
            if self.pause:  # a large replay buffer takes its time; no more than a share of it all
                self.pause = max(self.pause, (self.written - begun) / _WRITING)

    def _on_rollout_end(self) -> None:
        multiplier = multiplier_of(self.model)
        if multiplier:
            cost = multiplier.update()
            self.logger.record("constraint/multiplier", multiplier.value)
            if cost is not None:
                self.logger.record("constraint/excluded", cost)
        episodes = self.model.ep_info_buffer
        if episodes:
            self.logger.record("juguo/return", float(np.mean([e["r"] for e in episodes])))
            for part in REWARD_PARTS:
                self.logger.record(f"juguo/{part}", float(np.mean([e[part] for e in episodes])))
        if self.num_timesteps >= self.next_selection:
            self.next_selection += self.every
            self.select()
        if self.progress:
            self.progress(self.num_timesteps, self.curve[-1][2] if self.curve else None)

    def select(self) -> None:
        """Evaluate on the selection seeds; keep the policy if it is the best so far."""
        policy = extract_policy(self.model, self.scenario, self.experiment, self.seed)
        count = self.experiment.training.selection_episodes
        seeds = SELECTION.take(0, count)
        worlds = self.experiment.worlds(self.scenario)
        observe = self.experiment.observe
        record = run(Learned(policy, "learned"), worlds, seeds, observe=observe, threads=self.threads)
        found, mean = self._judge(record, seeds)
        self.curve.append((self.num_timesteps, time.monotonic() - self.begun, mean))
        self.logger.record("selection/return", mean)
        parts = {part: float(getattr(record, part).mean()) for part in REWARD_PARTS}
        for part, value in parts.items():
            self.logger.record(f"selection/{part}", value)
        if np.isfinite(found.value) and found > self.best:
            self.best = found
            policy.metadata["training"]["selection_return"] = mean
            selection = {"first_seed": SELECTION.first, "episodes": count, "return": mean, **parts}
            if self.experiment.training.constraint is not None:
                selection["limit_kept"] = found.kept
            policy.metadata["evaluation"] = {"selection": selection}
            self.result = Trained(policy)

    def _judge(self, record: Record, seeds: Seeds) -> tuple[Merit, float]:
        """What is selected by, and the mean return; per weight where learning is."""
        training, returns = self.experiment.training, record.returns
        worlds = self.experiment.worlds(self.scenario)
        if training.per_weight and isinstance(worlds, Family):
            returns = returns / worlds.preferences(seeds).sum(1)
        mean = float(returns.mean())
        if training.constraint is None:
            return Merit(True, mean), mean
        return merit(record, training.constraint, self.scenario.reward), mean

    def finish(self) -> Trained:
        """The best policy and the whole curve."""
        if not self.curve or self.curve[-1][0] < self.model.num_timesteps:
            self.select()
        if self.result is None:
            raise FloatingPointError("no selection return is a number")
        self.result.curve = self.curve
        # no seconds here: the same seed shall give the same file
        self.result.policy.metadata["training"]["curve"] = [
            {"steps": steps, "selection_return": mean if np.isfinite(mean) else None}
            for steps, _, mean in self.curve
        ]
        return self.result

    def checkpoint(self) -> Checkpoint:
        """The state of the learner and of the selection."""
        state = capture(self.model, kind_of(self.experiment.training.algorithm))
        best: dict[str, Any] | None = None
        if self.result is not None:
            best = self.result.policy.metadata
            state.arrays.update({f"best.{n}": t for n, t in self.result.policy.tensors.items()})
        state.values["seed"] = self.seed
        state.values["run"] = identity(self.experiment, self.scenario)
        state.values["selection"] = {
            "next": self.next_selection,
            "curve": self.curve,
            "best_return": self.best.value,
            "best_kept": self.best.kept,
            "best": best,
            "seconds": time.monotonic() - self.begun,
        }
        return state

    def take_up(self, checkpoint: Checkpoint) -> None:
        """Put back what `checkpoint` told of the selection, and with the first rollout what is drawn next."""
        self.taken_up = checkpoint
        values = checkpoint.values["selection"]
        self.next_selection = values["next"]
        self.best = Merit(values["best_kept"], values["best_return"])
        self.curve = [(int(steps), seconds, mean) for steps, seconds, mean in values["curve"]]
        self.begun = time.monotonic() - values["seconds"]  # the pause between two runs is no training
        if values["best"] is not None:
            tensors: Arrays = {
                name.removeprefix("best."): array
                for name, array in checkpoint.arrays.items()
                if name.startswith("best.")
            }
            best = Policy(tensors, values["best"])
            check_policy(best, "its best policy")
            self.result = Trained(best)


class _Scalars(TensorBoardOutputFormat):
    """An event file that stands in for whatever was logged after a step by a run that was killed."""

    def __init__(self, folder: Path, after: int | None) -> None:
        purge = None if after is None else after + 1
        self.writer = SummaryWriter(str(folder), purge_step=purge)
        self._is_closed = False


@dataclass(frozen=True)
class Begin:
    """Where learning begins: at an expert by name, or at nothing; and the file that gets its imitation."""

    expert: str | None
    imitation: Path | None


def train_seed(
    experiment: Experiment,
    scenario: Scenario,
    seed: int,
    *,
    tensorboard: Path | None = None,
    checkpoints: Path | None = None,
    progress: Progress | None = None,
    threads: int = 1,
    expert: str | None = None,
    imitation: Path | None = None,
) -> Trained:
    """Train one allocator, from the last checkpoint on where there is one.

    Args:
        experiment: What to train and how.
        scenario: The world to select in, overrides applied; training is in
            `experiment.training_world(scenario)`.
        seed: Training seed; with the same versions it fixes the policy.
        tensorboard: Folder of the event files; none is written by default.
        checkpoints: Folder for checkpoints of this seed alone; none are written by default.
        progress: Told after every update.
        threads: Threads that step societies, in selection too; the policy does not depend on it.
        expert: What the search of the experiment found, where it has one; else the experiment names it.
        imitation: The file that gets the policy at which learning begins, where there is an expert.

    Raises:
        ConfigError: If torch cannot use the device that is set, or a search should come first.
        ResumeError: If the checkpoint is of another configuration, scenario, software or training seed.
        CheckpointMisfit: If the checkpoint is no state of this training.
        Diverged: If the learner's numbers are no numbers any more.
    """
    expert = expert or experiment.training.expert
    if experiment.training.search is not None and expert is None:
        raise ConfigError(
            "training.search is set, and nothing was searched; use juguo train, or name what was found"
        )
    begin = Begin(expert, imitation)
    torch.set_num_threads(1)  # a second thread gains nothing for small networks, and starves the other seed
    if checkpoints is None:
        return _train(experiment, scenario, seed, begin, tensorboard, None, progress, threads)
    checkpoints.mkdir(parents=True, exist_ok=True)
    with locked(checkpoints, wait=True):  # until a process that lost its parent has ended, too
        folder = CheckpointFolder(checkpoints)
        return _train(experiment, scenario, seed, begin, tensorboard, folder, progress, threads)


def _no_number(error: Exception) -> bool:
    """Whether an error is about numbers that are none; torch and the engine refuse them by a ValueError."""
    if isinstance(error, AllocationError):
        return any(f" is {word}" in str(error) for word in ("nan", "inf", "-inf"))
    return isinstance(error, FloatingPointError) or "invalid values" in str(error)


def _train(
    experiment: Experiment,
    scenario: Scenario,
    seed: int,
    begin: Begin,
    tensorboard: Path | None,
    folder: CheckpointFolder | None,
    progress: Progress | None,
    threads: int,
) -> Trained:
    found = folder.take_up() if folder else None
    if found and folder:
        check_checkpoint(found, experiment, scenario, seed, folder.path)
    learner = make_learner(experiment.training_world(scenario), experiment, seed, threads)
    outputs = [_Scalars(tensorboard, found.steps if found else None)] if tensorboard else []
    learner.set_logger(Logger(str(tensorboard) if tensorboard else None, list(outputs)))
    watch = _Watch(scenario, experiment, seed, progress, folder, threads)
    kind = kind_of(experiment.training.algorithm)
    if found and folder:
        with folder.blamed(found):
            restore(learner, kind, found)
            watch.take_up(found)
    try:
        if begin.expert is not None and not found:  # the watch runs: its time counts, too
            begin_at_expert(learner, experiment, scenario, seed, begin.expert)
            watch.imitates = True
            if begin.imitation is not None:
                begin.imitation.parent.mkdir(exist_ok=True)
                save_policy(extract_policy(learner, scenario, experiment, seed), begin.imitation)
        learner.learn(
            experiment.training.steps - learner.num_timesteps,
            callback=watch,
            log_interval=kind.log_interval(experiment.training.settings),
            reset_num_timesteps=found is None,
        )
        trained = watch.finish()
    except (FloatingPointError, ValueError) as error:
        if not _no_number(error):
            raise
        where = f"training seed {seed} diverged at step {learner.num_timesteps:,}"
        rate = f"training.{experiment.training.algorithm}.learning_rate"
        raise Diverged(
            f"{where}: its numbers are none any more; train with a lower {rate} in a new --out",
            watch.result.policy if watch.result else None,
        ) from None
    for output in outputs:
        output.close()
    return trained
