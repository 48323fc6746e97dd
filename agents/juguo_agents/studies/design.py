"""Places of a family of scenarios that fill its cube evenly: scrambled Sobol points, or a Latin hypercube."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import qmc

from juguo_agents.array_types import Floats
from juguo_envs.errors import UserError
from juguo_envs.worlds.sampling import axes
from juguo_envs.worlds.scenario import Scenario

DESIGNS = ("sobol", "latin")
LARGEST_SAMPLE = 2**16


def points(
    count: int, seed: int, base: Scenario | None = None, design: str = "sobol", preferences: bool = False
) -> Floats:
    """Places of the unit cube of a family.

    Args:
        count: How many. Sobol points fill the cube evenly where it is a power of two; another count takes the
            first of the next power, which fill it a little less evenly.
        seed: Seed of the scrambling or of the hypercube; another seed gives other places.
        base: The scenario around which the family lies; the default one if none is given.
        design: "sobol" (Owen-scrambled) or "latin".
        preferences: Whether the preferences of `juguo_envs.worlds.sampling` are axes, too.

    Returns:
        (count, number of axes) in [0, 1).

    Raises:
        UserError: If the count, the seed or the design is not allowed.
    """
    if not 1 <= count <= LARGEST_SAMPLE:
        raise UserError(f"points is {count}; allowed is 1 to {LARGEST_SAMPLE}")
    if seed < 0:
        raise UserError(f"seed is {seed}; allowed is 0 or more")
    size = len(axes(base, preferences))
    rng = np.random.default_rng(seed)
    if design == "sobol":
        drawn = qmc.Sobol(size, scramble=True, rng=rng).random_base2(math.ceil(math.log2(count)))[:count]
    elif design == "latin":
        drawn = qmc.LatinHypercube(size, rng=rng).random(count)
    else:
        raise UserError(f"design is {design!r}; allowed are {' and '.join(DESIGNS)}")
    return np.clip(np.asarray(drawn, np.float64), 0.0, 1.0)
