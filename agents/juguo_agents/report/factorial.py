"""What doctrines and institutions are worth, from the full factorial: doctrine x exit x relief.

Everything is paired: all cells met the same episodes, which are resampled together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.evaluation.statistics import CONFIDENCE, RESAMPLES, mean_interval, spread_out
from juguo_agents.report.doctrines import (
    BOTH,
    CELLS,
    EXIT,
    NEITHER,
    REFERENCES,
    RELIEF,
    WITHOUT_TECHNOLOGY,
    Cell,
    cells,
    doctrines,
)

CELL_NAMES = {NEITHER: "neither", EXIT: "exit", RELIEF: "relief", BOTH: "both"}
SOURCES = ("doctrine", "exit", "relief", "interplay")
"""What the variance between the cells is divided into."""


def complete(comparison: Comparison) -> dict[str, dict[Cell, Record]]:
    """The doctrines of which all four cells were compared, with these."""
    found = {doctrine: cells(comparison, doctrine) for doctrine in doctrines(comparison)}
    return {doctrine: compared for doctrine, compared in found.items() if len(compared) == len(CELLS)}


def effects(returns: Mapping[Cell, Floats]) -> dict[str, Floats]:
    """What each institution changes in the return, episode by episode.

    Args:
        returns: (E,) returns in each of the four cells.

    Returns:
        (E,) each: `exit` and `relief`, averaged over the other institution; the same where the other is
        lacking (`exit_alone`) and where it is there (`exit_with_relief`); and `interplay`, by how much more
        an institution brings where the other is there.
    """
    neither, exit, relief, both = (returns[cell] for cell in CELLS)
    exit_alone, exit_with_relief = exit - neither, both - relief
    relief_alone, relief_with_exit = relief - neither, both - exit
    return {
        "exit": (exit_alone + exit_with_relief) / 2.0,
        "exit_alone": exit_alone,
        "exit_with_relief": exit_with_relief,
        "relief": (relief_alone + relief_with_exit) / 2.0,
        "relief_alone": relief_alone,
        "relief_with_exit": relief_with_exit,
        "interplay": exit_with_relief - exit_alone,
    }


def institutions(comparison: Comparison) -> list[dict[str, Any]]:
    """For each complete doctrine its return with both institutions, the effects, and its four cells.

    Best first.
    """
    rows = []
    for doctrine, compared in complete(comparison).items():
        row: dict[str, Any] = {"doctrine": doctrine, "reference": doctrine in REFERENCES}
        row |= spread_out("mean", mean_interval(compared[BOTH].returns))
        for name, values in effects({cell: r.returns for cell, r in compared.items()}).items():
            row |= spread_out(name, mean_interval(values))
        row["cells"] = {
            CELL_NAMES[cell]: {"name": record.name} | spread_out("mean", mean_interval(record.returns))
            for cell, record in compared.items()
        }
        rows.append(row)
    return sorted(rows, key=lambda row: -float(row["mean"]))


def factorial(comparison: Comparison) -> dict[str, Any] | None:
    """The totals over the complete doctrines; None where there are fewer than two.

    `exit`, `relief` and `interplay` are the mean effects over the complete doctrines that bring a technology
    to people, which `bringing` names (None where there is none). `variance` divides the variance between the
    mean returns of all cells; see `variance_shares`. `std` is that variance's root.
    """
    found = complete(comparison)
    if len(found) < 2:
        return None
    bringing = [doctrine for doctrine in found if doctrine not in WITHOUT_TECHNOLOGY]
    totals: dict[str, Any] = {
        "doctrines": list(found),
        "cells": len(found) * len(CELLS),
        "bringing": bringing,
    }
    if bringing:
        together = {cell: np.mean([found[d][cell].returns for d in bringing], axis=0) for cell in CELLS}
        per_episode = effects(together)
        for name in ("exit", "relief", "interplay"):
            totals |= spread_out(name, mean_interval(per_episode[name]))
    else:
        totals |= dict.fromkeys(("exit", "relief", "interplay"))
    values = np.array(
        [[[found[d][e, r].returns for r in (False, True)] for e in (False, True)] for d in found]
    )
    totals["std"] = float(values.mean(-1).std())
    totals["variance"] = variance_shares(values)
    return totals


def _divided(means: Floats) -> Floats:
    """(4, ...) sums of squares by `SOURCES` of (D, 2, 2, ...) mean returns."""
    grand = means.mean((0, 1, 2), keepdims=True)
    everything = ((means - grand) ** 2).sum((0, 1, 2))
    parts = [
        ((means.mean(others, keepdims=True) - grand) ** 2).sum((0, 1, 2))
        * np.prod(np.take(means.shape, others))
        for others in ((1, 2), (0, 2), (0, 1))
    ]
    return np.array([*parts, everything - sum(parts)])


def variance_shares(values: Floats) -> dict[str, Any] | None:
    """Shares of the variance between the cells' mean returns that are due to each of `SOURCES`.

    The main effects of an analysis of variance. `interplay` is all the rest: what an institution brings more
    under one doctrine than under another, or beside the other institution. Episodes are resampled for all
    cells at once. A finite number of episodes makes means differ where nothing does; the bootstrap says by
    how much, and that is taken off, before what falls below zero is raised to it.

    Args:
        values: (D, 2, 2, E) returns.

    Returns:
        Each share with its 95 % interval, the percentiles of the resampled shares about the corrected one;
        None where no mean differs from another.
    """
    sums = _divided(values.mean(-1))
    if sums.sum() < 1e-18:
        return None
    episodes = values.shape[-1]
    rng = np.random.default_rng(0)
    weights = rng.multinomial(episodes, np.full(episodes, 1.0 / episodes), RESAMPLES) / episodes
    drawn = _divided(values @ weights.T)
    resampled = drawn / np.maximum(drawn.sum(0), 1e-18)
    share = sums / sums.sum()
    bias = resampled.mean(1) - share
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(resampled - 2.0 * bias[:, None], (tail, 1.0 - tail), axis=1)
    told: dict[str, Any] = {}
    for i, name in enumerate(SOURCES):
        ends = (share[i] - bias[i], low[i], high[i])
        for end, value in zip(("", "_low", "_high"), ends, strict=True):
            told[name + end] = float(np.clip(value, 0.0, 1.0))
    return told
