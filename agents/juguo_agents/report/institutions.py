"""The factorial in tables and sentences: what doctrine, exit, relief and their interplay are worth."""

from __future__ import annotations

from typing import Any

from juguo_agents.report.factorial import CELL_NAMES, SOURCES
from juguo_agents.report.formatting import interval, number, verdict
from juguo_agents.report.names import named
from juguo_agents.report.summary import Summary
from juguo_agents.report.texts import say, sentences
from juguo_agents.tables import markdown_table, ranged
from juguo_envs.names import code

_EFFECTS = ("exit", "relief", "interplay")


def institutions_table(summary: Summary) -> str:
    """The four cells of each doctrine and the effects, as a Markdown table."""
    confidence = f"[{summary['confidence']:.0%}]"
    head = [say("cells.doctrine"), *(say(f"cells.{cell}") for cell in CELL_NAMES.values())]
    head += [f"{say(f'source.{name}')} {confidence}" for name in _EFFECTS]
    rows = [
        [
            _named(row),
            *(number(row["cells"][cell]["mean"]) for cell in CELL_NAMES.values()),
            *(interval(row, effect) for effect in _EFFECTS),
        ]
        for row in summary["institutions"]
    ]
    return f"{say('cells.told')}\n\n{markdown_table(head, rows, 'lr')}"


def _named(row: dict[str, Any]) -> str:
    name = named(row["doctrine"], code)
    return say("table.reference.long", name=name) if row["reference"] else name


def variance_table(summary: Summary) -> str:
    """What the means' variance is due to, and the mean effects, as a Markdown table."""
    totals: dict[str, Any] = summary["factorial"]
    confidence = f"[{summary['confidence']:.0%}]"
    rows = []
    for name in SOURCES:
        shares = totals["variance"]
        share = "" if shares is None else ranged(shares, name, ".0%")
        change = interval(totals, name) if totals.get(name) is not None else ""
        rows.append((say(f"source.{name}"), share, change, say(f"variance.{name}")))
    head = [say(f"variance.{name}") for name in ("source", "share", "change", "what")]
    head[1:3] = [f"{name} {confidence}" for name in head[1:3]]
    told = say(
        "variance.told",
        cells=totals["cells"],
        doctrines=len(totals["doctrines"]),
        std=number(totals["std"]),
        bringing=len(totals["bringing"]),
    )
    return f"{told}\n\n{markdown_table(head, rows, 'lrrl')}"


def institutions_in_short(summary: Summary) -> str:
    """What exit and relief are worth, in sentences; nothing where no factorial was compared."""
    rows = summary["institutions"]
    if not rows:
        return ""
    said = [say("worth")]
    totals = summary["factorial"]
    if totals and totals["exit"] is not None:
        changes = {name: interval(totals, name) for name in ("exit", "relief")}
        said.append(say("worth.means", count=len(totals["bringing"]), **changes))
        together = {1: "more", 0: "same", -1: "less"}[verdict(totals, "interplay")]
        said.append(say(f"worth.{together}", amount=interval(totals, "interplay")))
    said += [_of_one(rows, name) for name in ("exit", "relief")]
    if totals and totals["variance"]:
        shares = {name: ranged(totals["variance"], name, ".0%") for name in SOURCES}
        parts = [
            say("worth.share", share=shares[name], source=say(f"source.{name}")) for name in SOURCES[:-1]
        ]
        told = {"cells": totals["cells"], "parts": say("comma").join(parts), "rest": shares["interplay"]}
        said.append(say("worth.variance", **told))
    return sentences(said)


def _of_one(rows: list[dict[str, Any]], name: str) -> str:
    """How many doctrines an institution raises and lowers, and which most."""
    by_effect = sorted(rows, key=lambda row: -float(row[name]))
    told = [row for row in by_effect if number(row[name]) != number(0.0)]  # what rounds to zero is none
    raised = [row for row in told if verdict(row, name) == 1]
    lowered = [row for row in reversed(told) if verdict(row, name) == -1]
    does = []
    for found, verb in ((raised, "raises"), (lowered, "lowers")):
        if found:
            values = {"most": code(found[0]["doctrine"]), "amount": interval(found[0], name)}
            key = f"worth.{verb}" if len(found) > 1 else f"worth.{verb}.one"
            does.append(say(key, count=len(found), **values))
    if same := len(rows) - len(raised) - len(lowered):
        does.append(say("worth.none", count=same))
    said = say("worth.it").join(does)
    return (
        say(f"worth.{name}", count=len(rows), does=said)
        if len(rows) > 1
        else say(f"worth.{name}.one", does=said)
    )
