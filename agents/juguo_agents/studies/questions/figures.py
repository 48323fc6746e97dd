"""The figure of a question: what each option earns more than the one it is compared with, case by case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from juguo_agents.report.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILION,
    headed,
    name_rows,
    readable,
)
from juguo_agents.report.texts import say
from juguo_agents.studies.questions.questions import QUESTIONS
from juguo_agents.studies.questions.words import option, options, place

_LOOKS = (
    (BLUE, "o"), (ORANGE, "s"), (VERMILION, "^"), (GREEN, "D"), (PURPLE, "v"), (SKY, "P"), (GREY, "X"),
    (BLACK, "*"), (PALE, "h"),
)  # fmt: skip
_APART = 0.8
"""Of a row, that the marks of all series take together."""


def draw(name: str, answer: Mapping[str, Any]) -> Figure:
    """A row for each option and a mark for each case; where there is one option beside the reference, a row
    for each case.
    """
    question = QUESTIONS[name]
    cases, words = answer["cases"], options(name)
    places = [place(case).replace("`", "") for case in cases]
    shown = [one.name for one in question.options if one.name != question.reference]
    by_case = [[case["options"][one]["over_reference"] for one in shown] for case in cases]
    if len(shown) == 1:
        rows, series, values = places, [words[shown[0]]], [[row[0] for row in by_case]]
    else:
        rows, series, values = [words[one] for one in shown], places, by_case
    lines = -(-len(series) // 3)
    fig = headed(
        8.2,
        1.6 + len(rows) * max(0.26, 0.09 * len(series)) + 0.2 * lines,
        say(f"questions.{name}.title"),
        say("questions.figure", reference=option(name, question.reference)),
    )
    axes = fig.subplots()
    for i, (label, estimates) in enumerate(zip(series, values, strict=True)):
        colour, marker = _LOOKS[i % len(_LOOKS)]
        shift = (i - (len(series) - 1) / 2) * _APART / len(series)
        for y, one in enumerate(estimates):
            axes.plot((one["low"], one["high"]), (y + shift,) * 2, color=colour, lw=1.2)
            axes.plot(
                one["mean"], y + shift, marker, color=colour, ms=4.5, label=None if y else readable(label)
            )
    axes.axvline(0.0, color=BLACK, lw=0.8)
    name_rows(axes, rows)
    for between in range(len(rows) - 1):
        axes.axhline(between + 0.5, color=PALE, lw=0.5, zorder=0)
    axes.grid(axis="x")
    axes.set_xlabel(say("questions.axis"))
    if len(series) > 1:
        fig.legend(loc="outside lower left", ncols=3)
    return fig
