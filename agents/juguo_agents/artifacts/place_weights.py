"""How a leaf's money leans to places by how things stand there, beside its fixed shares.

A tree asks about the society as a whole. Without leaning, a leaf could send no more money to where a crisis
is than to where it is not, whatever the learner does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Setting

Floats = npt.NDArray[np.float64]

PRIOR = 10.0
"""Standard deviation of a lean before anything is known: where places hardly differ, it stays near 0."""


@dataclass(frozen=True)
class Local:
    """A quantity of each community, between 0 and 1.

    Attributes:
        name: What a file calls it.
        words: What people read.
        short: What they read over a column.
        read: From observations (n, size) to values (n, R).
    """

    name: str
    words: str
    short: str
    read: Callable[[Setting, npt.NDArray[np.float32]], Floats]


def _adoption(setting: Setting, seen: npt.NDArray[np.float32]) -> Floats:
    mean: Floats = setting.layout.adoption(seen).mean(-1)
    return mean


def _level(name: str) -> Callable[[Setting, npt.NDArray[np.float32]], Floats]:
    return lambda setting, seen: setting.layout.place(seen, name)


LOCALS = (
    Local("crisis", "crisis", "crisis", _level("crisis")),
    Local("resilience_lowest", "weakest tenth's resilience", "resilience", _level("resilience_lowest")),
    Local("adoption", "adoption", "adoption", _adoption),
)
LOCAL_BY_NAME = {local.name: local for local in LOCALS}


def read_places(
    setting: Setting, observation: npt.NDArray[np.float32], locals_: tuple[Local, ...] = LOCALS
) -> npt.NDArray[np.float32]:
    """(n, R, L) float32 how far each place is above the society's mean, from observations (n, size)."""
    values = np.zeros((len(observation), len(setting.population), len(locals_)))
    for i, local in enumerate(locals_):
        values[..., i] = local.read(setting, observation)
    mean = np.einsum("nrl,r->nl", values, setting.population)
    above: npt.NDArray[np.float32] = (values - mean[:, None, :]).astype(np.float32)
    return above


def lean_shares(shares: Floats, leans: Floats, places: npt.NDArray[np.float32]) -> Floats:
    """(n, R) shares, each multiplied by 1 + sum of lean times how far its place is above the mean.

    Args:
        shares: (n, R) that sum to 1.
        leans: (n, L).
        places: (n, R, L) as `read_places` gives them.
    """
    factor = 1.0 + np.einsum("nrl,nl->nr", places, leans)
    weights = shares * np.maximum(0.0, factor)
    total = weights.sum(1, keepdims=True)
    found: Floats = np.where(total > 0.0, weights / np.where(total > 0.0, total, 1.0), shares)
    return found


def fit_leans(wanted: Floats, places: npt.NDArray[np.float32]) -> Floats:
    """(L,) the leans that come closest to wanted shares, by least squares.

    To first order a place's share is s (1 + lean (d - mean of d, weighted by s)), with s the mean share that
    was wanted; the prior has a standard deviation of `PRIOR` around 0.

    Args:
        wanted: (n, R) shares that sum to 1.
        places: (n, R, L) as `read_places` gives them.
    """
    shares = wanted.mean(0)
    beyond = places - np.einsum("nrl,r->nl", places, shares)[:, None, :]
    part = (shares[:, None] * beyond).reshape(-1, places.shape[2])
    rest = (wanted - shares).ravel()
    ridge = max(float(np.mean(rest**2)), 1e-12) / PRIOR**2
    found: Floats = np.linalg.solve(part.T @ part + ridge * np.eye(part.shape[1]), part.T @ rest)
    return found
