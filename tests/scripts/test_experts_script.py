"""`scripts/experts.py`: how it refuses and goes on, and the training that begins at its folder."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.running import ENVIRONMENT, command, refused, run

WORLD = "society: {persons: 60, communities: {count: 3, hubs: 1}}\nprogramme: {T: 20}\n"
SMOKE = ("--scenario", "tiny.yaml", "--smoke", "--workers", "1")
TRAINING = """name: tiny
scenario: family:tiny.yaml
shown: {context: true}
training:
  expert: experts
  seeds: [0]
  steps: 80
  selections: 1
  selection_episodes: 2
  ppo: {envs: 4, paired: 2, n_steps: 10, batch_size: 20, use_sde: true, log_std_init: -3}
comparison: {allocators: [flat], episodes: 2}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with experts that were interrupted and gone on with by the command that was printed."""
    found = tmp_path_factory.mktemp("experts")
    (found / "tiny.yaml").write_text(WORLD)
    process = subprocess.Popen(
        command("experts.py", *SMOKE, "--out", "experts"),
        cwd=found,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    while not list(found.glob("experts/searches/*/search_state.json")):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "go on with: python" in errors and "--out experts" in errors
    done = run("experts.py", *SMOKE, "--out", "experts", cwd=found)
    assert done.returncode == 0, done.stderr
    assert "training.expert=experts" in done.stdout
    return found


@pytest.mark.slow
def test_a_training_begins_at_experts_and_tells_their_digest(folder: Path) -> None:
    (folder / "tiny_training.yaml").write_text(TRAINING)
    done = run("train.py", "--config", "tiny_training.yaml", "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "expert_sha256" in (folder / "run" / "config.yaml").read_text()


def test_experts_are_no_allocator_to_compare(folder: Path) -> None:
    refused(run("evaluate.py", "experts", cwd=folder), "was made for", "--scenario")


def test_another_budget_needs_another_folder(folder: Path) -> None:
    done = run("experts.py", *SMOKE, "--budget", "400", "--out", "experts", cwd=folder)
    refused(done, "budget is 300 there", "name another --out")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--worlds", "1"), ["worlds is 1", "2 to 10000"]),
        (("--begin", "nowhere"), ["nowhere", "cannot be read"]),
        (("--scenario", "family"), ["'family' is a family of scenarios"]),
    ],
)
def test_what_cannot_be_done_is_refused_on_one_line(
    arguments: tuple[str, ...], words: list[str], tmp_path: Path
) -> None:
    refused(run("experts.py", *arguments, "--out", "new", cwd=tmp_path), *words)
    assert not (tmp_path / "new").exists()
