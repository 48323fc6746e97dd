"""Pattern 2: concentration makes knowledge, and leaves others out."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from juguo_agents.evaluation.statistics import Estimate, composite_interval, mean_interval, paired_difference
from juguo_agents.studies.patterns.facts import FACTS
from juguo_agents.studies.patterns.pattern import UNKNOWN, Band, Part, Pattern
from juguo_agents.studies.patterns.runs import YEAR, Runs
from juguo_agents.studies.patterns.systems import CONCENTRATED, KNOWLEDGE, System, doctrines, like_for_like


def systems() -> list[System]:
    """Who is run for it."""
    return [System(like_for_like(name)) for name in doctrines()]


def concentration(runs: Runs) -> Pattern:
    """Most knowledge early, adoption in the hubs, many excluded."""
    names = doctrines()
    found = {name: runs.at(like_for_like(name)) for name in names}
    own = found[CONCENTRATED]
    leads = {
        name: paired_difference(own.course.early_knowledge, run.course.early_knowledge)
        for name, run in found.items()
        if name not in (CONCENTRATED, KNOWLEDGE)
    }
    closest = min(leads, key=lambda name: leads[name].mean)
    excluded = np.array([found[name].record.excluded for name in names])
    me = names.index(CONCENTRATED)

    def rank(drawn: npt.NDArray[np.int64]) -> float:
        means = excluded[:, drawn].mean(1)
        return float(1 + (means > means[me]).sum())

    return Pattern(
        FACTS[2],
        (
            Part(f"least lead in K at quarter 12 (over {closest})", leads[closest], Band(0.0, above=True)),
            Part("adoption of other places over that of hubs", _ratio(runs), Band(most=0.5)),
            Part(
                f"rank by excluded share, of {len(names)}",
                composite_interval(rank, runs.episodes),
                Band(most=3),
            ),
        ),
        {
            "knowledge_quarter_12": {
                name: asdict(mean_interval(run.course.early_knowledge)) for name, run in found.items()
            },
            "excluded": {name: asdict(mean_interval(run.record.excluded)) for name, run in found.items()},
            "adoption": _curves(runs),
        },
    )


def _ratio(runs: Runs) -> Estimate:
    """Adopting shares of the last year, where the first technology is sound; each a mean over persons.

    The hubs' adoption, which is the larger one, stands below: outside them there may be none.
    """
    last = runs.at(like_for_like(CONCENTRATED)).course.places[runs.sound, -YEAR:].mean(1)

    def ratio(drawn: npt.NDArray[np.int64]) -> float:
        hubs, others = last[drawn].mean(0)
        return float(others / hubs) if hubs > 0.0 else float("nan")

    if not len(last):
        return UNKNOWN
    return composite_interval(ratio, len(last))


def _curves(runs: Runs) -> dict[str, list[float]]:
    """Mean adopting share of hubs and of other places by quarter, where the first technology is sound."""
    places = runs.at(like_for_like(CONCENTRATED)).course.places[runs.sound]
    if not len(places) or not np.isfinite(places).all():
        return {}
    return dict(zip(("hubs", "other places"), places.mean(0).T.tolist(), strict=True))
