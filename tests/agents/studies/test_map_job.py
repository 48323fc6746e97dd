"""A whole small map: seeds kept apart, the same however it was run, and nothing torn is ever used."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from juguo_agents.studies.map.exchange import EXCHANGES
from juguo_agents.studies.map.switches import SWITCHES
from juguo_agents.studies.map.values import DRAWN, VALUE_SETS

from juguo_agents.allocators.registry import compared_names, make_rule, rule_names
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies.map import job, portfolio, runs, store
from juguo_agents.studies.map.design import (
    EXCHANGE_EPISODES,
    MAPS,
    SETTINGS_FILE,
    TUNED,
    MapError,
    Settings,
    allocator_names,
    exchange_seeds,
    load_settings,
    map_seeds,
    tuned_rules,
    world,
)
from juguo_envs.errors import UserError
from juguo_envs.worlds.sampling import axes
from tests.support import small

TINY = Settings(points=3, episodes=3, seed=5, regimes=1, budget=200, choice=1, switched=2, base=small())


LOST = (1, TINY.points)
"""Parts that a killed map lacks: of a point as it is, and of the first switch."""


def made(folder: Path, settings: Settings = TINY, workers: int = 1) -> list[str]:
    """Make a map in a new folder, or go on with one; returns what was said."""
    folder.mkdir(exist_ok=True)
    settings.save(folder)
    said: list[str] = []
    job.make_map(settings, folder, workers, said.append)
    return said


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small map, made in one go."""
    folder = tmp_path_factory.mktemp("map") / "one"
    made(folder)
    return folder


def key_of(folder: Path) -> str:
    """What the tables of runs in a folder are marked with."""
    return store.fingerprint(TINY, portfolio.load(folder / portfolio.PORTFOLIO_FILE, TINY))


def parts_of(folder: Path, finished: Path) -> store.PartStore:
    """The parts of a map in a folder that has the settings of the finished one."""
    return store.PartStore(folder, key_of(finished))


@pytest.fixture
def unjudged(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Leave out what comes after the runs: figures take longer than so few runs."""
    monkeypatch.setattr(job, "analyse", lambda *_: {})
    return monkeypatch


def begun(finished: Path, folder: Path) -> None:
    """A map that is tuned and has some of its parts, as a killed one leaves it."""
    shutil.copytree(finished, folder)
    table = store.read_table(folder / store.RUNS_FILE, key_of(finished))
    for name in (store.RUNS_FILE, job.SUMMARY_FILE, store.POINTS_FILE):
        (folder / name).unlink()
    (folder / store.PARTS_FOLDER).mkdir()
    switch = table["switch"].to_numpy(zero_copy_only=False)
    for task in runs.tasks(TINY, {}, folder, ""):
        if task.index not in LOST:
            rows = table.filter((np.asarray(table["point"]) == task.point) & (switch == task.switch))
            parts_of(folder, finished).write(task.index, rows)


def test_a_map_leaves_every_run_every_point_and_its_verdicts(finished: Path) -> None:
    left = {path.name for path in finished.iterdir()}
    assert {"runs.parquet", "points.parquet", "verdicts.parquet", "map.json", "map.md"} <= left
    assert {"shares.png", "map.png", "portfolio.json", "settings.json"} <= left
    assert store.PARTS_FOLDER not in left
    table = pq.read_table(finished / store.RUNS_FILE)
    assert set(table["allocator"].to_pylist()) == set(allocator_names())
    assert set(compared_names()) < set(allocator_names())
    assert set(table["switch"].to_pylist()) == {"", *(switch.name for switch in SWITCHES)}
    assert set(table["part"].to_pylist()) == {"", *EXCHANGES}
    points = pq.read_table(finished / store.POINTS_FILE).to_pylist()
    for index, (row, place) in enumerate(zip(points, TINY.places(), strict=True)):
        assert row["point"] == index
        assert row["digest"] == world(TINY, place, "again").digest()
        assert {axis.name for axis in axes(preferences=True)} <= set(row)
    summary = json.loads((finished / job.SUMMARY_FILE).read_text())
    for condition in summary["conditions"].values():
        assert list(condition["values"]) == [values.name for values in VALUE_SETS]
        for part in condition["values"].values():
            assert set(part["won"]) == set(rule_names())
            assert sum(won["points"] for won in part["won"].values()) + part["ties"]["points"] == TINY.points


def test_every_allocator_has_its_episodes_under_every_set_of_values(finished: Path) -> None:
    table = pq.read_table(finished / store.RUNS_FILE).to_pylist()
    whole = [row for row in table if not row["switch"] and not row["part"]]
    for values in VALUE_SETS:
        some = [row for row in whole if values.name in row["values"].split(runs.SEPARATOR)]
        met = {(row["point"], row["allocator"], row["episode"]) for row in some}
        assert len(met) == len(some) == TINY.points * TINY.episodes * len(allocator_names())


def test_a_rule_that_looks_at_its_reward_is_run_under_each_set_of_values(finished: Path) -> None:
    table = pq.read_table(finished / store.RUNS_FILE).to_pylist()
    whole = [row for row in table if not row["switch"] and not row["part"]]
    alone = {row["values"] for row in whole if row["allocator"].startswith("policy_learning")}
    assert alone == {values.name for values in VALUE_SETS}
    together = {row["values"] for row in whole if row["allocator"] == "market"}
    assert together == {runs.SEPARATOR.join(values.name for values in VALUE_SETS)}


def test_parts_are_exchanged_between_the_two_best_of_a_point_on_fresh_episodes(finished: Path) -> None:
    table = pq.read_table(finished / store.RUNS_FILE).to_pylist()
    for point in range(TINY.points):
        rows = [row for row in table if row["point"] == point and not row["switch"]]
        means: dict[str, float] = {}
        for row in rows:
            counts = DRAWN.name in row["values"].split(runs.SEPARATOR)
            if not row["part"] and row["allocator"].endswith(TUNED) and counts:
                means[row["allocator"]] = means.get(row["allocator"], 0.0) + row["return"]
        best, second = sorted(means, key=lambda name: -means[name])[:2]
        exchanged = [row for row in rows if row["part"]]
        assert {(row["allocator"], row["second"]) for row in exchanged} == {(best, second)}
        assert {row["seed"] for row in exchanged} == set(exchange_seeds(TINY, point).tolist())
        assert len(exchanged) == len(EXCHANGES) * EXCHANGE_EPISODES


def test_the_runs_are_those_of_an_ordinary_evaluation_on_the_maps_own_seeds(finished: Path) -> None:
    table = pq.read_table(finished / store.RUNS_FILE).to_pylist()
    scenario = world(TINY, TINY.places()[2], "again")
    record = run(make_rule("market"), scenario, map_seeds(TINY, 2))
    rows = [row for row in table if row["point"] == 2 and row["allocator"] == "market"]
    assert [row["return"] for row in rows] == pytest.approx(record.returns.tolist(), abs=1e-12)
    assert [row["breadth"] for row in rows] == record.breadth.tolist()
    assert [row["abandoned"] for row in rows] == record.abandoned.tolist()
    assert [row["seed"] for row in rows] == map_seeds(TINY, 2).tolist()
    quarters = [
        row["quarters_production"] + row["quarters_diffusion"] + row["quarters_application"] for row in rows
    ]
    assert quarters == [scenario.programme.T] * TINY.episodes


def test_a_tuned_rule_has_numbers_of_its_portfolio(finished: Path) -> None:
    members = portfolio.load(finished / portfolio.PORTFOLIO_FILE, TINY)
    table = pq.read_table(finished / store.RUNS_FILE).to_pylist()
    for rule in tuned_rules():
        names = {row["numbers"] for row in table if row["allocator"] == rule + TUNED}
        assert names <= {member.name for member in members[rule]} == {portfolio.OWN, "regime 1"}
    assert {row["numbers"] for row in table if not row["allocator"].endswith(TUNED)} == {""}


@pytest.mark.slow
def test_two_processes_make_the_same_map_as_one(finished: Path, tmp_path: Path) -> None:
    made(tmp_path / "two", workers=2)
    for name in (
        store.RUNS_FILE,
        store.POINTS_FILE,
        portfolio.PORTFOLIO_FILE,
        job.SUMMARY_FILE,
        job.WORDS_FILE,
    ):
        assert (tmp_path / "two" / name).read_bytes() == (finished / name).read_bytes(), name


def test_a_map_that_was_killed_goes_on_to_the_same_runs(
    finished: Path, tmp_path: Path, unjudged: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "killed"
    begun(finished, folder)
    before = parts_of(folder, finished).path(0).stat().st_mtime_ns
    seen: list[int] = []
    original = runs.run_task

    def watched(task: runs.Task) -> None:
        seen.append(task.index)
        assert parts_of(folder, finished).path(0).stat().st_mtime_ns == before
        original(task)

    unjudged.setattr(runs, "run_task", watched)
    assert made(folder) == []
    assert seen == list(LOST)
    assert (folder / store.RUNS_FILE).read_bytes() == (finished / store.RUNS_FILE).read_bytes()


@pytest.mark.parametrize("fault", ["cut short", "a byte changed", "of another point", "rows missing"])
def test_a_part_that_is_not_whole_is_noticed_and_run_anew(
    finished: Path, tmp_path: Path, fault: str, unjudged: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "torn"
    begun(finished, folder)
    parts = parts_of(folder, finished)
    path = parts.path(2)
    data = path.read_bytes()
    if fault == "cut short":
        path.write_bytes(data[: len(data) // 2])
    elif fault == "a byte changed":
        place = data.index(b"PAR1") + 200
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
    elif fault == "of another point":
        shutil.copy(parts.path(0), path)
    else:
        pq.write_table(pq.read_table(path).slice(0, 10), path)
    (said,) = made(folder)
    assert "part-00002.parquet" in said
    assert "run anew" in said
    assert (folder / store.RUNS_FILE).read_bytes() == (finished / store.RUNS_FILE).read_bytes()


def test_runs_of_other_settings_or_other_numbers_are_refused(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    begun(finished, folder)
    other = replace(TINY, episodes=4)
    with pytest.raises(MapError, match="built for other settings"):
        portfolio.load(folder / portfolio.PORTFOLIO_FILE, other)
    with pytest.raises(MapError, match="other settings or other tuned numbers"):
        store.PartStore(folder, "f" * 32).whole(0)


def test_a_portfolio_with_a_number_that_the_rule_does_not_allow_is_refused(
    finished: Path, tmp_path: Path
) -> None:
    data = json.loads((finished / portfolio.PORTFOLIO_FILE).read_text())
    data["rules"]["concentrated+exit+relief"][0]["parameters"]["openness"] = 0.9
    path = tmp_path / portfolio.PORTFOLIO_FILE
    path.write_text(json.dumps(data))
    with pytest.raises(MapError, match=r"concentrated\+exit\+relief, regime 1: openness is 0\.9; allowed"):
        portfolio.load(path, TINY)
    path.write_text("{}")
    with pytest.raises(MapError, match="not a portfolio"):
        portfolio.load(path, TINY)


def test_no_point_of_a_map_was_tuned_on() -> None:
    settings = Settings(points=256, regimes=16)
    assert not np.isin(settings.places(), settings.tuning_places()).any()
    assert not np.isin(settings.places(), replace(settings, seed=1).places()).any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": 1}, "points is 1; allowed is 2 to"),
        ({"episodes": 2}, "episodes is 2; allowed is 3 to 120"),
        ({"seed": MAPS}, "seed is 128; allowed is 0 to 127"),
        ({"regimes": 0}, "regimes is 0"),
        ({"budget": 10}, "budget is 10"),
        ({"choice": 65}, "choice is 65; allowed is 1 to 64"),
        ({"switched": 1}, "switched is 1; allowed is 2 to"),
        ({"design": "grid"}, "design is 'grid'; allowed are sobol and latin"),
    ],
)
def test_settings_that_cannot_be_are_refused(change: dict[str, int], words: str) -> None:
    with pytest.raises(UserError, match=words):
        replace(Settings(), **change).check()  # type: ignore[arg-type]


def test_settings_are_read_back_and_those_of_another_model_are_refused(tmp_path: Path) -> None:
    TINY.save(tmp_path)
    assert load_settings(tmp_path) == TINY
    replace(TINY, model="0" * 14).save(tmp_path)
    with pytest.raises(MapError, match="another version of the model"):
        load_settings(tmp_path)
    (tmp_path / SETTINGS_FILE).write_text("[]")
    with pytest.raises(MapError, match="not the settings of a map"):
        load_settings(tmp_path)
    with pytest.raises(MapError, match="there is no map to go on with"):
        load_settings(tmp_path / "nowhere")


def test_the_default_map_has_enough_points_and_fits_its_time() -> None:
    assert Settings().points >= 512
    assert sum(job.episodes_of(Settings()).values()) < 1_350_000  # 25 minutes on two cores at 450 a second


def test_a_map_measures_about_as_many_episodes_as_it_said_it_would(finished: Path) -> None:
    table = pq.read_table(finished / store.RUNS_FILE)
    reckoned = job.episodes_of(TINY)
    kept = {"measuring": 0, "exchanging parts": 0}
    for row in table.select(["switch", "part"]).to_pylist():
        if not row["switch"]:
            kept["exchanging parts" if row["part"] else "measuring"] += 1
    assert kept["exchanging parts"] == reckoned["exchanging parts"]
    assert kept["measuring"] <= 1.1 * reckoned["measuring"]
