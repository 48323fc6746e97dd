"""The failed open system: participants who gain nothing leave; what is compared differs in one thing."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators.base import Setting
from juguo_agents.studies.passive import ACTIVE, PARTICIPANTS, PASSIVE, Pay, arms, compare, lines
from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.spaces.action import decode_allocation
from juguo_envs.worlds.scenario import Scenario

SMALL = {"society.persons": 300, "programme.T": 40}


@pytest.fixture(scope="module")
def worlds() -> tuple[Scenario, Scenario]:
    """The two worlds, small."""
    return Scenario.load("default").override(SMALL), Scenario.load("passive").override(SMALL)


def test_an_open_system_whose_participants_gain_nothing_loses_those_who_take_part(
    worlds: tuple[Scenario, Scenario],
) -> None:
    data, courses = compare(*worlds, 0.25, 20, 900_000, lambda text: None)
    active, passive = courses[ACTIVE], courses[PASSIVE]
    assert active.curves["interactors"][:, -1].mean() > 3 * passive.curves["interactors"][:, -1].mean()
    assert passive.curves["interactors"][:, -1].mean() < 0.5 * passive.curves["interactors"][:, 0].mean()
    assert data["arms"][ACTIVE]["return_gained"]["low"] > 0.0
    assert (
        data["arms"]["+ resilience"]["return_gained"]["low"] > 0.0
    )  # money for participants prevents a part
    assert len(lines(data)) == len(data["arms"]) + 4


def test_what_is_tried_moves_the_stated_share_and_nothing_else(worlds: tuple[Scenario, Scenario]) -> None:
    passive = worlds[1]
    batch = Batch(passive, 2)
    seeds = np.arange(2, dtype=np.uint64)
    allocations = {}
    for arm in arms(*worlds)[1:]:
        allocator = arm.allocator(0.25)
        allocator.start(Setting.of(passive), seeds)
        allocations[arm.name] = decode_allocation(
            allocator.act(batch.reset(seeds)), Setting.of(passive).population
        )
    base = allocations[PASSIVE]
    assert np.allclose(base.functions[:, np.isin(FUNCTIONS, PARTICIPANTS)], 0.0)
    assert (base.openness == 1.0).all()
    for i, function in enumerate(FUNCTIONS):
        moved = allocations[f"+ {function}"]
        expected = 0.75 * base.functions
        expected[:, i] += 0.25 * base.functions.sum(1)
        assert np.allclose(moved.functions, expected, atol=1e-6)
        assert np.allclose(moved.communities, base.communities)
    paid = Pay(PARTICIPANTS, 0.3)
    assert paid.to.sum() == pytest.approx(1.0)
