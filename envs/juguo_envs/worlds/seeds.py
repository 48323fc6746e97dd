"""The seeds that an episode may have."""

from __future__ import annotations

import operator
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from juguo_envs.errors import UserError

SEEDS = range(2**63)
"""What an episode is a function of."""


class SeedError(UserError):
    """A number that is no seed; the message says which are."""


def check_seed(seed: SupportsIndex, what: str = "seed") -> int:
    """A seed as a Python integer.

    Raises:
        SeedError: If it is no whole number, or not among `SEEDS`.
    """
    try:
        number = operator.index(seed) if not isinstance(seed, bool | np.bool_) else -1
    except TypeError:
        number = -1
    if number not in SEEDS:
        raise SeedError(f"{what} is {seed!r}; allowed are whole numbers from 0 to 2**63 - 1")
    return number


def check_seeds(seeds: npt.ArrayLike, what: str = "seeds") -> npt.NDArray[np.uint64]:
    """Seeds as an array of its own type.

    Args:
        seeds: Whole numbers, of any shape.
        what: Their name, for messages.

    Raises:
        SeedError: If one is no whole number, or not among `SEEDS`.
    """
    given: npt.NDArray[Any] = np.asarray(seeds)
    if given.dtype.kind not in "iu":
        return np.array([check_seed(seed, what) for seed in given.ravel().tolist()], np.uint64).reshape(
            given.shape
        )
    if given.size and (given.min() < 0 or given.max() > SEEDS[-1]):
        odd = given[(given < 0) | (given > SEEDS[-1])].flat[0]
        raise SeedError(f"{what} hold {odd}; allowed are whole numbers from 0 to 2**63 - 1")
    return given.astype(np.uint64, copy=False)
