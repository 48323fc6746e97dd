"""A comparison in numbers: what `comparison.json` holds and what words and tables are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.bootstrap import (
    crossed_iqm,
    crossed_mean,
    difference,
    improvement,
    seeds_needed,
    variance_saved,
)
from juguo_agents.evaluation.indicators import indicators
from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.evaluation.spending import spending
from juguo_agents.evaluation.statistics import (
    CONFIDENCE,
    interquartile_mean,
    mean_interval,
    paired_difference,
    spread_out,
)
from juguo_agents.report.best import best_programme
from juguo_agents.report.doctrines import (
    REFERENCES,
    is_reference,
    like_for_like_records,
    own_version,
    programmes,
    reference_records,
)
from juguo_agents.report.factorial import factorial, institutions
from juguo_agents.report.route import Route, parts_of
from juguo_agents.report.technologies import first_is_defective, share_given_up
from juguo_envs.model.state import STAGES
from juguo_envs.worlds.scenario import STEPS_A_YEAR
from juguo_envs.worlds.society import build_structure

Summary = dict[str, Any]
Row = dict[str, Any]
_PARTS = ("breadth", "resilience", "excluded")


def summarise(comparison: Comparison, versions: Mapping[str, str], route: Route | None = None) -> Summary:
    """The numbers of a comparison, fit for JSON: no number in it is infinite or missing.

    `allocators` is a list, best mean return first. Of each allocator: the mean return with its interval, its
    sample standard deviation (`std`, 0 for one episode) and interquartile mean (`iqm`); the means of breadth,
    resilience and excluded share, of the last with its interval; the adopting share at the end; projects
    given up per episode; quarters in each stage; how often the first technology was given up where it was
    seriously defective and where it was not (None where an episode of that kind is missing); and paired
    differences of the return, to the baseline and to the best rule, each with its interval. An allocator's
    difference to itself is 0.

    `learned` takes the learned allocators together, each a training seed; it is None where there is none. Its
    intervals cover the luck of training and that of the episodes (see `juguo_agents.evaluation.bootstrap`).
    `better_than_best_rule` is the probability that a training seed does better than the best rule in an
    episode, `variance_saved` what pairing takes off the variance of that difference, and `seeds_needed` the
    training seeds with which the difference would be told from none (None where it cannot be said).

    `route` tells what search, imitation and reinforcement each brought, where a training has a `route`.

    `like_for_like` has one entry a doctrine, best first, where every doctrine was compared with both
    institutions: the fields of that allocator, its `doctrine`, whether it is a `reference`, and the paper's
    `own` version with its difference to the like-for-like one (None where it was not compared). `nothing`
    stands there as it is. The list is empty where a doctrine was compared without both institutions.
    `programmes` are the doctrines in it that are no references, best first; where it is empty, all their
    variants. The first is the `best_rule`. `references` tells which of them earn more than each reference.

    `best` is the best programme, learned or not (see `juguo_agents.report.best`). `indicators` holds by name
    what `juguo_agents.evaluation.indicators` tells of an allocator, `spending` what
    `juguo_agents.evaluation.spending` does, `given_up` how many projects per episode were given up in each
    stage, with the quantiles .1, .25, .5, .75 and .9 of their age and of the estimate of harm, `board` its
    (5, 3) indicator board. `parts` tells by name how far the luck of the episodes moves the three parts of a
    mean return, and of its difference to the baseline: covariances (3, 3). `world` is what the words need of
    the scenario.

    `institutions` and `factorial` tell what the institutions are worth (see `juguo_agents.report.factorial`):
    a list with an entry for each doctrine of which all four cells were compared, and the totals (or None).
    """
    baseline, competing = comparison.record(comparison.baseline), programmes(comparison)
    best = competing[0]
    defective = first_is_defective(comparison)
    allocators = [
        {"name": r.name, "episodes": len(r.returns)}
        | _of_returns(r.returns)
        | _of_course(r)
        | {
            "defective_given_up": share_given_up(r, defective),
            "sound_given_up": share_given_up(r, ~defective),
        }
        | spread_out("difference", paired_difference(r.returns, baseline.returns))
        | spread_out("difference_to_best_rule", paired_difference(r.returns, best.returns))
        for r in comparison.ranked()
    ]
    summary = {
        "scenario": comparison.scenario.name,
        "scenario_digest": comparison.scenario.digest(),
        "observe": comparison.observe,
        "episodes": comparison.episodes,
        "first_seed": comparison.first_seed,
        "baseline": comparison.baseline,
        "best_rule": best.name,
        "programmes": [record.name for record in competing],
        "highlighted": [],
        "confidence": CONFIDENCE,
        "defective_first": int(defective.sum()),
        "versions": dict(versions),
        "allocators": allocators,
        "like_for_like": _like_for_like(comparison, allocators),
        "references": _references(comparison),
        "learned": _learned(comparison, baseline, best),
        "route": parts_of(comparison, route, best),
        "institutions": institutions(comparison),
        "factorial": factorial(comparison),
    }
    references = reference_records(comparison)
    names = [row["name"] for row in main_rows(summary) if not row["reference"]]
    summary["best"] = best_programme(comparison, names, list(references.values()))
    summary["highlighted"] = [*comparison.highlight]  # the best does not depend on it
    return summary | _of_each(comparison, [baseline, *references.values()])


def _of_each(comparison: Comparison, references: list[Record]) -> Summary:
    """What is told of every allocator, by its name."""
    society, reward = comparison.scenario.society, comparison.scenario.reward
    population = build_structure(comparison.scenario).share
    baseline = comparison.record(comparison.baseline)
    records, a_year = comparison.ranked(), STEPS_A_YEAR[comparison.scenario.step]
    return {
        "indicators": {r.name: indicators((r,), references, a_year) for r in records},
        "spending": {r.name: spending(r, population) for r in records},
        "given_up": {r.name: _given_up(r) for r in records},
        "board": {r.name: r.board.mean(0).tolist() for r in records},
        "parts": {
            r.name: {"covariance": _covariance(r), "covariance_of_difference": _covariance(r, baseline)}
            for r in records
        },
        "world": {
            "persons": society.persons,
            "places": [place.name for place in society.listed()],
            "labels_en": [place.label_en for place in society.listed()],
            "step": comparison.scenario.step,
            "quarters": comparison.scenario.programme.T,
            "weights": {name: getattr(reward, name) for name in ("w_b", "w_r", "w_x")},
            "aversion": reward.aversion,
            "family": comparison.family is not None,
            "weights_drawn": comparison.family is not None and comparison.family.weights is not None,
        },
    }


def _given_up(record: Record) -> dict[str, Any]:
    """Projects given up per episode by stage, and at what age and estimate of harm (None where none was)."""
    quantiles = {
        name: np.quantile(record.exits[name], (0.1, 0.25, 0.5, 0.75, 0.9)).tolist()
        if len(record.exits)
        else None
        for name in ("age", "harm")
    }
    by_stage = np.bincount(record.exits["stage"], minlength=len(STAGES)) / len(record.returns)
    return {"by_stage": by_stage.tolist(), **quantiles}


def _covariance(record: Record, base: Record | None = None) -> list[list[float]]:
    """Of the mean parts of a return, or of their differences to another's; 0 for a single episode."""
    parts = np.array([getattr(record, part) for part in _PARTS])
    if base is not None:
        parts = parts - np.array([getattr(base, part) for part in _PARTS])
    episodes = parts.shape[1]
    covariance: list[list[float]] = (
        (np.cov(parts) / episodes).tolist() if episodes > 1 else np.zeros((3, 3)).tolist()
    )
    return covariance


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
        **spread_out("excluded", mean_interval(record.excluded)),
        "adoption_end": float(record.adoption[:, -1].mean()),
        "abandoned": float(record.abandoned.mean()),
        "stage_quarters": record.stage_quarters.mean(0).tolist(),
    }


def _learned(comparison: Comparison, baseline: Record, best: Record) -> dict[str, Any] | None:
    records = [r for r in comparison.ranked() if r.learned]
    if not records:
        return None
    values: Floats = np.array([r.returns for r in records])
    mean, needed = crossed_mean(values), seeds_needed(values - best.returns)
    return (
        {"names": [r.name for r in records], "seeds": len(records)}
        | {"mean": mean.mean, "mean_low": mean.low, "mean_high": mean.high}
        | {
            "std": float(values.mean(0).std(ddof=1)) if values.shape[1] > 1 else 0.0,
            "std_of_seeds": float(values.mean(1).std(ddof=1)) if len(values) > 1 else 0.0,
        }
        | {part: float(np.mean([getattr(r, part) for r in records])) for part in _PARTS}
        | spread_out("iqm", crossed_iqm(values))
        | spread_out("difference", difference(values, baseline.returns))
        | spread_out("difference_to_best_rule", difference(values, best.returns))
        | spread_out("better_than_best_rule", improvement(values, best.returns))
        | {
            "indicators": indicators(
                records,
                [baseline, *reference_records(comparison).values()],
                STEPS_A_YEAR[comparison.scenario.step],
            ),
            "variance_saved": variance_saved(values, best.returns),
            "seeds_needed": asdict(needed) if needed else None,
        }
    )


def _like_for_like(comparison: Comparison, allocators: list[dict[str, Any]]) -> list[dict[str, Any]]:
    doctrine_of = {record.name: d for d, record in like_for_like_records(comparison).items()}
    rows = []
    for entry in allocators:
        doctrine = doctrine_of.get(entry["name"])
        if doctrine is None:
            continue
        alike, own = comparison.record(entry["name"]), own_version(comparison, doctrine)
        beside = None
        if own is not None:
            beside = {"name": own.name} | spread_out("mean", mean_interval(own.returns))
            beside |= spread_out("difference", paired_difference(own.returns, alike.returns))
        rows.append({"doctrine": doctrine, "reference": doctrine in REFERENCES} | entry | {"own": beside})
    return rows


def _references(comparison: Comparison) -> list[dict[str, Any]]:
    """For each reference that was compared: which programmes earn more, as much or less, beyond noise."""
    competing = programmes(comparison)
    told = []
    for doctrine, record in reference_records(comparison).items():
        gains = {r.name: paired_difference(r.returns, record.returns) for r in competing}
        told.append(
            {"doctrine": doctrine, "name": record.name}
            | {"above": [name for name, gain in gains.items() if gain.low > 0.0]}
            | {"tied": [name for name, gain in gains.items() if gain.low <= 0.0 <= gain.high]}
            | {"below": [name for name, gain in gains.items() if gain.high < 0.0]}
            | spread_out("best_rule_gain", gains[competing[0].name])
        )
    return told


def is_like_for_like(summary: dict[str, Any]) -> bool:
    """Whether each doctrine was compared with both institutions."""
    return bool(summary["like_for_like"])


def has_own(summary: dict[str, Any]) -> bool:
    """Whether the paper's own version of any doctrine stands beside it."""
    return any(row["own"] for row in summary["like_for_like"])


def main_rows(summary: dict[str, Any]) -> list[Row]:
    """Entries of the main table, best mean return first: the fields of an allocator, and three more.

    Where doctrines are compared like for like, each has one row (`doctrine`), and the paper's `own` version
    is in it; what is told there or in the cells of the factorial has no row beside it. All others have rows
    of their own, in which `doctrine` and `own` are None; so has what is `highlighted`.
    """
    told = {row["name"]: row for row in summary["like_for_like"]}
    beside = {row["own"]["name"] for row in told.values() if row["own"]}
    if told:
        beside |= {c["name"] for row in summary["institutions"] for c in row["cells"].values()}
    rows = []
    for entry in summary["allocators"]:
        name = entry["name"]
        if name in told:
            rows.append(told[name])
        elif name not in beside or name in summary["highlighted"]:
            rows.append({"doctrine": None, "reference": is_reference(name)} | entry | {"own": None})
    return rows
