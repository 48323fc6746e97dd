"""What societies take is known before they are made, and what does not fit is refused with the numbers."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from juguo_envs import Batch, Scenario
from juguo_envs.engine import memory
from juguo_envs.engine.memory import (
    available,
    batch_bytes,
    check_bytes,
    check_societies,
    episodes_together,
)
from juguo_envs.errors import UserError
from tests.support import small

LARGEST = Scenario.load("default").override({"society.persons": 10_000_000})


@pytest.mark.parametrize("changes", [{}, {"society.persons": 400, "society.communities.count": 40}])
def test_the_estimate_is_what_a_batch_takes_and_not_much_more(changes: dict[str, int]) -> None:
    scenario = small(changes)
    batch = Batch(scenario, 7)
    taken = sum(array.nbytes for array in batch.state)
    assert taken < batch_bytes(scenario, 7) < 2.0 * taken
    assert batch_bytes(scenario, 7, threads=4) > batch_bytes(scenario, 7)


def test_ten_million_persons_are_run_one_society_at_a_time_and_fit_in_three_gigabytes() -> None:
    assert episodes_together(LARGEST, 100) == 1
    assert batch_bytes(LARGEST, 1) < 3e9
    assert [episodes_together(small({"society.persons": n}), 100) for n in (1000, 10_000, 50_000)] == [
        100,
        100,
        20,
    ]


def test_what_does_not_fit_is_refused_with_the_numbers_before_it_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    with pytest.raises(UserError) as refusal:
        Batch(LARGEST, 200)
    for words in (
        "200 x 10,000,000 persons",
        "bytes each",
        "GB of memory, and 1.0 GB are free",
        "society.persons",
    ):
        assert words in str(refusal.value)
    with pytest.raises(UserError, match=r"in each of 8 processes.*take fewer processes"):
        check_societies(Scenario.load("default").override({"society.persons": 1_000_000}), 1, processes=8)
    check_societies(Scenario.load("default"), 100, processes=8)
    monkeypatch.setattr(memory, "available", lambda: None)  # where the system does not tell
    check_bytes(10**15, "this", "that")


def test_the_limit_of_the_process_counts() -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("what a process takes is looked up in /proc")
    code = (
        "from juguo_envs.engine.memory import available; import resource\n"
        "before = available()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, resource.RLIM_INFINITY))\n"
        "print(available() < min(before, 4 * 2**30))"
    )
    assert resource.getrlimit(resource.RLIMIT_AS)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_the_limit_of_a_control_group_counts_less_what_it_can_give_back(tmp_path: Path) -> None:
    files = memory._GROUP_FILES[""]
    (tmp_path / files[0]).write_text("1000\n")
    (tmp_path / files[1]).write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    assert list(memory._of_group(tmp_path, *files)) == [450]
    (tmp_path / files[0]).write_text("max\n")
    assert list(memory._of_group(tmp_path, *files)) == []
    assert list(memory._of_group(tmp_path / "absent", *files)) == []


def test_this_machine_tells() -> None:
    found = available()
    assert found is None or found > 0
    assert np.isfinite(found or 0)
