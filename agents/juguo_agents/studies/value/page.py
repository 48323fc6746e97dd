"""The page of `value`."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from juguo_agents.report.figures.style import BLUE, GREY
from juguo_agents.studies.arms import ArmResults
from juguo_agents.studies.arms_page import doubling_lines, finish, header, intervals, page_of, row
from juguo_agents.studies.study import Page
from juguo_agents.studies.value.analysis import CLOSED, KNOWING, OPEN, VALUE_FILE
from juguo_envs.names import code

LITTLE = 0.05
"""Share of the gap under which feedback is said to be worth little."""


def value_page(results: ArmResults, data: dict[str, Any]) -> Page:
    """The numbers of a world, in words and as a figure."""
    return page_of(results, data, VALUE_FILE, value_lines(data), draw_value(data), "value")


def value_lines(data: dict[str, Any]) -> list[str]:
    """The answers of `value`, as lines of Markdown that a terminal shows well, too."""
    settings, gap, kinds = data["settings"], data["gap"], data["kinds"]
    lines = [
        f"## What feedback is worth in {code(settings['scenario']['name'])}",
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
    lines += ["", *header("what")]
    for group in (data["worth"], kinds):
        lines += [row(name, values) for name, values in group.items()]
        lines.append("")
    lines += _restarts(data["restarts"], settings["searches"])
    if data["doubling"]:
        lines += ["", *doubling_lines(data["doubling"]), "", *header("searched on")]
        for group in ("worth_searched_on", "kinds_searched_on"):
            lines += [row(name, values) for name, values in data[group].items()]
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


def _feedback_in_words(feedback: dict[str, Any]) -> str:
    share = f"{100 * feedback['share']:.1f} % of the gap"
    if feedback["low"] <= 0.0:
        return f"Feedback is worth nothing that can be told from noise here ({share})."
    if feedback["share"] < LITTLE:
        return f"Feedback is worth little here: {share}."
    return f"Feedback is worth {share}."


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
