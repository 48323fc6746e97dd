"""What an executor of studies costs: start, overhead a point, and efficiency on 1, 2 and 4 workers.

    python benchmarks/executors.py [local] [ray]

Points wait half a second instead of working, so that the figures are those of the executor and not those of
the cores. Cells are written as in a study.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from juguo_agents.studies.executors import Executor, LocalExecutor, RayExecutor
from juguo_agents.studies.study import Execute, Page, Settings, Stage, Study, conduct, record

SECONDS, WORKERS, EMPTY, WAITING, REPEATS = 0.5, (1, 2, 4), 200, 20, 3


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


def wall(executor: Executor, count: int, seconds: float, times: int = REPEATS) -> float:
    """Seconds that a study takes in a new folder, the least of some times."""
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            conduct(Waiting(Asked(count=count, seconds=seconds)), Path(folder) / "study", executor)
            found.append(time.monotonic() - began)
    return min(found)


def measure(name: str, workers: int) -> str:
    """A row of the table."""
    executor: Executor = LocalExecutor(workers)
    if name == "ray":
        import ray

        ray.init(num_cpus=workers, log_to_driver=False, include_dashboard=False, logging_level="ERROR")
        executor = RayExecutor()
    first = wall(executor, workers, 0.0, 1)
    start = wall(executor, workers, 0.0)  # Ray's workers stay between stages, local processes do not
    overhead = (wall(executor, workers + EMPTY, 0.0) - start) / EMPTY
    waited = wall(executor, WAITING * workers, SECONDS) - start
    if name == "ray":
        ray.shutdown()
    return f"{name:9}{workers:9}{first:9.2f}{1000.0 * overhead:16.1f}{WAITING * SECONDS / waited:12.1%}"


if __name__ == "__main__":
    print(f"{'':9}{'workers':>9}{'start s':>9}{'ms each point':>16}{'efficiency':>12}")
    for name in sys.argv[1:] or ["local", "ray"]:
        for workers in WORKERS:
            print(measure(name, workers), flush=True)
