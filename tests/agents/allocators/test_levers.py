"""Levers: each forces its part of an allocation and nothing else, and money is neither made nor lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.base import Setting
from juguo_agents.allocators.levers import LEVERS, Forced, UnknownLever, find_lever
from juguo_agents.evaluation.rollout import run
from juguo_envs import Batch, Scenario, decode_allocation
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.spaces.action import SHARES

TINY = Scenario.load("default").override(
    {"society.persons": 60, "society.communities.count": 3, "society.communities.hubs": 1, "programme.T": 16}
)
SETTING = Setting.of(TINY)
SEEDS = np.arange(3, dtype=np.uint64)
R = len(SETTING.population)
COLUMNS: dict[str, slice] = {
    **{name: slice(i, i + 1) for i, name in enumerate((*FUNCTIONS, "reserve"))},
    "communities": slice(SHARES, SHARES + R),
    "openness": slice(-3, -2),
    "advance:at_once": slice(-2, -1),
    "advance:never": slice(-2, -1),
    "abandon": slice(-1, None),
}


class Wilful:
    """Does what a function of the observation says."""

    name = "wilful"

    def __init__(self, does: Callable[[np.ndarray], np.ndarray]) -> None:
        self.does = does

    def start(self, setting: Setting, seeds: np.ndarray) -> None:
        """Nothing to prepare."""

    def act(self, observation: np.ndarray) -> np.ndarray:
        """The function's actions."""
        return self.does(observation)


def drawn(observation: np.ndarray) -> np.ndarray:
    """Any actions, within their bounds."""
    rng = np.random.default_rng(5)
    return rng.uniform(-0.9, 0.9, (len(observation), SHARES + R + 3)).astype(np.float32)


def forced(name: str, does: Callable[[np.ndarray], np.ndarray] = drawn) -> tuple[np.ndarray, np.ndarray]:
    """Actions before and after a lever is forced."""
    allocator = Forced(Wilful(does), find_lever(name))
    allocator.start(SETTING, SEEDS)
    observation = Batch(TINY, 3).reset(SEEDS)
    return does(observation), allocator.act(observation)


def test_every_part_of_an_allocation_has_a_lever() -> None:
    assert set(COLUMNS) == set(LEVERS)


@pytest.mark.parametrize("name", list(LEVERS))
def test_a_lever_changes_its_own_columns_and_no_other(name: str) -> None:
    before, after = forced(name)
    own = np.zeros(before.shape[1], bool)
    own[COLUMNS[name]] = True
    assert np.array_equal(before[:, ~own], after[:, ~own])
    assert (before[:, own] != after[:, own]).any()
    assert (np.abs(after) <= 1.0).all()


@pytest.mark.parametrize("name", [*FUNCTIONS, "reserve"])
def test_what_a_use_is_denied_goes_to_the_others_in_proportion(name: str) -> None:
    before, after = (decode_allocation(a, SETTING.population) for a in forced(name))
    denied = COLUMNS[name].start
    old, new = (np.column_stack([a.functions, a.reserve]) for a in (before, after))
    assert (new[:, denied] == 0.0).all()
    np.testing.assert_allclose(new.sum(1), 1.0)
    kept = np.arange(10) != denied
    np.testing.assert_allclose(new[:, kept], old[:, kept] / old[:, kept].sum(1, keepdims=True), rtol=1e-5)


def test_where_nothing_else_is_paid_the_money_is_saved() -> None:
    def research_only(observation: np.ndarray) -> np.ndarray:
        actions = np.full((len(observation), SHARES + R + 3), -1.0, np.float32)
        actions[:, 0] = 1.0
        return actions

    allocation = decode_allocation(forced("research", research_only)[1], SETTING.population)
    assert (allocation.functions == 0.0).all()
    assert (allocation.reserve == 1.0).all()


def test_forced_decisions_are_what_the_lever_says() -> None:
    def decided(name: str):
        return decode_allocation(forced(name)[1], SETTING.population)

    assert (decided("openness").openness == 0.0).all()
    assert decided("advance:at_once").advance.all()
    assert not decided("advance:never").advance.any()
    assert not decided("abandon").abandon.any()
    shares = decided("communities").communities
    np.testing.assert_allclose(shares, np.tile(SETTING.population, (3, 1)), rtol=1e-5)


def test_a_forced_rule_runs_like_any_allocator_and_keeps_the_lever_all_along() -> None:
    allocator = Forced(make_rule("experiment_diffusion"), find_lever("research"))
    record = run(allocator, TINY, SEEDS)
    assert record.name == "experiment_diffusion|research"
    batch = Batch(TINY, 3)
    allocator.start(SETTING, SEEDS)
    observation = batch.reset(SEEDS)
    for _ in range(TINY.programme.T):
        before = batch.state.programme["M"].copy()
        observation = batch.step(allocator.act(observation))
        quarter = batch.state.quarter
        assert (batch.state.z[:, :, 0] == 0.0).all()
        change = batch.state.programme["M"] - before
        np.testing.assert_allclose(
            quarter["spent"] + quarter["payout"] + change, quarter["budget"], rtol=1e-9
        )


def test_the_allocator_itself_is_left_as_it_is() -> None:
    kept = np.zeros((3, SHARES + R + 3), np.float32)
    before, after = forced("research", lambda observation: kept)
    assert before is kept
    assert (kept == 0.0).all()
    assert (after[:, 0] == -1.0).all()


def test_an_unknown_lever_is_refused_with_a_suggestion() -> None:
    with pytest.raises(
        UnknownLever, match=r"unknown lever 'opennes' \(did you mean 'openness'\?\); there are"
    ):
        find_lever("opennes")
