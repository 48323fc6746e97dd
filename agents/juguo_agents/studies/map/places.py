"""In words: where each doctrine wins, and which axes decide."""

from __future__ import annotations

from typing import Any

from juguo_agents.report.names import label
from juguo_agents.studies.map.summary import INDICES, PAIR
from juguo_agents.studies.map.tree import leaves
from juguo_agents.studies.map.values import DRAWN, VALUE_SETS

_SHOWN = 8  # axes in the table of indices


def deciding(summary: dict[str, Any]) -> list[str]:
    """For each set of values the tree and the regions, then what the proposal's difference depends on."""
    parts = [
        "A tree of at most three questions tells the winner by the parameters of a world. Under the values "
        "drawn the values are among its questions. A second tree for each doctrine tells where it wins most."
    ]
    for values in VALUE_SETS:
        part = summary["deciding"][values.name]
        parts += [f"### Values: {values.name} ({values.text})", *_tree(part)]
        told = [_region(doctrine, found) for doctrine, found in part["regions"].items()]
        parts.append("\n".join(told) or "No doctrine wins often enough to say where.")
    if summary["deciding"][DRAWN.name]["tree"]:
        parts.append("![tree](tree.png)")
    parts.append("## What decides it: which axes")
    parts += [_difference(summary, name) for name in INDICES]
    both = all(summary["deciding"][name]["sensitivity"] for name in INDICES)
    drawn = {"differences": summary["deciding"][DRAWN.name]["sensitivity"], "indices": both}
    parts.append("\n\n".join(f"![{name}]({name}.png)" for name, there in drawn.items() if there))
    return parts


def _tree(part: dict[str, Any]) -> list[str]:
    tree = part["tree"]
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
    return [said, "\n".join(f"- {line}" for line in tree_lines(tree))]


def tree_lines(tree: dict[str, Any]) -> list[str]:
    """One line for each leaf: its conditions, its doctrine, and of how many of its points that is true."""
    lines = []
    for where, node in leaves(tree["nodes"]):
        name, right = label(tree["classes"][node["named"]]), node["counts"][node["named"]]
        lines.append(f"{where}: {name} ({right} of {sum(node['counts'])})")
    return lines


def _region(doctrine: str, found: dict[str, Any] | None) -> str:
    """Where a doctrine wins, and how far that can be told."""
    name = label(doctrine)
    if found is None:
        return f"- *{name}* wins in too few worlds, or loses in too few, to say where."
    own = [(where, node["counts"]) for where, node in leaves(found["nodes"]) if node["named"] == 1]
    parts = "; ".join(f"{where} ({yes} of {no + yes} worlds)" for where, (no, yes) in own) or "nowhere"
    return (
        f"- *{name}* wins most where {parts}. Cross-validated, it wins {found['inside']:.0%} of the worlds "
        f"told to be its own ({found['everywhere']:.0%} of all); {found['found']:.0%} of its wins lie there."
    )


def _difference(summary: dict[str, Any], values: str) -> str:
    """What the difference between the proposal and the traditional system depends on."""
    part = summary["deciding"][values]
    told = part["difference"]
    low, middle, high = (told["quantiles"][i] for i in (0, 2, 4))
    first, second = (label(name) for name in PAIR)
    lines = [
        f"### Values: {values}",
        f"{first[0].upper()}{first[1:]} less {second}, paired: mean {told['mean']:+.3f} over the worlds, "
        f"median {middle:+.3f}, 90 % of the worlds in [{low:+.3f}, {high:+.3f}]; above 0 in "
        f"{told['positive']:.1%}.",
    ]
    if found := part["sensitivity"]:
        others = ", ".join(f"{key} {value:.2f}" for key, value in found["r2"].items())
        lines.append(
            f"Sobol indices of the difference, by the surrogate '{found['surrogate']}' (cross-validated R²: "
            f"{others}; noise of the episodes is {found['noise']:.1%} of the variance over worlds). They "
            "explain what the surrogate explains; brackets: the middle 90 % over refits to resampled worlds."
        )
        lines.append(_indices(found))
    return "\n\n".join(lines)


def _indices(found: dict[str, Any]) -> str:
    lines = ["| axis | total | alone |", "|---|---|---|"]
    for row in found["indices"][:_SHOWN]:
        lines.append(f"| `{row['axis']}` | {_index(row, 'total')} | {_index(row, 'first')} |")
    return "\n".join(lines)


def _index(row: dict[str, Any], kind: str) -> str:
    low, high = row[f"{kind}_interval"]
    return f"{row[kind]:.2f} [{low:.2f}, {high:.2f}]"
