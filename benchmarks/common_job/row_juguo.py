"""This project's whole step with everything but adoption switched off by parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from job import PERSONS, STEPS, Episode, Graph, P, Q, main

from juguo_envs import Batch, Scenario, encode_allocation


def scenario(graph: Graph) -> Scenario:
    """One community in which everybody may adopt and accepts; nobody leaves, is harmed or excluded."""
    community = {"name": "all", "population": PERSONS, "producers": 1, "capability": 0.5}
    return Scenario.load("default").override(
        {
            "society.persons": PERSONS,
            "society.network": "listed",
            "society.communities": [community],
            "society.ties": graph.ties.tolist(),
            "society.producers": 1.0,  # producers may adopt in every stage
            "programme.T": STEPS,
            "roles.eta_I": 0.0,
            "roles.lambda_I": 0.0,
            "adoption.p": P,
            "adoption.q": Q,
            "adoption.gamma": 0.0,
            "adoption.p_tr": 0.0,
            "adoption.alpha_k": 0.0,  # theta = 1
            "adoption.alpha_s": 0.0,
            "adoption.d0": -10.0,  # accept = 1
            "adoption.delta_A": 0.0,
            "defect.h0": 0.0,
            "crisis.shock_rate": 0.0,
            "resilience.floor": 0.0,  # nobody is excluded
        }
    )


def prepare(graph: Graph) -> Callable[[int], Episode]:
    """See `job`."""
    batch = Batch(scenario(graph), 1)
    action = encode_allocation([1.0] + [0.0] * 8, [1.0])[None]

    def start(seed: int) -> Episode:
        batch.reset(np.array([seed], np.uint64))

        def run() -> None:
            for _ in range(STEPS):
                batch.step(action)

        return run, lambda: float(batch.state.adopted[0].mean())

    return start


if __name__ == "__main__":
    main(prepare)
