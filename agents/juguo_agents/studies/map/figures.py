"""The figures of a map as PNG. Only this module imports matplotlib here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from juguo_agents.allocators.registry import rule_names
from juguo_agents.array_types import Floats
from juguo_agents.evaluation.verdicts import Verdict
from juguo_agents.report.figures.classes import OTHERS, draw_tree, stack
from juguo_agents.report.figures.style import (
    BLACK,
    BLUE,
    COLOURS,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    drawn_in,
    headed,
    log_axis,
    name_rows,
    parameters,
    png,
)
from juguo_agents.report.names import axis_symbol, label
from juguo_agents.report.texts import say, speaking
from juguo_agents.studies.map.analysis import (
    INDICES,
    PAIR,
    Judged,
    Runs,
    deciding_axes,
    difference_of,
)
from juguo_agents.studies.map.design import ALL, CONDITIONS, DRAWN, GROUPS, TUNED_ALIKE, VALUE_SETS
from juguo_agents.studies.map.page import index_words, part_words, switch_words, value_words
from juguo_envs.worlds.sampling import Axis

Summary = dict[str, Any]
_FREE = cycle(
    [VERMILION, ORANGE, SKY, "#8c564b", "#6a3d9a", "#b2a300", "#0b6e6e", "#a50f15", "#8fbf26", "#c6b6f0"]
)
DOCTRINE_COLOURS = {name: COLOURS[name] if name in COLOURS else next(_FREE) for name in rule_names()}
MARKERS = dict(zip(rule_names(), cycle("os^DvP*Xphd<>8H"), strict=False))
_BINS = 8
_LEAST_SHOWN = 0.02  # share, in any bar, from which a doctrine has a colour of its own
_TIE, _MEAN = "#a8a8a8", "#4d4d4d"


def draw_figures(runs: Runs, judged: Judged, summary: Summary) -> dict[str, bytes]:
    """File name and PNG of each figure. matplotlib's settings are as before when it is done."""
    drawn: dict[str, Callable[[], Figure | None]] = {
        "shares.png": lambda: draw_shares(summary),
        "map.png": lambda: draw_map(runs, judged, summary),
        "differences.png": lambda: draw_differences(runs, judged[TUNED_ALIKE.name, DRAWN.name], summary),
        "indices.png": lambda: draw_indices(summary),
        "tree.png": lambda: draw_winners(summary),
        "parts.png": lambda: draw_parts(summary),
        "switches.png": lambda: draw_switches(summary),
    }
    with rc_context(parameters()), speaking(drawn_in()):
        figures = {name: draw() for name, draw in drawn.items()}
        return {name: png(figure) for name, figure in figures.items() if figure is not None}


def _subtitle(summary: Summary, note: str) -> str:
    of = {"worlds": f"{summary['points']:,}", "episodes": summary["episodes"]}
    return say("map.fig.subtitle", note=note, **of)


def _legend(fig: Figure, handles: list[Any], columns: int = 5) -> None:
    fig.legend(handles=handles, loc="outside lower center", ncols=columns)


def draw_map(runs: Runs, judged: Judged, summary: Summary) -> Figure:
    """Every world in the plane of the two axes that decide most, by its winner; one panel for each values."""
    subtitle = _subtitle(summary, say("map.fig.map.note"))
    fig = headed(12.0, 8.4, say("map.fig.map"), subtitle)
    panels = fig.subplots(2, (len(VALUE_SETS) + 1) // 2)
    seen: set[str] = set()
    for panel, values in zip(panels.flat, VALUE_SETS, strict=False):
        across, up = (_column(runs, name) for name in deciding_axes(summary, 2, values.name))
        found = judged[TUNED_ALIKE.name, values.name]
        seen |= _winners(panel, runs.values[:, across], runs.values[:, up], found, 5.5)
        text = say(f"map.values.{values.name}.text")
        panel.set_title(say("map.fig.map.panel", values=value_words(values.name), text=text))
        _scale(panel, runs.axes[across], "x")
        _scale(panel, runs.axes[up], "y")
    for panel in panels.flat[len(VALUE_SETS) :]:
        panel.set_axis_off()
    _legend(fig, _winner_handles(seen))
    return fig


def _winners(panel: Axes, x: Floats, y: Floats, found: list[Verdict], size: float) -> set[str]:
    """Every world by its winner; returns the winners."""
    best = np.array([v.best for v in found])
    tie = best == ""
    panel.plot(x[tie], y[tie], "x", ms=0.7 * size, mew=0.9, color=_TIE, zorder=1)
    names = [name for name in DOCTRINE_COLOURS if np.any(best == name)]
    for name in names:
        some, colour = best == name, DOCTRINE_COLOURS[name]
        panel.plot(x[some], y[some], MARKERS[name], ms=size, color=colour, mec="white", mew=0.5, zorder=2)
    return set(names)


def _winner_handles(names: set[str]) -> list[Line2D]:
    handles = [
        Line2D([], [], ls="", marker=MARKERS[n], ms=6, color=DOCTRINE_COLOURS[n], label=_is_best(n))
        for n in DOCTRINE_COLOURS
        if n in names
    ]
    tie = say("map.fig.tie")
    return [*handles, Line2D([], [], ls="", marker="x", ms=5, color=_TIE, label=tie)]


def _is_best(name: str) -> str:
    return say("map.fig.best", name=label(name))


def draw_differences(runs: Runs, found: list[Verdict], summary: Summary) -> Figure | None:
    """The paired difference in every world, against each of the axes that it depends on most."""
    part = summary["deciding"][DRAWN.name]["sensitivity"]
    if part is None:
        return None
    mean = difference_of(runs, DRAWN.name).mean(1)
    title = say("map.fig.differences", first=label(PAIR[0]), second=label(PAIR[1]))
    fig = headed(10.0, 6.6, title, _subtitle(summary, say("map.fig.differences.note")))
    panels = fig.subplots(2, 3, sharey=True)
    seen: set[str] = set()
    for panel, row in zip(panels.flat, part["indices"], strict=False):
        column = _column(runs, row["axis"])
        panel.axhline(0.0, color=BLACK, lw=0.8)
        seen |= _winners(panel, runs.values[:, column], mean, found, 4.0)
        _running_mean(panel, runs.places[:, column], mean, runs.axes[column])
        index = say("map.fig.differences.panel", index=index_words(row, "total"))
        panel.set_title(index, fontweight="normal")
        panel.grid(axis="y")
        _scale(panel, runs.axes[column], "x")
    for panel in panels[:, 0]:
        panel.set_ylabel(say("map.fig.differences.axis"))
    mean_line = Line2D([], [], color=_MEAN, lw=2.0, label=say("map.fig.mean"))
    _legend(fig, [*_winner_handles(seen), mean_line])
    return fig


def _running_mean(panel: Axes, unit: Floats, mean: Floats, axis: Axis) -> None:
    """Means of bins that hold equally many worlds, with their intervals."""
    bins = [b for b in np.array_split(np.argsort(unit, kind="stable"), _BINS) if len(b) > 2]
    x = [axis.value(float(unit[b].mean())) for b in bins]
    y = np.array([mean[b].mean() for b in bins])
    half = np.array([1.96 * mean[b].std(ddof=1) / np.sqrt(len(b)) for b in bins])
    panel.fill_between(x, y - half, y + half, color=_MEAN, alpha=0.25, lw=0)
    panel.plot(x, y, color=_MEAN, lw=2.0)


def draw_indices(summary: Summary) -> Figure | None:
    """First-order and total Sobol indices of the paired difference, with values among the axes and not."""
    shown = [(name, summary["deciding"][name]["sensitivity"]) for name in INDICES]
    if any(part is None for _, part in shown):
        return None
    rows = max(len(part["indices"]) for _, part in shown)
    title = say("map.fig.indices", first=label(PAIR[0]), second=label(PAIR[1]))
    subtitle = _subtitle(summary, say("map.fig.indices.note"))
    fig = headed(10.0, 1.9 + 0.2 * rows, title, subtitle)
    for panel, (values, part) in zip(fig.subplots(1, len(shown)), shown, strict=True):
        for y, row in enumerate(part["indices"]):
            for name, shift, colour in (("total", -0.17, BLUE), ("first", 0.17, ORANGE)):
                panel.barh(y + shift, row[name], 0.32, color=colour, alpha=0.85)
                panel.plot(row[f"{name}_interval"], (y + shift, y + shift), color=BLACK, lw=0.9)
        name_rows(panel, [axis_symbol(row["axis"]) for row in part["indices"]])
        panel.set_ylim(rows - 0.4, -0.6)
        panel.set_xlim(left=0.0)
        panel.grid(axis="x")
        panel.set_xlabel(say("map.fig.indices.axis"))
        r2 = f"{part['r2'][part['surrogate']]:.2f}"
        panel.set_title(say("map.fig.indices.panel", values=value_words(values), r2=r2), loc="left")
    kinds = (("total", BLUE), ("first", ORANGE))
    _legend(fig, [Patch(color=c, label=say(f"map.fig.{kind}")) for kind, c in kinds], 2)
    return fig


def axis_label(axis: Axis) -> str:
    """An axis in words: its symbol, its meaning and its unit."""
    words = re.split("[:;：；]", say(f"setting.{axis.name}"))[0]
    if axis.unit != "1":
        words = say("map.fig.unit", text=words, unit=say(f"unit.{axis.unit}"))
    if not axis.factor:
        words = say("map.fig.axis", symbol=axis.short, text=words)
    cut = words.rfind(" ", 0, 46)
    return words if len(words) <= 46 else f"{words[:cut]}\n{words[cut + 1 :]}"


def _scale(panel: Axes, axis: Axis, which: str) -> None:
    """Label; and a logarithmic axis where the sampling is, with plain numbers on it."""
    if axis.log:
        panel.set(**{f"{which}scale": "log"})
        log_axis(panel.xaxis if which == "x" else panel.yaxis)
    panel.set(**{f"{which}label": axis_label(axis)})


def _column(runs: Runs, name: str) -> int:
    return [axis.name for axis in runs.axes].index(name)


def draw_shares(summary: Summary) -> Figure:
    """One bar for each condition and set of values: shares of the worlds won by each doctrine, and ties."""
    subtitle = _subtitle(summary, say("map.fig.shares.note"))
    fig = headed(11.0, 8.0, say("map.fig.shares"), subtitle)
    bars = [
        {
            value_words(values): {name: won["share"] for name, won in row["won"].items()}
            for values, row in summary["conditions"][c.name]["values"].items()
        }
        for c in CONDITIONS
    ]
    every = [bar for group in bars for bar in group.values()]
    panels = fig.subplots(len(bars), 1, sharex=True)
    for panel, condition, group in zip(panels, CONDITIONS, bars, strict=True):
        stack(panel, group, _shown(every), DOCTRINE_COLOURS)
        text = say(f"map.condition.{condition.name}")
        panel.set_title(f"{text[0].upper()}{text[1:]}")
    panels[-1].set_xlabel(say("map.fig.shares.axis"))
    tie = Patch(fc="white", ec=GREY, hatch="////", label=say("map.fig.shares.tie"))
    _legend(fig, [*_bar_handles(every), tie])
    return fig


def draw_switches(summary: Summary) -> Figure:
    """One bar for each switch: shares of the worlds that each doctrine leads."""
    part = summary["switches"]
    note = say("map.fig.switches.note", points=part["points"], episodes=part["episodes"])
    fig = headed(11.0, 1.9 + 0.42 * len(part["switches"]), say("map.fig.switches"), note)
    bars = {switch_words(row["name"]): row["leading"] for row in part["switches"]}
    axes = fig.subplots()
    stack(axes, bars, _shown(bars.values()), DOCTRINE_COLOURS)
    axes.axhline(0.5, color=GREY, lw=0.7)  # below the world as it is
    axes.set_xlabel(say("map.fig.shares.axis"))
    _legend(fig, _bar_handles(bars.values()))
    return fig


def _shown(bars: Iterable[dict[str, float]]) -> list[str]:
    """The doctrines that have a colour of their own, in the doctrines' order."""
    every = list(bars)
    return [name for name in DOCTRINE_COLOURS if any(bar[name] >= _LEAST_SHOWN for bar in every)]


def _bar_handles(bars: Iterable[dict[str, float]]) -> list[Patch]:
    every = list(bars)
    shown = _shown(every)
    handles = [Patch(color=DOCTRINE_COLOURS[name], label=label(name)) for name in shown]
    if any(share > 0.0 for bar in every for name, share in bar.items() if name not in shown):
        handles.append(Patch(color=OTHERS, label=say("map.fig.another")))
    return handles


def draw_parts(summary: Summary) -> Figure | None:
    """For each doctrine that leads often what it loses with each part of the second best."""
    found = sorted(summary["parts"].items(), key=lambda item: -item[1]["points"])
    if not found:
        return None
    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    fig = headed(11.0, 1.5 + 2.1 * rows, say("map.fig.parts"), say("map.fig.parts.note"))
    panels = fig.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    names = [*GROUPS, ALL]
    for panel, (doctrine, row) in zip(panels.flat, found, strict=False):
        for y, part in enumerate(names):
            loss = row["loss"][part]
            colour = GREY if part == ALL else DOCTRINE_COLOURS[doctrine]
            panel.barh(y, loss["mean"], 0.62, color=colour, alpha=0.85)
            panel.plot((loss["low"], loss["high"]), (y, y), color=BLACK, lw=1.0)
        panel.axvline(0.0, color=BLACK, lw=0.8)
        panel.set_title(say("map.fig.parts.panel", name=label(doctrine), count=row["points"]))
        name_rows(panel, [part_words(part) for part in names])
        panel.grid(axis="x")
    for panel in panels.flat[len(found) :]:
        panel.set_axis_off()
    for panel in panels.flat[max(0, len(found) - columns) : len(found)]:  # the lowest of each column
        panel.set_xlabel(say("map.fig.parts.axis"))
        panel.tick_params(axis="x", labelbottom=True)
    return fig


def draw_winners(summary: Summary, values: str = DRAWN.name) -> Figure | None:
    """The tree that tells the winner under some values."""
    tree = summary["deciding"][values]["tree"]
    if tree is None:
        return None
    note = say(
        "map.fig.tree.note",
        values=value_words(values),
        condition=say(f"map.condition.{TUNED_ALIKE.name}"),
        points=tree["points"],
        accuracy=f"{tree['accuracy']:.0%}",
        low=f"{tree['accuracy_low']:.0%}",
        high=f"{tree['accuracy_high']:.0%}",
        majority=f"{tree['majority']:.0%}",
    )
    title, classes = say("map.fig.tree"), tree["classes"]
    fig = draw_tree(tree["nodes"], classes, DOCTRINE_COLOURS, title, _subtitle(summary, note))
    handles = [Patch(color=DOCTRINE_COLOURS[c], label=_is_best(c)) for c in classes]
    _legend(fig, handles, min(5, len(classes)))
    return fig
