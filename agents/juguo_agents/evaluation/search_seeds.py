"""Which episodes a search sees. They are never those of training, of selection or of a test.

The range from `SEARCH_SEEDS` to the training seeds has three parts: episodes on which candidates are ranked,
episodes on which one of the finalists is chosen, and episodes on which the chosen one is measured. The
last are the same for every search, so that what different searches found can be compared pair by pair.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from juguo_agents.evaluation.rollout import SEARCH_SEEDS, TRAINING_SEEDS

CHOICE_SEEDS = SEARCH_SEEDS + 2**29
VALIDATION_SEEDS = CHOICE_SEEDS + 2**28
SEEDS_OF_SEARCH = 128
"""A search's own seed is below this; each has its own episodes."""
LARGEST_BUDGET = 5_000_000
PHASES = 2

_RANKING = (CHOICE_SEEDS - SEARCH_SEEDS) // (SEEDS_OF_SEARCH * PHASES)
_CHOICE = (VALIDATION_SEEDS - CHOICE_SEEDS) // (SEEDS_OF_SEARCH * PHASES)
LARGEST_VALIDATION = TRAINING_SEEDS - VALIDATION_SEEDS


def ranking_seeds(seed: int, phase: int, generation: int, episodes: int) -> npt.NDArray[np.uint64]:
    """A generation's episodes; no other generation of any search has one of them."""
    first = SEARCH_SEEDS + (seed * PHASES + phase) * _RANKING + generation * episodes
    return np.arange(first, first + episodes, dtype=np.uint64)


def start_seeds(seed: int, phase: int, episodes: int) -> npt.NDArray[np.uint64]:
    """Episodes on which the places to begin at are compared: the last of those for ranking."""
    end = SEARCH_SEEDS + (seed * PHASES + phase + 1) * _RANKING
    return np.arange(end - episodes, end, dtype=np.uint64)


def choice_seeds(seed: int, phase: int, episodes: int) -> npt.NDArray[np.uint64]:
    """Episodes on which the finalists of a phase are compared."""
    first = CHOICE_SEEDS + (seed * PHASES + phase) * _CHOICE
    return np.arange(first, first + episodes, dtype=np.uint64)


def validation_seeds(episodes: int) -> npt.NDArray[np.uint64]:
    """Episodes on which what was found is measured."""
    return np.arange(VALIDATION_SEEDS, VALIDATION_SEEDS + episodes, dtype=np.uint64)
