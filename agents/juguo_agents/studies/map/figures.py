"""The figures of a map as PNG. Only this module, `bars` and `tree_figure` import matplotlib here."""

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
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from juguo_agents.report.figures.style import BLACK, BLUE, DPI, ORANGE, headed, parameters
from juguo_agents.report.names import label
from juguo_agents.studies.map.bars import draw_parts, draw_shares, draw_switches
from juguo_agents.studies.map.colours import DOCTRINE_COLOURS, MARKERS
from juguo_agents.studies.map.summary import INDICES, PAIR, deciding_axes, difference_of
from juguo_agents.studies.map.tables import Floats, Runs
from juguo_agents.studies.map.tree_figure import draw_tree
from juguo_agents.studies.map.values import DRAWN, VALUE_SETS
from juguo_agents.studies.map.verdicts import TUNED_ALIKE, Judged, Verdict
from juguo_envs.worlds.sampling import Axis

_BINS = 8
_TIE, _MEAN = "#a8a8a8", "#4d4d4d"


def draw_figures(runs: Runs, verdicts: Judged, summary: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure. matplotlib's settings are as before when it is done."""
    where = _subtitle(summary)
    drawn: dict[str, Callable[[], Figure | None]] = {
        "shares.png": lambda: draw_shares(summary, where),
        "map.png": lambda: draw_map(runs, verdicts, summary),
        "differences.png": lambda: draw_differences(runs, verdicts[TUNED_ALIKE.name, DRAWN.name], summary),
        "indices.png": lambda: draw_indices(summary),
        "tree.png": lambda: draw_tree(summary, DRAWN.name, where),
        "parts.png": lambda: draw_parts(summary),
        "switches.png": lambda: draw_switches(summary),
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


def draw_map(runs: Runs, verdicts: Judged, summary: dict[str, Any]) -> Figure:
    """Every world in the plane of the two axes that decide most, by its winner; one panel for each values."""
    fig = headed(
        12.0,
        8.4,
        "Where each doctrine is best",
        _subtitle(
            summary, "in the plane of the two parameters that decide most under the values of the panel"
        ),
    )
    panels = fig.subplots(2, (len(VALUE_SETS) + 1) // 2)
    seen: dict[str, None] = {}
    for panel, values in zip(panels.flat, VALUE_SETS, strict=False):
        across, up = (_index(runs, name) for name in deciding_axes(summary, 2, values.name))
        found = verdicts[TUNED_ALIKE.name, values.name]
        seen |= _winners(panel, runs.values[:, across], runs.values[:, up], found, 5.5)
        panel.set_title(f"{values.name}: {values.text}")
        _scale(panel, runs.axes[across], "x")
        _scale(panel, runs.axes[up], "y")
        panel.set_xlabel(axis_label(runs.axes[across]))
        panel.set_ylabel(axis_label(runs.axes[up]))
    for panel in panels.flat[len(VALUE_SETS) :]:
        panel.set_axis_off()
    fig.legend(handles=_handles(seen), loc="outside lower center", ncols=5)
    return fig


def _winners(panel: Axes, x: Floats, y: Floats, found: list[Verdict], size: float) -> dict[str, None]:
    """Every world by its winner; returns the winners."""
    best = np.array([v.best for v in found])
    tie = best == ""
    panel.plot(x[tie], y[tie], "x", ms=0.7 * size, mew=0.9, color=_TIE, zorder=1)
    names = {name: None for name in DOCTRINE_COLOURS if np.any(best == name)}
    for name in names:
        some = best == name
        colour = DOCTRINE_COLOURS[name]
        panel.plot(x[some], y[some], MARKERS[name], ms=size, color=colour, mec="white", mew=0.5, zorder=2)
    return names


def _handles(names: dict[str, None]) -> list[Line2D]:
    handles = [
        Line2D([], [], ls="", marker=MARKERS[n], ms=6, color=DOCTRINE_COLOURS[n], label=f"{label(n)} is best")
        for n in DOCTRINE_COLOURS
        if n in names
    ]
    return [*handles, Line2D([], [], ls="", marker="x", ms=5, color=_TIE, label="tie")]


def draw_differences(runs: Runs, found: list[Verdict], summary: dict[str, Any]) -> Figure | None:
    """The paired difference in every world, against each of the axes that it depends on most."""
    part = summary["deciding"][DRAWN.name]["sensitivity"]
    if part is None:
        return None
    mean = difference_of(runs, DRAWN.name).mean(1)
    seen: dict[str, None] = {}
    fig = headed(
        10.0,
        6.6,
        f"By how much {label(PAIR[0])} is ahead of {label(PAIR[1])}, like for like and tuned",
        _subtitle(
            summary,
            "values drawn; paired; the band is the 95 % interval of the mean in an eighth of the worlds",
        ),
    )
    panels = fig.subplots(2, 3, sharey=True)
    for panel, row in zip(panels.flat, part["indices"], strict=False):
        axis = runs.axes[_index(runs, row["axis"])]
        x = runs.values[:, _index(runs, row["axis"])]
        panel.axhline(0.0, color=BLACK, lw=0.8)
        seen |= _winners(panel, x, mean, found, 4.0)
        _running(panel, runs.places[:, _index(runs, row["axis"])], mean, axis)
        low, high = row["total_interval"]
        panel.set_title(f"total index {row['total']:.2f} [{low:.2f}, {high:.2f}]", fontweight="normal")
        panel.set_xlabel(axis_label(axis))
        panel.grid(axis="y")
        _scale(panel, axis, "x")
    for panel in panels[:, 0]:
        panel.set_ylabel("difference of the return")
    handles = [*_handles(seen), Line2D([], [], color=_MEAN, lw=2.0, label="mean")]
    fig.legend(handles=handles, loc="outside lower center", ncols=5)
    return fig


def _running(panel: Axes, unit: Floats, mean: Floats, axis: Axis) -> None:
    """Means of bins that hold equally many worlds, with their intervals."""
    bins = [b for b in np.array_split(np.argsort(unit, kind="stable"), _BINS) if len(b) > 2]
    x = [axis.value(float(unit[b].mean())) for b in bins]
    y = np.array([mean[b].mean() for b in bins])
    half = np.array([1.96 * mean[b].std(ddof=1) / np.sqrt(len(b)) for b in bins])
    panel.fill_between(x, y - half, y + half, color=_MEAN, alpha=0.25, lw=0)
    panel.plot(x, y, color=_MEAN, lw=2.0)


def draw_indices(summary: dict[str, Any]) -> Figure | None:
    """First-order and total Sobol indices of the paired difference, with values among the axes and not."""
    shown = [(name, summary["deciding"][name]["sensitivity"]) for name in INDICES]
    if any(part is None for _, part in shown):
        return None
    rows = max(len(part["indices"]) for _, part in shown)
    fig = headed(
        10.0,
        1.9 + 0.2 * rows,
        f"What the difference between {label(PAIR[0])} and {label(PAIR[1])} depends on",
        _subtitle(
            summary, "Sobol indices of a surrogate; lines: from the 5 % to the 95 % quantile over refits"
        ),
    )
    panels = fig.subplots(1, len(shown))
    for panel, (values, part) in zip(panels, shown, strict=True):
        names = [_axis(summary, row["axis"]) for row in part["indices"]]
        for y, row in enumerate(part["indices"]):
            for name, shift, colour in (("total", -0.17, BLUE), ("first", 0.17, ORANGE)):
                panel.barh(y + shift, row[name], 0.32, color=colour, alpha=0.85)
                panel.plot(row[f"{name}_interval"], (y + shift, y + shift), color=BLACK, lw=0.9)
        panel.set_yticks(range(len(names)), names)
        panel.set_ylim(rows - 0.4, -0.6)
        panel.tick_params(axis="y", length=0)
        panel.set_xlim(left=0.0)
        panel.grid(axis="x")
        panel.set_xlabel("share of the variance over worlds")
        panel.set_title(f"values {values}: R² {part['r2'][part['surrogate']]:.2f}", loc="left")
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
