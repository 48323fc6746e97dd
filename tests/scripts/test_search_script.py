"""`scripts/search.py` as a user runs it: what it prints and leaves, how it refuses, stops and goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.running import ENVIRONMENT, command, run

WORLD = "society: {persons: 60, communities: {count: 3, hubs: 1}}\nprogramme: {T: 12}\n"


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
    done = run("evaluate.py", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    names = {row["name"] for row in json.loads(done.stdout)["allocators"]}
    assert names == {"searched_closed_loop", "flat", "concentrated+exit+relief"}


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
        (("--family", "constants", "--out", "new"), "did you mean 'constant'"),
        (("--family", "constant", "--budget", "5", "--out", "new"), "budget is too small"),
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


def test_a_search_begun_at_another_one_can_be_given_more(searched: tuple[Path, str]) -> None:
    folder, _ = searched
    asked = ("--family", "closed_loop", "--scenario", "tiny.yaml", "--begin", "closed", "--validation", "4")
    for out, budget in (("once", "500"), ("more", "300")):
        done = run("search.py", *asked, "--budget", budget, "--out", out, cwd=folder)
        assert done.returncode == 0, done.stderr
    done = run("search.py", "--out", "more", "--resume", "--budget", "500", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "paired difference to what it found with 300" in done.stdout
    once, more = (json.loads((folder / out / "searched.json").read_text()) for out in ("once", "more"))
    assert more["parameters"] == once["parameters"] and more["spent"] == once["spent"]
    before = (folder / "more" / "search_state.json").read_bytes()
    for budget, words in (("400", "only more can be asked for"), (str(10**12), "allowed is 1 to")):
        done = run("search.py", "--out", "more", "--resume", "--budget", budget, cwd=folder)
        assert done.returncode == 2 and words in done.stderr
    assert (folder / "more" / "search_state.json").read_bytes() == before


def test_a_search_begins_at_the_best_of_several_and_says_which(searched: tuple[Path, str]) -> None:
    folder, _ = searched
    asked = ("--scenario", "tiny.yaml", "--budget", "400", "--validation", "20")
    done = run("search.py", "--family", "constant", *asked, "--out", "constant", cwd=folder)
    assert done.returncode == 0, done.stderr
    names = ("constant", "closed")
    others = {name: json.loads((folder / name / "searched.json").read_text()) for name in names}
    best = max(names, key=lambda name: float(others[name]["validation"]["mean"]))
    done = run("search.py", "--family", "closed_loop", *asked, "--begin", *names, "--out", "on", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert f"begins at {best}, the best of 2: {others[best]['validation']['mean']:.3f}" in done.stderr
    state = json.loads((folder / "on" / "search_state.json").read_text())
    assert state["settings"]["begin"] == others[best]["parameters"]


def test_an_interrupted_search_says_how_to_go_on_and_can_be_ended(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(WORLD)
    arguments = (
        "--family",
        "thresholds",
        "--scenario",
        "tiny.yaml",
        "--budget",
        "6000",
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
        # where the tests run in the background the signal is ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        state, deadline = tmp_path / "stopped" / "search_state.json", time.monotonic() + 120
        while time.monotonic() < deadline:
            if state.exists() and json.loads(state.read_text())["phases"][0]["told"]:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        message = process.communicate(timeout=60)[1]
    assert process.returncode == 130, message
    assert "scripts/search.py --out stopped --resume" in message
    assert not (tmp_path / "stopped" / "searched.json").exists()
    resumed = run("search.py", "--out", "stopped", "--resume", "--json", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    found, told = json.loads(resumed.stdout), json.loads(state.read_text())["phases"][0]["told"]
    assert len(told) == found["phases"][0]["generations"]
    assert 0.9 * found["budget"] < found["spent"] <= found["budget"]
