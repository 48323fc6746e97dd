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
    name_rows,
)
from juguo_agents.report.names import label
from juguo_agents.report.summary import Summary

_CELLS = {
    "neither": ("o", "white", GREY, "neither"),
    "exit": ("s", ORANGE, ORANGE, "exit"),
    "relief": ("^", GREEN, GREEN, "relief"),
    "both": ("D", BLUE, BLUE, "both"),
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
        "What doctrine, exit and relief are worth",
        f"best with both institutions at the top; whiskers: {summary['confidence']:.0%} intervals\n"
        "an effect is a mean over the other institution, on the same episodes\n"
        "interplay: by how much more one brings where the other is there",
    )
    means, *panels = fig.subplots(1, 1 + len(_EFFECTS), sharey=True, width_ratios=(2.2, 1.0, 1.0, 1.0))
    for y, row in enumerate(rows):
        _cells(means, y, row)
        for axes, (name, colour) in zip(panels, _EFFECTS.items(), strict=True):
            axes.plot((row[f"{name}_low"], row[f"{name}_high"]), (y, y), color=colour, lw=1.8)
            axes.plot(row[name], y, "o", ms=5, color=colour)
    _dress(means, "Mean return of the four cells", "return per episode (no unit)", len(rows))
    limits = [axes.get_xlim() for axes in panels]
    for axes, name in zip(panels, _EFFECTS, strict=True):
        _dress(axes, f"{name.capitalize()}", "change of the return", len(rows))
        axes.axvline(0.0, color=BLACK, lw=0.8, zorder=0)
        axes.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=(1, 2, 5, 10)))
    names = [label(r["doctrine"]) + (" (reference)" if r["reference"] else "") for r in rows]
    baseline = [r["cells"]["both"]["name"] == summary["baseline"] for r in rows]
    name_rows(means, names, [BLACK if is_it else None for is_it in baseline])
    handles = [
        Line2D([], [], color=edge, marker=marker, mfc=face, ms=5.5, lw=1.4, label=text)
        for marker, face, edge, text in _CELLS.values()
    ]
    fig.legend(handles=handles, loc="outside lower left", ncols=len(handles))
    return fig


def _cells(axes: Axes, y: int, row: dict[str, Any]) -> None:
    for i, (name, (marker, face, edge, _)) in enumerate(_CELLS.items()):
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
