"""Regret to each scenario's oracle, as a share of the spread between its worst and its best allocator.

In numbers, as a table for the terminal, and as a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from juguo_agents.allocators.registry import BASELINE
from juguo_agents.array_types import Floats
from juguo_agents.evaluation.seeds import HELD_OUT_WORLDS
from juguo_agents.evaluation.statistics import (
    CONFIDENCE,
    difference_of_medians,
    mean_interval,
    median_interval,
    paired_difference,
    spread_out,
)
from juguo_agents.provenance import versions
from juguo_agents.report.figures.regret import FIGURE, MOST_REGRET, Summary
from juguo_agents.report.formatting import made_with
from juguo_agents.report.texts import again, say
from juguo_agents.tables import markdown_table, ranged, terminal_table
from juguo_envs.errors import UserError
from juguo_envs.names import code, markdown
from juguo_envs.worlds.family import Family

Kind = Literal["rule", "tuned", "searched", "learned"]
WORST = 0.1
"""Share of the scenarios that count as the worst ones."""
AIM = 0.05
"""What a policy's median regret should be."""
AXES_LISTED = 6
"""Axes of the family that are listed, those with which regret goes most."""
ORACLE_NAME, SPECIALIST_NAME = "oracle", "specialist"
"""What is searched in each scenario, and what is shown: what is hidden, or what policies see."""


@dataclass(frozen=True)
class Subject:
    """An allocator that is measured.

    Attributes:
        name: Name in tables.
        kind: "rule" as it is, "tuned" rule, "searched" closed loop, or "learned" policy.
        group: The run of which a policy is one training seed.
    """

    name: str
    kind: Kind
    group: str = ""


def summarise(
    returns: Mapping[str, Floats],
    subjects: Sequence[Subject],
    family: Family,
    gains: Sequence[float] = (),
    specialists: Floats | None = None,
) -> tuple[Summary, dict[str, Floats]]:
    """The numbers of the study, fit for JSON, and the regrets behind them.

    The spread of a scenario is that between the lowest and the highest mean return among rules, tuned rules,
    the searched closed loop and the oracle: the learned ones do not stretch it. Where one of
    these is better than the oracle that was found, `median_to_best` counts from there.

    Args:
        returns: (scenarios, episodes) by name, the oracle's among them.
        subjects: All but the oracle.
        family: Of which the held-out scenarios are the first ones.
        gains: What twice the budget brought the oracles of the first scenarios, in mean return.
        specialists: (first scenarios, episodes) returns of the specialists.

    Returns:
        The summary, and (scenarios,) regret by name; a run's is the mean over its training seeds.

    Raises:
        UserError: If in some scenario all yardsticks have one return.
    """
    means = {name: values.mean(1) for name, values in returns.items()}
    groups = {s.group: "learned" for s in subjects if s.kind == "learned"}
    for group in groups:
        members = [means[s.name] for s in subjects if s.group == group]
        means[group] = np.mean(members, axis=0)
    yardsticks = np.array([means[s.name] for s in subjects if s.kind != "learned"] + [means[ORACLE_NAME]])
    worst, best = yardsticks.min(0), yardsticks.max(0)
    spread = best - worst
    if (spread <= 0.0).any():
        flat = int(np.argmax(spread <= 0.0))
        raise UserError(f"held-out scenario {flat}: all yardsticks have one return; give more --episodes")
    regret = {name: (means[ORACLE_NAME] - mean) / spread for name, mean in means.items()}
    to_best = {name: (best - mean) / spread for name, mean in means.items()}
    kinds: dict[str, str] = (
        {s.name: s.kind for s in subjects} | dict.fromkeys(groups, "run") | {ORACLE_NAME: ORACLE_NAME}
    )
    rows = [_row(name, kinds[name], means, regret[name], to_best[name]) for name in means]
    rows.sort(key=lambda row: row["median"])
    summary: Summary = {
        "confidence": CONFIDENCE,
        "baseline": BASELINE,
        "spread": {
            "median": float(np.median(spread)),
            "low": float(spread.min()),
            "high": float(spread.max()),
        },
        "oracle_beaten": float((best > means[ORACLE_NAME]).mean()),
        "oracle_gap": float(((best - means[ORACLE_NAME]) / spread).mean()),
        "doubling": _doubling(np.array(gains), spread[: len(gains)]) if gains else None,
        "specialists": None
        if specialists is None or not len(specialists)
        else _specialists(specialists.mean(1), means, spread, kinds),
        "allocators": rows,
        "verdicts": {group: _verdict(group, regret, kinds) for group in groups},
        "axes": {group: _axes(family, regret[group]) for group in groups},
        "versions": versions(),
    }
    return summary, regret


def _row(
    name: str, kind: str, means: Mapping[str, Floats], regret: Floats, to_best: Floats
) -> dict[str, Any]:
    beaten = {}
    for which, baseline in (("baseline", BASELINE), ("tuned_baseline", f"{BASELINE}:tuned")):
        beaten[f"beaten_by_{which}"] = float((means[name] < means[baseline]).mean())
    tail = max(1, round(WORST * len(regret)))
    return {
        "name": name,
        "kind": kind,
        "return": float(means[name].mean()),
        **spread_out("median", median_interval(regret)),
        "mean": float(regret.mean()),
        "worst_tenth": float(np.sort(regret)[-tail:].mean()),
        "ninth_decile": float(np.quantile(regret, 1.0 - WORST)),
        "median_to_best": float(np.median(to_best)),
        **beaten,
    }


def _doubling(gains: Floats, spread: Floats) -> dict[str, Any]:
    """What twice the budget brings the oracle, as a share of a scenario's spread; over scenarios."""
    shares = gains / spread
    return {
        "scenarios": len(shares),
        **spread_out("median", median_interval(shares)),
        **spread_out("mean", mean_interval(shares)),
    }


def _specialists(
    own: Floats, means: Mapping[str, Floats], spread: Floats, kinds: Mapping[str, str]
) -> dict[str, Any]:
    """What allocators earn more than the specialists, as a share of a scenario's spread; over scenarios."""
    count = len(own)
    rows: list[dict[str, Any]] = []
    for name, kind in kinds.items():
        if kind in _BESIDE_SPECIALISTS:
            more = (means[name][:count] - own) / spread[:count]
            rows.append(
                {
                    "name": name,
                    "kind": kind,
                    **spread_out("median", median_interval(more)),
                    **spread_out("mean", mean_interval(more)),
                    "better_in": float((more > 0.0).mean()),
                }
            )
    rows.sort(key=lambda row: -row["median"])
    return {"scenarios": count, "against": rows}


def _verdict(group: str, regret: Mapping[str, Floats], kinds: Mapping[str, str]) -> dict[str, Any]:
    """A run against every rule, tuned rule and the closed loop; positive: the other has more regret."""
    own = regret[group]
    against: list[dict[str, Any]] = [
        {
            "name": name,
            "kind": kind,
            **spread_out("medians", difference_of_medians(regret[name], own)),
            **spread_out("mean", paired_difference(regret[name], own)),
            "worse_in": float((regret[name] < own).mean()),
        }
        for name, kind in kinds.items()
        if kind in ("rule", "tuned", "searched")
    ]
    against.sort(key=lambda row: row["medians"])
    rules = [row for row in against if row["kind"] in ("rule", "tuned")]
    return {
        "median": float(np.median(own)),
        "small": bool(np.median(own) <= MOST_REGRET),
        "aim": bool(np.median(own) <= AIM),
        "closest": rules[0]["name"],
        "beats_every_rule": all(row["medians_low"] > 0.0 and row["mean_low"] > 0.0 for row in rules),
        "against": against,
    }


def _axes(family: Family, regret: Floats) -> list[dict[str, Any]]:
    """The axes with which regret goes most, by rank correlation."""
    values = family.values(HELD_OUT_WORLDS.take(0, len(regret)))
    found: list[dict[str, Any]] = []
    for axis in family.axes:
        rank = stats.spearmanr([v[axis.name] for v in values], regret).statistic if np.ptp(regret) else 0.0
        found.append({"name": axis.name, "text": axis.text, "rank_correlation": float(np.nan_to_num(rank))})
    found.sort(key=lambda row: -abs(row["rank_correlation"]))
    return found[:AXES_LISTED]


_BESIDE_SPECIALISTS = ("oracle", "run", "learned", "searched")
_LISTED = ("run", "learned", "tuned", "searched", "oracle")
_NAMES = "generalisation.name."


def console_table(summary: Summary) -> str:
    """The rows that matter, and a verdict on every run."""
    rows = [
        row for row in summary["allocators"] if row["kind"] in _LISTED or row["name"] == summary["baseline"]
    ]
    interval = say("generalisation.col.of_interval", confidence=f"{summary['confidence']:.0%}")
    table = terminal_table(
        [*_heads("allocator", "median"), interval, *_heads("worst", "beaten")],
        (
            [again(r["name"], _NAMES), f"{r['median']:.1%}",
             f"[{r['median_low']:.1%}, {r['median_high']:.1%}]",
             f"{r['worst_tenth']:.1%}", f"{r['beaten_by_baseline']:.1%}"]
            for r in rows
        ),
        "lr",
    )  # fmt: skip
    return "\n".join([table, "", *_verdicts(summary)])


def _heads(*names: str) -> list[str]:
    return [say(f"generalisation.col.{name}") for name in names]


def as_markdown(summary: Summary) -> str:
    """The whole page."""
    confidence, around = f"{summary['confidence']:.0%}", code(summary["scenario"])
    parts = [
        f"# {say('generalisation.title', count=summary['scenarios'], scenario=around)}",
        _setup(summary),
        f"## {say('generalisation.verdict')}",
        *(_verdicts(summary) or [say("generalisation.none")]),
        f"![{say('generalisation.alt')}]({FIGURE})",
        f"*{say('generalisation.caption')}*",
        f"## {say('generalisation.all')}",
        say("generalisation.all.lead", confidence=confidence),
        _table(summary),
    ]
    if beside := summary["specialists"]:
        parts += [f"## {say('generalisation.specialists')}", _specialists_table(beside, confidence)]
    for name, verdict in summary["verdicts"].items():
        run = code(name)
        parts += [f"## {say('generalisation.against', name=run)}", _against(run, verdict, confidence)]
        parts += [f"## {say('generalisation.badly', name=run)}", _axes_table(summary["axes"][name])]
    return "\n\n".join([*parts, made_with(summary["versions"])]) + "\n"


def _setup(summary: Summary) -> str:
    s, spread = summary, summary["spread"]
    doubling = ""
    if d := s["doubling"]:
        gains = {name: ranged(d, name, ".1%") for name in ("median", "mean")}
        doubling = say("generalisation.doubling", count=d["scenarios"], **gains)
    return say(
        "generalisation.setup",
        episodes=s["episodes"],
        scenarios=s["scenarios"],
        tuning=f"{s['tuning']:,}",
        budget=f"{s['budget']:,}",
        spread=f"{spread['median']:.3f}",
        low=f"{spread['low']:.3f}",
        high=f"{spread['high']:.3f}",
        beaten=f"{s['oracle_beaten']:.0%}",
        gap=f"{s['oracle_gap']:.1%}",
        doubling=doubling,
    )


def _verdicts(summary: Summary) -> list[str]:
    return [_verdict_words(name, verdict) for name, verdict in summary["verdicts"].items()]


def _verdict_words(name: str, verdict: dict[str, Any]) -> str:
    small, share = (
        ("aim", AIM) if verdict["aim"] else ("within" if verdict["small"] else "above", MOST_REGRET)
    )
    closest = next(row for row in verdict["against"] if row["name"] == verdict["closest"])
    relation = "less" if verdict["beats_every_rule"] else "not_less"
    return say(
        "generalisation.words",
        name=markdown(name),
        median=f"{verdict['median']:.1%}",
        small=say(f"generalisation.{small}", share=f"{share:.0%}"),
        relation=say(f"generalisation.{relation}"),
        closest=markdown(closest["name"]),
        medians=ranged(closest, "medians", "+.1%"),
        mean=ranged(closest, "mean", "+.1%"),
    )


def _kind(row: dict[str, Any]) -> str:
    return say(f"generalisation.kind.{row['kind']}")


def _table(summary: Summary) -> str:
    return markdown_table(
        _heads(
            "allocator", "what", "median", "interval", "worst", "decile", "to_best", "beaten", "beaten_tuned",
            "return",
        ),
        (
            [
                code(r["name"]), _kind(r), f"{r['median']:.1%}",
                say("between", low=f"{r['median_low']:.1%}", high=f"{r['median_high']:.1%}"),
                f"{r['worst_tenth']:.1%}", f"{r['ninth_decile']:.1%}", f"{r['median_to_best']:.1%}",
                f"{r['beaten_by_baseline']:.1%}", f"{r['beaten_by_tuned_baseline']:.1%}",
                f"{r['return']:.3f}",
            ]
            for r in summary["allocators"]
        ),
    )  # fmt: skip


def _against(name: str, verdict: dict[str, Any], confidence: str) -> str:
    medians = say("generalisation.col.medians", name=name)
    table = markdown_table(
        [*_heads("against", "what"), medians, *_heads("mean", "less")],
        (
            [code(r["name"]), _kind(r), ranged(r, "medians", "+.1%"), ranged(r, "mean", "+.1%"),
             f"{r['worse_in']:.0%}"]
            for r in verdict["against"]
        ),
    )  # fmt: skip
    return f"{say('generalisation.against.lead', confidence=confidence)}\n\n{table}"


def _specialists_table(beside: dict[str, Any], confidence: str) -> str:
    table = markdown_table(
        _heads("allocator", "what", "more_median", "more_mean", "more"),
        (
            [code(r["name"]), _kind(r), ranged(r, "median", "+.1%"), ranged(r, "mean", "+.1%"),
             f"{r['better_in']:.0%}"]
            for r in beside["against"]
        ),
    )  # fmt: skip
    lead = say("generalisation.specialists.lead", count=beside["scenarios"], confidence=confidence)
    return f"{lead}\n\n{table}"


def _axes_table(rows: list[dict[str, Any]]) -> str:
    table = markdown_table(
        _heads("parameter", "meaning", "rank"),
        ([code(r["name"]), say(f"setting.{r['name']}"), f"{r['rank_correlation']:+.2f}"] for r in rows),
    )
    return f"{say('generalisation.axes.lead')}\n\n{table}"
