"""The best of many places to begin a search at: successive halving (Karnin, Koren and Somekh 2013).

All who are left run the same episodes, the worse are dropped, and those who stay run more. Most of the budget
goes to telling the good ones apart; the best of some hundreds costs little more than a search's first steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from juguo_agents.search.families import Family
from juguo_agents.search.scoring import Scorer
from juguo_agents.search.space import Parameters

ROUNDS = ((2, 50), (6, 12), (24, 4), (50, 1))
"""Episodes that each round adds, and how many go on."""
EPISODES = sum(episodes for episodes, _ in ROUNDS)
"""Episodes of who wins."""


@dataclass(frozen=True)
class Won:
    """Who won, by place in the sequence, and the episodes that it took."""

    winner: int
    spent: int


def race(
    scorer: Scorer, family: Family, candidates: Sequence[Parameters], episodes: npt.NDArray[np.uint64]
) -> Won:
    """The best of some candidates.

    Args:
        scorer: Runs the episodes.
        family: Whose parameters they are.
        candidates: At least one; of those with equal means the first is ahead.
        episodes: (82,) seeds, `EPISODES` of them; a round's follow those of the round before.
    """
    if not candidates or len(episodes) != EPISODES:
        raise ValueError(f"{len(candidates)} candidates, {len(episodes)} episodes; expected 1+, {EPISODES}")
    left: list[int] = list(range(len(candidates)))
    sums = np.zeros(len(candidates))
    first, spent = 0, 0
    for more, stay in ROUNDS:
        if len(left) == 1:
            break
        if len(left) <= stay:
            continue
        returns = scorer.returns(family, [candidates[i] for i in left], episodes[first : first + more])
        first, spent = first + more, spent + returns.size
        sums[left] += returns.sum(1)
        left = sorted(sorted(left, key=lambda i: -sums[i])[:stay])
    return Won(left[0], spent)
