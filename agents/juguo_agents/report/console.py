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
    lines += _group(summary)
    return "\n".join(lines)


def _group(summary: Summary) -> list[str]:
    """The learned allocators together, where there are several: what holds over seeds and episodes."""
    learned = summary["learned"]
    if not learned or learned["seeds"] < 2:
        return []

    def ranged(name: str, sign: str = "") -> str:
        low, high = (_number(learned[f"{name}_{end}"], sign) for end in ("low", "high"))
        return f"{_number(learned[name], sign)} [{low}, {high}]"

    saved, needed = learned["variance_saved"], learned["seeds_needed"]
    lines = [
        "",
        f"learned ({learned['seeds']} seeds), over seeds and episodes: {ranged('mean')}; "
        f"vs {shorten(summary['best_rule'], 20)}: {ranged('difference_to_best_rule', '+')}",
        f"  better in an episode with probability {ranged('better_than_best_rule')}"
        + (f"; pairing saves {saved:.0%} of the variance" if saved is not None else ""),
    ]
    if needed:
        some, many = ("too few episodes" if n is None else n for n in (needed["seeds"], needed["cautious"]))
        lines.append(f"  training seeds needed at {needed['power']:.0%} power: {some} (cautiously {many})")
    return lines


def _number(x: float, sign: str = "") -> str:
    """Three decimals; what rounds to zero has no sign."""
    text = f"{x:{sign}.3f}"
    return "0.000" if float(text) == 0.0 else text
