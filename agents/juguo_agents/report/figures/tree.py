"""A tree on one page: the questions at the left, what each leaf does in a table beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from juguo_agents.array_types import Floats
from juguo_agents.artifacts.tree import LEAF, Tree
from juguo_agents.artifacts.tree_file import USES, StoredTree
from juguo_agents.report.figures.style import ACTOR_COLOURS, BLACK, GREY, VERMILION, headed, readable
from juguo_agents.report.names import place_name
from juguo_agents.report.texts import say, translated
from juguo_agents.report.tree_rules import condition
from juguo_agents.tables import wrapped
from juguo_envs.model.state import N_FUNCTIONS

_STEP = 1.85  # inches from a question to the next
_CELL, _WIDE = 0.37, 0.62  # inches of a column of the table
_ROW = 0.36
_FOLD = 26  # characters of a line of a question
_MOST_PLACES = 12  # more communities than that are left out of the table
_NAME_COLOURS = (ACTOR_COLOURS[0], "#a86f00", ACTOR_COLOURS[2])
_REQUESTS = ("share", "openness", "advance", "abandon")
_DARK = 0.8  # a cell darker than this has white figures


def draw(stored: StoredTree, data: dict[str, Any]) -> Figure:
    """The tree; the first column after the questions is the leaf's number."""
    tree, leaves = stored.tree, stored.tree.leaves
    depth = dict(tree.walk())
    questions = max(depth.values()) * _STEP + 0.35
    places = [place_name(c["name"]) for c in data["communities"]]
    shown = places if len(places) <= _MOST_PLACES else []
    population = np.array([c["population"] for c in data["communities"]])
    table = (len(USES) + len(shown) + len(tree.locals)) * _CELL + len(_REQUESTS) * _WIDE + 0.5
    width, height = questions + table + 0.45, 1.75 + _ROW * len(leaves) + 0.75
    fig = headed(width, height, _title(stored, data), _subtitle(tree, bool(shown)))
    fig.set_layout_engine("none")
    axes = fig.add_axes((0.0, 0.0, 1.0, (height - 0.6) / height))
    axes.set_xlim(0.0, width)
    axes.set_ylim(-0.35 / _ROW, len(leaves) + 1.15 / _ROW - 0.6)
    axes.invert_yaxis()
    axes.axis("off")
    top = 1.15 / _ROW - 0.6
    heights = {int(leaf): top + i for i, leaf in enumerate(leaves)}
    _questions(axes, tree, depth, heights, questions)
    _table(axes, tree, heights, questions + 0.35, shown, population)
    return fig


def _title(stored: StoredTree, data: dict[str, Any]) -> str:
    source = readable(str(data["source"]["name"]))
    kept = next((t["kept"] for t in data["trees"] if t["name"] == stored.name), None)
    share = say("explain.tree.share", share=f"{kept['share']:.0%}") if kept else ""
    return say("explain.tree.title", name=source, leaves=len(stored.tree.leaves), share=share)


def _subtitle(tree: Tree, places: bool) -> str:
    half = tree.cut == 0.5
    asks = say("explain.tree.asks.half") if half else say("explain.tree.asks", share=f"{tree.cut:.0%}")
    where = say("explain.tree.places") if places else ""
    if tree.locals:
        where += say("explain.tree.leans")
    return say("explain.tree.note", where=where, asks=asks)


def _questions(
    axes: Axes, tree: Tree, depth: dict[int, int], heights: dict[int, float], right: float
) -> float:
    """Draw every node's line to its children; returns the height of the root."""

    def place(node: int) -> float:
        if node not in heights:
            heights[node] = 0.5 * (place(int(tree.yes[node])) + place(int(tree.no[node])))
        return heights[node]

    root = place(0)
    for node, level in tree.walk():
        x, y = 0.15 + level * _STEP, heights[node]
        if tree.feature[node] == LEAF:
            axes.plot((x, right), (y, y), color=GREY, lw=0.8, ls=":" if x < right - 0.3 else "-")
            continue
        bend = x + _STEP - 0.22
        axes.plot((x, bend), (y, y), color=GREY, lw=0.8)
        for child in (int(tree.yes[node]), int(tree.no[node])):
            end = heights[child]
            axes.plot((bend, bend, x + _STEP), (y, end, end), color=GREY, lw=0.8)
        words = condition(tree.features[tree.feature[node]], float(tree.threshold[node]))
        lines = wrapped(words.replace(" ≤ ", "\u00a0≤\u00a0").replace(" < ", "\u00a0<\u00a0"), _FOLD)
        axes.text(
            x, y - 0.06, "\n".join(lines), fontsize=8.2, color=BLACK,
            va="bottom", ha="left", linespacing=0.95,
        )  # fmt: skip
    return root


def _table(
    axes: Axes, tree: Tree, heights: dict[int, float], left: float, places: list[str], population: Floats
) -> None:
    leaves = tree.leaves
    shares = tree.wants[leaves, : len(USES)]
    x = left
    head = heights[int(leaves[0])] - 0.75
    total = tree.quarters[leaves].sum()
    for i, use in enumerate(USES):
        colour = _NAME_COLOURS[i // 3] if i < N_FUNCTIONS else GREY
        _head(axes, x + _CELL / 2, head, say(f"use.{use}"), colour)
        for leaf, share in zip(leaves, shares[:, i], strict=True):
            _cell(axes, x, heights[int(leaf)], _CELL, share, min(1.0, share / 0.5), colour)
        x += _CELL
    x += 0.12
    if places:
        relative = tree.wants[leaves, len(USES) : -3] / population
        for c, name in enumerate(places):
            _head(axes, x + _CELL / 2, head, readable(name), BLACK)
            for leaf, share in zip(leaves, relative[:, c], strict=True):
                _cell(axes, x, heights[int(leaf)], _CELL, share, min(1.0, share / 2.5), GREY)
            x += _CELL
        x += 0.12
    for k, local in enumerate(tree.locals):
        _head(axes, x + _CELL / 2, head, say("explain.tree.by", local=translated(local.short)), BLACK)
        for leaf in leaves:
            per_tenth = 10.0 * float(tree.leans[leaf, k])
            text = f"{per_tenth:+.0f}".replace("-", "\u2212") if abs(per_tenth) >= 0.5 else ""
            axes.text(x + _CELL / 2, heights[int(leaf)], text, ha="center", va="center", fontsize=8.2)
        x += _CELL
    x += 0.1 if tree.locals else 0.0
    columns = (tree.quarters[leaves] / total, *tree.wants[leaves, -3:].T)
    for k, (name, values) in enumerate(zip(_REQUESTS, columns, strict=True)):
        _head(axes, x + _WIDE / 2, head, say(f"explain.tree.column.{name}"), BLACK, slant=False)
        for leaf, value in zip(leaves, values, strict=True):
            does = k >= 2 and value >= tree.cut
            axes.text(
                x + _WIDE / 2, heights[int(leaf)], f"{value:.2f}" if k == 1 else f"{value:.0%}",
                ha="center", va="center", fontsize=8.8 if does else 8.2,
                color=VERMILION if does else GREY if k >= 2 else BLACK,
                fontweight="bold" if does else "normal",
            )  # fmt: skip
        x += _WIDE


def _head(axes: Axes, x: float, y: float, text: str, colour: str, slant: bool = True) -> None:
    axes.text(
        x, y, text, rotation=40 if slant else 0, ha="left" if slant else "center", va="bottom",
        rotation_mode="anchor", fontsize=8.2, color=colour,
    )  # fmt: skip


def _cell(axes: Axes, x: float, y: float, width: float, share: float, depth: float, colour: str) -> None:
    axes.add_patch(
        Rectangle((x + 0.015, y - 0.46), width - 0.03, 0.92, facecolor=colour, alpha=0.85 * depth, lw=0)
    )
    if share >= 0.005:
        axes.text(
            x + width / 2, y, f"{100 * share:.0f}", ha="center", va="center", fontsize=8.2,
            color="white" if depth > _DARK else BLACK,
        )  # fmt: skip
