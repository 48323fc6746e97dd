"""Mean return with its interval, the spread over episodes, and the parts that the mean is the sum of."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from juguo_agents.report.figures.style import BLACK, BLUE, GREEN, LEARNED, ORANGE, SKY, figure, name_rows
from juguo_agents.report.selection import is_side_variant, label
from juguo_agents.report.summary import Summary
from juguo_agents.results import Comparison, Record

_VARIANT = "#8fb8d4"


def draw(comparison: Comparison, summary: Summary) -> Figure:
    """Dots and whiskers on the left, the parts of the mean on the right; best allocator at the top."""
    records, rows = comparison.ranked(), summary["allocators"]
    fig = figure(
        comparison,
        10.0,
        1.75 + 0.235 * len(rows),
        "Return by allocator, and what it is made of",
        "best mean at the top; higher is better",
    )
    left, right = fig.subplots(1, 2, sharey=True, width_ratios=(1.45, 1.0))
    colours = [_colour(r, comparison) for r in records]
    for y, (record, row, colour) in enumerate(zip(records, rows, colours, strict=True)):
        low, high = np.percentile(record.returns, (10, 90))
        left.plot((low, high), (y, y), color=colour, alpha=0.22, lw=6.5, solid_capstyle="butt")
        left.plot((row["mean_low"], row["mean_high"]), (y, y), color=colour, lw=1.6)
        face = "white" if is_side_variant(record, comparison) else colour
        left.plot(row["mean"], y, "o", ms=5, color=colour, mfc=face, mew=1.3)
    mean = next(a["mean"] for a in rows if a["name"] == comparison.baseline)
    left.axvline(mean, color=BLACK, lw=0.9, ls=(0, (4, 3)), zorder=0)
    left.set_title("Mean return")
    left.set_xlabel("return per episode (no unit)")
    left.grid(axis="x")
    left.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=(1, 2, 5, 10)))
    accents = [
        c if r.learned or r.name == comparison.baseline else None
        for r, c in zip(records, colours, strict=True)
    ]
    name_rows(left, [label(r.name) for r in records], accents)
    _parts(right, comparison, records)
    confidence = f"{summary['confidence']:.0%}"
    handles = [
        Line2D([], [], color=BLUE, marker="o", ms=5, lw=1.6, label=f"mean and {confidence} interval"),
        Line2D([], [], color=BLUE, alpha=0.22, lw=6.5, label="middle 80% of episodes"),
        Line2D([], [], color=BLACK, lw=0.9, ls=(0, (4, 3)), label=f"baseline ({label(comparison.baseline)})"),
    ]
    if any(r.learned for r in records):
        handles.append(Line2D([], [], color=LEARNED, marker="o", ms=5, lw=1.6, label="learned"))
    if any(is_side_variant(r, comparison) for r in records):
        handles.append(
            Line2D(
                [],
                [],
                color=_VARIANT,
                marker="o",
                mfc="white",
                ms=5,
                lw=1.6,
                label="rule with its exit added or removed",
            )
        )
    fig.legend(handles=handles, loc="outside lower left", ncols=2)
    parts = [
        Patch(color=SKY, label="breadth (adds)"),
        Patch(color=GREEN, label="resilience (adds)"),
        Patch(color=ORANGE, label="exclusion (takes away)"),
        Line2D([], [], color=BLACK, marker="D", ms=4, ls="", label="sum: mean return"),
    ]
    fig.legend(handles=parts, loc="outside lower right", ncols=2)
    return fig


def _colour(record: Record, comparison: Comparison) -> str:
    if record.learned:
        return LEARNED
    if record.name == comparison.baseline:
        return BLACK
    return _VARIANT if is_side_variant(record, comparison) else BLUE


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
    axes.set_title("Parts of the mean")
    axes.set_xlabel("contribution to the return")
    axes.grid(axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=(1, 2, 5, 10)))
    axes.tick_params(axis="y", length=0, labelleft=False)
