"""Who got the money, stage by stage, and for which function."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.record import Comparison
from juguo_agents.report.figures.series import main_series
from juguo_agents.report.figures.style import (
    ACTOR_COLOURS,
    GREY,
    RESERVE_COLOUR,
    accent,
    figure,
    name_columns,
    name_rows,
    write_cells,
)
from juguo_agents.report.summary import Summary, is_like_for_like
from juguo_agents.report.texts import say
from juguo_envs.model.state import ACTORS, FUNCTIONS, N_FUNCTIONS, STAGES

_NAME_COLOURS = (ACTOR_COLOURS[0], "#a86f00", ACTOR_COLOURS[2], GREY)  # dark enough to be read


def draw(comparison: Comparison, summary: Summary) -> Figure:
    """Above: shares by actor for each stage. Below: shares by function over the programme."""
    chosen = main_series(comparison, summary)
    n = len(chosen)
    note = say("figures.top") + (say("figures.alike") if is_like_for_like(summary) else "")
    fig = figure(
        comparison,
        10.5,
        3.6 + 0.5 * n,
        say("figure.money"),
        say("money.note", note=note),
    )
    upper, lower = fig.subfigures(
        2, 1, squeeze=False, height_ratios=(1.75 + 0.25 * n, 1.25 + 0.25 * n)
    ).ravel()
    spending = [s.pooled("spending").mean(0) for s in chosen]
    quarters = [s.pooled("stage_quarters").mean(0) for s in chosen]
    panels = upper.subplots(1, len(STAGES), sharey=True)
    for stage, axes in enumerate(panels):
        _stage(axes, stage, spending, quarters)
    names, accents = [s.label for s in chosen], [accent(s) for s in chosen]
    name_rows(panels[0], names, accents)
    handles = [Patch(color=c, label=say(f"actor.{a}")) for a, c in zip(ACTORS, ACTOR_COLOURS, strict=True)]
    handles.append(Patch(color=RESERVE_COLOUR, label=say("use.reserve")))
    upper.legend(handles=handles, loc="outside lower center", ncols=4)
    axes = lower.subplots()
    _functions(axes, spending)
    name_rows(axes, names, accents)
    return fig


def _stage(axes: Axes, stage: int, spending: list[Floats], quarters: list[Floats]) -> None:
    for y, (money, long) in enumerate(zip(spending, quarters, strict=True)):
        total = money[stage].sum()
        if total <= 0.0:
            axes.text(
                0.02, y, say("money.none" if long[stage] > 0.0 else "money.never"), va="center", fontsize=8.0
            )
            continue
        parts = [*money[stage, :N_FUNCTIONS].reshape(3, 3).sum(1), money[stage, N_FUNCTIONS]]
        left = 0.0
        for part, colour in zip(parts, (*ACTOR_COLOURS, RESERVE_COLOUR), strict=True):
            axes.barh(y, part / total, 0.68, left=left, color=colour)
            left += part / total
        axes.text(1.02, y, f"{long[stage]:.0f}", va="center", fontsize=7.8, color="#555555")
    axes.set_xlim(0.0, 1.0)
    axes.set_title(say("figures.In_stage", stage=say(f"stage.{STAGES[stage]}")))
    axes.set_xlabel(say("page.money.share"))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xticks((0.0, 0.5, 1.0))
    axes.tick_params(axis="y", length=0)


def _functions(axes: Axes, spending: list[Floats]) -> None:
    shares = np.array([m.sum(0) / m.sum() if m.sum() > 0.0 else np.zeros(N_FUNCTIONS + 1) for m in spending])
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=0.6, aspect="auto")
    write_cells(axes, shares, shares >= 0.005, "{:.0%}".format, lambda share: share > 0.35, 7.8)
    name_columns(axes, [say(f"use.{use}") for use in (*FUNCTIONS, "reserve")], 20.0)
    for tick, colour in zip(axes.get_xticklabels(), np.repeat(_NAME_COLOURS, (3, 3, 3, 1)), strict=True):
        tick.set_color(colour)
    for x in (2.5, 5.5, 8.5):
        axes.axvline(x, color="white", lw=2.5)
    axes.set_title(say("money.functions"))
