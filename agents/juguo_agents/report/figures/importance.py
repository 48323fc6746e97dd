"""Which observations matter: the loss of return without each group, with its interval."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from juguo_agents.report.figures.style import BLACK, BLUE, GREY, headed, name_rows, readable
from juguo_agents.report.texts import say, translated


def draw(data: dict[str, Any]) -> Figure:
    """The group that matters most at the top; groups whose interval includes zero are grey."""
    groups = data["importance"]
    settings = data["settings"]
    where = say("studies.where", world=readable(data["scenario"]), episodes=f"{settings['episodes']:,}")
    fig = headed(
        8.6,
        1.9 + 0.27 * len(groups),
        say("explain.importance.title", name=readable(data["source"]["name"])),
        say("explain.importance.note", where=where),
    )
    axes = fig.subplots()
    for y, group in enumerate(groups):
        told = group["low"] > 0.0 or group["high"] < 0.0
        colour = BLUE if told else GREY
        axes.plot((group["low"], group["high"]), (y, y), color=colour, lw=1.6)
        axes.plot(group["loss"], y, "o", color=colour, ms=5)
    axes.axvline(0.0, color=BLACK, lw=0.8)
    name_rows(axes, [translated(group["group"]) for group in groups])
    axes.grid(axis="x")
    axes.set_xlabel(say("explain.importance.axis"))
    return fig
