"""What every society of a scenario has in common: who lives where, and where ties lead.

What is drawn from a seed is made by `juguo_envs.model.initialisation`.
"""

from __future__ import annotations

import math

import numpy as np

from juguo_envs.model.state import Array, Structure, cut_into_blocks
from juguo_envs.worlds.scenario import Scenario, ScenarioError, Society

MOST_EDGE_ENDS = 2**31 - 1
"""Ends of ties are numbered in 32 bits while a network is drawn."""


def build_structure(scenario: Scenario) -> Structure:
    """Sizes, producers and the mixing of ties."""
    society = scenario.society
    listed = society.listed()
    population = np.array([c.population for c in listed])
    if society.network == "listed":
        sizes = population.astype("i8")
    else:
        sizes = apportion(population, society.persons, at_least=1)
    wanted = round(society.producers * society.persons)
    producers = apportion(np.array([c.producers for c in listed]), wanted, sizes)
    start = np.concatenate([[0], np.cumsum(sizes)]).astype("i8")
    offsets, neighbours = _listed_ties(society)
    structure = Structure(
        start=start,
        blocks=cut_into_blocks(start),
        share=sizes / society.persons,
        hub=np.array([float(c.hub) for c in listed]),
        kappa_mean=np.array([c.capability for c in listed]),
        producers=producers,
        mixing=np.cumsum(_mixing(society, sizes / society.persons), axis=1),
        edges=np.array(_edges(society), "i8"),
        offsets=offsets,
        neighbours=neighbours,
        team=np.zeros(0, "i8"),
    )
    _check(structure, society.persons, wanted)
    return structure


def _check(w: Structure, persons: int, producers: int) -> None:
    """What the compiled model takes for granted; it looks at no bounds.

    Raises:
        ScenarioError: If something of it does not hold, whatever the scenario says.
    """
    sizes = np.diff(w.start)
    holds = {
        "sizes of communities": w.start[0] == 0 and sizes.min() >= 1 and sizes.sum() == persons,
        "producers": (w.producers >= 0).all() and (w.producers <= sizes).all(),
        "number of producers": w.producers.sum() == producers,
        "mixing of ties": np.isfinite(w.mixing).all() and w.mixing.min() >= 0.0,
        "listed ties": not w.offsets.size
        or (w.offsets.size == persons + 1 and w.offsets[-1] == w.neighbours.size == 2 * w.edges),
        "ends of listed ties": not w.neighbours.size
        or (w.neighbours.min() >= 0 and w.neighbours.max() < persons),
    }
    if wrong := [what for what, right in holds.items() if not right]:
        raise ScenarioError(f"the society cannot be built: its {wrong[0]} would be out of bounds")


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


def apportion(weights: Array, total: int, room: Array | None = None, at_least: int = 0) -> Array:
    """Whole numbers in proportion to `weights` that sum to `total` (largest remainder).

    Args:
        weights: (n,) shares, not negative, of any size; alike if all are zero.
        total: What is shared out, at least n times `at_least` and at most the sum of `room`.
        room: (n,) most that each may have; what is beyond it goes to the others in the same way.
        at_least: Least that each has.
    """
    if room is None:
        shared_out: Array = _shares(np.asarray(weights, float), total - at_least * len(weights)) + at_least
        return shared_out
    made: Array = np.minimum(_shares(np.asarray(weights, float), total), room)
    while (left := int(total - made.sum())) > 0 and (free := made < room).any():
        made[free] += _shares(np.asarray(weights, float)[free], left)
        made = np.minimum(made, room)
    return made


def _shares(weights: Array, total: int) -> Array:
    """Whole numbers in proportion to weights that sum to a total."""
    if not weights.any():
        weights = np.ones_like(weights)
    with np.errstate(over="ignore"):
        normal = np.finfo(float).tiny <= weights.sum() < np.inf
    if not normal:  # the sum is infinite, or quotients by it are coarse
        weights = weights / weights.max()
    quota = weights / weights.sum() * total
    whole: Array = np.floor(quota).astype("i8")
    order = np.argsort(-(quota - whole), kind="stable")
    whole[order[: total - whole.sum()]] += 1
    return whole


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
