"""Property 5: expected adoption does not fall when only K, F, E, trust or know-how is raised.

The property speaks of the next quarter. Later it need not hold: more adopters meet more harm, and harm takes
trust. Within the quarter harm does no damage to it, for it depends on the hidden defect
alone: the same persons are harmed and the same of them quit. The worlds are those of the sampling ranges;
at the very ends of what a scenario may hold the decay of E or of trust overshoots (a rate of growth and one
of decay of 1 each), and then a higher stock is a lower one a quarter later.

Both copies of a society are stepped with the same action and the same draws, so that the expectation is
compared person by person, and the persons who adopt in the raised copy include those of the other.
"""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juguo_envs import Batch, Scenario
from juguo_envs.model import equations
from tests.properties.strategies import Plan, first_seeds, plans, scenarios
from tests.support import Array, parameters, random_actions, small, spend, started

RAISED = ("K", "F", "E", "tau", "k")
shares = st.floats(0.0, 1.0)


def lift(batch: Batch, name: str, by: float) -> Batch:
    """A copy of a batch in which one stock alone has moved towards 1."""
    raised = copy.deepcopy(batch)
    stock = (raised.state.programme if name in ("K", "F") else raised.state.community)[name]
    stock += by * (1.0 - stock)
    return raised


def expected_adoption(before: Batch, after: Batch) -> Array:
    """(B, N) probability of adopting in the quarter between, for a person who may and is not supported.

    Know-how, environment and trust of a quarter are set before its adoption, fit after it.
    """
    P = parameters(before.scenario)
    place = np.repeat(np.arange(before.communities), np.diff(before.structure.start))
    chance = np.zeros((before.size, before.persons))
    for b in range(before.size):
        F = float(before.state.programme["F"][b])
        degree = np.maximum(1, np.diff(before.state.offsets[b]))
        for c in range(before.communities):
            com = after.state.community[b, c]
            theta = equations.theta.py_func(P, float(com["k"]), F, float(com["E"]), float(com["tau"]))
            difficulty = equations.difficulty.py_func(P, F, float(com["E"]))
            for i in np.flatnonzero(place == c):
                accept = equations.accept.py_func(P, float(before.state.kappa[b, i]), difficulty)
                share = before.state.peers[b, i] / degree[i]
                chance[b, i] = equations.adoption.py_func(
                    P.p * accept * theta, P.q * accept * theta, float(share)
                )
    return chance


@pytest.mark.parametrize("name", RAISED)
@given(scenario=scenarios(), plan=plans(abandon=False), seed=first_seeds(), by=shares, data=st.data())
def test_nobody_is_less_likely_to_adopt_when_one_stock_is_raised(
    name: str, scenario: Scenario, plan: Plan, seed: int, by: float, data: st.DataObject
) -> None:
    batch = started(scenario, 1, seed)
    for actions in plan.actions(batch):
        batch.step(actions)
    action = random_actions(np.random.default_rng(data.draw(first_seeds())), batch, abandon=0.0)
    before, raised = copy.deepcopy(batch), lift(batch, name, by)
    before_raised = copy.deepcopy(raised)
    batch.step(action)
    raised.step(action)
    assert (raised.state.adopted >= batch.state.adopted).all()
    assert (raised.state.excluded <= batch.state.excluded).all()
    chance, chance_raised = expected_adoption(before, batch), expected_adoption(before_raised, raised)
    assert (chance_raised >= chance * (1.0 - 1e-12)).all()


@pytest.mark.parametrize("name", RAISED)
def test_somebody_is_more_likely_to_adopt_when_one_stock_is_raised(name: str) -> None:
    batch = started(small({"society.persons": 2000, "adoption.d0": 0.3}), 20)
    for _ in range(8):
        batch.step(spend(batch, {"research": 1.0, "scenarios": 1.0, "governance": 1.0}, advance=True))
    raised = lift(batch, name, 0.9)
    for one in (batch, raised):
        one.step(spend(one, {"service": 1.0}, openness=1.0))
    assert raised.state.adopted.sum() > batch.state.adopted.sum()


@given(p=st.floats(0.0, 5.0), q=st.floats(0.0, 20.0), s=shares, more=st.floats(0.0, 2.0))
def test_the_probability_of_adopting_rises_with_both_hazards_and_with_the_peers(
    p: float, q: float, s: float, more: float
) -> None:
    adoption = equations.adoption.py_func
    here = adoption(p, q, s)
    assert 0.0 <= here <= 1.0
    assert adoption(p + more, q, s) >= here - 1e-12
    assert adoption(p, q + more, s) >= here - 1e-12
    assert adoption(p, q, min(1.0, s + more)) >= here - 1e-12


@given(p=st.floats(0.0, 5.0), q=st.floats(0.0, 20.0), s=shares)
def test_the_probability_of_adopting_lies_between_the_hazards_at_the_start_and_of_all_peers(
    p: float, q: float, s: float
) -> None:
    here = equations.adoption.py_func(p, q, s)
    assert 1.0 - np.exp(-(p + q * s)) - 1e-12 <= here <= 1.0 - np.exp(-(p + q)) + 1e-12


@given(
    k=shares, F=shares, E=shares, tau=shares, alpha_k=st.floats(0.0, 1.5), alpha_s=st.floats(0.0, 0.5),
    which=st.sampled_from(["k", "F", "E", "tau"]), by=shares,
)  # fmt: skip
def test_usability_rises_with_each_of_its_conditions(
    k: float, F: float, E: float, tau: float, alpha_k: float, alpha_s: float, which: str, by: float
) -> None:
    P = SimpleNamespace(alpha_k=alpha_k, alpha_s=alpha_s)
    here = {"k": k, "F": F, "E": E, "tau": tau}
    more = {**here, which: here[which] + by * (1.0 - here[which])}
    assert 0.0 <= equations.theta.py_func(P, **here) <= 1.0
    assert equations.theta.py_func(P, **more) >= equations.theta.py_func(P, **here) - 1e-12


@given(kappa=shares, F=shares, E=shares, d0=st.floats(0.15, 0.6), by=shares)
def test_acceptance_rises_with_capability_fit_and_environment(
    kappa: float, F: float, E: float, d0: float, by: float
) -> None:
    P = parameters(d0=d0)

    def accept(kappa: float, F: float, E: float) -> float:
        found: float = equations.accept.py_func(P, kappa, equations.difficulty.py_func(P, F, E))
        return found

    here = accept(kappa, F, E)
    assert accept(kappa + by, F, E) >= here
    assert accept(kappa, F + by * (1.0 - F), E) >= here - 1e-12
    assert accept(kappa, F, E + by * (1.0 - E)) >= here - 1e-12


@given(theta=shares, crisis=shares, service=shares, by=shares)
def test_leaving_falls_with_usability_and_service(
    theta: float, crisis: float, service: float, by: float
) -> None:
    leaving, P = equations.leaving.py_func, parameters()
    here = leaving(P, service, theta, crisis)
    assert leaving(P, service, theta + by * (1.0 - theta), crisis) <= here + 1e-12
    assert leaving(P, service + by * (1.0 - service), theta, crisis) <= here + 1e-12
