"""The hidden defects that allocators faced: known afterwards, since a technology depends on its seed."""

from __future__ import annotations

import numpy as np

from juguo_agents.array_types import Bools
from juguo_agents.evaluation.record import Comparison, Record
from juguo_envs.model import random as draws
from juguo_envs.model.equations import latent_defect


def first_is_defective(comparison: Comparison) -> Bools:
    """(E,) whether the first technology of an episode, the same for everybody, is seriously defective."""
    found = []
    for i, parameters in enumerate(comparison.parameters()):
        key = np.uint64(draws.stream(np.uint64(comparison.first_seed + i), 0, draws.DEFECT))
        defect = latent_defect(parameters, draws.uniform(key, 0))
        found.append(parameters["p_X"] > 0.0 and defect >= parameters["X_lo"])
    return np.array(found, np.bool_)


def first_given_up(record: Record) -> Bools:
    """(E,) whether the first technology was given up."""
    given_up = np.zeros(len(record.returns), np.bool_)
    given_up[record.exits["episode"][record.exits["project"] == 0]] = True
    return given_up


def share_given_up(record: Record, among: Bools) -> float | None:
    """Share of the chosen episodes in which the first technology was given up; None where none was chosen."""
    if not among.any():
        return None
    return float(first_given_up(record)[among].mean())
