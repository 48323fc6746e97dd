"""Where the points of a study run."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from juguo_agents.processes import WorkerDied, work_through
from juguo_envs.errors import UserError


class Executor(Protocol):
    """Calls a function for every task, in any order, each at least once."""

    def run(
        self, function: Callable[[Any], Any], tasks: Sequence[Any], done: Callable[[Any, Any], None]
    ) -> None:
        """Call the function for every task.

        Args:
            function: Picklable.
            tasks: What it is called with, one at a time; picklable.
            done: Called in this process, once with each task and its result, as they come.

        Raises:
            WorkerDied: If tasks cannot be finished because processes end without a result.
        """


@dataclass(frozen=True)
class LocalExecutor:
    """Processes of this machine.

    Attributes:
        workers: How many; with one, points run in the process that asks.
    """

    workers: int

    def run(
        self, function: Callable[[Any], Any], tasks: Sequence[Any], done: Callable[[Any, Any], None]
    ) -> None:
        """Call the function for every task."""
        work_through(function, tasks, self.workers, done)


_QUEUED = 4  # tasks that a cluster holds for each of its cores, so that none waits for this process
_RETRIES = 3  # by Ray, where a worker ends; this process then submits the task again as often
_ANSWER = 10.0  # seconds that a cluster has to answer


@dataclass(frozen=True)
class RayExecutor:
    """Cores of a Ray cluster. Workers and nodes may die and come; what they had begun runs again elsewhere.

    Every node needs this version of the package, and the study's folder at the same path.

    Attributes:
        address: Of the cluster, such as "10.0.0.1:6379", or "auto". Without one Ray takes that of the
            environment variable RAY_ADDRESS or the one that runs on this machine, or starts one here.
        workers: Tasks that run at once, at most; all cores of the cluster by default.
    """

    address: str | None = None
    workers: int | None = None

    def run(
        self, function: Callable[[Any], Any], tasks: Sequence[Any], done: Callable[[Any, Any], None]
    ) -> None:
        """Call the function for every task.

        Raises:
            UserError: If Ray is not installed, there is no such cluster, or a node cannot run the function.
            WorkerDied: If a task's worker dies again and again.
        """
        if not tasks:
            return
        ray = self._connected()
        from ray.exceptions import RayError, RayTaskError

        remote = ray.remote(num_cpus=1, max_retries=_RETRIES)(function)
        waiting = deque((task, 0) for task in tasks)
        running: dict[Any, tuple[Any, int]] = {}
        try:
            while waiting or running:
                room = self.workers or _QUEUED * max(1, int(ray.cluster_resources().get("CPU", 1)))
                while waiting and len(running) < room:
                    task, died = waiting.popleft()
                    running[remote.remote(task)] = (task, died)
                for ref in ray.wait(list(running))[0]:
                    task, died = running.pop(ref)
                    try:
                        result = ray.get(ref)
                    except RayTaskError as error:
                        raise UserError(
                            f"a node of the cluster cannot run a task: {str(error).strip().splitlines()[-1]}"
                        ) from None
                    except RayError as error:
                        if died == _RETRIES:
                            first = str(error).strip().splitlines()[0]
                            raise WorkerDied(f"a task's workers died again and again ({first})") from None
                        waiting.append((task, died + 1))
                    else:
                        done(task, result)
        finally:
            for ref in running:
                ray.cancel(ref, force=True)

    def _connected(self) -> Any:
        """Ray, connected to the cluster. Signals stay with who handled them, which Ray takes over."""
        try:
            import ray
        except ImportError:
            raise UserError("--executor ray needs the extra `ray`: pip install 'juguo[train,ray]'") from None
        if ray.is_initialized():
            return ray
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        handler = signal.getsignal(signal.SIGTERM)
        try:
            host, _, port = (self.address or "").removeprefix("ray://").rpartition(":")
            if port.isdigit():  # Ray itself tries for minutes
                socket.create_connection((host, int(port)), _ANSWER).close()
            ray.init(address=self.address, log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, ValueError, RuntimeError) as error:
            first = str(error).strip().splitlines()[0]
            raise UserError(
                f"--address is {self.address}: no Ray cluster answers there ({first}); "
                "start one with `ray start --head`, and set RAY_AUTH_MODE here as there"
            ) from None
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, handler)
        return ray
