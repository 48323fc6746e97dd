"""One quarter of one society of a batch: the equations called in order.

Order: money, delivery, knowledge, know-how, crisis and shocks, environment, trust (`begin_quarter`); roles,
adoption and leaving, harm, resilience, capability, exclusion (the phases of `juguo_envs.model.persons`, in
every block); evidence and repair, measures, fit, board, stage (`end_quarter`). Whoever calls them decides how
many threads share the blocks.
"""

from __future__ import annotations

from typing import Any

from juguo_envs.model import equations
from juguo_envs.model import random as draws
from juguo_envs.model.compiled import inlined, internal
from juguo_envs.model.equations import APPLICATION, DIFFUSION, PRODUCTION
from juguo_envs.model.initialisation import new_technology
from juguo_envs.model.measures import exposure, indicator_board, tally
from juguo_envs.model.scratch import floats, wholes
from juguo_envs.model.state import (
    ABANDON,
    ADAPTATION,
    ADVANCE,
    CRISIS,
    ENABLEMENT,
    GOVERNANCE,
    GUIDANCE,
    ITERATION,
    N_FUNCTIONS,
    N_SHARES,
    N_STAGES,
    N_STRATA,
    OPENNESS,
    RELIEF,
    RESEARCH,
    RESILIENCE,
    SCENARIOS,
    SERVICE,
    SHOCK,
    YES,
    Array,
    State,
    Structure,
)


@internal
def begin_quarter(s: State, w: Structure, P: Any, b: int, allocation: Array) -> None:
    """What comes before the persons: money, delivery, the technology and the communities of society `b`.

    `s.shared` then holds what the persons need of it.

    Args:
        s: State of the batch; society `b` is changed in place.
        w: What the scenario's societies have in common.
        P: Parameters, one record.
        b: Place in the batch.
        allocation: (10 + R + 3,) f8: shares of the nine functions and of the reserve (sum 1), shares of the
            communities (sum 1), openness in [0, 1], advance and abandon (yes from `YES` on).
    """
    for i in range(allocation.shape[0]):
        s.allocation[b, i] = allocation[i]
    for c in range(w.share.shape[0]):
        for j in range(N_STRATA):
            s.adopters_before[b, c, j] = s.adopters[b, c, j]
    s.programme[b].K_before = s.programme[b].K
    openness = allocation[N_SHARES + w.share.shape[0] + OPENNESS]
    money_and_delivery(s, w, P, b, allocation)
    knowledge_growth(s, w, P, b, openness)
    communities(s, w, P, b, openness)
    shocks(s, w, P, b)


@internal
def end_quarter(s: State, w: Structure, P: Any, b: int) -> None:
    """What comes after the persons: evidence, measures, fit, the board and the stage of society `b`."""
    evidence_and_repair(s, w, P, b)
    roles = s.adopters_role.shape[2]
    people, moved = wholes(roles), floats(roles)
    tally(s, w, P, b, people, moved)
    social_fit(s, w, P, b)
    board_of(s, w, P, b, people, moved)
    stage(s, w, P, b)
    s.programme[b].t += 1


@internal
def money_and_delivery(s: State, w: Structure, P: Any, b: int, allocation: Array) -> None:
    """Fill the pot, keep the accounts, and deliver to each community what is paid for."""
    programme, quarter, sats = s.programme[b], s.quarter[b], s.shared[b]
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
        v = allocation[N_SHARES + c]
        for f in range(N_FUNCTIONS):
            s.z[b, c, f] = equations.delivery(P, allocation[f], pot, v, size, programme.stage, f % N_STAGES)
            sats[c, f] = equations.sat(P, s.z[b, c, f])
        sats[c, GUIDANCE] = equations.sat(P, s.z[b, c, GOVERNANCE] + s.z[b, c, ENABLEMENT])
        sats[c, RELIEF] = equations.sat(P, s.z[b, c, RESILIENCE] + s.z[b, c, GOVERNANCE])


@inlined
def at_producers(community: Array, producers: Array, z: Array) -> float:
    """Mean of a delivery (R,) where the active producers are: weighted by s_c, 0 without producers."""
    total, all_producers = 0.0, 0
    for c in range(producers.shape[0]):
        all_producers += producers[c]
        total += community[c].producers * z[c]
    return total / all_producers if all_producers > 0 else 0.0


@internal
def knowledge_growth(s: State, w: Structure, P: Any, b: int, openness: float) -> None:
    """Knowledge K."""
    programme, community, z = s.programme[b], s.community[b], s.z[b]
    sat_research = equations.sat(P, at_producers(community, w.producers, z[:, RESEARCH]))
    sat_iteration = equations.sat(P, at_producers(community, w.producers, z[:, ITERATION]))
    rate = equations.knowledge_rate(P, sat_research, openness, sat_iteration, exposure(s, b))
    programme.K = equations.knowledge(P, programme.K, programme.C, rate)


@internal
def communities(s: State, w: Structure, P: Any, b: int, openness: float) -> None:
    """Know-how, the end of crises, environment and trust of each community."""
    K, shared = s.programme[b].K, s.shared[b]
    elsewhere = 0.0
    for c in range(w.share.shape[0]):
        elsewhere += w.share[c] * s.community[b, c].crisis
    for c in range(w.share.shape[0]):
        com = s.community[b, c]
        size = w.start[c + 1] - w.start[c]
        adoption = (s.adopters[b, c, 0] + s.adopters[b, c, 1] + s.adopters[b, c, 2]) / size
        absorption = equations.absorb(
            P, com.kappa_sum / size, com.producers / size, com.interactors / size, adoption
        )
        com.k = equations.know_how(P, com.k, K, openness, absorption)
        shared[c, CRISIS] = com.crisis
        com.crisis = equations.crisis_course(P, com.crisis, shared[c, RELIEF], elsewhere)
        com.E = equations.environment(P, com.E, shared[c, SCENARIOS], shared[c, SERVICE])
        com.tau = equations.trust(P, com.tau, shared[c, GUIDANCE], shared[c, CRISIS])


@internal
def shocks(s: State, w: Structure, P: Any, b: int) -> None:
    """Strike communities; the reserve pays for a part of a shock's severity."""
    programme, quarter, severity = s.programme[b], s.quarter[b], s.shared[b, :, SHOCK]
    r = w.share.shape[0]
    key = draws.stream(programme.seed, programme.t, draws.SHOCK)
    key_severity = draws.stream(programme.seed, programme.t, draws.SEVERITY)
    struck, total = 0, 0.0
    for c in range(r):
        severity[c] = 0.0
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


@internal
def evidence_and_repair(s: State, w: Structure, P: Any, b: int) -> None:
    """What is reported of harm and experience, and the repair of the defect that was seen."""
    programme, quarter, before = s.programme[b], s.quarter[b], s.adopters_before[b]
    quarter.harmed = 0
    quarter.market, quarter.organised, quarter.peers = 0.0, 0.0, 0.0
    k = 0
    for c in range(w.share.shape[0]):
        harmed = 0
        while k < w.blocks.shape[0] and w.blocks[k, 0] == c:
            harmed += s.blocks[b, k].harmed
            quarter.market += s.causes[b, k, 0]
            quarter.organised += s.causes[b, k, 1]
            quarter.peers += s.causes[b, k, 2]
            k += 1
        adopters = before[c, 0] + before[c, 1] + before[c, 2]
        evaluated = P.shown * s.shared[b, c, GOVERNANCE]
        programme.D += equations.reported_harm(harmed, adopters, programme.rumour, evaluated)
        programme.D_true += harmed
        programme.W += adopters
        quarter.harmed += harmed
    redesign = floats(w.share.shape[0])
    for c in range(w.share.shape[0]):
        redesign[c] = s.z[b, c, ADAPTATION] + s.z[b, c, ITERATION]
    sat_redesign = equations.sat(P, at_producers(s.community[b], w.producers, redesign))
    programme.X = equations.repair(P, programme.X, programme.Y, sat_redesign, programme.D_true)


@internal
def social_fit(s: State, w: Structure, P: Any, b: int) -> None:
    """Social fit grows where the technology is really used, evaluated and adapted."""
    programme, quarter = s.programme[b], s.quarter[b]
    users, evaluated = 0, 0.0
    for c in range(w.share.shape[0]):
        here = s.adopters[b, c, 0] + s.adopters[b, c, 1] + s.adopters[b, c, 2]
        users += here
        evaluated += here * s.shared[b, c, GOVERNANCE]
    sat_governance = evaluated / users if users > 0 else 0.0
    sat_adaptation = equations.sat(P, at_producers(s.community[b], w.producers, s.z[b, :, ADAPTATION]))
    rate = equations.fit_rate(P, sat_adaptation, sat_governance, quarter.exposure, quarter.div)
    programme.F = equations.fit(programme.F, rate)


@internal
def board_of(s: State, w: Structure, P: Any, b: int, people: Array, moved: Array) -> None:
    """Set the indicator board."""
    total, allocation = 0.0, s.allocation[b]
    for f in range(N_FUNCTIONS):
        total += allocation[f]
    functions = floats(s.z.shape[2])
    if total > 0.0:
        for f in range(N_FUNCTIONS):
            functions[f] = allocation[f] / total
    indicator_board(s, w, P, b, functions, s.shared[b, :, SERVICE], people, moved)


@internal
def stage(s: State, w: Structure, P: Any, b: int) -> None:
    """Give the project up, or move on to the next stage or the next technology."""
    programme, quarter, requests = s.programme[b], s.quarter[b], N_SHARES + w.share.shape[0]
    advance = s.allocation[b, requests + ADVANCE] >= YES
    abandon = s.allocation[b, requests + ABANDON] >= YES
    programme.age += 1
    programme.stage_steps += 1
    quarter.advanced = 0
    quarter.gave_up = 0
    quarter.gave_up_stage = -1
    now, spent = programme.stage, programme.stage_steps
    if abandon:
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


@internal
def move_on(s: State, b: int) -> None:
    """Enter the next stage."""
    s.programme[b].stage += 1
    s.programme[b].stage_steps = 0
    s.quarter[b].advanced = 1


@internal
def next_technology(s: State, w: Structure, P: Any, b: int) -> None:
    """Start another technology: nobody has adopted it, and a share of knowledge and fit is carried over."""
    programme = s.programme[b]
    programme.K = equations.carried(P.K0, programme.K, P.kept)
    programme.F = equations.carried(P.F0, programme.F, P.kept)
    for c in range(w.share.shape[0]):
        s.community[b, c].k = min(s.community[b, c].k, programme.K)
        s.adopters[b, c, :] = 0
        s.adopters_role[b, c, :] = 0
    for i in range(s.rho.shape[1]):
        s.adopted[b, i] = 0
        s.peers[b, i] = 0
    new_technology(s, P, b)
