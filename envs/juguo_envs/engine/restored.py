"""Whether arrays can be the state of a batch: the kernels check none, and would read beyond their memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_envs.engine.batch import Batch
from juguo_envs.model.equations import PRODUCER
from juguo_envs.model.state import N_ROLES, N_STAGES

Array = npt.NDArray[Any]

_FIXED = ("kappa0", "stratum", "offsets", "cells")
"""What an episode's seed decides and no quarter changes; besides, who produces, and whom ties lead to."""
_SHARES = ("kappa", "rho")
_FLAGS = ("adopted", "excluded")
_SCRATCH = ("hit", "candidate", "changed")
"""Written in each quarter before it is read."""


def check_state(batch: Batch, found: Mapping[str, Array]) -> None:
    """Refuse arrays that no society of a batch can have come to.

    Args:
        batch: Its own state is written over: all societies begin the episodes of the seeds that were found.
        found: By name every array of a state, each of the shape and type that the batch's own has.

    Raises:
        ValueError: Naming the array.
    """
    programme = found["programme"]
    batch.reset(np.ascontiguousarray(programme["seed"]))
    own = batch.state._asdict()
    odd = [name for name in _FIXED if not np.array_equal(found[name], own[name])]
    odd += _people(found, own) if not odd else []
    odd += [name for name, array in found.items() if name not in _SCRATCH and not _finite(array)]
    for name, most in {
        "t": batch.params["T"],
        "stage": N_STAGES - 1,
        "round": batch.params["rounds"] - 1,
        **dict.fromkeys(("stage_steps", "project", "age", "abandoned"), batch.params["T"]),
    }.items():
        if (programme[name] < 0).any() or (programme[name] > most).any():
            odd.append(f"programme.{name}")
    if odd:
        raise ValueError(f"no society can have come to the array {odd[0]!r} of the state")


def _people(found: Mapping[str, Array], own: Mapping[str, Array]) -> list[str]:
    """Names of arrays of persons, or of their ties, that cannot be; the fixed ones are known to be right."""
    odd = [name for name in _SHARES if not ((found[name] >= 0.0) & (found[name] <= 1.0)).all()]
    odd += [name for name in _FLAGS if (found[name] > 1).any()]
    produces = own["role"] == PRODUCER
    if (found["role"] >= N_ROLES).any() or ((found["role"] == PRODUCER) != produces).any():
        odd.append("role")
    for b, offsets in enumerate(own["offsets"]):
        ends = offsets[-1]  # beyond are ties that found no place
        to = own["neighbours"][b, :ends]
        if not np.array_equal(found["neighbours"][b, :ends], to):
            return [*odd, "neighbours"]
        of = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        adopting = np.bincount(of, found["adopted"][b][to], len(offsets) - 1)
        if not np.array_equal(found["peers"][b], adopting):
            return [*odd, "peers"]
    return odd


def _finite(array: Array) -> bool:
    if array.dtype.names:
        return all(_finite(array[name]) for name in array.dtype.names)
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
