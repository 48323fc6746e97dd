"""A small tree from an allocator: the tree is rolled out and the allocator is asked what it would have done.

DAgger (Ross, Gordon and Bagnell 2011): in the first round the learner itself acts; in each further round the
best tree so far does, in states of its own making, and the learner is asked there. All that was ever answered
is what the next trees are fitted to. What a squared error takes for close need not earn as much, so in each
round a tree is fitted with every one of `WEIGHTS`, all are ranked by the return that they earn on episodes of
their own, and the finalists of all rounds are measured once more on others. No test episode is touched.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np

from juguo_agents.allocators.base import Allocator
from juguo_agents.array_types import Seeds
from juguo_agents.artifacts.tree import Tree, TreeAllocator
from juguo_agents.artifacts.tree_features import FEATURES
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import Conditions
from juguo_agents.search.distillation.fit import Weights, fit_tree
from juguo_agents.search.distillation.query import Answers, ExpertQuery, joined

WEIGHTS = tuple(
    Weights(openness, advance, abandon)
    for openness, (advance, abandon) in product(
        (0.3, 1.0), ((0.15, 0.5), (0.3, 0.3), (0.3, 1.0), (0.6, 0.6), (1.0, 1.0))
    )
)
FINALISTS = 8


@dataclass(frozen=True)
class Budget:
    """How much is spent on a tree.

    Attributes:
        rounds: Rounds of asking; the learner itself acts in the first.
        asking: Episodes of each round.
        ranking: Episodes on which all candidates are ranked.
        choice: Episodes on which one of the finalists is chosen.
    """

    rounds: int
    asking: int
    ranking: int
    choice: int

    @property
    def episodes(self) -> int:
        """Episodes of one tree."""
        return self.rounds * (self.asking + len(WEIGHTS) * self.ranking) + FINALISTS * self.choice


@dataclass(frozen=True)
class Candidate:
    """A tree, how it came about, and what it earned on the ranking episodes."""

    tree: Tree
    weights: Weights
    round: int
    earned: float


@dataclass(frozen=True)
class Distilled:
    """The chosen tree, what it earned on the choice episodes, and the course of the rounds."""

    chosen: Candidate
    choice: float
    course: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """How the tree came about, in plain values."""
        return {
            "round": self.chosen.round,
            "weights": asdict(self.chosen.weights),
            "ranking_return": self.chosen.earned,
            "choice_return": self.choice,
            "rounds": self.course,
        }


def distil(learner: Allocator, conditions: Conditions, leaves: int, budget: Budget) -> Distilled:
    """Distil a tree.

    Args:
        learner: What is asked; it may remember.
        conditions: Where.
        leaves: At most so many, at least 2.
        budget: How much is spent.
    """
    parts: list[Answers] = []
    candidates: list[Candidate] = []
    course = []
    for number in range(budget.rounds):
        actor = TreeAllocator(_best(candidates).tree, "tree") if candidates else learner
        query = ExpertQuery(actor, learner)
        earned = conditions.run(query, seeds.explain_rollouts(number, budget.asking)).returns
        parts.append(query.answers())
        answers, ranking = joined(parts), seeds.EXPLAIN_RANKING.take(0, budget.ranking)
        fresh = [(weights, fit_tree(FEATURES, answers, leaves, weights)) for weights in WEIGHTS]
        candidates += [
            Candidate(tree, weights, number, _earned(tree, conditions, ranking)) for weights, tree in fresh
        ]
        best = max(c.earned for c in candidates if c.round == number)
        course.append({"round": number, "actor_return": float(earned.mean()), "best_ranking_return": best})
    finalists = sorted(candidates, key=lambda c: -c.earned)[:FINALISTS]
    choice = seeds.EXPLAIN_CHOICE.take(0, budget.choice)
    again = [_earned(finalist.tree, conditions, choice) for finalist in finalists]
    first = int(np.argmax(again))
    return Distilled(finalists[first], again[first], course)


def _earned(tree: Tree, conditions: Conditions, episodes: Seeds) -> float:
    return float(conditions.run(TreeAllocator(tree, "tree"), episodes).returns.mean())


def _best(candidates: list[Candidate]) -> Candidate:
    return max(candidates, key=lambda c: c.earned)
