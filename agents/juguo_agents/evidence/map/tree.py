"""A small decision tree: which system is best, told by the parameters of a world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from juguo_envs.sampling import Axis

Floats = npt.NDArray[np.float64]
DEPTH, LEAST_LEAF = 3, 0.04
FOLDS, REPEATS = 5, 5


@dataclass(frozen=True)
class Grown:
    """A tree and how far it can be trusted.

    Attributes:
        classes: The systems.
        nodes: From the root: each with the `counts` of its classes, and where it splits `axis`, its
            `symbol`, `threshold` (a value of the axis), `low` and `high` (its children's places in the list).
        accuracy: Share of points that it tells right, cross-validated, mean over the repeats.
        accuracy_low, accuracy_high: Its lowest and highest over the repeats.
        balanced: Mean over the systems of the share told right, cross-validated.
        majority: Share of the most frequent system: what one is right with who always names it.
        points: Number of points.
        left_out: Points of systems that are best too rarely to be told.
    """

    classes: tuple[str, ...]
    nodes: list[dict[str, Any]]
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    balanced: float
    majority: float
    points: int
    left_out: int


def grow(places: Floats, best: list[str], axes: tuple[Axis, ...]) -> Grown | None:
    """The tree that tells the best system of points, or None where there are too few points of two systems.

    Args:
        places: (points, axes) in the unit cube.
        best: The best system of each point.
        axes: The axes.
    """
    labels = np.array(best)
    classes, counts = np.unique(labels, return_counts=True)
    folds = int(min(FOLDS, np.sort(counts)[-2])) if len(counts) > 1 else 0
    enough = np.isin(labels, classes[counts >= folds]) if folds >= 2 else np.zeros(len(labels), bool)
    if folds < 2 or enough.sum() < 4 * FOLDS:
        return None
    places, labels = places[enough], labels[enough]
    leaf = max(2, round(LEAST_LEAF * len(labels)))
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=leaf, random_state=0)
    right, balanced = [], []
    folded = RepeatedStratifiedKFold(n_splits=folds, n_repeats=REPEATS, random_state=0)
    splits = list(folded.split(places, labels))
    for repeat in range(REPEATS):
        some = splits[repeat * folds : (repeat + 1) * folds]
        told = cross_val_predict(tree, places, labels, cv=some)
        right.append(float((told == labels).mean()))
        balanced.append(float(balanced_accuracy_score(labels, told)))
    tree.fit(places, labels)
    return Grown(
        classes=tuple(str(c) for c in tree.classes_),
        nodes=_nodes(tree, len(labels), axes),
        accuracy=float(np.mean(right)),
        accuracy_low=min(right),
        accuracy_high=max(right),
        balanced=float(np.mean(balanced)),
        majority=float(np.unique(labels, return_counts=True)[1].max() / len(labels)),
        points=len(labels),
        left_out=len(best) - len(labels),
    )


def _nodes(tree: DecisionTreeClassifier, points: int, axes: tuple[Axis, ...]) -> list[dict[str, Any]]:
    """The fitted tree as plain values; thresholds as values on the axes."""
    inner, nodes = tree.tree_, []
    for i in range(inner.node_count):
        shares = inner.value[i, 0] / inner.value[i, 0].sum()
        node: dict[str, Any] = {"counts": np.rint(shares * inner.n_node_samples[i]).astype(int).tolist()}
        if inner.children_left[i] >= 0:
            axis = axes[int(inner.feature[i])]
            node |= {
                "axis": axis.name,
                "symbol": axis.short,
                "threshold": axis.value(float(inner.threshold[i])),
                "low": int(inner.children_left[i]),
                "high": int(inner.children_right[i]),
            }
        nodes.append(node)
    return nodes


def rules_in_words(grown: Grown) -> list[str]:
    """One line for each leaf: its conditions, its system, and how many of its points that is right for."""
    lines: list[str] = []

    def walk(i: int, conditions: tuple[str, ...]) -> None:
        node = grown.nodes[i]
        if "axis" not in node:
            counts = node["counts"]
            best = int(np.argmax(counts))
            where = " and ".join(conditions) or "everywhere"
            lines.append(f"{where}: {grown.classes[best]} ({counts[best]} of {sum(counts)} points)")
            return
        walk(node["low"], (*conditions, f"{node['symbol']} ≤ {node['threshold']:.3g}"))
        walk(node["high"], (*conditions, f"{node['symbol']} > {node['threshold']:.3g}"))

    walk(0, ())
    return lines
