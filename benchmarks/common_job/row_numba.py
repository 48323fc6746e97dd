"""A bare loop in numba: nothing but the job, neighbours counted when somebody adopts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from job import PERSONS, STEPS, Episode, Graph, P, Q, main


@numba.njit(cache=True, error_model="numpy")
def simulate(offsets: Any, neighbours: Any, adopted: Any, peers: Any, fresh: Any, seed: int) -> None:
    """All steps; `peers` holds each person's number of adopting neighbours, `fresh` is scratch."""
    np.random.seed(seed)  # noqa: NPY002 - numba's own generator
    for _ in range(STEPS):
        count = 0
        for i in range(adopted.shape[0]):
            if adopted[i] == 0:
                degree = offsets[i + 1] - offsets[i]
                share = peers[i] / degree if degree > 0 else 0.0
                if np.random.random() < 1.0 - np.exp(-(P + Q * share)):  # noqa: NPY002 - numba's own
                    fresh[count] = i
                    count += 1
        for m in range(count):
            i = fresh[m]
            adopted[i] = 1
            for e in range(offsets[i], offsets[i + 1]):
                peers[neighbours[e]] += 1


def prepare(graph: Graph) -> Callable[[int], Episode]:
    """See `job`."""

    def start(seed: int) -> Episode:
        adopted, peers = np.zeros(PERSONS, np.uint8), np.zeros(PERSONS, np.int32)
        fresh = np.empty(PERSONS, np.int32)
        run = lambda: simulate(graph.offsets, graph.neighbours, adopted, peers, fresh, seed)  # noqa: E731 - a call to time
        return run, lambda: float(adopted.mean())

    return start


if __name__ == "__main__":
    main(prepare)
