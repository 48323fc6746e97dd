"""Predicts the second half of a diffusion from the first, beside a Bass curve fitted to the same half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import xlogy

from juguo_agents.calibration.data import Array, Diffusion
from juguo_agents.calibration.fit import HIGHEST, Fit, fit
from juguo_agents.calibration.likelihood import (
    Coefficients,
    Exposure,
    adoption_probability,
    exposure,
    hazard,
    peer_counts,
)

RUNS = 1000
BAND = (5.0, 95.0)
"""Percentiles between which nine simulations in ten lie."""
_CHUNK = 2**22  # persons x runs simulated together
_BURN_IN, _THINNING = 500, 5


@dataclass(frozen=True)
class Bass:
    """A Bass curve: a share `potential` of all persons adopts sometime, by the hazards p and q."""

    p: float
    q: float
    potential: float

    def shares(self, periods: int) -> Array:
        """(periods + 1,) share of all persons that has adopted by the end of each period, from period 0."""
        x = np.zeros(periods + 1)
        for t in range(periods):
            x[t + 1] = x[t] + (1.0 - x[t]) * hazard(self.p, self.q, x[t])
        return self.potential * x


@dataclass(frozen=True)
class Hindcast:
    """Numbers of adopters at the end of periods `half` to the last, predicted from periods 1 to `half`.

    Attributes:
        half: Last period that was fitted.
        fit: What was estimated from the periods up to it.
        observed: (periods - half + 1,) what happened.
        predicted: The same, mean of the simulations with the coefficients estimated.
        low, high: 90 % band, of chance and of what the first half leaves open about the coefficients.
        chance_low, chance_high: 90 % band of chance alone, with the coefficients as estimated.
        bass: The Bass curve.
        bass_predicted: Its prediction, given how many had adopted by period `half`.
    """

    half: int
    fit: Fit
    observed: Array
    predicted: Array
    low: Array
    high: Array
    chance_low: Array
    chance_high: Array
    bass: Bass
    bass_predicted: Array

    @property
    def error(self) -> float:
        """Root mean square error of the prediction, in persons."""
        return _error(self.predicted, self.observed)

    @property
    def bass_error(self) -> float:
        """Root mean square error of the Bass curve, in persons."""
        return _error(self.bass_predicted, self.observed)

    @property
    def inside(self) -> float:
        """Share of the predicted periods in which the band holds what happened."""
        within = (self.low <= self.observed) & (self.observed <= self.high)
        return float(within[1:].mean())


def _error(predicted: Array, observed: Array) -> float:
    return float(np.sqrt(np.mean((predicted - observed)[1:] ** 2)))


def hindcast(diffusion: Diffusion, seed: int, runs: int = RUNS) -> Hindcast | str:
    """Fit the first half (rounded down), predict the rest; or say why that cannot be done."""
    half = diffusion.periods // 2
    first = diffusion.until(half)
    if half < 2 or first.time.max() < 2:
        step = diffusion.step
        return f"nobody adopted after {step} 1 in the first half, which ends with {step} {half}"
    seen = exposure(first)
    estimated = fit(seen)
    start = first.adopted_by(half)
    rng = np.random.default_rng((seed, 1))
    best = np.tile(estimated.full.coefficients, (runs, 1))
    chance = simulate(diffusion, best, start, diffusion.periods - half, rng).sum(axis=2)
    drawn = simulate(
        diffusion, plausible(seen, estimated, runs, rng), start, diffusion.periods - half, rng
    ).sum(axis=2)
    low, high = np.percentile(drawn, BAND, axis=0)
    chance_low, chance_high = np.percentile(chance, BAND, axis=0)
    bass = fit_bass(first)
    share = bass.shares(diffusion.periods)[half:]
    others = (len(diffusion) - start.sum()) / (1.0 - share[0])
    return Hindcast(
        half=half,
        fit=estimated,
        observed=diffusion.adopters().sum(axis=1)[half:],
        predicted=chance.mean(axis=0),
        low=low,
        high=high,
        chance_low=chance_low,
        chance_high=chance_high,
        bass=bass,
        bass_predicted=start.sum() + (share - share[0]) * others,
    )


def simulate(
    diffusion: Diffusion, coefficients: Array, start: Array, periods: int, rng: np.random.Generator
) -> Array:
    """Run the fitted step on the network.

    Args:
        diffusion: Whose persons, communities and ties.
        coefficients: (runs, 3) coefficients of each run.
        start: (N,) who has adopted at the start.
        periods: How many to simulate.
        rng: The chance.

    Returns:
        (runs, periods + 1, R) i8 adopters of each community at the start and at the end of each period.
    """
    n, m = len(diffusion), len(diffusion.ego)
    named = np.maximum(peer_counts(diffusion), 1)
    looks_at = csr_array((np.ones(m), (diffusion.ego, diffusion.alter)), shape=(n, n))
    lives_in = csr_array((np.ones(n), (diffusion.community, np.arange(n))), shape=(len(diffusion.places), n))
    members = lives_in.sum(axis=1)
    parts = []
    chunks = -(-len(coefficients) * n // _CHUNK)
    for part in np.array_split(coefficients, chunks):
        p, q_peers, q_community = part.T
        adopted = np.repeat(start[:, None], len(part), axis=1)  # persons x runs
        counts = [lives_in @ adopted.astype(float)]
        for _ in range(periods):
            peers = (looks_at @ adopted.astype(float)) / named[:, None]
            community = (counts[-1] / members[:, None])[diffusion.community]
            chance = adoption_probability(p, q_peers, q_community, peers, community)
            adopted |= rng.random(adopted.shape) < chance
            counts.append(lives_in @ adopted.astype(float))
        parts.append(np.array(counts).transpose(2, 0, 1))
    return np.concatenate(parts).astype("i8")


def plausible(seen: Exposure, estimated: Fit, draws: int, rng: np.random.Generator) -> Array:
    """(draws, 3) coefficients in proportion to their likelihood, by a random walk (Metropolis 1953).

    That is their posterior distribution when all values between the bounds are held equally likely before.
    """
    width = np.array([(high - low) / 4.0 for low, high in estimated.intervals])
    x, cost = np.array(estimated.full.coefficients), -estimated.full.log_likelihood
    kept = np.empty((draws, 3))
    for i in range(_BURN_IN + draws * _THINNING):
        y = x + rng.normal(size=3) * width
        threshold = cost + rng.exponential()
        if (y > 0.0).all() and (y < HIGHEST).all():
            new = -seen.log_likelihood(Coefficients(*y))
            if new < threshold:
                x, cost = y, new
        if i >= _BURN_IN:
            kept[(i - _BURN_IN) // _THINNING] = x
    return kept


def fit_bass(diffusion: Diffusion) -> Bass:
    """The Bass curve of the whole society, by maximum likelihood (Schmittlein and Mahajan 1982)."""
    counts = np.diff(diffusion.adopters().sum(axis=1))
    waiting = len(diffusion) - counts.sum()

    def cost(x: Array) -> float:
        share = Bass(*x).shares(diffusion.periods)
        log_likelihood = xlogy(counts, np.diff(share)).sum() + xlogy(waiting, 1.0 - share[-1])
        return -max(float(log_likelihood), -1e12)  # impossible data are finitely bad

    least = counts.sum() / len(diffusion)
    bounds = [(1e-7, HIGHEST.p), (0.0, HIGHEST.q_peers + HIGHEST.q_community), (1e-3, 1.0 - 1e-9)]
    ends = [
        minimize(cost, (least / diffusion.periods, q, c), method="L-BFGS-B", jac="3-point", bounds=bounds)
        for q in (0.05, 0.5)
        for c in (min(0.999, 1.2 * least), 0.999)
    ]
    return Bass(*(float(v) for v in min(ends, key=lambda end: end.fun).x))
