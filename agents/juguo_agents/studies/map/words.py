"""The map in words: for `map.md` and for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from juguo_agents.report.names import label
from juguo_agents.studies.map.design import REFERENCES, programmes
from juguo_agents.studies.map.exchange import ALL, GROUPS
from juguo_agents.studies.map.places import deciding
from juguo_agents.studies.map.summary import PAIR
from juguo_agents.studies.map.switches import AS_IS
from juguo_agents.studies.map.values import DRAWN, VALUE_SETS
from juguo_agents.studies.map.verdicts import CONDITIONS, TUNED_ALIKE
from juguo_envs.worlds.sampling import Axis


def as_markdown(summary: dict[str, Any]) -> str:
    """The whole map as a markdown page."""
    settings = summary["settings"]
    parts = [
        "# The map: which doctrine is best where, and under which values",
        f"{summary['points']:,} worlds ({settings['design']} sample, seed {settings['seed']}) over "
        f"{len(summary['axes'])} ranges, {summary['episodes']} episodes of every allocator in each, under "
        f"common random numbers; model {settings['model']}. Every doctrine competes with both institutions, "
        "and its numbers are tuned at the same budget.",
        "A world is **won** where the leader beats every other doctrine: paired t-tests, "
        "corrected for their number (Holm) and for the number of worlds (Benjamini-Hochberg), at "
        f"{summary['level']:.0%}. All other worlds are **ties**. A doctrine **leads** where its mean is the "
        "highest, also where that is a tie.",
        "## In short",
        "\n".join(acceptance_lines(summary)),
        "## The values",
        _values(summary),
        "## Who is best under which values",
        "![shares](shares.png)",
        *(_shares(summary, condition.name) for condition in CONDITIONS),
        "![map](map.png)",
        "## What decides it: where each doctrine wins",
        *deciding(summary),
        "## What decides it: which part of a rule",
        _parts(summary),
        "## Which assumption keeps a doctrine from winning",
        _switches(summary),
        "## What tuning was worth",
        _tuning(summary),
        "## The ranges",
        _ranges(summary),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def acceptance_lines(summary: dict[str, Any]) -> list[str]:
    """How many programmes win often enough under each set of values, and which never do."""
    found, needed = summary["acceptance"], summary["needed"]
    lines = [
        f"Do at least {needed['doctrines']} programmes each win {needed['share']:.0%} of the worlds or more, "
        f"tuned and like for like, under at least one set of values? **{'Yes' if found['met'] else 'No'}.**",
        "",
    ]
    for values in VALUE_SETS:
        names = found["winners"][values.name]
        row = summary["conditions"][TUNED_ALIKE.name]["values"][values.name]
        won = ", ".join(f"{label(n)} {row['won'][n]['share']:.1%}" for n in _by_share(row, names))
        led = sum(row["leading"][d] >= needed["share"] for d in programmes())
        lines.append(
            f"- {values.name} ({values.text}): {_programmes(len(names))} so many worlds"
            f"{f' ({won})' if won else ''}; so many are led by {led}; ties {row['ties']['share']:.1%}"
        )
    drawn = summary["conditions"][TUNED_ALIKE.name]["values"][DRAWN.name]["unbeaten"]
    told = "; no programme beats ".join(f"*{label(r)}* in {drawn[r]:.1%} of the worlds" for r in REFERENCES)
    lines += [
        "",
        "Two doctrines are references: they bring no technology to people. They have both institutions, too. "
        f"Under the values drawn, beyond noise, no programme beats {told}.",
    ]
    if found["hardly"]:
        lines += [
            "",
            f"These win less than {needed['share']:.0%} under all values: "
            f"{', '.join(label(d) for d in found['hardly'])}.",
        ]
    return lines


def _programmes(count: int) -> str:
    return f"{count} programme{' wins' if count == 1 else 's win'}"


def _by_share(row: dict[str, Any], names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda n: (-row["won"][n]["share"], -row["leading"][n]))


def _values(summary: dict[str, Any]) -> str:
    lines = ["| values | meaning | w_b | w_r | w_x | aversion |", "|---|---|---|---|---|---|"]
    for row in summary["values"]:
        reward = row["reward"]
        told = (
            ["drawn"] * 4 if reward is None else [f"{reward[k]:g}" for k in ("w_b", "w_r", "w_x", "aversion")]
        )
        lines.append(f"| {row['name']} | {row['text']} | {' | '.join(told)} |")
    return "\n".join(lines)


def _shares(summary: dict[str, Any], condition: str) -> str:
    """A table of the shares of the worlds that each doctrine wins, and in brackets leads, by values."""
    part = summary["conditions"][condition]
    rows: dict[str, Any] = part["values"]
    names = [
        n
        for n in _by_share(rows[DRAWN.name], rows[DRAWN.name]["won"])
        if any(r["leading"][n] for r in rows.values())
    ]
    lines = [
        f"### {part['text'][0].upper()}{part['text'][1:]}",
        "",
        "Share of the worlds won, and in brackets led.",
        "",
        f"| doctrine | {' | '.join(rows)} |",
        "|---" * (len(rows) + 1) + "|",
    ]
    for name in names:
        cells = [f"{r['won'][name]['share']:.1%} ({r['leading'][name]:.1%})" for r in rows.values()]
        lines.append(f"| {label(name)} | {' | '.join(cells)} |")
    lines.append(_row("*ties*", [row["ties"]["share"] for row in rows.values()]))
    lines += [
        _row(f"*no programme beats {label(ref)}*", [row["unbeaten"][ref] for row in rows.values()])
        for ref in REFERENCES
    ]
    margins = [_margin(rows[DRAWN.name]["won"][n], n) for n in names]
    told = "; ".join(m for m in margins if m)
    if told:
        lines += [
            "",
            "Margin over the next doctrine where a world is won, under the values drawn (median and "
            f"quartiles): {told}.",
        ]
    return "\n".join(lines)


def _row(name: str, shares: list[float]) -> str:
    return f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} |"


def _margin(part: dict[str, Any], name: str) -> str:
    if not part["points"]:
        return ""
    low, high = part["margin_quartiles"]
    return f"{label(name)} {part['margin_median']:.3f} [{low:.3f}, {high:.3f}]"


def _parts(summary: dict[str, Any]) -> str:
    """What the best rule of a world loses with one part of the second best."""
    found = summary["parts"]
    if not found:
        return "No doctrine leads in enough worlds."
    lines = [
        "In each world the best tuned doctrine under the values drawn takes one part of the second best, "
        "and the rest stays its own. The table shows what it loses: the mean over the worlds that it leads, "
        "with a 95 % interval, on episodes on which neither was chosen. Below zero the part of the second "
        "best is the better one. The losses need not add up to the whole, since parts work together; "
        "`explain.py --between` divides the whole.",
        "",
        f"| best | worlds | most often second | {' | '.join(GROUPS)} | all: the second best |",
        "|---" * (len(GROUPS) + 4) + "|",
    ]
    for doctrine, row in sorted(found.items(), key=lambda item: -item[1]["points"]):
        second, count = next(iter(row["seconds"].items()))
        cells = [_loss(row["loss"][part]) for part in (*GROUPS, ALL)]
        lines.append(
            f"| {label(doctrine)} | {row['points']} | {label(second)} ({count}) | {' | '.join(cells)} |"
        )
    lines += ["", "Interval in bold: without zero.", "", "![parts](parts.png)"]
    return "\n".join(lines)


def _loss(told: dict[str, float]) -> str:
    words = f"{told['mean']:+.3f} [{told['low']:+.3f}, {told['high']:+.3f}]"
    return f"**{words}**" if told["low"] > 0.0 or told["high"] < 0.0 else words


def _switches(summary: dict[str, Any]) -> str:
    """The share of worlds that each doctrine leads with each assumption switched off."""
    part = summary["switches"]
    rows = part["switches"]
    base = next(row for row in rows if row["name"] == AS_IS)
    names = [n for n in _by_share(base, base["won"]) if any(row["leading"][n] for row in rows)]
    hardly = summary["acceptance"]["hardly"]
    lines = [
        f"The first {part['points']} worlds again, with {part['episodes']} episodes and one assumption "
        "switched off in all of them. Numbers are chosen anew; values are those drawn. Share of the worlds "
        "led, and in brackets won. Few episodes win few worlds: compare each column with *as it is*, which "
        "has as few.",
        "",
        f"| doctrine | {' | '.join(row['name'] for row in rows)} |",
        "|---" * (len(rows) + 1) + "|",
    ]
    for name in names:
        cells = [f"{row['leading'][name]:.0%} ({row['won'][name]['share']:.0%})" for row in rows]
        lines.append(f"| {label(name)} | {' | '.join(cells)} |")
    lines += ["", "| switch | assumption that is off | fields |", "|---|---|---|"]
    for row in rows:
        fields = ", ".join(f"`{k}` {v:g}" for k, v in row["changes"].items()) or "—"
        lines.append(f"| {row['name']} | {row['assumption']} | {fields} |")
    lines += ["", *(_most(name, base, rows) for name in hardly), "", "![switches](switches.png)"]
    return "\n".join(lines)


def _most(name: str, base: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """For a doctrine that hardly wins: the switch with which it leads most."""
    best = max(rows, key=lambda row: (row["leading"][name], row is base))
    before = base["leading"][name]
    if best["leading"][name] <= before:
        return f"- *{label(name)}* leads in {before:.0%}; no switch gives it more."
    return (
        f"- *{label(name)}* leads in {before:.0%} as it is; most with *{best['name']}*: "
        f"{best['leading'][name]:.0%} (won {best['won'][name]['share']:.0%})."
    )


def _tuning(summary: dict[str, Any]) -> str:
    lines = [
        "In each world the numbers are chosen among a portfolio on other episodes than those measured, so "
        "tuning can also lose. Means over all worlds, under the values drawn.",
        "",
        "| rule | own numbers | tuned | gain | worlds where tuned is below own | own numbers kept |",
        "|---|---|---|---|---|---|",
    ]
    for rule, row in summary["tuning"].items():
        lines.append(
            f"| `{rule}` | {row['mean']:.3f} | {row['tuned_mean']:.3f} | "
            f"{row['gain']:+.3f} | {row['worse_share']:.1%} | {row['own_kept']:.1%} |"
        )
    return "\n".join(lines)


def _ranges(summary: dict[str, Any]) -> str:
    lines = ["| axis | from | to | scale | meaning |", "|---|---|---|---|---|"]
    for row in summary["axes"]:
        axis = Axis(**row)
        scale = "logarithmic" if axis.log else "whole numbers" if axis.whole else "even"
        unit = "" if axis.unit == "1" else f" ({axis.unit})"
        lines.append(f"| `{axis.name}` | {axis.low:g} | {axis.high:g} | {scale} | {axis.text}{unit} |")
    return "\n".join(lines)


def console_summary(summary: dict[str, Any]) -> str:
    """What the terminal shows at the end, in lines of at most 110 characters."""
    rows = summary["conditions"][TUNED_ALIKE.name]["values"]
    lines = [
        f"{summary['points']:,} worlds, {summary['episodes']} episodes each; {TUNED_ALIKE.text}",
        "share of the worlds won beyond noise, by values",
        "",
        f"{'doctrine':22}" + "".join(f"{name:>13}" for name in rows),
    ]
    for name in _by_share(rows[DRAWN.name], rows[DRAWN.name]["won"]):
        if any(row["won"][name]["points"] for row in rows.values()):
            lines.append(
                f"{label(name):22}" + "".join(f"{row['won'][name]['share']:>13.1%}" for row in rows.values())
            )
    lines.append(f"{'ties':22}" + "".join(f"{row['ties']['share']:>13.1%}" for row in rows.values()))
    needed = summary["needed"]
    counts = "".join(f"{len(names):>13}" for names in summary["acceptance"]["winners"].values())
    lines += [
        f"{'programmes with ≥ ' + format(needed['share'], '.0%'):22}{counts}",
        "",
        f"at least {needed['doctrines']} of {len(programmes())} programmes under one set of values: "
        f"{'yes' if summary['acceptance']['met'] else 'no'}",
    ]
    part = summary["deciding"][DRAWN.name]
    if part["sensitivity"]:
        top = part["sensitivity"]["indices"][:4]
        lines += ["", f"{label(PAIR[0])} less {label(PAIR[1])} depends on (total Sobol indices):"]
        lines.append("  " + ", ".join(f"{row['axis']} {row['total']:.2f}" for row in top))
    return "\n".join(lines)
