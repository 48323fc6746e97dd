"""`scripts/family.py` as a user runs it: how it refuses, stops and goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests import running
from tests.running import ENVIRONMENT, command

WORLD = "society: {persons: 60, communities: {count: 3, hubs: 1}}\n"
SMOKE = ("--scenario", "tiny.yaml", "--smoke", "--workers", "1")


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the script in a folder that holds a small world."""
    (cwd / "tiny.yaml").write_text(WORLD)
    return running.run("family.py", *arguments, cwd=cwd)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--scenarios", "1"), "scenarios is 1; allowed is 2 to"),
        (("--scenario", "family"), "'family' is a family of scenarios, and one scenario is needed"),
        (("nowhere", "--out", "new"), "nowhere: no policy-seed*.safetensors there"),
    ],
)
def test_what_cannot_be_done_is_refused_on_one_line(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_killed_judgement_goes_on_and_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole = run(*SMOKE, "--out", "whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    assert "in words, with figures: whole/family.md" in whole.stdout
    for pause in (4.0, 8.0):
        process = subprocess.Popen(
            command("family.py", *SMOKE, "--out", "parts"),
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
        )
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
    parts = run(*SMOKE, "--out", "parts", "--json", cwd=tmp_path)
    assert parts.returncode == 0, parts.stderr
    for name in ("family.json", "regret.png"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    told = json.loads(parts.stdout)
    assert told["verdicts"] == {}
    assert {row["kind"] for row in told["allocators"]} == {"rule", "tuned", "searched", "oracle"}


@pytest.mark.slow
def test_a_terminated_judgement_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(WORLD)
    process = subprocess.Popen(
        command("family.py", *SMOKE, "--out", "parts"),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    while not (tmp_path / "parts" / "searches").exists():
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; go on with: python " in errors
    assert "--out parts" in errors
