"""Under which values allocators are judged: the same episodes count differently under each.

What a reward consists of does not depend on the values, so that an episode is run once and scored under all
of them. Only a rule that looks at its reward acts otherwise under other values, and is run under each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from juguo_envs.worlds.parameters import Reward
from juguo_envs.worlds.scenario import Scenario

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ValueSet:
    """One way to value what comes of an allocation.

    Attributes:
        name: Its name in results.
        text: What it is, in words.
        changes: Fields of the reward that differ from the base scenario's; None for the values that are drawn
            at a point.
    """

    name: str
    text: str
    changes: Mapping[str, float] | None

    def reward(self, scenario: Scenario, base: Scenario) -> Reward:
        """The values.

        Args:
            scenario: The world at a point, with the values drawn there.
            base: What all worlds have in common.
        """
        if self.changes is None:
            return scenario.reward
        return base.override({f"reward.{name}": value for name, value in self.changes.items()}).reward

    def pursued(self, scenario: Scenario, base: Scenario) -> Scenario:
        """The world at a point, for a rule that is to pursue these values."""
        reward = self.reward(scenario, base).model_dump()
        return scenario.override({f"reward.{name}": value for name, value in reward.items()})


DRAWN = ValueSet("drawn", "the values drawn in each world", None)
VALUE_SETS = (
    DRAWN,
    ValueSet("default", "the scenario's own values", {}),
    ValueSet("headcount", "heads count, whoever they are", {"aversion": 0.0}),
    ValueSet("egalitarian", "strong aversion to inequality", {"aversion": 2.0}),
    ValueSet("care", "resilience counts most", {"w_r": 2.0}),
    ValueSet("no harm", "the excluded count most", {"w_x": 5.0}),
)
"""Drawn; the scenario's own; its aversion at both ends; and each weight of the floor high in its range."""


def aversions(base: Scenario) -> tuple[float, ...]:
    """The aversions of the value sets other than `DRAWN`, in ascending order."""
    return tuple(sorted({s.reward(base, base).aversion for s in VALUE_SETS if s.changes is not None}))


def breadth_column(aversion: float) -> str:
    """Name of breadth at an aversion; breadth at the aversion drawn at a point is `breadth`."""
    return f"breadth_{aversion:g}"


def score(measured: Mapping[str, Floats], values: ValueSet, scenario: Scenario, base: Scenario) -> Floats:
    """Returns (episodes,) under some values.

    Args:
        measured: Resilience, excluded and breadth, the latter at the drawn and at all other aversions.
        values: The values.
        scenario, base: As of `ValueSet.reward`.
    """
    reward = values.reward(scenario, base)
    breadth = measured["breadth" if values.changes is None else breadth_column(reward.aversion)]
    found: Floats = (
        reward.w_b * breadth + reward.w_r * measured["resilience"] - reward.w_x * measured["excluded"]
    )
    return found
