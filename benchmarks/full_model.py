"""Person-steps per second of the whole model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from timing import Rate, measure

from juguo_envs import Batch, Scenario, encode_allocation


def mid_programme(
    persons: int, societies: int, *, threads: int, quarters: int = 30
) -> tuple[Batch, npt.NDArray[np.float32]]:
    """A batch after some quarters of an allocation that spreads the technology, and that allocation."""
    scenario = Scenario.load("default").override({"society.persons": persons, "programme.T": 10_000})
    batch = Batch(scenario, societies, threads=threads)
    batch.reset(np.arange(societies, dtype=np.uint64))
    functions = [0.2, 0.1, 0.1, 0.15, 0.1, 0.1, 0.05, 0.1, 0.1]
    action = encode_allocation(functions, batch.world.share, openness=0.5, advance=True)
    actions = np.repeat(action[None], societies, axis=0)
    for _ in range(quarters):
        batch.step(actions)
    return batch, actions


def rate(persons: int, societies: int, threads: int, quarters: int) -> Rate:
    """Rate in mid-programme."""
    batch, actions = mid_programme(persons, societies, threads=threads)

    def job() -> None:
        for _ in range(quarters):
            batch.step(actions)

    return measure(job, persons * societies * quarters)


def run(quick: bool) -> dict[str, Rate]:
    """The rates by name; `quick` leaves out the largest worlds."""
    rates = {
        "n1e3_threads1": rate(1_000, 1, 1, 500),
        "batch16_threads1": rate(1_000, 16, 1, 60),
        "batch16_threads2": rate(1_000, 16, 2, 60),
        "batch128_threads1": rate(1_000, 128, 1, 10),
        "n1e4_threads1": rate(10_000, 1, 1, 60),
        "n1e5_threads1": rate(100_000, 1, 1, 8),
    }
    if not quick:
        rates["n1e6_threads1"] = rate(1_000_000, 1, 1, 2)
    return rates
