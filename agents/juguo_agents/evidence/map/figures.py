"""The figures of a map as PNG. Only this module and `tree_figure` import matplotlib here."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from juguo_agents.evidence.map.design import SYSTEMS
from juguo_agents.evidence.map.summary import MAIN, deciding_axes, difference_of
from juguo_agents.evidence.map.tables import Floats, Runs
from juguo_agents.evidence.map.tree_figure import draw_tree
from juguo_agents.evidence.map.verdicts import CONDITIONS, CORE, Verdict
from juguo_agents.report.figures.style import (
    BLACK,
    BLUE,
    COLOURS,
    DPI,
    GREY,
    ORANGE,
    PURPLE,
    headed,
    parameters,
)
from juguo_agents.report.selection import label
from juguo_envs.sampling import Axis

MARKERS = {"concentrated": "s", "flat": "^", "experiment_diffusion": "o"}
PANELS = 6
_BINS = 8


def draw_figures(
    runs: Runs, verdicts: dict[str, list[Verdict]], summary: dict[str, Any]
) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure. matplotlib's settings are as before when it is done."""
    drawn: dict[str, Callable[[], Figure | None]] = {
        "shares.png": lambda: draw_shares(summary),
        "map.png": lambda: draw_map(runs, verdicts, summary),
        "differences.png": lambda: draw_differences(runs, verdicts[MAIN], summary),
        "indices.png": lambda: draw_indices(summary),
        "tree.png": lambda: draw_tree(summary, MAIN, _subtitle(summary)),
    }
    for name, draw in drawn.items():
        with rc_context(parameters()):
            fig = draw()
            if fig is None:
                continue
            out = io.BytesIO()
            fig.savefig(out, format="png", dpi=DPI)
        yield name, out.getvalue()


def _subtitle(summary: dict[str, Any], note: str = "") -> str:
    text = f"{summary['points']:,} worlds, {summary['episodes']} episodes of each allocator in each"
    return f"{text}; {note}" if note else text


def draw_shares(summary: dict[str, Any]) -> Figure:
    """One bar for each condition: shares of the worlds won by each system, and ties."""
    rows = [(c.text, summary["conditions"][c.name]) for c in CONDITIONS]
    fig = headed(
        10.0,
        5.0,
        "In which share of the worlds is each system best?",
        _subtitle(summary, "best means better than every other beyond noise; the rest are ties"),
    )
    axes = fig.subplots()
    for y, (_, row) in enumerate(rows):
        left = 0.0
        for name, share, colour in _segments(row):
            axes.barh(
                y,
                share,
                0.66,
                left=left,
                color="white" if name == "tie" else colour,
                edgecolor=GREY if name == "tie" else "white",
                hatch="////" if name == "tie" else None,
                linewidth=0.6,
            )
            if share >= 0.035:
                white = name in ("concentrated", "experiment_diffusion", "flat")
                axes.text(
                    left + share / 2.0,
                    y,
                    f"{share:.0%}",
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color="white" if white else BLACK,
                    bbox=None if name != "tie" else {"fc": "white", "ec": "none", "pad": 1.2},
                )
            left += share
    axes.set_yticks(range(len(rows)), [text for text, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axhline(len(CORE) - 0.5, color=GREY, lw=0.7)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0.0, 1.0)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("share of the worlds")
    handles: list[Patch] = [Patch(color=COLOURS[s], label=label(s)) for s in SYSTEMS]
    handles.append(Patch(color=ORANGE, label="another rule"))
    handles.append(
        Patch(fc="white", ec=GREY, hatch="////", label="tie: the best differ by no more than noise")
    )
    fig.legend(handles=handles, loc="outside lower center", ncols=5)
    return fig


def _segments(row: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Name, share and colour of each part of a bar, from the left."""
    won = {name: part["share"] for name, part in row["won"].items()}
    other = sum(share for name, share in won.items() if name not in SYSTEMS)
    parts = [(name, won.get(name, 0.0), COLOURS[name]) for name in SYSTEMS]
    return [*parts, ("other", other, ORANGE), ("tie", row["ties"]["share"], "white")]


def draw_map(runs: Runs, verdicts: dict[str, list[Verdict]], summary: dict[str, Any]) -> Figure:
    """Every world in the plane of the two axes that decide most, by its winner; one panel per condition."""
    across, up = (_index(runs, name) for name in deciding_axes(summary, 2))
    fig = headed(
        10.0,
        8.6,
        "Where each system is best",
        _subtitle(summary, "in the plane of the two parameters that decide most"),
    )
    panels = fig.subplots(2, 2, sharex=True, sharey=True)
    for panel, condition in zip(panels.flat, CONDITIONS[: len(CORE)], strict=True):
        found = verdicts[condition.name]
        best = np.array([v.best for v in found])
        tie = best == ""
        x, y = runs.values[:, across], runs.values[:, up]
        panel.plot(x[tie], y[tie], "x", ms=4.0, mew=0.9, color="#a8a8a8", zorder=1)
        for system in SYSTEMS:
            some = best == system
            panel.plot(
                x[some],
                y[some],
                MARKERS[system],
                ms=5.5,
                color=COLOURS[system],
                mec="white",
                mew=0.5,
                zorder=2,
                alpha=0.9,
            )
        panel.set_title(condition.text[0].upper() + condition.text[1:])
        _scale(panel, runs.axes[across], "x")
        _scale(panel, runs.axes[up], "y")
    for panel in panels[1]:
        panel.set_xlabel(axis_label(runs.axes[across]))
    for panel in panels[:, 0]:
        panel.set_ylabel(axis_label(runs.axes[up]))
    handles = [
        Line2D([], [], ls="", marker=MARKERS[s], ms=6, color=COLOURS[s], label=f"{label(s)} is best")
        for s in SYSTEMS
    ]
    handles.append(Line2D([], [], ls="", marker="x", ms=5, color="#a8a8a8", label="tie"))
    fig.legend(handles=handles, loc="outside lower center", ncols=4)
    return fig


def draw_differences(runs: Runs, found: list[Verdict], summary: dict[str, Any]) -> Figure | None:
    """The paired difference in every world, against each of the axes that it depends on most."""
    part = summary["deciding"][MAIN]["sensitivity"]
    if part is None:
        return None
    condition = next(c for c in CONDITIONS if c.name == MAIN)
    mean = difference_of(runs, condition).mean(1)
    best = np.array([v.best for v in found])
    fig = headed(
        10.0,
        6.6,
        "By how much experiment diffusion is ahead of concentration, both tuned and with the exit",
        _subtitle(summary, "paired; the band is the 95 % interval of the mean in an eighth of the worlds"),
    )
    panels = fig.subplots(2, 3, sharey=True)
    for panel, row in zip(panels.flat, part["indices"], strict=False):
        axis = runs.axes[_index(runs, row["axis"])]
        x = runs.values[:, _index(runs, row["axis"])]
        panel.axhline(0.0, color=BLACK, lw=0.8)
        for system in SYSTEMS:
            some = best == system
            panel.plot(x[some], mean[some], MARKERS[system], ms=3.6, color=COLOURS[system], alpha=0.55, mew=0)
        panel.plot(x[best == ""], mean[best == ""], "x", ms=3.2, mew=0.7, color="#a8a8a8")
        _running(panel, runs.places[:, _index(runs, row["axis"])], mean, axis)
        low, high = row["total_interval"]
        panel.set_title(f"total index {row['total']:.2f} [{low:.2f}, {high:.2f}]", fontweight="normal")
        panel.set_xlabel(axis_label(axis))
        panel.grid(axis="y")
        _scale(panel, axis, "x")
    for panel in panels[:, 0]:
        panel.set_ylabel("difference of the return")
    handles = [
        Line2D([], [], ls="", marker=MARKERS[s], ms=5, color=COLOURS[s], label=f"{label(s)} is best")
        for s in SYSTEMS
    ]
    handles.append(Line2D([], [], ls="", marker="x", ms=5, color="#a8a8a8", label="tie of the three"))
    handles.append(Line2D([], [], color=PURPLE, lw=2.0, label="mean"))
    fig.legend(handles=handles, loc="outside lower center", ncols=5)
    return fig


def _running(panel: Axes, unit: Floats, mean: Floats, axis: Axis) -> None:
    """Means of bins that hold equally many worlds, with their intervals."""
    bins = [b for b in np.array_split(np.argsort(unit, kind="stable"), _BINS) if len(b) > 2]
    x = [axis.value(float(unit[b].mean())) for b in bins]
    y = np.array([mean[b].mean() for b in bins])
    half = np.array([1.96 * mean[b].std(ddof=1) / np.sqrt(len(b)) for b in bins])
    panel.fill_between(x, y - half, y + half, color=PURPLE, alpha=0.25, lw=0)
    panel.plot(x, y, color=PURPLE, lw=2.0)


def draw_indices(summary: dict[str, Any]) -> Figure | None:
    """First-order and total Sobol indices of the paired difference, with and without the exit."""
    shown = [(c, summary["deciding"][c.name]["sensitivity"]) for c in CONDITIONS if c.name in CORE[::2]]
    if any(part is None for _, part in shown):
        return None
    rows = len(shown[0][1]["indices"])
    fig = headed(
        10.0,
        1.9 + 0.2 * rows,
        "What the difference between experiment diffusion and concentration depends on",
        _subtitle(
            summary, "Sobol indices of a surrogate; lines: from the 5 % to the 95 % quantile over refits"
        ),
    )
    panels = fig.subplots(1, len(shown))
    for panel, (condition, part) in zip(panels, shown, strict=True):
        names = [_axis(summary, row["axis"]) for row in part["indices"]]
        for y, row in enumerate(part["indices"]):
            for name, shift, colour in (("total", -0.17, BLUE), ("first", 0.17, ORANGE)):
                panel.barh(y + shift, row[name], 0.32, color=colour, alpha=0.85)
                panel.plot(row[f"{name}_interval"], (y + shift, y + shift), color=BLACK, lw=0.9)
        panel.set_yticks(range(rows), names)
        panel.set_ylim(rows - 0.4, -0.6)
        panel.tick_params(axis="y", length=0)
        panel.set_xlim(left=0.0)
        panel.grid(axis="x")
        panel.set_xlabel("share of the variance over worlds")
        panel.set_title(f"{condition.text}: R² {part['r2'][part['surrogate']]:.2f}", loc="left")
    handles = [Patch(color=BLUE, label="total"), Patch(color=ORANGE, label="alone (first order)")]
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    return fig


def axis_label(axis: Axis) -> str:
    """An axis in words: its symbol, its meaning and its unit."""
    text = axis.text.split(":")[0].split(";")[0]
    unit = "" if axis.unit == "1" else f", {axis.unit}"
    name = f"{axis.short}: " if not axis.factor else ""
    words = f"{name}{text}{unit}"
    if len(words) <= 46:
        return words
    cut = words.rfind(" ", 0, 46)
    return f"{words[:cut]}\n{words[cut + 1 :]}"


def _scale(panel: Axes, axis: Axis, which: str) -> None:
    """A logarithmic axis where the sampling is, with plain numbers on it."""
    if not axis.log:
        return
    along = panel.xaxis if which == "x" else panel.yaxis
    panel.set(**{f"{which}scale": "log"})
    along.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
    along.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    along.set_minor_formatter(NullFormatter())


def _index(runs: Runs, name: str) -> int:
    return [axis.name for axis in runs.axes].index(name)


def _axis(summary: dict[str, Any], name: str) -> str:
    axis = next(Axis(**a) for a in summary["axes"] if a["name"] == name)
    return axis.short
