"""What an executor of studies costs: start, overhead a point, and efficiency on 1, 2 and 4 workers.

    python benchmarks/executors.py [local] [ray]

Points wait half a second instead of working, so that the figures are those of the executor and not those of
the cores. Cells are written as in a study.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from juguo_agents.studies.executors import Executor, LocalExecutor, RayExecutor
from juguo_agents.studies.settings import Settings
from juguo_agents.studies.study import Execute, Page, Stage, Study, conduct, record

SECONDS, WORKERS, EMPTY, WAITING = 0.5, (1, 2, 4), 400, 60


class Asked(Settings):
    """How many points, and how long each takes."""

    count: int
    seconds: float


@dataclass(frozen=True)
class Wait:
    """A point that waits."""

    number: int
    seconds: float

    @property
    def key(self) -> str:
        """Its name."""
        return str(self.number)


def wait(point: Wait, work: Path) -> pa.Table:
    """Wait; one row."""
    time.sleep(point.seconds)
    return record(point.number)


class Waiting(Study[Asked, "list[pa.Table]"]):
    """Points that wait."""

    name, settings_type, home = "waiting", Asked, "waiting"

    def plan(self, execute: Execute) -> list[pa.Table]:
        """One stage."""
        points = [Wait(i, self.settings.seconds) for i in range(self.settings.count)]
        return execute(Stage("waiting", points, wait))

    def analyse(self, table: list[pa.Table]) -> Page:
        """Nothing is analysed."""
        return Page(len(table), "waiting.json", "", {})


class Timed:
    """An executor that notes when each result comes."""

    def __init__(self, inner: Executor) -> None:
        """Take what runs the tasks."""
        self.inner = inner

    def run(
        self, function: Callable[[Any], Any], tasks: Sequence[Any], done: Callable[[Any, Any], None]
    ) -> None:
        """Call the function for every task."""
        self.times = [time.monotonic()]

        def noted(task: Any, result: Any) -> None:
            done(task, result)
            self.times.append(time.monotonic())

        self.inner.run(function, tasks, noted)


def seconds_each(executor: Timed, count: int, seconds: float) -> float:
    """Seconds from one result to the next, in the second half of a study, when all workers are there."""
    with tempfile.TemporaryDirectory() as folder:
        conduct(Waiting(Asked(count=count, seconds=seconds)), Path(folder) / "study", executor)
    half = executor.times[count // 2 :]
    return (half[-1] - half[0]) / (len(half) - 1)


def measure(name: str, workers: int) -> str:
    """A row of the table."""
    inner: Executor = LocalExecutor(workers)
    if name == "ray":
        import ray

        ray.init(
            "local", num_cpus=workers, log_to_driver=False, include_dashboard=False, logging_level="ERROR"
        )
        inner = RayExecutor()
    executor = Timed(inner)
    overhead = seconds_each(executor, EMPTY, 0.0)
    start = executor.times[1] - executor.times[0]
    efficiency = SECONDS / workers / seconds_each(executor, WAITING * workers, SECONDS)
    if name == "ray":
        ray.shutdown()
    return f"{name:9}{workers:9}{start:9.1f}{1000.0 * overhead:16.1f}{efficiency:12.1%}"


if __name__ == "__main__":
    print(f"{'':9}{'workers':>9}{'start s':>9}{'ms each point':>16}{'efficiency':>12}")
    for name in sys.argv[1:] or ["local", "ray"]:
        for workers in WORKERS:
            print(measure(name, workers), flush=True)
