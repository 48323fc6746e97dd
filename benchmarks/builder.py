"""Time and memory of building a society, network included: linear in persons, or this shows it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from juguo_envs import Batch, Scenario

SIZES = {"n1e3": 1_000, "n1e4": 10_000, "n1e5": 100_000, "n1e6": 1_000_000, "n1e7": 10_000_000}


@dataclass(frozen=True)
class Built:
    """What one society took.

    Attributes:
        seconds: From seed to first observation, the kernels compiled.
        state_bytes: Bytes of all arrays, a person.
        peak_bytes: Most that the process took beyond what it took before, a person.
        by_field: Bytes a person by array of the state, those of at least a tenth of a byte.
    """

    seconds: float
    state_bytes: float
    peak_bytes: float
    by_field: dict[str, float]


def build(persons: int) -> Built:
    """Build one society in this process."""
    Batch(Scenario.load("default"), 1).reset(np.zeros(1, np.uint64))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batch = Batch(Scenario.load("default").override({"society.persons": persons}), 1)
    begun = time.perf_counter()
    batch.reset(np.zeros(1, np.uint64))
    seconds = time.perf_counter() - begun
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    taken = {name: array.nbytes / persons for name, array in batch.state._asdict().items()}
    return Built(seconds, sum(taken.values()), peak / persons, {n: x for n, x in taken.items() if x >= 0.1})


def run(quick: bool) -> dict[str, Built]:
    """By size, one process each, so that a peak is its own."""
    found = {}
    for name, persons in SIZES.items():
        if quick and persons > 100_000:
            continue
        done = subprocess.run(
            [sys.executable, str(Path(__file__)), str(persons)], capture_output=True, text=True, check=True
        )
        found[name] = Built(**json.loads(done.stdout.splitlines()[-1]))
    return found


def show(found: dict[str, Built]) -> None:
    """Print the table, and the memory of the largest society field by field."""
    print("\nBuilding a society: seconds, microseconds a person, bytes a person kept, and at the peak")
    for name, built in found.items():
        each = built.seconds / SIZES[name] * 1e6
        peak = f"{built.peak_bytes:8.1f}" if SIZES[name] >= 100_000 else "       -"
        print(f"  {name:22} {built.seconds:10.4f} {each:8.3f} {built.state_bytes:8.1f} {peak}")
    largest = list(found)[-1]
    print(f"  bytes a person at {largest}, array by array:")
    for name, taken in sorted(found[largest].by_field.items(), key=lambda item: -item[1]):
        print(f"    {name:20} {taken:6.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(vars(build(int(sys.argv[1])))))
    else:
        show(run(False))
