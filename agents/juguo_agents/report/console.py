"""The comparison as a plain table for the terminal."""

from __future__ import annotations

from typing import Any

from juguo_agents.report.factorial import SOURCES
from juguo_agents.report.formatting import interval
from juguo_agents.report.names import name_of, shorten
from juguo_agents.report.route import parts_as_rows
from juguo_agents.report.summary import Summary, has_own, is_like_for_like, main_rows
from juguo_agents.report.texts import say, speaking
from juguo_agents.report.verdict import verdict
from juguo_agents.tables import WIDTH, hanging, terminal_table
from juguo_envs.names import terminal


def console_page(summary: Summary, lang: str = "en") -> str:
    """The verdict, then the table."""
    points = [
        line
        for i, point in enumerate(verdict(summary, lang=lang), 1)
        for line in hanging(terminal(point), WIDTH, f"{i}. ")
    ]
    return "\n".join([*points, "", console_table(summary, lang)])


def console_table(summary: Summary, lang: str = "en") -> str:
    """The main table, best mean return first, and what institutions are worth."""
    with speaking(lang, summary["world"]["step"]):
        return _table(summary)


def _table(summary: Summary) -> str:
    rows, own = main_rows(summary), has_own(summary)
    confidence = f"[{summary['confidence']:.0%}]"
    versus = shorten(name_of(summary, summary["baseline"]), 12)
    head = [say("table.allocator"), f"{say('table.return')} {confidence}"]
    head += [f"{say('table.own')} {confidence}"] if own else []
    head += [say("table.adopt"), say("table.excluded"), f"{say('table.versus', name=versus)} {confidence}"]
    cells = [
        [
            _name(row, 22 if own else 44),  # what leaves room for the numbers
            _ranged(row, "mean"),
            *([_own(row)] if own else []),
            f"{row['adoption_end']:.1%}",
            f"{row['excluded']:.1%}",
            say("page.baseline") if row["name"] == summary["baseline"] else _ranged(row, "difference", True),
        ]
        for row in rows
    ]
    lines = [terminal_table(head, cells, "lr")]
    if is_like_for_like(summary):
        lines.append(say("table.alike"))
    return "\n".join([*lines, *_institutions(summary), *_group(summary), *_route(summary)])


def _name(row: dict[str, Any], longest: int) -> str:
    name = str(row["doctrine"] or row["name"])
    return shorten(say("table.reference", name=name) if row["reference"] else name, longest)


def _own(row: dict[str, Any]) -> str:
    if row["own"] is None:
        return ""
    return say("table.same") if row["own"]["name"] == row["name"] else _ranged(row["own"], "mean")


def _ranged(entry: dict[str, Any], name: str, signed: bool = False) -> str:
    """As the page has it, with the minus of a terminal."""
    return interval(entry, name, signed).replace("−", "-")


def _institutions(summary: Summary) -> list[str]:
    """A line each on exit, relief and their interplay."""
    totals = summary["factorial"]
    if not totals or totals["exit"] is None:
        return []
    confidence = f"{summary['confidence']:.0%}"
    lines = ["", say("table.institutions", count=len(totals["bringing"]), confidence=confidence)]
    lines += [
        say(f"table.{name}", change=_ranged(totals, name, True)) for name in ("exit", "relief", "interplay")
    ]
    shares = totals["variance"]
    if shares:
        parts = say("comma").join(f"{say(f'source.{name}')} {shares[name]:.0%}" for name in SOURCES[:-1])
        rest = f"{shares['interplay']:.0%}"
        lines.append(say("table.variance", cells=totals["cells"], parts=parts, rest=rest))
    return lines


def _route(summary: Summary) -> list[str]:
    """What each part of the training brought."""
    if not summary["route"]:
        return []
    head, rows = parts_as_rows(summary["route"])
    return ["", terminal_table(head, [[cell.replace("−", "-") for cell in row] for row in rows], "lllr")]


def _group(summary: Summary) -> list[str]:
    """The learned allocators together, where there are several: what holds over seeds and episodes."""
    learned = summary["learned"]
    if not learned or learned["seeds"] < 2:
        return []

    saved, needed = learned["variance_saved"], learned["seeds_needed"]
    told = say(
        "table.learned",
        seeds=learned["seeds"],
        mean=_ranged(learned, "mean"),
        rule=shorten(name_of(summary, summary["best_rule"]), 20),
        difference=_ranged(learned, "difference_to_best_rule", True),
    )
    better = say("table.better", probability=_ranged(learned, "better_than_best_rule"))
    pairing = say("table.saved", share=f"{saved:.0%}") if saved is not None else ""
    lines = ["", told, f"  {better}{pairing}"]
    if needed:
        some, many = (say("table.too_few") if n is None else n for n in (needed["seeds"], needed["cautious"]))
        power = f"{needed['power']:.0%}"
        lines.append(f"  {say('table.needed', power=power, seeds=some, cautious=many)}")
    return lines
