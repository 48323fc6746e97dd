"""Person-steps per second of the whole model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from timing import Rate, measure

from juguo_envs import Batch, Scenario, encode_allocation


def mid_programme(
    persons: int, societies: int, *, threads: int, quarters: int = 30, noisy: bool = True
) -> tuple[Batch, npt.NDArray[np.float32]]:
    """A batch after some quarters of an allocation that spreads the technology, and that allocation."""
    scenario = Scenario.load("default").override({"society.persons": persons, "programme.T": 10_000})
    batch = Batch(scenario, societies, threads=threads, noisy=noisy)
    batch.reset(np.arange(societies, dtype=np.uint64))
    functions = [0.2, 0.1, 0.1, 0.15, 0.1, 0.1, 0.05, 0.1, 0.1]
    action = encode_allocation(functions, batch.structure.share, openness=0.5, advance=True)
    actions = np.repeat(action[None], societies, axis=0)
    for _ in range(quarters):
        batch.step(actions)
    return batch, actions


def rate(persons: int, societies: int, threads: int, quarters: int, observe: bool = True) -> Rate:
    """Rate in mid-programme; without `observe` the state is shown as it is, and no noise drawn."""
    batch, actions = mid_programme(persons, societies, threads=threads, noisy=observe)

    def job() -> None:
        for _ in range(quarters):
            batch.step(actions)

    return measure(job, persons * societies * quarters)


CASES: dict[str, tuple[int, int, int, int]] = {
    "n1e3_threads1": (1_000, 1, 1, 500),
    "batch16_threads1": (1_000, 16, 1, 60),
    "batch16_threads2": (1_000, 16, 2, 60),
    "batch128_threads1": (1_000, 128, 1, 10),
    "batch128_threads2": (1_000, 128, 2, 10),
    "n1e4_threads1": (10_000, 1, 1, 60),
    "n1e5_threads1": (100_000, 1, 1, 12),
    "n1e5_threads2": (100_000, 1, 2, 12),
    "n1e6_threads1": (1_000_000, 1, 1, 12),
    "n1e6_threads2": (1_000_000, 1, 2, 12),
    "n1e7_threads1": (10_000_000, 1, 1, 4),
    "n1e7_threads2": (10_000_000, 1, 2, 4),
}
"""Persons, societies, threads and quarters timed."""
QUICK = 200_000
"""Most persons of a society with `--quick`."""


def run(quick: bool) -> dict[str, Rate]:
    """The rates by name; `quick` leaves out the largest worlds."""
    rates = {name: rate(*case) for name, case in CASES.items() if not quick or case[0] <= QUICK}
    return rates | {"batch128_threads1_true": rate(*CASES["batch128_threads1"], observe=False)}
