"""A tree as indented rules, in words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from juguo_agents.allocators import Allocator
from juguo_agents.artifacts.tree import LEAF, Tree, TreeAllocator, as_allocation
from juguo_agents.artifacts.tree_features import STAGE, Feature
from juguo_agents.artifacts.tree_file import USES
from juguo_agents.report.texts import say
from juguo_envs.model.state import STAGES

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
            share = f"{tree.quarters[node] / total:.0%}"
            lines.append(indent + say("tree.leaf", does=_leaf(tree, node), share=share))
            return
        feature = tree.features[tree.feature[node]]
        asked = condition(feature, float(tree.threshold[node]))
        lines.append(indent + say("tree.if", condition=asked))
        tell(int(tree.yes[node]), indent + "    ")
        lines.append(indent + say("tree.otherwise"))
        tell(int(tree.no[node]), indent + "    ")

    tell(0, "")
    return lines


def _leaf(tree: Tree, node: int) -> str:
    done = as_allocation(tree.wants[node], tree.cut)
    shares = dict(zip(USES, tree.wants[node, : len(USES)], strict=True))
    named = [u for u in sorted(shares, key=lambda u: -shares[u]) if shares[u] >= LEAST_SHARE][:MOST_USES]
    comma = say("comma")
    money = comma.join(f"{say(f'use.{use}')} {shares[use]:.0%}" for use in named)
    leans = [
        f"{say(f'lean.{local.name}')} {10.0 * lean:+.0f} %"
        for local, lean in zip(tree.locals, tree.leans[node], strict=True)
        if abs(lean) >= LEAST_LEAN
    ]
    asks = [say(f"tree.{name}") for name in ("advance", "abandon") if getattr(done, name)]
    where = [say("tree.places", leans=comma.join(leans))] if leans else []
    openness = say("tree.openness", openness=f"{float(done.openness):.1f}")
    return say("semicolon").join([money, openness, *where, *asks])


def condition(feature: Feature, threshold: float) -> str:
    """In words: the value of a feature is at most `threshold`."""
    if feature.unit == STAGE:
        last = int(np.clip(np.floor(threshold), 0, len(STAGES) - 1))
        stage = say(f"stage.{STAGES[0 if last == 0 else min(last + 1, len(STAGES) - 1)]}")
        return say("tree.in" if last == 0 else "tree.before", stage=stage)
    return f"{say(f'feature.{feature.name}')} {feature.bound(threshold)}"
