"""Each doctrine without institutions, with each, and with both; and what the institutions change."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from juguo_agents.evaluation.record import Comparison
from juguo_agents.report.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    figure,
    labelled,
    name_rows,
)
from juguo_agents.report.names import label
from juguo_agents.report.summary import Summary
from juguo_agents.report.texts import say

_CELLS = {
    "neither": ("o", "white", GREY),
    "exit": ("s", ORANGE, ORANGE),
    "relief": ("^", GREEN, GREEN),
    "both": ("D", BLUE, BLUE),
}
_EFFECTS = {"exit": ORANGE, "relief": GREEN, "interplay": PURPLE}
_APART = 0.19  # of a row, between markers in it


def draw(comparison: Comparison, summary: Summary) -> Figure:
    """Left: four means per doctrine. Right: the effects of exit and relief, and their interplay."""
    rows = summary["institutions"]
    fig = figure(
        comparison,
        11.5,
        2.0 + 0.42 * len(rows),
        say("part.factorial"),
        say("factorial.note", confidence=f"{summary['confidence']:.0%}"),
    )
    means, *panels = fig.subplots(1, 1 + len(_EFFECTS), sharey=True, width_ratios=(2.2, 1.0, 1.0, 1.0))
    for y, row in enumerate(rows):
        _cells(means, y, row)
        for axes, (name, colour) in zip(panels, _EFFECTS.items(), strict=True):
            axes.plot((row[f"{name}_low"], row[f"{name}_high"]), (y, y), color=colour, lw=1.8)
            axes.plot(row[name], y, "o", ms=5, color=colour)
    _dress(means, say("factorial.cells"), say("return.axis"), len(rows))
    limits = [axes.get_xlim() for axes in panels]
    for axes, name in zip(panels, _EFFECTS, strict=True):
        _dress(axes, say(f"source.{name}").capitalize(), say("factorial.change"), len(rows))
        axes.axvline(0.0, color=BLACK, lw=0.8, zorder=0)
        axes.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=(1, 2, 5, 10)))
    names = [labelled(label(r["doctrine"]), r["reference"]) for r in rows]
    baseline = [r["cells"]["both"]["name"] == summary["baseline"] for r in rows]
    name_rows(means, names, [BLACK if is_it else None for is_it in baseline])
    handles = [
        Line2D([], [], color=edge, marker=marker, mfc=face, ms=5.5, lw=1.4, label=say(f"cells.{name}"))
        for name, (marker, face, edge) in _CELLS.items()
    ]
    fig.legend(handles=handles, loc="outside lower left", ncols=len(handles))
    return fig


def _cells(axes: Axes, y: int, row: dict[str, Any]) -> None:
    for i, (name, (marker, face, edge)) in enumerate(_CELLS.items()):
        cell, at = row["cells"][name], y + (i - 1.5) * _APART
        axes.plot((cell["mean_low"], cell["mean_high"]), (at, at), color=edge, lw=1.4)
        axes.plot(cell["mean"], at, marker, ms=5, color=edge, mfc=face, mew=1.2)


def _dress(axes: Axes, title: str, text: str, rows: int) -> None:
    for between in range(rows - 1):
        axes.axhline(between + 0.5, color=PALE, lw=0.5, zorder=0)
    axes.set_title(title)
    axes.set_xlabel(text)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=(1, 2, 5, 10)))
