"""The likelihood of a diffusion under the model's own adoption step.

A person who has not adopted does so in period t with probability `adoption(p, q, s)`, the equation of the
model itself, with q = q_peers + q_community and the mixed share

    s = (q_peers * peers + q_community * community) / q.

`peers` is the share of adopters, at the end of period t - 1, among the surveyed persons whom the person
named; 0 for who named none. `community` is that share among all members of the community, the person
included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
from scipy.special import xlog1py, xlogy

from juguo_agents.calibration.data import Array, Diffusion
from juguo_envs.model import equations

hazard = numba.vectorize(["f8(f8, f8, f8)"])(equations.adoption.py_func)
"""The model's `adoption`, compiled a second time for arrays: (p, q, s) in, probabilities out."""


class Coefficients(NamedTuple):
    """Hazards of adoption, per period."""

    p: float
    q_peers: float
    q_community: float


def adoption_probability(
    p: float | Array, q_peers: float | Array, q_community: float | Array, peers: Array, community: Array
) -> Array:
    """Probability to adopt within a period; all arguments broadcast.

    Args:
        p: Hazard of adopting by oneself, per period.
        q_peers: Hazard by peers, per period.
        q_community: Hazard by the community, per period.
        peers: Adopting share of the peers.
        community: Adopting share of the community.
    """
    q = np.asarray(q_peers) + q_community
    s = (q_peers * peers + q_community * community) / np.where(q > 0.0, q, 1.0)
    probability: Array = hazard(p, q, s)
    return probability


def peer_counts(diffusion: Diffusion) -> Array:
    """(N,) how many surveyed persons each person named."""
    counts: Array = np.bincount(diffusion.ego, minlength=len(diffusion))
    return counts


@dataclass(frozen=True)
class Exposure:
    """Person-periods at risk, those of equal exposure together.

    Attributes:
        peers, community: (m,) f8 adopting shares at the end of the period before.
        adopted, waited: (m,) f8 person-periods that ended with and without adoption.
    """

    peers: Array
    community: Array
    adopted: Array
    waited: Array

    def terms(self, coefficients: Coefficients) -> tuple[Array, Array]:
        """(m,) log-likelihoods of one adoption and of one wait."""
        h = adoption_probability(*coefficients, self.peers, self.community)
        with np.errstate(divide="ignore"):
            return np.log(h), np.log1p(-h)

    def log_likelihood(self, coefficients: Coefficients) -> float:
        """Log-likelihood of the data; minus infinity where they are impossible."""
        h = adoption_probability(*coefficients, self.peers, self.community)
        return float(xlogy(self.adopted, h).sum() + xlog1py(self.waited, -h).sum())


def exposure(diffusion: Diffusion, mutual: bool = False) -> Exposure:
    """Exposure of every person in every period before, and the one in which, the person adopted.

    Args:
        diffusion: The data.
        mutual: Whether who was named looks at who named, too: the undirected network of a simulated world.
    """
    ego, alter = diffusion.ego, diffusion.alter
    if mutual:
        ends = np.concatenate([np.c_[ego, alter], np.c_[alter, ego]])
        ego, alter = np.unique(ends, axis=0).T if len(ends) else (ego, alter)
    n = len(diffusion)
    named = np.maximum(np.bincount(ego, minlength=n), 1)
    members = np.bincount(diffusion.community, minlength=len(diffusion.places))
    rows = []
    for t in range(1, diffusion.periods + 1):
        before = diffusion.adopted_by(t - 1)
        peers = np.bincount(ego, weights=before[alter], minlength=n) / named
        share = np.bincount(diffusion.community, weights=before, minlength=len(members)) / members
        rows.append(np.c_[peers, share[diffusion.community], diffusion.time == t][~before])
    pairs, place = np.unique(np.concatenate(rows)[:, :2], axis=0, return_inverse=True)
    ended = np.concatenate(rows)[:, 2]
    return Exposure(
        peers=pairs[:, 0],
        community=pairs[:, 1],
        adopted=np.bincount(place, weights=ended, minlength=len(pairs)),
        waited=np.bincount(place, weights=1.0 - ended, minlength=len(pairs)),
    )
