"""The paper's five core indicators by actor."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.record import Comparison
from juguo_agents.report.figures.series import highlighted
from juguo_agents.report.figures.style import BLACK, accent, figure, heading, name_columns, write_cells
from juguo_agents.report.names import PROPOSAL
from juguo_agents.report.summary import Summary
from juguo_agents.report.texts import say
from juguo_envs.model.state import ACTORS, INDICATORS

_NAMES = ("concentrated", "flat", PROPOSAL)
_WRAP = 20


def draw(comparison: Comparison, summary: Summary) -> Figure:
    """One board per highlighted allocator."""
    chosen = highlighted(comparison, summary, _NAMES)
    fig = figure(
        comparison,
        max(7.5, 2.4 + 2.0 * len(chosen)),
        4.1,
        say("board.heading"),
        say("board.note"),
    )
    panels = fig.subplots(1, len(chosen), sharey=True, squeeze=False)[0]
    for axes, series in zip(panels, chosen, strict=True):
        _board(axes, series.pooled("board").mean(0))
        axes.set_title(heading(series, _WRAP), fontsize=8.8, color=accent(series) or BLACK)
    panels[0].set_yticks(
        range(len(INDICATORS)), [textwrap.fill(say(f"indicator.{i}"), _WRAP) for i in INDICATORS]
    )
    return fig


def _board(axes: Axes, board: Floats) -> None:
    axes.imshow(board, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    everywhere = np.ones(board.shape, bool)
    write_cells(axes, board, everywhere, lambda x: f"{x:.{2 if x >= 0.1 else 3}f}", lambda x: x > 0.55, 8.5)
    name_columns(axes, [say(f"actor.{actor}") for actor in ACTORS], 30.0)
    axes.set_xticks(np.arange(0.5, len(ACTORS) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(INDICATORS) - 1), minor=True)
    axes.grid(which="minor", color="white", lw=1.5)
