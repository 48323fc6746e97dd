"""Pattern 6: crises are exceptions, and do not decide which doctrine is better."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from juguo_agents.evaluation.statistics import composite_interval, mean_interval
from juguo_agents.studies.patterns.facts import FACTS
from juguo_agents.studies.patterns.pattern import Band, Part, Pattern
from juguo_agents.studies.patterns.runs import Runs
from juguo_agents.studies.patterns.systems import (
    AS_IS,
    CALM,
    PROPOSAL,
    System,
    doctrines,
    like_for_like,
)

ON_PURPOSE = "crisis"
"""The scenario that is about crises: there the pattern is not meant to hold."""


def systems() -> list[System]:
    """Who is run for it."""
    return [System(like_for_like(name), world) for world in (AS_IS, CALM) for name in doctrines()]


def crises_are_exceptions(runs: Runs) -> Pattern:
    """Few crises under the proposal, and the same ranking without shocks."""
    names = doctrines()
    struck, calm = (
        np.array([runs.at(like_for_like(name), world).record.returns for name in names])
        for world in (AS_IS, CALM)
    )

    def agreement(drawn: npt.NDArray[np.int64]) -> float:
        return kendall(struck[:, drawn].mean(1), calm[:, drawn].mean(1))

    return Pattern(
        FACTS[6],
        (
            Part(
                "community-quarters in crisis under the proposal",
                mean_interval(runs.at(like_for_like(PROPOSAL)).course.crises),
                Band(most=0.15),
            ),
            Part(
                "Kendall's tau of the ranking with and without shocks",
                composite_interval(agreement, runs.episodes),
                Band(0.8),
            ),
        ),
        {
            "mean_return": dict(zip(names, struck.mean(1).tolist(), strict=True)),
            "mean_return_without_shocks": dict(zip(names, calm.mean(1).tolist(), strict=True)),
            "in_crisis": {name: float(runs.at(like_for_like(name)).course.crises.mean()) for name in names},
        },
        expected=runs.scenario.name != ON_PURPOSE,
    )


def kendall(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float:
    """Kendall's tau-b of two rankings."""
    return float(stats.kendalltau(first, second).statistic)
