"""What each mechanism is worth, in words and a table: for the terminal and for a page."""

from __future__ import annotations

from typing import Any

from juguo_agents.tables import markdown_table
from juguo_envs.names import code

RULE = """\
Each mechanism is switched off alone. All is measured on the same episodes as in the world as it is.

- `ranking`: the largest change of a doctrine's return less the mean of all doctrines, and whose it is.
- `chance`: as much would that be, at most, at 95 %, if chance gave each episode's change its sign.
- `tau`: Kendall's tau of the doctrines' ranking with that in the world as it is.
- `level`: change of the mean return of all doctrines, with its interval, 95 %. `*`: beyond noise.
- `patterns`: those that change beyond noise, with a figure in the world as it is and without the mechanism.
- `feedback`: closed loop less open loop as a share of the gap, both searched on. `*`: beyond noise.

Noise is what other episodes alone change in the world as it is: the value that covers 95 % of the comparisons
of every two sets of episodes. The ranking *changes* where `ranking` is above `chance` and, besides, above its
noise or `tau` under its noise. It is *detectable* where `ranking` is above `chance` only. A pattern changes
where a figure of it leaves its interval by more than its noise. The level alone is no reason to keep a
mechanism."""
COLUMNS = (
    "mechanism", "off by", "ranking", "whose", "chance", "tau", "level", "patterns", "feedback", "verdict",
)  # fmt: skip


def page(data: dict[str, Any]) -> list[str]:
    """A page of Markdown; the mechanisms that change the ranking most come first."""
    settings, comparisons = data["settings"], data["noise"]["returns"]["comparisons"]
    total = sum(data["parameters"].values())
    rows = sorted(data["mechanisms"].items(), key=lambda item: -_change(item[1]))
    return [
        f"# Mechanisms of {code(settings['scenario']['name'])}",
        "",
        RULE,
        "",
        f"{settings['episodes']:,} test episodes from seed {settings['first_seed']:,}; "
        f"noise from {comparisons} comparisons of {settings['repeats'] + 1} sets. "
        f"The model has {total} parameters.",
        "",
        markdown_table(COLUMNS, [_as_it_is(data), *(_row(name, row) for name, row in rows)]),
    ]


def _as_it_is(data: dict[str, Any]) -> list[str]:
    """The first row: noise of each column, and what feedback is worth in the world as it is."""
    noise, measured = data["noise"], data["as_it_is"]
    returns, told = noise["returns"], measured.get("feedback")
    feedback = f"{100 * told['share']:.0f} % ± {100 * noise['feedback']:.0f}" if told else ""
    change, tau, level = f"{returns['change']:.3f}", f"{returns['tau']:.2f}", f"±{returns['level']:.3f}"
    held = [str(pattern["number"]) for pattern in measured.get("patterns", []) if pattern["holds"]]
    patterns = f"hold: {', '.join(held) or 'none'}" if "patterns" in measured else ""
    return ["**as it is**, and noise", "", change, "", "", tau, level, patterns, feedback, ""]


def _change(row: dict[str, Any]) -> float:
    return float(row["returns"]["change"]) if "returns" in row else -1.0


def _row(name: str, row: dict[str, Any]) -> list[str]:
    off = ", ".join(f"`{field}` {_value(value)}" for field, value in row["off"].items())
    return [
        f"**{name}**: {row['words']}",
        off,
        *_returns(row),
        _patterns(row),
        _feedback(row),
        row["verdict"],
    ]


def _returns(row: dict[str, Any]) -> list[str]:
    told = row.get("returns")
    if told is None:
        return [""] * 5
    level = f"{told['mean']:+.3f} [{told['low']:+.3f}, {told['high']:+.3f}]"
    return [
        f"{told['change']:.3f}",
        code(told["who"]),
        f"{told['chance']:.3f}",
        f"{told['tau']:.2f}",
        level + (" *" if told["level_changed"] else ""),
    ]


def _patterns(row: dict[str, Any]) -> str:
    return "; ".join(
        f"{change['number']}{_holds(change)}: {change['part']} "
        f"{_figure(change['before'])} → {_figure(change['after'])}"
        for change in row.get("patterns", [])
    )


def _holds(change: dict[str, Any]) -> str:
    if change["held"] == change["holds"]:
        return ""
    return " (now holds)" if change["holds"] else " (no longer holds)"


def _feedback(row: dict[str, Any]) -> str:
    told = row.get("feedback")
    if told is None:
        return ""
    share = "cannot be told" if told["share"] is None else f"{100 * told['share']:.0f} %"
    return share + (" *" if told["changed"] else "")


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
