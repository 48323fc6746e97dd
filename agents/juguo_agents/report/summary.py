"""A comparison in numbers: what `comparison.json` holds and what words and tables are made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from juguo_agents.report.selection import base_name, best_rule
from juguo_agents.report.technologies import first_is_defective, share_given_up
from juguo_agents.results import Comparison, Floats, Record
from juguo_agents.statistics import CONFIDENCE, Estimate, interquartile_mean, mean_interval, paired_difference

Summary = dict[str, Any]


def summarise(comparison: Comparison, versions: Mapping[str, str]) -> Summary:
    """The numbers of a comparison, fit for JSON: no number in it is infinite or missing.

    `allocators` is a list, best mean return first. Of each allocator: the mean return with its interval, its
    sample standard deviation (`std`, 0 for one episode) and interquartile mean (`iqm`); the means of breadth,
    resilience and excluded share; the adopting share at the end; projects given up per episode; quarters in
    each stage; how often the first technology was given up where it was seriously defective and where it was
    not (None where an episode of that kind is missing); and paired differences of the return, to the baseline
    and to the best rule, each with its interval. An allocator's difference to itself is 0.

    `learned` takes the learned allocators together: the mean over them, episode by episode. It is None where
    there is none. `exits` holds, for each rule compared with and without giving up, what giving up changes.
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
        "excluded": float(record.excluded.mean()),
        "adoption_end": float(record.adoption[:, -1].mean()),
        "abandoned": float(record.abandoned.mean()),
        "stage_quarters": record.stage_quarters.mean(0).tolist(),
    }


def _learned(comparison: Comparison, baseline: Record, best: Record) -> dict[str, Any] | None:
    records = [r for r in comparison.ranked() if r.learned]
    if not records:
        return None
    returns: Floats = np.mean([r.returns for r in records], axis=0)
    return (
        {"names": [r.name for r in records]}
        | _of_returns(returns)
        | _spread_out("difference", paired_difference(returns, baseline.returns))
        | _spread_out("difference_to_best_rule", paired_difference(returns, best.returns))
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
