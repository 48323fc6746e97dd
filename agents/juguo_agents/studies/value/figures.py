"""Figures of value and ablation: shares of the gap with their intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from juguo_agents.report.figures.style import BLACK, BLUE, DPI, GREY, ORANGE


def _bars(axes: Axes, names: list[str], values: list[dict[str, Any]], colour: str, label: str) -> None:
    """Points with intervals, from the top down."""
    places = np.arange(len(names))[::-1]
    shares = np.array([100 * v["share"] for v in values])
    low = shares - np.array([100 * v["share_low"] for v in values])
    high = np.array([100 * v["share_high"] for v in values]) - shares
    axes.errorbar(
        shares,
        places,
        xerr=np.maximum(0.0, [low, high]),
        fmt="o",
        color=colour,
        ecolor=colour,
        elinewidth=1.5,
        capsize=3,
        markersize=5,
        label=label,
    )
    axes.set_yticks(places, names)


def _finish(axes: Axes, title: str) -> None:
    axes.axvline(0.0, color=BLACK, linewidth=0.8)
    axes.set_xlabel("share of the gap from the worst rule to the closed loop, %")
    axes.set_title(title, loc="left", fontsize=10)
    axes.grid(axis="x", color="#e5e5e5")
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)


def draw_value(data: dict[str, Any], path: Path) -> None:
    """What feedback, evaluation, knowledge and each kind are worth at the end of all searches."""
    worth, kinds = (data[f"{group}_searched_on"] or data[group] for group in ("worth", "kinds"))
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    names = [*worth, *kinds]
    _bars(axes, names, [*worth.values(), *kinds.values()], BLUE, "")
    axes.axhline(len(kinds) - 0.5, color=GREY, linewidth=0.6)
    axes.axvline(5.0, color=GREY, linewidth=0.8, linestyle=":")
    _finish(axes, f"What is lost without it in {data['settings']['scenario']['name']} (dotted: 5 %)")
    figure.savefig(path, dpi=DPI)


def draw_ablation(data: dict[str, Any], path: Path) -> None:
    """What each lever costs in one world, at once and after searching on without it."""
    levers = data["levers"]
    figure = Figure(figsize=(7.2, 6.2), layout="constrained")
    axes = figure.add_subplot()
    names = ["control", *levers]
    _bars(axes, names[1:], [v["at_once"] for v in levers.values()], ORANGE, "at once")
    rows = [data["control"], *levers.values()]
    _bars(axes, names, [row["doubled"] or row["searched"] for row in rows], BLUE, "searched on")
    axes.axvline(3.0, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_xscale("symlog", linthresh=5.0)
    ticks = [-2, 0, 2, 5, 10, 20, 50, 100]
    axes.set_xticks(ticks, [str(t) for t in ticks])
    axes.legend(frameon=False, loc="upper right")
    _finish(axes, f"What a forced lever costs in {data['settings']['scenario']['name']} (dotted: 3 %)")
    figure.savefig(path, dpi=DPI)
