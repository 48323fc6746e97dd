"""The map in numbers: who is best in how many points, by how much, and what decides it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from juguo_agents.evidence.map.design import SYSTEMS, TUNED, Settings, has_exit, system_of, tuned_rules
from juguo_agents.evidence.map.portfolio import OWN
from juguo_agents.evidence.map.sensitivity import sensitivity
from juguo_agents.evidence.map.tables import Floats, Runs
from juguo_agents.evidence.map.tree import grow, rules_in_words
from juguo_agents.evidence.map.verdicts import CONDITIONS, CORE, LEVEL, Condition, Verdict, share_interval
from juguo_agents.versions import versions

NEEDED = 0.05
"""Each system is to be best, beyond noise, in at least this share of the points."""
MAIN = "exit_tuned"
"""The condition that figures and words explain: every system at its best."""


def difference_of(runs: Runs, condition: Condition) -> Floats:
    """(points, episodes) experiment-diffusion less concentrated, in a condition that has one of each."""
    of = {system_of(name): name for name in condition.competitors()}
    return runs.of(of["experiment_diffusion"]) - runs.of(of["concentrated"])


def summarise(settings: Settings, runs: Runs, verdicts: dict[str, list[Verdict]]) -> dict[str, Any]:
    """Everything that the words, the figures and the terminal say, as plain values."""
    conditions = {c.name: _condition(runs, c, verdicts[c.name]) for c in CONDITIONS}
    return {
        "settings": settings.as_json(),
        "versions": versions(),
        "points": runs.points,
        "episodes": settings.episodes,
        "level": LEVEL,
        "needed": NEEDED,
        "axes": [asdict(axis) for axis in runs.axes],
        "conditions": conditions,
        "acceptance": {
            name: {
                "met": all(conditions[name]["won"][s]["share"] >= NEEDED for s in SYSTEMS),
                "missing": [s for s in SYSTEMS if conditions[name]["won"][s]["share"] < NEEDED],
            }
            for name in CORE
        },
        "tuning": _tuning(runs),
        "deciding": _deciding(runs, verdicts),
    }


def _condition(runs: Runs, condition: Condition, found: list[Verdict]) -> dict[str, Any]:
    """Counts and margins of one condition."""
    systems = condition.systems or tuple(dict.fromkeys(system_of(n) for n in condition.competitors()))
    won, shared, leading = {}, {}, {}
    for system in systems:
        margins = np.array([v.margin for v in found if v.best == system])
        count = len(margins)
        low, high = share_interval(count, len(found))
        won[system] = {
            "points": count,
            "share": count / len(found),
            "low": low,
            "high": high,
            "margin_median": float(np.median(margins)) if count else None,
            "margin_quartiles": np.quantile(margins, (0.25, 0.75)).tolist() if count else None,
        }
        shared[system] = sum(system in v.tied for v in found) / len(found)
        leading[system] = sum(v.leads == system for v in found) / len(found)
    ties = sum(not v.best for v in found)
    return {
        "text": condition.text,
        "competitors": condition.competitors(),
        "won": won,
        "ties": {"points": ties, "share": ties / len(found)},
        "in_ties": shared,
        "leading": leading,
        "margin_half_width": float(np.median([v.high - v.margin for v in found])),
    }


def _tuning(runs: Runs) -> dict[str, Any]:
    """What tuning was worth on the map's own episodes, and how often the rule's own numbers were kept."""
    found = {}
    for rule in tuned_rules():
        gain = (runs.of(rule + TUNED) - runs.of(rule)).mean(1)
        chosen, counts = np.unique(runs.numbers[:, runs.names.index(rule + TUNED)], return_counts=True)
        found[rule] = {
            "exit": has_exit(rule),
            "mean": float(runs.of(rule).mean()),
            "tuned_mean": float(runs.of(rule + TUNED).mean()),
            "gain": float(gain.mean()),
            "worse_share": float((gain < 0).mean()),
            "own_kept": float(counts[chosen == OWN].sum() / runs.points),
            "chosen": dict(zip(chosen.tolist(), counts.tolist(), strict=True)),
        }
    return found


def _deciding(runs: Runs, verdicts: dict[str, list[Verdict]]) -> dict[str, Any]:
    """Trees and indices of the four conditions of the acceptance."""
    found = {}
    for condition in CONDITIONS[: len(CORE)]:
        judged = verdicts[condition.name]
        won = np.array([bool(v.best) for v in judged])
        grown = grow(runs.places[won], [v.best for v in judged if v.best], runs.axes)
        differences = difference_of(runs, condition)
        found[condition.name] = {
            "tree": None if grown is None else {**asdict(grown), "rules": rules_in_words(grown)},
            "difference": {
                "mean": float(differences.mean()),
                "quantiles": np.quantile(differences.mean(1), (0.05, 0.25, 0.5, 0.75, 0.95)).tolist(),
                "positive": float((differences.mean(1) > 0).mean()),
            },
            "sensitivity": _indices(runs, differences),
        }
    return found


def _indices(runs: Runs, differences: Floats) -> dict[str, Any] | None:
    """Sobol indices by axis, the most important first."""
    found = sensitivity(runs.places, differences)
    if found is None:
        return None
    order = np.argsort(-found.total, kind="stable")
    return {
        "surrogate": found.surrogate,
        "r2": found.r2,
        "noise": found.noise,
        "indices": [
            {
                "axis": runs.axes[i].name,
                "first": float(found.first[i]),
                "first_interval": [float(found.first_low[i]), float(found.first_high[i])],
                "total": float(found.total[i]),
                "total_interval": [float(found.total_low[i]), float(found.total_high[i])],
            }
            for i in order.tolist()
        ],
    }


def deciding_axes(summary: dict[str, Any], count: int, condition: str = MAIN) -> list[str]:
    """The axes on which the winner depends most: those of the tree from its root, then by total index."""
    part = summary["deciding"][condition]
    ranked: dict[str, None] = {}
    if part["tree"]:
        split = [node for node in part["tree"]["nodes"] if "axis" in node]
        for node in sorted(split, key=lambda node: -sum(node["counts"])):
            ranked[node["axis"]] = None
    if part["sensitivity"]:
        ranked |= {row["axis"]: None for row in part["sensitivity"]["indices"]}
    ranked |= {axis["name"]: None for axis in summary["axes"]}
    return list(ranked)[:count]
