"""Bars: shares of the worlds by values and by switch, and what the exchange of a part loses."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from juguo_agents.report.figures.style import BLACK, GREY, headed
from juguo_agents.report.names import label
from juguo_agents.studies.map.colours import DOCTRINE_COLOURS, OTHERS, text_on
from juguo_agents.studies.map.exchange import ALL, GROUPS
from juguo_agents.studies.map.values import VALUE_SETS
from juguo_agents.studies.map.verdicts import CONDITIONS

_LEAST_SHOWN = 0.02  # share, in any bar, from which a doctrine has a colour of its own
_TIE, _OTHERS = "tie", "others"


def draw_shares(summary: dict[str, Any], subtitle: str) -> Figure:
    """One bar for each condition and set of values: shares of the worlds won by each doctrine, and ties."""
    fig = headed(
        11.0,
        8.0,
        "In which share of the worlds is each doctrine best, under which values?",
        f"{subtitle}; best means better than every other beyond noise; the rest are ties",
    )
    bars = {
        c.text: {
            v.name: {n: p["share"] for n, p in summary["conditions"][c.name]["values"][v.name]["won"].items()}
            for v in VALUE_SETS
        }
        for c in CONDITIONS
    }
    every = [bar for group in bars.values() for bar in group.values()]
    shown = _shown(every)
    panels = fig.subplots(len(bars), 1, sharex=True)
    for panel, (text, group) in zip(panels, bars.items(), strict=True):
        _stacked(panel, group, shown)
        panel.set_title(f"{text[0].upper()}{text[1:]}")
    panels[-1].set_xlabel("share of the worlds")
    _legend(fig, every, shown, ties=True)
    return fig


def draw_switches(summary: dict[str, Any]) -> Figure:
    """One bar for each switch: shares of the worlds that each doctrine leads."""
    part = summary["switches"]
    fig = headed(
        11.0,
        1.9 + 0.42 * len(part["switches"]),
        "Who leads with one assumption switched off?",
        f"the first {part['points']} worlds, {part['episodes']} episodes; values drawn; who leads has the "
        "highest mean, perhaps by no more than noise",
    )
    bars = {row["name"]: row["leading"] for row in part["switches"]}
    shown = _shown(list(bars.values()))
    axes = fig.subplots()
    _stacked(axes, bars, shown)
    axes.axhline(0.5, color=GREY, lw=0.7)  # below the world as it is
    axes.set_xlabel("share of the worlds")
    _legend(fig, list(bars.values()), shown, ties=False)
    return fig


def draw_parts(summary: dict[str, Any]) -> Figure | None:
    """For each doctrine that leads often what it loses with each part of the second best."""
    found = sorted(summary["parts"].items(), key=lambda item: -item[1]["points"])
    if not found:
        return None
    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    fig = headed(
        11.0,
        1.5 + 2.1 * rows,
        "What the best doctrine of a world loses with one part of the second best",
        "tuned, values drawn; mean over the worlds that it leads, with the 95 % interval; grey: all parts",
    )
    panels = fig.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    names = [*GROUPS, ALL]
    for panel, (doctrine, row) in zip(panels.flat, found, strict=False):
        for y, part in enumerate(names):
            told = row["loss"][part]
            panel.barh(
                y, told["mean"], 0.62, color=GREY if part == ALL else DOCTRINE_COLOURS[doctrine], alpha=0.85
            )
            panel.plot((told["low"], told["high"]), (y, y), color=BLACK, lw=1.0)
        panel.axvline(0.0, color=BLACK, lw=0.8)
        panel.set_title(f"{label(doctrine)} ({row['points']} worlds)")
        panel.set_yticks(range(len(names)), [*GROUPS, "all"])
        panel.tick_params(axis="y", length=0)
        panel.set_ylim(len(names) - 0.4, -0.6)
        panel.grid(axis="x")
    for panel in panels.flat[len(found) :]:
        panel.set_axis_off()
    for panel in panels.flat[max(0, len(found) - columns) : len(found)]:  # the lowest of each column
        panel.set_xlabel("loss of return")
        panel.tick_params(axis="x", labelbottom=True)
    return fig


def _shown(bars: list[dict[str, float]]) -> list[str]:
    """The doctrines that have a colour of their own, in the doctrines' order."""
    return [name for name in DOCTRINE_COLOURS if any(bar[name] >= _LEAST_SHOWN for bar in bars)]


def _stacked(axes: Axes, bars: dict[str, dict[str, float]], shown: list[str]) -> None:
    """A row of coloured parts for each bar; what is left to the whole is ties."""
    for y, bar in enumerate(bars.values()):
        parts = [(name, bar[name], DOCTRINE_COLOURS[name]) for name in shown]
        others = sum(share for name, share in bar.items() if name not in shown)
        parts += [(_OTHERS, others, OTHERS), (_TIE, max(0.0, 1.0 - sum(bar.values())), "white")]
        edges = np.cumsum([0.0, *(share for _, share, _ in parts)])
        for (name, share, colour), left in zip(parts, edges[:-1].tolist(), strict=True):
            if share > 1e-9:
                _part(axes, y, left, name, share, colour)
    axes.set_yticks(range(len(bars)), list(bars))
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0.0, 1.0)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))


def _part(axes: Axes, y: int, left: float, name: str, share: float, colour: str) -> None:
    tie = name == _TIE
    axes.barh(
        y, share, 0.7, left=left, color=colour, edgecolor=GREY if tie else "white", linewidth=0.6,
        hatch="////" if tie else None,
    )  # fmt: skip
    if share >= 0.03:
        axes.text(
            left + share / 2.0, y, f"{share:.0%}", ha="center", va="center", fontsize=8.0,
            color=BLACK if tie else text_on(colour),
            bbox={"fc": "white", "ec": "none", "pad": 1.2} if tie else None,
        )  # fmt: skip


def _legend(fig: Figure, bars: list[dict[str, float]], shown: list[str], ties: bool) -> None:
    others = any(share > 0.0 for bar in bars for name, share in bar.items() if name not in shown)
    handles = [Patch(color=DOCTRINE_COLOURS[name], label=label(name)) for name in shown]
    if others:
        handles.append(Patch(color=OTHERS, label="another doctrine"))
    if ties:
        handles.append(Patch(fc="white", ec=GREY, hatch="////", label="tie: no more than noise"))
    fig.legend(handles=handles, loc="outside lower center", ncols=5)
