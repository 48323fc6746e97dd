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

from tqdm import tqdm

from juguo_agents.processes import cores, end_with_parent, single_threaded_children
from juguo_agents.training.config import Experiment
from juguo_agents.training.run import checkpoints_of, resume_command, steps_of
from juguo_agents.training.train import Trained, train_seed
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

_POLL = 0.5  # seconds between looks at the workers


class TrainingFailed(UserError):
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
        TrainingFailed: If a process dies.
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
        tqdm(
            total=steps_of(experiment) * len(training.seeds),
            initial=sum(steps.values()),
            unit="step",
            unit_scale=True,
            desc="training",
        ) as bar,
    ):
        with _deaf_children():
            running: dict[Future[Trained], int] = {
                pool.submit(_work, experiment, scenario, seed, folder, threads): seed for seed in seeds
            }
        best: dict[int, float] = {}
        try:
            while running:
                _listen(messages, steps, best, bar)
                for future in [f for f in running if f.done()]:
                    done(running.pop(future), future.result())
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


def share_of_cores(workers: int) -> int:
    """Threads for each of so many processes, so that together they have the cores of this machine."""
    return max(1, cores() // workers)


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
