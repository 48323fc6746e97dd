"""The figures of a comparison as PNG. Only this package imports matplotlib."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from juguo_agents.evaluation.record import Comparison
from juguo_agents.report.captions import FACTORIAL, LEARNING
from juguo_agents.report.curves import Curves
from juguo_agents.report.figures import adoption, board, exits, factorial, learning, money, places, returns
from juguo_agents.report.figures.style import drawn_in, parameters, styled_png
from juguo_agents.report.names import place_names
from juguo_agents.report.summary import Summary
from juguo_agents.report.texts import speaking
from juguo_envs.errors import UserError, unknown

FIGURES = {
    "return.png": returns.draw,
    FACTORIAL: factorial.draw,
    "adoption.png": adoption.draw,
    "exits.png": exits.draw,
    "money.png": money.draw,
    "places.png": places.draw,
    "board.png": board.draw,
}


def draw_figure(name: str, comparison: Comparison, summary: Summary, lang: str = "en") -> Figure:
    """A figure by its name, without the suffix, in the project's style.

    Raises:
        UserError: If there is none of that name, or not of this comparison.
    """
    there = [Path(file).stem for file in FIGURES if file != FACTORIAL or summary["institutions"]]
    if name not in there:
        raise UserError(unknown("figure", name, there))
    with rc_context(parameters()), speaking(_drawn_in(lang, comparison), comparison.scenario.step):
        return FIGURES[f"{name}.png"](comparison, summary)


def draw_figures(
    comparison: Comparison, summary: Summary, curves: Curves | None = None, lang: str = "en"
) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure. matplotlib's settings are as before when it is done."""
    spoken = _drawn_in(lang, comparison)
    draws = {name: partial(draw, comparison, summary) for name, draw in FIGURES.items()}
    if not summary["institutions"]:
        del draws[FACTORIAL]
    if curves:
        draws[f"{LEARNING}.png"] = partial(learning.draw, curves, comparison.scenario.name)
    for name, draw in draws.items():
        with speaking(spoken, comparison.scenario.step):
            png = styled_png(draw)
        yield name, png


def _drawn_in(lang: str, comparison: Comparison) -> str:
    scenario = comparison.scenario
    with speaking(lang):
        return drawn_in(
            scenario.name, *place_names(scenario), *(record.name for record in comparison.records)
        )
