"""Trains several seeds side by side, one process and one core each, with one progress bar."""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from tqdm import tqdm

from juguo_agents.config import Experiment
from juguo_agents.processes import single_threaded_children
from juguo_agents.training import Trained, train_seed
from juguo_envs.scenario import Scenario

_POLL = 0.5  # seconds between looks at the workers


class TrainingFailed(RuntimeError):
    """A training process ended without a policy."""


_messages: Any = None  # in a training process: the queue on which it tells how far it is


def _begin(messages: Any) -> None:
    global _messages
    _messages = messages


def _work(experiment: Experiment, scenario: Scenario, seed: int, tensorboard: Path) -> Trained:
    parent = multiprocessing.parent_process()

    def progress(steps: int, selection: float | None) -> None:
        if parent is not None and not parent.is_alive():
            os._exit(1)  # whoever started this was killed; nobody is left to hand the policy to
        _messages.put((seed, steps, selection))

    return train_seed(experiment, scenario, seed, tensorboard=tensorboard, progress=progress)


def train_all(
    experiment: Experiment, scenario: Scenario, tensorboard: Path, done: Callable[[int, Trained], None]
) -> None:
    """Train every seed of an experiment.

    Args:
        experiment: What to train and how.
        scenario: The world, overrides applied.
        tensorboard: Folder that gets one folder of event files per seed.
        done: Called with each seed and its result as soon as it is trained.

    Raises:
        TrainingFailed: If a process dies, naming its seed.
    """
    training = experiment.training
    rollout = training.ppo.envs * training.ppo.n_steps
    per_seed = -(-training.steps // rollout) * rollout
    context = multiprocessing.get_context("spawn")  # a forked child would inherit the parent's threads' locks
    messages = context.Queue()
    with (
        single_threaded_children(),
        ProcessPoolExecutor(
            min(training.processes, len(training.seeds)), context, initializer=_begin, initargs=(messages,)
        ) as pool,
        tqdm(total=per_seed * len(training.seeds), unit="step", unit_scale=True, desc="training") as bar,
    ):
        running: dict[Future[Trained], int] = {
            pool.submit(_work, experiment, scenario, seed, tensorboard / f"seed{seed}"): seed
            for seed in training.seeds
        }
        steps = dict.fromkeys(training.seeds, 0)
        best: dict[int, float] = {}
        try:
            while running:
                _listen(messages, steps, best, bar)
                for future in [f for f in running if f.done()]:
                    done(running.pop(future), future.result())
        except BrokenProcessPool:
            raise TrainingFailed(
                "a training process was killed (out of memory?); try training.processes=1"
            ) from None
        finally:
            for future in running:
                future.cancel()
            if running:
                for child in multiprocessing.active_children():
                    child.terminate()


def _listen(messages: Any, steps: dict[int, int], best: dict[int, float], bar: Any) -> None:
    """Take what the workers said within a moment, and move the bar."""
    try:
        seed, count, selection = messages.get(timeout=_POLL)
    except queue.Empty:
        return
    while True:
        steps[seed] = count
        if selection is not None:
            best[seed] = max(best.get(seed, selection), selection)
        try:
            seed, count, selection = messages.get_nowait()
        except queue.Empty:
            break
    if best:
        bar.set_postfix_str(
            "best " + " ".join(f"{s}:{v:.3f}" for s, v in sorted(best.items())), refresh=False
        )
    bar.update(sum(steps.values()) - bar.n)
