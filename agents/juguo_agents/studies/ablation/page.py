"""The page of `ablation`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from juguo_agents.report.figures.style import BLUE, GREY, ORANGE
from juguo_agents.studies.ablation.analysis import CONTROL, lost, matters
from juguo_agents.studies.arms import ArmResults
from juguo_agents.studies.arms_page import doubling_lines, finish, intervals, page_of, percent
from juguo_agents.studies.study import Page
from juguo_envs.names import code

ABLATION_FILE = "ablation.json"


def ablation_page(results: ArmResults, data: dict[str, Any]) -> Page:
    """The numbers of a world, in words and as a figure."""
    return page_of(results, data, ABLATION_FILE, ablation_lines(data), draw_ablation(data), "levers")


def ablation_lines(data: dict[str, Any]) -> list[str]:
    """One world's levers: what is lost at once, and after searching on."""
    settings, gap = data["settings"], data["gap"]
    doubled = bool(data["doubling"])
    lines = [
        f"## Levers in {code(settings['scenario']['name'])}",
        "",
        f"The closed loop ({gap['best']['mean']:.3f}) with a lever forced, as a share of the gap to the "
        f"worst rule ({gap['worst']}), {gap['mean']:.3f}; {settings['episodes']:,} test episodes from seed "
        f"{settings['first_seed']:,}. Searched on: after two rounds of {settings['refine']:,} episodes of "
        f"search with the lever forced{', and doubled' if doubled else ''}. Intervals are 95 %.",
        "",
        f"{'lever':<18} {'forced':<20} {'at once':<22} {'searched on':<22}" + " doubled" * doubled,
        " ".join("-" * width for width in (18, 20, 22, 22, 22)[: 4 + doubled]),
    ]
    rows = {CONTROL: data["control"] | {"forced": "nothing"}, **data["levers"]}
    for name, row in rows.items():
        cells = [percent(row[key]) if row.get(key) else "" for key in ("at_once", "searched", "doubled")]
        mark = "  (weak)" if name in data["levers"] and not matters(data, name) else ""
        lines.append(
            f"{name:<18} {row['forced']:<20} " + " ".join(f"{cell:<22}" for cell in cells).rstrip() + mark
        )
    if doubled:
        lines += ["", *doubling_lines(data["doubling"])]
    return lines


def levers_over_worlds(worlds: Mapping[str, dict[str, Any]]) -> list[str]:
    """Every lever in every world, and where it matters."""
    first = next(iter(worlds.values()))
    controls = [lost(world["control"])["share"] for world in worlds.values()]
    lines = [
        "## Where each lever matters",
        "",
        "Share of the gap lost after searching on without it, in %.",
        "",
        f"{'lever':<18} " + " ".join(f"{n[:10]:>10}" for n in worlds) + "  matters in",
        f"{'-' * 18} " + " ".join("-" * 10 for _ in worlds) + f"  {'-' * 20}",
        f"{'control':<18} " + " ".join(f"{100 * s:>10.1f}" for s in controls),
    ]
    for lever in first["levers"]:
        shares = [lost(w["levers"][lever])["share"] for w in worlds.values()]
        where = [name for name, world in worlds.items() if matters(world, lever)]
        cells = " ".join(f"{100 * s:>10.1f}" for s in shares)
        lines.append(f"{lever:<18} {cells}  {', '.join(where) or 'none'}")
    return lines


def draw_ablation(data: dict[str, Any]) -> Figure:
    """What each lever costs in one world, at once and after searching on without it."""
    levers = data["levers"]
    figure = Figure(figsize=(7.2, 6.2), layout="constrained")
    axes = figure.add_subplot()
    names = ["control", *levers]
    intervals(axes, names[1:], [v["at_once"] for v in levers.values()], ORANGE, "at once")
    rows = [data["control"], *levers.values()]
    intervals(axes, names, [row["doubled"] or row["searched"] for row in rows], BLUE, "searched on")
    axes.axvline(3.0, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_xscale("symlog", linthresh=5.0)
    ticks = [-2, 0, 2, 5, 10, 20, 50, 100]
    axes.set_xticks(ticks, [str(t) for t in ticks])
    axes.legend(frameon=False, loc="upper right")
    finish(axes, f"What a forced lever costs in {data['settings']['scenario']['name']} (dotted: 3 %)")
    return figure
