"""Fits a tree to what a learner was seen to do: scikit-learn finds the questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from juguo_agents.array_types import Floats, Ints
from juguo_agents.artifacts.place_weights import fit_leans
from juguo_agents.artifacts.tree import ABANDON, ADVANCE, LEAF, OPENNESS, Tree
from juguo_agents.artifacts.tree_features import Feature
from juguo_agents.search.distillation.query import Answers
from juguo_envs.errors import UserError
from juguo_envs.spaces.action import SHARES

_SMALLEST, _SMALLEST_SHARE = 10, 0.001


class NoScikitLearn(UserError):
    """scikit-learn is not installed."""


@dataclass(frozen=True)
class Weights:
    """How much the parts of an allocation count when a tree is fitted.

    A squared error of shares is small beside one of yes or no, so these weights, and not the units, must say
    what a leaf is about. Which serve best is found by trying (`distil`).
    """

    openness: float
    advance: float
    abandon: float
    cut: float = 0.5

    def scale(self, outputs: int) -> Floats:
        """(outputs,) factors of the parts of a flat allocation."""
        factors = np.ones(outputs)
        factors[[OPENNESS, ADVANCE, ABANDON]] = self.openness, self.advance, self.abandon
        return factors


def fit_tree(
    features: tuple[Feature, ...],
    answers: Answers,
    leaves: int,
    weights: Weights,
) -> Tree:
    """The tree of at most so many leaves that comes closest, question by question.

    Args:
        features: What it may look at.
        answers: What was seen, and what the learner wanted there.
        leaves: At most so many, at least 2.
        weights: What counts how much.

    Raises:
        NoScikitLearn: If scikit-learn is missing.
    """
    try:
        from sklearn.tree import DecisionTreeRegressor
    except ImportError:
        raise NoScikitLearn(
            "a tree is fitted by scikit-learn, which is missing: pip install 'juguo[train]'"
        ) from None
    values, wants = answers.values, answers.wants
    fitted = DecisionTreeRegressor(
        max_leaf_nodes=leaves,
        min_samples_leaf=max(_SMALLEST, int(_SMALLEST_SHARE * len(values))),
        random_state=0,
    ).fit(values, wants * weights.scale(wants.shape[1]))
    inner = fitted.tree_
    order = _walk(inner.children_left, inner.children_right)
    place = np.full(inner.node_count, LEAF, np.int64)
    place[order] = np.arange(len(order))
    leaf = inner.children_left[order] < 0
    ended = place[fitted.apply(values)]
    yes, no = (
        np.where(leaf, LEAF, place[children[order]])
        for children in (inner.children_left, inner.children_right)
    )
    rows, quarters, leans = _answers(yes, no, ended, answers)
    return Tree(
        features=features,
        feature=np.where(leaf, LEAF, inner.feature[order]).astype(np.int64),
        threshold=np.where(leaf, 0.0, inner.threshold[order]),
        yes=yes,
        no=no,
        wants=rows,
        cut=weights.cut,
        quarters=quarters,
        leans=leans,
    )


def _walk(left: Ints, right: Ints) -> Ints:
    """Nodes from the root, left before right."""
    order, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if left[node] >= 0:
            waiting += [int(right[node]), int(left[node])]
    return np.array(order)


def _answers(yes: Ints, no: Ints, ended: Ints, answers: Answers) -> tuple[Floats, Ints, Floats]:
    """Of every node, from the quarters under it: means of what was wanted, how many there are, and leans."""
    nodes, wants = len(yes), answers.wants
    under: list[Ints] = [np.flatnonzero(ended == node) for node in range(nodes)]
    for node in range(nodes - 1, -1, -1):  # children come after their parent
        if yes[node] != LEAF:
            under[node] = np.concatenate([under[yes[node]], under[no[node]]])
    rows = np.array([wants[quarters].mean(0) for quarters in under])
    leans = [fit_leans(wants[quarters, SHARES:OPENNESS], answers.places[quarters]) for quarters in under]
    return rows, np.array([len(quarters) for quarters in under]), np.array(leans)
