"""When and why projects were given up."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.report.figures.style import (
    BLACK,
    GREEN,
    GREY,
    LEARNED,
    PALE,
    PURPLE,
    STAGE_COLOURS,
    figure,
    name_rows,
)
from juguo_agents.report.names import label_of
from juguo_agents.report.summary import Summary, is_like_for_like, main_rows
from juguo_agents.report.texts import say
from juguo_envs.model.state import STAGES

_DEFECTIVE, _SOUND = PURPLE, GREEN
_FEW = 10  # projects below which each is shown by itself


def draw(comparison: Comparison, summary: Summary) -> Figure:
    """One row per allocator that gave something up: how much, when, on what evidence, and how rightly."""
    shown = [row["name"] for row in main_rows(summary)]
    shown += [row["own"]["name"] for row in summary["like_for_like"] if row["own"]]
    asked = comparison.highlight
    records = [r for r in comparison.ranked() if r.name in shown and (len(r.exits) or r.name in asked)]
    if not any(len(r.exits) for r in records):
        fig = figure(comparison, 8.0, 2.2, say("figure.exits"))
        fig.text(0.5, 0.38, say("exits.none"), ha="center", fontsize=11, color=BLACK)
        return fig
    rest = len(set(shown)) - len(records)
    note = say("figures.top")
    note += say("exits.alike") if is_like_for_like(summary) else ""
    note += say("exits.rest" if rest > 1 else "exits.rest.one", count=rest) if rest else ""
    fig = figure(comparison, 12.5, 2.15 + 0.27 * len(records), say("figure.exits"), note)
    count, age, harm, calls = fig.subplots(1, 4, sharey=True, width_ratios=(1.0, 1.0, 1.0, 1.15))
    _counts(count, records)
    _ages(age, records)
    _harm(harm, records)
    _calls(calls, records, summary)
    for axes in (count, age, harm, calls):
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
    accents = [LEARNED if r.learned else None for r in records]
    name_rows(count, [label_of(summary, r.name) for r in records], accents)
    handles: list[Artist] = [
        Patch(color=c, label=say("figures.in_stage", stage=say(f"stage.{s}")))
        for c, s in zip(STAGE_COLOURS, STAGES, strict=True)
    ]
    handles += [
        Line2D([], [], color=GREY, marker="o", mfc=BLACK, mec=BLACK, ms=4.5, lw=4, label=say("exits.half")),
        Line2D([], [], color=GREY, lw=1.2, label=say("exits.most")),
        Line2D([], [], color=GREY, marker="o", mfc="none", ms=4, ls="", label=say("exits.each", few=_FEW)),
        Line2D([], [], color=_DEFECTIVE, marker="D", ls="", ms=5.0, label=say("exits.defective")),
        Line2D(
            [],
            [],
            color=_SOUND,
            marker="o",
            mfc="none",
            mew=1.8,
            ls="",
            ms=8.0,
            label=say("exits.sound"),
        ),
    ]
    fig.legend(handles=handles, loc="outside lower left", ncols=5)
    return fig


def _counts(axes: Axes, records: list[Record]) -> None:
    left = np.zeros(len(records))
    y = np.arange(len(records))
    for stage, colour in enumerate(STAGE_COLOURS):
        width = np.array([(r.exits["stage"] == stage).sum() / len(r.returns) for r in records])
        axes.barh(y, width, 0.62, left=left, color=colour)
        left += width
    for y_, total in enumerate(left):
        axes.text(total, y_, f" {total:.2f}", va="center", fontsize=7.8, color="#555555")
    axes.set_xlim(0.0, left.max() * 1.22)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=(1, 2, 5, 10)))
    axes.set_title(say("exits.counts"))
    axes.set_xlabel(say("exits.counts.axis"))


def _range(axes: Axes, y: float, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    if len(values) < _FEW:
        axes.plot(values, np.full(len(values), y), "o", color=GREY, mfc="none", ms=4.0)
        return
    p10, p25, p50, p75, p90 = np.percentile(values, (10, 25, 50, 75, 90))
    axes.plot((p10, p90), (y, y), color=GREY, lw=1.2, solid_capstyle="butt")
    axes.plot((p25, p75), (y, y), color=GREY, lw=4.0, solid_capstyle="butt")
    axes.plot(p50, y, "o", color=BLACK, ms=4.5)


def _ages(axes: Axes, records: list[Record]) -> None:
    for y, record in enumerate(records):
        _range(axes, y, record.exits["age"].astype(float))
    axes.set_xlim(left=0.0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set_title(say("exits.ages"))
    axes.set_xlabel(say("exits.ages.axis"))


def _harm(axes: Axes, records: list[Record]) -> None:
    for y, record in enumerate(records):
        _range(axes, y, record.exits["harm"])
    axes.set_xlim(left=0.0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=(1, 2, 5, 10)))
    axes.set_title(say("exits.harm"))
    axes.set_xlabel(say("exits.harm.axis"))


def _calls(axes: Axes, records: list[Record], summary: Summary) -> None:
    rows = {a["name"]: a for a in summary["allocators"]}
    for y, record in enumerate(records):
        row = rows[record.name]
        bad, good = row["defective_given_up"], row["sound_given_up"]
        if bad is not None and good is not None:
            axes.plot((good, bad), (y, y), color=PALE, lw=1.5, zorder=1)
        if good is not None:
            axes.plot(good, y, "o", color=_SOUND, mfc="none", mew=1.8, ms=8.0, clip_on=False)
        if bad is not None:
            axes.plot(bad, y, "D", color=_DEFECTIVE, ms=5.0, clip_on=False)
    axes.set_xlim(0.0, 1.0)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    n, e = summary["defective_first"], summary["episodes"]
    axes.set_title(say("exits.calls"))
    axes.set_xlabel(say("exits.calls.axis", defective=n, sound=e - n))
