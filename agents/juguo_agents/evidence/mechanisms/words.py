"""What each mechanism is worth, in words and a table: for the terminal and for a page."""

from __future__ import annotations

from typing import Any

RULE = """\
Each mechanism is switched off alone, and everything is measured on the same episodes as in the world as it is.

- `ranking`: the largest change of a doctrine's return less the mean of all doctrines, and whose it is.
- `chance`: as much would that be, at most, at 95 %, if chance gave each episode's change its sign.
- `tau`: Kendall's tau of the doctrines' ranking with that in the world as it is.
- `level`: change of the mean return of all doctrines, with its interval, 95 %. `*`: beyond noise.

Noise is what other episodes alone change in the world as it is: the value that covers 95 % of the comparisons
of every two sets of episodes. The ranking *changes* where `ranking` is above `chance` and, besides, above its
noise or `tau` under its noise. It is *detectable* where `ranking` is above `chance` only. The level alone is no
reason to keep a mechanism."""


def page(data: dict[str, Any]) -> list[str]:
    """A page of Markdown; the mechanisms that change most come first."""
    settings, noise = data["settings"], data["noise"]["returns"]
    total = sum(data["parameters"].values())
    rows = sorted(data["mechanisms"].items(), key=lambda item: -_change(item[1]))
    return [
        f"# Mechanisms of `{settings['scenario']['name']}`",
        "",
        RULE,
        "",
        f"{settings['episodes']:,} test episodes from seed {settings['first_seed']:,}; "
        f"noise from {noise['comparisons']} comparisons of {settings['repeats'] + 1} sets. "
        f"The model has {total} parameters.",
        "",
        "| mechanism | off by | ranking | whose | chance | tau | level | verdict |",
        "|---|---|---|---|---|---|---|---|",
        f"| *noise* | | {noise['change']:.3f} | | | {noise['tau']:.2f} | ±{noise['level']:.3f} | |",
        *(_row(name, row) for name, row in rows),
    ]


def _change(row: dict[str, Any]) -> float:
    return float(row["returns"]["change"]) if "returns" in row else -1.0


def _row(name: str, row: dict[str, Any]) -> str:
    off = ", ".join(f"`{field}` {_value(value)}" for field, value in row["off"].items())
    told = row.get("returns")
    if told is None:
        cells = [""] * 5
    else:
        mark = " *" if told["level_changed"] else ""
        cells = [
            f"{told['change']:.3f}",
            f"`{told['who']}`",
            f"{told['chance']:.3f}",
            f"{told['tau']:.2f}",
            f"{told['mean']:+.3f} [{told['low']:+.3f}, {told['high']:+.3f}]{mark}",
        ]
    return "| " + " | ".join([f"**{name}**: {row['words']}", off, *cells, row["verdict"]]) + " |"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
