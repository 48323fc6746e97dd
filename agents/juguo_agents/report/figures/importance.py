"""Which observations matter: the loss of return without each group, with its interval."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from juguo_agents.report.figures.style import BLACK, BLUE, GREY, headed, name_rows, readable


def draw(data: dict[str, Any]) -> Figure:
    """The group that matters most at the top; groups whose interval includes zero are grey."""
    groups = data["importance"]
    settings = data["settings"]
    fig = headed(
        8.6,
        1.9 + 0.27 * len(groups),
        f"Which observations matter to {readable(data['source']['name'])}",
        f"world {readable(data['scenario'])}, {settings['episodes']:,} test episodes; "
        "mean loss of return when a group is seen as it is in\nanother episode in the same quarter; 95 % "
        "intervals, paired by episode; grey: cannot be told from none",
    )
    axes = fig.subplots()
    for y, group in enumerate(groups):
        told = group["low"] > 0.0 or group["high"] < 0.0
        colour = BLUE if told else GREY
        axes.plot((group["low"], group["high"]), (y, y), color=colour, lw=1.6)
        axes.plot(group["loss"], y, "o", color=colour, ms=5)
    axes.axvline(0.0, color=BLACK, lw=0.8)
    name_rows(axes, [group["group"] for group in groups])
    axes.grid(axis="x")
    axes.set_xlabel("loss of return")
    return fig
