"""Builds the persons, the communities and the network of a scenario from a seed.

The network is a planted partition (Condon and Karp 2001): an end of a tie falls on any person, the other
end on one of the same community with probability `inside`. Or it is complete, or the scenario lists its ties.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juguo_envs.engine.team import no_team
from juguo_envs.model import random as draws
from juguo_envs.model.compiled import inlined
from juguo_envs.model.equations import (
    INTERACTOR,
    PARTICIPANT,
    PRODUCER,
    ceiling,
    clip01,
    latent_defect,
    repairability,
)
from juguo_envs.model.state import BLOCK, QUARTER, Array, State, World, cut_into_blocks
from juguo_envs.worlds.scenario import Scenario, ScenarioError, Society

MOST_EDGE_ENDS = 2**31 - 1
"""Ends of ties are numbered in 32 bits while a network is drawn."""
_TRIES = 100  # draws of a tie before a crowded place is given up


def build_world(scenario: Scenario) -> World:
    """What every society of a scenario has in common: sizes, producers and the mixing of ties."""
    society = scenario.society
    listed = society.listed()
    population = np.array([c.population for c in listed])
    if society.network == "listed":
        sizes = population.astype("i8")
    else:
        sizes = apportion(population, society.persons, at_least=1)
    producers = np.minimum(
        apportion(np.array([c.producers for c in listed]), round(society.producers * society.persons)), sizes
    )
    start = np.concatenate([[0], np.cumsum(sizes)]).astype("i8")
    offsets, neighbours = _listed_ties(society)
    return World(
        start=start,
        blocks=cut_into_blocks(start),
        share=sizes / society.persons,
        hub=np.array([float(c.hub) for c in listed]),
        kappa_mean=np.array([c.capability for c in listed]),
        producers=producers.astype("i8"),
        mixing=np.cumsum(_mixing(society, sizes / society.persons), axis=1),
        edges=np.array(_edges(society), "i8"),
        offsets=offsets,
        neighbours=neighbours,
        team=no_team(),
    )


def _edges(society: Society) -> int:
    """Number of undirected ties to make room for."""
    if society.network == "listed":
        return len(society.ties)
    if society.network == "complete":
        edges = society.persons * (society.persons - 1) // 2
        what = f"society.persons is {society.persons} in a complete network"
        allowed = f"{math.floor(math.sqrt(MOST_EDGE_ENDS))} persons"
    else:
        edges = round(society.persons * society.mean_degree / 2)
        what = f"society.mean_degree is {society.mean_degree:g} for {society.persons} persons"
        allowed = f"a mean degree of {MOST_EDGE_ENDS // society.persons}"
    if 2 * edges > MOST_EDGE_ENDS:
        raise ScenarioError(
            f"{what}: {2 * edges} ends of ties, of which {MOST_EDGE_ENDS} can be counted; "
            f"allowed is at most {allowed}"
        )
    return edges


def _listed_ties(society: Society) -> tuple[Array, Array]:
    """Listed ties as compressed sparse rows, each from both its ends; two empty arrays for other networks."""
    if society.network != "listed":
        return np.zeros(0, "i8"), np.zeros(0, "i4")
    ties = np.array(society.ties, "i8").reshape(-1, 2)
    ends = np.concatenate([ties, ties[:, ::-1]])
    ends = ends[np.lexsort((ends[:, 1], ends[:, 0]))]
    degree = np.bincount(ends[:, 0], minlength=society.persons)
    return np.concatenate([[0], np.cumsum(degree)]).astype("i8"), ends[:, 1].astype("i4")


def apportion(weights: Array, total: int, at_least: int = 0) -> Array:
    """Whole numbers in proportion to `weights` that sum to `total` (largest remainder)."""
    weights = np.asarray(weights, float)
    if weights.sum() <= 0.0:
        weights = np.ones_like(weights)
    quota = weights / weights.sum() * (total - at_least * len(weights))
    whole = np.floor(quota).astype("i8")
    order = np.argsort(-(quota - whole), kind="stable")
    whole[order[: total - at_least * len(weights) - whole.sum()]] += 1
    return whole + at_least


def _mixing(society: Society, share: Array) -> Array:
    """Row c: where the other end of a tie that leaves community c falls."""
    listed = society.listed()
    index = {c.name: i for i, c in enumerate(listed)}
    r = len(listed)
    border = np.zeros((r, r))
    for i, c in enumerate(listed):
        for name in c.neighbours:
            border[i, index[name]] = border[index[name], i] = 1.0
    np.fill_diagonal(border, 0.0)
    anywhere = (1.0 - np.eye(r)) * share
    anywhere /= np.maximum(anywhere.sum(1, keepdims=True), 1e-300)
    near = border * share
    alone = near.sum(1, keepdims=True) <= 0.0
    near = np.where(alone, anywhere, near / np.maximum(near.sum(1, keepdims=True), 1e-300))
    mixing: Array = (1.0 - society.distant) * near + society.distant * anywhere
    return mixing


@inlined
def populate(s: State, w: World, P: Any, b: int, seed: np.uint64) -> None:
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
        com.harmed = 0.0
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
        s.offsets[b] = w.offsets
        s.neighbours[b] = w.neighbours
    else:
        _plant(s, w, P, b, seed)
    s.z[b] = 0.0
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


@inlined
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


@inlined
def _stratify(s: State, w: World, b: int) -> None:
    """Terciles of initial capability over the whole society."""
    n = s.rho.shape[1]
    ordered = np.sort(s.kappa0[b])
    low, high = ordered[n // 3], ordered[(2 * n) // 3]
    for c in range(w.share.shape[0]):
        for j in range(3):
            s.cells[b, c, j] = 0
        for i in range(w.start[c], w.start[c + 1]):
            x = s.kappa0[b, i]
            j = 0 if x < low else (1 if x < high else 2)
            s.stratum[b, i] = j
            s.cells[b, c, j] += 1


@inlined
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


@inlined
def _plant(s: State, w: World, P: Any, b: int, seed: np.uint64) -> None:
    """Draw the ties: no loops, none twice; then lay them out as compressed sparse rows."""
    n, r = s.rho.shape[1], w.share.shape[0]
    home = np.empty(n, np.int32)
    for c in range(r):
        home[w.start[c] : w.start[c + 1]] = c
    key = draws.stream(seed, 0, draws.EDGE)
    edges = s.neighbours.shape[1] // 2
    head = np.full(n, -1, np.int32)  # per person a linked list of the ties drawn so far
    following = np.empty(2 * edges, np.int32)
    other = np.empty(2 * edges, np.int32)
    drawn, used = 0, 0
    counter = 0
    while drawn < edges:
        placed = False
        for _ in range(_TRIES):
            inside = draws.uniform(key, counter + 2)
            a = _one_of(0, n, draws.uniform(key, counter + 1))
            c = home[a]
            if r > 1 and inside >= P.inside:
                u = draws.uniform(key, counter)
                c = min(r - 1, np.searchsorted(w.mixing[c], u, side="right"))
            d = _one_of(w.start[c], w.start[c + 1], draws.uniform(key, counter + 3))
            counter += 4
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
