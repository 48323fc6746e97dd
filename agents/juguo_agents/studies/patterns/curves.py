"""Patterns 3 and 4: how adoption goes on over time where neither shocks nor defects disturb it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.evaluation.statistics import Estimate, composite_interval
from juguo_agents.studies.patterns.bass import PUBLISHED_P, PUBLISHED_Q, Bass, crossing, fit
from juguo_agents.studies.patterns.facts import FACTS
from juguo_agents.studies.patterns.pattern import Band, Part, Pattern
from juguo_agents.studies.patterns.runs import YEAR, Run, Runs
from juguo_agents.studies.patterns.systems import (
    FLAT,
    MARKET,
    PROPOSAL,
    SOUND,
    System,
    bringing,
    like_for_like,
)

Floats = npt.NDArray[np.float64]
Drawn = npt.NDArray[np.int64]

CURVES = (MARKET, PROPOSAL)
NARROWED = (FLAT, PROPOSAL)
REACHED = 0.10
FITS = 500
"""Resamples of episodes to which a curve is fitted."""
LOW, HIGH = 0, 2


def s_curve_systems() -> list[System]:
    """Who is run for pattern 3."""
    return [System(like_for_like(name), SOUND) for name in CURVES]


def s_curve(runs: Runs) -> Pattern:
    """Pattern 3: the mean curve is that of Bass, with rates as published."""
    parts: list[Part] = []
    details: dict[str, Any] = {}
    for name in CURVES:
        adoption = runs.at(like_for_like(name), SOUND).record.adoption
        years = np.arange(adoption.shape[1]) / YEAR
        whole = fit(years, adoption.mean(0))
        p, q = _rates(years, adoption, whole)
        parts += [
            Part(f"{name}: p per year", p, Band(*PUBLISHED_P)),
            Part(f"{name}: q per year", q, Band(*PUBLISHED_Q)),
            Part(
                f"{name}: years from 10 % to 90 % of the final level",
                _duration(years, adoption),
                Band(4.0, 15.0),
            ),
        ]
        curve, fitted = adoption.mean(0), whole.at(years)
        details[name] = {
            "ceiling": whole.m,
            "root_mean_square_misfit": float(np.sqrt(((curve - fitted) ** 2).mean())),
            "adoption": curve.tolist(),
            "fitted": fitted.tolist(),
        }
    return Pattern(
        FACTS[3],
        tuple(parts),
        details,
    )


def _rates(years: Floats, adoption: Floats, whole: Bass) -> tuple[Estimate, Estimate]:
    """p and q of the mean curve; resamples are fitted once for both."""
    fitted: dict[bytes, Bass] = {}

    def refit(drawn: Drawn) -> Bass:
        key = drawn.tobytes()
        if key not in fitted:
            fitted[key] = fit(years, adoption[drawn].mean(0), whole if np.isfinite(whole.p) else None)
        return fitted[key]

    return (
        composite_interval(lambda drawn: refit(drawn).p, len(adoption), FITS),
        composite_interval(lambda drawn: refit(drawn).q, len(adoption), FITS),
    )


def _duration(years: Floats, adoption: Floats) -> Estimate:
    """From 10 % to 90 % of the level of the last year, on the mean curve."""

    def duration(drawn: Drawn) -> float:
        curve = adoption[drawn].mean(0)
        final = curve[-YEAR:].mean()
        if final <= 0.0:
            return float("nan")
        return crossing(years, curve, 0.9 * final) - crossing(years, curve, 0.1 * final)

    return composite_interval(duration, len(adoption))


def divide_systems() -> list[System]:
    """Who is run for pattern 4."""
    return [
        *(System(like_for_like(name), SOUND) for name in bringing()),
        *(System(like_for_like(name), SOUND, "enablement") for name in NARROWED),
    ]


def divide(runs: Runs) -> Pattern:
    """Pattern 4: the upper stratum is years ahead of the lower, less so where people are enabled."""
    found = {name: runs.at(like_for_like(name), SOUND) for name in bringing()}
    reach = [name for name in found if found[name].record.adoption[:, -1].mean() >= REACHED]

    def mean_lag(drawn: Drawn) -> float:
        return float(np.mean([lag(found[name], drawn) for name in reach])) if reach else float("nan")

    parts = [
        Part(
            f"years by which the upper stratum is ahead, mean of {len(reach)} doctrines",
            composite_interval(mean_lag, runs.episodes),
            Band(1.0),
        )
    ]
    parts += [Part(f"{name}: years ahead", _of(lag, found[name], runs.episodes)) for name in NARROWED]
    details: dict[str, Any] = {
        "years_ahead": {name: asdict(_of(lag, run, runs.episodes)) for name, run in found.items()},
        "among": reach,
    }
    for name in NARROWED:
        without = runs.at(like_for_like(name), SOUND, "enablement")
        parts.append(
            Part(
                f"{name}: how much wider the gap is without enablement",
                _change(gap, found[name], without, runs.episodes),
                Band(0.0, above=True),
            )
        )
        parts.append(
            Part(
                f"{name}: further years ahead without enablement",
                _change(lag, found[name], without, runs.episodes),
            )
        )
        details[name] = {
            "gap": asdict(_of(gap, found[name], runs.episodes)),
            "gap_without_enablement": asdict(_of(gap, without, runs.episodes)),
            "adoption": _by_stratum(found[name]),
            "adoption_without_enablement": _by_stratum(without),
        }
    return Pattern(
        FACTS[4],
        tuple(parts),
        details,
    )


def lag(run: Run, drawn: Drawn) -> float:
    """Years by which the upper stratum's mean curve reaches half of its level of the last year first."""
    halves = []
    for stratum in (LOW, HIGH):
        curve = run.course.strata[drawn, :, stratum].mean(0)
        final = curve[-YEAR:].mean()
        years = np.arange(len(curve)) / YEAR
        halves.append(crossing(years, curve, 0.5 * final) if final > 0.0 else float("nan"))
    return halves[0] - halves[1]


def gap(run: Run, drawn: Drawn) -> float:
    """Share by which the lower stratum's adoption of the last year is below the upper's.

    It has no unit, so that it can be compared between levels of adoption.
    """
    low, _, high = run.course.strata[drawn, -YEAR:].mean((0, 1))
    return float(1.0 - low / high) if high > 0.0 else float("nan")


def _of(figure: Callable[[Run, Drawn], float], run: Run, episodes: int) -> Estimate:
    return composite_interval(lambda drawn: figure(run, drawn), episodes)


def _change(figure: Callable[[Run, Drawn], float], run: Run, without: Run, episodes: int) -> Estimate:
    """A figure without something less the same with it, on common episodes."""
    return composite_interval(lambda drawn: figure(without, drawn) - figure(run, drawn), episodes)


def _by_stratum(run: Run) -> dict[str, list[float]]:
    """Mean adopting share of the lower and the upper stratum by quarter."""
    means = run.course.strata.mean(0)
    return {"lower": means[:, LOW].tolist(), "upper": means[:, HIGH].tolist()}
