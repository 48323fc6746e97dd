"""A whole small map: seeds kept apart, the same however it was run, and every run there once."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from matplotlib.text import Text

from juguo_agents.allocators.institutions import TUNED
from juguo_agents.allocators.registry import compared_names, make_rule, rule_names
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.discovery import grow
from juguo_agents.evaluation.rollout import run
from juguo_agents.report.texts import speaking
from juguo_agents.search.portfolio import OWN
from juguo_agents.studies.executors import LocalExecutor
from juguo_agents.studies.map.design import (
    DRAWN,
    EXCHANGE_EPISODES,
    EXCHANGES,
    SEPARATOR,
    SWITCHES,
    VALUE_SETS,
    Settings,
    allocator_names,
    tuned_rules,
)
from juguo_agents.studies.map.figures import draw_winners
from juguo_agents.studies.map.page import as_markdown, console_summary
from juguo_agents.studies.map.study import Map
from juguo_agents.studies.study import conduct
from juguo_envs.worlds.sampling import axes
from tests.agents.studies.conducting import check_chinese, english
from tests.agents.studies.test_map_deciding import AXES, places
from tests.support import small

TINY = Settings(points=3, episodes=3, seed=109, regimes=1, budget=200, choice=1, switched=2, scenario=small())
PRODUCTS = ("runs.parquet", "points.parquet", "verdicts.parquet", "portfolio.json", "map.json", "map.md")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small map, made in one go."""
    folder = tmp_path_factory.mktemp("map") / "one"
    conduct(Map(TINY), folder, LocalExecutor(1))
    return folder


@pytest.fixture(scope="module")
def rows(finished: Path) -> list[dict[str, object]]:
    """The table of runs."""
    table: list[dict[str, object]] = pq.read_table(finished / "runs.parquet").to_pylist()
    return table


@pytest.fixture(scope="module")
def whole(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The runs of points as they are, without exchanged parts."""
    return [row for row in rows if not row["switch"] and not row["part"]]


def test_a_map_leaves_every_run_every_point_and_its_verdicts(finished: Path, rows) -> None:
    left = {path.name for path in finished.iterdir()}
    assert {*PRODUCTS, "shares.png", "map.png", "switches.png", "settings.json"} <= left
    assert {row["allocator"] for row in rows} == set(allocator_names())
    assert set(compared_names()) < set(allocator_names())
    assert {row["switch"] for row in rows} == {"", *(switch.name for switch in SWITCHES)}
    assert {row["part"] for row in rows} == {"", *EXCHANGES}
    points = pq.read_table(finished / "points.parquet").to_pylist()
    for index, (row, place) in enumerate(zip(points, TINY.places(), strict=True)):
        assert row["point"] == index
        assert row["digest"] == TINY.world(place, "again").digest()
        assert {axis.name for axis in axes(preferences=True)} <= set(row)
    summary = json.loads((finished / "map.json").read_text())
    for condition in summary["conditions"].values():
        assert list(condition["values"]) == [values.name for values in VALUE_SETS]
        for part in condition["values"].values():
            assert set(part["won"]) == set(rule_names())
            assert sum(won["points"] for won in part["won"].values()) + part["ties"]["points"] == TINY.points


def test_the_page_shows_every_figure_and_the_terminal_no_long_line(finished: Path) -> None:
    summary = json.loads((finished / "map.json").read_text())
    assert {line for line in (finished / "map.md").read_text().splitlines() if line.startswith("![")} == {
        f"![{path.stem}]({path.name})" for path in finished.glob("*.png")
    }
    console = console_summary(summary)
    assert "3 worlds, 3 episodes each" in console
    assert all(len(line) <= 110 for line in console.splitlines())


def test_the_map_is_in_chinese_from_the_same_rows(finished: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "map")
    check_chinese(partial(conduct, Map(TINY), folder, LocalExecutor(1)), folder, "map")


def test_a_page_of_many_worlds_has_a_text_in_chinese_for_all_that_it_may_say(finished: Path) -> None:
    summary = json.loads((finished / "map.json").read_text())
    grown = grow(places(200), ["flat" if u > 0.5 else "market" for u in places(200)[:, 0]], AXES)
    assert grown is not None
    drawn = summary["deciding"][DRAWN.name]
    drawn["tree"] = asdict(grown)
    drawn["regions"] = {
        "flat": None,
        "market": asdict(grown) | dict.fromkeys(("inside", "found", "everywhere"), 0.5),
    }
    summary["acceptance"]["winners"] = {values.name: ["flat"] for values in VALUE_SETS}
    summary["acceptance"]["hardly"] = ["market"]
    with speaking("zh"):
        page = as_markdown(summary)
        winners = draw_winners(summary)
    assert english(page) == []
    assert (
        winners is not None and english(" | ".join(text.get_text() for text in winners.findobj(Text))) == []
    )


def test_every_allocator_has_its_episodes_under_every_set_of_values(whole) -> None:
    for values in VALUE_SETS:
        some = [row for row in whole if values.name in row["values"].split(SEPARATOR)]
        met = {(row["point"], row["allocator"], row["episode"]) for row in some}
        assert len(met) == len(some) == TINY.points * TINY.episodes * len(allocator_names())


def test_a_rule_that_looks_at_its_reward_is_run_under_each_set_of_values(whole) -> None:
    names = [values.name for values in VALUE_SETS]
    alone = {row["values"] for row in whole if row["allocator"].startswith("policy_learning")}
    assert alone == set(names)
    assert {row["values"] for row in whole if row["allocator"] == "market"} == {SEPARATOR.join(names)}


def test_parts_are_exchanged_between_the_two_best_of_a_point_on_fresh_episodes(rows, whole) -> None:
    for point in range(TINY.points):
        means: dict[str, float] = {}
        for row in whole:
            counts = DRAWN.name in row["values"].split(SEPARATOR) and row["allocator"].endswith(TUNED)
            if row["point"] == point and counts:
                means[row["allocator"]] = means.get(row["allocator"], 0.0) + row["return"]
        best, second = sorted(means, key=lambda name: -means[name])[:2]
        exchanged = [row for row in rows if row["part"] and row["point"] == point]
        assert {(row["allocator"], row["second"]) for row in exchanged} == {(best, second)}
        assert {row["seed"] for row in exchanged} == set(TINY.exchange_seeds(point).tolist())
        assert len(exchanged) == len(EXCHANGES) * EXCHANGE_EPISODES


def test_the_runs_are_those_of_an_ordinary_evaluation_on_the_maps_own_seeds(whole) -> None:
    scenario = TINY.world(TINY.places()[2], "again")
    record = run(make_rule("market"), scenario, TINY.measured_seeds(2))
    found = [row for row in whole if row["point"] == 2 and row["allocator"] == "market"]
    assert [row["return"] for row in found] == pytest.approx(record.returns.tolist(), abs=1e-12)
    assert [row["breadth"] for row in found] == record.breadth.tolist()
    assert [row["abandoned"] for row in found] == record.abandoned.tolist()
    assert [row["seed"] for row in found] == TINY.measured_seeds(2).tolist()
    for row in found:
        stages = ("quarters_production", "quarters_diffusion", "quarters_application")
        assert sum(row[stage] for stage in stages) == scenario.programme.T


def test_a_tuned_rule_has_numbers_of_its_portfolio(finished: Path, rows) -> None:
    tuned = json.loads((finished / "portfolio.json").read_text())["rules"]
    assert list(tuned) == tuned_rules()
    for rule, members in tuned.items():
        names = {row["numbers"] for row in rows if row["allocator"] == rule + TUNED}
        assert names <= {OWN, *(member["regime"] for member in members)} == {OWN, "regime 1"}
    assert {row["numbers"] for row in rows if not row["allocator"].endswith(TUNED)} == {""}


def test_a_map_runs_about_as_many_episodes_as_it_says(rows) -> None:
    members = TINY.regimes + 1
    points = [point for point in TINY.map_points() if not point.switch]
    choosing = (len(tuned_rules()) - 1 + len(VALUE_SETS)) * members * TINY.choice
    ran = sum(not row["switch"] for row in rows)
    assert 0.8 * ran <= sum(TINY.cost(point) - choosing for point in points) <= 1.2 * ran


@pytest.mark.slow
def test_two_processes_make_the_same_map_as_one(finished: Path, tmp_path: Path) -> None:
    conduct(Map(TINY), tmp_path / "two", LocalExecutor(2))
    for name in PRODUCTS:
        assert (tmp_path / "two" / name).read_bytes() == (finished / name).read_bytes(), name


def test_a_map_that_lost_cells_goes_on_to_the_same_files_and_more_points_keep_those_that_are_done(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("juguo_agents.studies.map.study.draw_figures", lambda *_: {})
    folder = tmp_path / "lost"
    shutil.copytree(finished, folder)
    cells = folder / "store" / "runs"
    kept = cells / "00000.parquet"
    before = kept.stat().st_mtime_ns
    for name in ("00001", f"00000 {SWITCHES[0].name}"):
        (cells / f"{name}.parquet").unlink()
    conduct(Map(TINY), folder, LocalExecutor(1))
    for name in PRODUCTS:
        assert (folder / name).read_bytes() == (finished / name).read_bytes(), name
    conduct(Map(TINY.model_copy(update={"points": 4})), folder, LocalExecutor(1))
    assert len(set(pq.read_table(folder / "runs.parquet")["point"].to_pylist())) == 4
    assert kept.stat().st_mtime_ns == before


def test_episodes_of_measuring_exchanging_and_choosing_fit_into_a_points_block() -> None:
    most = {"points": seeds.MAP_POINTS, "choice": seeds.MAP_CHOICES}
    settings = Settings(episodes=seeds.MAP_EPISODES - EXCHANGE_EPISODES, seed=seeds.MAPS - 1, **most)
    for point in (0, 1, seeds.MAP_POINTS - 1):
        measured = [*settings.measured_seeds(point), *settings.exchange_seeds(point)]
        assert len(set(measured)) == seeds.MAP_EPISODES
        assert all(seed in seeds.MAP for seed in map(int, measured))
        assert all(int(seed) in seeds.MAP_CHOICE for seed in settings.choice_seeds(point))


def test_no_point_of_a_map_was_tuned_on() -> None:
    settings = Settings(points=256, regimes=16)
    assert not np.isin(settings.places(), settings.tuning_places()).any()
    assert not np.isin(settings.places(), Settings(points=256, seed=1).places()).any()


def test_the_default_map_has_enough_points_and_fits_its_time() -> None:
    settings = Settings()
    assert settings.points >= 512
    said = Map(settings).announcement()
    assert int(said.split()[0].replace(",", "")) < 1_350_000  # 25 minutes on two cores at 450 a second
