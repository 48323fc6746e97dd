"""Where the points of a study run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from juguo_agents.processes import work_through


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
