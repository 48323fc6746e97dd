"""A limit on the excluded, held by a Lagrange multiplier that is raised while the limit is broken.

The learner maximises w_b breadth + w_r resilience - multiplier x excluded: the multiplier takes the place of
the weight of the excluded. After every rollout it takes a step of dual ascent (Altman 1999; Ray et al. 2019)

    multiplier <- clip(multiplier + rate (mean excluded of the episodes that ended - aim x limit), 0, most)

so that it settles where the share aimed at, a little under the limit, is just kept, or at 0 where it is kept
without a price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.record import Record
from juguo_agents.training.config import Constraint
from juguo_envs.worlds.parameters import Reward

SIDE = 1.645
"""Standard errors above its mean at which the excluded share must keep the limit, one-sided 95 %."""


class Multiplier:
    """The multiplier and what it has seen since its last update.

    Attributes:
        constraint: The limit and how it is pursued.
        state: (3,) the multiplier, and sum and number of the excluded shares of episodes that ended since
            the last update. It is all that changes, so that a checkpoint can hold it.
    """

    def __init__(self, constraint: Constraint) -> None:
        """Begin at the start."""
        self.constraint = constraint
        self.state = np.array([constraint.start, 0.0, 0.0])

    @property
    def value(self) -> float:
        """The multiplier."""
        return float(self.state[0])

    def reward(self, quarter: npt.NDArray[np.void], params: npt.NDArray[np.void]) -> Floats:
        """(B,) the quarter's reward with the multiplier in the place of the weight of the excluded."""
        gained = params["w_b"] * quarter["breadth"] + params["w_r"] * quarter["resilience"]
        found: Floats = (gained - self.value * quarter["excluded"]) / params["T"]
        return found

    def saw(self, excluded: Floats) -> None:
        """Take the mean excluded shares of episodes that ended."""
        self.state[1] += excluded.sum()
        self.state[2] += len(excluded)

    def update(self) -> float | None:
        """Move by what was seen since the last update.

        Returns:
            The mean excluded share of those episodes; None where none ended, and the multiplier stays.
        """
        value, total, count = self.state
        if not count:
            return None
        rules, mean = self.constraint, total / count
        self.state[:] = (
            min(rules.most, max(0.0, value + rules.rate * (mean - rules.aim * rules.limit))),
            0.0,
            0.0,
        )
        return float(mean)


@dataclass(frozen=True, order=True)
class Merit:
    """How good a policy is under a limit, the better the larger: to keep it comes first.

    Attributes:
        kept: Whether the limit lies at least `SIDE` standard errors above the mean excluded share.
        value: Mean of w_b breadth + w_r resilience where it is kept, otherwise minus the mean excluded share.
    """

    kept: bool
    value: float


NONE_YET = Merit(False, -np.inf)


def merit(record: Record, constraint: Constraint, weights: Reward) -> Merit:
    """Of a policy that ran through episodes in which the reward has these weights."""
    excluded = record.excluded
    error = float(excluded.std(ddof=1)) / np.sqrt(len(excluded)) if len(excluded) > 1 else 0.0
    if excluded.mean() + SIDE * error <= constraint.limit:
        gained = weights.w_b * record.breadth + weights.w_r * record.resilience
        return Merit(True, float(gained.mean()))
    return Merit(False, -float(excluded.mean()))
