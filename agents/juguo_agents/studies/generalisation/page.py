"""Generalisation as a table for the terminal, and a page."""

from __future__ import annotations

from typing import Any

from juguo_agents.report.figures.regret import FIGURE, MOST_REGRET, Summary
from juguo_agents.studies.generalisation.analysis import AIM
from juguo_agents.tables import markdown_table, terminal_table
from juguo_envs.names import code, markdown

_LISTED = ("run", "learned", "tuned", "searched", "oracle")
KINDS = {
    "run": "trained, mean over its seeds",
    "learned": "one training seed",
    "tuned": "rule, tuned on the family",
    "rule": "rule as the paper has it",
    "searched": "closed loop, searched on the family",
    "oracle": "searched in each scenario, knows what is hidden",
}


def console_table(summary: Summary) -> str:
    """The rows that matter, and a verdict on every run."""
    rows = [
        row for row in summary["allocators"] if row["kind"] in _LISTED or row["name"] == summary["baseline"]
    ]
    table = terminal_table(
        ["allocator", "median", f"{summary['confidence']:.0%} interval", "worst tenth", "beaten by baseline"],
        (
            [r["name"], f"{r['median']:.1%}", f"[{r['median_low']:.1%}, {r['median_high']:.1%}]",
             f"{r['worst_tenth']:.1%}", f"{r['beaten_by_baseline']:.1%}"]
            for r in rows
        ),
        "lr",
    )  # fmt: skip
    return "\n".join([table, "", *_verdicts(summary)])


def as_markdown(summary: Summary) -> str:
    """The whole page."""
    confidence = f"{summary['confidence']:.0%}"
    parts = [
        f"# Generalists on {summary['scenarios']} held-out scenarios around {code(summary['scenario'])}",
        _setup(summary),
        "## Verdict",
        *(_verdicts(summary) or ["No trained run was named: yardsticks only."]),
        f"![Regret of the allocators]({FIGURE})",
        "*Left: an allocator's regret over the scenarios; dot: median, thick line: middle half, thin line: "
        "middle 80%. Of each tuned rule the better of its two forms, as the paper has it and with both "
        "institutions, is shown. Right: the share of scenarios in which regret is at most so much.*",
        "## All allocators",
        f"Regret as a share of the scenario's spread: median with its {confidence} interval (bootstrap over "
        "scenarios), mean over the worst tenth of the scenarios, ninth decile; the median counted from the "
        "best yardstick instead of the oracle; and the share of scenarios in which the traditional "
        "concentrated system, as it is and tuned, has the higher mean return.",
        _table(summary),
    ]
    for name, verdict in summary["verdicts"].items():
        parts += [f"## {code(name)} against every yardstick", _against(name, verdict, confidence)]
        parts += [f"## Where {code(name)} does badly", _axes(summary["axes"][name])]
    made_with = ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
    parts.append(f"Made with {made_with}.")
    return "\n\n".join(parts) + "\n"


def _setup(summary: Summary) -> str:
    s, spread = summary, summary["spread"]
    doubling = ""
    if d := s["doubling"]:
        doubling = (
            f" In the first {d['scenarios']} scenarios twice the budget raised the oracle's mean return on "
            f"other episodes by {d['median']:.1%} [{d['median_low']:.1%}, {d['median_high']:.1%}] of the "
            f"spread in the median scenario, by {d['mean']:.1%} [{d['mean_low']:.1%}, {d['mean_high']:.1%}] "
            "on average."
        )
    return (
        f"Every allocator met the same {s['episodes']} test episodes in each of {s['scenarios']} scenarios, "
        "whose parameters were drawn over their sampling ranges from seeds that no training, search or "
        f"selection has. Each rule and the closed loop were tuned on the family with {s['tuning']:,} "
        f"episodes; from that closed loop on, each scenario's oracle was searched with {s['budget']:,}. "
        "Regret is the oracle's mean return less the allocator's, as a share of the spread between the worst "
        "and the best of rules, tuned rules, closed loop and oracle "
        f"there (median spread {spread['median']:.3f}, from {spread['low']:.3f} to {spread['high']:.3f}). In "
        f"{s['oracle_beaten']:.0%} of the scenarios another yardstick had a higher mean than the oracle that "
        f"was found; on average the oracle falls {s['oracle_gap']:.1%} of the spread short of the best."
        + doubling
    )


def _verdicts(summary: Summary) -> list[str]:
    return [_verdict(name, verdict) for name, verdict in summary["verdicts"].items()]


def _verdict(name: str, verdict: dict[str, Any]) -> str:
    small = (
        f"within the aim of {AIM:.0%}"
        if verdict["aim"]
        else f"within {MOST_REGRET:.0%}"
        if verdict["small"]
        else f"above {MOST_REGRET:.0%}"
    )
    closest = next(row for row in verdict["against"] if row["name"] == verdict["closest"])
    relation = (
        "less than every rule's, tuned or not, beyond noise"
        if verdict["beats_every_rule"]
        else "not less than every rule's beyond noise"
    )
    return (
        f"{markdown(name)}: median regret {verdict['median']:.1%} of the spread, {small}; {relation} "
        f"(closest: {markdown(closest['name'])}, whose median is {_difference(closest, 'medians')} apart; "
        f"mean of the differences {_difference(closest, 'mean')})."
    )


def _table(summary: Summary) -> str:
    return markdown_table(
        ["allocator", "what", "median", "interval", "worst tenth", "ninth decile", "to the best",
         "beaten by baseline", "by it tuned", "mean return"],
        (
            [
                code(r["name"]), KINDS[r["kind"]], f"{r['median']:.1%}",
                f"{r['median_low']:.1%} to {r['median_high']:.1%}", f"{r['worst_tenth']:.1%}",
                f"{r['ninth_decile']:.1%}", f"{r['median_to_best']:.1%}", f"{r['beaten_by_baseline']:.1%}",
                f"{r['beaten_by_tuned_baseline']:.1%}", f"{r['return']:.3f}",
            ]
            for r in summary["allocators"]
        ),
    )  # fmt: skip


def _against(name: str, verdict: dict[str, Any], confidence: str) -> str:
    table = markdown_table(
        ["against", "what", f"its median less that of {code(name)}", "mean of the differences",
         "share of scenarios in which it has less regret"],
        (
            [code(r["name"]), KINDS[r["kind"]], _difference(r, "medians"), _difference(r, "mean"),
             f"{r['worse_in']:.0%}"]
            for r in verdict["against"]
        ),
    )  # fmt: skip
    return (
        f"Positive: the other has more regret. Scenarios are resampled, {confidence} intervals; both "
        f"allocators met the same episodes.\n\n{table}"
    )


def _axes(rows: list[dict[str, Any]]) -> str:
    table = markdown_table(
        ["parameter", "meaning", "rank correlation"],
        ([code(r["name"]), r["text"], f"{r['rank_correlation']:+.2f}"] for r in rows),
    )
    return (
        "Parameters with which its regret goes most, by Spearman's rank correlation over the scenarios "
        f"(positive: the higher the parameter, the more regret).\n\n{table}"
    )


def _difference(row: dict[str, Any], name: str) -> str:
    return f"{row[name]:+.1%} [{row[f'{name}_low']:+.1%}, {row[f'{name}_high']:+.1%}]"
