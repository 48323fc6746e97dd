"""How far what was measured in two worlds lies apart, what of it is noise, and the verdict on a mechanism.

In numbers, in words and as a table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from juguo_agents.evaluation.ranking import (
    CERTAIN,
    Noise,
    RankingEffect,
    Returns,
    level_changed,
    noise,
    pairs,
    ranking_effect,
    ranking_noise,
)
from juguo_agents.report.figures.intervals import Estimate, draw_beside_chance
from juguo_agents.report.figures.style import readable
from juguo_agents.report.texts import say
from juguo_agents.studies.mechanisms.mechanism import Mechanism
from juguo_agents.tables import markdown_table, ranged
from juguo_envs.errors import UserError
from juguo_envs.names import code
from juguo_envs.worlds.scenario import Scenario

Patterns = Sequence[Mapping[str, Any]]
"""Patterns as JSON values: number, name, holds, and parts with name, measured, low, high, band."""
Feedback = Mapping[str, Any]
"""`feedback`: closed less open loop as a share of the distance from the worst rule to the closed loop, with
its interval; None where there is no such distance. `closed`, `open`, `worst`: mean returns."""

NOTHING = "none beyond noise"
SMALL = "none beyond noise; ranking detectable"
"""On the same episodes the change can be told from chance, but other episodes alone change as much."""
OFF_ALREADY = "off in this world already"


PartNoise = dict[tuple[int, int], float]
"""By how much other episodes alone move a part, by the pattern's number and the part's place in it."""


@dataclass(frozen=True)
class PatternChange:
    """A pattern that changes beyond noise.

    Attributes:
        number: The pattern's.
        held, holds: Whether it holds in the world as it is, and without the mechanism.
        part: What of it moves; the first part that does.
        before, after: The figure in both worlds; None where it cannot be told.
    """

    number: int
    held: bool
    holds: bool
    part: str
    before: float | None
    after: float | None


def part_noise(blocks: Sequence[Patterns], pairs: Sequence[tuple[int, int]]) -> PartNoise:
    """Noise of every part, from the world as it is on several sets of episodes."""
    figures = {
        (pattern["number"], i): [block[place]["parts"][i]["measured"] for block in blocks]
        for place, pattern in enumerate(blocks[0])
        for i in range(len(pattern["parts"]))
    }
    return {
        part: float(np.quantile([_distance(told[i], told[j]) for i, j in pairs], CERTAIN, method="higher"))
        for part, told in figures.items()
    }


def pattern_changes(world: Patterns, without: Patterns, noise: PartNoise) -> list[PatternChange]:
    """The patterns of which a part that has a band moves beyond its interval and beyond noise."""
    changes = []
    for before, after in zip(world, without, strict=True):
        number = int(before["number"])
        moved = [
            (one, other)
            for i, (one, other) in enumerate(zip(before["parts"], after["parts"], strict=True))
            if one["band"] is not None and _moves(one, other["measured"], noise[number, i])
        ]
        if moved:
            flips = [(one, other) for one, other in moved if one["holds"] != other["holds"]]
            one, other = (flips or moved)[0]
            held, holds = bool(before["holds"]), bool((after if flips else before)["holds"])
            changes.append(
                PatternChange(number, held, holds, one["name"], one["measured"], other["measured"])
            )
    return changes


def _moves(part: Mapping[str, Any], value: float | None, noise: float) -> bool:
    """Whether a figure leaves the interval that it had, by more than noise."""
    measured = part["measured"]
    inside = measured is not None and value is not None and part["low"] <= value <= part["high"]
    return not inside and _distance(measured, value) > noise


def _distance(one: float | None, other: float | None) -> float:
    """Between two figures; infinite where only one can be told."""
    if one is None or other is None:
        return 0.0 if one is other else float("inf")
    return abs(one - other)


def share_in(measured: Feedback) -> float | None:
    """The share of the gap, or None where it cannot be told."""
    share = measured["feedback"]
    return float(share["share"]) if share else None


def feedback_noise(blocks: Sequence[Feedback], pairs: Sequence[tuple[int, int]]) -> float:
    """By how much other searches and other episodes alone change the share in the world as it is.

    Raises:
        UserError: If it cannot be told in one of them.
    """
    shares = [share for block in blocks if (share := share_in(block)) is not None]
    if len(shares) < len(blocks):
        raise UserError("in this world the closed loop beats no rule; what feedback is worth has no share")
    return noise(abs(shares[i] - shares[j]) for i, j in pairs)


def feedback_changed(base: Feedback, without: Feedback, noise: float) -> bool:
    """Whether the share of the gap changes by more than noise, or cannot be told any more."""
    before, after = share_in(base), share_in(without)
    return before != after if before is None or after is None else abs(after - before) > noise


def verdict(
    effect: RankingEffect,
    noise: Noise,
    patterns: Sequence[PatternChange] = (),
    feedback: bool = False,
) -> str:
    """What a mechanism changes, in words.

    Args:
        effect, noise: Of the doctrines' returns. The ranking changes where it does so by more than other
            episodes alone change it, and not by chance.
        patterns: Those that change beyond noise.
        feedback: Whether the worth of feedback changes beyond noise.
    """
    detectable = effect.change > effect.chance
    ranking = detectable and (effect.change > noise.change or effect.tau < noise.tau)
    flips = [str(p.number) for p in patterns if p.held != p.holds]
    moves = [str(p.number) for p in patterns if p.held == p.holds]
    changed = [
        *(["ranking"] if ranking else []),
        *([f"whether {', '.join(flips)} holds"] if flips else []),
        *([f"figures of {', '.join(moves)}"] if moves else []),
        *(["feedback"] if feedback else []),
    ]
    if changed:
        return "changes " + "; ".join(changed)
    return SMALL if detectable else NOTHING


@dataclass(frozen=True)
class Measured:
    """What was measured in one world on one set of episodes; None where it was not asked for."""

    returns: Returns
    patterns: Patterns | None = None
    feedback: Feedback | None = None


def report(
    scenario: Scenario,
    mechanisms: Sequence[Mechanism],
    as_it_is: Sequence[Measured],
    without: Mapping[str, Measured],
) -> dict[str, Any]:
    """What each mechanism is worth, as JSON values.

    Args:
        scenario: The world.
        mechanisms: Those that are told of.
        as_it_is: The world as it is, on the episodes of the mechanisms and on sets of others.
        without: The world without each mechanism that is not off in it already, by its name.
    """
    compared, base = pairs(len(as_it_is) - 1), as_it_is[0]
    returns = ranking_noise([one.returns for one in as_it_is], compared)
    noises: dict[str, Any] = {"returns": asdict(returns)}
    parts: PartNoise = {}
    if base.patterns is not None:
        parts = part_noise([one.patterns or () for one in as_it_is], compared)
        noises["patterns"] = [
            {
                "number": pattern["number"],
                "part": part["name"],
                "noise": noise if math.isfinite(noise := parts[pattern["number"], i]) else None,
            }
            for pattern in base.patterns
            for i, part in enumerate(pattern["parts"])
        ]
    feedback = 0.0
    if base.feedback is not None:
        feedback = noises["feedback"] = feedback_noise([one.feedback or {} for one in as_it_is], compared)
    measured: dict[str, Any] = {} if base.patterns is None else {"patterns": base.patterns}
    measured |= {} if base.feedback is None else {"feedback": base.feedback["feedback"]}

    def row(mechanism: Mechanism) -> dict[str, Any]:
        row: dict[str, Any] = {"words": mechanism.words, "off": mechanism.changes(scenario)}
        if (here := without.get(mechanism.name)) is None:
            return row | {"verdict": OFF_ALREADY}
        effect = ranking_effect(base.returns, here.returns)
        row["returns"] = asdict(effect) | {"level_changed": level_changed(effect, returns)}
        changes: list[PatternChange] = []
        if base.patterns is not None and here.patterns is not None:
            changes = pattern_changes(base.patterns, here.patterns, parts)
            row["patterns"] = [asdict(change) for change in changes]
        pays = False
        if base.feedback is not None and here.feedback is not None:
            pays = feedback_changed(base.feedback, here.feedback, feedback)
            row["feedback"] = {"share": share_in(here.feedback), "changed": pays}
        return row | {"verdict": verdict(effect, returns, changes, pays)}

    return {
        "noise": noises,
        "as_it_is": measured,
        "mechanisms": {mechanism.name: row(mechanism) for mechanism in mechanisms},
    }


RULE = """\
Each mechanism is switched off alone. All is measured on the same episodes as in the world as it is.

- `ranking`: the largest change of a doctrine's return less the mean of all doctrines, and whose it is.
- `chance`: as much would that be, at most, at 95 %, if chance gave each episode's change its sign.
- `tau`: Kendall's tau of the doctrines' ranking with that in the world as it is.
- `level`: change of the mean return of all doctrines, with its interval, 95 %. `*`: beyond noise.
- `patterns`: those that change beyond noise, with a figure in the world as it is and without the mechanism.
- `feedback`: closed loop less open loop as a share of the gap, both searched on. `*`: beyond noise.

Noise is what other episodes alone change in the world as it is: the value that covers 95 % of the comparisons
of every two sets of episodes. The ranking *changes* where `ranking` is above `chance` and, besides, above its
noise or `tau` under its noise. It is *detectable* where `ranking` is above `chance` only. A pattern changes
where a figure of it leaves its interval by more than its noise. The level alone is no reason to keep a
mechanism."""
COLUMNS = (
    "mechanism", "off by", "ranking", "whose", "chance", "tau", "level", "patterns", "feedback", "verdict",
)  # fmt: skip


def page(data: dict[str, Any]) -> list[str]:
    """A page of Markdown; the mechanisms that change the ranking most come first."""
    settings, comparisons = data["settings"], data["noise"]["returns"]["comparisons"]
    total = sum(data["parameters"].values())
    rows = sorted(data["mechanisms"].items(), key=lambda item: -_change(item[1]))
    return [
        f"# Mechanisms of {code(settings['scenario']['name'])}",
        "",
        RULE,
        "",
        f"{settings['episodes']:,} test episodes from seed {settings['first_seed']:,}; "
        f"noise from {comparisons} comparisons of {settings['repeats'] + 1} sets. "
        f"The model has {total} parameters.",
        "",
        markdown_table(COLUMNS, [_as_it_is(data), *(_row(name, row) for name, row in rows)]),
    ]


def draw(data: dict[str, Any]) -> Figure:
    """How far the ranking changes without each mechanism, beside what chance alone would bring."""
    told = [(name, row) for name, row in data["mechanisms"].items() if "returns" in row]
    rows = [
        Estimate(
            name,
            row["returns"]["change"],
            0.0,
            row["returns"]["chance"],
            "ranking" in row["verdict"].removeprefix(SMALL),
        )
        for name, row in sorted(told, key=lambda item: -_change(item[1]))
    ]
    settings = data["settings"]
    world = readable(settings["scenario"]["name"])
    note = say("studies.mechanisms.note", world=world, episodes=f"{settings['episodes']:,}")
    return draw_beside_chance(say("studies.mechanisms.title"), note, say("studies.mechanisms.axis"), rows)


def _as_it_is(data: dict[str, Any]) -> list[str]:
    """The first row: noise of each column, and what feedback is worth in the world as it is."""
    noise, measured = data["noise"], data["as_it_is"]
    returns, told = noise["returns"], measured.get("feedback")
    feedback = f"{100 * told['share']:.0f} % ± {100 * noise['feedback']:.0f}" if told else ""
    change, tau, level = f"{returns['change']:.3f}", f"{returns['tau']:.2f}", f"±{returns['level']:.3f}"
    held = [str(pattern["number"]) for pattern in measured.get("patterns", []) if pattern["holds"]]
    patterns = f"hold: {', '.join(held) or 'none'}" if "patterns" in measured else ""
    return ["**as it is**, and noise", "", change, "", "", tau, level, patterns, feedback, ""]


def _change(row: dict[str, Any]) -> float:
    return float(row["returns"]["change"]) if "returns" in row else -1.0


def _row(name: str, row: dict[str, Any]) -> list[str]:
    off = ", ".join(f"`{field}` {_value(value)}" for field, value in row["off"].items())
    return [
        f"**{name}**: {row['words']}",
        off,
        *_returns(row),
        _patterns(row),
        _feedback(row),
        row["verdict"],
    ]


def _returns(row: dict[str, Any]) -> list[str]:
    told = row.get("returns")
    if told is None:
        return [""] * 5
    return [
        f"{told['change']:.3f}",
        code(told["who"]),
        f"{told['chance']:.3f}",
        f"{told['tau']:.2f}",
        ranged(told, form="+.3f") + (" *" if told["level_changed"] else ""),
    ]


def _patterns(row: dict[str, Any]) -> str:
    return "; ".join(
        f"{change['number']}{_holds(change)}: {change['part']} "
        f"{_figure(change['before'])} → {_figure(change['after'])}"
        for change in row.get("patterns", [])
    )


def _holds(change: dict[str, Any]) -> str:
    if change["held"] == change["holds"]:
        return ""
    return " (now holds)" if change["holds"] else " (no longer holds)"


def _feedback(row: dict[str, Any]) -> str:
    told = row.get("feedback")
    if told is None:
        return ""
    share = "cannot be told" if told["share"] is None else f"{100 * told['share']:.0f} %"
    return share + (" *" if told["changed"] else "")


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
