"""A run that was killed, at any moment and by anybody, goes on and ends with the same files."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from juguo_agents.artifacts.policy_file import load_policy
from tests.agents.cli.test_killed_run import PROC, children, wait_until
from tests.running import ENVIRONMENT, command, juguo, refused, succeeded

SHORT = """
name: short
scenario: default
override: {society.persons: 100, programme.T: 12}
training:
  seeds: [0, 1, 2]
  steps: 4000
  selections: 8
  selection_episodes: 20
  checkpoint_minutes: 0
  ppo: {envs: 8, paired: 2, n_steps: 12, batch_size: 48}
comparison: {allocators: [flat], episodes: 10}
"""


def start(*arguments: str, cwd: Path) -> subprocess.Popen[bytes]:
    """`juguo train` in a process group of its own."""
    with (cwd / "stderr.txt").open("wb") as said:
        return subprocess.Popen(
            command("train", *arguments),
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=ENVIRONMENT,
            start_new_session=True,
            # Tests that a shell runs in the background ignore the signal, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def outcome(folder: Path) -> dict[str, object]:
    """All that a run ends with, but for the time it took."""
    curves = json.loads((folder / "learning_curve.json").read_text())["curves"]
    without_time = {k: [(p["steps"], p["selection_return"]) for p in v] for k, v in curves.items()}
    files = [*folder.glob("policy-seed*.safetensors"), folder / "comparison.json", folder / "episodes.csv"]
    return {"curves": without_time, **{path.name: path.read_bytes() for path in files}}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """The folder of a run that was never interrupted, and its outcome."""
    folder = tmp_path_factory.mktemp("reference")
    (folder / "short.yaml").write_text(SHORT)
    succeeded(juguo("train", "short.yaml", "--out", "run", cwd=folder))
    return folder, outcome(folder / "run")


def begun_and_ended(folder: Path, by: int) -> int:
    """Begin a run in `folder/run` and send its main process a signal once two seeds are on their way."""
    (folder / "short.yaml").write_text(SHORT)
    train = start("--config", "short.yaml", "--out", "run", cwd=folder)
    try:
        wait_until(lambda: list(folder.glob("run/checkpoints/seed1/*[1-9]*.ckpt")), "a checkpoint")
        workers = children(train.pid)
    finally:
        train.send_signal(by)
        status = train.wait()
    wait_until(lambda: not any((PROC / str(pid) / "cwd").exists() for pid in workers), "the workers to end")
    return status


@pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked up in /proc")
def test_a_run_that_is_told_to_end_says_how_to_go_on_and_only_as_it_was(tmp_path: Path) -> None:
    assert begun_and_ended(tmp_path, signal.SIGINT) == 130
    said = (tmp_path / "stderr.txt").read_text()
    assert said.strip().splitlines()[-1] == "interrupted; go on with: juguo train --out run"
    assert "Traceback" not in said
    changed = juguo("train", "--resume", "run", "training.steps=8000", cwd=tmp_path)
    refused(changed, "run cannot be resumed", "training.steps is 8000 now and was 4000")


@pytest.mark.slow
@pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked up in /proc")
def test_a_run_killed_in_training_is_resumed_and_ends_with_the_same_tensors(
    reference, tmp_path: Path
) -> None:
    assert begun_and_ended(tmp_path, signal.SIGKILL) == -signal.SIGKILL
    assert not (tmp_path / "run" / "comparison.json").exists()
    done = juguo("train", "short.yaml", "--out", "run", "training.processes=1", cwd=tmp_path)
    assert "run/comparison.md" in succeeded(done)
    assert "run, training seed 1: goes on at step" in done.stderr
    assert "run, training seed 2: begins at step 0" in done.stderr
    ended, wanted = outcome(tmp_path / "run"), reference[1]
    assert ended.keys() == wanted.keys()
    for name, content in wanted.items():
        if "policy" not in name:
            assert ended[name] == content, name
            continue
        # the metadata differ in the one field that was changed on purpose
        one, other = (load_policy(folder / "run" / name) for folder in (reference[0], tmp_path))
        for tensor in one.tensors.keys() | other.tensors.keys():
            np.testing.assert_array_equal(one.tensors[tensor], other.tensors[tensor])
    assert not (tmp_path / "run" / "checkpoints").exists()
