"""A tree as indented rules, in words."""

from __future__ import annotations

from collections.abc import Iterable

from juguo_agents.allocators import Allocator
from juguo_agents.artifacts.tree import LEAF, Tree, TreeAllocator, as_allocation
from juguo_agents.artifacts.tree_file import USES

MOST_USES = 5
LEAST_SHARE = 0.05
"""Share of the money under which a use is not named in a rule."""
LEAST_LEAN = 0.5
"""Lean under which it is not named: 5 % per 0.1."""


def rules_of(allocators: Iterable[Allocator]) -> dict[str, list[tuple[str, list[str]]]]:
    """The trees among some allocators, in words, by name, as the page takes them."""
    trees = {a.name: a.tree for a in allocators if isinstance(a, TreeAllocator)}
    return {name: [(name, tree_lines(tree))] for name, tree in trees.items()}


def tree_lines(tree: Tree) -> list[str]:
    """The tree as indented rules."""
    lines: list[str] = []
    total = int(tree.quarters[0])

    def tell(node: int, indent: str) -> None:
        if tree.feature[node] == LEAF:
            lines.append(f"{indent}{_leaf(tree, node)} [{tree.quarters[node] / total:.0%} of quarters]")
            return
        feature = tree.features[tree.feature[node]]
        lines.append(f"{indent}if {feature.below(float(tree.threshold[node]))}:")
        tell(int(tree.yes[node]), indent + "    ")
        lines.append(f"{indent}otherwise:")
        tell(int(tree.no[node]), indent + "    ")

    tell(0, "")
    return lines


def _leaf(tree: Tree, node: int) -> str:
    done = as_allocation(tree.wants[node], tree.cut)
    shares = dict(zip(USES, tree.wants[node, : len(USES)], strict=True))
    named = [u for u in sorted(shares, key=lambda u: -shares[u]) if shares[u] >= LEAST_SHARE][:MOST_USES]
    money = ", ".join(f"{use} {shares[use]:.0%}" for use in named)
    leans = [
        f"{local.words} {10.0 * lean:+.0f} %"
        for local, lean in zip(tree.locals, tree.leans[node], strict=True)
        if abs(lean) >= LEAST_LEAN
    ]
    asks = [text for asked, text in ((done.advance, "ASK TO ADVANCE"), (done.abandon, "GIVE UP")) if asked]
    where = ["places by " + ", ".join(leans)] if leans else []
    return "; ".join([money, f"openness {float(done.openness):.1f}", *where, *asks])
