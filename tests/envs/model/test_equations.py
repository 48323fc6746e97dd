"""Equations against hand-computed values and their stated limits; the laws are in tests/properties."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from juguo_envs.model import equations
from tests.support import parameters

P = parameters()
shares = st.floats(0.0, 1.0)


def test_saturation_has_a_critical_mass_and_diminishing_returns() -> None:
    sat, Q = equations.sat.py_func, parameters(m0=0.2, m_exp=1.5)
    assert sat(Q, 0.0) == sat(Q, -1.0) == 0.0
    assert sat(Q, 0.2) == approx(1.0 - math.exp(-1.0))
    assert sat(Q, 0.1) == approx(1.0 - math.exp(-(0.5**1.5)))
    assert sat(Q, 0.02) < 0.5 * sat(Q, 0.04)  # convex below
    assert sat(Q, 0.4) < 2.0 * sat(Q, 0.2)  # concave above
    assert sat(Q, 1e6) == 1.0
    assert sat(P, P.m0) == approx(1.0 - math.exp(-1.0))


def test_money_for_another_stage_counts_by_mu() -> None:
    delivery = equations.delivery.py_func
    assert delivery(P, 0.5, 100.0, 0.25, 50, 1, 1) == approx(0.25)
    assert delivery(P, 0.5, 100.0, 0.25, 50, 0, 1) == approx(0.25 * P.mu)


def test_openness_costs_research_and_not_learning_by_use() -> None:
    rate = equations.knowledge_rate.py_func
    assert rate(P, 1.0, 0.0, 0.0, 0.0) == approx(P.eta_K)
    assert rate(P, 1.0, 1.0, 0.0, 0.0) == approx(P.eta_K * (1.0 - P.chi))
    assert rate(P, 0.0, 1.0, 1.0, 0.25) == approx(P.eta_L * 0.5)


@given(K=shares, C=shares, rate=st.floats(0.0, 3.0))
def test_knowledge_never_passes_its_ceiling(K: float, C: float, rate: float) -> None:
    after = equations.knowledge.py_func(P, K, C, rate)
    assert after <= max(K, C)
    if K >= C:
        assert after == approx(K * (1.0 - P.delta_K))


@given(k=shares, K=shares, openness=shares, absorption=shares)
def test_know_how_moves_towards_knowledge_and_not_past_it(
    k: float, K: float, openness: float, absorption: float
) -> None:
    after = equations.know_how.py_func(P, k, K, openness, absorption)
    assert min(k, K) - 1e-12 <= after <= max(k, K) + 1e-12


def test_a_crisis_ends_faster_with_money_and_a_shock_raises_it_at_most_to_one() -> None:
    Q = parameters(cr0=0.05, cr1=0.7, crs=5.0)
    course, shock = equations.crisis_course.py_func, equations.crisis_shock.py_func
    assert course(Q, 0.8, 0.0, 0.0) == approx(0.8 * 0.95)
    assert course(Q, 0.8, 1.0, 0.0) == approx(0.8 * 0.25)
    assert shock(Q, 0.2, 0.1) == approx(0.5)
    assert shock(Q, 0.9, 0.1) == approx(0.9)
    assert shock(Q, 0.9, 0.0) == 0.9
    assert shock(Q, 0.0, 3.0) == 1.0


def test_a_crisis_spreads_to_where_there_is_none_and_not_beyond_one() -> None:
    Q, course = parameters(cr0=0.05, cr1=0.7, cr2=0.2), equations.crisis_course.py_func
    assert course(Q, 0.0, 1.0, 0.5) == approx(0.1)
    assert course(Q, 0.5, 0.0, 0.4) == approx(0.5 * 0.95 + 0.2 * 0.4 * 0.5)
    assert course(Q, 0.0, 0.0, 0.0) == 0.0
    assert course(parameters(cr2=0.0), 0.0, 0.0, 1.0) == 0.0
    assert course(Q, 1.0, 0.0, 1.0) == approx(0.95)  # nobody is left to be reached


@given(crisis=shares, elsewhere=shares, relief=shares, more=shares)
def test_a_crisis_stays_in_range_and_relief_never_worsens_it(
    crisis: float, elsewhere: float, relief: float, more: float
) -> None:
    course = equations.crisis_course.py_func
    low, high = sorted((relief, more))
    assert 0.0 <= course(P, crisis, high, elsewhere) <= course(P, crisis, low, elsewhere) <= 1.0
    assert course(P, crisis, relief, elsewhere) >= course(P, crisis, relief, 0.0)


def test_trust_falls_by_crisis_and_rises_by_guidance() -> None:
    Q = parameters(eta_tau=0.1, crT=0.3)
    trust = equations.trust.py_func
    assert trust(Q, 0.5, 0.0, 0.0) == approx(0.5)
    assert trust(Q, 0.5, 1.0, 0.0) == approx(0.55)
    assert trust(Q, 0.5, 0.0, 1.0) == approx(0.35)
    assert trust(parameters(eta_tau=0.1, crT=1.0), 0.5, 0.0, 1.0) == 0.0


def test_the_environment_grows_by_scenarios_and_falls_to_its_base_without_service() -> None:
    Q, environment = parameters(eta_E=0.2, delta_E=0.1, E_b=0.1), equations.environment.py_func
    assert environment(Q, 0.5, 1.0, 1.0) == approx(0.6)
    assert environment(Q, 0.5, 0.0, 0.0) == approx(0.46)
    assert environment(Q, 0.5, 0.0, 0.5) == approx(0.48)
    assert environment(Q, 0.05, 0.0, 0.0) == approx(0.05)


def test_recruitment_is_in_proportion_to_capability_and_rises_with_engagement() -> None:
    Q, recruitment = parameters(eta_I=0.2, iota0=0.1), equations.recruitment.py_func
    assert recruitment(Q, 1.0, 0.0) == 0.0
    assert recruitment(Q, 0.0, 0.5) == approx(0.01)
    assert recruitment(Q, 0.9, 0.5) == approx(0.1)


def test_interactors_lapse_less_where_they_are_served_or_have_a_use() -> None:
    lapse, value = equations.lapse.py_func, equations.seen_value.py_func
    assert lapse(P, 1.0) == 0.0
    assert lapse(P, 0.0) == P.lambda_I
    assert lapse(parameters(lambda_I=0.4), 0.25) == approx(0.4 * 0.75)
    assert value(0.0, 0.9, 0.0) == 0.0  # usable, but not used
    assert value(1.0, 0.4, 0.5) == approx(1.0 - 0.6 * 0.5)
    assert value(0.0, 0.4, 0.5) == approx(0.5)
    assert value(1.0, 1.0, 0.0) == value(0.0, 0.0, 1.0) == 1.0


def test_usability_does_not_depend_on_what_has_the_exponent_zero() -> None:
    theta = equations.theta.py_func
    assert theta(parameters(alpha_k=0.0, alpha_s=0.0), 0.0, 0.0, 0.0, 0.0) == 1.0
    assert theta(parameters(alpha_k=0.5, alpha_s=0.0), 0.25, 0.0, 0.0, 0.0) == approx(0.5)
    assert theta(parameters(alpha_k=0.0, alpha_s=0.5), 0.0, 0.5, 0.5, 1.0) == approx(0.5)
    assert theta(P, 1.0, 1.0, 1.0, 1.0) == 1.0


def test_half_the_people_at_the_difficulty_accept() -> None:
    difficulty = equations.difficulty.py_func(P, 0.4, 0.5)
    assert difficulty == approx(P.d0 * 0.8 * 0.85)
    assert equations.accept.py_func(P, difficulty, difficulty) == 0.5


def test_trials_and_peers_bring_nobody_where_the_technology_is_not_usable() -> None:
    Q, external, peers = (
        parameters(p=0.1, q=0.5),
        equations.external_hazard.py_func,
        equations.peer_hazard.py_func,
    )
    assert external(Q, 0.0, 3.0, 1.0, 0.2) == peers(Q, 0.0, 1.0) == 0.0
    assert external(Q, 0.5, 3.0, 1.0, 0.2) == approx(0.5 * (0.3 + 0.2))
    assert external(Q, 0.5, 3.0, 0.4, 0.0) == approx(0.5 * 0.4 * 0.3)
    assert peers(Q, 0.5, 0.4) == approx(0.1)


def test_adoption_without_peers_is_the_exponential_law() -> None:
    adoption = equations.adoption.py_func
    assert adoption(0.3, 0.0, 0.5) == approx(1.0 - math.exp(-0.3))
    assert adoption(0.0, 0.7, 1.0) == approx(1.0 - math.exp(-0.7))
    assert adoption(0.0, 0.7, 0.0) == 0.0
    assert adoption(0.0, 0.0, 0.5) == 0.0


def test_two_half_quarters_of_bass_are_one_quarter() -> None:
    p, q, s = 0.04, 0.6, 0.2
    adoption = equations.adoption.py_func
    whole = s + (1.0 - s) * adoption(p, q, s)
    half = s + (1.0 - s) * adoption(p / 2, q / 2, s)
    assert half + (1.0 - half) * adoption(p / 2, q / 2, half) == approx(whole, rel=1e-12)


@pytest.mark.parametrize("p_X", [0.0, 0.3, 1.0])
def test_the_latent_defect_is_serious_in_the_asked_share_and_else_nearly_none(p_X: float) -> None:
    Q = parameters(p_X=p_X)
    steps = 1000
    values = [equations.latent_defect.py_func(Q, (i + 0.5) / steps) for i in range(steps)]
    serious = [x for x in values if x >= Q.X_lo]
    assert len(serious) == round(p_X * steps)
    assert all(x < 0.1 for x in values if x < Q.X_lo)
    assert all(0.0 <= x <= 1.0 for x in values)


@pytest.mark.parametrize("p_Y", [0.0, 0.25, 1.0])
def test_the_asked_share_of_technologies_can_be_repaired(p_Y: float) -> None:
    Q, steps = parameters(p_Y=p_Y), 1000
    values = [equations.repairability.py_func(Q, (i + 0.5) / steps) for i in range(steps)]
    assert values.count(1.0) == round(p_Y * steps)
    assert set(values) <= {0.0, 1.0}


def test_harm_is_in_proportion_to_the_defect() -> None:
    Q, harm = parameters(h0=0.6), equations.harm.py_func
    assert [harm(Q, X) for X in (0.0, 0.5, 1.0)] == [0.0, approx(0.3), approx(0.6)]


def test_reports_are_the_harmed_and_the_rumour_that_governance_dispels() -> None:
    reported = equations.reported_harm.py_func
    assert reported(3.0, 13.0, 0.2, 0.0) == approx(5.0)
    assert reported(3.0, 13.0, 0.2, 0.5) == approx(4.0)
    assert reported(3.0, 13.0, 0.2, 1.0) == reported(3.0, 13.0, 0.0, 0.0) == 3.0
    assert reported(0.0, 0.0, 1.0, 0.0) == 0.0
    assert reported(13.0, 13.0, 1.0, 0.0) == 13.0  # nobody reports twice


def test_damage_of_harm_has_the_stated_mean_and_spread() -> None:
    damage, Q = equations.harm_damage.py_func, parameters(damage_h=0.3)
    assert [damage(Q, u) for u in (0.0, 0.5, 1.0)] == [approx(0.15), approx(0.3), approx(0.45)]


def test_the_estimate_of_harm_starts_at_none_and_follows_the_evidence() -> None:
    Q, estimate = parameters(n0=10.0), equations.estimated_harm.py_func
    assert estimate(Q, 0.0, 0.0) == 0.0
    assert estimate(Q, 3.0, 10.0) == approx(0.15)
    assert estimate(Q, 3000.0, 10000.0) == approx(0.3, rel=0.01)


def test_a_defect_is_repaired_by_redesign_of_what_was_seen_where_it_can_be_repaired() -> None:
    repair, Q = equations.repair.py_func, parameters(eta_X=0.4, n1=5.0)
    assert repair(Q, 0.7, 1.0, 1.0, 0.0) == 0.7  # no harm seen
    assert repair(Q, 0.7, 1.0, 0.0, 100.0) == 0.7  # no redesign
    assert repair(Q, 0.7, 0.0, 1.0, 100.0) == 0.7  # not to be repaired
    assert repair(Q, 0.7, 1.0, 1.0, 5.0) == approx(0.7 * math.exp(-0.4 * math.sqrt(0.5)))
    assert repair(Q, 0.7, 0.5, 0.5, 5.0) == approx(0.7 * math.exp(-0.1 * math.sqrt(0.5)))


@given(X=shares, Y=shares, redesign=shares, more=shares, seen=st.floats(0.0, 1e6))
def test_repair_never_worsens_a_defect_and_more_redesign_repairs_more(
    X: float, Y: float, redesign: float, more: float, seen: float
) -> None:
    low, high = sorted((redesign, more))
    repair = equations.repair.py_func
    assert 0.0 <= repair(P, X, Y, high, seen) <= repair(P, X, Y, low, seen) <= X


def test_resilience_settles_where_nothing_happens() -> None:
    kappa = 0.4
    settled = P.r0 * kappa / (P.r0 * kappa + P.delta_rho)
    resilience = equations.resilience.py_func
    assert resilience(P, settled, kappa, 0.0, 0.0, 0.0, 0.0) == approx(settled)
    # money restores up to rho_n only
    assert resilience(P, 0.8, kappa, 0.0, 0.0, 1.0, 0.0) == resilience(P, 0.8, kappa, 0.0, 0.0, 0.0, 0.0)
    lost = resilience(P, 0.8, kappa, 0.0, 0.0, 1.0, 0.0) - resilience(P, 0.8, kappa, 0.0, 0.0, 1.0, 0.2)
    assert lost == approx(0.2)  # and averts no damage


def test_capability_returns_to_a_persons_own() -> None:
    capability = equations.capability.py_func
    assert capability(P, 0.4, 0.4, 0.0) == approx(0.4)
    assert capability(P, 0.6, 0.4, 0.0) == approx(0.6 - 0.03 * 0.2)
    assert capability(P, 0.4, 0.4, 1.0) == approx(0.4 + 0.06 * 0.6)


def test_fit_grows_from_exposure_and_more_from_diverse_exposure() -> None:
    rate = equations.fit_rate.py_func
    assert rate(P, 1.0, 1.0, 0.0, 1.0) == 0.0
    assert rate(P, 0.0, 1.0, 1.0, 1.0) == 0.0
    assert rate(P, 1.0, 1.0, 0.25, 1.0) == approx(0.5)
    assert rate(P, 1.0, 1.0, 0.25, 0.0) == approx(0.15)
    assert rate(P, 1.0, 0.0, 0.25, 1.0) == approx(0.5 * math.sqrt(0.15))


@given(start=shares, level=shares, share=shares)
def test_what_is_carried_over_lies_between_the_start_and_the_level(
    start: float, level: float, share: float
) -> None:
    found = equations.carried.py_func(start, level, share)
    assert start <= found <= max(start, level) + 1e-12
    assert equations.carried.py_func(start, level, 0.0) == start
