"""What the pages of studies of arms share: rows of shares of the gap, their figure, and folders of worlds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from juguo_agents.artifacts.identity import headed
from juguo_agents.artifacts.searched import RESULT_FILE, SEARCHES, SearchRecord
from juguo_agents.report.figures.style import BLACK
from juguo_agents.report.texts import say, translated
from juguo_agents.studies.arms import ArmResults
from juguo_agents.studies.pages import page_and_figure
from juguo_agents.studies.study import Content, Page
from juguo_agents.tables import ranged, terminal_table
from juguo_envs.names import slug


def page_of(
    results: ArmResults,
    data: dict[str, Any],
    data_file: str,
    lines: list[str],
    draw: Callable[[], Figure],
    alt: str,
) -> Page:
    """A page of lines and one figure, beside what each search found.

    Args:
        results: What was found.
        data: The numbers.
        data_file: The file of the numbers; page and figure are named like it.
        lines: For the terminal and the page.
        draw: Makes the figure.
        alt: What it shows.
    """
    files = page_and_figure(data_file.removesuffix(".json"), "\n".join(lines), draw, alt)
    for name, found in results.found.items():
        files[f"{SEARCHES}/{name}/{RESULT_FILE}"] = headed(SearchRecord, {**found.data, "place": name})
    return Page(data, data_file, "\n".join(lines), files)


def in_folders(pages: Mapping[str, Page], more: Sequence[str] = ()) -> Page:
    """The page of one world as it is; those of several, each in a folder of its name.

    Args:
        pages: By world.
        more: Lines for the terminal that compare several worlds.
    """
    first = next(iter(pages.values()))
    if len(pages) == 1:
        return first
    files: dict[str, Content] = {
        f"{slug(world)}/{name}": content
        for world, page in pages.items()
        for name, content in page.files.items()
    }
    for world, page in pages.items():
        files[f"{slug(world)}/{page.data_file}"] = page.data
    console = "\n\n".join([*(page.console for page in pages.values()), *(["\n".join(more)] if more else [])])
    data = {"worlds": {world: page.data for world, page in pages.items()}}
    return Page(data, first.data_file, console, files)


_DOUBLED = re.compile(r"(?P<name>.+) (?:twice|(?P<times>\d+) times)")


def arm_words(name: str) -> str:
    """What texts call an arm, or what an arm is called after so many times the budget (`arms.label`)."""
    if found := _DOUBLED.fullmatch(name):
        times, words = found["times"], translated(found["name"])
        return say("arms.times", name=words, times=times) if times else say("arms.twice", name=words)
    return translated(name)


def doubling_lines(doubling: dict[str, Any]) -> list[str]:
    """What each doubling brought."""
    rows = {
        say("arms.step", name=arm_words(name), episodes=f"{step['episodes']:,}"): step
        for name, steps in doubling.items()
        for step in steps
    }
    return share_lines(say("arms.doubling"), rows)


def share_lines(what: str, rows: Mapping[str, dict[str, Any]]) -> list[str]:
    """A table of differences by name, each with its share of the gap."""
    cells = ((name, ranged(values, "difference", "+.3f"), percent(values)) for name, values in rows.items())
    return terminal_table((what, say("arms.difference"), say("arms.share")), cells).splitlines()


def percent(values: dict[str, Any]) -> str:
    """A share of the gap with its interval."""
    share, low, high = (100 * values[key] for key in ("share", "share_low", "share_high"))
    return f"{share:5.1f} % [{low:.1f}, {high:.1f}]"


def intervals(axes: Axes, names: list[str], values: list[dict[str, Any]], colour: str, label: str) -> None:
    """Points with intervals, from the top down."""
    places = np.arange(len(names))[::-1]
    shares = np.array([100 * v["share"] for v in values])
    low = shares - np.array([100 * v["share_low"] for v in values])
    high = np.array([100 * v["share_high"] for v in values]) - shares
    axes.errorbar(
        shares,
        places,
        xerr=np.maximum(0.0, [low, high]),
        fmt="o",
        color=colour,
        ecolor=colour,
        elinewidth=1.5,
        capsize=3,
        markersize=5,
        label=label,
    )
    axes.set_yticks(places, names)


def finish(axes: Axes) -> None:
    """Grid and labels."""
    axes.axvline(0.0, color=BLACK, linewidth=0.8)
    axes.set_xlabel(say("studies.gap"))
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
