"""Adoption over time: highlighted allocators with bands, the others as thin lines."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from juguo_agents.evaluation.record import Comparison
from juguo_agents.report.figures.series import Series, highlighted
from juguo_agents.report.figures.style import PALE, colour, figure, heading, readable, spread
from juguo_agents.report.names import PROPOSAL
from juguo_agents.report.summary import Summary, main_rows
from juguo_agents.report.texts import say
from juguo_envs.worlds.scenario import STEPS_A_YEAR

_NAMES = ("concentrated", "flat", "nothing", "care_only", PROPOSAL)
_DASHES = {"nothing": (0, (1, 1.5)), "care_only": (0, (4, 2)), "flat": (0, (6, 2, 1, 2))}
_OTHER_DASHES = ((0, (5, 1)), "-", (0, (2, 1)))


def draw(comparison: Comparison, summary: Summary) -> Figure:
    """All means in one panel, labelled where they end; below, each highlighted allocator with its band."""
    chosen = highlighted(comparison, summary, _NAMES)
    shown = {r.name for s in chosen for r in s.records}
    rows = [comparison.record(row["name"]) for row in main_rows(summary)]
    others = [r for r in rows if r.name not in shown]
    note = say("adoption.others", count=len(others)) if len(others) > 1 else ""
    lines = -(-len(chosen) // 4)
    columns = -(-len(chosen) // lines)
    fig = figure(
        comparison,
        10.0,
        5.2 + 1.75 * lines,
        say("adoption.heading"),
        say("adoption.note", others=note),
    )
    upper, lower = fig.subfigures(2, 1, squeeze=False, height_ratios=(4.0, 0.35 + 1.75 * lines)).ravel()
    axes = upper.subplots()
    for record in others:
        axes.plot(record.adoption.mean(0), color=PALE, lw=0.8, zorder=1)
    for series in chosen:
        axes.plot(_mean(series), color=colour(series), lw=2.0, ls=_dashes(series), zorder=3)
    top = _top(comparison, chosen)
    _dress(axes, comparison, max(r.adoption.mean(0).max() for r in rows) * 1.06)
    axes.set_xlabel(say("adoption.time"))
    axes.set_ylabel(say("adoption.share"))
    if (a_year := STEPS_A_YEAR[comparison.scenario.step]) > 1:
        years = axes.secondary_xaxis("top", functions=(lambda q: q / a_year, lambda y: y * a_year))
        years.set_xlabel(say("step.year"))
        years.xaxis.set_major_locator(MaxNLocator(integer=True))
    _label_ends(axes, chosen)
    small = lower.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes_, series in zip(small, chosen, strict=False):
        _band(axes_, comparison, series, top)
    for axes_ in small[max(len(chosen) - columns, 0) : len(chosen)]:
        axes_.tick_params(labelbottom=True)
    for axes_ in small[len(chosen) :]:
        axes_.remove()
    lower.supxlabel(say("adoption.time"), fontsize=9.0)
    return fig


def _dashes(series: Series) -> Any:
    return _OTHER_DASHES[series.number % 3] if series.number else _DASHES.get(series.kind, "-")


def _mean(series: Series) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    mean: np.ndarray[tuple[int], np.dtype[np.float64]] = series.pooled("adoption").mean(0)
    return mean


def _top(comparison: Comparison, chosen: list[Series]) -> float:
    return max(float(np.percentile(s.pooled("adoption"), 90, axis=0).max()) for s in chosen) * 1.06


def _dress(axes: Axes, comparison: Comparison, top: float) -> None:
    axes.set_xlim(0, comparison.records[0].adoption.shape[1] - 1)
    axes.set_ylim(0.0, max(top, 0.01))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, steps=(1, 2, 4, 8, 10), integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if top > 0.05 else 1))
    axes.grid(axis="y")


def _label_ends(axes: Axes, chosen: list[Series]) -> None:
    low, high = axes.get_ylim()
    ends = np.array([_mean(s)[-1] for s in chosen])
    places = spread(ends, (high - low) * 0.058, low + 0.02 * (high - low), high)
    last = axes.get_xlim()[1]
    for series, end, place in zip(chosen, ends, places, strict=True):
        axes.annotate(
            f"{readable(series.label)}  {end:.0%}",
            xy=(last, end),
            xytext=(last * 1.025, place),
            color=colour(series),
            va="center",
            fontsize=8.8,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour(series),
                "lw": 0.7,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0.0, 0.5),
            },
        )


def _band(axes: Axes, comparison: Comparison, series: Series, top: float) -> None:
    adoption = series.pooled("adoption")
    low, high = np.percentile(adoption, (10, 90), axis=0)
    quarters = np.arange(adoption.shape[1])
    axes.fill_between(quarters, low, high, color=colour(series), alpha=0.22, lw=0)
    axes.plot(quarters, adoption.mean(0), color=colour(series), lw=1.8)
    _dress(axes, comparison, top)
    axes.set_title(heading(series, 40).replace("\n", " "), fontsize=8.8, color=colour(series))
