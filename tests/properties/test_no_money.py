"""Property 4: without money and openness nothing grows of itself.

What exactly holds, and why it is stated so:

- K and F do not grow while one technology lasts. The next one starts with K0 and F0 or above, so the plans
  here never give a project up, and there is one round.
- E falls to its base, and stays where it is below it.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from juguo_envs import Batch, Scenario
from tests.properties.strategies import Plan, first_seeds, plans, scenarios
from tests.support import small, spend, started

ONE_ROUND = {"programme.rounds": 1}
PENNILESS = {"money.B": 0.0, **ONE_ROUND}
ROUNDING = 1e-12


def start(scenario: Scenario, seed: int, changes: dict[str, float]) -> Batch:
    """Two societies of a changed scenario."""
    return started(scenario.override(changes), 2, seed)


@given(scenarios(), plans(abandon=False), first_seeds())
def test_knowledge_and_fit_do_not_grow_without_money(scenario: Scenario, plan: Plan, seed: int) -> None:
    batch = start(scenario, seed, PENNILESS)
    programme = batch.state.programme
    for actions in plan.actions(batch):
        actions[:, -3] = -1.0  # no openness
        K, F = programme["K"].copy(), programme["F"].copy()
        batch.step(actions)
        assert (programme["K"] <= K).all()
        assert (programme["F"] <= F + ROUNDING).all()


@given(scenario=scenarios(), plan=plans(abandon=False), seed=first_seeds(), E0=st.floats(0.0, 1.0))
def test_the_environment_never_rises_without_money(
    scenario: Scenario, plan: Plan, seed: int, E0: float
) -> None:
    batch = start(scenario, seed, {**PENNILESS, "know_how.E0": E0})
    community = batch.state.community
    for actions in plan.actions(batch):
        E = community["E"].copy()
        batch.step(actions)
        assert (community["E"] <= E + ROUNDING).all()


@given(scenario=scenarios(), seed=first_seeds(), E0=st.floats(0.0, 1.0))
def test_the_environment_falls_to_its_base_without_money(scenario: Scenario, seed: int, E0: float) -> None:
    batch = start(scenario, seed, {**PENNILESS, "know_how.E0": E0})
    P = batch.scenario.know_how
    begin = batch.state.community["E"].copy()
    quarters = 60
    for _ in range(quarters):
        batch.step(spend(batch))
    decayed = P.E_b + (begin - P.E_b) * (1.0 - P.delta_E) ** quarters
    assert_allclose(batch.state.community["E"], np.where(begin > P.E_b, decayed, begin), rtol=1e-9)


@given(scenario=scenarios(), seed=first_seeds())
def test_money_that_all_goes_to_the_reserve_is_no_money(scenario: Scenario, seed: int) -> None:
    batch = start(scenario, seed, ONE_ROUND)
    programme, community = batch.state.programme, batch.state.community
    for _ in range(30):
        K, F, E = programme["K"].copy(), programme["F"].copy(), community["E"].copy()
        batch.step(spend(batch))
        assert (programme["K"] <= K).all()
        assert (programme["F"] <= F + ROUNDING).all()
        assert (community["E"] <= E + ROUNDING).all()


def test_with_money_knowledge_environment_and_fit_do_grow() -> None:
    batch = started(small({"money.B": 3.0, "adoption.d0": 0.15}), 10)
    programme, community = batch.state.programme, batch.state.community
    K, F, E = programme["K"].copy(), programme["F"].copy(), community["E"].copy()
    for _ in range(20):
        batch.step(spend(batch, {"research": 1.0, "adaptation": 1.0, "scenarios": 1.0}))
    assert (programme["K"] > K).all()
    assert (programme["F"] > F).all()
    assert (community["E"] > E).all()
