"""The factorial in tables and sentences: what doctrine, exit, relief and their interplay are worth."""

from __future__ import annotations

from typing import Any

from juguo_agents.report.factorial import CELL_NAMES, SOURCES
from juguo_agents.report.formatting import interval, number, verdict
from juguo_agents.report.summary import Summary
from juguo_agents.tables import markdown_table, ranged
from juguo_envs.names import code

_EFFECTS = ("exit", "relief", "interplay")
_MEANT = {
    "doctrine": "how money is divided, whatever the institutions",
    "exit": "the exit, whatever the doctrine and with or without relief",
    "relief": "relief, whatever the doctrine and with or without the exit",
    "interplay": "share: all the rest, since what an institution brings depends on the doctrine and on the "
    "other one; change: what one brings more where the other is there",
}


def institutions_table(summary: Summary) -> str:
    """The four cells of each doctrine and the effects, as a Markdown table."""
    confidence = f"[{summary['confidence']:.0%}]"
    head = ["doctrine", *CELL_NAMES.values(), *(f"{name} {confidence}" for name in _EFFECTS)]
    rows = [
        [
            code(row["doctrine"]) + (" (reference)" if row["reference"] else ""),
            *(number(row["cells"][cell]["mean"]) for cell in CELL_NAMES.values()),
            *(interval(row, effect) for effect in _EFFECTS),
        ]
        for row in summary["institutions"]
    ]
    return (
        "The mean return in each cell, and what each institution changes, averaged over the other one. "
        "`comparison.json` also has the effects of each with and without the other, and all intervals.\n\n"
    ) + markdown_table(head, rows, "lr")


def variance_table(summary: Summary) -> str:
    """What the means' variance is due to, and the mean effects, as a Markdown table."""
    totals: dict[str, Any] = summary["factorial"]
    confidence = f"[{summary['confidence']:.0%}]"
    rows = []
    for name in SOURCES:
        shares = totals["variance"]
        share = "" if shares is None else ranged(shares, name, ".0%")
        change = interval(totals, name) if totals.get(name) is not None else ""
        rows.append((name, share, change, _MEANT[name]))
    head = (
        "source",
        f"share of the variance {confidence}",
        f"mean change of the return {confidence}",
        "what it is",
    )
    return (
        f"The {totals['cells']} cells are {len(totals['doctrines'])} doctrines, each with and without exit "
        f"and relief. Their mean returns have a standard deviation of {number(totals['std'])}. The mean "
        f"change is over the {len(totals['bringing'])} doctrines that bring a technology to people.\n\n"
    ) + markdown_table(head, rows, "lrrl")


def institutions_in_short(summary: Summary) -> str:
    """What exit and relief are worth, in sentences; nothing where no factorial was compared."""
    rows = summary["institutions"]
    if not rows:
        return ""
    said = ["**What the institutions are worth.**"]
    totals = summary["factorial"]
    if totals and totals["exit"] is not None:
        said.append(
            f"On the mean of the {len(totals['bringing'])} doctrines that bring a technology, the exit "
            f"changes the return by {interval(totals, 'exit')}, and relief by {interval(totals, 'relief')}. "
            + _together(totals)
        )
    for name, who in (("exit", "the exit"), ("relief", "relief")):
        said.append(_of_one(rows, name, who))
    if totals and totals["variance"]:
        shares = totals["variance"]
        said.append(
            f"Of the variance between the {totals['cells']} cells' mean returns, "
            + ", ".join(f"{ranged(shares, name, '.0%')} is {name}" for name in SOURCES[:-1])
            + f", and {ranged(shares, 'interplay', '.0%')} is interplay of these three."
        )
    return " ".join(said)


def _together(totals: dict[str, Any]) -> str:
    amount = interval(totals, "interplay")
    return {
        1: f"Each brings more where the other is there (interplay {amount}).",
        0: f"Neither brings more or less where the other is there, beyond noise (interplay {amount}).",
        -1: f"Each brings less where the other is there (interplay {amount}).",
    }[verdict(totals, "interplay")]


def _of_one(rows: list[dict[str, Any]], name: str, who: str) -> str:
    """How many doctrines an institution raises and lowers, and which most."""
    by_effect = sorted(rows, key=lambda row: -float(row[name]))
    told = [row for row in by_effect if number(row[name]) != number(0.0)]  # what rounds to zero is none
    raised = [row for row in told if verdict(row, name) == 1]
    lowered = [row for row in reversed(told) if verdict(row, name) == -1]
    said = []
    for found, verb in ((raised, "raises"), (lowered, "lowers")):
        if found:
            most = f"{code(found[0]['doctrine'])}: {interval(found[0], name)}"
            said.append(f"{verb} the return of {len(found)} ({'most ' if len(found) > 1 else ''}{most})")
    same = len(rows) - len(raised) - len(lowered)
    if same:
        said.append(f"makes no difference that could be told for {same}")
    of = f"Of {len(rows)} doctrines, {who}" if len(rows) > 1 else f"{who[0].upper()}{who[1:]}"
    return f"{of} {'; it '.join(said)}."
