"""Property 7: exclusion has hysteresis, and money for `resilience` undoes it."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juguo_envs import Batch, Scenario
from juguo_envs.model import equations
from tests.properties.strategies import Plan, first_seeds, plans, scenarios
from tests.support import parameters, spend, started

HARSH = Scenario.load("default").override(
    {"adoption.p": 0.2, "adoption.alpha_k": 0.0, "adoption.alpha_s": 0.0, "adoption.d0": -1.0,
     "defect.h0": 0.0, "resilience.ben": 0.0, "resilience.r0": 0.025, "crisis.shock_rate": 0.1,
     "crisis.severity": 0.15, "crisis.crL": 0.0}
)  # fmt: skip
"""Everybody adopts at once and gains nothing by it, shocks strike often, and who is hit recovers slowly."""


@given(rho=st.floats(0.0, 1.0), floor=st.floats(0.0, 1.0), margin=st.floats(0.0, 1.0))
def test_who_is_out_comes_back_above_the_margin_only(rho: float, floor: float, margin: float) -> None:
    P = parameters(floor=floor, margin=margin)
    excluded = equations.excluded.py_func
    assert excluded(P, False, rho) == (rho < floor)
    assert excluded(P, True, rho) == (rho < floor + margin)
    if excluded(P, False, rho):
        assert excluded(P, True, rho)


def test_the_way_out_and_the_way_back_differ() -> None:
    P = parameters(floor=0.15, margin=0.1)
    path = [0.3, 0.2, 0.16, 0.14, 0.16, 0.2, 0.24, 0.26, 0.2]
    out, found = False, []
    for rho in path:
        out = equations.excluded.py_func(P, out, rho)
        found.append(out)
    assert found == [False, False, False, True, True, True, True, False, False]


def by_the_rule(batch: Batch, before: Batch) -> np.ndarray:
    """(B, N) who ought to be excluded now, from resilience now and exclusion a quarter ago."""
    P = batch.scenario.resilience
    rho = batch.state.rho.astype(float)
    return np.where(before.state.excluded == 1, rho < P.floor + P.margin, rho < P.floor)


@given(scenarios(), plans(most=15), first_seeds())
def test_every_person_is_excluded_by_the_rule_in_every_quarter(
    scenario: Scenario, plan: Plan, seed: int
) -> None:
    batch = started(scenario, 1, seed)
    for actions in plan.actions(batch):
        before = copy.deepcopy(batch)
        batch.step(actions)
        assert np.array_equal(batch.state.excluded == 1, by_the_rule(batch, before))


def test_of_two_equally_resilient_persons_one_is_out_and_one_is_not() -> None:
    batch = started(HARSH, 4)
    for _ in range(15):
        batch.step(spend(batch, advance=True))
    P = HARSH.resilience
    between = (batch.state.rho > P.floor) & (batch.state.rho < P.floor + P.margin)
    out = batch.state.excluded == 1
    assert (between & out).sum() > 20
    assert (between & ~out).sum() > 20


@pytest.fixture
def neglected() -> Batch:
    """Twenty societies in which nothing was done for fifteen quarters, and many are excluded."""
    batch = started(HARSH, 20)
    for _ in range(15):
        batch.step(spend(batch, advance=True))
    assert batch.state.quarter["excluded"].mean() > 0.2
    return batch


def test_money_for_resilience_undoes_exclusion_in_nine_quarters(neglected: Batch) -> None:
    for _ in range(9):
        neglected.step(spend(neglected, {"resilience": 1.0}))
    assert neglected.state.quarter["excluded"].max() < 0.1  # those whom a shock has just struck


def test_without_that_money_exclusion_stays(neglected: Batch) -> None:
    before = neglected.state.quarter["excluded"].copy()
    for _ in range(9):
        neglected.step(spend(neglected))
    assert (neglected.state.quarter["excluded"] >= before).all()


def test_as_much_money_for_research_does_not_undo_it(neglected: Batch) -> None:
    before = neglected.state.quarter["excluded"].mean()
    for _ in range(9):
        neglected.step(spend(neglected, {"research": 1.0}))
    assert neglected.state.quarter["excluded"].mean() > 0.9 * before
