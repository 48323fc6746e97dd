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
from juguo_agents.report.texts import say, sentences, translated
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


def effect(part: dict[str, Any]) -> str:
    """What exchanging a part does, alone and with the others."""
    if part["same"]:
        return say("attribution.effect.same")
    first, last = (_SIGNS[sign(part[when])] for when in ("first", "last"))
    return say(f"attribution.effect.{first}.{last}")


_SIGNS = {1: "helps", 0: "nothing", -1: "hurts"}
"""By the sign of a gain."""


def _interval(estimate: dict[str, float], signed: bool = True) -> str:
    return interval(estimate, "mean", signed)


def summary_lines(data: dict[str, Any]) -> list[str]:
    """The difference, its parts and both orders, for a terminal."""
    rows = [
        (translated(part["part"]), _interval(part["worth"]),
         *(number(part[key]["mean"], True) for key in ("first", "last")), effect(part))
        for part in _by_worth(data)
    ]  # fmt: skip
    rows.append((say("attribution.all"), _interval(data["difference"]), "", "", ""))
    lines = [
        *_opening(data),
        "",
        terminal_table(_head("part", "shapley", "first", "last", "reading"), rows, "llrrl"),
    ]
    for start, end in (("a", "b"), ("b", "a")):
        a, b = data[start], data[end]
        steps = [
            (str(i), translated(step["part"]), _interval(step["gain"]), number(step["return"]))
            for i, step in enumerate(data["orders"][f"{start}_to_{end}"], 1)
        ]
        lines += [
            "",
            say(
                "attribution.best_first",
                a=code(a["name"]),
                mean=number(a["return"]["mean"]),
                b=code(b["name"]),
            ),
            terminal_table(["", *_head("exchanged", "gain", "then")], steps, "rllr"),
        ]
    return lines


def _head(*columns: str) -> list[str]:
    return [say(f"attribution.{column}") for column in columns]


def page(data: dict[str, Any]) -> str:
    """The whole page, in Markdown, with its figures."""
    names = {"a": code(data["a"]["name"]), "b": code(data["b"]["name"])}
    parts = [
        f"# {say('attribution.title', world=code(data['scenario']), **names)}",
        sentences(_opening(data)),
        f"## {say('attribution.worths')}",
        say("attribution.worths.lead", **names),
        f"![{say('attribution.worths.alt')}](worth.png)",
        "\n".join(_worths(data)),
        say("attribution.worths.read", **names),
        *_sentences(data),
        f"## {say('attribution.orders')}",
        say("attribution.orders.lead"),
        f"![{say('attribution.orders.alt')}](orders.png)",
        *("\n".join(_order(data, *ends)) for ends in (("a", "b"), ("b", "a"))),
        sentences([made_with(data["versions"]), say("made.digest", digest=f"`{data['scenario_digest']}`")]),
    ]
    return "\n\n".join(parts) + "\n"


def _opening(data: dict[str, Any]) -> list[str]:
    a, b, settings = data["a"], data["b"], data["settings"]
    first, last = settings["first_seed"], settings["first_seed"] + settings["episodes"] - 1
    names = {"a": code(a["name"]), "b": code(b["name"])}
    return [
        say(
            "attribution.earn",
            world=code(data["scenario"]),
            one=_interval(a["return"], False),
            other=_interval(b["return"], False),
            **names,
        ),
        say(
            f"attribution.{_RELATIONS[sign(data['difference'])]}",
            difference=_interval(data["difference"]),
            **names,
        ),
        say(
            "attribution.ran",
            combinations=len(data["coalitions"]),
            parts=len(data["parts"]),
            episodes=f"{settings['episodes']:,}",
            first=f"{first:,}",
            last=f"{last:,}",
        ),
        say("attribution.intervals"),
    ]


_RELATIONS = {1: "more", -1: "less", 0: "neither"}
"""By the sign of the difference."""


def _by_worth(data: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sorted(data["parts"], key=lambda part: -part["worth"]["mean"])
    return found


def _worths(data: dict[str, Any]) -> list[str]:
    rows = [
        (
            translated(part["part"]),
            *(_interval(part[what]) for what in ("worth", "first", "last")),
            effect(part),
        )
        for part in _by_worth(data)
    ]
    return [
        markdown_table(_head("part", "worth", "first", "last", "reading"), rows, "lrrrl"),
        f"| {say('attribution.all')} | {_interval(data['difference'])} | | | |",
    ]


def _sentences(data: dict[str, Any]) -> list[str]:
    """Which exchanges help alone, and which only together."""
    groups = {
        "alone": ((1, 1), (1, 0), (1, -1)),
        "later": ((-1, 1),),
        "together": ((0, 1),),
        "reversed": ((1, -1),),
    }
    lines = []
    for group, signs in groups.items():
        names = [
            translated(p["part"]) for p in _by_worth(data) if (sign(p["first"]), sign(p["last"])) in signs
        ]
        parts = say("comma").join(names) or say("attribution.none")
        lines.append(f"- {say(f'attribution.help.{group}', parts=parts)}")
    return ["\n".join(lines)]


def _order(data: dict[str, Any], start: str, end: str) -> list[str]:
    a, b = data[start], data[end]
    rows = [
        f"| {i} | {translated(step['part'])} | {_interval(step['gain'])} | {number(step['return'])} |"
        for i, step in enumerate(data["orders"][f"{start}_to_{end}"], 1)
    ]
    return [
        say("attribution.order", a=code(a["name"]), b=code(b["name"])),
        "",
        f"| {' | '.join(_head('step', 'exchanged', 'gain', 'then'))} |",
        "|---:|---|---:|---:|",
        f"| 0 | {say('attribution.none')} | | {number(a['return']['mean'])} |",
        *rows,
    ]
