"""The map in words: for `map.md` and for the terminal."""

from __future__ import annotations

from typing import Any

from juguo_agents.evidence.map.design import SYSTEMS
from juguo_agents.evidence.map.summary import MAIN
from juguo_agents.evidence.map.verdicts import CONDITIONS, CORE
from juguo_agents.report.selection import label
from juguo_envs.sampling import Axis

_SHOWN = 8  # axes in the table of indices


def as_markdown(summary: dict[str, Any]) -> str:
    """The whole map as a markdown page."""
    settings = summary["settings"]
    parts = [
        "# The map: which system is best where",
        f"{summary['points']:,} worlds ({settings['design']} sample, seed {settings['seed']}) over "
        f"{len(summary['axes'])} ranges, {summary['episodes']} episodes of every allocator in each, under "
        f"common random numbers; model {settings['model']}.",
        "A world is won where the leader beats every allocator of every other group: paired t-tests, "
        "corrected for their number (Holm) and for the number of worlds (Benjamini-Hochberg), at "
        f"{summary['level']:.0%}. All other worlds are ties.",
        "\n".join(acceptance_lines(summary)),
        "## Who is best, and by how much",
        _shares(summary),
        "![shares](shares.png)\n\n![map](map.png)",
        "## What decides it",
        *(_deciding(summary, name) for name in CORE),
        "![differences](differences.png)\n\n![indices](indices.png)\n\n![tree](tree.png)",
        "## What tuning was worth",
        _tuning(summary),
        "## The ranges",
        _ranges(summary),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def acceptance_lines(summary: dict[str, Any]) -> list[str]:
    """For each condition whether each of the three systems is best, beyond noise, often enough."""
    lines = [
        f"Is each of concentrated, flat and experiment diffusion best, beyond noise, in at least "
        f"{summary['needed']:.0%} of the worlds?",
        "",
    ]
    for name in CORE:
        found, row = summary["acceptance"][name], summary["conditions"][name]
        shares = ", ".join(_won(row, s) for s in SYSTEMS)
        answer = "yes" if found["met"] else f"no ({', '.join(label(s) for s in found['missing'])})"
        lines.append(f"- {row['text']}: **{answer}**; {shares}; ties {row['ties']['share']:.1%}")
    return lines


def _won(row: dict[str, Any], system: str) -> str:
    part = row["won"][system]
    return f"{label(system)} {part['share']:.1%} [{part['low']:.1%}, {part['high']:.1%}]"


def _shares(summary: dict[str, Any]) -> str:
    """A table with a row for each condition and system that leads anywhere."""
    lines = [
        "Margins are over the best allocator of another group, where the world is won: median and quartiles. "
        "*Leads* counts every world in which the system has the highest mean, also where that is a tie.",
        "",
        "| who competes | system | won | 95 % interval | margin | shares a tie | leads |",
        "|---|---|---|---|---|---|---|",
    ]
    for condition in CONDITIONS:
        row = summary["conditions"][condition.name]
        for system, part in sorted(row["won"].items(), key=lambda item: -item[1]["share"]):
            if not row["leading"][system] and system not in SYSTEMS:
                continue
            margin = "—"
            if part["points"]:
                low, high = part["margin_quartiles"]
                margin = f"{part['margin_median']:.3f} [{low:.3f}, {high:.3f}]"
            lines.append(
                f"| {row['text']} | {label(system)} | {part['share']:.1%} | "
                f"[{part['low']:.1%}, {part['high']:.1%}] | {margin} | {row['in_ties'][system]:.1%} | "
                f"{row['leading'][system]:.1%} |"
            )
        lines.append(
            f"| {row['text']} | *ties* | {row['ties']['share']:.1%} | | ±{row['margin_half_width']:.3f} | | |"
        )
    lines += ["", "In the rows of ties: the median half width of a margin's 95 % interval."]
    return "\n".join(lines)


def _deciding(summary: dict[str, Any], name: str) -> str:
    """The difference, the tree and the indices of one condition."""
    part, text = summary["deciding"][name], summary["conditions"][name]["text"]
    told = part["difference"]
    low, middle, high = (told["quantiles"][i] for i in (0, 2, 4))
    parts = [
        f"### {text[0].upper()}{text[1:]}",
        f"Experiment diffusion less concentrated, paired: mean {told['mean']:+.3f} over the worlds, median "
        f"{middle:+.3f}, 90 % of the worlds in [{low:+.3f}, {high:+.3f}]; above 0 in {told['positive']:.1%}.",
    ]
    if tree := part["tree"]:
        worth = tree["accuracy_low"] > tree["majority"]
        left = f"; {tree['left_out']} worlds of rarer winners are left out" if tree["left_out"] else ""
        parts.append(
            f"A tree of at most three questions tells the winner of {tree['accuracy']:.1%} of the "
            f"{tree['points']} worlds won (cross-validated, {tree['accuracy_low']:.1%} to "
            f"{tree['accuracy_high']:.1%} over repeats; mean over the systems {tree['balanced']:.1%}); "
            f"naming the most frequent one always is right in {tree['majority']:.1%}{left}."
            + ("" if worth else " The tree is no better than that, so it decides nothing.")
        )
        parts.append("\n".join(f"- {line}" for line in tree["rules"]))
    else:
        parts.append("Too few worlds are won by a second system for a tree.")
    if found := part["sensitivity"]:
        others = ", ".join(f"{key} {value:.2f}" for key, value in found["r2"].items())
        parts.append(
            f"Sobol indices of the difference, by the surrogate '{found['surrogate']}' (cross-validated R²: "
            f"{others}; noise of the episodes is {found['noise']:.1%} of the variance over worlds). They "
            "explain what the surrogate explains; brackets: the middle 90 % over refits to resampled worlds."
        )
        parts.append(_indices(found))
    return "\n\n".join(parts)


def _indices(found: dict[str, Any]) -> str:
    lines = ["| axis | total | alone |", "|---|---|---|"]
    for row in found["indices"][:_SHOWN]:
        lines.append(f"| `{row['axis']}` | {_index(row, 'total')} | {_index(row, 'first')} |")
    return "\n".join(lines)


def _index(row: dict[str, Any], kind: str) -> str:
    low, high = row[f"{kind}_interval"]
    return f"{row[kind]:.2f} [{low:.2f}, {high:.2f}]"


def _tuning(summary: dict[str, Any]) -> str:
    lines = [
        "In each world the numbers are chosen among a portfolio on other episodes than those measured, so "
        "tuning can also lose. Means over all worlds.",
        "",
        "| rule | exit | own numbers | tuned | gain | worlds where tuned is below own | own numbers kept |",
        "|---|---|---|---|---|---|---|",
    ]
    for rule, row in summary["tuning"].items():
        lines.append(
            f"| `{rule}` | {'yes' if row['exit'] else 'no'} | {row['mean']:.3f} | {row['tuned_mean']:.3f} | "
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
    names = [*SYSTEMS]
    width = max(len(c.text) for c in CONDITIONS)
    lines = [
        f"{summary['points']:,} worlds, {summary['episodes']} episodes each; share won beyond noise",
        "",
        f"{'who competes':{width}} {'concentr.':>9} {'flat':>9} {'exp.-diff.':>10} {'other':>7} {'ties':>7}  "
        f"each ≥ {summary['needed']:.0%}",
    ]
    for condition in CONDITIONS:
        row = summary["conditions"][condition.name]
        won = {name: part["share"] for name, part in row["won"].items()}
        other = sum(share for name, share in won.items() if name not in names)
        met = summary["acceptance"].get(condition.name)
        answer = "" if met is None else "yes" if met["met"] else "no"
        lines.append(
            f"{row['text']:{width}} {won[names[0]]:>9.1%} {won[names[1]]:>9.1%} {won[names[2]]:>10.1%} "
            f"{other:>7.1%} {row['ties']['share']:>7.1%}  {answer}".rstrip()
        )
    part = summary["deciding"][MAIN]
    if part["tree"]:
        tree = part["tree"]
        lines += [
            "",
            f"a tree, tuned with the exit (right in {tree['accuracy']:.0%}; the most frequent: "
            f"{tree['majority']:.0%}):",
        ]
        lines += [f"  {line}" for line in tree["rules"]]
    if part["sensitivity"]:
        top = part["sensitivity"]["indices"][:4]
        words = ", ".join(f"{row['axis']} {row['total']:.2f}" for row in top)
        lines += ["", f"experiment diffusion less concentrated, total indices: {words}"]
    return "\n".join(lines)
