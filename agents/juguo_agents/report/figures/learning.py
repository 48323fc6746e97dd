"""How training went: one line per training seed, by steps and by time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from juguo_agents.report.curves import Curves, by_seed, kept
from juguo_agents.report.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    headed,
    readable,
    spread,
)
from juguo_agents.report.texts import say

_COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK, GREY)
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1)))  # where there are more seeds than colours


def draw(curves: Curves, world: str) -> Figure:
    """Selection returns on the left by steps, on the right by time; a dot marks the policy that was kept."""
    seeds = by_seed(curves)
    fig = headed(
        10.0,
        max(4.2, 2.2 + 0.2 * len(seeds)),
        say("learning.heading"),
        say("learning.note", world=readable(world)),
    )
    left, right = fig.subplots(1, 2, sharey=True)
    most = max(point["steps"] for _, curve in seeds for point in curve)
    units = ((1e6, "learning.million"), (1e3, "learning.thousand"))
    scale, steps = next(((s, u) for s, u in units if most >= 2 * s), (1.0, "learning.steps"))
    long = max(point["seconds"] for _, curve in seeds for point in curve)
    second, clock = (60.0, "learning.minutes") if long >= 120.0 else (1.0, "learning.seconds")
    for i, (_, curve) in enumerate(seeds):
        for axes, field, by in ((left, "steps", scale), (right, "seconds", second)):
            _line(axes, curve, field, by, i)
    for axes, label, title in (
        (left, say(steps), say("learning.by_steps")),
        (right, say(clock), say("learning.by_time")),
    ):
        axes.set_title(title)
        axes.set_xlabel(label)
        axes.set_xlim(left=0.0)
        axes.grid()
        axes.xaxis.set_major_locator(MaxNLocator(nbins=7))
    left.set_ylabel(say("learning.axis"))
    _name_ends(right, seeds, second)
    marks = [Line2D([], [], color=BLACK, marker="o", ls="", ms=6, label=say("learning.kept"))]
    fig.legend(handles=marks, loc="outside lower left")
    return fig


def _line(axes: Axes, curve: list[dict[str, float]], field: str, by: float, i: int) -> None:
    colour = _COLOURS[i % len(_COLOURS)]
    x = [point[field] / by for point in curve]
    y = [point["selection_return"] for point in curve]
    axes.plot(x, y, color=colour, lw=1.5, ls=_DASHES[i // len(_COLOURS) % len(_DASHES)], marker=".", ms=4)
    best = kept(curve)
    axes.plot(best[field] / by, best["selection_return"], "o", ms=7, color=colour, mec="white", zorder=4)


def _name_ends(axes: Axes, seeds: list[tuple[int, list[dict[str, float]]]], by: float) -> None:
    low, high = axes.get_ylim()
    ends = np.array([curve[-1]["selection_return"] for _, curve in seeds])
    places = spread(ends, 0.055 * (high - low), low, high)
    edge = axes.get_xlim()[1]
    for i, ((seed, curve), end, place) in enumerate(zip(seeds, ends, places, strict=True)):
        colour = _COLOURS[i % len(_COLOURS)]
        axes.annotate(
            say("learning.seed", seed=seed),
            xy=(curve[-1]["seconds"] / by, end),
            xytext=(edge * 1.03, place),
            color=colour,
            va="center",
            fontsize=8.8,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "relpos": (0.0, 0.5)},
        )
