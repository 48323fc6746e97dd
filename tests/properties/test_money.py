"""Property 1: money is conserved in every quarter."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from numpy.testing import assert_allclose

from juguo_envs import Scenario
from tests.properties.strategies import Plan, first_seeds, plans, scenarios
from tests.support import small, spend, started


@given(scenarios(), plans(), first_seeds())
def test_spent_paid_out_and_saved_make_up_the_budget(scenario: Scenario, plan: Plan, seed: int) -> None:
    batch = started(scenario, 2, seed)
    quarter, programme = batch.state.quarter, batch.state.programme
    budget = scenario.money.B * scenario.society.persons
    for actions in plan.actions(batch):
        before = programme["M"].copy()
        batch.step(actions)
        assert_allclose(quarter["budget"], budget, rtol=1e-12)
        assert_allclose(quarter["spent"] + quarter["payout"] + quarter["saved"], budget, rtol=1e-9)
        assert_allclose(quarter["saved"], programme["M"] - before, rtol=1e-9, atol=1e-9 * budget)
        assert (quarter["spent"] >= 0.0).all()
        assert (quarter["payout"] >= 0.0).all()


@given(scenarios(), plans(), first_seeds())
def test_the_functions_are_paid_what_the_allocation_says(scenario: Scenario, plan: Plan, seed: int) -> None:
    batch = started(scenario, 2, seed)
    quarter = batch.state.quarter
    for actions in plan.actions(batch):
        batch.step(actions)
        pot = quarter["budget"] + quarter["released"]
        shares = batch.state.allocation[:, :10]
        assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
        assert_allclose(quarter["spent"], shares[:, :9].sum(axis=1) * pot, rtol=1e-9, atol=1e-12)


def test_the_reserve_pays_for_damage_and_the_accounts_still_close() -> None:
    scenario = small(
        {"crisis.shock_rate": 0.5, "programme.T": 40, "adoption.alpha_k": 0.0, "adoption.alpha_s": 0.0,
         "adoption.p": 0.2, "adoption.d0": 0.15, "crisis.crL": 0.0}
    )  # fmt: skip
    batch = started(scenario, 20)
    quarter, programme = batch.state.quarter, batch.state.programme
    budget = scenario.money.B * scenario.society.persons
    paid, emptied = 0, 0
    for t in range(40):
        before = programme["M"].copy()
        batch.step(spend(batch, {"research": 1.0} if t % 3 else None, reserve=0.05 if t % 3 else 1.0))
        assert_allclose(quarter["spent"] + quarter["payout"] + quarter["saved"], budget, rtol=1e-9)
        assert_allclose(quarter["saved"], programme["M"] - before, rtol=1e-9, atol=1e-9 * budget)
        paid += int((quarter["payout"] > 0.0).sum())
        emptied += int(((quarter["payout"] > 0.0) & (programme["M"] == 0.0)).sum())
    assert paid > 100
    assert emptied > 0


def test_what_is_saved_is_spent_later() -> None:
    batch = started(small({"crisis.shock_rate": 0.0}), 1)
    batch.step(spend(batch))
    saved = batch.state.programme["M"][0]
    assert saved == np.float64(batch.scenario.money.B * 60)
    for _ in range(10):
        batch.step(spend(batch, {"research": 1.0}))
    assert batch.state.programme["M"][0] == 0.0
