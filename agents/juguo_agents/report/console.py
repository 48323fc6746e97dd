"""The comparison as a plain table for the terminal."""

from __future__ import annotations

from juguo_agents.report.selection import shorten
from juguo_agents.report.summary import Summary

WIDTH = 110
_NUMBERS = 76  # columns that the numbers take


def console_table(summary: Summary) -> str:
    """Allocators, best mean return first, in lines of at most 110 characters."""
    rows = summary["allocators"]
    width = min(WIDTH - _NUMBERS, max(len("allocator"), *(len(a["name"]) for a in rows)))
    confidence = f"{summary['confidence']:.0%} interval"
    versus = shorten(f"vs {summary['baseline']} [{summary['confidence']:.0%}]", 25)
    lines = [
        f"{'allocator':<{width}} {'return':>7} {confidence:>16} {'breadth':>8} {'resil.':>7} {'excl.':>6}"
        f"  {versus:>25}"
    ]
    lines.append("-" * len(lines[0]))
    for a in rows:
        interval = f"[{_number(a['mean_low'])}, {_number(a['mean_high'])}]"
        difference = (
            "baseline"
            if a["name"] == summary["baseline"]
            else f"{_number(a['difference'], '+')} "
            f"[{_number(a['difference_low'], '+')}, {_number(a['difference_high'], '+')}]"
        )
        name = shorten(a["name"], width)
        lines.append(
            f"{name:<{width}} {_number(a['mean']):>7} {interval:>16} {a['breadth']:>8.3f}"
            f" {a['resilience']:>7.3f} {a['excluded']:>6.1%}  {difference:>25}"
        )
    return "\n".join(lines)


def _number(x: float, sign: str = "") -> str:
    """Three decimals; what rounds to zero has no sign."""
    text = f"{x:{sign}.3f}"
    return "0.000" if float(text) == 0.0 else text
