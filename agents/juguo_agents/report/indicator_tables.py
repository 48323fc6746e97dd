"""The indicators that policy uses, as tables of the page."""

from __future__ import annotations

from typing import Any

from juguo_agents.report.formatting import number
from juguo_agents.report.names import name_of
from juguo_agents.report.summary import Summary, main_rows
from juguo_agents.report.texts import say
from juguo_agents.tables import markdown_table
from juguo_envs.names import code


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
    quarters = [say("col.reach", level=f"{level:.0%}") for level in levels]
    told = say("indicators.reach", confidence=confidence)
    head = [
        say("table.allocator"),
        *quarters,
        say("col.money_per_adopter"),
        say("indicators.per_adopter_year"),
    ]
    risks = [say("indicators.worse", name=name) for name in (baseline, "`nothing`")]
    gaps = [say(f"col.{name}") for name in ("gap_strata", "gap_places", "worst_tenth")]
    return [
        told[:1].upper() + told[1:],
        markdown_table(head, reach, "lr"),
        say("indicators.gaps"),
        markdown_table([say("table.allocator"), *gaps, *risks], share, "lr"),
    ]


def _reached(level: dict[str, Any]) -> str:
    if level["quarters"] is None:
        return say("indicators.never")
    share = f"{level['share']['mean']:.0%}"
    return say("indicators.reached", quarters=_ranged(level["quarters"], 1), share=share)


def _ranged(told: dict[str, float] | None, digits: int) -> str:
    if told is None:
        return say("indicators.none")
    mean, low, high = (number(told[key], digits=digits) for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def _percent(told: dict[str, float] | None) -> str:
    return "" if told is None else f"{told['mean']:.0%} [{told['low']:.0%}, {told['high']:.0%}]"
