"""Trains several seeds side by side, a process each, with one progress bar."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from juguo_agents.artifacts.policy_file import save_policy
from juguo_agents.processes import cores, end_with_parent, single_threaded_children
from juguo_agents.progress import Progress, progress
from juguo_agents.training.config import Experiment
from juguo_agents.training.run import (
    checkpoints_of,
    expert_of,
    imitation_path,
    resume_command,
    steps_of,
)
from juguo_agents.training.train import Diverged, Trained, train_seed
from juguo_envs.errors import Unfinished
from juguo_envs.worlds.scenario import Scenario

_POLL = 0.5  # seconds between looks at the workers


class TrainingFailed(Unfinished):
    """A training process ended without a policy."""


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Children begun here do not hear Ctrl-C: whoever began them does, says one thing, and ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_messages: Any = None  # in a training process: the queue on which it tells how far it is


def _begin(messages: Any) -> None:
    global _messages
    _messages = messages
    end_with_parent()


def _work(experiment: Experiment, scenario: Scenario, seed: int, folder: Path, threads: int) -> Trained:
    def progress(steps: int, selection: float | None) -> None:
        _messages.put((seed, steps, selection))

    return train_seed(
        experiment,
        scenario,
        seed,
        tensorboard=folder / "tensorboard" / f"seed{seed}",
        checkpoints=checkpoints_of(folder, seed),
        progress=progress,
        threads=threads,
        expert=expert_of(experiment, folder),
        imitation=imitation_path(folder, seed),
    )


def train_all(
    experiment: Experiment,
    scenario: Scenario,
    seeds: Sequence[int],
    folder: Path,
    done: Callable[[int, Trained], None],
    *,
    begun: Mapping[int, int] | None = None,
) -> None:
    """Train seeds of an experiment, each from its last checkpoint on where it has one.

    Args:
        experiment: What to train and how.
        scenario: The world, overrides applied.
        seeds: Which of its training seeds are still to be trained.
        folder: The run's; gets a folder of event files and one of checkpoints per seed.
        done: Called with each seed and its result as soon as it is trained.
        begun: Steps that seeds have behind them, finished ones included; the bar starts there.

    Raises:
        TrainingFailed: If a process dies, or, when the others are trained, if one diverged.
    """
    if not seeds:
        return
    training = experiment.training
    steps = dict.fromkeys(training.seeds, 0) | dict(begun or {})
    workers = min(training.processes, len(seeds))
    threads = share_of_cores(workers)
    context = multiprocessing.get_context("spawn")  # a forked child would inherit the parent's threads' locks
    messages = context.Queue()
    with (
        single_threaded_children(),
        ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(messages,)) as pool,
        progress(steps_of(experiment) * len(training.seeds), "training", "step", sum(steps.values())) as bar,
    ):
        with _deaf_children():
            running: dict[Future[Trained], int] = {
                pool.submit(_work, experiment, scenario, seed, folder, threads): seed for seed in seeds
            }
        best: dict[int, float] = {}
        diverged: list[str] = []
        try:
            while running:
                _listen(messages, steps, best, bar)
                for future in [f for f in running if f.done()]:
                    seed = running.pop(future)
                    try:
                        trained = future.result()
                    except Diverged as error:  # the others go on
                        diverged.append(_kept(error, seed, folder))
                    else:
                        done(seed, trained)
        except BrokenProcessPool:
            raise TrainingFailed(
                "a training process was killed (out of memory?); go on in one process with: "
                f"{resume_command(folder)} training.processes=1"
            ) from None
        finally:
            for future in running:
                future.cancel()
            if running:
                for child in multiprocessing.active_children():
                    child.terminate()
    if diverged:
        raise TrainingFailed("; ".join(diverged))


def _kept(error: Diverged, seed: int, folder: Path) -> str:
    """What to say of a training that diverged; the best policy that it had is written down."""
    if error.best is None:
        return str(error)
    path = folder / f"diverged-seed{seed}.safetensors"
    save_policy(error.best, path)
    return f"{error}; its best policy until then is {path}"


def share_of_cores(workers: int) -> int:
    """Threads for each of so many processes, so that together they have the cores of this machine."""
    return max(1, cores() // workers)


def _listen(messages: Any, steps: dict[int, int], best: dict[int, float], bar: Progress) -> None:
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
        bar.note("best", " ".join(f"{s}:{v:.3f}" for s, v in sorted(best.items())))
    bar.update(sum(steps.values()) - bar.done)
