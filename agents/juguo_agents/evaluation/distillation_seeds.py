"""Which episodes an explanation learns and chooses on. They are never those of training or of a test.

They are selection episodes: above those on which trainings choose a policy, below those of `hypotheses`. They
have three parts: episodes in which the learner is asked, episodes on which candidates are ranked, and
episodes on which one of the finalists is chosen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from juguo_agents.evaluation.rollout import SELECTION_SEEDS

ASKING_SEEDS = SELECTION_SEEDS + 2**27
RANKING_SEEDS = ASKING_SEEDS + 2**26
CHOICE_SEEDS = RANKING_SEEDS + 2**25
END = CHOICE_SEEDS + 2**25
MOST_EPISODES, MOST_ROUNDS = 100_000, 100


def asking_seeds(round_: int, episodes: int) -> npt.NDArray[np.uint64]:
    """A round's episodes; no other round has one of them."""
    first = ASKING_SEEDS + round_ * episodes
    return np.arange(first, first + episodes, dtype=np.uint64)


def ranking_seeds(episodes: int) -> npt.NDArray[np.uint64]:
    """Episodes on which all candidates are ranked."""
    return np.arange(RANKING_SEEDS, RANKING_SEEDS + episodes, dtype=np.uint64)


def choice_seeds(episodes: int) -> npt.NDArray[np.uint64]:
    """Episodes on which one of the finalists is chosen."""
    return np.arange(CHOICE_SEEDS, CHOICE_SEEDS + episodes, dtype=np.uint64)
