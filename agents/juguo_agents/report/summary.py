"""A comparison in numbers: what `comparison.json` holds and what words and tables are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from juguo_agents.report.selection import base_name, best_rule
from juguo_agents.report.technologies import first_is_defective, share_given_up
from juguo_agents.results import Comparison, Floats, Record
from juguo_agents.statistics import CONFIDENCE, Estimate, interquartile_mean, mean_interval, paired_difference
from juguo_agents.two_levels import (
    difference,
    improvement,
    seeds_needed,
    two_level_iqm,
    two_level_mean,
    variance_saved,
)

Summary = dict[str, Any]
_PARTS = ("breadth", "resilience", "excluded")


def summarise(comparison: Comparison, versions: Mapping[str, str]) -> Summary:
    """The numbers of a comparison, fit for JSON: no number in it is infinite or missing.

    `allocators` is a list, best mean return first. Of each allocator: the mean return with its interval, its
    sample standard deviation (`std`, 0 for one episode) and interquartile mean (`iqm`); the means of breadth,
    resilience and excluded share, of the last with its interval; the adopting share at the end; projects
    given up per episode; quarters in each stage; how often the first technology was given up where it was
    seriously defective and where it was not (None where an episode of that kind is missing); and paired
    differences of the return, to the baseline and to the best rule, each with its interval. An allocator's
    difference to itself is 0.

    `learned` takes the learned allocators together, each a training seed; it is None where there is none. Its
    intervals cover the luck of training and that of the episodes (see `juguo_agents.two_levels`).
    `better_than_best_rule` is the probability that a training seed does better than the best rule in an
    episode, `variance_saved` what pairing takes off the variance of that difference, and `seeds_needed` the
    training seeds with which the difference would be told from none (None where it cannot be said).

    `exits` holds, for each rule compared with and without giving up, what giving up changes.
    """
    baseline, best = comparison.record(comparison.baseline), best_rule(comparison)
    defective = first_is_defective(comparison)
    return {
        "scenario": comparison.scenario.name,
        "scenario_digest": comparison.scenario.digest(),
        "observe": comparison.observe,
        "episodes": comparison.episodes,
        "first_seed": comparison.first_seed,
        "baseline": comparison.baseline,
        "best_rule": best.name,
        "confidence": CONFIDENCE,
        "defective_first": int(defective.sum()),
        "versions": dict(versions),
        "allocators": [
            {"name": r.name, "episodes": len(r.returns)}
            | _of_returns(r.returns)
            | _of_course(r)
            | {
                "defective_given_up": share_given_up(r, defective),
                "sound_given_up": share_given_up(r, ~defective),
            }
            | _spread_out("difference", paired_difference(r.returns, baseline.returns))
            | _spread_out("difference_to_best_rule", paired_difference(r.returns, best.returns))
            for r in comparison.ranked()
        ],
        "learned": _learned(comparison, baseline, best),
        "exits": _exits(comparison),
    }


def _spread_out(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.mean, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _of_returns(returns: Floats) -> dict[str, float]:
    estimate = mean_interval(returns)
    return {
        "mean": estimate.mean,
        "std": float(returns.std(ddof=1)) if len(returns) > 1 else 0.0,
        "iqm": interquartile_mean(returns),
        "mean_low": estimate.low,
        "mean_high": estimate.high,
    }


def _of_course(record: Record) -> dict[str, Any]:
    return {
        "breadth": float(record.breadth.mean()),
        "resilience": float(record.resilience.mean()),
        **_spread_out("excluded", mean_interval(record.excluded)),
        "adoption_end": float(record.adoption[:, -1].mean()),
        "abandoned": float(record.abandoned.mean()),
        "stage_quarters": record.stage_quarters.mean(0).tolist(),
    }


def _learned(comparison: Comparison, baseline: Record, best: Record) -> dict[str, Any] | None:
    records = [r for r in comparison.ranked() if r.learned]
    if not records:
        return None
    values: Floats = np.array([r.returns for r in records])
    mean, needed = two_level_mean(values), seeds_needed(values - best.returns)
    return (
        {"names": [r.name for r in records], "seeds": len(records)}
        | {"mean": mean.mean, "mean_low": mean.low, "mean_high": mean.high}
        | {
            "std": float(values.mean(0).std(ddof=1)) if values.shape[1] > 1 else 0.0,
            "std_of_seeds": float(values.mean(1).std(ddof=1)) if len(values) > 1 else 0.0,
        }
        | {part: float(np.mean([getattr(r, part) for r in records])) for part in _PARTS}
        | _spread_out("iqm", two_level_iqm(values))
        | _spread_out("difference", difference(values, baseline.returns))
        | _spread_out("difference_to_best_rule", difference(values, best.returns))
        | _spread_out("better_than_best_rule", improvement(values, best.returns))
        | {
            "variance_saved": variance_saved(values, best.returns),
            "seeds_needed": asdict(needed) if needed else None,
        }
    )


def _exits(comparison: Comparison) -> list[dict[str, Any]]:
    """For each rule in both forms: return with the exit minus return without it."""
    compared = {r.name: r for r in comparison.records}
    pairs = []
    for name in dict.fromkeys(base_name(n) for n in compared):
        for with_exit, without in ((f"{name}+exit", name), (name, f"{name}-exit")):
            if with_exit in compared and without in compared:
                gain = paired_difference(compared[with_exit].returns, compared[without].returns)
                pairs.append(
                    {"rule": name, "with": with_exit, "without": without} | _spread_out("gain", gain)
                )
    return sorted(pairs, key=lambda p: -p["gain"])
