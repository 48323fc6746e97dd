"""The figures of a comparison as PNG. Only this package imports matplotlib."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial

from matplotlib import rc_context
from matplotlib.figure import Figure

from juguo_agents.evaluation.record import Comparison
from juguo_agents.report.captions import FACTORIAL
from juguo_agents.report.curves import Curves
from juguo_agents.report.figures import adoption, board, exits, factorial, learning, money, places, returns
from juguo_agents.report.figures.style import DPI, parameters
from juguo_agents.report.summary import Summary

FIGURES = {
    "return.png": returns.draw,
    FACTORIAL: factorial.draw,
    "adoption.png": adoption.draw,
    "exits.png": exits.draw,
    "money.png": money.draw,
    "places.png": places.draw,
    "board.png": board.draw,
}
LEARNING_CURVE = "learning_curve.png"


def draw_figures(
    comparison: Comparison, summary: Summary, curves: Curves | None = None
) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure. matplotlib's settings are as before when it is done."""
    for name, draw in FIGURES.items():
        if name == FACTORIAL and not summary["institutions"]:
            continue
        yield name, _png(partial(draw, comparison, summary))
    if curves:
        yield LEARNING_CURVE, _png(partial(learning.draw, curves, comparison.scenario.name))


def _png(draw: Callable[[], Figure]) -> bytes:
    with rc_context(parameters()):
        out = io.BytesIO()
        draw().savefig(out, format="png", dpi=DPI)
    return out.getvalue()
