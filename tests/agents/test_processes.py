"""Work shared among processes: every task is done once, and faults are not swallowed."""

from __future__ import annotations

import os
import time

import pytest

from juguo_agents.processes import WorkerDied, cores, work_through
from juguo_envs.errors import UserError


def square(number: int) -> tuple[int, int, str]:
    """A result, where it was made, and how many threads a library may use there."""
    return number * number, os.getpid(), os.environ.get("OMP_NUM_THREADS", "")


def refuse(number: int) -> None:
    """Fail as on bad input."""
    raise UserError(f"number is {number}")


def die(number: int) -> None:
    """End as a process that is killed."""
    if number == 0:
        os._exit(9)
    time.sleep(0.01)


def test_one_worker_is_this_process_in_order() -> None:
    seen: list[tuple[int, tuple[int, int, str]]] = []
    work_through(square, [3, 1, 2], 1, lambda task, result: seen.append((task, result)))
    assert [(task, result[0]) for task, result in seen] == [(3, 9), (1, 1), (2, 4)]
    assert {result[1] for _, result in seen} == {os.getpid()}


def test_several_workers_do_every_task_once_with_one_thread_each() -> None:
    seen: dict[int, tuple[int, int, str]] = {}
    work_through(square, range(6), 2, lambda task, result: seen.update({task: result}))
    assert {task: result[0] for task, result in seen.items()} == {n: n * n for n in range(6)}
    assert os.getpid() not in {result[1] for result in seen.values()}
    assert {result[2] for result in seen.values()} == {"1"}


def test_what_a_worker_refuses_is_refused_here() -> None:
    with pytest.raises(UserError, match="number is"):
        work_through(refuse, [1, 2], 2, lambda task, result: None)


def test_a_worker_that_is_killed_is_reported() -> None:
    with pytest.raises(WorkerDied, match="fewer workers"):
        work_through(die, [0, 1, 2], 2, lambda task, result: None)


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1
