"""What was measured of the patterns, in words and tables: for the terminal and for a page."""

from __future__ import annotations

import textwrap
from typing import Any

from juguo_envs.names import code

_WIDTHS = (3, 64, 34, 20)


def lines(data: dict[str, Any]) -> list[str]:
    """A table with every figure of every pattern, as lines of Markdown that a terminal shows well, too."""
    settings = data["settings"]
    first, episodes = settings["first_seed"], settings["episodes"]
    rows = [
        f"## Patterns in {code(settings['scenario']['name'])}",
        "",
        f"{episodes:,} test episodes from seed {first:,} (seeds for {data['seeds']} the world). "
        "Intervals are 95 %, over the episodes.",
        "Undecided: the interval crosses an end of the band. A pattern then holds where the estimate does.",
        "",
        _row("no", "pattern, and what was measured", "measured, interval", "band", "holds"),
        _row(*("-" * width for width in (*_WIDTHS, 9))),
    ]
    for pattern in data["patterns"]:
        rows += _pattern(pattern)
    held = [str(p["number"]) for p in data["patterns"] if p["holds"]]
    return [*rows, f"{len(held)} of {len(data['patterns'])} hold: {', '.join(held) or 'none'}."]


def _pattern(pattern: dict[str, Any]) -> list[str]:
    """Its name and verdict, its figures, its source."""
    verdict = pattern["verdict"]
    if verdict == "undecided":
        verdict += f" ({'yes' if pattern['holds'] else 'no'})"
    if not pattern["expected"]:
        verdict += ", not meant to hold here"
    rows = [_row(str(pattern["number"]), pattern["name"], "", "", verdict)]
    for part in pattern["parts"]:
        name, *more = textwrap.wrap(part["name"], _WIDTHS[1] - 2)
        rows.append(_row("", f"  {name}", _interval(part), part["band"] or "", part["verdict"] or ""))
        rows += [_row("", f"  {line}") for line in more]
    return [*rows, _row("", f"  source: {pattern['source']}"), ""]


def _interval(part: dict[str, Any]) -> str:
    if part["measured"] is None:
        return "cannot be told"
    return f"{part['measured']:.3g} [{part['low']:.3g}, {part['high']:.3g}]"


def _row(*cells: str) -> str:
    padded = [f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=False)]
    return " ".join([*padded, *cells[len(_WIDTHS) :]]).rstrip()
