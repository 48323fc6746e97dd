"""Which class: a tree that tells it, and bars of the shares of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from juguo_agents.report.figures.style import BLACK, GREY, PALE, headed
from juguo_agents.report.names import axis_symbol, label
from juguo_agents.report.texts import say

OTHERS = PALE
_WIDTH, _HEIGHT = 0.86, 0.16  # of a tree's node, where leaves are 1 apart and levels 1


def stack(
    axes: Axes, bars: Mapping[str, Mapping[str, float]], shown: Sequence[str], colours: Mapping[str, str]
) -> None:
    """A row of coloured parts for each bar; what is left to the whole is ties.

    Args:
        axes: Where to draw.
        bars: Shares by class, by the bar's name, from the top.
        shown: The classes that have a part of their own, in their order.
        colours: Of the classes.
    """
    for y, bar in enumerate(bars.values()):
        parts = [(bar[name], colours[name], False) for name in shown]
        parts.append((sum(share for name, share in bar.items() if name not in shown), OTHERS, False))
        parts.append((max(0.0, 1.0 - sum(bar.values())), "white", True))
        left = np.cumsum([0.0, *(share for share, _, _ in parts)]).tolist()
        for i, (share, colour, tie) in enumerate(parts):
            if share <= 1e-9:
                continue
            axes.barh(
                y, share, 0.7, left=left[i], color=colour, edgecolor=GREY if tie else "white", linewidth=0.6,
                hatch="////" if tie else None,
            )  # fmt: skip
            if share >= 0.03:
                axes.text(
                    left[i] + share / 2.0, y, f"{share:.0%}", ha="center", va="center", fontsize=8.0,
                    color=BLACK if tie else _text_on(colour),
                    bbox={"fc": "white", "ec": "none", "pad": 1.2} if tie else None,
                )  # fmt: skip
    axes.set_yticks(range(len(bars)), list(bars))
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0.0, 1.0)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))


def _text_on(colour: str) -> str:
    """Black or white, whichever is read better on a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 150.0 else BLACK


def draw_tree(
    nodes: Sequence[Mapping[str, Any]],
    classes: Sequence[str],
    colours: Mapping[str, str],
    title: str,
    subtitle: str,
) -> Figure:
    """A split on every inner node, a bar of the classes on every node.

    Args:
        nodes: As of `juguo_agents.evaluation.discovery.Grown`.
        classes: In the order of the nodes' counts.
        colours: Of the classes.
        title, subtitle: The heading.
    """
    places = _layout(nodes)
    leaves = max(x for x, _ in places) + 1.0
    depth = max(y for _, y in places)
    fig = headed(max(9.0, 1.45 * leaves), 2.0 + 1.15 * depth, title, subtitle)
    axes = fig.subplots()
    axes.set_axis_off()
    axes.set_xlim(-0.55, leaves - 0.45)
    axes.set_ylim(depth + 0.5, -0.45)
    for node, (x, y) in zip(nodes, places, strict=True):
        if "axis" in node:
            for child, words in (("low", "≤"), ("high", ">")):
                to_x, to_y = places[node[child]]
                axes.plot((x, to_x), (y + _HEIGHT, to_y - 0.26), color=GREY, lw=0.9, zorder=0)
                axes.text(
                    x + 0.45 * (to_x - x), y + _HEIGHT + 0.45 * (to_y - 0.26 - y - _HEIGHT),
                    f"{words} {node['threshold']:.3g}", ha="center", va="center", fontsize=8.5,
                    bbox={"fc": "white", "ec": "none", "pad": 1.0},
                )  # fmt: skip
        _node(axes, node, classes, colours, x, y)
    return fig


def _node(
    axes: Axes,
    node: Mapping[str, Any],
    classes: Sequence[str],
    colours: Mapping[str, str],
    x: float,
    y: float,
) -> None:
    """A bar of the shares of the doctrines among the node's worlds, what it splits above, counts below."""
    total = max(1, sum(node["counts"]))
    left = x - _WIDTH / 2.0
    for name, count in zip(classes, node["counts"], strict=True):
        width = _WIDTH * count / total
        axes.add_patch(Rectangle((left, y), width, _HEIGHT, color=colours[name], lw=0))
        left += width
    if "axis" in node:
        axes.text(
            x, y - 0.05, axis_symbol(node["axis"]), ha="center", va="bottom", fontweight="bold", fontsize=9.5
        )
        return
    axes.text(
        x,
        y - 0.05,
        say("map.fig.tree.worlds", count=total),
        ha="center",
        va="bottom",
        fontsize=8.5,
        color=BLACK,
    )
    best = classes[node["named"]]
    text = f"{label(best)}\n{node['counts'][node['named']] / total:.0%}".replace(" ", "\n", 1)
    axes.text(
        x, y + _HEIGHT + 0.04, text, ha="center", va="top", fontsize=8.5, fontweight="bold",
        color=colours[best],
    )  # fmt: skip


def _layout(nodes: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Places (x, y): leaves side by side, a parent over the middle of its children."""
    places: list[tuple[float, float]] = [(0.0, 0.0)] * len(nodes)
    leaves = 0

    def put(i: int, level: int) -> float:
        nonlocal leaves
        if "axis" in nodes[i]:
            x = (put(nodes[i]["low"], level + 1) + put(nodes[i]["high"], level + 1)) / 2.0
        else:
            x, leaves = float(leaves), leaves + 1
        places[i] = (x, float(level))
        return x

    put(0, 0)
    return places
