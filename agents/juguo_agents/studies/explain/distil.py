"""A small tree from an allocator: the tree is rolled out and the allocator is asked what it would have done.

DAgger (Ross, Gordon and Bagnell 2011): in the first round the learner itself acts; in each further round the
best tree so far does, in states of its own making, and the learner is asked there. All that was ever answered
is what the next trees are fitted to. What a squared error takes for close need not earn as much, so in each
round a tree is fitted with every one of `WEIGHTS`, all are ranked by the return that they earn on episodes of
their own, and the finalists of all rounds are measured once more on others. No test episode is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Allocator
from juguo_agents.artifacts.tree import Tree, TreeAllocator
from juguo_agents.artifacts.tree_features import FEATURES
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.record import Record
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies.explain.asking import Asked, Asking, together
from juguo_agents.studies.explain.fit import Weights, fit_tree
from juguo_envs.worlds.scenario import Scenario

Progress = Callable[[str], None]

WEIGHTS = tuple(
    Weights(openness, advance, abandon)
    for openness, (advance, abandon) in product(
        (0.3, 1.0), ((0.15, 0.5), (0.3, 0.3), (0.3, 1.0), (0.6, 0.6), (1.0, 1.0))
    )
)
FINALISTS = 8


@dataclass(frozen=True)
class World:
    """Where allocators are run."""

    scenario: Scenario
    observe: str = "noisy"
    threads: int = 1

    def run(self, allocator: Allocator, episodes: npt.NDArray[np.uint64]) -> Record:
        """See `juguo_agents.evaluation.rollout.run`."""
        return run(allocator, self.scenario, episodes, observe=self.observe, threads=self.threads)


@dataclass(frozen=True)
class Plan:
    """How much is spent on a tree.

    Attributes:
        rounds: Rounds of asking; the learner itself acts in the first.
        asking: Episodes of each round.
        ranking: Episodes on which all candidates are ranked.
        choice: Episodes on which one of the finalists is chosen.
    """

    rounds: int = 8
    asking: int = 100
    ranking: int = 200
    choice: int = 400

    @property
    def steps(self) -> int:
        """Calls of `progress` for one tree."""
        return self.rounds * (1 + len(WEIGHTS)) + FINALISTS


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


def distil(
    learner: Allocator, world: World, leaves: int, plan: Plan, progress: Progress = lambda _: None
) -> Distilled:
    """Distil a tree of at most so many leaves. The same whatever the number of threads.

    Args:
        learner: What is asked; it may remember.
        world: Where.
        leaves: At most so many, at least 2.
        plan: How much is spent.
        progress: Called `plan.steps` times, with what was done.
    """
    parts: list[Asked] = []
    candidates: list[Candidate] = []
    course = []
    for number in range(plan.rounds):
        actor = _best(candidates).tree if candidates else None
        asking = Asking(TreeAllocator(actor, "tree") if actor else learner, learner)
        earned = world.run(asking, seeds.explain_rollouts(number, plan.asking)).returns
        parts.append(asking.asked())
        progress(f"{leaves} leaves, round {number}")
        fresh = _fit_all(together(parts), leaves, world.threads)
        for weights, tree in zip(WEIGHTS, fresh, strict=True):
            mean = _earned(tree, world, seeds.EXPLAIN_RANKING.take(0, plan.ranking))
            candidates.append(Candidate(tree, weights, number, mean))
            progress(f"{leaves} leaves, round {number}: {mean:.3f}")
        best = max(c.earned for c in candidates if c.round == number)
        course.append({"round": number, "actor_return": float(earned.mean()), "best_ranking_return": best})
    return _choose(candidates, world, plan, course, progress)


def _choose(
    candidates: list[Candidate],
    world: World,
    plan: Plan,
    course: list[dict[str, Any]],
    progress: Progress,
) -> Distilled:
    """The finalist that earns most on episodes that ranked nobody."""
    finalists = sorted(candidates, key=lambda c: -c.earned)[:FINALISTS]
    again = []
    for finalist in finalists:
        again.append(_earned(finalist.tree, world, seeds.EXPLAIN_CHOICE.take(0, plan.choice)))
        progress(f"finalist: {again[-1]:.3f}")
    first = int(np.argmax(again))
    return Distilled(finalists[first], again[first], course)


def _fit_all(asked: Asked, leaves: int, threads: int) -> list[Tree]:
    """A tree for each of the weights; scikit-learn lets other threads run meanwhile."""
    fit = partial(fit_tree, FEATURES, asked, leaves)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(fit, WEIGHTS))


def _earned(tree: Tree, world: World, episodes: npt.NDArray[np.uint64]) -> float:
    return float(world.run(TreeAllocator(tree, "tree"), episodes).returns.mean())


def _best(candidates: list[Candidate]) -> Candidate:
    return max(candidates, key=lambda c: c.earned)
