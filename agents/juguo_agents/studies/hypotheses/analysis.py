"""From effects by scenario and episode to verdicts (holds, depends, undecided, refuted), and to regions.

Also what is written of them: entries of `verdicts.json`, the page, and the table of the console.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.effects import (
    AGAINST,
    FOR,
    SMALL,
    UNDECIDED,
    Bound,
    Judged,
    Leaf,
    Region,
    Word,
    find_region,
    judge,
    together,
)
from juguo_agents.evaluation.outcomes import OUTCOMES
from juguo_agents.provenance import MODEL, versions
from juguo_agents.report.names import axis_symbol
from juguo_agents.report.texts import say, translated
from juguo_agents.search.portfolio import OWN
from juguo_agents.studies.hypotheses.claims import ChosenClaims, Claim, Part
from juguo_agents.tables import markdown_table, terminal_table
from juguo_envs.worlds.sampling import Axis, axes

Run = Mapping[str, Any]
"""What was measured in a scenario: `cells`, by key the (episodes,) values of each outcome; `notes`."""


@dataclass(frozen=True)
class PartResult:
    """A part, what was found, and in which scenarios.

    Attributes:
        places: (S, axes) places of its scenarios in the unit cube.
        region: Where it is true, as far as the axes tell.
    """

    part: Part
    judged: Judged
    places: Floats
    region: Region | None


@dataclass(frozen=True)
class ClaimResult:
    """A claim, its parts, and what else was looked at."""

    claim: Claim
    parts: tuple[PartResult, ...]
    also: tuple[PartResult, ...]

    @property
    def verdict(self) -> Word:
        """A claim holds if all of its parts do."""
        return together([p.judged for p in self.parts])[0]

    @property
    def deciding(self) -> PartResult:
        """The part that the verdict rests on: the weakest."""
        return self.parts[together([p.judged for p in self.parts])[1]]

    @property
    def figure(self) -> str:
        """Name of its figure's file."""
        return f"claim-{self.claim.id:02d}.png"


def results_of(test: ChosenClaims, runs: Sequence[Run]) -> list[ClaimResult]:
    """The verdicts of the claims that are tested, from the runs of all scenarios in their order."""
    places = test.places()
    return [
        ClaimResult(
            claim,
            tuple(_part_result(test, claim, part, runs, places) for part in claim.parts),
            tuple(_part_result(test, claim, part, runs, places) for part in claim.also),
        )
        for claim in test.chosen()
    ]


def _part_result(
    test: ChosenClaims, claim: Claim, part: Part, runs: Sequence[Run], places: Floats
) -> PartResult:
    """The effect is the contrast of the arms' outcomes, on the same episodes of a scenario."""
    keys = {arm: test.cell(claim, part, arm).key for arm in part.contrast}
    some = [i for i, run in enumerate(runs) if all(key in run["cells"] for key in keys.values())]
    effects = [
        np.sum([c * np.array(runs[i]["cells"][keys[a]][part.outcome]) for a, c in part.contrast.items()], 0)
        for i in some
    ]
    judged = judge(np.array(effects), part.direction, part.counts, test.claims.verdict, test.claims.tested)
    region = find_region(places[some], judged.sides, judged.means, axes())
    return PartResult(part, judged, places[some], region)


SIDES = (FOR, AGAINST, SMALL, UNDECIDED)


def as_markdown(test: ChosenClaims, results: Sequence[ClaimResult], runs: Sequence[Run]) -> str:
    """The whole page."""
    claims = test.claims
    tally = Counter(r.verdict for r in results)
    searched = min(claims.search.scenarios, claims.sample.scenarios)
    counted = say("comma").join(
        say("hypotheses.counted", count=tally[word], verdict=_verdict(word))
        for word in get_args(Word)
        if tally[word]
    )
    lines = [
        f"# {say('hypotheses.title')}",
        "",
        say(
            "hypotheses.tested",
            claims=len(results),
            scenarios=claims.sample.scenarios,
            episodes=claims.sample.episodes,
            searched=searched,
            counted=counted,
        ),
        "",
        say(
            "hypotheses.confidence",
            each=f"{1.0 - test.error:.2%}".replace("%", " %"),
            all=f"{claims.verdict.confidence:.0%}",
            parts=claims.tested,
            page="docs/explanation/hypotheses.md",
        ),
        "",
        markdown_table(
            ["", *_head("claim", "verdict", "effect", "interval", "sides")], map(_row, results)
        ).replace("|  |", "| |", 1),
        "",
    ]
    for result in results:
        lines += _section(result)
    lines += _how_made(test, runs)
    return "\n".join(lines) + "\n"


def _head(*columns: str) -> list[str]:
    return [say(f"hypotheses.{column}") for column in columns]


def _verdict(word: Word) -> str:
    return say(f"hypotheses.verdict.{word}")


def _row(result: ClaimResult) -> list[str]:
    judged = result.deciding.judged
    return [
        str(result.claim.id),
        translated(result.claim.claim),
        f"**{_verdict(result.verdict)}**",
        _with_unit(judged, result.deciding.part),
        _interval(judged),
        f"{judged.share(FOR):.0%} / {judged.share(AGAINST):.0%}",
    ]


def _section(result: ClaimResult) -> list[str]:
    claim = result.claim
    lines = [
        f"## {claim.id}. {translated(claim.claim)}",
        "",
        say("hypotheses.because", verdict=_verdict(result.verdict).capitalize(), why=_why(result)),
        "",
        _table(result.parts),
        "",
    ]
    for part in result.parts:
        lines += _region(part)
    if result.also:
        lines += [say("hypotheses.also"), "", _table(result.also), ""]
    lines += [
        say("hypotheses.statistic", text=translated(claim.statistic)),
        say("hypotheses.refuted_by", text=translated(claim.refuted_by)),
        say("hypotheses.built_in", text=translated(claim.built_in)),
        "",
        f"![{say('hypotheses.alt', claim=claim.id)}]({result.figure})",
        "",
    ]
    return lines


def _why(result: ClaimResult) -> str:
    judged = result.deciding.judged
    reason = translated(judged.reason)
    if len(result.parts) == 1:
        return reason
    return say("hypotheses.why", part=translated(result.deciding.part.name), reason=reason)


def _with_unit(judged: Judged, part: Part) -> str:
    unit = translated(OUTCOMES[part.outcome].unit)
    return say("hypotheses.with_unit", effect=_signed(judged.effect.mean), unit=unit)


def _table(parts: Sequence[PartResult]) -> str:
    def row(result: PartResult) -> list[str]:
        judged, part = result.judged, result.part
        return [
            translated(part.says),
            _verdict(judged.verdict),
            _with_unit(judged, part),
            _interval(judged),
            say(f"hypotheses.{part.direction}", counts=f"{part.counts:g}"),
            "" if math.isnan(judged.standardised) else f"{judged.standardised:+.1f}",
            str(len(judged.means)),
            *(f"{judged.share(side):.0%}" for side in SIDES),
        ]

    head = _head("says", "verdict", "effect", "interval", "counts", "sd", "scenarios", *SIDES)
    return markdown_table(head, map(row, parts))


def _region(result: PartResult) -> list[str]:
    """Where it is true, for a part that depends."""
    if result.judged.verdict != "depends":
        return []
    region = result.region
    name = translated(result.part.name)
    if region is None or not region.tells:
        return [say("hypotheses.nowhere", part=name), ""]
    accuracy, majority = f"{region.accuracy:.0%}", f"{region.majority:.0%}"
    lines = [say("hypotheses.where", part=name, accuracy=accuracy, majority=majority), ""]
    return [*lines, *(f"- {leaf_words(leaf, _signed(leaf.mean))}" for leaf in region.leaves), ""]


def leaf_words(leaf: Leaf, mean: str) -> str:
    """A region, and what the scenarios in it say; their mean effect as it is written."""
    return say(
        "hypotheses.leaf",
        where=say("hypotheses.and").join(map(bound_words, leaf.bounds)),
        share=f"{leaf.share_for:.0%}",
        other=f"{leaf.share_against:.0%}",
        scenarios=leaf.scenarios,
        mean=mean,
    )


def bound_words(bound: Bound) -> str:
    """A half of an axis as a reader knows it."""
    side = "above" if bound.above else "up_to"
    return say(f"hypotheses.bound.{side}", axis=axis_words(bound.axis), value=f"{bound.value:.3g}")


def axis_words(axis: Axis) -> str:
    """An axis as a reader knows it: its meaning and its symbol on the model page."""
    return say("hypotheses.axis", text=say(f"setting.{axis.name}"), symbol=axis_symbol(axis.name))


def _how_made(test: ChosenClaims, runs: Sequence[Run]) -> list[str]:
    claims = test.claims
    lines = [f"## {say('hypotheses.made')}", ""]
    lines.append(
        say(
            "hypotheses.made.of",
            model=f"`{MODEL}`",
            seed=claims.sample.points_seed,
            first=f"{claims.sample.episodes_from:,}",
        )
    )
    if rules := test.tuned_rules():
        lines += [
            "",
            say(
                "hypotheses.tuned",
                rules=say("comma").join(rules),
                budget=f"{claims.tuning.budget:,}",
                worlds=say("comma").join(scenario.name for scenario in test.tuning_worlds()),
                episodes=claims.tuning.selection_episodes,
            ),
            "",
        ]
        lines += [f"- {arm}{say('colon')}{text}" for arm, text in _taken(runs)]
    if families := test.families():
        names = say("comma").join(families)
        lines += ["", say("hypotheses.searched", families=names, budget=f"{claims.search.budget:,}"), ""]
        notes = (run["notes"].get("searches", {}).get("closed_loop") for run in runs)
        begun = Counter(note["start"] for note in notes if note)
        lines += [f"- {name}{say('colon')}{count}" for name, count in begun.most_common()]
    return lines


def _taken(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """For each arm whose members were taken how often."""
    found: dict[str, Counter[str]] = {}
    for run in runs:
        for arm, member in run["notes"].get("tuned", {}).items():
            found.setdefault(arm, Counter())[member] += 1
    return [
        (
            arm,
            say("comma").join(
                f"{translated(OWN) if member == OWN else member} {times}"
                for member, times in taken.most_common()
            ),
        )
        for arm, taken in sorted(found.items())
    ]


def console_table(results: Sequence[ClaimResult]) -> str:
    """A row for each claim."""
    rows = [
        (
            str(result.claim.id),
            translated(result.claim.claim),
            _verdict(judged.verdict),
            _signed(judged.effect.mean),
            _interval(judged),
            f"{judged.share(FOR):.0%}",
            f"{judged.share(AGAINST):.0%}",
        )
        for result in results
        for judged in (result.deciding.judged,)
    ]
    head = ["", *_head("claim", "verdict", "effect", "interval", FOR, AGAINST)]
    return terminal_table(head, rows, "rllrlr")


def _interval(judged: Judged) -> str:
    return f"[{_signed(judged.effect.low)}, {_signed(judged.effect.high)}]"


def _signed(value: float) -> str:
    return f"{value:+.3f}"


def as_json(test: ChosenClaims, result: ClaimResult) -> dict[str, Any]:
    """A claim's entry in `verdicts.json`; effect and interval are those of the part that decides."""
    judged = result.deciding.judged
    return {
        "claim": result.claim.claim,
        "verdict": result.verdict,
        "effect": judged.effect.mean,
        "low": judged.effect.low,
        "high": judged.effect.high,
        "scenarios": len(judged.means),
        "id": result.claim.id,
        "name": result.claim.name,
        "reason": judged.reason,
        "part": result.deciding.part.name,
        "outcome": result.deciding.part.outcome,
        "unit": OUTCOMES[result.deciding.part.outcome].unit,
        "confidence": 1.0 - test.error,
        "episodes": test.claims.sample.episodes,
        "parts": [_part_as_json(p) for p in result.parts],
        "also": [_part_as_json(p) for p in result.also],
        "figure": result.figure,
        "versions": versions(),
    }


def _part_as_json(result: PartResult) -> dict[str, Any]:
    judged, part, region = result.judged, result.part, result.region
    return {
        "name": part.name,
        "says": part.says,
        "verdict": judged.verdict,
        "reason": judged.reason,
        "outcome": part.outcome,
        "direction": part.direction,
        "counts": part.counts,
        "effect": judged.effect.mean,
        "low": judged.effect.low,
        "high": judged.effect.high,
        "standardised": None if math.isnan(judged.standardised) else judged.standardised,
        "scenarios": len(judged.means),
        "shares": {side: judged.share(side) for side in SIDES},
        "region": None
        if region is None
        else {
            "accuracy": region.accuracy,
            "majority": region.majority,
            "leaves": [
                {
                    "where": leaf.where,
                    "bounds": [
                        {"axis": bound.axis.name, "above": bound.above, "value": bound.value}
                        for bound in leaf.bounds
                    ],
                    "scenarios": leaf.scenarios,
                    "share_for": leaf.share_for,
                    "share_against": leaf.share_against,
                    "mean": leaf.mean,
                }
                for leaf in region.leaves
            ],
        },
        "by_scenario": {
            "effect": judged.means.tolist(),
            "low": judged.lows.tolist(),
            "high": judged.highs.tolist(),
            "side": list(judged.sides),
        },
    }
