"""One quarter of one society of a batch: the equations called in order.

Order: money, delivery, knowledge, know-how, crisis and shocks, environment, trust, roles, adoption and
leaving, harm, resilience, capability, exclusion, evidence and repair, fit, measures, stage.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juguo_envs.model import equations
from juguo_envs.model import random as draws
from juguo_envs.model.compiled import inlined
from juguo_envs.model.equations import APPLICATION, DIFFUSION, PRODUCTION
from juguo_envs.model.measures import exposure, indicator_board, tally
from juguo_envs.model.persons import persons
from juguo_envs.model.state import N_FUNCTIONS, Array, State, World
from juguo_envs.worlds.society import new_technology

RESEARCH, ADAPTATION, ITERATION = 0, 1, 2
SCENARIOS, GOVERNANCE, SERVICE = 3, 4, 5
ENGAGEMENT, ENABLEMENT, RESILIENCE = 6, 7, 8
GUIDANCE, RELIEF = 9, 10  # columns of the saturations beyond the nine functions
N_SATURATIONS = 11


@inlined
def step_one(s: State, w: World, P: Any, b: int, allocation: Array) -> None:
    """Move society `b` on by one quarter.

    Args:
        s: State of the batch; society `b` is changed in place.
        w: What the scenario's societies have in common.
        P: Parameters, one record.
        allocation: (10 + R + 3,) f8: shares of the nine functions and of the reserve (sum 1), shares of the
            communities (sum 1), openness in [0, 1], advance and abandon (yes at 0.5 or more).
    """
    r = w.share.shape[0]
    openness = allocation[10 + r]
    programme = s.programme[b]
    s.allocation[b] = allocation
    for c in range(r):
        for j in range(3):
            s.adopters_before[b, c, j] = s.adopters[b, c, j]
    programme.K_before = programme.K
    sats = np.empty((r, N_SATURATIONS))
    crisis = np.empty(r)  # level at the start of the quarter
    money_and_delivery(s, w, P, b, allocation, sats)
    knowledge_growth(s, w, P, b, openness)
    communities(s, w, P, b, openness, sats, crisis)
    severity = np.zeros(r)
    shocks(s, w, P, b, severity)
    adopters_at_start = s.adopters[b].sum(axis=1)
    harmed = np.zeros(r, np.int64)
    persons(s, w, P, b, sats, crisis, severity, harmed)
    evidence_and_repair(s, w, P, b, sats, adopters_at_start, harmed)
    people, moved = np.zeros(3, np.int64), np.zeros(3)
    tally(s, w, P, b, people, moved)
    social_fit(s, w, P, b, sats)
    board_of(s, w, P, b, allocation, sats, people, moved)
    stage(s, w, P, b, allocation[11 + r] >= 0.5, allocation[12 + r] >= 0.5)
    programme.t += 1


@inlined
def money_and_delivery(s: State, w: World, P: Any, b: int, allocation: Array, sats: Array) -> None:
    """Fill the pot, keep the accounts, and move each delivery towards what is paid for it."""
    programme, quarter = s.programme[b], s.quarter[b]
    r, n = w.share.shape[0], s.rho.shape[1]
    reserve_share = allocation[N_FUNCTIONS]
    released = equations.release(P, programme.M, n)
    pot = P.B * n + released
    quarter.budget = P.B * n
    quarter.released = released
    quarter.saved = reserve_share * pot - released
    quarter.payout = 0.0
    quarter.spent = 0.0
    programme.M = programme.M - released + reserve_share * pot
    for f in range(N_FUNCTIONS):
        quarter.spent += allocation[f] * pot
    for c in range(r):
        size = w.start[c + 1] - w.start[c]
        v = allocation[10 + c]
        for f in range(N_FUNCTIONS):
            target = equations.delivery_target(P, allocation[f], pot, v, size, programme.stage, f % 3)
            s.z[b, c, f] += P.lam * (target - s.z[b, c, f])
            sats[c, f] = equations.sat(P, s.z[b, c, f])
        sats[c, GUIDANCE] = equations.sat(P, s.z[b, c, GOVERNANCE] + s.z[b, c, ENABLEMENT])
        sats[c, RELIEF] = equations.sat(P, s.z[b, c, RESILIENCE] + s.z[b, c, GOVERNANCE])


@inlined
def at_producers(s: State, w: World, P: Any, b: int, f: int) -> float:
    """Saturation of function `f` where the active producers are: sat of the delivery weighted by s_c."""
    z, all_producers = 0.0, 0
    for c in range(w.share.shape[0]):
        all_producers += w.producers[c]
        z += s.community[b, c].producers * s.z[b, c, f]
    return equations.sat(P, z / all_producers) if all_producers > 0 else 0.0


@inlined
def redesign_at_producers(s: State, w: World, P: Any, b: int) -> float:
    """Saturation of what is paid for redesign, adaptation and iteration together, where the producers are."""
    z, all_producers = 0.0, 0
    for c in range(w.share.shape[0]):
        all_producers += w.producers[c]
        z += s.community[b, c].producers * (s.z[b, c, ADAPTATION] + s.z[b, c, ITERATION])
    return equations.sat_redesign(P, z / all_producers) if all_producers > 0 else 0.0


@inlined
def knowledge_growth(s: State, w: World, P: Any, b: int, openness: float) -> None:
    """Knowledge K."""
    programme = s.programme[b]
    sat_research, sat_iteration = at_producers(s, w, P, b, RESEARCH), at_producers(s, w, P, b, ITERATION)
    rate = equations.knowledge_rate(P, sat_research, openness, sat_iteration, exposure(s, b))
    programme.K = equations.knowledge(P, programme.K, programme.C, rate)


@inlined
def communities(s: State, w: World, P: Any, b: int, openness: float, sats: Array, crisis: Array) -> None:
    """Know-how, the end of crises, environment and trust of each community."""
    K = s.programme[b].K
    elsewhere = 0.0
    for c in range(w.share.shape[0]):
        elsewhere += w.share[c] * s.community[b, c].crisis
    for c in range(w.share.shape[0]):
        com = s.community[b, c]
        size = w.start[c + 1] - w.start[c]
        adoption = (s.adopters[b, c, 0] + s.adopters[b, c, 1] + s.adopters[b, c, 2]) / size
        absorption = equations.absorb(
            com.kappa_sum / size, com.producers / size, com.interactors / size, adoption
        )
        com.k = equations.know_how(P, com.k, K, openness, absorption)
        crisis[c] = com.crisis
        com.crisis = equations.crisis_course(P, com.crisis, sats[c, RELIEF], elsewhere)
        com.E = equations.environment(P, com.E, sats[c, SCENARIOS], sats[c, SERVICE])
        com.tau = equations.trust(P, com.tau, sats[c, GUIDANCE], com.harmed, crisis[c])


@inlined
def shocks(s: State, w: World, P: Any, b: int, severity: Array) -> None:
    """Strike communities; fill `severity`, (R,) zeros at first, with what the reserve leaves of a shock."""
    programme, quarter = s.programme[b], s.quarter[b]
    r = w.share.shape[0]
    key = draws.stream(programme.seed, programme.t, draws.SHOCK)
    key_severity = draws.stream(programme.seed, programme.t, draws.SEVERITY)
    struck, total = 0, 0.0
    for c in range(r):
        if draws.uniform(key, c) < P.shock_rate:
            severity[c] = P.severity * draws.exponential(key_severity, c)
            total += severity[c] * (s.adopters[b, c, 0] + s.adopters[b, c, 1] + s.adopters[b, c, 2])
            struck += 1
    quarter.shocks = struck
    claims = P.claim * total
    paid = 0.0
    if claims > 0.0 and programme.M > 0.0:
        paid = min(P.cover, programme.M / claims)
        quarter.payout = paid * claims
        quarter.saved -= quarter.payout
        programme.M = max(0.0, programme.M - quarter.payout)
    for c in range(r):
        severity[c] *= 1.0 - paid
        s.community[b, c].crisis = equations.crisis_shock(P, s.community[b, c].crisis, severity[c])


@inlined
def evidence_and_repair(
    s: State, w: World, P: Any, b: int, sats: Array, adopters_at_start: Array, harmed: Array
) -> None:
    """What is reported of harm and experience, and the repair of the defect that was seen."""
    programme, quarter = s.programme[b], s.quarter[b]
    quarter.harmed = 0
    for c in range(w.share.shape[0]):
        evaluated = P.shown * sats[c, GOVERNANCE]
        programme.D += equations.reported_harm(harmed[c], adopters_at_start[c], programme.rumour, evaluated)
        programme.D_true += harmed[c]
        programme.W += adopters_at_start[c]
        quarter.harmed += harmed[c]
    redesign = redesign_at_producers(s, w, P, b)
    programme.X = equations.repair(P, programme.X, programme.Y, redesign, programme.D_true)


@inlined
def social_fit(s: State, w: World, P: Any, b: int, sats: Array) -> None:
    """Social fit grows where the technology is really used, evaluated and adapted."""
    programme, quarter = s.programme[b], s.quarter[b]
    users, evaluated = 0, 0.0
    for c in range(w.share.shape[0]):
        here = s.adopters[b, c, 0] + s.adopters[b, c, 1] + s.adopters[b, c, 2]
        users += here
        evaluated += here * sats[c, GOVERNANCE]
    sat_governance = evaluated / users if users > 0 else 0.0
    rate = equations.fit_rate(
        P, at_producers(s, w, P, b, ADAPTATION), sat_governance, quarter.exposure, quarter.div
    )
    programme.F = equations.fit(programme.F, rate)


@inlined
def board_of(
    s: State, w: World, P: Any, b: int, allocation: Array, sats: Array, people: Array, moved: Array
) -> None:
    """Set the indicator board."""
    total = 0.0
    for f in range(N_FUNCTIONS):
        total += allocation[f]
    functions = np.zeros(N_FUNCTIONS)
    if total > 0.0:
        for f in range(N_FUNCTIONS):
            functions[f] = allocation[f] / total
    indicator_board(s, w, P, b, functions, sats[:, SERVICE], people, moved)


@inlined
def stage(s: State, w: World, P: Any, b: int, advance: bool, abandon: bool) -> None:
    """Give the project up, or move on to the next stage or the next technology."""
    programme, quarter = s.programme[b], s.quarter[b]
    programme.age += 1
    programme.stage_steps += 1
    quarter.advanced = 0
    quarter.gave_up = 0
    quarter.gave_up_stage = -1
    now, spent = programme.stage, programme.stage_steps
    if abandon and programme.age >= P.ab_min:
        quarter.gave_up = 1
        quarter.gave_up_stage = now
        quarter.gave_up_harm = equations.estimated_harm(P, programme.D, programme.W)
        quarter.gave_up_defect = programme.X
        programme.abandoned += 1
        next_technology(s, w, P, b)
    elif (now == PRODUCTION and ((advance and spent >= P.min0) or spent >= P.max0)) or (
        now == DIFFUSION and ((advance and spent >= P.min1) or spent >= P.max1)
    ):
        move_on(s, b)
    elif now == APPLICATION and advance and spent >= P.min2 and programme.round < P.rounds - 1:
        programme.round += 1
        quarter.advanced = 1
        next_technology(s, w, P, b)


@inlined
def move_on(s: State, b: int) -> None:
    """Enter the next stage."""
    s.programme[b].stage += 1
    s.programme[b].stage_steps = 0
    s.quarter[b].advanced = 1


@inlined
def next_technology(s: State, w: World, P: Any, b: int) -> None:
    """Start another technology: nobody has adopted it, and a share of knowledge and fit is carried over."""
    programme = s.programme[b]
    programme.K = equations.carried(P.K0, programme.K, P.kept)
    programme.F = equations.carried(P.F0, programme.F, P.kept)
    for c in range(w.share.shape[0]):
        s.community[b, c].k = min(s.community[b, c].k, programme.K)
        for j in range(3):
            s.adopters[b, c, j] = 0
            s.adopters_role[b, c, j] = 0
    for i in range(s.rho.shape[1]):
        s.adopted[b, i] = 0
        s.peers[b, i] = 0
    new_technology(s, P, b)
