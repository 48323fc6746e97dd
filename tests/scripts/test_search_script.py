"""`scripts/search.py` as a user runs it: what it prints and leaves, how it refuses, stops and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORLD = "society: {persons: 60, communities: {count: 3, hubs: 1}}\nprogramme: {T: 12}\n"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def command(script: str, *arguments: str) -> list[str]:
    """A script's command line."""
    return [sys.executable, str(ROOT / "scripts" / script), *arguments]


def run(script: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder of its own."""
    return subprocess.run(
        command(script, *arguments),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=ENVIRONMENT,
    )


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A finished small search of the closed loop and what it printed."""
    folder = tmp_path_factory.mktemp("search")
    (folder / "tiny.yaml").write_text(WORLD)
    arguments = ("--scenario", "tiny.yaml", "--budget", "900", "--validation", "20", "--out", "closed")
    done = run("search.py", "--family", "closed_loop", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_a_search_prints_its_numbers_and_leaves_a_result(searched: tuple[Path, str]) -> None:
    folder, printed = searched
    for words in ("searched_closed_loop", "production.shares.research", "paired difference", "closed"):
        assert words in printed
    assert all(len(line) <= 110 for line in printed.splitlines())
    left = {path.name for path in (folder / "closed").iterdir()}
    assert left == {"searched.json", "search_state.json", "scenario.yaml"}


def test_evaluate_takes_the_folder_of_a_search(searched: tuple[Path, str]) -> None:
    folder, _ = searched
    arguments = ("closed", "flat", "--scenario", "closed/scenario.yaml", "--episodes", "4", "--json")
    done = run("evaluate.py", *arguments, "--out", "report", cwd=folder)
    assert done.returncode == 0, done.stderr
    names = {row["name"] for row in json.loads(done.stdout)["allocators"]}
    assert names == {"searched_closed_loop", "flat", "concentrated"}


def test_a_finished_search_is_told_again_and_json_prints_nothing_else(searched: tuple[Path, str]) -> None:
    folder, _ = searched
    done = run("search.py", "--out", "closed", "--resume", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((folder / "closed" / "searched.json").read_text())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--family", "constant", "--out", "closed"), "closed exists already; add --resume"),
        (("--out", "closed", "--resume", "--budget", "5"), "--budget is 5, but the search in closed has 900"),
        (("--out", "none", "--resume"), "there is no search to resume"),
        (("--family", "constants", "--out", "new"), "did you mean 'constant'"),
        (("--family", "rule:nothing", "--out", "new"), "no numbers to tune"),
        (("--family", "constant", "--scenario", "defalt", "--out", "new"), "did you mean 'default'"),
        (("--family", "constant", "--budget", "5", "--out", "new"), "budget is too small"),
        (("--family", "constant", "--seed", "-1", "--out", "new"), "seed is -1; allowed is 0 to 127"),
    ],
)
def test_a_search_refuses_what_it_cannot_use(
    searched: tuple[Path, str], arguments: tuple[str, ...], words: str
) -> None:
    folder, _ = searched
    before = (folder / "closed" / "search_state.json").read_bytes()
    done = run("search.py", *arguments, cwd=folder)
    assert done.returncode == 2
    assert words in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (folder / "new").exists()
    assert (folder / "closed" / "search_state.json").read_bytes() == before


def test_an_interrupted_search_says_how_to_go_on_and_then_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(WORLD)
    arguments = (
        "--family",
        "thresholds",
        "--scenario",
        "tiny.yaml",
        "--budget",
        "20000",
        "--validation",
        "20",
    )
    with subprocess.Popen(
        command("search.py", *arguments, "--out", "stopped"),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        state, deadline = tmp_path / "stopped" / "search_state.json", time.monotonic() + 120
        while time.monotonic() < deadline:
            if state.exists() and json.loads(state.read_text())["phases"][0]["told"]:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        message = process.communicate(timeout=60)[1]
    assert process.returncode == 130, message
    assert "python scripts/search.py --out stopped --resume" in message
    assert not (tmp_path / "stopped" / "searched.json").exists()
    resumed = run("search.py", "--out", "stopped", "--resume", "--json", cwd=tmp_path)
    whole = run("search.py", *arguments, "--out", "whole", "--json", cwd=tmp_path)
    assert resumed.returncode == whole.returncode == 0
    assert json.loads(resumed.stdout) == json.loads(whole.stdout)
