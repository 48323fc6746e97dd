"""What the memory gives a plain copy, beside the model's passes over persons."""

from __future__ import annotations

import numpy as np
from timing import Rate, measure

SIZES = {"copy_in_cache": 200_000, "copy_in_memory": 400_000_000}
"""Bytes of the array that is copied."""


def run() -> dict[str, Rate]:
    """Bytes per second, read and written together, of one thread that copies an array."""
    found = {}
    for name, size in SIZES.items():
        source, target = np.ones(size, np.uint8), np.zeros(size, np.uint8)
        times = max(1, 400_000_000 // size)

        def job(source: np.ndarray = source, target: np.ndarray = target, times: int = times) -> None:
            for _ in range(times):
                np.copyto(target, source)

        found[name] = measure(job, 2.0 * size * times)
    return found
