"""The whole test: tune, run, judge, write the page. What is done is not done again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from juguo_agents.provenance import versions
from juguo_agents.studies.hypotheses.claims import Claim, Part
from juguo_agents.studies.hypotheses.outcomes import OUTCOMES
from juguo_agents.studies.hypotheses.region import Region, find_region
from juguo_agents.studies.hypotheses.runs import Settings, build_portfolio, cell_of, episodes_of, run_sample
from juguo_agents.studies.hypotheses.verdict import (
    AGAINST,
    FOR,
    SMALL,
    UNDECIDED,
    Judged,
    Word,
    judge,
    together,
)
from juguo_envs.files import write_bytes, write_text
from juguo_envs.worlds.sampling import axes

VERDICTS_FILE, PAGE_FILE = "verdicts.json", "hypotheses.md"

Floats = npt.NDArray[np.float64]


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


def conduct(settings: Settings, folder: Path, workers: int) -> list[ClaimResult]:
    """Do whatever of a test is not done yet, and write verdicts, page and figures.

    Args:
        settings: What was asked for; `folder` holds the same.
        folder: The folder of the test.
        workers: Number of processes; the result does not depend on it.
    """
    parts = run_all(settings, folder, workers)
    results = judge_all(settings, parts)
    write_results(settings, folder, results, parts)
    return results


def run_all(settings: Settings, folder: Path, workers: int) -> list[dict[str, Any]]:
    """Tune and run, with a bar each; the parts of all scenarios in their order."""
    searches = len(settings.tuned_rules()) * len(settings.regimes())
    with _bar("tuning", searches * settings.claims.tuning.budget) as step:
        portfolio = build_portfolio(settings, folder, workers, step)
    scenarios = range(settings.claims.sample.scenarios)
    with _bar("scenarios", sum(episodes_of(settings, i) for i in scenarios)) as step:
        return run_sample(settings, folder, portfolio, workers, step)


class _bar:
    """A bar of episodes that says nothing where there is nothing to do."""

    def __init__(self, what: str, total: int) -> None:
        self.bar = tqdm(total=total, unit="episode", unit_scale=True, desc=what, disable=total == 0)

    def __enter__(self) -> Callable[[int], None]:
        return lambda episodes: self.bar.update(episodes) and None

    def __exit__(self, *_: object) -> None:
        self.bar.close()


def judge_all(settings: Settings, parts: list[dict[str, Any]]) -> list[ClaimResult]:
    """The verdicts of the claims that were tested."""
    places = settings.places()
    results = []
    for claim in settings.chosen():
        counted = tuple(_judge_part(settings, claim, part, parts, places) for part in claim.parts)
        also = tuple(_judge_part(settings, claim, part, parts, places) for part in claim.also)
        results.append(ClaimResult(claim, counted, also))
    return results


def _judge_part(
    settings: Settings, claim: Claim, part: Part, runs: list[dict[str, Any]], places: Floats
) -> PartResult:
    """The effect is the contrast of the arms' outcomes, on the same episodes of a scenario."""
    rows, where = [], []
    keys = {arm: cell_of(settings.claims, claim, part, arm).key for arm in part.contrast}
    for run, place in zip(runs, places, strict=True):
        if all(key in run["cells"] for key in keys.values()):
            values = [c * np.array(run["cells"][keys[a]][part.outcome]) for a, c in part.contrast.items()]
            rows.append(np.sum(values, axis=0))
            where.append(place)
    judged = judge(
        np.array(rows), part.direction, part.counts, settings.claims.verdict, settings.claims.tested
    )
    region = find_region(np.array(where), judged.sides, judged.means, axes())
    return PartResult(part, judged, np.array(where), region)


def write_results(
    settings: Settings, folder: Path, results: list[ClaimResult], runs: list[dict[str, Any]]
) -> None:
    """Write `verdicts.json`, the figures and the page."""
    from juguo_agents.studies.hypotheses.figures import draw  # matplotlib is slow to load
    from juguo_agents.studies.hypotheses.page import as_markdown

    data = [as_json(settings, result) for result in results]
    write_text(folder / VERDICTS_FILE, json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n")
    for result in results:
        write_bytes(folder / result.figure, draw(result, settings))
    write_text(folder / PAGE_FILE, as_markdown(settings, results, runs))


def as_json(settings: Settings, result: ClaimResult) -> dict[str, Any]:
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
        "confidence": 1.0 - (1.0 - settings.claims.verdict.confidence) / settings.claims.tested,
        "episodes": settings.claims.sample.episodes,
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
        "shares": {side: judged.share(side) for side in (FOR, AGAINST, SMALL, UNDECIDED)},
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
