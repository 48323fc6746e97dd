"""Where a claim is true: a small tree over the axes of the family, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from juguo_agents.studies.hypotheses.verdict import AGAINST, FOR
from juguo_envs.worlds.sampling import Axis

Floats = npt.NDArray[np.float64]
DEPTH, LEAST, LEAST_SHARE, FOLDS = 2, 4, 0.1, 5


@dataclass(frozen=True)
class Leaf:
    """A region: where it is, and what the scenarios in it say."""

    where: str
    scenarios: int
    share_for: float
    share_against: float
    mean: float


@dataclass(frozen=True)
class Region:
    """The leaves of a tree, how often it tells right where it was not fitted, and who says "always the same".

    Attributes:
        leaves: The regions.
        accuracy: Share of scenarios that the tree tells right, cross-validated.
        majority: Share of the most frequent side.
        axis: Index of the axis of the first split.
    """

    leaves: tuple[Leaf, ...]
    accuracy: float
    majority: float
    axis: int

    @property
    def tells(self) -> bool:
        """Whether the tree is of any use."""
        return self.accuracy > self.majority


def find_region(
    places: Floats, sides: tuple[str, ...], means: Floats, axes: tuple[Axis, ...]
) -> Region | None:
    """The region, or None where there are too few scenarios of two sides to tell.

    Args:
        places: (S, axes) in the unit cube.
        sides: (S,) as judged.
        means: (S,) effects.
        axes: The axes.
    """
    labels = np.array([side if side in (FOR, AGAINST) else "neither" for side in sides])
    counts = np.sort(np.unique(labels, return_counts=True)[1])[::-1]
    if len(counts) < 2 or counts[1] < LEAST:
        return None
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=max(LEAST, math.ceil(LEAST_SHARE * len(labels))), random_state=0
    )
    rare = np.isin(labels, [c for c, k in zip(*np.unique(labels, return_counts=True), strict=True) if k < 2])
    folds = StratifiedKFold(int(min(FOLDS, counts[counts >= 2].min())), shuffle=True, random_state=0)
    told = cross_val_predict(tree, places[~rare], labels[~rare], cv=folds)
    accuracy = float((told == labels[~rare]).mean())
    tree.fit(places, labels)
    inner = tree.tree_
    if inner.node_count == 1:
        return None
    ends = tree.apply(places)
    leaves = []
    for node, conditions in _walk(inner, axes, 0, ()):
        here = ends == node
        leaves.append(
            Leaf(
                " and ".join(conditions),
                int(here.sum()),
                float((labels[here] == FOR).mean()),
                float((labels[here] == AGAINST).mean()),
                float(means[here].mean()),
            )
        )
    leaves.sort(key=lambda leaf: -leaf.mean)
    return Region(tuple(leaves), accuracy, float(counts[0] / len(labels)), int(inner.feature[0]))


def _walk(
    inner: object, axes: tuple[Axis, ...], node: int, conditions: tuple[str, ...]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every leaf with the conditions that lead to it."""
    left, right = inner.children_left[node], inner.children_right[node]  # type: ignore[attr-defined]  # sklearn has no types
    if left < 0:
        yield node, conditions
        return
    axis = axes[int(inner.feature[node])]  # type: ignore[attr-defined]  # sklearn has no types
    value = f"{axis.value(float(inner.threshold[node])):.3g}"  # type: ignore[attr-defined]  # sklearn has no types
    yield from _walk(inner, axes, int(left), (*conditions, f"{axis_words(axis)} up to {value}"))
    yield from _walk(inner, axes, int(right), (*conditions, f"{axis_words(axis)} above {value}"))


def axis_words(axis: Axis) -> str:
    """An axis as a reader knows it: its meaning and its symbol on the model page."""
    return f"{axis.text} ({axis.short})"


def telling_axis(places: Floats, means: Floats, region: Region | None) -> int:
    """The axis to draw the effect against: the first split, or else the one it is most correlated with."""
    if region is not None:
        return region.axis
    if np.ptp(means) < 1e-12:
        return 0
    ranks = [abs(float(stats.spearmanr(places[:, i], means).statistic)) for i in range(places.shape[1])]
    return int(np.argmax(ranks))
