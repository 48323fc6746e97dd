"""Fronts of three goals, two at a time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from juguo_agents.array_types import Floats
from juguo_agents.report.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LEARNED,
    ORANGE,
    PURPLE,
    SKY,
    headed,
    readable,
    styled_png,
)
from juguo_agents.report.texts import again, say

FIGURE = "front.png"


class Searched(Protocol):
    """What a search found: (members, 3) means of breadth, resilience and the excluded share."""

    @property
    def means(self) -> list[list[float]]: ...


_COLOURS = {"policy": LEARNED, "search": BLUE}
_GOOD = {"breadth": 1.0, "resilience": 1.0, "excluded": -1.0}
_PAIRS = (("excluded", "breadth"), ("resilience", "breadth"), ("excluded", "resilience"))
_SEARCHES = (BLUE, ORANGE, GREEN, PURPLE, SKY, BLACK)
_ROOM = 0.06  # of the range, beside the outermost point


def draw(summary: dict[str, Any]) -> bytes:
    """PNG: the policies' and the searches' points, rules, and the reference point."""
    return styled_png(lambda: _draw(summary), Software=None)


def draw_searched(world: str, fronts: Mapping[str, Searched]) -> Figure:
    """What searches found, each front in its colour, by the means that the search met."""
    fig = headed(
        11.0,
        4.2,
        say("pareto.fig.searched"),
        say("pareto.fig.searched.note", world=readable(world)),
    )
    for axes, (x, y) in zip(fig.subplots(1, len(_PAIRS)), _PAIRS, strict=True):
        for (name, found), colour in zip(fronts.items(), cycle(_SEARCHES)):
            points = _pair([dict(zip(_GOOD, means, strict=True)) for means in found.means], x, y)
            axes.plot(points[:, 0], points[:, 1], "o", color=colour, ms=3.0, alpha=0.5, mew=0)
            edge = _edge(points, _GOOD[x], _GOOD[y])
            axes.plot(
                edge[:, 0],
                edge[:, 1],
                "-o",
                color=colour,
                ms=3.0,
                lw=1.1,
                mew=0,
                label=again(name, "pareto.name."),
            )
        _dress(axes, x, y)
    fig.legend(*axes.get_legend_handles_labels(), loc="outside lower left", ncols=6)
    return fig


def _draw(summary: dict[str, Any]) -> Figure:
    world = readable(summary["scenario"])
    fig = headed(
        11.0,
        4.2,
        say("pareto.fig.title"),
        say("pareto.fig.note", world=world, episodes=f"{summary['episodes']:,}"),
    )
    for axes, (x, y) in zip(fig.subplots(1, len(_PAIRS)), _PAIRS, strict=True):
        _panel(axes, summary, x, y)
    handles = [
        Line2D([], [], color=colour, marker="o", ms=4, lw=1.2, label=say(f"pareto.fig.{kind}"))
        for kind, colour in _COLOURS.items()
    ]
    handles.append(Line2D([], [], color=GREY, marker="s", ms=3.5, lw=0, label=say("pareto.fig.rules")))
    handles.append(Line2D([], [], color=BLACK, marker="x", ms=6, lw=0, label=say("pareto.fig.reference")))
    fig.legend(handles=handles, loc="outside lower left", ncols=len(handles))
    return fig


def _panel(axes: Axes, summary: dict[str, Any], x: str, y: str) -> None:
    rules = _pair(summary["rules"], x, y)
    axes.plot(rules[:, 0], rules[:, 1], "s", color=GREY, ms=3.0, alpha=0.6, mew=0)
    reference = summary["references"]["worst rule"]
    axes.plot(reference[x], reference[y], "x", color=BLACK, ms=6.0, mew=1.4)
    for front in reversed(summary["fronts"]):
        colour, points = _COLOURS[front["kind"]], _pair(front["points"], x, y)
        axes.plot(points[:, 0], points[:, 1], "o", color=colour, ms=3.0, alpha=0.35, mew=0)
        edge = _edge(points, _GOOD[x], _GOOD[y])
        axes.plot(edge[:, 0], edge[:, 1], "-o", color=colour, ms=3.0, lw=1.1, alpha=0.9, mew=0)
    _dress(axes, x, y)


def _dress(axes: Axes, x: str, y: str) -> None:
    axes.margins(_ROOM)
    if _GOOD[x] < 0.0:
        axes.invert_xaxis()
    if _GOOD[y] < 0.0:
        axes.invert_yaxis()
    axes.set_xlabel(_label(x))
    axes.set_ylabel(_label(y))
    axes.grid()


def _pair(points: list[dict[str, Any]], x: str, y: str) -> Floats:
    return np.array([[point[x], point[y]] for point in points])


def _edge(points: Floats, x: float, y: float) -> Floats:
    """The points that no other dominates in two goals, in the order of the first."""
    order = np.lexsort((-y * points[:, 1], -x * points[:, 0]))
    best, kept = -np.inf, []
    for i in order:
        if y * points[i, 1] > best:
            best = y * points[i, 1]
            kept.append(i)
    return points[kept]


def _label(part: str) -> str:
    return say("pareto.fig.excluded" if part == "excluded" else f"pareto.goal.{part}")
