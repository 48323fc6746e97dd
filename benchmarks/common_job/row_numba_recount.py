"""A bare loop in numba as it is written first: every person looks at all neighbours in every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from job import PERSONS, STEPS, Episode, Graph, P, Q, main


@numba.njit(cache=True, error_model="numpy")
def simulate(offsets: Any, neighbours: Any, adopted: Any, after: Any, seed: int) -> None:
    """All steps; `after` is scratch."""
    np.random.seed(seed)  # noqa: NPY002 - numba's own generator
    for _ in range(STEPS):
        for i in range(adopted.shape[0]):
            after[i] = adopted[i]
            if adopted[i] == 0:
                count = 0
                for e in range(offsets[i], offsets[i + 1]):
                    count += adopted[neighbours[e]]
                degree = offsets[i + 1] - offsets[i]
                share = count / degree if degree > 0 else 0.0
                if np.random.random() < 1.0 - np.exp(-(P + Q * share)):  # noqa: NPY002 - numba's own
                    after[i] = 1
        adopted[:] = after


def prepare(graph: Graph) -> Callable[[int], Episode]:
    """See `job`."""

    def start(seed: int) -> Episode:
        adopted, after = np.zeros(PERSONS, np.uint8), np.zeros(PERSONS, np.uint8)
        run = lambda: simulate(graph.offsets, graph.neighbours, adopted, after, seed)  # noqa: E731 - a call to time
        return run, lambda: float(adopted.mean())

    return start


if __name__ == "__main__":
    main(prepare)
