"""The map in words: as a page and for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from juguo_agents.evaluation.discovery import leaves
from juguo_agents.report.names import label
from juguo_agents.studies.map.analysis import INDICES, PAIR
from juguo_agents.studies.map.design import (
    ALL,
    AS_IS,
    CONDITIONS,
    DRAWN,
    GROUPS,
    REFERENCES,
    TUNED_ALIKE,
    VALUE_SETS,
    programmes,
)
from juguo_agents.tables import markdown_table, ranged, terminal_table
from juguo_envs.worlds.sampling import Axis

Summary = dict[str, Any]
_INDICES_SHOWN = 8


def as_markdown(summary: Summary) -> str:
    """The whole map as a Markdown page."""
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
        "\n".join(_acceptance_words(summary)),
        "## The values",
        _values(summary),
        "## Who is best under which values",
        "![shares](shares.png)",
        *(_shares(summary, condition.name) for condition in CONDITIONS),
        "![map](map.png)",
        "## What decides it: where each doctrine wins",
        *_regions(summary),
        "## What decides it: which axes",
        *_axes(summary),
        "## What decides it: which part of a rule",
        _parts_words(summary),
        "## Which assumption keeps a doctrine from winning",
        _switches_words(summary),
        "## What tuning was worth",
        "In each world the numbers are chosen among a portfolio on other episodes than those measured, so "
        "tuning can also lose. Means over all worlds, under the values drawn.",
        markdown_table(
            ["rule", "own numbers", "tuned", "gain", "worlds where tuned is below own", "own numbers kept"],
            (
                [
                    f"`{rule}`",
                    *(f"{row['mean']:.3f}", f"{row['tuned_mean']:.3f}", f"{row['gain']:+.3f}"),
                    *(f"{row[name]:.1%}" for name in ("worse_share", "own_kept")),
                ]
                for rule, row in summary["tuning"].items()
            ),
        ),
        "## The ranges",
        _ranges(summary),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _acceptance_words(summary: Summary) -> list[str]:
    """How many programmes win often enough under each set of values, and which never do."""
    found, needed = summary["acceptance"], summary["needed"]
    lines = [
        f"Do at least {needed['doctrines']} programmes each win {needed['share']:.0%} of the worlds or more, "
        f"tuned and like for like, under at least one set of values? **{'Yes' if found['met'] else 'No'}.**",
        "",
    ]
    tuned = summary["conditions"][TUNED_ALIKE.name]["values"]
    for values in VALUE_SETS:
        names, row = found["winners"][values.name], tuned[values.name]
        won = ", ".join(f"{label(n)} {row['won'][n]['share']:.1%}" for n in _by_share(row, names))
        led = sum(row["leading"][d] >= needed["share"] for d in programmes())
        lines.append(
            f"- {values.name} ({values.text}): {len(names)} programme"
            f"{' wins' if len(names) == 1 else 's win'} so many worlds{f' ({won})' if won else ''}; "
            f"so many are led by {led}; ties {row['ties']['share']:.1%}"
        )
    unbeaten = tuned[DRAWN.name]["unbeaten"]
    beaten = "; no programme beats ".join(
        f"*{label(r)}* in {unbeaten[r]:.1%} of the worlds" for r in REFERENCES
    )
    lines += [
        "",
        "Two doctrines are references: they bring no technology to people. They have both institutions, too. "
        f"Under the values drawn, beyond noise, no programme beats {beaten}.",
    ]
    if found["hardly"]:
        rare = ", ".join(label(d) for d in found["hardly"])
        lines += ["", f"These win less than {needed['share']:.0%} under all values: {rare}."]
    return lines


def _by_share(row: Summary, names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda n: (-row["won"][n]["share"], -row["leading"][n]))


def _values(summary: Summary) -> str:
    columns = ("w_b", "w_r", "w_x", "aversion")
    return markdown_table(
        ["values", "meaning", *columns],
        (
            [
                row["name"],
                row["text"],
                *("drawn" if (r := row["reward"]) is None else f"{r[c]:g}" for c in columns),
            ]
            for row in summary["values"]
        ),
    )


def _shares(summary: Summary, condition: str) -> str:
    """A table of the shares of the worlds that each doctrine wins, and in brackets leads, by values."""
    part = summary["conditions"][condition]
    rows: Summary = part["values"]
    drawn = rows[DRAWN.name]
    names = [n for n in _by_share(drawn, drawn["won"]) if any(r["leading"][n] for r in rows.values())]
    cells = [
        [label(n), *(f"{r['won'][n]['share']:.1%} ({r['leading'][n]:.1%})" for r in rows.values())]
        for n in names
    ]
    cells.append(["*ties*", *(f"{row['ties']['share']:.1%}" for row in rows.values())])
    cells += [
        [f"*no programme beats {label(ref)}*", *(f"{row['unbeaten'][ref]:.1%}" for row in rows.values())]
        for ref in REFERENCES
    ]
    margins = [
        "{} {:.3f} [{:.3f}, {:.3f}]".format(label(n), won["margin_median"], *won["margin_quartiles"])
        for n in names
        if (won := drawn["won"][n])["points"]
    ]
    lines = [
        f"### {part['text'][0].upper()}{part['text'][1:]}",
        "Share of the worlds won, and in brackets led.",
        markdown_table(["doctrine", *rows], cells),
    ]
    if margins:
        lines.append(
            "Margin over the next doctrine where a world is won, under the values drawn (median and "
            f"quartiles): {'; '.join(margins)}."
        )
    return "\n\n".join(lines)


def _regions(summary: Summary) -> list[str]:
    """For each set of values the tree, and where each doctrine wins."""
    parts = [
        "A tree of at most three questions tells the winner by the parameters of a world. Under the values "
        "drawn the values are among its questions. A second tree for each doctrine tells where it wins most."
    ]
    for values in VALUE_SETS:
        part = summary["deciding"][values.name]
        parts += [f"### Values: {values.name} ({values.text})", *_tree(part["tree"])]
        regions = [_region(label(doctrine), found) for doctrine, found in part["regions"].items()]
        parts.append("\n".join(regions) or "No doctrine wins often enough to say where.")
    return [*parts, "![tree](tree.png)" if summary["deciding"][DRAWN.name]["tree"] else ""]


def _tree(tree: Summary | None) -> list[str]:
    if not tree:
        return ["Too few worlds are won by a second doctrine for a tree."]
    worth = tree["accuracy_low"] > tree["majority"]
    left = f"; {tree['left_out']} worlds of rarer winners are left out" if tree["left_out"] else ""
    said = (
        f"The tree tells the winner of {tree['accuracy']:.1%} of the "
        f"{tree['points']} worlds won (cross-validated, {tree['accuracy_low']:.1%} to "
        f"{tree['accuracy_high']:.1%} over repeats; mean over the doctrines {tree['balanced']:.1%}); "
        f"naming the most frequent one always is right in {tree['majority']:.1%}{left}."
        + ("" if worth else " The tree is no better than that, so it decides nothing.")
    )
    lines = [
        f"- {where}: {label(tree['classes'][node['named']])} "
        f"({node['counts'][node['named']]} of {sum(node['counts'])})"
        for where, node in leaves(tree["nodes"])
    ]
    return [said, "\n".join(lines)]


def _region(name: str, found: Summary | None) -> str:
    """Where a doctrine wins, and how far that can be told."""
    if found is None:
        return f"- *{name}* wins in too few worlds, or loses in too few, to say where."
    own = [(where, node["counts"]) for where, node in leaves(found["nodes"]) if node["named"] == 1]
    parts = "; ".join(f"{where} ({yes} of {no + yes} worlds)" for where, (no, yes) in own) or "nowhere"
    return (
        f"- *{name}* wins most where {parts}. Cross-validated, it wins {found['inside']:.0%} of the worlds "
        f"told to be its own ({found['everywhere']:.0%} of all); {found['found']:.0%} of its wins lie there."
    )


def _axes(summary: Summary) -> list[str]:
    """What the difference between the proposal and the traditional system depends on."""
    first, second = (label(name) for name in PAIR)
    parts = []
    for values in INDICES:
        part = summary["deciding"][values]
        difference, found = part["difference"], part["sensitivity"]
        low, middle, high = (difference["quantiles"][i] for i in (0, 2, 4))
        parts += [
            f"### Values: {values}",
            f"{first[0].upper()}{first[1:]} less {second}, paired: mean {difference['mean']:+.3f} over the "
            f"worlds, median {middle:+.3f}, 90 % of the worlds in [{low:+.3f}, {high:+.3f}]; above 0 in "
            f"{difference['positive']:.1%}.",
        ]
        if found:
            others = ", ".join(f"{key} {value:.2f}" for key, value in found["r2"].items())
            parts += [
                f"Sobol indices of the difference, by the surrogate '{found['surrogate']}' (cross-validated "
                f"R²: {others}; noise of the episodes is {found['noise']:.1%} of the variance over worlds). "
                "They explain what the surrogate explains; brackets: the middle 90 % over refits to "
                "resampled worlds.",
                markdown_table(
                    ["axis", "total", "alone"],
                    (
                        [f"`{row['axis']}`", _index(row, "total"), _index(row, "first")]
                        for row in found["indices"][:_INDICES_SHOWN]
                    ),
                ),
            ]
    both = [summary["deciding"][name]["sensitivity"] for name in INDICES]
    return [
        *parts,
        "![differences](differences.png)" if both[0] else "",
        "![indices](indices.png)" if all(both) else "",
    ]


def _index(row: Summary, kind: str) -> str:
    low, high = row[f"{kind}_interval"]
    return f"{row[kind]:.2f} [{low:.2f}, {high:.2f}]"


def _parts_words(summary: Summary) -> str:
    """What the best rule of a world loses with one part of the second best."""
    if not summary["parts"]:
        return "No doctrine leads in enough worlds."
    rows = []
    for doctrine, row in sorted(summary["parts"].items(), key=lambda item: -item[1]["points"]):
        second, count = next(iter(row["seconds"].items()))
        losses = (_loss(row["loss"][part]) for part in (*GROUPS, ALL))
        rows.append([label(doctrine), str(row["points"]), f"{label(second)} ({count})", *losses])
    return "\n\n".join(
        [
            "In each world the best tuned doctrine under the values drawn takes one part of the second best, "
            "and the rest stays its own. The table shows what it loses: the mean over the worlds that it "
            "leads, with a 95 % interval, on episodes on which neither was chosen. Below zero the part of "
            "the second best is the better one. The losses need not add up to the whole, since parts work "
            "together; `juguo study attribution` divides the whole.",
            markdown_table(["best", "worlds", "most often second", *GROUPS, "all: the second best"], rows),
            "Interval in bold: without zero.",
            "![parts](parts.png)",
        ]
    )


def _loss(loss: dict[str, float]) -> str:
    words = ranged(loss, form="+.3f")
    return f"**{words}**" if loss["low"] > 0.0 or loss["high"] < 0.0 else words


def _switches_words(summary: Summary) -> str:
    """The share of worlds that each doctrine leads with each assumption switched off."""
    part = summary["switches"]
    rows = part["switches"]
    base = next(row for row in rows if row["name"] == AS_IS)
    names = [n for n in _by_share(base, base["won"]) if any(row["leading"][n] for row in rows)]
    shares = (
        [label(n), *(f"{row['leading'][n]:.0%} ({row['won'][n]['share']:.0%})" for row in rows)]
        for n in names
    )
    switches = (
        [row["name"], row["assumption"], ", ".join(f"`{k}` {v:g}" for k, v in row["changes"].items()) or "—"]
        for row in rows
    )
    return "\n\n".join(
        [
            f"The first {part['points']} worlds again, with {part['episodes']} episodes and one assumption "
            "switched off in all of them. Numbers are chosen anew; values are those drawn. Share of the "
            "worlds led, and in brackets won. Few episodes win few worlds: compare each column with "
            "*as it is*, which has as few.",
            markdown_table(["doctrine", *(row["name"] for row in rows)], shares),
            markdown_table(["switch", "assumption that is off", "fields"], switches),
            "\n".join(
                [
                    *(_most(name, base, rows) for name in summary["acceptance"]["hardly"]),
                    "",
                    "![switches](switches.png)",
                ]
            ),
        ]
    )


def _most(name: str, base: Summary, rows: list[Summary]) -> str:
    """For a doctrine that hardly wins: the switch with which it leads most."""
    best = max(rows, key=lambda row: (row["leading"][name], row is base))
    before = base["leading"][name]
    if best["leading"][name] <= before:
        return f"- *{label(name)}* leads in {before:.0%}; no switch gives it more."
    return (
        f"- *{label(name)}* leads in {before:.0%} as it is; most with *{best['name']}*: "
        f"{best['leading'][name]:.0%} (won {best['won'][name]['share']:.0%})."
    )


def _ranges(summary: Summary) -> str:
    rows = []
    for axis in (Axis(**row) for row in summary["axes"]):
        scale = "logarithmic" if axis.log else "whole numbers" if axis.whole else "even"
        unit = "" if axis.unit == "1" else f" ({axis.unit})"
        rows.append([f"`{axis.name}`", f"{axis.low:g}", f"{axis.high:g}", scale, f"{axis.text}{unit}"])
    return markdown_table(["axis", "from", "to", "scale", "meaning"], rows)


def console_summary(summary: Summary) -> str:
    """What the terminal shows at the end."""
    rows = summary["conditions"][TUNED_ALIKE.name]["values"]
    needed, acceptance = summary["needed"], summary["acceptance"]
    names = [
        name
        for name in _by_share(rows[DRAWN.name], rows[DRAWN.name]["won"])
        if any(row["won"][name]["points"] for row in rows.values())
    ]
    table = [
        *([label(name), *(f"{r['won'][name]['share']:.1%}" for r in rows.values())] for name in names),
        ["ties", *(f"{row['ties']['share']:.1%}" for row in rows.values())],
        [f"programmes with ≥ {needed['share']:.0%}", *(str(len(w)) for w in acceptance["winners"].values())],
    ]
    parts = [
        f"{summary['points']:,} worlds, {summary['episodes']} episodes each; {TUNED_ALIKE.text}\n"
        "share of the worlds won beyond noise, by values",
        terminal_table(["doctrine", *rows], table, "lr"),
        f"at least {needed['doctrines']} of {len(programmes())} programmes under one set of values: "
        f"{'yes' if acceptance['met'] else 'no'}",
    ]
    if found := summary["deciding"][DRAWN.name]["sensitivity"]:
        most = ", ".join(f"{row['axis']} {row['total']:.2f}" for row in found["indices"][:4])
        parts.append(f"{label(PAIR[0])} less {label(PAIR[1])} depends on (total Sobol indices):\n  {most}")
    return "\n\n".join(parts)
