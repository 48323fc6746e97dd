"""explain.py --between as a user runs it: what it prints and writes, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.running import refused, run

from juguo_agents.allocators.hybrid import PARTS
from juguo_envs import Scenario


@pytest.fixture(scope="module")
def divided(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The baseline and the proposal in a tiny world, and what was printed."""
    folder = tmp_path_factory.mktemp("between")
    Scenario.load("default").override({"name": "tiny", "society.persons": 60, "programme.T": 12}).save(
        folder / "tiny.yaml"
    )
    done = run(
        "explain.py", "--between", "concentrated", "experiment_diffusion", "--scenario", "tiny.yaml",
        "--episodes", "3", "--workers", "1", "--out", "told", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_it_prints_the_parts_and_leaves_figures_and_a_page(divided: tuple[Path, str]) -> None:
    folder, printed = divided
    assert all(part in printed for part in PARTS)
    assert "told/between.md" in printed
    left = {path.name for path in (folder / "told").iterdir()}
    assert left == {"worth.png", "orders.png", "between.json", "between_state.json", "between.md"}
    page = (folder / "told" / "between.md").read_text()
    assert all(f"({name})" in page for name in left if name.endswith(".png"))


def test_its_parts_add_up_and_its_orders_lead_from_one_rule_to_the_other(divided: tuple[Path, str]) -> None:
    folder, _ = divided
    data = json.loads((folder / "told" / "between.json").read_text())
    assert sum(part["worth"]["mean"] for part in data["parts"]) == pytest.approx(
        data["difference"]["mean"], abs=1e-9
    )
    for order, end in (("a_to_b", "b"), ("b_to_a", "a")):
        steps = data["orders"][order]
        assert sorted(step["part"] for step in steps) == sorted(PARTS)
        assert steps[-1]["return"] == pytest.approx(data[end]["return"]["mean"], abs=1e-12)


def test_run_again_it_says_the_same(divided: tuple[Path, str]) -> None:
    folder, _ = divided
    done = run(
        "explain.py", "--between", "concentrated", "experiment_diffusion", "--scenario", "tiny.yaml",
        "--episodes", "3", "--workers", "1", "--out", "told", "--json", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((folder / "told" / "between.json").read_text())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--between", "flat", "nobody"), "unknown allocator 'nobody'"),
        (("--between", "flat", "all"), "name one rule"),
        (("--between", "flat", "missing.safetensors"), "missing.safetensors"),
        (("--between", "flat", "flat"), "both allocate alike"),
        (("--between", "flat", "flat-exit"), "both allocate alike"),
        (("flat", "--between", "flat", "market"), "RUN (flat) is of no use with it"),
        (("--between", "flat", "market", "--leaves", "8"), "--leaves is of no use with it"),
        (("--between", "flat", "market", "--episodes", "1"), "episodes is 1; allowed is 2 to"),
        (("--between", "flat", "market", "--first-seed", "-1"), "first_seed is -1; allowed is 0 to"),
        ((), "two rules by --between A B"),
    ],
)
def test_what_cannot_be_divided_is_refused_in_one_line_and_leaves_nothing(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    refused(run("explain.py", *arguments, cwd=tmp_path), words)
    assert list(tmp_path.iterdir()) == []
