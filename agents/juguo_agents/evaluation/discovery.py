"""Small decision trees: which system is best, and where one system is, told by the parameters of a world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from juguo_agents.array_types import Bools, Floats
from juguo_envs.worlds.sampling import Axis

Labels = npt.NDArray[Any]
DEPTH, LEAST_LEAF = 3, 0.02
FOLDS, REPEATS = 5, 5
LEAST_POINTS = 20


@dataclass(frozen=True)
class Grown:
    """A tree that tells the best system, and how far it can be trusted.

    Attributes:
        classes: The systems.
        nodes: From the root: each with the `counts` of its classes, and where it splits `axis`, its `symbol`,
            `threshold` (a value of the axis), `low` and `high` (its children's places in the list).
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


@dataclass(frozen=True)
class Region:
    """Where one system wins: a tree that gives its wins and all other points the same weight.

    Attributes:
        nodes: As of `Grown`; the classes are "no" and "yes".
        inside: Share of the points told to be its own, in cross-validation, that it wins.
        found: Share of the points it wins that are told to be its own, in cross-validation.
        everywhere: Share of all points that it wins.
    """

    nodes: list[dict[str, Any]]
    inside: float
    found: float
    everywhere: float


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
    if folds < 2:
        return None
    enough = np.isin(labels, classes[counts >= folds])
    places, labels = places[enough], labels[enough]
    if len(labels) < LEAST_POINTS:
        return None
    tree = _classifier(len(labels))
    told = _out_of_fold(tree, places, labels, folds)
    right = [float((t == labels).mean()) for t in told]
    tree.fit(places, labels)
    return Grown(
        classes=tuple(str(c) for c in tree.classes_),
        nodes=_nodes(tree, places, labels, axes),
        accuracy=float(np.mean(right)),
        accuracy_low=min(right),
        accuracy_high=max(right),
        balanced=float(np.mean([balanced_accuracy_score(labels, t) for t in told])),
        majority=float(np.unique(labels, return_counts=True)[1].max() / len(labels)),
        points=len(labels),
        left_out=len(best) - len(labels),
    )


def region(places: Floats, wins: Bools, axes: tuple[Axis, ...]) -> Region | None:
    """Where a system wins, or None where it wins, or does not win, in too few points.

    Args:
        places: (points, axes) in the unit cube.
        wins: (points,) whether the system is best.
        axes: The axes.
    """
    least = min(int(wins.sum()), int((~wins).sum()))
    if least < FOLDS or len(wins) < LEAST_POINTS:
        return None
    labels = np.where(wins, "yes", "no")
    tree = _classifier(len(labels), class_weight="balanced")
    told = np.array([t == "yes" for t in _out_of_fold(tree, places, labels, FOLDS)])
    hits = (told & wins).sum()
    tree.fit(places, labels)
    return Region(
        nodes=_nodes(tree, places, labels, axes),
        inside=float(hits / max(1, told.sum())),
        found=float(hits / (REPEATS * wins.sum())),
        everywhere=float(wins.mean()),
    )


def _classifier(points: int, **how: Any) -> DecisionTreeClassifier:
    leaf = max(3, round(LEAST_LEAF * points))
    return DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=leaf, random_state=0, **how)


def _out_of_fold(tree: DecisionTreeClassifier, places: Floats, labels: Labels, folds: int) -> list[Labels]:
    """What trees that have not seen a point say of it; once for each repeat."""
    folded = RepeatedStratifiedKFold(n_splits=folds, n_repeats=REPEATS, random_state=0)
    splits = list(folded.split(places, labels))
    return [
        cross_val_predict(tree, places, labels, cv=splits[i * folds : (i + 1) * folds])
        for i in range(REPEATS)
    ]


def _nodes(
    tree: DecisionTreeClassifier, places: Floats, labels: Labels, axes: tuple[Axis, ...]
) -> list[dict[str, Any]]:
    """The fitted tree as plain values, thresholds on the axes, without splits that change nothing."""
    inner = tree.tree_
    visits = tree.decision_path(places).toarray().astype(bool)
    names = inner.value[:, 0].argmax(1)
    nodes: list[dict[str, Any]] = []

    def same(i: int) -> int | None:
        """The class that is named all over a branch, if it is one."""
        low, high = int(inner.children_left[i]), int(inner.children_right[i])
        if low < 0:
            return int(names[i])
        one = same(low)
        return one if one is not None and one == same(high) else None

    def add(i: int) -> int:
        counts = [int((labels[visits[:, i]] == c).sum()) for c in tree.classes_]
        node: dict[str, Any] = {"counts": counts}
        nodes.append(node)
        place = len(nodes) - 1
        named = same(i)
        if named is not None:
            node["named"] = named
            return place
        axis = axes[int(inner.feature[i])]
        threshold = axis.value(float(inner.threshold[i]))
        node |= {"axis": axis.name, "symbol": axis.short, "threshold": threshold}
        node["low"] = add(int(inner.children_left[i]))
        node["high"] = add(int(inner.children_right[i]))
        return place

    add(0)
    return nodes


Bounds = tuple[float | None, float | None]
"""What a value is above, and what it is at most; None where there is no end."""


def leaves(nodes: list[dict[str, Any]]) -> list[tuple[dict[str, Bounds], dict[str, Any]]]:
    """Each leaf with the bounds of the axes that are asked for on the way to it, by their names."""
    found: list[tuple[dict[str, Bounds], dict[str, Any]]] = []

    def walk(i: int, bounds: dict[str, Bounds]) -> None:
        node = nodes[i]
        if "axis" not in node:
            found.append((bounds, node))
            return
        axis, cut = node["axis"], node["threshold"]
        low, high = bounds.get(axis, (None, None))
        walk(node["low"], {**bounds, axis: (low, cut)})
        walk(node["high"], {**bounds, axis: (cut, high)})

    walk(0, {})
    return found
