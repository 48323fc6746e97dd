"""The comparison as a plain table for the terminal."""

from __future__ import annotations

import textwrap
from typing import Any

from juguo_agents.report.factorial import SOURCES
from juguo_agents.report.formatting import interval
from juguo_agents.report.names import name_of, shorten
from juguo_agents.report.route import parts_as_rows
from juguo_agents.report.summary import Summary, has_own, is_like_for_like, main_rows
from juguo_agents.report.verdict import verdict
from juguo_agents.tables import WIDTH, terminal_table
from juguo_envs.names import terminal


def console_page(summary: Summary) -> str:
    """The verdict, then the table."""
    points = [
        textwrap.fill(terminal(point), WIDTH, initial_indent=f"{i}. ", subsequent_indent="   ")
        for i, point in enumerate(verdict(summary), 1)
    ]
    return "\n".join([*points, "", console_table(summary)])


def console_table(summary: Summary) -> str:
    """The main table, best mean return first, and what institutions are worth."""
    rows, own = main_rows(summary), has_own(summary)
    confidence = f"[{summary['confidence']:.0%}]"
    versus = shorten(name_of(summary, summary["baseline"]), 12)
    head = ["allocator", f"return {confidence}", *([f"own version {confidence}"] if own else [])]
    head += ["adopt", "excl.", f"vs {versus} {confidence}"]
    cells = [
        [
            shorten(_name(row), 22 if own else 44),  # what leaves room for the numbers
            _ranged(row, "mean"),
            *([_own(row)] if own else []),
            f"{row['adoption_end']:.1%}",
            f"{row['excluded']:.1%}",
            "baseline" if row["name"] == summary["baseline"] else _ranged(row, "difference", True),
        ]
        for row in rows
    ]
    lines = [terminal_table(head, cells, "lr")]
    if is_like_for_like(summary):
        lines.append(
            "doctrines with exit and relief alike; own version: as the paper has it; (ref.): no programme"
        )
    return "\n".join([*lines, *_institutions(summary), *_group(summary), *_route(summary)])


def _name(row: dict[str, Any]) -> str:
    name = str(row["doctrine"] or row["name"])
    return f"{name} (ref.)" if row["reference"] else name


def _own(row: dict[str, Any]) -> str:
    if row["own"] is None:
        return ""
    return "the same" if row["own"]["name"] == row["name"] else _ranged(row["own"], "mean")


def _ranged(entry: dict[str, Any], name: str, signed: bool = False) -> str:
    """As the page has it, with the minus of a terminal."""
    return interval(entry, name, signed).replace("−", "-")


def _institutions(summary: Summary) -> list[str]:
    """A line each on exit, relief and their interplay."""
    totals = summary["factorial"]
    if not totals or totals["exit"] is None:
        return []
    lines = [
        "",
        f"institutions: mean change of the return over the {len(totals['bringing'])} doctrines that bring a "
        f"technology [{summary['confidence']:.0%}]",
        f"  exit      {_ranged(totals, 'exit', True)}",
        f"  relief    {_ranged(totals, 'relief', True)}",
        f"  interplay {_ranged(totals, 'interplay', True)}, which one brings more where the other is there",
    ]
    shares = totals["variance"]
    if shares:
        lines.append(
            f"  of the variance between the {totals['cells']} cells: "
            + ", ".join(f"{name} {shares[name]:.0%}" for name in SOURCES[:-1])
            + f", all interplay {shares['interplay']:.0%}"
        )
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
    lines = [
        "",
        f"learned ({learned['seeds']} seeds), over seeds and episodes: {_ranged(learned, 'mean')}; "
        f"vs {shorten(name_of(summary, summary['best_rule']), 20)}: "
        f"{_ranged(learned, 'difference_to_best_rule', True)}",
        f"  better in an episode with probability {_ranged(learned, 'better_than_best_rule')}"
        + (f"; pairing saves {saved:.0%} of the variance" if saved is not None else ""),
    ]
    if needed:
        some, many = ("too few episodes" if n is None else n for n in (needed["seeds"], needed["cautious"]))
        lines.append(f"  training seeds needed at {needed['power']:.0%} power: {some} (cautiously {many})")
    return lines
