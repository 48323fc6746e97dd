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
from juguo_agents.report.texts import say, speaking
from juguo_agents.studies.mechanisms.mechanism import Mechanism
from juguo_agents.studies.patterns.page import part_words
from juguo_agents.tables import markdown_table, ranged
from juguo_envs.errors import UserError
from juguo_envs.names import code
from juguo_envs.worlds.scenario import Scenario

Patterns = Sequence[Mapping[str, Any]]
"""Patterns as JSON values: number, name, holds, and parts with name, measured, low, high, band."""
Feedback = Mapping[str, Any]
"""`feedback`: closed less open loop as a share of the distance from the worst rule to the closed loop, with
its interval; None where there is no such distance. `closed`, `open`, `worst`: mean returns."""


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


@dataclass(frozen=True)
class Verdict:
    """What a mechanism changes.

    Attributes:
        detectable: Whether the change of the ranking can be told from chance on the same episodes.
        ranking: Whether it is also more than other episodes alone change.
        flips, figures: Numbers of the patterns that hold only with it or only without it, and of the others
            of which a figure changes.
        feedback: Whether the worth of feedback changes.
    """

    detectable: bool
    ranking: bool
    flips: tuple[str, ...]
    figures: tuple[str, ...]
    feedback: bool

    def words(self) -> str:
        """In words."""
        changed = [
            *([say("mechanisms.changes.ranking")] if self.ranking else []),
            *_numbered("holds", self.flips),
            *_numbered("figures", self.figures),
            *([say("mechanisms.changes.feedback")] if self.feedback else []),
        ]
        if changed:
            return say("mechanisms.changes", what=say("semicolon").join(changed))
        return say("mechanisms.small" if self.detectable else "mechanisms.nothing")


def _numbered(what: str, numbers: Sequence[str]) -> list[str]:
    return [say(f"mechanisms.changes.{what}", numbers=say("comma").join(numbers))] if numbers else []


def verdict(
    effect: RankingEffect,
    noise: Noise,
    patterns: Sequence[PatternChange] = (),
    feedback: bool = False,
) -> Verdict:
    """What a mechanism changes.

    Args:
        effect, noise: Of the doctrines' returns. The ranking changes where it does so by more than other
            episodes alone change it, and not by chance.
        patterns: Those that change beyond noise.
        feedback: Whether the worth of feedback changes beyond noise.
    """
    detectable = effect.change > effect.chance
    ranking = detectable and (effect.change > noise.change or effect.tau < noise.tau)
    flips = tuple(str(p.number) for p in patterns if p.held != p.holds)
    figures = tuple(str(p.number) for p in patterns if p.held == p.holds)
    return Verdict(detectable, ranking, flips, figures, feedback)


def told_verdict(row: Mapping[str, Any], noise: Mapping[str, Any]) -> Verdict | None:
    """The verdict on a mechanism from what is written of it; None where it is off in the world already."""
    if "returns" not in row:
        return None
    effect = {name: value for name, value in row["returns"].items() if name != "level_changed"}
    changes = [PatternChange(**change) for change in row.get("patterns", [])]
    feedback = "feedback" in row and row["feedback"]["changed"]
    return verdict(RankingEffect(**effect), Noise(**noise["returns"]), changes, feedback)


def _verdict_words(verdict: Verdict | None) -> str:
    return say("mechanisms.off_already") if verdict is None else verdict.words()


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
            return row
        effect = ranking_effect(base.returns, here.returns)
        row["returns"] = asdict(effect) | {"level_changed": level_changed(effect, returns)}
        if base.patterns is not None and here.patterns is not None:
            changes = pattern_changes(base.patterns, here.patterns, parts)
            row["patterns"] = [asdict(change) for change in changes]
        if base.feedback is not None and here.feedback is not None:
            pays = feedback_changed(base.feedback, here.feedback, feedback)
            row["feedback"] = {"share": share_in(here.feedback), "changed": pays}
        return row

    rows = {mechanism.name: row(mechanism) for mechanism in mechanisms}
    with speaking("en"):
        for one in rows.values():
            one["verdict"] = _verdict_words(told_verdict(one, noises))
    return {
        "noise": noises,
        "as_it_is": measured,
        "mechanisms": rows,
    }


COLUMNS = (
    "mechanism", "off", "ranking", "whose", "chance", "tau", "level", "patterns", "feedback", "verdict",
)  # fmt: skip


def page(data: dict[str, Any]) -> list[str]:
    """A page of Markdown; the mechanisms that change the ranking most come first."""
    settings, comparisons = data["settings"], data["noise"]["returns"]["comparisons"]
    heads = {name: say(f"mechanisms.col.{name}") for name in COLUMNS}
    rows = sorted(data["mechanisms"].items(), key=lambda item: -_change(item[1]))
    setup = {
        "episodes": f"{settings['episodes']:,}",
        "first": f"{settings['first_seed']:,}",
        "comparisons": comparisons,
        "sets": settings["repeats"] + 1,
        "parameters": sum(data["parameters"].values()),
    }
    told = [_row(name, row, data["noise"]) for name, row in rows]
    return [
        f"# {say('mechanisms.heading', world=code(settings['scenario']['name']))}",
        "",
        say("mechanisms.rule", **{name: code(head) for name, head in heads.items()}),
        "",
        say("mechanisms.setup", **setup),
        "",
        markdown_table(list(heads.values()), [_as_it_is(data), *told]),
    ]


def draw(data: dict[str, Any]) -> Figure:
    """How far the ranking changes without each mechanism, beside what chance alone would bring."""
    told = [(name, row) for name, row in data["mechanisms"].items() if "returns" in row]
    rows = [
        Estimate(
            say(f"mechanisms.name.{name}"),
            row["returns"]["change"],
            0.0,
            row["returns"]["chance"],
            (judged := told_verdict(row, data["noise"])) is not None and judged.ranking,
        )
        for name, row in sorted(told, key=lambda item: -_change(item[1]))
    ]
    settings = data["settings"]
    world = readable(settings["scenario"]["name"])
    note = say("mechanisms.note", world=world, episodes=f"{settings['episodes']:,}")
    return draw_beside_chance(say("mechanisms.title"), note, say("mechanisms.axis"), rows)


def _as_it_is(data: dict[str, Any]) -> list[str]:
    """The first row: noise of each column, and what feedback is worth in the world as it is."""
    noise, measured = data["noise"], data["as_it_is"]
    returns, told = noise["returns"], measured.get("feedback")
    feedback = f"{100 * told['share']:.0f} % ± {100 * noise['feedback']:.0f}" if told else ""
    change, tau, level = f"{returns['change']:.3f}", f"{returns['tau']:.2f}", f"±{returns['level']:.3f}"
    held = [str(pattern["number"]) for pattern in measured.get("patterns", []) if pattern["holds"]]
    numbers = say("comma").join(held) or say("mechanisms.none")
    patterns = say("mechanisms.hold", numbers=numbers) if "patterns" in measured else ""
    return [say("mechanisms.as_it_is"), "", change, "", "", tau, level, patterns, feedback, ""]


def _change(row: dict[str, Any]) -> float:
    return float(row["returns"]["change"]) if "returns" in row else -1.0


def _row(name: str, row: dict[str, Any], noise: dict[str, Any]) -> list[str]:
    off = ", ".join(f"`{field}` {_value(value)}" for field, value in row["off"].items())
    return [
        say("mechanisms.row", name=_named(name), words=say(f"mechanisms.words.{name}")),
        off,
        *_returns(row),
        _patterns(row),
        _feedback(row),
        _verdict_words(told_verdict(row, noise)),
    ]


def _named(name: str) -> str:
    """A mechanism as the command takes it, and in words where these are others."""
    words = say(f"mechanisms.name.{name}")
    return name if words == name else say("name.meant", name=code(name), words=words)


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
    return say("semicolon").join(
        say(
            "mechanisms.pattern",
            number=change["number"],
            holds=_holds(change),
            part=part_words(change["part"]),
            before=_figure(change["before"]),
            after=_figure(change["after"]),
        )
        for change in row.get("patterns", [])
    )


def _holds(change: dict[str, Any]) -> str:
    if change["held"] == change["holds"]:
        return ""
    return say("mechanisms.holds.now" if change["holds"] else "mechanisms.holds.no_longer")


def _feedback(row: dict[str, Any]) -> str:
    told = row.get("feedback")
    if told is None:
        return ""
    share = say("mechanisms.untold") if told["share"] is None else f"{100 * told['share']:.0f} %"
    return share + (" *" if told["changed"] else "")


def _figure(value: float | None) -> str:
    return say("mechanisms.unknown") if value is None else f"{value:.3g}"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
