"""Calibration: the script, its files and its refusals."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from juguo_agents.cli.common import guarded
from juguo_envs import Scenario
from tests.agents.calibration.support import DATA, SMALL, needs_data, write
from tests.running import ROOT, load_script, run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with data and what the script made of them, and what it printed."""
    folder = tmp_path_factory.mktemp("calibrate")
    persons, edges = write(folder, SMALL)
    done = run("calibrate.py", "--persons", persons, "--edges", edges, "--name", "small", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_the_script_prints_a_table_and_leaves_every_file(made: tuple[Path, str]) -> None:
    folder, printed = made
    for words in (
        "q_community",
        "likelihood-ratio test",
        "hindcast",
        "Bass curve",
        "calibrations/small/scenario.yaml",
    ):
        assert words in printed
    assert max(map(len, printed.splitlines())) <= 110
    left = {path.name for path in (folder / "calibrations" / "small").iterdir()}
    assert left == {"calibration.json", "scenario.yaml", "hindcast.png", "profiles.png", "communities.png"}


def test_json_prints_the_content_of_the_file_and_a_name_that_is_taken_gets_a_number(
    made: tuple[Path, str],
) -> None:
    folder, _ = made
    files = ("--persons", "persons.csv", "--edges", "edges.csv")
    done = run("calibrate.py", *files, "--name", "small", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    written = (folder / "calibrations" / "small-2" / "calibration.json").read_text()
    assert done.stdout == written
    assert written == (folder / "calibrations" / "small" / "calibration.json").read_text()
    found = json.loads(written)
    for name in ("log_likelihood", "p", "q_peers", "q_community", "lr_peers", "lr_community"):
        assert isinstance(found[name], float)
    assert found["log_likelihood"] == found["models"]["full"]["log_likelihood"]
    assert found["lr_peers"] == found["tests"]["peers"]["likelihood_ratio"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--out", "."), "exists already"),
        (("--persons", "nowhere.csv"), "nowhere.csv: cannot be read"),
        (("--periods", "3"), "allowed are whole numbers from 1 to 3 with --periods"),
        (("--name", "a/b"), "--name is 'a/b'; allowed"),
        (("--seed", "-1"), "--seed is -1; allowed"),
    ],
)
def test_the_script_refuses_in_one_line_with_exit_status_2(
    made: tuple[Path, str],
    arguments: tuple[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, _ = made
    before = sorted(p.name for p in folder.iterdir())
    monkeypatch.chdir(folder)
    files = ("--persons", "persons.csv", "--edges", "edges.csv")
    monkeypatch.setattr(sys, "argv", ["calibrate.py", *files, *arguments])
    module = load_script("calibrate.py")
    try:
        status = guarded(module.main)
    except SystemExit as left:  # argparse leaves by itself
        assert isinstance(left.code, int)
        status = left.code
    assert status == 2
    said = capsys.readouterr()
    assert words in said.err.strip().splitlines()[-1]
    assert said.out == ""
    assert sorted(p.name for p in folder.iterdir()) == before


@pytest.mark.slow
def test_training_takes_the_scenario_that_the_script_made(made: tuple[Path, str]) -> None:
    folder, _ = made
    done = run(
        "train.py", "--config", ROOT / "configs" / "smoke.yaml", "--out", "run",
        "scenario=calibrations/small/scenario.yaml", "training.seeds=[0]", "training.steps=400",
        "training.selections=1", "training.selection_episodes=2", "training.ppo.envs=8",
        "comparison.allocators=[flat]", "comparison.episodes=2", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    saved = Scenario.load(folder / "run" / "scenario.yaml")
    assert saved == Scenario.load(folder / "calibrations" / "small" / "scenario.yaml")


@needs_data
@pytest.mark.slow
def test_the_smoke_experiment_runs_in_the_farmers_villages(tmp_path: Path) -> None:
    files = ("--persons", DATA / "brfarmers" / "persons.csv", "--edges", DATA / "brfarmers" / "edges.csv")
    done = run("calibrate.py", *files, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    config = ("--config", ROOT / "configs" / "smoke.yaml")
    world = "scenario=calibrations/brfarmers/scenario.yaml"
    done = run("train.py", *config, "--out", "run", world, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
