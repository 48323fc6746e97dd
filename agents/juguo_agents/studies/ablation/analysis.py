"""What each lever costs, from what searches found with it forced; and the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from juguo_agents.allocators.levers import LEVERS
from juguo_agents.evaluation.statistics import mean_interval
from juguo_agents.provenance import versions
from juguo_agents.report.figures.style import BLUE, GREY, ORANGE, headed, readable
from juguo_agents.report.texts import say, texts, translated
from juguo_agents.studies.arms import RULE, ArmResults, search_name
from juguo_agents.studies.arms_page import doubling_lines, finish, intervals, page_of, percent
from juguo_agents.studies.study import Page
from juguo_agents.tables import terminal_table
from juguo_envs.names import code

UNFORCED, CONTROL = "unforced", "control"
LEAST = 0.03
"""Share of the gap from which a lever is said to matter."""


def forced(lever: str) -> str:
    """Name of the measurement of the closed loop with a lever forced, and nothing searched since."""
    return search_name(f"{lever} forced")


def ablation_data(results: ArmResults) -> dict[str, Any]:
    """All numbers of a world, as JSON values."""
    last = results.last()
    best, worst = results.returns[results.leaders[UNFORCED]], results.returns[results.worst]

    def loss(name: str) -> dict[str, float]:
        return results.share(UNFORCED, name).as_json()

    def loss_at_the_end(name: str) -> dict[str, float] | None:
        return results.share(last[UNFORCED], last[name], last[UNFORCED]).as_json() if results.steps else None

    return {
        "settings": results.settings.as_json(results.scenario),
        "scenario_digest": results.scenario.digest(),
        "gap": {
            "best": mean_interval(best).__dict__,
            "worst": results.worst.removeprefix(RULE),
            "mean": float((best - worst).mean()),
        },
        "control": {"searched": loss(CONTROL), "doubled": loss_at_the_end(CONTROL)},
        "levers": {
            name: {
                "forced": LEVERS[name].forced,
                "at_once": loss(forced(name)),
                "searched": loss(name),
                "doubled": loss_at_the_end(name),
            }
            for name in results.leaders
            if name in LEVERS
        },
        "doubling": results.gains(),
        "versions": versions(),
    }


def lever_words(name: str) -> str:
    """What texts call a lever: a use of the money as everywhere."""
    return say(use) if (use := f"use.{name}") in texts() else translated(name)


def lost(row: dict[str, Any]) -> dict[str, Any]:
    """What a lever costs at the end of all searches."""
    found: dict[str, Any] = row["doubled"] or row["searched"]
    return found


def matters(data: dict[str, Any], lever: str) -> bool:
    """Whether a lever costs enough even after searching on without it, beyond what the control shows."""
    cost, control = lost(data["levers"][lever]), lost(data["control"])
    return bool(cost["share"] - max(0.0, control["share"]) >= LEAST and cost["low"] > 0.0)


ABLATION_FILE = "ablation.json"


def ablation_page(results: ArmResults, data: dict[str, Any]) -> Page:
    """The numbers of a world, in words and as a figure."""
    return page_of(
        results, data, ABLATION_FILE, ablation_lines(data), lambda: draw_ablation(data), say("ablation.alt")
    )


def ablation_lines(data: dict[str, Any]) -> list[str]:
    """One world's levers: what is lost at once, and after searching on."""
    settings, gap = data["settings"], data["gap"]
    doubled = bool(data["doubling"])
    lines = [
        f"## {say('ablation.heading', world=code(settings['scenario']['name']))}",
        "",
        say(
            "ablation.opening",
            best=f"{gap['best']['mean']:.3f}",
            worst=gap["worst"],
            gap=f"{gap['mean']:.3f}",
            episodes=f"{settings['episodes']:,}",
            first=f"{settings['first_seed']:,}",
            refine=f"{settings['refine']:,}",
            doubled=say("ablation.and_doubled") if doubled else "",
        ),
        "",
    ]
    kinds = ("at_once", "searched", "doubled")[: 2 + doubled]
    rows = {CONTROL: data["control"] | {"forced": "nothing"}, **data["levers"]}
    cells = [
        (
            lever_words(name),
            translated(row["forced"]),
            *(percent(row[kind]) if row.get(kind) else "" for kind in kinds),
            say("ablation.weak") if name in data["levers"] and not matters(data, name) else "",
        )
        for name, row in rows.items()
    ]
    head = [say(f"ablation.{column}") for column in ("lever", "forced", *kinds)]
    lines += terminal_table((*head, ""), cells).splitlines()
    if doubled:
        lines += ["", *doubling_lines(data["doubling"])]
    return lines


def levers_over_worlds(worlds: Mapping[str, dict[str, Any]]) -> list[str]:
    """Every lever in every world, and where it matters."""
    first = next(iter(worlds.values()))
    controls = [lost(world["control"])["share"] for world in worlds.values()]
    lines = [
        f"## {say('ablation.where')}",
        "",
        say("ablation.where.lead"),
        "",
    ]
    rows = [(lever_words(CONTROL), *(f"{100 * share:.1f}" for share in controls), "")]
    for lever in first["levers"]:
        shares = [lost(w["levers"][lever])["share"] for w in worlds.values()]
        where = [name for name, world in worlds.items() if matters(world, lever)]
        named = say("comma").join(where) or say("ablation.none")
        rows.append((lever_words(lever), *(f"{100 * share:.1f}" for share in shares), named))
    head = (say("ablation.lever"), *(name[:10] for name in worlds), say("ablation.matters_in"))
    return [*lines, *terminal_table(head, rows, f"l{'r' * len(worlds)}l").splitlines()]


def draw_ablation(data: dict[str, Any]) -> Figure:
    """What each lever costs in one world, at once and after searching on without it."""
    levers = data["levers"]
    world = readable(data["settings"]["scenario"]["name"])
    figure = headed(8.0, 6.6, say("ablation.title"), say("ablation.note", world=world))
    axes = figure.add_subplot()
    names = [lever_words(name) for name in (CONTROL, *levers)]
    intervals(axes, names[1:], [v["at_once"] for v in levers.values()], ORANGE, say("ablation.at_once"))
    rows = [data["control"], *levers.values()]
    intervals(
        axes, names, [row["doubled"] or row["searched"] for row in rows], BLUE, say("ablation.searched")
    )
    axes.axvline(3.0, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_xscale("symlog", linthresh=5.0)
    ticks = [-2, 0, 2, 5, 10, 20, 50, 100]
    axes.set_xticks(ticks, [str(t) for t in ticks])
    axes.legend(frameon=False, loc="upper right")
    finish(axes)
    return figure
