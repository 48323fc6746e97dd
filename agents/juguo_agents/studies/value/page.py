"""The page of `value`, with what it shares with that of `ablation`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from juguo_agents.artifacts.searched import RESULT_FILE
from juguo_agents.report.figures.style import BLACK, BLUE, GREY, png
from juguo_agents.search.conduct import SEARCHES
from juguo_agents.studies.study import Page
from juguo_agents.studies.value.analysis import CLOSED, KNOWING, OPEN, VALUE_FILE
from juguo_agents.studies.value.arms import ArmResults

LITTLE = 0.05
"""Share of the gap under which feedback is said to be worth little."""


def value_page(results: ArmResults, data: dict[str, Any]) -> Page:
    """The numbers of a world, in words and as a figure."""
    return page_of(results, data, VALUE_FILE, value_lines(data), draw_value(data), "value")


def page_of(
    results: ArmResults, data: dict[str, Any], data_file: str, lines: list[str], figure: Figure, alt: str
) -> Page:
    """A page of lines and one figure, beside what each search found.

    Args:
        results: What was found.
        data: The numbers.
        data_file: The file of the numbers; page and figure are named like it.
        lines: For the terminal and the page.
        figure: The figure.
        alt: What it shows.
    """
    stem = data_file.removesuffix(".json")
    page = "\n".join(["```", *lines, "```", "", f"![{alt}]({stem}.png)", ""])
    files = {f"{stem}.md": page.encode(), f"{stem}.png": png(figure)}
    for name, found in results.found.items():
        text = json.dumps(found.data, allow_nan=False, indent=2, ensure_ascii=False) + "\n"
        files[f"{SEARCHES}/{name}/{RESULT_FILE}"] = text.encode()
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
    files = {
        f"{world}/{name}": content for world, page in pages.items() for name, content in page.files.items()
    }
    for world, page in pages.items():
        text = json.dumps(page.data, allow_nan=False, indent=1, ensure_ascii=False) + "\n"
        files[f"{world}/{page.data_file}"] = text.encode()
    console = "\n\n".join([*(page.console for page in pages.values()), *(["\n".join(more)] if more else [])])
    return Page({world: page.data for world, page in pages.items()}, first.data_file, console, files)


def value_lines(data: dict[str, Any]) -> list[str]:
    """The answers of `value`, as lines of Markdown that a terminal shows well, too."""
    settings, gap, kinds = data["settings"], data["gap"], data["kinds"]
    lines = [
        f"## What feedback is worth in `{settings['scenario']['name']}`",
        "",
        f"Searches of {settings['budget']:,} episodes, {settings['searches']} of each yardstick, and of "
        f"{settings['refine']:,} from the best of them; measured on {settings['episodes']:,} test episodes "
        f"from seed {settings['first_seed']:,}. The gap, from the worst rule ({gap['worst']}) to the closed "
        f"loop, is {gap['mean']:.3f}. Intervals are 95 %.",
        "",
        f"{'allocator':<30} {'return':>8}  interval",
        f"{'-' * 30} {'-' * 8}  {'-' * 16}",
    ]
    shown = sorted(data["allocators"].items(), key=lambda item: -item[1]["mean"])
    lines += [f"{n:<30} {v['mean']:>8.3f}  [{v['low']:.3f}, {v['high']:.3f}]" for n, v in shown]
    lines += ["", *_header("what")]
    for group in (data["worth"], kinds):
        lines += [_row(name, values) for name, values in group.items()]
        lines.append("")
    lines += _restarts(data["restarts"], settings["searches"])
    if data["doubling"]:
        lines += ["", *doubling_lines(data["doubling"]), "", *_header("searched on")]
        for group in ("worth_searched_on", "kinds_searched_on"):
            lines += [_row(name, values) for name, values in data[group].items()]
    last_kinds = data["kinds_searched_on"] or kinds
    lines += ["", _feedback_in_words((data["worth_searched_on"] or data["worth"])["feedback"]), ""]
    strong = [n for n, v in last_kinds.items() if v["share"] >= LITTLE and v["low"] > 0.0]
    lines.append(
        f"Kinds of feedback worth {100 * LITTLE:.0f} % or more of the gap: {', '.join(strong) or 'none'}."
    )
    lines += ["", _folders(data)]
    return lines


def _folders(data: dict[str, Any]) -> str:
    """Where the best of what was searched lies, for other programs."""
    folders = [
        f"{name} in searches/{data['searches'][data['last'][name]]}" for name in (CLOSED, OPEN, KNOWING)
    ]
    return f"For `juguo evaluate` and `juguo compare`: {', '.join(folders)}."


def _restarts(restarts: dict[str, list[float]], searches: int) -> list[str]:
    """How far searches lie apart that differ by their seed alone."""
    if searches < 2:
        return ["One search of each yardstick: how far another one would end from it was not seen."]
    apart = [f"{name} {min(means):.3f} to {max(means):.3f}" for name, means in restarts.items()]
    return [f"Searches with other seeds ended, on the validation episodes, at: {', '.join(apart)}."]


def doubling_lines(doubling: dict[str, Any]) -> list[str]:
    """What each doubling brought."""
    lines = _header("twice the budget")
    for name, steps in doubling.items():
        lines += [_row(f"{name}, {step['episodes']:,}", step) for step in steps]
    return lines


def _header(what: str) -> list[str]:
    """Over rows of differences."""
    return [f"{what:<30} {'difference':<26} share of the gap", f"{'-' * 30} {'-' * 26} {'-' * 20}"]


def _feedback_in_words(feedback: dict[str, Any]) -> str:
    share = f"{100 * feedback['share']:.1f} % of the gap"
    if feedback["low"] <= 0.0:
        return f"Feedback is worth nothing that can be told from noise here ({share})."
    if feedback["share"] < LITTLE:
        return f"Feedback is worth little here: {share}."
    return f"Feedback is worth {share}."


def _row(name: str, values: dict[str, Any]) -> str:
    plain = f"{values['difference']:+.3f} [{values['low']:+.3f}, {values['high']:+.3f}]"
    return f"{name:<30} {plain:<26} {percent(values)}"


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


def finish(axes: Axes, title: str) -> None:
    """Title, grid and labels."""
    axes.axvline(0.0, color=BLACK, linewidth=0.8)
    axes.set_xlabel("share of the gap from the worst rule to the closed loop, %")
    axes.set_title(title, loc="left", fontsize=10)
    axes.grid(axis="x", color="#e5e5e5")
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)


def draw_value(data: dict[str, Any]) -> Figure:
    """What feedback, evaluation, knowledge and each kind are worth at the end of all searches."""
    worth, kinds = (data[f"{group}_searched_on"] or data[group] for group in ("worth", "kinds"))
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    names = [*worth, *kinds]
    intervals(axes, names, [*worth.values(), *kinds.values()], BLUE, "")
    axes.axhline(len(kinds) - 0.5, color=GREY, linewidth=0.6)
    axes.axvline(5.0, color=GREY, linewidth=0.8, linestyle=":")
    finish(axes, f"What is lost without it in {data['settings']['scenario']['name']} (dotted: 5 %)")
    return figure
