"""The common job: what every row does, how it is timed, and when a row is void.

10,000 persons on 40,000 random ties; each of 60 steps, who has not adopted does so with probability
1 - exp(-(p + q * adopting share of the neighbours)), all at once. A row is a module with `prepare(graph)`,
which returns a function: seed -> (a function that does the 60 steps, a function that tells who adopted).
Only the steps are timed, after one run that is not.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

PERSONS, TIES, STEPS = 10_000, 40_000, 60
P, Q = 0.0075, 0.095
GRAPH_SEED = 0
AGREED = (0.938, 0.961)
"""Where the mean final share must lie: over seeds it is .941 to .955, and .953 to .958 for a step that is
exact in time; outside, a row did another job and its rate means nothing."""

Episode = tuple[Callable[[], None], Callable[[], float]]
Prepare = Callable[["Graph"], Callable[[int], Episode]]


@dataclass(frozen=True)
class Graph:
    """A simple random graph of `PERSONS` persons and `TIES` ties, the same for every row.

    Attributes:
        ties: (TIES, 2) the two ends of each tie.
        offsets: (PERSONS + 1,) where a person's neighbours begin.
        neighbours: (2 TIES,) neighbours, person by person.
    """

    ties: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    neighbours: npt.NDArray[np.int32]


def random_graph() -> Graph:
    """Uniform among the simple graphs of this size."""
    rng = np.random.default_rng(GRAPH_SEED)
    pairs = np.zeros(0, np.int64)
    while len(pairs) < TIES:
        ends = np.sort(rng.integers(0, PERSONS, (TIES, 2)), axis=1)
        ends = ends[ends[:, 0] != ends[:, 1]]
        pairs = np.concatenate([pairs, ends[:, 0] * PERSONS + ends[:, 1]])
        pairs = pairs[np.sort(np.unique(pairs, return_index=True)[1])]
    ties = np.stack([pairs[:TIES] // PERSONS, pairs[:TIES] % PERSONS], axis=1)
    both = np.concatenate([ties, ties[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    degrees = np.bincount(both[:, 0], minlength=PERSONS)
    return Graph(ties, np.concatenate([[0], np.cumsum(degrees)]), both[:, 1].astype(np.int32))


def time_row(prepare: Prepare, repetitions: int) -> dict[str, Any]:
    """Rates in person-steps per second and final shares over `repetitions` seeds."""
    start = prepare(random_graph())
    start(10_000)[0]()
    rates, shares = [], []
    for seed in range(repetitions):
        run, adopted = start(seed)
        begun = time.perf_counter()
        run()
        rates.append(PERSONS * STEPS / (time.perf_counter() - begun))
        shares.append(adopted())
    return {"rates": rates, "shares": shares}


def main(prepare: Prepare) -> None:
    """What a row's module does as a process: one core, one thread, the result on the last line."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps(time_row(prepare, int(sys.argv[1]))))
