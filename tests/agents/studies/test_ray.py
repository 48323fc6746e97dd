"""A study on a real Ray cluster of three nodes, one of which is killed midway."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from juguo_agents.processes import WorkerDied
from juguo_agents.studies.executors import LocalExecutor, RayExecutor
from juguo_agents.studies.settings import Settings
from juguo_agents.studies.study import Execute, Page, Stage, Study, conduct
from juguo_envs.errors import UserError
from tests.running import ROOT

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray leaves sockets open

POINTS, CORES = 24, 2


@dataclass(frozen=True)
class Square:
    """A number to be squared."""

    number: int

    @property
    def key(self) -> str:
        """Its name."""
        return str(self.number)


def node() -> str:
    """The node that this runs on."""
    return str(ray.get_runtime_context().get_node_id()) if ray.is_initialized() else "here"


def square(point: Square, work: Path) -> pa.Table:
    """Leave a mark of the node. On the doomed node it never ends."""
    work.mkdir(parents=True, exist_ok=True)
    (work / node()).touch()
    doomed = work.parents[2] / "doomed"
    while doomed.exists() and doomed.read_text() == node():
        time.sleep(0.05)
    return pa.table({"square": [float(point.number) ** 2 / 3.0]})


class Squares(Study[Settings, "list[pa.Table]"]):
    """Squares of numbers."""

    name, settings_type, home = "squares", Settings, "squares"

    def plan(self, execute: Execute) -> list[pa.Table]:
        """One stage."""
        return execute(Stage("squares", [Square(i) for i in range(POINTS)], square))

    def analyse(self, table: list[pa.Table]) -> Page:
        """The squares in their order."""
        return Page(pa.concat_tables(table).to_pydict(), "squares.json", "", {})


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes as processes of this machine, whose workers find the tests."""
    from ray.cluster_utils import Cluster

    arguments = {"num_cpus": CORES, "object_store_memory": 80 * 2**20}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'envs'}:{ROOT / 'agents'}")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "disabled")  # a token would be written into the home
        found = Cluster(initialize_head=True, head_node_args={**arguments, "include_dashboard": False})
        for _ in range(2):
            found.add_node(**arguments)
        found.wait_for_nodes()
        yield found
        ray.shutdown()
        found.shutdown()


def files(folder: Path) -> dict[str, bytes]:
    """Cells and page of a study."""
    paths = [*folder.glob("store/*/*"), folder / "squares.json", folder / "settings.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_killed_nodes_points_run_again_and_the_files_are_those_of_local_processes(
    cluster: Any, tmp_path: Path
) -> None:
    conduct(Squares(Settings()), tmp_path / "local", LocalExecutor(2))
    folder = tmp_path / "cluster"
    folder.mkdir()
    Settings().claim(folder, Squares.name)
    last = cluster.worker_nodes.copy().pop()
    (folder / "doomed").write_text(last.node_id)

    def kill() -> None:
        while not list(folder.glob(f"work/*/*/{last.node_id}")) or not list(folder.glob("store/*/*")):
            time.sleep(0.05)
        cluster.remove_node(last, allow_graceful=False)

    killer = threading.Thread(target=kill)
    killer.start()
    conduct(Squares(Settings()), folder, RayExecutor(cluster.address))
    killer.join()
    assert files(folder) == files(tmp_path / "local")
    again = [path for path in folder.glob("work/squares/*") if len(list(path.iterdir())) > 1]
    assert again  # begun on the killed node, and ended on another
    assert all((path / last.node_id).exists() for path in again)
    before = {path: path.stat().st_mtime_ns for path in folder.glob("store/*/*")}
    conduct(Squares(Settings()), folder, LocalExecutor(1))  # the same command goes on here
    assert {path: path.stat().st_mtime_ns for path in folder.glob("store/*/*")} == before


def die(task: int) -> None:
    """End as a process that is killed."""
    os._exit(9)


def test_a_task_whose_workers_always_die_ends_the_study(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("juguo_agents.studies.executors._RETRIES", 1)
    with pytest.raises(WorkerDied, match="died again and again"):
        RayExecutor(cluster.address).run(die, [1], lambda task, result: None)


def refuse(task: int) -> None:
    """Fail as where a node cannot run a task."""
    raise UserError("no such model here")


def test_a_node_that_cannot_run_tasks_and_a_missing_cluster_are_named(cluster: Any) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(UserError, match=r"a node of the cluster cannot run a task: .*no such model here"):
        RayExecutor(cluster.address).run(refuse, [1], lambda task, result: None)
    assert signal.getsignal(signal.SIGTERM) is handler
    ray.shutdown()
    with pytest.raises(UserError, match=r"--address is 127\.0\.0\.1:1: no Ray cluster answers there"):
        RayExecutor("127.0.0.1:1").run(square, [1], lambda task, result: None)
