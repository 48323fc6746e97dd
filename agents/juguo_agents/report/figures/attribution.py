"""Figures of a division."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from juguo_agents.report.figures.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    PALE,
    headed,
    name_rows,
    readable,
    styled_png,
)
from juguo_agents.report.formatting import number, sign
from juguo_agents.report.texts import say, translated

_COLOURS = {1: BLUE, -1: ORANGE, 0: PALE}


def draw_figures(data: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure."""
    yield "worth.png", styled_png(partial(draw_worths, data))
    yield "orders.png", styled_png(partial(draw_orders, data))


def draw_worths(data: dict[str, Any]) -> Figure:
    """Shapley values with intervals, and the gain as the first and the last part exchanged."""
    parts = sorted(data["parts"], key=lambda part: -part["worth"]["mean"])
    a, b = _names(data)
    fig = headed(
        8.6,
        4.6,
        say("attribution.worth.title", a=a, b=b),
        say(
            "attribution.worth.note", where=_where(data), difference=number(data["difference"]["mean"], True)
        ),
    )
    axes = fig.subplots()
    places = np.arange(len(parts))
    worths = [part["worth"] for part in parts]
    axes.barh(places, [w["mean"] for w in worths], color=[_COLOURS[sign(w)] for w in worths], height=0.62)
    _whiskers(axes, worths, places)
    for marker, key in (("o", "first"), ("s", "last")):
        axes.plot(
            [part[key]["mean"] for part in parts],
            places,
            marker,
            ms=5,
            mfc="white",
            mec=BLACK,
            ls="none",
            label=say(f"attribution.gain.{key}", b=b),
        )
    axes.axvline(0.0, color=BLACK, lw=0.8)
    name_rows(axes, [translated(part["part"]) for part in parts])
    axes.grid(axis="x")
    axes.set_xlabel(say("attribution.worth.axis", b=b))
    fig.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


def draw_orders(data: dict[str, Any]) -> Figure:
    """Both best-first orders as steps from one rule's return to the other's."""
    fig = headed(
        9.6,
        4.6,
        say("attribution.orders.title"),
        say("attribution.orders.note", where=_where(data)),
    )
    a, b = _names(data)
    panels = fig.subplots(1, 2, sharex=True)
    for axes, key, start, end in zip(panels, ("a_to_b", "b_to_a"), (a, b), (b, a), strict=True):
        _steps(axes, data["orders"][key], data[key[0]]["return"]["mean"])
        axes.set_title(say("attribution.orders.panel", a=start, b=end), fontsize=9.0)
        axes.set_xlabel(say("page.return"))
    return fig


def _steps(axes: Axes, steps: list[dict[str, Any]], begin: float) -> None:
    """A bar for each step, from the return before it to the return after it; the start is the top line."""
    places = np.arange(1, len(steps) + 1)
    before = np.array([begin, *(step["return"] for step in steps[:-1])])
    gains = [step["gain"] for step in steps]
    colours = [_COLOURS[sign(gain)] for gain in gains]
    axes.barh(places, [gain["mean"] for gain in gains], left=before, color=colours, height=0.62)
    _whiskers(axes, gains, places, before)
    axes.plot([begin], [0], "o", color=BLACK, ms=5)
    corners = np.array([begin, *(step["return"] for step in steps)])
    for i, x in enumerate(corners[:-1]):
        axes.plot((x, x), (i, i + 1), color=GREY, lw=0.8)
    axes.set_yticks(
        range(len(steps) + 1), [say("attribution.start"), *(translated(step["part"]) for step in steps)]
    )
    axes.set_ylim(len(steps) + 0.6, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")


def _whiskers(axes: Axes, estimates: list[dict[str, float]], places: Any, base: Any = 0.0) -> None:
    low, high = (np.array([e[key] for e in estimates]) + base for key in ("low", "high"))
    axes.hlines(places, low, high, color=BLACK, lw=1.0)


def _names(data: dict[str, Any]) -> tuple[str, str]:
    return readable(data["a"]["name"]), readable(data["b"]["name"])


def _where(data: dict[str, Any]) -> str:
    world = readable(data["scenario"])
    return say("studies.where", world=world, episodes=f"{data['settings']['episodes']:,}")
