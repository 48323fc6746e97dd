"""Regret of allocators to the best in each of many worlds: ranges and distributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from juguo_agents.allocators.institutions import TUNED, split_name
from juguo_agents.array_types import Floats
from juguo_agents.report.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LEARNED,
    ORANGE,
    PURPLE,
    headed,
    name_rows,
    readable,
    styled_png,
)
from juguo_agents.report.texts import again, say

FIGURE = "regret.png"
MOST_REGRET = 0.10
"""What a policy's median regret is asked to be at most."""
Summary = dict[str, Any]
_COLOURS = {"run": LEARNED, "learned": LEARNED, "tuned": BLUE, "searched": GREEN, "rule": BLACK}
_CURVES = (LEARNED, ORANGE, PURPLE)


def draw(summary: Summary, regret: Mapping[str, Floats]) -> bytes:
    """PNG: ranges of regret by allocator, and its distribution for those that matter."""
    return styled_png(lambda: _draw(summary, regret), Software=None)


def _draw(summary: Summary, regret: Mapping[str, Floats]) -> Figure:
    rows = _chosen(summary)
    of = {name: summary[name] for name in ("scenarios", "episodes")}
    fig = headed(
        11.0,
        max(4.2, 1.6 + 0.24 * len(rows)),
        say("generalisation.fig.title"),
        say("generalisation.fig.note", scenario=readable(summary["scenario"]), **of),
    )
    left, right = fig.subplots(1, 2, width_ratios=(1.25, 1.0))
    _ranges(left, rows, regret)
    _distributions(right, summary, rows, regret)
    fig.legend(handles=right.get_legend_handles_labels()[0], loc="outside lower right", ncols=3)
    return fig


def _chosen(summary: Summary) -> list[dict[str, Any]]:
    """All that is learned or searched, the better form of each tuned rule, the baseline as it is."""
    found, seen = [], set()
    seeds = sum(row["kind"] == "learned" for row in summary["allocators"])
    alone = seeds == sum(row["kind"] == "run" for row in summary["allocators"])
    for row in summary["allocators"]:  # least regret first
        base = split_name(row["name"].removesuffix(TUNED))[0]
        if row["kind"] == "tuned":
            if base in seen:
                continue
            seen.add(base)
        elif (
            row["kind"] == "oracle"
            or (row["kind"] == "learned" and alone)
            or (row["kind"] == "rule" and row["name"] != summary["baseline"])
        ):
            continue
        found.append(row)
    return found


def _ranges(axes: Axes, rows: list[dict[str, Any]], regret: Mapping[str, Floats]) -> None:
    for y, row in enumerate(rows):
        colour = _COLOURS[row["kind"]]
        p10, p25, p50, p75, p90 = np.percentile(regret[row["name"]], (10, 25, 50, 75, 90))
        axes.plot((p10, p90), (y, y), color=colour, lw=1.0, alpha=0.6, solid_capstyle="butt")
        axes.plot((p25, p75), (y, y), color=colour, lw=4.0, alpha=0.6, solid_capstyle="butt")
        axes.plot(p50, y, "o", color=colour, ms=5.0, mec="white", mew=0.6)
    accents = [_COLOURS[row["kind"]] if row["kind"] in ("run", "searched") else None for row in rows]
    name_rows(axes, [_name(row["name"]) for row in rows], accents)
    axes.axvline(0.0, color=BLACK, lw=0.8)
    axes.axvline(MOST_REGRET, color=GREY, lw=0.8, ls=":")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(axis="x")
    axes.set_title(say("generalisation.fig.allocators", share=f"{MOST_REGRET:.0%}"))
    axes.set_xlabel(say("generalisation.fig.regret"))


def _name(name: str) -> str:
    return again(name, "generalisation.name.")


def _distributions(
    axes: Axes, summary: Summary, rows: list[dict[str, Any]], regret: Mapping[str, Floats]
) -> None:
    runs = [row["name"] for row in rows if row["kind"] == "run"]
    curves = [(name, _CURVES[i % len(_CURVES)], "-") for i, name in enumerate(runs)]
    best = next((row["name"] for row in rows if row["kind"] == "tuned"), None)
    searched = next((row["name"] for row in rows if row["kind"] == "searched"), None)
    curves += [(name, colour, "-") for name, colour in ((best, BLUE), (searched, GREEN)) if name]
    curves.append((f"{summary['baseline']}{TUNED}", BLACK, "--"))
    curves.append((summary["baseline"], BLACK, ":"))
    for name, colour, style in curves:
        values = np.sort(regret[name])
        values, share = np.append(values[0], values), np.arange(len(values) + 1) / len(values)
        axes.step(values, share, where="post", color=colour, ls=style, lw=1.6, label=_name(name))
    axes.axvline(0.0, color=BLACK, lw=0.8)
    axes.axvline(MOST_REGRET, color=GREY, lw=0.8, ls=":")
    axes.set_ylim(0.0, 1.0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid()
    axes.set_title(say("generalisation.fig.share"))
    axes.set_xlabel(say("generalisation.fig.regret"))
