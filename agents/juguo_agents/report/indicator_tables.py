"""The indicators that policy uses, as tables of the page."""

from __future__ import annotations

from typing import Any

from juguo_agents.report.formatting import number
from juguo_agents.report.names import name_of
from juguo_agents.report.summary import Summary, main_rows
from juguo_agents.tables import markdown_table
from juguo_envs.names import code

_REACH = (
    "Quarters until a share of all persons uses the technology, mean over the episodes that reach it "
    "[{confidence}], and how many of the episodes these are. Then the money spent on functions, in the "
    "scenario's units: for each adopter at the end, and for each year that a person uses the technology."
)
_GAPS = (
    "Gaps: how many times as many use the technology at the end in the best served third of the society as "
    "in the worst served; and in the best served fifth of an episode's places as in its worst served. The "
    "worst tenth is the mean return over the worst tenth of the episodes. The last columns: shares of them."
)


def indicator_tables(summary: Summary) -> list[str]:
    """Two tables, a row for each allocator of the main one: how far and at what price; who and what risk."""
    baseline, confidence = code(name_of(summary, summary["baseline"])), f"{summary['confidence']:.0%}"
    reach, share = [], []
    levels = [level["level"] for level in next(iter(summary["indicators"].values()))["reaches"]]
    for row in main_rows(summary):
        found = summary["indicators"][row["name"]]
        name = code(row["doctrine"] or row["name"])
        reach.append(
            [name, *map(_reached, found["reaches"])]
            + [_ranged(found[key], 1) for key in ("money_per_adopter", "money_per_adopter_year")]
        )
        worse = found["worse_than"]
        share.append(
            [name, *(_ranged(found[key], 2) for key in ("gap_strata", "gap_places"))]
            + [_ranged(found["worst_tenth"], 3)]
            + [_percent(worse.get(other)) for other in (summary["baseline"], "nothing")]
        )
    quarters = [f"quarters to {level:.0%}" for level in levels]
    return [
        _REACH.format(confidence=confidence),
        markdown_table(["allocator", *quarters, "money per adopter", "per adopter-year"], reach, "lr"),
        _GAPS,
        markdown_table(
            ["allocator", "gap between strata", "gap between places", "worst tenth", f"worse than {baseline}",
             "worse than `nothing`"],
            share,
            "lr",
        ),
    ]  # fmt: skip


def _reached(level: dict[str, Any]) -> str:
    if level["quarters"] is None:
        return "never"
    return f"{_ranged(level['quarters'], 1)} in {level['share']['mean']:.0%}"


def _ranged(told: dict[str, float] | None, digits: int) -> str:
    if told is None:
        return "none"
    mean, low, high = (number(told[key], digits=digits) for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def _percent(told: dict[str, float] | None) -> str:
    return "" if told is None else f"{told['mean']:.0%} [{told['low']:.0%}, {told['high']:.0%}]"
