"""What a quarter does to every person: roles, adoption and leaving, harm, resilience, capability, exclusion.

A community is cut into blocks that stay in the processor's cache, and a block is done in a few short loops.
Most persons draw numbers that no probability in their community reaches; the first loop finds them without an
exponential, and only the others, the candidates, are decided one by one. The results are those of deciding
everybody. Blocks are independent within a phase, so whoever calls the model may let threads share them; sums
over blocks are taken in their order, so that results do not depend on who did what.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from juguo_envs.model import equations
from juguo_envs.model import random as draws
from juguo_envs.model.compiled import inlined, internal
from juguo_envs.model.equations import DIFFUSION, INTERACTOR, PARTICIPANT, PRODUCTION
from juguo_envs.model.measures import measure_block
from juguo_envs.model.state import (
    CRISIS,
    ENABLEMENT,
    ENGAGEMENT,
    GUIDANCE,
    RESILIENCE,
    SCENARIOS,
    SERVICE,
    SHOCK,
    Array,
    State,
    Structure,
)

MOVE, TELL = 1, 2
"""Phases of a quarter, each done in every block: `move_block` and what `teller` makes."""


class Streams(NamedTuple):
    """Keys of the quarter's draws, one stream for each purpose."""

    role: Any
    adoption: Any
    harm: Any
    damage: Any


class Hazards(NamedTuple):
    """Hazards of adoption of who accepts; those of a person are these times `equations.accept`."""

    external: float
    peers: float  # where all peers have adopted
    demand: float  # of the external one what there is without guidance and trials


class Conditions(NamedTuple):
    """What all persons of a community share in a quarter."""

    theta: float
    difficulty: float
    active: Hazards  # of producers and interactors
    other: Hazards  # of participants
    p_leave: float
    p_harm: float
    sat_engagement: float
    sat_enablement: float
    sat_resilience: float
    lapse_idle: float  # lapse of an interactor who has not adopted
    lapse_user: float  # and of one who has


@inlined
def hazards(P: Any, theta: float, guidance: float, cap: float, trial: float) -> Hazards:
    """The hazards at the start of a quarter of who accepts; see `equations.external_hazard`."""
    return Hazards(
        equations.external_hazard(P, theta, guidance, cap, trial),
        equations.peer_hazard(P, theta, cap),
        equations.external_hazard(P, theta, 1.0, cap, 0.0),
    )


@internal
def conditions(s: State, P: Any, b: int, c: int, sats: Array, crisis: float) -> Conditions:
    """The conditions of a community from its state and its deliveries."""
    programme, com = s.programme[b], s.community[b, c]
    stage = programme.stage
    theta = equations.theta(P, com.k, programme.F, com.E, com.tau)
    guidance = equations.guidance(P, sats[c, GUIDANCE])
    trial = P.p_tr * sats[c, SCENARIOS] if stage <= DIFFUSION else 0.0
    cap = 0.0 if stage == PRODUCTION else 1.0
    return Conditions(
        theta,
        equations.difficulty(P, programme.F, com.E),
        hazards(P, theta, guidance, 1.0, trial),
        hazards(P, theta, guidance, cap, 0.0),
        equations.leaving(P, sats[c, SERVICE], theta, crisis),
        equations.harm(P, programme.X),
        sats[c, ENGAGEMENT],
        sats[c, ENABLEMENT],
        sats[c, RESILIENCE],
        equations.lapse(P, equations.seen_value(0.0, theta, sats[c, SERVICE])),
        equations.lapse(P, equations.seen_value(1.0, theta, sats[c, SERVICE])),
    )


@internal
def move_block(s: State, w: Structure, P: Any, b: int, k: int) -> None:
    """Move the persons of a block on by a quarter and measure them; their neighbours hear of it later."""
    c, low, high = w.blocks[k, 0], w.blocks[k, 1], w.blocks[k, 2]
    block, shared = s.blocks[b, k], s.shared[b]
    seed, t = s.programme[b].seed, s.programme[b].t
    keys = Streams(
        draws.stream(seed, t, draws.ROLE),
        draws.stream(seed, t, draws.ADOPTION),
        draws.stream(seed, t, draws.HARM),
        draws.stream(seed, t, draws.DAMAGE),
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
    measure_block(s, w, b, k)


@inlined
def turning(P: Any, now: Conditions, kappa: float, adopted: bool, role: int) -> float:
    """Probability that a participant becomes an interactor, or an interactor a participant."""
    recruited = equations.recruitment(P, now.sat_engagement, kappa)
    lapsed = now.lapse_user if adopted else now.lapse_idle
    return recruited if role == PARTICIPANT else (lapsed if role == INTERACTOR else 0.0)


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

    A probability of adopting is at most the hazard where all peers have adopted. The loop is written without
    branches, so that it compiles to vector instructions.
    """
    reach_active = equations.adoption_hazard(now.active.external, now.active.peers, 1.0)
    reach_other = equations.adoption_hazard(now.other.external, now.other.peers, 1.0)
    for j in range(candidate.shape[0]):
        i, a, k_j = first + j, adopted[j] == 1, float(kappa[j])
        turns = draws.uniform(keys.role, i) < turning(P, now, k_j, a, role[j])
        # who is recruited in this quarter and may adopt as an interactor is a candidate for that already
        reach = reach_other if role[j] == PARTICIPANT else reach_active
        most = now.p_leave if a else equations.accept_bound(P, k_j, now.difficulty) * reach
        moves = draws.uniform(keys.adoption, i) < most
        suffers = a & (draws.uniform(keys.harm, i) < now.p_harm)
        candidate[j] = (turns | moves | suffers) & (out[j] == 0)


@internal
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
        if draws.uniform(keys.role, i) < turning(P, now, k_i, a == 1, role[i]):
            role[i] = INTERACTOR if role[i] == PARTICIPANT else PARTICIPANT

        u = draws.uniform(keys.adoption, i)
        if a == 0:
            most = now.other if role[i] == PARTICIPANT else now.active
            if u < equations.adoption_hazard(most.external, most.peers, 1.0):
                acc = equations.accept(P, k_i, now.difficulty)
                p, q = acc * most.external, acc * most.peers
                if u < equations.adoption_hazard(p, q, 1.0):
                    degree = offsets[i + 1] - offsets[i]
                    share = peers[i] / degree if degree > 0 else 0.0
                    if u < equations.adoption(p, q, share):
                        a = 1
                        demand = acc * most.demand
                        hazard = equations.adoption_hazard(p, q, share)
                        causes[0] += demand / hazard
                        causes[1] += max(0.0, p - demand) / hazard
                        causes[2] += q * share / hazard
        elif u < now.p_leave:
            a = 0

        if before == 1 and draws.uniform(keys.harm, i) < now.p_harm:
            harmed += 1
            hit[i] += equations.harm_damage(P, draws.uniform(keys.damage, i))
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


@internal
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


def teller(add: Any) -> Any:
    """The piece that tells the neighbours of a block's persons.

    Args:
        add: A compiled function that adds a number to an entry of an array: to `State.peers`, which those who
            do other blocks at the same time add to as well.
    """

    @internal
    def tell_neighbours(s: State, w: Structure, b: int, k: int) -> None:
        """Keep the count of adopting neighbours of whoever has one in block `k`."""
        offsets, neighbours, peers, changed = s.offsets[b], s.neighbours[b], s.peers[b], s.changed[b]
        first = 2 * w.blocks[k, 1]
        for m in range(first, first + s.blocks[b, k].changes):
            i = changed[m]
            gain = 1
            if i < 0:  # ~i stands for i having left
                i, gain = ~i, -1
            for e in range(offsets[i], offsets[i + 1]):
                add(peers, neighbours[e], gain)

    return tell_neighbours
