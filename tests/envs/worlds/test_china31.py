"""The scenario china31: the figures, the rules that turn them into a society, and the society itself."""

import csv
import math
import os
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from juguo_envs.engine.batch import Batch
from juguo_envs.worlds.scenario import Community, Scenario
from juguo_envs.worlds.society import build_structure

SCENARIO = Scenario.load("china31")
PROVINCES = {c.name: c for c in SCENARIO.society.listed()}
TEXT = (resources.files("juguo_envs.worlds") / "china31.yaml").read_text(encoding="utf-8")
INTENSITY = {
    name.strip(): float(percent)
    for name, percent in re.findall(r"- name: ([\w ]+?)  # R&D intensity ([\d.]+) %", TEXT)
}
NATIONAL_INTENSITY, NATIONAL_EXPENDITURE = 2.54, 30_782.9
DATA = Path(
    os.environ.get("JUGUO_REFERENCE_DATA", Path(__file__).resolve().parents[3] / ".." / "shared" / "data")
)
needs_data = pytest.mark.skipif(
    not (DATA / "china31").is_dir(), reason="no reference data; JUGUO_REFERENCE_DATA names their folder"
)


def borders() -> set[frozenset[str]]:
    return {frozenset((c.name, other)) for c in PROVINCES.values() for other in c.neighbours}


def rows(file: str) -> list[dict[str, str]]:
    with (DATA / "china31" / file).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def spaced(name: str) -> str:
    """InnerMongolia -> Inner Mongolia."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def test_there_are_31_provinces_with_the_population_of_the_census() -> None:
    assert len(PROVINCES) == 31
    assert sum(c.population for c in PROVINCES.values()) == 1_409_778_724


def test_expenditures_sum_to_the_national_figure() -> None:
    assert sum(c.producers for c in PROVINCES.values()) == pytest.approx(NATIONAL_EXPENDITURE)


def test_every_province_states_its_intensity() -> None:
    assert list(INTENSITY) == list(PROVINCES)


@pytest.mark.parametrize("province", PROVINCES.values(), ids=lambda c: c.name)
def test_capability_follows_the_stated_map_from_intensity(province: Community) -> None:
    low, high = min(INTENSITY.values()), max(INTENSITY.values())
    assert f"0.24 + 0.22 ln(intensity / {low}) / ln({high} / {low})" in TEXT
    expected = 0.24 + 0.22 * math.log(INTENSITY[province.name] / low) / math.log(high / low)
    assert province.capability == round(expected, 3)


def test_hubs_are_the_provinces_at_or_above_the_national_intensity() -> None:
    hubs = {name for name, c in PROVINCES.items() if c.hub}
    assert hubs == {name for name, x in INTENSITY.items() if x >= NATIONAL_INTENSITY}
    assert hubs == {"Beijing", "Tianjin", "Shanghai", "Jiangsu", "Zhejiang", "Anhui", "Guangdong"}


def test_borders_are_symmetric_and_connect_every_province() -> None:
    for province in PROVINCES.values():
        assert len(set(province.neighbours)) == len(province.neighbours)
        assert province.name not in province.neighbours
        for other in province.neighbours:
            assert province.name in PROVINCES[other].neighbours
    assert len(borders()) == 69
    assert PROVINCES["Hainan"].neighbours == ("Guangdong",)
    reached, front = {"Beijing"}, {"Beijing"}
    while front:
        front = {other for name in front for other in PROVINCES[name].neighbours} - reached
        reached |= front
    assert reached == set(PROVINCES)


@needs_data
def test_figures_equal_the_reference_data() -> None:
    population = {spaced(r["province"]): float(r["population_2020"]) for r in rows("population_2020.csv")}
    in_2022 = {spaced(r["province"]): r for r in rows("rd_by_province.csv") if r["year"] == "2022"}
    assert {name: c.population for name, c in PROVINCES.items()} == population
    assert {name: c.producers for name, c in PROVINCES.items()} == {
        name: float(r["rd_spend_100m_cny"]) for name, r in in_2022.items()
    }
    assert {name: float(r["rd_intensity_pct_gdp"]) for name, r in in_2022.items()} == INTENSITY


@needs_data
def test_borders_equal_the_reference_data() -> None:
    pairs = {frozenset((spaced(r["province_a"]), spaced(r["province_b"]))) for r in rows("borders.csv")}
    assert borders() == pairs


def test_persons_and_producers_are_shared_out_by_population_and_expenditure() -> None:
    world = build_structure(SCENARIO)
    size = np.diff(world.start)
    population = np.array([c.population for c in PROVINCES.values()])
    expenditure = np.array([c.producers for c in PROVINCES.values()])
    assert size.sum() == 10_000
    assert world.producers.sum() == 500
    # every province has one person at least, so the largest ones give up a little
    np.testing.assert_allclose(size, population / population.sum() * 10_000, atol=2.5)
    np.testing.assert_allclose(world.producers, expenditure / expenditure.sum() * 500, atol=1.0)
    assert size.min() >= 25
    assert (world.producers <= size).all()


def test_ties_that_leave_a_province_go_half_to_neighbours_and_half_anywhere() -> None:
    world = build_structure(SCENARIO)
    share = np.diff(np.concatenate([np.zeros((31, 1)), world.mixing], axis=1), axis=1)
    names = list(PROVINCES)
    hainan, guangdong = names.index("Hainan"), names.index("Guangdong")
    anywhere = world.share[guangdong] / (1.0 - world.share[hainan])
    assert share[hainan, guangdong] == pytest.approx(0.5 + 0.5 * anywhere)
    assert share[hainan, hainan] == 0.0


def test_a_quarter_of_it_runs() -> None:
    batch = Batch(SCENARIO, 1)
    first = batch.reset(np.array([7], np.uint64))
    second = batch.step(np.zeros((1, batch.action_size), np.float32))
    low, high = batch.layout.bounds()
    for observation in (first, second):
        assert ((observation >= low) & (observation <= high)).all()
    assert batch.state.quarter["budget"][0] == pytest.approx(10_000 * SCENARIO.money.B)
