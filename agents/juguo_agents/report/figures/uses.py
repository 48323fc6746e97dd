"""What the learner spends, beside each rule: by stage and function, by stage and community."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from juguo_agents.artifacts.tree_file import USES
from juguo_agents.report.figures.style import (
    ACTOR_COLOURS,
    BLACK,
    GREY,
    LEARNED,
    headed,
    name_columns,
    name_rows,
    readable,
    write_cells,
)
from juguo_agents.report.names import place_name
from juguo_agents.report.texts import say
from juguo_envs.model.state import STAGES

_NAME_COLOURS = (ACTOR_COLOURS[0], "#a86f00", ACTOR_COLOURS[2], GREY)
_MOST_FIGURES = 12  # columns beyond which cells have no figures
_MOST = 2.0  # relative money at which the colour is deepest


def draw_functions(data: dict[str, Any]) -> Figure:
    """A panel for each stage; rows are allocators, columns functions."""
    shown = data["spending"]
    fig = headed(
        14.0,
        2.6 + 0.27 * len(shown),
        say("explain.spending.title", name=readable(data["source"]["name"])),
        say("explain.spending.note", where=_world(data)),
    )
    panels = fig.subplots(1, len(STAGES), sharey=True)
    for stage, axes in enumerate(panels):
        shares = np.array([s["functions"][stage] for s in shown])
        axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=0.6, aspect="auto")
        write_cells(axes, shares, shares >= 0.005, _hundredths, lambda share: share > 0.35, 7.2)
        _columns(
            axes,
            [say(f"use.{use}") for use in USES],
            [_NAME_COLOURS[min(i // 3, 3)] for i in range(len(USES))],
        )
        for x in (2.5, 5.5, 8.5):
            axes.axvline(x, color="white", lw=2.0)
        _quarters(axes, data, stage, len(USES) - 0.4)
    _rows(panels[0], data)
    return fig


def draw_communities(data: dict[str, Any]) -> Figure:
    """A panel for each stage; rows are allocators, columns communities."""
    allocators, places = data["spending"], data["communities"]
    fig = headed(
        max(11.0, 4.5 + 3 * min(0.5 * len(places), 4.5)),
        2.6 + 0.27 * len(allocators),
        say("explain.communities.title", name=readable(data["source"]["name"])),
        say("explain.communities.note", where=_world(data)),
    )
    panels = fig.subplots(1, len(STAGES), sharey=True)
    norm = TwoSlopeNorm(1.0, 0.0, _MOST)
    for stage, axes in enumerate(panels):
        relative = np.array([s["communities"][stage] for s in allocators])
        spent = relative.sum(1) > 0.0
        axes.imshow(
            np.where(spent[:, None], np.minimum(relative, _MOST), np.nan),
            cmap="PuOr_r",
            norm=norm,
            aspect="auto",
        )
        if len(places) <= _MOST_FIGURES:
            shown = np.broadcast_to(spent[:, None], relative.shape)
            write_cells(axes, relative, shown, _hundredths, lambda x: abs(min(x, _MOST) - 1.0) > 0.6, 7.2)
        names = [readable(place_name(p["name"])) for p in places]
        _columns(axes, names, [BLACK] * len(names))
        _quarters(axes, data, stage, len(places) - 0.4)
    _rows(panels[0], data)
    return fig


def _world(data: dict[str, Any]) -> str:
    name = readable(data["scenario"])
    return say("studies.where", world=name, episodes=f"{data['settings']['episodes']:,}")


def _hundredths(value: float) -> str:
    return f"{100 * value:.0f}"


def _columns(axes: Axes, names: list[str], colours: list[str]) -> None:
    name_columns(axes, names, 40.0, fontsize=8.0)
    for tick, colour in zip(axes.get_xticklabels(), colours, strict=True):
        tick.set_color(colour)


def _quarters(axes: Axes, data: dict[str, Any], stage: int, x: float) -> None:
    axes.set_title(say("figures.In_stage", stage=say(f"stage.{STAGES[stage]}")))
    for y, allocator in enumerate(data["spending"]):
        quarters = allocator["quarters"][stage]
        lasted = f"{quarters:.0f}" if quarters >= 0.5 else "<1"
        text = say("explain.lasted", quarters=lasted) if quarters > 0.0 else say("explain.never")
        axes.text(x, y, text, va="center", fontsize=7.2, color="#555555", clip_on=False)


def _rows(axes: Axes, data: dict[str, Any]) -> None:
    """Names; that of the learner and of its trees stand out."""
    own = {data["source"]["name"], *(t["name"] for t in data["trees"])}
    names = [s["name"] for s in data["spending"]]
    shown = [say("explain.tree.row", leaves=t["leaves"]) for t in data["trees"]]
    short = dict(zip((t["name"] for t in data["trees"]), shown, strict=True))
    name_rows(axes, [short.get(n, n) for n in names], [LEARNED if n in own else None for n in names])
