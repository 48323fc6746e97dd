"""The scripts as a user runs them: what they print, what they write, and how they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.running import refused, run

FIELDS = {
    "name", "mean", "std", "iqm", "mean_low", "mean_high", "breadth", "resilience", "excluded", "difference",
    "difference_low", "difference_high", "episodes",
}  # fmt: skip
TINY = """
name: tiny
scenario: default
override: {society.persons: 100, programme.T: 12}
training:
  seeds: [0, 1]
  steps: 200
  selections: 1
  selection_episodes: 2
  ppo: {envs: 4, paired: 2, n_steps: 12, batch_size: 24}
comparison: {allocators: [flat, experiment_diffusion], episodes: 5}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A finished tiny run and what it printed."""
    folder = tmp_path_factory.mktemp("train")
    (folder / "tiny.yaml").write_text(TINY)
    done = run("train.py", "--config", "tiny.yaml", "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_training_prints_the_table_and_leaves_every_file(trained: tuple[Path, str]) -> None:
    folder, printed = trained
    for name in (
        "learned_seed0",
        "learned_seed1",
        "flat",
        "experiment_diffusion",
        "concentrated+exit+relief",
    ):
        assert name in printed
    left = {path.name for path in (folder / "run").iterdir()}
    wanted = {"config.yaml", "scenario.yaml", "policy-seed0.safetensors", "policy-seed1.safetensors"}
    assert wanted | {"comparison.json", "comparison.md", "learning_curve.json", "tensorboard"} <= left
    assert len([name for name in left if name.endswith(".png")]) >= 5
    assert not [name for name in left if name.startswith(".")]
    assert "versions" in (folder / "run" / "config.yaml").read_text()


def test_a_run_can_be_evaluated_in_the_scenario_it_saved_and_json_prints_nothing_else(
    trained: tuple[Path, str],
) -> None:
    folder, _ = trained
    scenario = ("--scenario", "run/scenario.yaml", "--episodes", "5")
    done = run("evaluate.py", "run", "flat", *scenario, "--json", "--out", "again", cwd=folder)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert json.loads((folder / "again" / "comparison.json").read_text()) == told
    rows = {row["name"]: row for row in told["allocators"]}
    assert set(rows) == {"learned_seed0", "learned_seed1", "flat", "concentrated+exit+relief"}
    assert all(set(row) >= FIELDS for row in rows.values())
    assert rows["concentrated+exit+relief"]["difference"] == 0
    first = json.loads((folder / "run" / "comparison.json").read_text())
    before = {row["name"]: row for row in first["allocators"]}
    assert rows["learned_seed1"]["mean"] == before["learned_seed1"]["mean"]


def test_one_policy_file_is_an_allocator_too(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    done = run("evaluate.py", "run/policy-seed1.safetensors", "--episodes", "3",
               "--scenario", "run/scenario.yaml", "--observe", "true", cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "learned_seed1" in done.stdout


def test_the_list_names_allocators_and_scenarios(tmp_path: Path) -> None:
    done = run("evaluate.py", "--list", cwd=tmp_path)
    assert done.returncode == 0
    for name in ("concentrated", "experiment_diffusion", "china31", "poor", "crisis", "sound", "programme"):
        assert name in done.stdout
    for name in ("NAME+exit", "NAME-exit", "NAME+relief", "NAME-relief", "flat+exit+relief"):
        assert name in done.stdout


def test_an_existing_out_folder_is_refused_and_left_alone(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    before = {p.name: p.stat().st_mtime_ns for p in (folder / "run").iterdir()}
    refused(
        run("train.py", "--config", "tiny.yaml", "--out", "run", cwd=folder), "run exists already", "--out"
    )
    refused(run("evaluate.py", "flat", "--episodes", "2", "--out", "run", cwd=folder), "run exists already")
    assert {p.name: p.stat().st_mtime_ns for p in (folder / "run").iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "absent.yaml"], ["absent.yaml", "cannot be read"]),
        (["--config", "tiny.yaml", "training.expert=flatt"], ["training.expert", "did you mean 'flat'"]),
        (["--config", "tiny.yaml", "training.ppo.paired=3"], ["paired is 3", "envs = 4"]),
        (["--config", "broken.yaml"], ["broken.yaml", "not readable as YAML", "line"]),
        (["--config", "list.yaml"], ["list.yaml", "expected a mapping"]),
        (["--config", "tiny.yaml", "training.step=5"], ["training.step", "did you mean 'steps'"]),
        (
            ["--config", "tiny.yaml", "training.steps=0"],
            ["training.steps", "0", "greater than or equal to 1"],
        ),
        (["training.seeds=[1]", "--config", "tiny.yaml", "training.steps=0"], ["training.steps", "0"]),
        (["--config", "tiny.yaml", "override.money.B=-1"], ["money.B", "-1", "greater than or equal to 0"]),
        (["--config", "tiny.yaml", "training.override.money.B=-1"], ["money.B", "-1"]),
        (["--config", "tiny.yaml", "override.money.b=1"], ["money.b", "did you mean 'B'"]),
        (["--config", "tiny.yaml", "scenario=defalt"], ["defalt", "did you mean 'default'"]),
        (["--config", "tiny.yaml", "comparison.allocators=[flatt]"], ["flatt", "did you mean 'flat'"]),
        (["--config", "tiny.yaml", "nonsense"], ["nonsense", "key=value"]),
    ],
)
def test_train_refuses_what_it_cannot_use_and_writes_nothing(
    tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "broken.yaml").write_text("a: [1,\n b: }")
    (tmp_path / "list.yaml").write_text("- 1\n- 2\n")
    before = sorted(p.name for p in tmp_path.iterdir())
    refused(run("train.py", *arguments, cwd=tmp_path), *words)
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["flatt"], ["flatt", "did you mean 'flat'"]),
        (["flat", "--scenario", "pour"], ["pour", "did you mean 'poor'"]),
        (["flat", "--scenario", "bad.yaml"], ["bad.yaml", "monney", "did you mean 'money'"]),
        (["flat", "--episodes", "0"], ["episodes is 0"]),
        (["flat", "--seed", "-1"], ["seed is -1"]),
        (["flat", "flat"], ["flat", "twice"]),
        (["other.safetensors"], ["other.safetensors", "no readable policy file"]),
        ([], ["name at least one allocator"]),
    ],
)
def test_evaluate_refuses_what_it_cannot_use(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    (tmp_path / "bad.yaml").write_text("monney: {B: 1}\n")
    (tmp_path / "other.safetensors").write_text("nothing of the kind")
    refused(run("evaluate.py", *arguments, "--out", "out", cwd=tmp_path), *words)
    assert not (tmp_path / "out").exists()
