"""`juguo train` and `juguo evaluate`: what they print, what they write, and how they refuse."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from tests.running import juguo, refused, succeeded

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
  processes: 1
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
    return folder, succeeded(juguo("train", "tiny.yaml", "--out", "run", cwd=folder))


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
    assert {"report.html", "episodes.csv", "trajectories.csv", "places.csv", "courses.parquet"} <= left
    assert "training.ppo.n_steps" in (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert len([name for name in left if name.endswith(".png")]) >= 5
    assert not [name for name in left if name.startswith(".")]
    assert "versions" in (folder / "run" / "config.yaml").read_text()


def test_a_run_can_be_evaluated_in_the_scenario_it_saved_and_json_prints_nothing_else(
    trained: tuple[Path, str],
) -> None:
    folder, _ = trained
    scenario = ("--scenario", "run/scenario.yaml", "--episodes", "5")
    told = json.loads(
        succeeded(juguo("evaluate", "run", "flat", *scenario, "--json", "--out", "again", cwd=folder))
    )
    assert json.loads((folder / "again" / "comparison.json").read_text()) == told
    rows = {row["name"]: row for row in told["allocators"]}
    assert set(rows) == {"learned_seed0", "learned_seed1", "flat", "concentrated+exit+relief", "nothing"}
    assert all(set(row) >= FIELDS for row in rows.values())
    assert rows["concentrated+exit+relief"]["difference"] == 0
    first = json.loads((folder / "run" / "comparison.json").read_text())
    before = {row["name"]: row for row in first["allocators"]}
    assert rows["learned_seed1"]["mean"] == before["learned_seed1"]["mean"]


def test_one_policy_file_is_an_allocator_too(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    asked = ("--episodes", "3", "--scenario", "run/scenario.yaml", "--observe", "true")
    assert "learned_seed1" in succeeded(juguo("evaluate", "run/policy-seed1.safetensors", *asked, cwd=folder))


@pytest.mark.parametrize("again", [("tiny.yaml", "--out", "run"), ("--out", "run"), ("--resume", "run")])
def test_a_finished_run_is_told_again_and_left_alone(
    trained: tuple[Path, str], again: tuple[str, ...]
) -> None:
    folder, printed = trained
    before = {p: p.stat().st_mtime_ns for p in (folder / "run").rglob("*")}
    done = juguo("train", *again, cwd=folder)
    assert succeeded(done).splitlines()[:-1] == printed.splitlines()[:-1]
    assert "run is finished" in done.stderr
    assert {p: p.stat().st_mtime_ns for p in (folder / "run").rglob("*")} == before


def test_another_run_in_its_folder_is_refused_by_what_differs(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    before = {p: p.stat().st_mtime_ns for p in (folder / "run").rglob("*")}
    changed = juguo("train", "tiny.yaml", "training.steps=300", "--out", "run", cwd=folder)
    refused(changed, "training.steps is 300 now and was 200")
    (folder / "other").mkdir(exist_ok=True)
    (folder / "other" / "theirs.txt").touch()
    refused(juguo("train", "tiny.yaml", "--out", "other", cwd=folder), "other exists already")
    refused(juguo("evaluate", "flat", "--episodes", "2", "--out", "run", cwd=folder), "run exists already")
    assert {p: p.stat().st_mtime_ns for p in (folder / "run").rglob("*")} == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "world", "told"),
    [
        ("smoke", "default", "config smoke\n"),
        ("china31", "china31", "config china31\n"),
        ("poor", "poor", "scenario poor, with the config default (no config is named poor)\n"),
    ],
)
def test_a_name_stands_for_a_config_or_else_for_a_scenario(
    tmp_path: Path, word: str, world: str, told: str
) -> None:
    short = (
        "training.search=null",
        "training.steps=1",
        "training.selections=1",
        "training.selection_episodes=1",
        "training.seeds=[0]",
    )
    small = (
        "training.ppo.envs=2",
        "training.ppo.paired=2",
        "training.ppo.n_steps=12",
        "training.ppo.batch_size=24",
    )
    compared = ("comparison.allocators=[flat]", "comparison.episodes=1")
    done = juguo("train", word, *short, *small, *compared, cwd=tmp_path)
    assert word in succeeded(done) and done.stderr.startswith(told)
    config = yaml.safe_load((tmp_path / "runs" / word / "config.yaml").read_text())
    assert (config["name"], config["scenario"]) == (word, world)


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
            ["training.steps", "0", "allowed is 1 to"],
        ),
        (["training.seeds=[1]", "--config", "tiny.yaml", "training.steps=0"], ["training.steps", "0"]),
        (["--config", "tiny.yaml", "override.money.B=-1"], ["money.B", "-1", "allowed is 0 to 100"]),
        (["--config", "tiny.yaml", "training.override.money.B=-1"], ["money.B", "-1"]),
        (["--config", "tiny.yaml", "override.money.b=1"], ["money.b", "did you mean 'B'"]),
        (["--config", "tiny.yaml", "scenario=defalt"], ["defalt", "did you mean 'default'"]),
        (["--config", "tiny.yaml", "comparison.allocators=[flatt]"], ["flatt", "did you mean 'flat'"]),
        (["--config", "tiny.yaml", "nonsense"], ["nonsense", "tiny.yaml", "key=value"]),
        (["smokey"], ["unknown config 'smokey'", "did you mean 'smoke'"]),
        (["pour"], ["unknown config 'pour'", "did you mean 'poor'"]),
        (["--resume", "nowhere"], ["nowhere", "no training run to resume"]),
        (["--resume", "nowhere", "--out", "new"], ["leave out --out"]),
    ],
)
def test_train_refuses_what_it_cannot_use_and_writes_nothing(
    tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "broken.yaml").write_text("a: [1,\n b: }")
    (tmp_path / "list.yaml").write_text("- 1\n- 2\n")
    before = sorted(p.name for p in tmp_path.iterdir())
    refused(juguo("train", *arguments, cwd=tmp_path), *words)
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
    refused(juguo("evaluate", *arguments, "--out", "out", cwd=tmp_path), *words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("package", "words"),
    [
        ("matplotlib", ("train", "tiny.yaml")),
        ("safetensors", ("train", "tiny.yaml")),
        ("matplotlib", ("evaluate", "flat", "--episodes", "1")),
    ],
)
def test_what_a_report_needs_is_missed_before_the_work_and_not_after(
    package: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    monkeypatch.setitem(sys.modules, package, None)  # importing it then fails as if it were not installed
    refused(juguo(*words, "--out", "new", cwd=tmp_path), "pip install 'juguo[train]'")
    assert not (tmp_path / "new").exists()
