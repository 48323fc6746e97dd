"""The figures of a comparison as PNG. Only this package imports matplotlib."""

from __future__ import annotations

import io
from collections.abc import Iterator

from matplotlib import rc_context

from juguo_agents.report.figures import adoption, board, exits, money, places, returns
from juguo_agents.report.figures.style import DPI, parameters
from juguo_agents.report.summary import Summary
from juguo_agents.results import Comparison

FIGURES = {
    "return.png": returns.draw,
    "adoption.png": adoption.draw,
    "exits.png": exits.draw,
    "money.png": money.draw,
    "places.png": places.draw,
    "board.png": board.draw,
}


def draw_figures(comparison: Comparison, summary: Summary) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure. matplotlib's settings are as before when it is done."""
    for name, draw in FIGURES.items():
        with rc_context(parameters()):
            out = io.BytesIO()
            draw(comparison, summary).savefig(out, format="png", dpi=DPI)
        yield name, out.getvalue()
