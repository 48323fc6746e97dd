"""What a quarter does to every person: roles, adoption and leaving, harm, resilience, capability, exclusion.

A community is cut into blocks that stay in the processor's cache, and a block is done in a few short loops.
Most persons draw numbers that no probability in their community reaches; the first loop finds them without an
exponential, and only the others, the candidates, are decided one by one. The results are those of deciding
everybody. Blocks are independent within a phase, so a team of threads may share them; sums over blocks are
taken in their order, so that results do not depend on who did what.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from juguo_envs.engine.team import WITHIN, add, claim, item_done, open_phase, wait_for_all
from juguo_envs.model import equations
from juguo_envs.model import random as draws
from juguo_envs.model.compiled import inlined, merged
from juguo_envs.model.equations import DIFFUSION, INTERACTOR, PARTICIPANT, PRODUCTION
from juguo_envs.model.measures import measure_block
from juguo_envs.model.state import CRISIS, SHOCK, Array, State, World

SCENARIOS, GOVERNANCE, SERVICE, ENGAGEMENT, ENABLEMENT, RESILIENCE = 3, 4, 5, 6, 7, 8
GUIDANCE = 9
MOVE, TELL = 1, 2
"""Kinds of work in a block, see `do_block`."""


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
    trial: float  # hazard of a trial, for those who take part actively
    p_leave: float
    p_harm: float
    cap: float  # factor on a participant's hazard
    may_participate: bool  # whether participants may adopt
    sat_engagement: float
    sat_enablement: float
    sat_resilience: float
    lapse_idle: float  # lapse of an interactor who has not adopted
    lapse_user: float  # and of one who has


@merged
def conditions(s: State, P: Any, b: int, c: int, sats: Array, crisis: float) -> Conditions:
    """The conditions of a community from its state and its deliveries."""
    programme, com = s.programme[b], s.community[b, c]
    stage = programme.stage
    theta = equations.theta(P, com.k, programme.F, com.E, com.tau)
    return Conditions(
        theta,
        equations.difficulty(P, programme.F, com.E),
        equations.guidance(P, sats[c, GUIDANCE]),
        P.p_tr * sats[c, SCENARIOS] if stage <= DIFFUSION else 0.0,
        equations.leaving(P, sats[c, SERVICE], theta, crisis),
        equations.harm(P, programme.X),
        P.cap1 if stage == DIFFUSION else 1.0,
        stage != PRODUCTION,
        sats[c, ENGAGEMENT],
        sats[c, ENABLEMENT],
        sats[c, RESILIENCE],
        equations.lapse(P, equations.seen_value(0.0, theta, sats[c, SERVICE])),
        equations.lapse(P, equations.seen_value(1.0, theta, sats[c, SERVICE])),
    )


@inlined
def persons(
    s: State,
    w: World,
    P: Any,
    b: int,
    sats: Array,
    crisis: Array,
    severity: Array,
    harmed: Array,
) -> None:
    """Move every person of society `b` on by a quarter, and measure the blocks.

    Args:
        s, w, P, b: State, world, parameters, place in the batch.
        sats: (R, 11) saturated deliveries.
        crisis: (R,) level at the start of the quarter.
        severity: (R,) of the quarter's shocks, net of what the reserve paid; 0 where there is none.
        harmed: (R,) i8, filled with the number of members harmed.
    """
    quarter, shared = s.quarter[b], s.shared[b]
    for c in range(w.share.shape[0]):
        for f in range(sats.shape[1]):
            shared[c, f] = sats[c, f]
        shared[c, CRISIS] = crisis[c]
        shared[c, SHOCK] = severity[c]
    everywhere(s, w, P, b, MOVE)
    everywhere(s, w, P, b, TELL)
    harmed[:] = 0
    quarter.market, quarter.organised, quarter.peers = 0.0, 0.0, 0.0
    for k in range(w.blocks.shape[0]):
        harmed[w.blocks[k, 0]] += s.blocks[b, k].harmed
        quarter.market += s.causes[b, k, 0]
        quarter.organised += s.causes[b, k, 1]
        quarter.peers += s.causes[b, k, 2]
    for c in range(w.share.shape[0]):
        s.community[b, c].harmed = harmed[c] / (w.start[c + 1] - w.start[c])


@merged
def everywhere(s: State, w: World, P: Any, b: int, kind: int) -> None:
    """Do one kind of work in every block of society `b`, with the team's help where it has one."""
    team, count = w.team, w.blocks.shape[0]
    if team.shape[0] == 0 or team[WITHIN] == 0:
        for k in range(count):
            do_block(s, w, P, b, kind, k, False)
        return
    open_phase(team, kind, b, count)
    while True:
        _, _, k = claim(team)
        if k < 0:
            break
        do_block(s, w, P, b, kind, k, True)
        item_done(team)
    wait_for_all(team)


@merged
def do_block(s: State, w: World, P: Any, b: int, kind: int, k: int, together: bool) -> None:
    """Do one kind of work in block `k` of society `b`; `together` if others do so in other blocks."""
    if kind == MOVE:
        move_block(s, w, P, b, k)
        measure_block(s, w, b, k)
    elif kind == TELL:
        low = w.blocks[k, 1]
        tell_neighbours(s, b, 2 * low, 2 * low + s.blocks[b, k].changes, together)


@merged
def move_block(s: State, w: World, P: Any, b: int, k: int) -> None:
    """Move the persons of a block on by a quarter; their neighbours hear of it later."""
    c, low, high = w.blocks[k, 0], w.blocks[k, 1], w.blocks[k, 2]
    block, shared = s.blocks[b, k], s.shared[b]
    seed, t = s.programme[b].seed, s.programme[b].t
    keys = Streams(
        draws.stream(seed, t, draws.ROLE),
        draws.stream(seed, t, draws.ADOPTION),
        draws.stream(seed, t, draws.HARM),
        draws.stream(seed, t, draws.DAMAGE),
        draws.stream(seed, t, draws.QUIT),
    )
    now = conditions(s, P, b, c, shared, shared[c, CRISIS])
    for i in range(low, high):
        s.hit[b, i] = shared[c, SHOCK] * s.adopted[b, i]
    mark_candidates(
        P, now, keys, low, s.kappa[b, low:high], s.adopted[b, low:high], s.excluded[b, low:high],
        s.role[b, low:high], s.candidate[b, low:high],
    )  # fmt: skip
    s.causes[b, k, :] = 0.0
    changes, block.harmed = decide(s, P, b, now, keys, low, high, 2 * low, s.causes[b, k])
    move_stocks(
        P, now, s.rho[b, low:high], s.kappa[b, low:high], s.kappa0[b, low:high], s.adopted[b, low:high],
        s.hit[b, low:high],
    )  # fmt: skip
    block.changes = exclude(s, P, b, low, high, changes) - 2 * low


@inlined
def hazards(P: Any, now: Conditions, active: bool) -> tuple[float, float]:
    """External hazard and hazard by peers of who accepts and takes part actively, or does not."""
    cap, trial = (1.0, now.trial) if active else (now.cap, 0.0)
    p = equations.external_hazard(P, now.theta, now.guidance, cap, trial)
    return p, equations.peer_hazard(P, now.theta, cap)


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
    p, q = hazards(P, now, True)
    reach_active = p + q
    p, q = hazards(P, now, False)
    reach_other = p + q if now.may_participate else 0.0
    for j in range(candidate.shape[0]):
        i, a, k_j = first + j, adopted[j] == 1, float(kappa[j])
        other = role[j] == PARTICIPANT
        chance = equations.recruitment(P, now.sat_engagement, k_j)
        turns = draws.uniform(keys.role, i) < (
            chance if other else ((now.lapse_user if a else now.lapse_idle) if role[j] == INTERACTOR else 0.0)
        )
        # who is recruited in this quarter may adopt as an interactor in the same quarter
        most = reach_other if other else reach_active
        hazard = now.p_leave if a else accept_bound(P, k_j, now.difficulty) * most
        moves = draws.uniform(keys.adoption, i) < hazard
        suffers = a & (draws.uniform(keys.harm, i) < now.p_harm)
        candidate[j] = (turns | moves | suffers) & (out[j] == 0)


@merged
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
        k_i = float(kappa[i])
        if role[i] == PARTICIPANT:
            chance = equations.recruitment(P, now.sat_engagement, k_i)
            if draws.uniform(keys.role, i) < chance:
                role[i] = INTERACTOR
        elif role[i] == INTERACTOR:
            chance = now.lapse_user if a == 1 else now.lapse_idle
            if draws.uniform(keys.role, i) < chance:
                role[i] = PARTICIPANT

        u = draws.uniform(keys.adoption, i)
        if a == 0:
            active = role[i] != PARTICIPANT
            p_most, q_most = hazards(P, now, active)
            if (active or now.may_participate) and u < p_most + q_most:
                acc = equations.accept(P, k_i, now.difficulty)
                p, q = acc * p_most, acc * q_most
                if u < p + q:
                    degree = offsets[i + 1] - offsets[i]
                    share = peers[i] / degree if degree > 0 else 0.0
                    if u < equations.adoption(p, q, share):
                        a = 1
                        cap = 1.0 if active else now.cap
                        demand = acc * equations.external_hazard(P, now.theta, 1.0, cap, 0.0)
                        hazard = p + q * share
                        causes[0] += demand / hazard
                        causes[1] += max(0.0, p - demand) / hazard
                        causes[2] += q * share / hazard
        elif u < now.p_leave:
            a = 0

        if before == 1 and draws.uniform(keys.harm, i) < now.p_harm:
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
        rho[j] = equations.resilience(P, float(rho[j]), k_j, a, now.theta, now.sat_resilience, float(hit[j]))
        kappa[j] = equations.capability(P, k_j, float(kappa0[j]), now.sat_enablement)


@merged
def exclude(s: State, P: Any, b: int, low: int, high: int, changes: int) -> int:
    """Exclude who fell below the floor, readmit who is well above; returns the entries in `s.changed`."""
    if mark_crossings(P, s.rho[b, low:high], s.excluded[b, low:high], s.candidate[b, low:high]) == 0:
        return changes
    out, adopted, role = s.excluded[b], s.adopted[b], s.role[b]
    for i in range(low, high):
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


@merged
def tell_neighbours(s: State, b: int, first: int, end: int, together: bool) -> None:
    """Keep each person's count of adopting neighbours; in `s.changed`, ~i stands for i having left."""
    offsets, neighbours, peers, changed = s.offsets[b], s.neighbours[b], s.peers[b], s.changed[b]
    for m in range(first, end):
        i = changed[m]
        gain = 1
        if i < 0:
            i, gain = ~i, -1
        for e in range(offsets[i], offsets[i + 1]):
            if together:
                add(peers, neighbours[e], gain)
            else:
                peers[neighbours[e]] += gain
