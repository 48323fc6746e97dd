"""Calibration: the world that is made of a diffusion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.calibration.data import Diffusion
from juguo_agents.calibration.hindcast import simulate
from juguo_agents.calibration.likelihood import Coefficients
from juguo_agents.calibration.results import PARTS, Calibration, calibrate
from juguo_agents.calibration.scenario_file import mutual_ties, scenario_file
from juguo_envs import Batch, Scenario, ScenarioError
from juguo_envs.documents import load_yaml
from tests.agents.calibration.support import SMALL, needs_data, reference
from tests.support import seeds, spend, ties

DONE: list[int] = []


@pytest.fixture(scope="module")
def calibrated() -> Calibration:
    return calibrate(SMALL, "small", done=DONE.append)


def test_it_tells_how_far_it_is(calibrated: Calibration) -> None:
    assert len(DONE) > 5
    assert sum(DONE) == PARTS


WITHOUT_PROGRAMME = {
    "society.producers": 1.0,  # producers may adopt in every stage
    "adoption.gamma": 0.0,
    "adoption.p_tr": 0.0,
    "defect.h0": 0.0,
    "crisis.shock_rate": 0.0,
    "resilience.floor": 0.0,
    "programme.T": 12,
}


def world_of(found: Calibration) -> Scenario:
    return Scenario.parse(load_yaml(scenario_file(found), "made"))


def test_the_world_has_the_datas_persons_communities_and_ties(calibrated: Calibration) -> None:
    world = world_of(calibrated)
    batch = Batch(world, 2)
    batch.reset(seeds(2))
    assert world.society.persons == 60
    assert np.diff(batch.structure.start).tolist() == np.bincount(SMALL.community).tolist()
    joined = {(i, j) for i, j in zip(SMALL.ego.tolist(), SMALL.alter.tolist(), strict=True)}
    both_ways = joined | {(j, i) for i, j in joined}
    for b in range(2):  # the communities of SMALL stand in their order, so persons keep their numbers
        ends, others = ties(batch.state, b)
        assert set(zip(ends.tolist(), others.tolist(), strict=True)) == both_ways


def test_persons_are_counted_by_community() -> None:
    community, named = np.array([1, 0] * 5), np.array([[0, 1], [1, 0], [1, 3]])
    mixed = Diffusion(tuple("abcdefghij"), ("x", "y"), community, np.arange(10), 9, *named.T)
    assert mutual_ties(mixed) == [[0, 1], [0, 5]]


def test_a_saved_world_is_the_same_world(calibrated: Calibration, tmp_path: Path) -> None:
    world = world_of(calibrated)
    world.save(tmp_path / "again.yaml")
    again = Scenario.load(tmp_path / "again.yaml")
    assert again == world
    assert again.digest() == world.digest()
    fewer = world.override({"society.ties": world.model_dump()["society"]["ties"][1:]})
    assert fewer.digest() != world.digest()


def test_without_a_programme_the_world_spreads_by_the_fitted_hazards(calibrated: Calibration) -> None:
    # means of 400 and 400 runs at 12 period ends, two-sided z-tests: refused with probability below 1e-3
    world = world_of(calibrated).override(WITHOUT_PROGRAMME)
    batch = Batch(world, 400)
    batch.reset(seeds(400))
    nothing = spend(batch)
    adopted = np.zeros((400, 13))
    for t in range(12):
        batch.step(nothing)
        adopted[:, t + 1] = batch.state.adopted.sum(axis=1)
    both = np.concatenate([np.c_[SMALL.ego, SMALL.alter], np.c_[SMALL.alter, SMALL.ego]])
    ego, alter = np.unique(both, axis=0).T
    mutual = Diffusion(SMALL.ids, SMALL.places, SMALL.community, SMALL.time, 12, ego, alter)
    at = Coefficients(calibrated.fit.full.coefficients.p, calibrated.q, 0.0)
    ours = simulate(mutual, np.tile(at, (400, 1)), np.zeros(60, bool), 12, np.random.default_rng(0)).sum(
        axis=2
    )
    error = np.sqrt((ours.var(axis=0) + adopted.var(axis=0)) / 400)[1:]
    assert (np.abs(ours.mean(axis=0) - adopted.mean(axis=0))[1:] < 4.1 * error).all()
    assert adopted.mean(axis=0)[-1] > 20


def test_money_and_decisions_still_matter_in_the_world(calibrated: Calibration) -> None:
    batch = Batch(world_of(calibrated), 100)
    returns = []
    for functions in ({}, {"scenarios": 1.0, "governance": 1.0, "enablement": 1.0, "resilience": 1.0}):
        batch.reset(seeds(100))
        total = np.zeros(100)
        for _ in range(60):
            batch.step(spend(batch, functions, advance=True))
            total += batch.state.quarter["reward"]
        returns.append(total.mean())
    assert returns[1] > returns[0] + 0.1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"society.ties": [[0, 1], [1, 0]]}, r"ties\[1\] is \[1, 0\], which is listed before"),
        ({"society.ties": [[3, 3]]}, r"ties\[0\] is \[3, 3\]; a tie joins two persons"),
        ({"society.ties": [[0, 60]]}, r"ties\[0\] is \[0, 60\]; allowed are persons 0 to 59"),
        ({"society.ties": [[-1, 2]]}, r"ties\[0\] is \[-1, 2\]; allowed are persons 0 to 59"),
        ({"society.persons": 61}, "must be whole numbers of persons that sum to persons; they sum to 60"),
        ({"society.network": "planted"}, "ties are listed but network is 'planted'"),
        ({"society.ties": [[0, 1.5]]}, r"society.ties.0.1 is 1.5"),
    ],
)
def test_a_listed_network_that_cannot_be_is_refused(
    calibrated: Calibration, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ScenarioError, match=words):
        world_of(calibrated).override(changes)


@needs_data
def test_the_farmers_villages_become_a_world() -> None:
    found = calibrate(reference("brfarmers"), "brfarmers")
    world = world_of(found)
    assert world.society.persons == 692
    assert len(world.society.listed()) == 11
    assert len(world.society.ties) == 1717
    assert world.adoption.q == pytest.approx(0.0693 + 0.2236, abs=1e-3)
    batch = Batch(world, 2)
    low, high = batch.layout.bounds()
    for observation in (batch.reset(seeds(2)), batch.step(spend(batch, {"governance": 1.0}))):
        assert ((observation >= low) & (observation <= high)).all()
    degree = np.diff(batch.state.offsets[0])
    assert degree.sum() == 2 * 1717
    assert (degree == 0).sum() == 36
