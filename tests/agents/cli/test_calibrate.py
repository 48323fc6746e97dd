"""`juguo calibrate`: what it prints and leaves, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from juguo_envs import Scenario
from tests.agents.calibration.support import DATA, SMALL, needs_data, write
from tests.running import juguo, refused, succeeded


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with data and what was made of them, and what it printed."""
    folder = tmp_path_factory.mktemp("calibrate")
    persons, edges = write(folder, SMALL)
    done = juguo("calibrate", "--persons", persons, "--edges", edges, "--name", "small", cwd=folder)
    return folder, succeeded(done)


def test_it_prints_a_table_and_leaves_every_file(made: tuple[Path, str]) -> None:
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
    told = succeeded(juguo("calibrate", *files, "--name", "small", "--json", cwd=folder))
    written = (folder / "calibrations" / "small-2" / "calibration.json").read_text()
    assert told == written
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
def test_it_refuses_in_one_line_and_writes_nothing(
    made: tuple[Path, str], arguments: tuple[str, str], words: str
) -> None:
    folder, _ = made
    before = sorted(p.name for p in folder.iterdir())
    files = {"--persons": "persons.csv", "--edges": "edges.csv", arguments[0]: arguments[1]}
    done = juguo("calibrate", *(word for pair in files.items() for word in pair), cwd=folder)
    refused(done, words)
    assert done.stdout == ""
    assert sorted(p.name for p in folder.iterdir()) == before


@pytest.mark.slow
def test_training_takes_the_scenario_that_it_made(made: tuple[Path, str]) -> None:
    folder, _ = made
    done = juguo(
        "train", "smoke", "--out", "run",
        "scenario=calibrations/small/scenario.yaml", "training.seeds=[0]", "training.steps=400",
        "training.selections=1", "training.selection_episodes=2", "training.ppo.envs=8",
        "comparison.allocators=[flat]", "comparison.episodes=2", cwd=folder,
    )  # fmt: skip
    succeeded(done)
    saved = Scenario.load(folder / "run" / "scenario.yaml")
    assert saved == Scenario.load(folder / "calibrations" / "small" / "scenario.yaml")


@needs_data
@pytest.mark.slow
def test_the_smoke_experiment_runs_in_the_farmers_villages(tmp_path: Path) -> None:
    files = ("--persons", DATA / "brfarmers" / "persons.csv", "--edges", DATA / "brfarmers" / "edges.csv")
    succeeded(juguo("calibrate", *files, cwd=tmp_path))
    succeeded(juguo("train", "smoke", "scenario=calibrations/brfarmers/scenario.yaml", cwd=tmp_path))
