"""A quarter of a society: stages, projects and who may adopt, as the model page tells."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from juguo_envs import Batch
from juguo_envs.model import equations
from juguo_envs.model import random as draws
from juguo_envs.model.equations import INTERACTOR, PARTICIPANT
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


@pytest.mark.parametrize("stage", [1, 2])
def test_from_diffusion_on_everybody_may_adopt_wherever_the_money_goes(stage: int) -> None:
    batch = started(small(EAGER), 4)
    advance_to(stage, batch)
    batch.step(spend(batch, {"service": 1.0}, communities=[1.0, 0.0, 0.0]))
    assert (batch.state.adopters_role[:, 1:, PARTICIPANT] > 0).all()


def test_everybody_adopts_and_leaves_exactly_as_the_equations_and_their_own_draws_say() -> None:
    # In application everybody may adopt and nobody tries out. Harm and exclusion, which end a use as well,
    # are switched off.
    scenario = small(
        {"society.persons": 300, "programme.T": 40, "programme.minimum": [1, 1, 1], "defect.h0": 0.0,
         "resilience.floor": 0.0, "adoption.delta_A": 0.5, "adoption.d0": 0.3, "adoption.p": 0.2,
         "adoption.q": 2.0, "knowledge.K0": 0.4, "know_how.k0": 0.3, "crisis.shock_rate": 0.2,
         "crisis.crL": 4.0, "crisis.crT": 0.3}
    )  # fmt: skip
    batch = started(scenario, 1)
    P, eq, s = parameters(scenario), equations, batch.state
    advance_to(2, batch)
    place = np.repeat(np.arange(3), np.diff(batch.structure.start))
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
                p = accept * eq.external_hazard.py_func(P, theta, guidance, 1.0, 0.0)
                q = accept * eq.peer_hazard.py_func(P, theta, 1.0)
                expected[i] = u < eq.adoption.py_func(p, q, float(share[i]))
        assert np.array_equal(s.adopted[0], expected)
        adopted_ever += int((expected > before).sum())
        left_ever += int((expected < before).sum())
    assert adopted_ever > 100
    assert left_ever > 50


def test_a_project_is_given_up_whenever_that_is_asked_for() -> None:
    batch = started(small(), 1)
    projects = []
    for asked in (True, True, False, True):
        batch.step(spend(batch, abandon=asked))
        projects.append(int(batch.state.programme["project"][0]))
    assert projects == [1, 2, 2, 3]


def test_giving_up_costs_the_adopters_and_keeps_a_share_of_knowledge_and_fit() -> None:
    scenario = small({**EAGER, "programme.T": 60})
    here, there = started(scenario, 4), started(scenario, 4)
    for _ in range(12):
        for batch in (here, there):
            batch.step(spend(batch, {"research": 1.0, "adaptation": 1.0}, advance=True))
    here.step(spend(here, {"research": 1.0, "adaptation": 1.0}, abandon=True))
    there.step(spend(there, {"research": 1.0, "adaptation": 1.0}))
    given_up, kept = here.state, there.state
    for name, begin in (("K", scenario.knowledge.K0), ("F", scenario.fit.F0)):
        carried = begin + scenario.programme.kept * np.maximum(0.0, kept.programme[name] - begin)
        assert_allclose(given_up.programme[name], carried, rtol=1e-12)
    for name in ("E", "tau", "crisis"):
        assert np.array_equal(given_up.community[name], kept.community[name])
    assert (given_up.community["k"] <= given_up.programme["K"][:, None]).all()
    assert not given_up.adopted.any()
    for name in ("kappa", "rho", "role"):
        assert np.array_equal(getattr(given_up, name), getattr(kept, name))
    assert np.array_equal(given_up.programme["M"], kept.programme["M"])
    assert np.array_equal(given_up.quarter["breadth"], kept.quarter["breadth"])  # the quarter still counts
    assert given_up.quarter["gave_up_stage"].tolist() == [2] * 4
    assert_allclose(given_up.quarter["gave_up_defect"], kept.programme["X"])


def test_giving_up_comes_before_advancing() -> None:
    batch = started(small(), 1)
    for abandon in (False, False, False, True):
        batch.step(spend(batch, advance=True, abandon=abandon))
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
            assert end["K"] > K0
            assert_allclose(after["K"], K0 + scenario.programme.kept * (end["K"] - K0))
            assert not two.state.adopted.any() and one.state.adopted.any()
            assert np.array_equal(two.state.rho, one.state.rho)
            assert np.array_equal(two.state.role, one.state.role)
    assert [part[:2] for part in seen] == [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (1, 2), (1, 2), (1, 2)]


def test_what_is_paid_for_is_delivered_in_the_quarter() -> None:
    scenario = small({"society.communities.hubs": 0})
    batch = started(scenario, 1)
    for functions in ({"research": 1.0}, {"research": 1.0, "iteration": 1.0}, {"iteration": 1.0}):
        batch.step(spend(batch, functions))
        for name, worth in (("research", 1.0), ("iteration", scenario.money.mu)):
            expected = functions.get(name, 0.0) / len(functions) * worth * scenario.money.B
            assert_allclose(batch.state.z[0, :, FUNCTIONS.index(name)], expected, rtol=1e-6)


def test_money_for_a_later_stage_is_worth_mu_of_it() -> None:
    batch = started(small({"money.mu": 0.25}), 1)
    batch.step(spend(batch, {"research": 1.0, "adaptation": 1.0}))
    z = batch.state.z[0, 0]
    assert_allclose(z[FUNCTIONS.index("adaptation")], 0.25 * z[FUNCTIONS.index("research")], rtol=1e-9)


def test_evidence_adds_up_over_a_project_and_governance_dispels_the_rumour_in_it() -> None:
    scenario = small(
        {**EAGER, "defect.p_X": 1.0, "defect.rumour": 0.3, "observation.shown": 0.8,
         "programme.T": 40}
    )  # fmt: skip
    batch = started(scenario, 6)
    P, programme = parameters(scenario), batch.state.programme
    harmed = blamed = 0.0
    for _ in range(10):
        D, D_true, W = (programme[name].copy() for name in ("D", "D_true", "W"))
        users = batch.state.adopters.sum(axis=2)
        batch.step(spend(batch, {"governance": 1.0}, reserve=2.0, advance=True))
        sat = [[equations.sat.py_func(P, z) for z in row] for row in batch.state.z[:, :, 4].tolist()]
        evaluated = P.shown * np.array(sat)
        blocks = batch.structure.blocks[:, 0]
        by_block = batch.state.blocks["harmed"]
        here = np.stack([by_block[:, blocks == c].sum(axis=1) for c in range(batch.communities)], axis=1)
        rumours = programme["rumour"][:, None] * (1.0 - evaluated) * (users - here)
        assert_allclose(programme["D"], D + (here + rumours).sum(axis=1), rtol=1e-9)
        assert_allclose(programme["D_true"], D_true + here.sum(axis=1), rtol=1e-9)
        assert_allclose(programme["W"], W + users.sum(axis=1), rtol=1e-9)
        assert_allclose(batch.state.quarter["harmed"], here.sum(axis=1))
        harmed += float(here.sum())
        blamed += float(rumours.sum())
    assert harmed > 100
    assert blamed > 10


def test_rumours_alone_are_evidence_that_governance_dispels_and_repair_nothing() -> None:
    scenario = small(
        {**EAGER, "defect.p_X": 1.0, "defect.h0": 0.0, "defect.rumour": 1.0, "defect.eta_X": 2.0,
         "defect.p_Y": 1.0, "money.B": 3.0, "programme.T": 40}
    )  # fmt: skip
    believed, evaluated = started(scenario, 4), started(scenario, 4)
    X = believed.state.programme["X"].copy()
    for _ in range(12):
        believed.step(spend(believed, {"adaptation": 1.0, "iteration": 1.0}, advance=True))
        work = {"adaptation": 1.0, "iteration": 1.0, "governance": 2.0}
        evaluated.step(spend(evaluated, work, advance=True))
    for batch in (believed, evaluated):
        assert (batch.state.programme["D_true"] == 0.0).all()
        assert np.array_equal(batch.state.programme["X"], X)
    blame = [b.state.programme["D"] / b.state.programme["W"] for b in (believed, evaluated)]
    assert (blame[0] > 3.0 * blame[1]).all()
    assert (blame[0] > 0.05).any()


def test_only_a_defect_that_can_be_repaired_is_and_only_by_redesign() -> None:
    scenario = small({**EAGER, "defect.p_X": 1.0, "defect.eta_X": 1.0, "programme.T": 40})
    worked, idle = started(scenario, 2), started(scenario, 2)
    for batch in (worked, idle):
        batch.state.programme["Y"] = [1.0, 0.0]
    X = worked.state.programme["X"].copy()
    for _ in range(10):
        worked.step(spend(worked, {"adaptation": 1.0, "iteration": 1.0}, advance=True))
        idle.step(spend(idle, {"research": 1.0}, advance=True))
    assert (worked.state.programme["D_true"] > 0.0).all()
    assert worked.state.programme["X"][0] < 0.7 * X[0]
    assert worked.state.programme["X"][1] == X[1]
    assert np.array_equal(idle.state.programme["X"], X)


def test_what_the_reserve_pays_lowers_the_crisis_that_a_shock_leaves() -> None:
    scenario = small(
        {**EAGER, "crisis.shock_rate": 0.5, "crisis.severity": 0.05, "crisis.crs": 2.0,
         "crisis.cr0": 1.0, "crisis.cr2": 0.0, "crisis.cover": 0.6, "crisis.claim": 1.0,
         "crisis.crT": 0.0, "crisis.crL": 0.0, "defect.h0": 0.0}
    )  # fmt: skip
    poor, rich = started(scenario, 8), started(scenario, 8)
    for batch in (poor, rich):
        batch.step(spend(batch, {"research": 1.0}))
    rich.state.programme["M"] = 1e6
    none, covered = (
        [b.step(spend(b, {"research": 1.0})), b.state.community["crisis"]][1] for b in (poor, rich)
    )
    assert (poor.state.quarter["shocks"] > 0).any()
    assert (none < 1.0).all() and (none > 0.0).sum() > 3
    assert_allclose(covered, 0.4 * none, rtol=1e-9)


def test_a_crisis_reaches_every_community_and_dies_out_where_it_does_not_spread() -> None:
    changes = {"crisis.shock_rate": 0.0, "crisis.cr0": 0.1}
    spreading = started(small({**changes, "crisis.cr2": 0.3}), 1)
    contained = started(small({**changes, "crisis.cr2": 0.0}), 1)
    for batch in (spreading, contained):
        batch.state.community["crisis"] = [[0.8, 0.0, 0.0]]
    for _ in range(12):
        for batch in (spreading, contained):
            batch.step(spend(batch))
    assert (spreading.state.community["crisis"] > 0.2).all()
    assert_allclose(contained.state.community["crisis"], [[0.8 * 0.9**12, 0.0, 0.0]], rtol=1e-9)


@pytest.mark.parametrize(
    ("function", "relieves"), [("resilience", True), ("governance", True), ("service", False)]
)
def test_a_crisis_is_relieved_by_resilience_and_governance_alone(function: str, relieves: bool) -> None:
    scenario = small({"crisis.shock_rate": 0.0})
    paid, unpaid = started(scenario, 1), started(scenario, 1)
    for batch in (paid, unpaid):
        batch.state.community["crisis"] = 0.8
    for _ in range(4):
        paid.step(spend(paid, {function: 1.0}))
        unpaid.step(spend(unpaid))
    levels = paid.state.community["crisis"], unpaid.state.community["crisis"]
    assert (levels[0] < 0.5 * levels[1]).all() if relieves else np.array_equal(*levels)


def test_interactors_stay_where_they_are_served_or_use_the_technology() -> None:
    scenario = small(
        {**EAGER, "society.persons": 6000, "society.interactors": 1.0, "roles.eta_I": 0.0,
         "roles.lambda_I": 0.5, "resilience.floor": 0.0, "adoption.p": 0.1,
         "adoption.delta_A": 0.0,
         "defect.h0": 0.0}
    )  # fmt: skip
    served, idle = started(scenario, 1), started(scenario, 1)
    for batch, work in ((served, {"service": 1.0}), (idle, {"research": 1.0})):
        for _ in range(3):
            before, adopted = batch.state.role[0].copy(), batch.state.adopted[0].copy()
            batch.step(spend(batch, work))
        lapsed = (before == INTERACTOR) & (batch.state.role[0] == PARTICIPANT)
        users, others = ((before == INTERACTOR) & (adopted == a) for a in (1, 0))
        if batch is idle:
            assert not lapsed[users].any()  # theta is 1 here: the technology is all that one can want
            assert users.sum() > 100 and others.sum() > 100
            idle_rate = lapsed[others].mean()
        else:
            served_rate = lapsed[others].mean()
    # four standard errors of a share of half, of more than a hundred
    assert abs(idle_rate - 0.5) < 0.2
    assert served_rate < 0.7 * idle_rate


def test_the_share_harmed_is_the_defects() -> None:
    scenario = small({**EAGER, "society.persons": 2000, "defect.damage_h": 0.0})
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


def test_a_shock_damages_the_adopters_of_its_community_by_its_severity_and_nobody_else() -> None:
    # crises end within the quarter, so that their level is the severity
    scenario = small(
        {
            **EAGER, "society.persons": 3000, "adoption.p": 0.2, "money.B": 0.0,
            "crisis.shock_rate": 0.6, "crisis.severity": 0.05, "crisis.cr0": 1.0, "crisis.crs": 1.0,
            "crisis.cr2": 0.0, "defect.h0": 0.0, "resilience.ben": 0.0,
        }
    )  # fmt: skip
    batch = started(scenario, 4)
    batch.step(spend(batch))
    batch.step(spend(batch))
    s, R = batch.state, scenario.resilience
    adopted = s.adopted == 1
    before, kappa = s.rho.astype(float), s.kappa.astype(float)
    batch.step(spend(batch))
    undamaged = before + R.r0 * kappa * (1.0 - before) - R.delta_rho * before
    severity = np.repeat(s.community["crisis"], np.diff(batch.structure.start), axis=1)
    here = undamaged > 0.4  # what is lost is not cut off at zero
    damage = np.where(adopted, severity, 0.0)
    assert (here & adopted & (severity > 0.0)).sum() > 100
    assert (here & adopted & (severity == 0.0)).sum() > 100
    assert_allclose((undamaged - s.rho)[here], damage[here], atol=1e-6)
