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
    Judged,
    Region,
    Word,
    find_region,
    judge,
    together,
)
from juguo_agents.evaluation.outcomes import OUTCOMES
from juguo_agents.provenance import MODEL, versions
from juguo_agents.studies.hypotheses.claims import ChosenClaims, Claim, Part
from juguo_agents.tables import markdown_table, terminal_table
from juguo_envs.worlds.sampling import axes

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
    counted = ", ".join(f"{tally[word]} {word}" for word in get_args(Word) if tally[word])
    head = ("", "claim", "verdict", "effect", "interval", "for / against")
    lines = [
        "# The paper's claims, tested",
        "",
        f"{len(results)} claims over {claims.sample.scenarios} sampled scenarios, "
        f"{claims.sample.episodes} episodes of each arm in each; claims about the best allocations found, "
        f"over the first {searched} of them. Verdicts: {counted}.",
        "",
        f"An interval of an effect is one of {f'{1.0 - test.error:.2%}'.replace('%', ' %')} confidence: "
        f"{claims.verdict.confidence:.0%} for all {claims.tested} parts on which verdicts rest, together. A "
        "claim holds if all of its parts do; the numbers in the table are those of its weakest part. How "
        "verdicts are reached: docs/explanation/hypotheses.md.",
        "",
        markdown_table(head, map(_row, results)).replace("|  |", "| |", 1),
        "",
    ]
    for result in results:
        lines += _section(result)
    lines += _how_made(test, runs)
    return "\n".join(lines) + "\n"


def _row(result: ClaimResult) -> list[str]:
    judged = result.deciding.judged
    return [
        str(result.claim.id),
        result.claim.claim,
        f"**{result.verdict}**",
        f"{_signed(judged.effect.mean)} {OUTCOMES[result.deciding.part.outcome].unit}",
        _interval(judged),
        f"{judged.share(FOR):.0%} / {judged.share(AGAINST):.0%}",
    ]


def _section(result: ClaimResult) -> list[str]:
    claim = result.claim
    lines = [
        f"## {claim.id}. {claim.claim}",
        "",
        f"**{result.verdict.capitalize()}** ({_why(result)}).",
        "",
        _table(result.parts),
        "",
    ]
    for part in result.parts:
        lines += _region(part)
    if result.also:
        lines += ["Looked at as well; does not count for the verdict:", "", _table(result.also), ""]
    lines += [
        f"- **Statistic.** {claim.statistic}",
        f"- **Would refute it.** {claim.refuted_by}",
        f"- **What is built in.** {claim.built_in}",
        "",
        f"![Claim {claim.id}: effect by scenario]({result.figure})",
        "",
    ]
    return lines


def _why(result: ClaimResult) -> str:
    judged = result.deciding.judged
    part = f"{result.deciding.part.name}: " if len(result.parts) > 1 else ""
    return f"{part}{judged.reason}"


def _table(parts: Sequence[PartResult]) -> str:
    def row(result: PartResult) -> list[str]:
        judged, part = result.judged, result.part
        return [
            part.says,
            judged.verdict,
            f"{_signed(judged.effect.mean)} {OUTCOMES[part.outcome].unit}",
            _interval(judged),
            ("at most " if part.direction == "at_most" else "from ") + f"{part.counts:g}",
            "" if math.isnan(judged.standardised) else f"{judged.standardised:+.1f}",
            str(len(judged.means)),
            *(f"{judged.share(side):.0%}" for side in SIDES),
        ]

    head = ("says", "verdict", "effect", "interval", "counts", "in SD", "scenarios", *SIDES)
    return markdown_table([side.replace(SMALL, "too small") for side in head], map(row, parts))


def _region(result: PartResult) -> list[str]:
    """Where it is true, for a part that depends."""
    if result.judged.verdict != "depends":
        return []
    region = result.region
    head = f"Where *{result.part.name}* is true"
    if region is None or not region.tells:
        return [f"{head}: the axes do not tell; no tree of two splits did better than guessing.", ""]
    lines = [
        f"{head} (a tree of two splits tells {region.accuracy:.0%} of scenarios right that it was not fitted "
        f"to; naming the most frequent side would tell {region.majority:.0%}):",
        "",
    ]
    lines += [
        f"- {leaf.where}: for in {leaf.share_for:.0%}, against in {leaf.share_against:.0%} of "
        f"{leaf.scenarios} scenarios, mean {_signed(leaf.mean)}"
        for leaf in region.leaves
    ]
    return [*lines, ""]


def _how_made(test: ChosenClaims, runs: Sequence[Run]) -> list[str]:
    claims = test.claims
    lines = ["## How it was made", ""]
    lines.append(
        f"Model `{MODEL}`; scenarios: Sobol points of seed {claims.sample.points_seed}; test seeds "
        f"from {claims.sample.episodes_from:,}."
    )
    if rules := test.tuned_rules():
        where = ", ".join(scenario.name for scenario in test.tuning_worlds())
        lines += [
            "",
            f"Tuned: {', '.join(rules)}; each by a search of {claims.tuning.budget:,} episodes in each of: "
            f"{where}. In a scenario the member that does best on {claims.tuning.selection_episodes} "
            "selection episodes is taken. Whose numbers were taken, in how many scenarios:",
            "",
        ]
        lines += [f"- {arm}: {text}" for arm, text in _taken(runs)]
    if families := test.families():
        lines += [
            "",
            f"Searched in each of the first scenarios: {', '.join(families)}, {claims.search.budget:,} "
            "episodes each. Where the search of the closed loop began, in how many scenarios:",
            "",
        ]
        notes = (run["notes"].get("searches", {}).get("closed_loop") for run in runs)
        begun = Counter(note["start"] for note in notes if note)
        lines += [f"- {name}: {count}" for name, count in begun.most_common()]
    return lines


def _taken(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """For each arm whose members were taken how often."""
    found: dict[str, Counter[str]] = {}
    for run in runs:
        for arm, member in run["notes"].get("tuned", {}).items():
            found.setdefault(arm, Counter())[member] += 1
    return [(a, ", ".join(f"{m} {n}" for m, n in c.most_common())) for a, c in sorted(found.items())]


def console_table(results: Sequence[ClaimResult]) -> str:
    """A row for each claim."""
    rows = [
        (
            str(result.claim.id),
            result.claim.claim,
            judged.verdict,
            _signed(judged.effect.mean),
            _interval(judged),
            f"{judged.share(FOR):.0%}",
            f"{judged.share(AGAINST):.0%}",
        )
        for result in results
        for judged in (result.deciding.judged,)
    ]
    return terminal_table(("", "claim", "verdict", "effect", "interval", FOR, AGAINST), rows, "rllrlr")


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
            "leaves": [vars(leaf) for leaf in region.leaves],
        },
        "by_scenario": {
            "effect": judged.means.tolist(),
            "low": judged.lows.tolist(),
            "high": judged.highs.tolist(),
            "side": list(judged.sides),
        },
    }
