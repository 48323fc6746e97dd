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
        "persons.csv: 60 persons; comma, UTF-8",
        "(--model both)",
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


def test_it_tells_how_it_read_the_files_what_it_dropped_and_which_model_the_world_has(tmp_path: Path) -> None:
    write(tmp_path, SMALL)
    persons, edges = tmp_path / "persons.csv", tmp_path / "edges.csv"
    years = [line.split(",") for line in persons.read_text().splitlines()]
    years = [
        years[0],
        *([i, f"Villé {c[-1]}", str(1945 + int(t)) if t else "NA", a] for i, c, t, a in years[1:]),
    ]
    persons.write_bytes("\n".join(map(";".join, years)).encode("latin-1"))
    edges.write_bytes((edges.read_text() + "i1,stranger\ni1,i1\n").replace(",", "\t").encode("utf-16"))
    files = (
        "--persons",
        persons,
        "--edges",
        edges,
        "--start",
        "1946",
        "--periods",
        "11",
        "--model",
        "external",
    )
    printed = succeeded(juguo("calibrate", *files, "--out", "out", "--name", "années", cwd=tmp_path))
    late = int((SMALL.time == 12).sum())
    for words in (
        "persons.csv: 60 persons; semicolon, Latin-1 (guessed; it holds 'Villé')",
        f"edges.csv: {len(SMALL.ego) + 2} lines of ego and alter; tab, UTF-16 with a byte order mark",
        f"{late} x adopted after the last period",
        "1 x alter was not surveyed",
        "1 x alter is ego",
        "adopted in 11 years from 1946",
        "per year",
        "hindcast: years 6 to 11",
        "and q 0.0000 (--model external)",
    ):
        assert words in printed, words
    dropped = (tmp_path / "out" / "dropped.csv").read_text().splitlines()
    assert dropped[0] == "file,line,column,value,reason"
    assert f"edges.csv,{len(SMALL.ego) + 2},alter,stranger,alter was not surveyed" in dropped
    found = json.loads((tmp_path / "out" / "calibration.json").read_text())
    assert (found["data"]["step"], found["data"]["start"], found["world"]["model"]) == (
        "year",
        "1946",
        "external",
    )
    assert sum(found["data"]["dropped"].values()) == late + 2 == len(dropped) - 1
    world = Scenario.load(tmp_path / "out" / "scenario.yaml")
    assert (world.name, world.adoption.q) == ("années", 0.0)
    assert world.adoption.p == pytest.approx(found["models"]["external"]["p"], abs=1e-8)
    assert "One step is one year" in world.description and world.step == "year"
    assert "step is called a quarter" not in printed


def test_of_fewer_persons_than_a_world_has_there_are_estimates_alone(tmp_path: Path) -> None:
    rows = ["id,community,time_of_adoption,net1", *(f"{i},a,{i},{i % 9 + 1}" for i in range(1, 10))]
    (tmp_path / "few.csv").write_text("\n".join(rows))
    printed = succeeded(juguo("calibrate", "--persons", "few.csv", "--wide", "net*", cwd=tmp_path))
    assert "no scenario.yaml: a world has at least 10 persons" in printed
    left = {path.name for path in (tmp_path / "calibrations" / "few").iterdir()}
    assert left == {"calibration.json", "hindcast.png", "profiles.png", "communities.png"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--out", "."), "exists already"),
        (("--persons", "nowhere.csv"), "nowhere.csv: cannot be read"),
        (("--periods", "1"), "--periods is 1; allowed are 2 to 1000"),
        (("--name", "a\u202eb"), "--name: "),
        (("--columns", "x=y"), "--columns has 'x=y'"),
        (("--wide", "net*"), "say once who named whom"),
        (("--start", "1946"), "allowed are times from 1946 on"),
        (("--only", "nowhere"), "has no such community"),
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
        "train", "smoke", "--out", "run", "training.search=null",
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
