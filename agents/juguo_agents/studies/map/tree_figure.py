"""The decision tree as a figure: a split on every inner node, a bar of the doctrines on every node."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from juguo_agents.report.figures.style import BLACK, GREY, headed
from juguo_agents.report.names import label
from juguo_agents.studies.map.colours import DOCTRINE_COLOURS
from juguo_agents.studies.map.verdicts import TUNED_ALIKE

_WIDTH, _HEIGHT = 0.86, 0.16
"""Of a node's bar, where leaves are 1 apart and levels 1."""


def draw_tree(summary: dict[str, Any], values: str, subtitle: str) -> Figure | None:
    """The tree under some values, or nothing where none was grown."""
    tree = summary["deciding"][values]["tree"]
    if tree is None:
        return None
    spread = f"{tree['accuracy_low']:.0%} to {tree['accuracy_high']:.0%} over repeats"
    note = (
        f"{subtitle}; values {values}; {TUNED_ALIKE.text}\n"
        f"of {tree['points']} worlds won it tells {tree['accuracy']:.0%} right in cross-validation "
        f"({spread}); always the most frequent: {tree['majority']:.0%}"
    )
    places = _layout(tree["nodes"])
    leaves = max(x for x, _ in places) + 1.0
    depth = max(y for _, y in places)
    fig = headed(max(9.0, 1.45 * leaves), 2.0 + 1.15 * depth, "Which doctrine is best: a small tree", note)
    axes = fig.subplots()
    axes.set_axis_off()
    axes.set_xlim(-0.55, leaves - 0.45)
    axes.set_ylim(depth + 0.5, -0.45)
    for node, (x, y) in zip(tree["nodes"], places, strict=True):
        if "axis" in node:
            for child, words in (("low", "≤"), ("high", ">")):
                to_x, to_y = places[node[child]]
                axes.plot((x, to_x), (y + _HEIGHT, to_y - 0.26), color=GREY, lw=0.9, zorder=0)
                axes.text(
                    x + 0.45 * (to_x - x),
                    y + _HEIGHT + 0.45 * (to_y - 0.26 - y - _HEIGHT),
                    f"{words} {node['threshold']:.3g}",
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    bbox={"fc": "white", "ec": "none", "pad": 1.0},
                )
        _node(axes, node, tree["classes"], x, y)
    handles = [Patch(color=DOCTRINE_COLOURS[c], label=f"{label(c)} is best") for c in tree["classes"]]
    fig.legend(handles=handles, loc="outside lower center", ncols=min(5, len(handles)))
    return fig


def _node(axes: Axes, node: dict[str, Any], classes: list[str], x: float, y: float) -> None:
    """A bar of the shares of the doctrines among the node's worlds, what it splits above, counts below."""
    total = max(1, sum(node["counts"]))
    left = x - _WIDTH / 2.0
    for name, count in zip(classes, node["counts"], strict=True):
        width = _WIDTH * count / total
        axes.add_patch(Rectangle((left, y), width, _HEIGHT, color=DOCTRINE_COLOURS[name], lw=0))
        left += width
    if "axis" in node:
        axes.text(x, y - 0.05, node["symbol"], ha="center", va="bottom", fontweight="bold", fontsize=9.5)
        return
    best = node["named"]
    axes.text(x, y - 0.05, f"{total} worlds", ha="center", va="bottom", fontsize=8.5, color=BLACK)
    words = f"{label(classes[best])}\n{node['counts'][best] / total:.0%}"
    axes.text(
        x,
        y + _HEIGHT + 0.04,
        words.replace(" ", "\n", 1),
        ha="center",
        va="top",
        fontsize=8.5,
        color=DOCTRINE_COLOURS[classes[best]],
        fontweight="bold",
    )


def _layout(nodes: list[dict[str, Any]]) -> list[tuple[float, float]]:
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
