"""Mean return with its interval, the spread over episodes, and the parts that the mean is the sum of."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.report.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LEARNED,
    ORANGE,
    SKY,
    figure,
    labelled,
    name_rows,
)
from juguo_agents.report.names import label_of
from juguo_agents.report.summary import Summary, has_own, is_like_for_like, main_rows
from juguo_agents.report.texts import say

_OWN = "#a86f00"
_OWN_LOWER = 0.3  # of a row, the paper's own version below the like-for-like one


def draw(comparison: Comparison, summary: Summary) -> Figure:
    """Dots and whiskers on the left, the parts of the mean on the right; best allocator at the top."""
    rows = main_rows(summary)
    records = [comparison.record(row["name"]) for row in rows]
    own = has_own(summary)
    alike = say("figures.alike") if is_like_for_like(summary) else ""
    fig = figure(
        comparison,
        10.0,
        1.85 + (0.3 if own else 0.235) * len(rows),
        say("return.heading"),
        say("return.note") + alike,
    )
    left, right = fig.subplots(1, 2, sharey=True, width_ratios=(1.45, 1.0))
    colours = [_colour(row, record, summary) for row, record in zip(rows, records, strict=True)]
    for y, (record, row, colour) in enumerate(zip(records, rows, colours, strict=True)):
        low, high = np.percentile(record.returns, (10, 90))
        left.plot((low, high), (y, y), color=colour, alpha=0.22, lw=6.5, solid_capstyle="butt")
        left.plot((row["mean_low"], row["mean_high"]), (y, y), color=colour, lw=1.6)
        left.plot(row["mean"], y, "o", ms=5, color=colour, mew=1.3)
        if row["own"] and row["own"]["name"] != row["name"]:
            _own(left, y + _OWN_LOWER, row["own"])
    mean = next(a["mean"] for a in summary["allocators"] if a["name"] == summary["baseline"])
    left.axvline(mean, color=BLACK, lw=0.9, ls=(0, (4, 3)), zorder=0)
    left.set_title(say("return.mean"))
    left.set_xlabel(say("return.axis"))
    left.grid(axis="x")
    left.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=(1, 2, 5, 10)))
    names = [labelled(label_of(summary, row["name"]), row["reference"]) for row in rows]
    name_rows(
        left,
        names,
        [
            c if c in (LEARNED, BLACK) or record.name in comparison.highlight else None
            for c, record in zip(colours, records, strict=True)
        ],
    )
    _parts(right, comparison, records)
    fig.legend(handles=_marks(summary, records, own), loc="outside lower left", ncols=2)
    parts = [
        Patch(color=SKY, label=say("return.breadth")),
        Patch(color=GREEN, label=say("return.resilience")),
        Patch(color=ORANGE, label=say("return.excluded")),
        Line2D([], [], color=BLACK, marker="D", ms=4, ls="", label=say("return.sum")),
    ]
    fig.legend(handles=parts, loc="outside lower right", ncols=2)
    return fig


def _own(axes: Axes, y: float, own: dict[str, Any]) -> None:
    axes.plot((own["mean_low"], own["mean_high"]), (y, y), color=_OWN, lw=1.2)
    axes.plot(own["mean"], y, "d", ms=4.2, color=_OWN, mfc="white", mew=1.1)


def _marks(summary: Summary, records: list[Record], own: bool) -> list[Line2D]:
    baseline = label_of(summary, summary["baseline"])
    interval = say("return.interval", confidence=f"{summary['confidence']:.0%}")
    handles = [
        Line2D([], [], color=BLUE, marker="o", ms=5, lw=1.6, label=interval),
        Line2D([], [], color=BLUE, alpha=0.22, lw=6.5, label=say("return.most")),
        Line2D([], [], color=BLACK, lw=0.9, ls=(0, (4, 3)), label=say("return.baseline", name=baseline)),
    ]
    if own:
        handles.append(
            Line2D([], [], color=_OWN, marker="d", mfc="white", ms=4.2, lw=1.2, label=say("table.own.long"))
        )
    if any(r.learned for r in records):
        handles.append(Line2D([], [], color=LEARNED, marker="o", ms=5, lw=1.6, label=say("name.learned")))
    return handles


def _colour(row: dict[str, Any], record: Record, summary: Summary) -> str:
    if record.learned:
        return LEARNED
    if record.name == summary["baseline"]:
        return BLACK
    return GREY if row["reference"] else BLUE


def _parts(axes: Axes, comparison: Comparison, records: list[Record]) -> None:
    weights = comparison.parameters()
    y = np.arange(len(records))
    breadth = np.array([(weights["w_b"] * r.breadth).mean() for r in records])
    resilience = np.array([(weights["w_r"] * r.resilience).mean() for r in records])
    excluded = np.array([(weights["w_x"] * r.excluded).mean() for r in records])
    axes.barh(y, breadth, 0.62, color=SKY)
    axes.barh(y, resilience, 0.62, left=breadth, color=GREEN)
    axes.barh(y, -excluded, 0.62, color=ORANGE)
    axes.plot([r.returns.mean() for r in records], y, "D", ms=4, color=BLACK, mec="white", mew=0.6)
    axes.axvline(0.0, color=BLACK, lw=0.8)
    axes.set_title(say("return.parts"))
    axes.set_xlabel(say("return.parts.axis"))
    axes.grid(axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=(1, 2, 5, 10)))
    axes.tick_params(axis="y", length=0, labelleft=False)
