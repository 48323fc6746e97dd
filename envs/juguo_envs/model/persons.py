"""What a quarter does to every person: roles, adoption and leaving, harm, resilience, capability, exclusion.

A community is done in four short loops. Most persons draw numbers that no probability in their community
reaches; the first loop finds them without an exponential, and only the others, the candidates, are decided
one by one. The results are those of deciding everybody.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from juguo_envs.model import draws, equations
from juguo_envs.model.compiled import inlined
from juguo_envs.model.equations import APPLICATION, DIFFUSION, INTERACTOR, PARTICIPANT
from juguo_envs.model.state import Array, State, World

SCENARIOS, GOVERNANCE, SERVICE, ENGAGEMENT, ENABLEMENT, RESILIENCE = 3, 4, 5, 6, 7, 8
GUIDANCE = 9


class Streams(NamedTuple):
    """Keys of the quarter's draws, one stream for each purpose."""

    role: Any
    adoption: Any
    harm: Any
    damage: Any
    quit: Any


class Conditions(NamedTuple):
    """What all persons of a community share in a quarter."""

    theta: float
    difficulty: float
    guidance: float
    p_trial: float  # hazard of a trial, for those who take part actively
    p_leave: float
    p_harm: float  # of a participant
    p_harm_active: float  # of a producer or interactor
    cap: float  # factor on a participant's hazard
    may_participate: bool  # whether participants may adopt
    sat_engagement: float
    sat_enablement: float
    sat_resilience: float
    lapse_idle: float  # lapse of an interactor who has not adopted
    lapse_user: float  # and of one who has
    crisis_damage: float


@inlined
def conditions(
    s: State, w: World, P: Any, b: int, c: int, v: float, sats: Array, crisis: float
) -> Conditions:
    """The conditions of a community from its state and its deliveries; `v` is its share of the money."""
    programme, com = s.programme[b], s.community[b, c]
    stage = programme.stage
    theta = equations.theta(P, com.k, programme.F, com.E, com.tau)
    funded = v >= P.v_min * w.share[c]
    active = equations.active_defect(programme.X, programme.age, programme.onset)
    p_harm = equations.harm(P, active, sats[c, GOVERNANCE])
    return Conditions(
        theta,
        equations.difficulty(P, programme.F, com.E),
        equations.guidance(P, sats[c, GUIDANCE]),
        P.p_tr * sats[c, SCENARIOS] if stage <= DIFFUSION else 0.0,
        equations.leaving(P, sats[c, SERVICE], theta, crisis),
        p_harm,
        equations.coped_harm(P, p_harm),
        P.cap1 if stage == DIFFUSION else 1.0,
        stage == APPLICATION or (stage == DIFFUSION and funded),
        sats[c, ENGAGEMENT],
        sats[c, ENABLEMENT],
        sats[c, RESILIENCE],
        equations.lapse(P, equations.seen_value(0.0, theta, sats[c, SERVICE])),
        equations.lapse(P, equations.seen_value(1.0, theta, sats[c, SERVICE])),
        P.crR * crisis,
    )


@inlined
def persons(
    s: State,
    w: World,
    P: Any,
    b: int,
    allocation: Array,
    sats: Array,
    crisis: Array,
    struck: bool,
    harmed: Array,
) -> None:
    """Move every person of society `b` on by a quarter.

    Args:
        s, w, P, b: State, world, parameters, place in the batch.
        allocation: (10 + R + 3,) f8, see `step_one`.
        sats: (R, 11) saturated deliveries.
        crisis: (R,) level at the start of the quarter.
        struck: Whether a shock struck anybody, so that `s.hit` holds damage.
        harmed: (R,) i8, filled with the number of members harmed.
    """
    programme, quarter = s.programme[b], s.quarter[b]
    seed, t = programme.seed, programme.t
    keys = Streams(
        draws.stream(seed, t, draws.ROLE),
        draws.stream(seed, t, draws.ADOPTION),
        draws.stream(seed, t, draws.HARM),
        draws.stream(seed, t, draws.DAMAGE),
        draws.stream(seed, t, draws.QUIT),
    )
    if not struck:
        s.hit[b, :] = 0.0
    causes = np.zeros(3)
    changes = 0
    for c in range(w.share.shape[0]):
        low, high = w.start[c], w.start[c + 1]
        now = conditions(s, w, P, b, c, allocation[10 + c], sats, crisis[c])
        mark_candidates(
            P, now, keys, low, s.kappa[b, low:high], s.adopted[b, low:high], s.excluded[b, low:high],
            s.role[b, low:high], s.candidate[b, low:high],
        )  # fmt: skip
        changes, harmed[c] = decide(s, P, b, now, keys, low, high, changes, causes)
        move_stocks(
            P, now, s.rho[b, low:high], s.kappa[b, low:high], s.kappa0[b, low:high], s.adopted[b, low:high],
            s.hit[b, low:high],
        )  # fmt: skip
        s.community[b, c].harmed = harmed[c] / (high - low)
    changes = exclude(s, P, b, changes)
    tell_neighbours(s, b, changes)
    quarter.market, quarter.organised, quarter.peers = causes[0], causes[1], causes[2]


@inlined
def accept_bound(P: Any, kappa: float, difficulty: float) -> float:
    """An upper bound of `equations.accept` without an exponential: e^y is at least its series' beginning."""
    y = max(0.0, (difficulty - kappa) / P.width)
    return 1.000000001 / (2.0 + y * (1.0 + y * (0.5 + y * (1.0 / 6.0 + y / 24.0)))) if y > 0.0 else 1.0


@inlined
def mark_candidates(
    P: Any,
    now: Conditions,
    keys: Streams,
    first: int,
    kappa: Array,
    adopted: Array,
    out: Array,
    role: Array,
    candidate: Array,
) -> None:
    """Mark who may change: whose draw is below the probability, or below a bound of it.

    Written without branches, so that it compiles to vector instructions.
    """
    reach_active = (P.p * now.guidance + P.q) * now.theta + now.p_trial
    reach_other = (P.p * now.guidance + P.q) * now.theta * now.cap if now.may_participate else 0.0
    for j in range(candidate.shape[0]):
        i, a, k_j = first + j, adopted[j] == 1, float(kappa[j])
        other = role[j] == PARTICIPANT
        chance = equations.recruitment(P, now.sat_engagement, float(adopted[j]), k_j)
        turns = draws.uniform(keys.role, i) < (
            chance if other else ((now.lapse_user if a else now.lapse_idle) if role[j] == INTERACTOR else 0.0)
        )
        # who is recruited in this quarter may adopt as an interactor in the same quarter
        reach = reach_other if other else reach_active
        hazard = now.p_leave if a else accept_bound(P, k_j, now.difficulty) * reach
        moves = draws.uniform(keys.adoption, i) < hazard
        suffers = a & (draws.uniform(keys.harm, i) < (now.p_harm if other else now.p_harm_active))
        candidate[j] = (turns | moves | suffers) & (out[j] == 0)


@inlined
def decide(
    s: State, P: Any, b: int, now: Conditions, keys: Streams, low: int, high: int, changes: int, causes: Array
) -> tuple[int, int]:
    """Roles, adoption and leaving, and harm of a community's candidates.

    Returns:
        The number of entries in `s.changed` so far, and the number of members harmed.
    """
    kappa, adopted, role = s.kappa[b], s.adopted[b], s.role[b]
    candidate, offsets, peers, hit, changed = s.candidate[b], s.offsets[b], s.peers[b], s.hit[b], s.changed[b]
    harmed = 0
    for i in range(low, high):
        if candidate[i] == 0:
            continue
        before = adopted[i]
        a = before
        p_harm = now.p_harm if role[i] == PARTICIPANT else now.p_harm_active
        k_i = float(kappa[i])
        if role[i] == PARTICIPANT:
            chance = equations.recruitment(P, now.sat_engagement, float(a), k_i)
            if draws.uniform(keys.role, i) < chance:
                role[i] = INTERACTOR
        elif role[i] == INTERACTOR:
            chance = now.lapse_user if a == 1 else now.lapse_idle
            if draws.uniform(keys.role, i) < chance:
                role[i] = PARTICIPANT

        u = draws.uniform(keys.adoption, i)
        if a == 0:
            active = role[i] != PARTICIPANT
            cap = 1.0 if active else now.cap
            trial = now.p_trial if active else 0.0
            reach = (P.p * now.guidance + P.q) * now.theta * cap + trial
            if (active or now.may_participate) and u < reach:
                acc = equations.accept(P, k_i, now.difficulty)
                p = acc * (P.p * now.guidance * now.theta * cap + trial)
                q = acc * P.q * now.theta * cap
                if u < p + q:
                    degree = offsets[i + 1] - offsets[i]
                    share = peers[i] / degree if degree > 0 else 0.0
                    if u < equations.adoption(p, q, share):
                        a = 1
                        demand = acc * P.p * now.theta * cap
                        hazard = p + q * share
                        causes[0] += demand / hazard
                        causes[1] += max(0.0, p - demand) / hazard
                        causes[2] += q * share / hazard
        elif u < now.p_leave:
            a = 0

        if before == 1 and draws.uniform(keys.harm, i) < p_harm:
            harmed += 1
            hit[i] += equations.harm_damage(P, draws.uniform(keys.damage, i))
            if draws.uniform(keys.quit, i) < P.quit:
                a = 0
        if a != before:
            adopted[i] = a
            changed[changes] = i if a == 1 else ~i
            changes += 1
    return changes, harmed


@inlined
def move_stocks(
    P: Any, now: Conditions, rho: Array, kappa: Array, kappa0: Array, adopted: Array, hit: Array
) -> None:
    """Resilience and capability of a community's members."""
    for j in range(rho.shape[0]):
        a, k_j = float(adopted[j]), float(kappa[j])
        damage = now.crisis_damage + float(hit[j])
        rho[j] = equations.resilience(P, float(rho[j]), k_j, a, now.theta, now.sat_resilience, damage)
        kappa[j] = equations.capability(P, k_j, float(kappa0[j]), a, now.sat_enablement)


@inlined
def exclude(s: State, P: Any, b: int, changes: int) -> int:
    """Exclude who fell below the floor, readmit who is well above; returns the entries in `s.changed`."""
    if mark_crossings(P, s.rho[b], s.excluded[b], s.candidate[b]) == 0:
        return changes
    out, adopted, role = s.excluded[b], s.adopted[b], s.role[b]
    for i in range(out.shape[0]):
        if s.candidate[b, i] == 1:
            out[i] = 1 - out[i]
            if out[i] == 1 and role[i] == INTERACTOR:
                role[i] = PARTICIPANT
            if out[i] == 1 and adopted[i] == 1:
                adopted[i] = 0
                s.changed[b, changes] = ~i
                changes += 1
    return changes


@inlined
def mark_crossings(P: Any, rho: Array, out: Array, crossing: Array) -> int:
    """Mark whose exclusion begins or ends; returns how many."""
    crossed = 0
    for j in range(rho.shape[0]):
        was = out[j] == 1
        crossing[j] = equations.excluded(P, was, float(rho[j])) != was
        crossed += crossing[j]
    return crossed


@inlined
def tell_neighbours(s: State, b: int, changes: int) -> None:
    """Keep each person's count of adopting neighbours; in `s.changed`, ~i stands for i having left."""
    offsets, neighbours, peers, changed = s.offsets[b], s.neighbours[b], s.peers[b], s.changed[b]
    for m in range(changes):
        i = changed[m]
        gain = 1
        if i < 0:
            i, gain = ~i, -1
        for e in range(offsets[i], offsets[i + 1]):
            peers[neighbours[e]] += gain
