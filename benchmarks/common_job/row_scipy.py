"""numpy, and scipy.sparse for the neighbours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from job import PERSONS, STEPS, Episode, Graph, P, Q, main
from scipy import sparse


def prepare(graph: Graph) -> Callable[[int], Episode]:
    """See `job`."""
    degrees = np.diff(graph.offsets)
    weights = np.repeat(1.0 / np.maximum(degrees, 1), degrees)
    shares = sparse.csr_matrix((weights, graph.neighbours, graph.offsets), (PERSONS, PERSONS))

    def start(seed: int) -> Episode:
        rng, adopted = np.random.default_rng(seed), np.zeros(PERSONS)

        def run() -> None:
            for _ in range(STEPS):
                chance = 1.0 - np.exp(-(P + Q * (shares @ adopted)))
                adopted[rng.random(PERSONS) < chance] = 1.0

        return run, lambda: float(adopted.mean())

    return start


if __name__ == "__main__":
    main(prepare)
