"""The division of a difference, in words and tables: for the terminal, and as a page."""

from __future__ import annotations

from typing import Any

from juguo_agents.report.formatting import number
from juguo_agents.tables import markdown_table
from juguo_envs.names import code

_EFFECTS = {
    (1, 1): "helps, first and last",
    (1, 0): "helps only as the first",
    (1, -1): "helps as the first, hurts as the last",
    (0, 1): "helps only with the others",
    (0, 0): "cannot be told from none, first or last",
    (0, -1): "hurts only with the others",
    (-1, 1): "hurts as the first, helps with the others",
    (-1, 0): "hurts only as the first",
    (-1, -1): "hurts, first and last",
}
"""By the sign of the gain where a part is exchanged first, and where it is exchanged last."""


def sign(estimate: dict[str, float]) -> int:
    """1 where the interval lies above zero, -1 where below, 0 where it includes zero."""
    return int(estimate["low"] > 0.0) - int(estimate["high"] < 0.0)


def effect(part: dict[str, Any]) -> str:
    """What exchanging a part does, alone and with the others."""
    if part["same"]:
        return "the same in both"
    return _EFFECTS[sign(part["first"]), sign(part["last"])]


def interval(estimate: dict[str, float], signed: bool = True) -> str:
    """An estimate with its interval."""
    mean, low, high = (number(estimate[key], signed) for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def summary_lines(data: dict[str, Any]) -> list[str]:
    """The difference, its parts and both orders, for a terminal."""
    lines = [*_opening(data), "", f"{'part':<26}{'worth (Shapley)':<27}{'first':>8}{'last':>8}  reading"]
    for part in _by_worth(data):
        first, last = (number(part[key]["mean"], True) for key in ("first", "last"))
        lines.append(f"{part['part']:<26}{interval(part['worth']):<27}{first:>8}{last:>8}  {effect(part)}")
    lines.append(f"{'all parts':<26}{interval(data['difference'])}")
    for key, start, end in (("a_to_b", "a", "b"), ("b_to_a", "b", "a")):
        a, b = data[start], data[end]
        lines += [
            "",
            f"Best first, from {code(a['name'])} ({number(a['return']['mean'])}) to {code(b['name'])}:",
        ]
        lines += [
            f"{i}. {step['part']:<26}{interval(step['gain']):<27} to {number(step['return'])}"
            for i, step in enumerate(data["orders"][key], 1)
        ]
    return lines


def page(data: dict[str, Any]) -> str:
    """The whole page, in Markdown, with its figures."""
    a, b = code(data["a"]["name"]), code(data["b"]["name"])
    parts = [
        f"# Why {b} and {a} earn differently in {code(data['scenario'])}",
        " ".join(_opening(data)),
        "## What each part is worth",
        f"A part's worth is what the return gains when the part of {a} is exchanged for that of {b}, "
        "averaged over all orders in which the parts can be exchanged (its Shapley value). The worths of all "
        "parts sum to the whole difference.",
        "![what each part is worth](worth.png)",
        "\n".join(_worths(data)),
        f"First: the gain when it is the only part from {b}. Last: the gain when all others are from {b} "
        "already. A reading counts a gain where its interval excludes zero.",
        *_sentences(data),
        "## In which order parts can be exchanged",
        "Each time the part is exchanged after which the mean return is highest. A negative step means that "
        "every part that is left lowers the return. The order is chosen on the episodes on which it is "
        "measured, which flatters the first steps a little.",
        "![best-first orders](orders.png)",
        *("\n".join(_order(data, *ends)) for ends in (("a", "b"), ("b", "a"))),
        f"Made with {', '.join(f'{n} {v}' for n, v in data['versions'].items())}. Scenario digest "
        f"`{data['scenario_digest']}`.",
    ]
    return "\n\n".join(parts) + "\n"


def _opening(data: dict[str, Any]) -> list[str]:
    a, b, settings = data["a"], data["b"], data["settings"]
    first, last = settings["first_seed"], settings["first_seed"] + settings["episodes"] - 1
    relation = {1: "more than", -1: "less than", 0: "neither more nor less, beyond noise, than"}
    return [
        f"In {code(data['scenario'])}, {code(a['name'])} earns {interval(a['return'], False)} "
        f"and {code(b['name'])} {interval(b['return'], False)}.",
        f"{code(b['name'])} earns {relation[sign(data['difference'])]} {code(a['name'])}: a difference of "
        f"{interval(data['difference'])}.",
        f"All {len(data['coalitions'])} combinations of their {len(data['parts'])} parts were run on the "
        f"same {settings['episodes']:,} test episodes, seeds {first:,} to {last:,}.",
        "Intervals are 95 %, paired by episode.",
    ]


def _by_worth(data: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sorted(data["parts"], key=lambda part: -part["worth"]["mean"])
    return found


def _worths(data: dict[str, Any]) -> list[str]:
    rows = [
        (part["part"], *(interval(part[what]) for what in ("worth", "first", "last")), effect(part))
        for part in _by_worth(data)
    ]
    return [
        markdown_table(("part", "worth", "first", "last", "reading"), rows, "lrrrl"),
        f"| all parts | {interval(data['difference'])} | | | |",
    ]


def _sentences(data: dict[str, Any]) -> list[str]:
    """Which exchanges help alone, and which only together."""
    groups = {
        "Help even alone": ((1, 1), (1, 0), (1, -1)),
        "Hurt alone, but help once the others are exchanged": ((-1, 1),),
        "Do nothing alone beyond noise, but help once the others are exchanged": ((0, 1),),
        "Help alone, but hurt once the others are exchanged": ((1, -1),),
    }
    lines = []
    for words, signs in groups.items():
        names = [p["part"] for p in _by_worth(data) if (sign(p["first"]), sign(p["last"])) in signs]
        lines.append(f"- {words}: {', '.join(names) or 'none'}.")
    return ["\n".join(lines)]


def _order(data: dict[str, Any], start: str, end: str) -> list[str]:
    a, b = data[start], data[end]
    rows = [
        f"| {i} | {step['part']} | {interval(step['gain'])} | {number(step['return'])} |"
        for i, step in enumerate(data["orders"][f"{start}_to_{end}"], 1)
    ]
    return [
        f"From {code(a['name'])} to {code(b['name'])}:",
        "",
        "| step | part exchanged | gain | return then |",
        "|---:|---|---:|---:|",
        f"| 0 | none | | {number(a['return']['mean'])} |",
        *rows,
    ]
