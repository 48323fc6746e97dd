"""Work shared among processes of one thread each: in order of arrival, and none outlives who started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from juguo_envs.errors import Unfinished

Task = TypeVar("Task")
Result = TypeVar("Result")

_POLL = 0.5  # seconds between a worker's looks at its parent


class WorkerDied(Unfinished):
    """A process ended without a result."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def single_threaded_children() -> Iterator[None]:
    """Children take one thread each; where each took all cores, they would starve each other."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def end_with_parent() -> None:
    """End this process when the one that started it is gone: nobody is left to hand a result to."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        while parent is not None and parent.is_alive():
            time.sleep(_POLL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, too, and ends its children
    end_with_parent()


def work_through(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int,
    done: Callable[[Task, Result], None],
) -> None:
    """Call a function for every task, on several cores.

    Args:
        function: Of a module's top level; with one worker it runs in this process.
        tasks: What it is called with, one at a time.
        workers: Number of processes.
        done: Called in this process with each task and its result, as they come.

    Raises:
        WorkerDied: If a process ends without a result.
    """
    if workers == 1 or len(tasks) < 2:
        for task in tasks:
            done(task, function(task))
        return
    context = multiprocessing.get_context(
        "spawn"
    )  # a forked child would inherit locks of the parent's threads
    with (
        single_threaded_children(),
        ProcessPoolExecutor(min(workers, len(tasks)), context, initializer=_begin) as pool,
    ):
        running: dict[Future[Any], Task] = {pool.submit(function, task): task for task in tasks}
        try:
            while running:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    done(running.pop(future), future.result())
        except BrokenProcessPool:
            raise WorkerDied(
                "a process was killed (out of memory?); go on with the same command and fewer workers"
            ) from None
        finally:
            if running:  # the pool gives up by itself what its processes no longer do
                for child in multiprocessing.active_children():
                    child.terminate()
