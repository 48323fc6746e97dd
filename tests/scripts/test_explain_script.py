"""explain.py as a user runs it: what it prints and writes, how it goes on, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.running import run

from juguo_envs import Scenario

NUMBERS = ("--rounds", "1", "--asking", "4", "--ranking", "2", "--choice", "2", "--repeats", "1")


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The proposal explained in a tiny world, and what was printed."""
    folder = tmp_path_factory.mktemp("explain")
    Scenario.load("default").override({"name": "tiny", "society.persons": 60, "programme.T": 12}).save(
        folder / "tiny.yaml"
    )
    done = run(
        "explain.py", "experiment_diffusion", "--scenario", "tiny.yaml", "--leaves", "3", "5",
        "--episodes", "6", *NUMBERS, "--out", "told", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_it_prints_what_it_found_and_leaves_trees_figures_and_a_page(explained: tuple[Path, str]) -> None:
    folder, printed = explained
    for words in (
        "keeps of the gain over flat",
        "Fidelity",
        "in production",
        "Observations",
        "told/explain.md",
    ):
        assert words in printed
    left = {path.name for path in (folder / "told").iterdir()}
    figures = {"tree3.png", "tree5.png", "spending.png", "communities.png", "importance.png"}
    assert left == figures | {"tree3.json", "tree5.json", "explain.json", "explain_state.json", "explain.md"}
    page = (folder / "told" / "explain.md").read_text()
    assert all(f"({name})" in page for name in figures)
    data = json.loads((folder / "told" / "explain.json").read_text())
    assert [t["leaves"] <= most for t, most in zip(data["trees"], (3, 5), strict=True)] == [True, True]
    assert {"flat", "nothing", "experiment_diffusion"} <= {s["name"] for s in data["spending"]}


def test_its_trees_are_allocators_and_earn_what_was_said(explained: tuple[Path, str]) -> None:
    folder, _ = explained
    done = run("evaluate.py", "told", "--scenario", "tiny.yaml", "--episodes", "6", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    earned = {a["name"]: a["mean"] for a in json.loads(done.stdout)["allocators"]}
    data = json.loads((folder / "told" / "explain.json").read_text())
    told = {s["name"]: s["return"] for s in data["spending"]}
    for tree in data["trees"]:
        assert earned[tree["name"]] == pytest.approx(told[tree["name"]], abs=1e-12)


def test_it_goes_on_where_it_was_stopped_and_ends_the_same(
    explained: tuple[Path, str], tmp_path: Path
) -> None:
    folder, _ = explained
    state = json.loads((folder / "told" / "explain_state.json").read_text())
    for part in [p for p in state["parts"] if p.startswith(("tree:5", "importance:"))]:
        del state["parts"][part]
    stopped = folder / "stopped"
    stopped.mkdir()
    (stopped / "explain_state.json").write_text(json.dumps(state))
    (stopped / "tree3.json").write_bytes((folder / "told" / "tree3.json").read_bytes())
    done = run(
        "explain.py", "experiment_diffusion", "--scenario", "tiny.yaml", "--leaves", "3", "5",
        "--episodes", "6", *NUMBERS, "--out", "stopped", "--json", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((folder / "told" / "explain.json").read_text())
    other = run(
        "explain.py", "experiment_diffusion", "--scenario", "tiny.yaml", "--leaves", "3", "5",
        "--episodes", "7", *NUMBERS, "--out", "stopped", cwd=folder,
    )  # fmt: skip
    assert other.returncode == 2
    assert "episodes is 6 there" in other.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody",), "unknown allocator 'nobody'"),
        (("all",), "name one of them"),
        (("flat", "--seed", "1"), "--seed is 1, but flat is no folder of a run"),
        (("flat", "--leaves", "1"), "leaves is 1; allowed is 2 to"),
        (("flat", "--leaves", "8", "8"), "each size may be named once"),
        (("flat", "--episodes", "1"), "episodes is 1; allowed is 2 to"),
        (("flat", "--rounds", "0"), "rounds is 0"),
        (("missing.json",), "cannot be read"),
        (("missing.safetensors",), "missing.safetensors"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line_and_leaves_nothing(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    done = run("explain.py", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert words in done.stderr.strip().splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
