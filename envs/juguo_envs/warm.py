"""Compiling the model ahead of its first use."""

from __future__ import annotations

from time import monotonic

import numpy as np

from juguo_envs.engine.batch import Batch
from juguo_envs.model.measures import breadth_seen, breadths
from juguo_envs.worlds.scenario import Scenario


def warm_up() -> float:
    """Compile all of the model for this machine, or load what was compiled before.

    Afterwards nothing is compiled any more: not in this process, nor, where compiled code can be kept, in
    those that follow. An image of a container, or a job before many others, does it once for all.

    Returns:
        The seconds that it took.
    """
    begun = monotonic()
    batch = Batch(Scenario(), 1)
    batch.reset(np.zeros(1, np.uint64))
    state = batch.state
    breadths(state.adopters_measured, state.cells, batch.persons, np.zeros(1))
    breadth_seen(np.zeros((1, 1, 1)), np.ones(1), np.zeros(1))
    return monotonic() - begun
