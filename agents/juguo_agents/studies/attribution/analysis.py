"""A difference divided over parts: exact Shapley values, and in what order parts are best exchanged.

A coalition is the set of parts that come from B, as a number: bit i is set where part i is among them.
`values` are (2^n, episodes), the return of every coalition of n parts in every episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Floats, Ints
from juguo_agents.allocators.hybrid import PARTS
from juguo_agents.evaluation.statistics import mean_interval, paired_difference


@dataclass(frozen=True)
class Step:
    """One part exchanged: which, and the coalitions before and after."""

    part: int
    before: int
    after: int


def parts_of(values: Floats) -> int:
    """How many parts so many coalitions are made of.

    Raises:
        ValueError: If the number of coalitions is no power of 2.
    """
    parts = len(values).bit_length() - 1
    if len(values) != 2**parts:
        raise ValueError(f"there are {len(values)} coalitions; expected a power of 2")
    return parts


def without(part: int, parts: int) -> Ints:
    """(2^(parts - 1),) the coalitions that a part is not in."""
    everyone = np.arange(2**parts)
    found: Ints = everyone[(everyone >> part) & 1 == 0]
    return found


def shapley(values: Floats) -> Floats:
    """(n, episodes) Shapley values (Shapley 1953); over the parts they sum to B's return less A's.

    A part's value is what its exchange adds to the return, averaged over all orders in which the n parts can
    be exchanged one after another.
    """
    parts = parts_of(values)
    orders = np.array([factorial(s) * factorial(parts - 1 - s) for s in range(parts)]) / factorial(parts)
    found = np.empty((parts, values.shape[1]))
    for part in range(parts):
        others = without(part, parts)
        added = values[others | 1 << part] - values[others]
        found[part] = (orders[np.bitwise_count(others)][:, None] * added).sum(0)
    return found


def best_first(values: Floats, start: int) -> list[Step]:
    """Exchange every part once, from a coalition on; each time the one that leaves the highest mean."""
    means: npt.NDArray[np.float64] = values.mean(1)
    left, here, path = list(range(parts_of(values))), start, []
    while left:
        part = max(left, key=lambda i: means[here ^ 1 << i])
        left.remove(part)
        path.append(Step(part, here, here ^ 1 << part))
        here ^= 1 << part
    return path


def division(values: Floats) -> dict[str, Any]:
    """What each part is worth, exchanged in all orders, first and last; and the two best-first orders."""
    everything = len(values) - 1
    return {
        "parts": [
            {
                "part": PARTS[i],
                "worth": mean_interval(worth).__dict__,
                "first": paired_difference(values[1 << i], values[0]).__dict__,
                "last": paired_difference(values[-1], values[everything ^ 1 << i]).__dict__,
                "same": _same(values, i),
            }
            for i, worth in enumerate(shapley(values))
        ],
        "orders": {
            "a_to_b": _steps(values, best_first(values, 0)),
            "b_to_a": _steps(values, best_first(values, everything)),
        },
    }


def _same(values: Floats, part: int) -> bool:
    """Whether exchanging a part changes the return of no coalition in no episode."""
    others = without(part, parts_of(values))
    return bool(np.array_equal(values[others], values[others | 1 << part]))


def _steps(values: Floats, path: list[Step]) -> list[dict[str, Any]]:
    return [
        {
            "part": PARTS[step.part],
            "gain": paired_difference(values[step.after], values[step.before]).__dict__,
            "return": float(values[step.after].mean()),
        }
        for step in path
    ]
