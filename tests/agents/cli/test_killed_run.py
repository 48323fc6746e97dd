"""A training run that is killed leaves no process behind and nothing half written."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.agents.cli.test_train_and_evaluate import TINY
from tests.running import ENVIRONMENT, command, juguo, refused

PROC = Path("/proc")
PATIENCE = 180.0  # on a busy machine the imports alone take a while


def children(parent: int) -> set[int]:
    """Process numbers of a process's descendants."""
    parents = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended while we looked
            continue
        parents[int(stat.parent.name)] = int(words[1])
    found: set[int] = set()
    newest = {parent}
    while newest:
        newest = {pid for pid, of in parents.items() if of in newest} - found
        found |= newest
    return found


def wait_until(condition, what: str) -> None:
    """Wait for a condition, or fail."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


@pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked up in /proc")
def test_a_killed_run_leaves_no_process_and_no_half_written_file(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    train = subprocess.Popen(
        command("train", "--config", "tiny.yaml", "--out", "run", "training.steps=1000000000"),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    try:
        wait_until(lambda: list(tmp_path.glob("run/tensorboard/seed*/events*")), "both seeds to train")
        workers = children(train.pid)
        assert len(workers) >= 2
    finally:
        train.kill()
        train.wait()
    wait_until(lambda: not any((PROC / str(pid) / "cwd").exists() for pid in workers), "the workers to end")
    left = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert left == ["checkpoints", "config.yaml", "scenario.yaml", "tensorboard"]
    refused(juguo("evaluate", "run", cwd=tmp_path), "run", "no training finished there")
