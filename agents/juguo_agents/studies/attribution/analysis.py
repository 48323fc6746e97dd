"""A difference divided over parts: exact Shapley values, best-first orders, and both in words and tables.

A coalition is the set of parts that come from B, as a number: bit i is set where part i is among them.
`values` are (2^n, episodes), the return of every coalition of n parts in every episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np

from juguo_agents.allocators.hybrid import PARTS
from juguo_agents.array_types import Floats, Ints
from juguo_agents.evaluation.statistics import mean_interval, paired_difference
from juguo_agents.report.formatting import interval, made_with, number, sign
from juguo_agents.tables import markdown_table, terminal_table
from juguo_envs.names import code


@dataclass(frozen=True)
class Step:
    """One part exchanged: which, and the coalitions before and after."""

    part: int
    before: int
    after: int


def parts_of(values: Floats) -> int:
    """How many parts so many coalitions are made of.

    Raises:
        ValueError: If the number of coalitions is no power of 2.
    """
    parts = len(values).bit_length() - 1
    if len(values) != 2**parts:
        raise ValueError(f"there are {len(values)} coalitions; expected a power of 2")
    return parts


def without(part: int, parts: int) -> Ints:
    """(2^(parts - 1),) the coalitions that a part is not in."""
    everyone = np.arange(2**parts)
    found: Ints = everyone[(everyone >> part) & 1 == 0]
    return found


def shapley(values: Floats) -> Floats:
    """(n, episodes) Shapley values (Shapley 1953); over the parts they sum to B's return less A's.

    A part's value is what its exchange adds to the return, averaged over all orders in which the n parts can
    be exchanged one after another.
    """
    parts = parts_of(values)
    orders = np.array([factorial(s) * factorial(parts - 1 - s) for s in range(parts)]) / factorial(parts)
    found = np.empty((parts, values.shape[1]))
    for part in range(parts):
        others = without(part, parts)
        added = values[others | 1 << part] - values[others]
        found[part] = (orders[np.bitwise_count(others)][:, None] * added).sum(0)
    return found


def best_first(values: Floats, start: int) -> list[Step]:
    """Exchange every part once, from a coalition on; each time the one that leaves the highest mean."""
    means: Floats = values.mean(1)
    left, here, path = list(range(parts_of(values))), start, []
    while left:
        part = max(left, key=lambda i: means[here ^ 1 << i])
        left.remove(part)
        path.append(Step(part, here, here ^ 1 << part))
        here ^= 1 << part
    return path


def division(values: Floats) -> dict[str, Any]:
    """What each part is worth, exchanged in all orders, first and last; and the two best-first orders."""
    everything = len(values) - 1
    return {
        "parts": [
            {
                "part": PARTS[i],
                "worth": mean_interval(worth).__dict__,
                "first": paired_difference(values[1 << i], values[0]).__dict__,
                "last": paired_difference(values[-1], values[everything ^ 1 << i]).__dict__,
                "same": _same(values, i),
            }
            for i, worth in enumerate(shapley(values))
        ],
        "orders": {
            "a_to_b": _steps(values, best_first(values, 0)),
            "b_to_a": _steps(values, best_first(values, everything)),
        },
    }


def _same(values: Floats, part: int) -> bool:
    """Whether exchanging a part changes the return of no coalition in no episode."""
    others = without(part, parts_of(values))
    return bool(np.array_equal(values[others], values[others | 1 << part]))


def _steps(values: Floats, path: list[Step]) -> list[dict[str, Any]]:
    return [
        {
            "part": PARTS[step.part],
            "gain": paired_difference(values[step.after], values[step.before]).__dict__,
            "return": float(values[step.after].mean()),
        }
        for step in path
    ]


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


def effect(part: dict[str, Any]) -> str:
    """What exchanging a part does, alone and with the others."""
    if part["same"]:
        return "the same in both"
    return _EFFECTS[sign(part["first"]), sign(part["last"])]


def _interval(estimate: dict[str, float], signed: bool = True) -> str:
    return interval(estimate, "mean", signed)


def summary_lines(data: dict[str, Any]) -> list[str]:
    """The difference, its parts and both orders, for a terminal."""
    rows = [
        (part["part"], _interval(part["worth"]),
         *(number(part[key]["mean"], True) for key in ("first", "last")), effect(part))
        for part in _by_worth(data)
    ]  # fmt: skip
    rows.append(("all parts", _interval(data["difference"]), "", "", ""))
    head = ("part", "worth (Shapley)", "first", "last", "reading")
    lines = [*_opening(data), "", terminal_table(head, rows, "llrrl")]
    for start, end in (("a", "b"), ("b", "a")):
        a, b = data[start], data[end]
        steps = [
            (str(i), step["part"], _interval(step["gain"]), number(step["return"]))
            for i, step in enumerate(data["orders"][f"{start}_to_{end}"], 1)
        ]
        lines += [
            "",
            f"Best first, from {code(a['name'])} ({number(a['return']['mean'])}) to {code(b['name'])}:",
            terminal_table(("", "part exchanged", "gain", "return then"), steps, "rllr"),
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
        f"{made_with(data['versions'])} Scenario digest `{data['scenario_digest']}`.",
    ]
    return "\n\n".join(parts) + "\n"


def _opening(data: dict[str, Any]) -> list[str]:
    a, b, settings = data["a"], data["b"], data["settings"]
    first, last = settings["first_seed"], settings["first_seed"] + settings["episodes"] - 1
    relation = {1: "more than", -1: "less than", 0: "neither more nor less, beyond noise, than"}
    return [
        f"In {code(data['scenario'])}, {code(a['name'])} earns {_interval(a['return'], False)} "
        f"and {code(b['name'])} {_interval(b['return'], False)}.",
        f"{code(b['name'])} earns {relation[sign(data['difference'])]} {code(a['name'])}: a difference of "
        f"{_interval(data['difference'])}.",
        f"All {len(data['coalitions'])} combinations of their {len(data['parts'])} parts were run on the "
        f"same {settings['episodes']:,} test episodes, seeds {first:,} to {last:,}.",
        "Intervals are 95 %, paired by episode.",
    ]


def _by_worth(data: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sorted(data["parts"], key=lambda part: -part["worth"]["mean"])
    return found


def _worths(data: dict[str, Any]) -> list[str]:
    rows = [
        (part["part"], *(_interval(part[what]) for what in ("worth", "first", "last")), effect(part))
        for part in _by_worth(data)
    ]
    return [
        markdown_table(("part", "worth", "first", "last", "reading"), rows, "lrrrl"),
        f"| all parts | {_interval(data['difference'])} | | | |",
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
        f"| {i} | {step['part']} | {_interval(step['gain'])} | {number(step['return'])} |"
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
