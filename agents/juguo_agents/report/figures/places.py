"""Adoption at the end by community and stratum."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.course import STRATA
from juguo_agents.evaluation.record import Comparison
from juguo_agents.report.figures.series import Series, highlighted
from juguo_agents.report.figures.style import BLACK, GREY, accent, figure, heading, readable, write_cells
from juguo_agents.report.names import PROPOSAL, place_names
from juguo_agents.report.summary import Summary
from juguo_agents.report.texts import say

_NAMES = ("concentrated", "flat", PROPOSAL)
_NUMBERED, _NAMED = 12, 60  # communities up to which cells have numbers, rows names
_WRAP = 16


def draw(comparison: Comparison, summary: Summary) -> Figure:
    """One heat map per highlighted allocator, all on one scale."""
    chosen = highlighted(comparison, summary, _NAMES)
    shares = [mean_where_any(s.pooled("final_adoption")) for s in chosen]
    names = _community_names(comparison)
    stars = say("places.stars") if any(name.endswith(" *") for name in names) else ""
    height = 0.33 if len(names) <= _NUMBERED else 0.19
    fig = figure(
        comparison,
        max(7.5, 2.9 + 1.55 * len(chosen)),
        min(2.45 + height * max(len(names), 5), 12.0),
        say("places.heading"),
        say("places.note", stars=stars),
    )
    panels = fig.subplots(1, len(chosen), sharey=True, squeeze=False)[0]
    top = max(float(np.nanmax(s)) for s in shares)
    scale = Normalize(0.0, max(np.ceil(top * 10.0) / 10.0, 0.1))
    for axes, series, share in zip(panels, chosen, shares, strict=True):
        image = _panel(axes, series, share, scale)
    panels[0].set_yticks(range(len(names)), names)
    if len(names) > _NAMED:
        panels[0].set_yticks([])
        panels[0].set_ylabel(say("places.many", count=f"{len(names):,}"))
    bar = fig.colorbar(image, ax=panels, aspect=30, pad=0.015)
    bar.set_label(say("places.bar"))
    bar.ax.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=(1, 2, 5, 10)))
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    if any(np.isnan(s).any() for s in shares):
        empty = Patch(
            facecolor="#eeeeee",
            edgecolor=GREY,
            hatch="////",
            lw=0.5,
            label=say("places.empty"),
        )
        fig.legend(handles=[empty], loc="outside lower left")
    return fig


def mean_where_any(cells: Floats) -> Floats:
    """Mean over the first axis of the cells that hold a number; NaN where none does."""
    known = ~np.isnan(cells)
    count = known.sum(0)
    total = np.where(known, cells, 0.0).sum(0)
    mean: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean


def _community_names(comparison: Comparison) -> list[str]:
    """Names as the figure shows them; a star marks hubs unless their names say so."""
    society = comparison.scenario.society
    return [
        readable(name, place.label_en) + (" *" if place.hub and "hub" not in place.name.lower() else "")
        for place, name in zip(society.listed(), place_names(comparison.scenario), strict=True)
    ]


def _panel(axes: Axes, series: Series, share: Floats, scale: Normalize) -> AxesImage:
    image = axes.imshow(np.ma.masked_invalid(share), cmap="YlGnBu", norm=scale, aspect="auto")
    for c, j in np.argwhere(np.isnan(share)):
        axes.add_patch(
            Rectangle((j - 0.5, c - 0.5), 1, 1, facecolor="#eeeeee", edgecolor=GREY, hatch="////", lw=0.0)
        )
    if len(share) <= _NUMBERED:
        write_cells(axes, share, ~np.isnan(share), "{:.0%}".format, lambda x: bool(scale(x) > 0.55), 8.0)
    axes.set_xticks(range(3), [say(f"places.{stratum}") for stratum in STRATA])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(heading(series, _WRAP), fontsize=8.8, color=accent(series) or BLACK)
    return image
