"""A quarter of a society: stages, projects and who may adopt, as the model page tells."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from juguo_envs import Batch
from juguo_envs.model import draws, equations
from juguo_envs.model.equations import PARTICIPANT
from juguo_envs.model.state import FUNCTIONS
from tests.support import parameters, small, spend, started

EAGER = {
    "society.persons": 300,
    "adoption.p": 0.5,
    "adoption.d0": 0.15,
    "adoption.alpha_k": 0.0,  # usable from the start
    "adoption.alpha_s": 0.0,
    "crisis.shock_rate": 0.0,
}
"""A world in which people adopt at once where they may."""


def adopting_participants(batch: Batch) -> int:
    """Participants who have adopted."""
    return int(batch.state.adopters_role[:, :, PARTICIPANT].sum())


def advance_to(stage: int, batch: Batch) -> None:
    """Move every society to a stage, with nobody paid for anything."""
    while batch.state.programme["stage"].min() < stage:
        batch.step(spend(batch, advance=True))


def test_a_request_to_advance_waits_for_the_minimum() -> None:
    batch = started(small({"programme.minimum": [3, 5, 1]}), 1)
    stages = []
    for _ in range(10):
        batch.step(spend(batch, advance=True))
        stages.append(int(batch.state.programme["stage"][0]))
    assert stages == [0, 0, 1, 1, 1, 1, 1, 2, 2, 2]


def test_a_stage_ends_at_its_maximum_without_a_request() -> None:
    batch = started(small({"programme.minimum": [1, 1, 1], "programme.maximum": [4, 3]}), 1)
    stages = []
    for _ in range(10):
        batch.step(spend(batch))
        stages.append(int(batch.state.programme["stage"][0]))
    assert stages == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]


def test_participants_adopt_from_diffusion_on() -> None:
    batch = started(small(EAGER), 4)
    for _ in range(4):
        batch.step(spend(batch, advance=True))
        everyone = batch.state.adopted.sum()
        assert everyone > 0
        # an interactor who lapses keeps the technology, so a few participants may have it
        assert adopting_participants(batch) < 0.2 * everyone
    before = adopting_participants(batch)
    batch.step(spend(batch))
    assert adopting_participants(batch) > 2 * before + 20


@pytest.mark.parametrize(("first_share", "may"), [(0.24, False), (0.26, True)])
def test_in_diffusion_only_participants_of_communities_with_their_share_of_money_adopt(
    first_share: float, may: bool
) -> None:
    scenario = small({**EAGER, "society.interactors": 0.0, "roles.eta_I": 0.0, "society.communities.hubs": 0})
    batch = started(scenario, 4)
    advance_to(1, batch)
    shares = batch.world.share * [first_share, 1.0, 1.0]
    shares[1] += 1.0 - shares.sum()
    batch.step(spend(batch, {"research": 1.0}, communities=shares))
    adopters = batch.state.adopters_role[:, :, PARTICIPANT].sum(axis=0)
    assert (adopters[0] > 0) == may
    assert adopters[2] > 0


def test_in_application_everybody_adopts_wherever_the_money_goes() -> None:
    batch = started(small(EAGER), 4)
    advance_to(2, batch)
    batch.step(spend(batch, {"service": 1.0}, communities=[1.0, 0.0, 0.0]))
    assert (batch.state.adopters_role[:, 1:, PARTICIPANT] > 0).all()


def test_everybody_adopts_and_leaves_exactly_as_the_equations_and_their_own_draws_say() -> None:
    # In application everybody may adopt and nobody tries out. Harm and exclusion, which end a use as well,
    # are switched off.
    scenario = small(
        {"society.persons": 300, "programme.T": 40, "programme.minimum": [1, 1, 1], "defect.h0": 0.0,
         "resilience.floor": 0.0, "adoption.delta_A": 0.5, "adoption.d0": 0.3, "adoption.p": 0.1,
         "adoption.q": 2.0, "knowledge.K0": 0.4, "know_how.k0": 0.3, "crisis.shock_rate": 0.2}
    )  # fmt: skip
    batch = started(scenario, 1)
    P, eq, s = parameters(scenario), equations, batch.state
    advance_to(2, batch)
    place = np.repeat(np.arange(3), np.diff(batch.world.start))
    degree = np.maximum(1, np.diff(s.offsets[0]))
    adopted_ever = left_ever = 0
    for _ in range(25):
        before, kappa = s.adopted[0].copy(), s.kappa[0].astype(float)
        share, F = s.peers[0] / degree, float(s.programme["F"][0])
        crisis = s.community["crisis"][0].tolist()
        key = np.uint64(draws.stream(s.programme["seed"][0], int(s.programme["t"][0]), draws.ADOPTION))
        batch.step(spend(batch, {"research": 1.0, "governance": 0.5, "scenarios": 1.0, "service": 0.3}))
        expected = np.zeros(batch.persons, int)
        for i in range(batch.persons):
            c, u = place[i], draws.uniform(key, i)
            com, z = s.community[0, c], s.z[0, c].tolist()
            theta = eq.theta.py_func(P, float(com["k"]), F, float(com["E"]), float(com["tau"]))
            if before[i]:
                leaving = eq.leaving.py_func(P, eq.sat.py_func(P, z[5]), theta, crisis[c])
                expected[i] = u >= leaving
            else:
                accept = eq.accept.py_func(P, kappa[i], eq.difficulty.py_func(P, F, float(com["E"])))
                guidance = eq.guidance.py_func(P, eq.sat.py_func(P, z[4] + z[7]))
                expected[i] = u < eq.adoption.py_func(
                    P.p * accept * theta * guidance, P.q * accept * theta, float(share[i])
                )
        assert np.array_equal(s.adopted[0], expected)
        adopted_ever += int((expected > before).sum())
        left_ever += int((expected < before).sum())
    assert adopted_ever > 100
    assert left_ever > 50


def test_a_project_is_not_given_up_before_its_time() -> None:
    batch = started(small({"abandonment.ab_min": 3}), 1)
    projects = []
    for _ in range(7):
        batch.step(spend(batch, abandon=True))
        projects.append(int(batch.state.programme["project"][0]))
    assert projects == [0, 0, 1, 1, 1, 2, 2]


def test_giving_up_costs_trust_and_adopters_and_keeps_a_share_of_knowledge_and_fit() -> None:
    scenario = small({**EAGER, "programme.T": 60})
    here, there = started(scenario, 4), started(scenario, 4)
    for _ in range(12):
        for batch in (here, there):
            batch.step(spend(batch, {"research": 1.0, "adaptation": 1.0}, advance=True))
    here.step(spend(here, {"research": 1.0, "adaptation": 1.0}, abandon=True))
    there.step(spend(there, {"research": 1.0, "adaptation": 1.0}))
    given_up, kept = here.state, there.state
    P = scenario.abandonment
    for name, begin in (("K", scenario.knowledge.K0), ("F", scenario.fit.F0)):
        carried = begin + P.zeta_A * np.maximum(0.0, kept.programme[name] - begin)
        assert_allclose(given_up.programme[name], carried, rtol=1e-12)
    sizes = np.diff(here.world.start)
    share = kept.adopters.sum(axis=2) / sizes
    assert share.max() > 0.1
    assert_allclose(given_up.community["tau"], kept.community["tau"] * (1.0 - P.xi_A * share), rtol=1e-12)
    assert (given_up.community["k"] <= given_up.programme["K"][:, None]).all()
    assert not given_up.adopted.any()
    for name in ("kappa", "rho", "role"):
        assert np.array_equal(getattr(given_up, name), getattr(kept, name))
    for name in ("M", "Q"):
        assert np.array_equal(given_up.programme[name], kept.programme[name])
    assert np.array_equal(given_up.quarter["breadth"], kept.quarter["breadth"])  # the quarter still counts
    assert given_up.quarter["gave_up_stage"].tolist() == [2] * 4
    assert_allclose(given_up.quarter["gave_up_defect"], kept.programme["X"])


def test_giving_up_comes_before_advancing() -> None:
    batch = started(small(), 1)
    for _ in range(4):
        batch.step(spend(batch, advance=True, abandon=True))
    assert (batch.state.programme["stage"][0], batch.state.programme["project"][0]) == (0, 1)


def test_rounds_bring_one_technology_after_another_into_one_society() -> None:
    changes = {**EAGER, "programme.rounds": 2, "programme.T": 40, "programme.minimum": [1, 1, 1]}
    scenario = small(changes)
    two, one = started(scenario, 1), started(small({**changes, "programme.rounds": 1}), 1)
    seen = []
    for _ in range(8):
        for batch in (two, one):
            batch.step(spend(batch, {"iteration": 1.0}, advance=True))
        seen.append(tuple(int(two.state.programme[name][0]) for name in ("round", "stage", "project")))
        if seen[-1] == (1, 0, 1):  # against the same society without a second round
            after, end = two.state.programme[0], one.state.programme[0]
            K0 = scenario.knowledge.K0
            assert end["Q"] > 0.0
            assert after["Q"] == end["Q"] / 2.0
            assert_allclose(after["K"], K0 + scenario.knowledge.zeta_Q * max(0.0, end["K"] - K0))
            assert not two.state.adopted.any() and one.state.adopted.any()
            assert np.array_equal(two.state.rho, one.state.rho)
            assert np.array_equal(two.state.role, one.state.role)
    assert [part[:2] for part in seen] == [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (1, 2), (1, 2), (1, 2)]


def test_delivery_follows_the_money_with_a_lag() -> None:
    scenario = small({"society.communities.hubs": 0})
    batch = started(scenario, 1)
    per_person = scenario.money.B
    expected = 0.0
    for _ in range(5):
        batch.step(spend(batch, {"research": 1.0}))
        expected += scenario.money.lam * (per_person - expected)
        assert_allclose(batch.state.z[0, :, FUNCTIONS.index("research")], expected, rtol=1e-6)


def test_money_for_a_later_stage_is_worth_mu_of_it() -> None:
    batch = started(small({"money.mu": 0.25}), 1)
    batch.step(spend(batch, {"research": 1.0, "adaptation": 1.0}))
    z = batch.state.z[0, 0]
    assert_allclose(z[FUNCTIONS.index("adaptation")], 0.25 * z[FUNCTIONS.index("research")], rtol=1e-9)


def test_harm_is_seen_through_governance() -> None:
    # evidence of one quarter: what was seen is the detected share of who was harmed and of who had adopted
    scenario = small({**EAGER, "defect.p_X": 1.0, "programme.T": 40})
    batch = started(scenario, 6)
    P = parameters(scenario)
    harmed = 0
    for _ in range(10):
        D, W = batch.state.programme["D"].copy(), batch.state.programme["W"].copy()
        users = batch.state.adopters.sum(axis=2)
        batch.step(spend(batch, {"governance": 1.0}, reserve=2.0, advance=True))
        sat = [[equations.sat.py_func(P, z) for z in row] for row in batch.state.z[:, :, 4].tolist()]
        seen = P.det0 + (1.0 - P.det0) * np.array(sat)
        sizes = np.diff(batch.world.start)
        here = batch.state.community["harmed"] * sizes
        assert_allclose(batch.state.programme["D"], P.fade * D + (seen * here).sum(axis=1), rtol=1e-9)
        assert_allclose(batch.state.programme["W"], P.fade * W + (seen * users).sum(axis=1), rtol=1e-9)
        assert_allclose(batch.state.quarter["harmed"], here.sum(axis=1))
        harmed += int(here.sum())
    assert harmed > 100


def test_the_share_harmed_is_the_defects() -> None:
    scenario = small({**EAGER, "society.persons": 2000, "defect.quit": 0.0, "defect.damage_h": 0.0})
    batch = started(scenario, 10)
    advance_to(2, batch)
    batch.state.programme["X"] = np.linspace(0.1, 1.0, 10)
    users = batch.state.adopted.sum(axis=1)
    batch.step(spend(batch))
    expected = scenario.defect.h0 * np.linspace(0.1, 1.0, 10)
    # four standard errors of a share, ten times: error rate 6e-4
    error = 4.0 * np.sqrt(expected * (1.0 - expected) / users)
    assert users.min() > 300
    assert (np.abs(batch.state.quarter["harmed"] / users - expected) < error).all()


def test_a_shock_damages_adopters_most_then_their_neighbours_then_the_community() -> None:
    # crises end within the quarter and their level is the severity; communities have no ties between them
    scenario = small(
        {
            **EAGER, "society.persons": 3000, "society.inside": 1.0, "adoption.p": 0.05, "money.B": 0.0,
            "crisis.shock_rate": 1.0, "crisis.severity": 0.05, "crisis.cr0": 1.0, "crisis.crs": 1.0,
            "crisis.crR": 0.0, "defect.h0": 0.0, "resilience.ben": 0.0,
        }
    )  # fmt: skip
    batch = started(scenario, 1)
    batch.step(spend(batch))
    batch.step(spend(batch))
    s, R = batch.state, scenario.resilience
    adopted = s.adopted[0] == 1
    near = (s.peers[0] > 0) & ~adopted
    far = ~near & ~adopted
    before, kappa = s.rho[0].astype(float), s.kappa[0].astype(float)
    batch.step(spend(batch))
    undamaged = before + R.r0 * kappa * (1.0 - before) - R.delta_rho * before
    lost = undamaged - s.rho[0]
    place = np.repeat(np.arange(3), np.diff(batch.world.start))
    for c, severity in enumerate(s.community["crisis"][0]):
        here = (place == c) & (undamaged > 0.3)  # what is lost is not cut off at zero
        for who, share in ((adopted, 1.0), (near, scenario.crisis.spill), (far, scenario.crisis.others)):
            assert (here & who).sum() > 5
            assert_allclose(lost[here & who], share * severity, atol=1e-6)
