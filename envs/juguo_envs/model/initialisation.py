"""How a society and its technologies begin: persons, roles, strata, ties and hidden draws, from a seed.

The network is a planted partition (Condon and Karp 2001): an end of a tie falls on any person, the other
end on one of the same community with probability `inside`. Or it is complete, or the scenario lists its ties.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juguo_envs.model import random as draws
from juguo_envs.model.compiled import inlined, internal
from juguo_envs.model.equations import (
    INTERACTOR,
    PARTICIPANT,
    PRODUCER,
    ceiling,
    clip01,
    latent_defect,
    repairability,
)
from juguo_envs.model.measures import measure_block, tally
from juguo_envs.model.scratch import floats, persons, wholes
from juguo_envs.model.state import BLOCK, N_STRATA, QUARTER, Array, State, Structure

_TRIES = 100  # draws of a tie before a crowded place is given up
_COMMUNITY, _FIRST, _INSIDE, _SECOND, _DRAWS = range(5)  # what the draws of a try are for, and their number


@inlined
def copy_row(source: Array, target: Array) -> None:
    """Copy (n,) numbers; numba takes seconds to compile the same said by a slice."""
    for i in range(target.shape[0]):
        target[i] = source[i]


@inlined
def smallest(values: Array, k: int) -> float:
    """The value that stands at place k once (n,) values are in order; they change places (Hoare 1961)."""
    low, high = 0, values.shape[0] - 1
    while low < high:
        pivot, i, j = values[(low + high) // 2], low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return values[k]


@inlined
def first_above(ascending: Array, u: float) -> int:
    """Place of the first of (n,) ascending numbers that is above u, n if none is."""
    low, high = 0, ascending.shape[0]
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] <= u:
            low = middle + 1
        else:
            high = middle
    return low


@internal
def populate(s: State, w: Structure, P: Any, b: int, seed: np.uint64) -> None:
    """Make society `b` anew from a seed: persons, network, communities, and the first technology."""
    n, r = s.rho.shape[1], w.share.shape[0]
    key_person = draws.stream(seed, 0, draws.PERSON)
    key_role = draws.stream(seed, 0, draws.INTERACTOR)
    kappa, kappa0, rho = s.kappa[b], s.kappa0[b], s.rho[b]
    for c in range(r):
        com = s.community[b, c]
        com.k = P.k0
        com.E = P.E0
        com.tau = P.tau0
        com.crisis = 0.0
        for i in range(w.start[c], w.start[c + 1]):
            producer = i < w.start[c] + w.producers[c]
            x = clip01(w.kappa_mean[c] + P.capability_spread * draws.normal(key_person, i))
            kappa[i] = x
            kappa0[i] = x
            rho[i] = P.r0 * x / (P.r0 * x + P.delta_rho) if P.r0 * x > 0.0 else 0.0
            s.adopted[b, i] = 0
            s.peers[b, i] = 0
            s.excluded[b, i] = 0
            if producer:
                s.role[b, i] = PRODUCER
            elif draws.uniform(key_role, i) < P.interactors * x:
                s.role[b, i] = INTERACTOR
            else:
                s.role[b, i] = PARTICIPANT
    _stratify(s, w, b)
    if P.complete == 1:
        _complete(s, b, n)
    elif w.offsets.shape[0] > 0:
        copy_row(w.offsets, s.offsets[b])
        copy_row(w.neighbours, s.neighbours[b])
    else:
        _plant(s, w, P, b, seed)
    s.z[b] = 0.0
    s.adopters_before[b] = 0
    s.board[b] = 0.0
    s.allocation[b] = 0.0
    programme = s.programme[b]
    programme.seed = seed
    programme.t = 0
    programme.round = 0
    programme.project = -1
    programme.abandoned = 0
    programme.M = 0.0
    programme.K = P.K0
    programme.K_before = P.K0
    programme.F = P.F0
    # the accounts of an episode before would else be told by the first `info` of this one
    s.quarter[b] = np.zeros(1, QUARTER)[0]
    for k in range(w.blocks.shape[0]):
        s.blocks[b, k] = np.zeros(1, BLOCK)[0]
    s.causes[b] = 0.0
    s.shared[b] = 0.0
    s.quarter[b].gave_up_stage = -1
    new_technology(s, P, b)
    for k in range(w.blocks.shape[0]):
        measure_block(s, w, b, k)
    roles = s.adopters_role.shape[2]
    tally(s, w, P, b, wholes(roles), floats(roles))


@internal
def new_technology(s: State, P: Any, b: int) -> None:
    """Draw the next technology; the j-th is the same whoever decides."""
    programme = s.programme[b]
    programme.project += 1
    programme.X = latent_defect(
        P, draws.uniform(draws.stream(programme.seed, programme.project, draws.DEFECT), 0)
    )
    programme.C = ceiling(P, draws.uniform(draws.stream(programme.seed, programme.project, draws.CEILING), 0))
    programme.Y = repairability(
        P, draws.uniform(draws.stream(programme.seed, programme.project, draws.REPAIR), 0)
    )
    programme.rumour = P.rumour * draws.uniform(
        draws.stream(programme.seed, programme.project, draws.RUMOUR), 0
    )
    programme.D = 0.0
    programme.D_true = 0.0
    programme.W = 0.0
    programme.age = 0
    programme.stage = 0
    programme.stage_steps = 0


@internal
def _stratify(s: State, w: Structure, b: int) -> None:
    """Terciles of own capability over the whole society."""
    n = s.rho.shape[1]
    values = s.hit[b]  # scratch
    copy_row(s.kappa0[b], values)
    low, high = smallest(values, n // N_STRATA), smallest(values, (2 * n) // N_STRATA)
    for c in range(w.share.shape[0]):
        s.cells[b, c, :] = 0
        for i in range(w.start[c], w.start[c + 1]):
            x = s.kappa0[b, i]
            j = 0 if x < low else (1 if x < high else 2)
            s.stratum[b, i] = j
            s.cells[b, c, j] += 1


@internal
def _complete(s: State, b: int, n: int) -> None:
    """Everybody is tied to everybody."""
    e = 0
    for i in range(n):
        s.offsets[b, i] = e
        for j in range(n):
            if j != i:
                s.neighbours[b, e] = j
                e += 1
    s.offsets[b, n] = e


@internal
def _plant(s: State, w: Structure, P: Any, b: int, seed: np.uint64) -> None:
    """Draw the ties: no loops, none twice; then lay them out as compressed sparse rows."""
    n, r = s.rho.shape[1], w.share.shape[0]
    home = persons(n)
    for c in range(r):
        home[w.start[c] : w.start[c + 1]] = c
    key = draws.stream(seed, 0, draws.EDGE)
    edges = s.neighbours.shape[1] // 2
    head = persons(n)  # per person a linked list of the ties drawn so far
    for i in range(n):
        head[i] = -1
    following, other = persons(2 * edges), persons(2 * edges)
    drawn, used = 0, 0
    counter = 0
    while drawn < edges:
        placed = False
        for _ in range(_TRIES):
            inside = draws.uniform(key, counter + _INSIDE)
            a = _one_of(0, n, draws.uniform(key, counter + _FIRST))
            c = home[a]
            if r > 1 and inside >= P.inside:
                u = draws.uniform(key, counter + _COMMUNITY)
                c = min(r - 1, first_above(w.mixing[c], u))
            d = _one_of(w.start[c], w.start[c + 1], draws.uniform(key, counter + _SECOND))
            counter += _DRAWS
            if a == d:
                continue
            e = head[a]
            while e >= 0 and other[e] != d:
                e = following[e]
            if e >= 0:
                continue
            other[used], following[used], head[a] = d, head[a], used
            other[used + 1], following[used + 1], head[d] = a, head[d], used + 1
            used += 2
            placed = True
            break
        drawn += 1
        if not placed:  # everybody there is tied already: fewer ties than asked for
            continue
    position = 0
    for i in range(n):
        s.offsets[b, i] = position
        e = head[i]
        while e >= 0:
            s.neighbours[b, position] = other[e]
            position += 1
            e = following[e]
    s.offsets[b, n] = position


@inlined
def _one_of(first: int, end: int, u: float) -> int:
    """One of the persons from `first` to before `end`, by a uniform draw."""
    return min(end - 1, first + math.floor(u * (end - first)))
