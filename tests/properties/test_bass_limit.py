"""Property 3: where everybody may adopt, accepts and has everybody for a peer, adoption follows Bass (1969).

Error rate: the mean curve of 200 societies is compared with the closed form at 14 quarters, until all but one
in four thousand have adopted, by a two-sided z-test at the level 1e-3 / 14 each: a right model is refused
with probability 1e-3 or less (Bonferroni). Seeds are fixed, so a run that passed passes again.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from juguo_envs import Batch, Scenario
from tests.support import seeds, spend

Curve = npt.NDArray[np.float64]

P, Q = 0.03, 0.8
PERSONS, SOCIETIES, QUARTERS = 1000, 200, 14
FAMILYWISE_ERROR = 1e-3
CRITICAL_Z = NormalDist().inv_cdf(1.0 - FAMILYWISE_ERROR / (2 * QUARTERS))

BASS_LIMIT = Scenario.load("default").override(
    {
        "society.persons": PERSONS,
        "society.network": "complete",
        "society.communities.hubs": 0,
        "society.producers": 1.0,  # producers may adopt in every stage
        "programme.T": QUARTERS,
        "adoption.p": P,
        "adoption.q": Q,
        "adoption.gamma": 0.0,
        "adoption.p_tr": 0.0,
        "adoption.alpha_k": 0.0,  # theta = 1
        "adoption.alpha_s": 0.0,
        "adoption.d0": -10.0,  # accept = 1
        "adoption.delta_A": 0.0,
        "defect.h0": 0.0,
        "crisis.shock_rate": 0.0,
        "resilience.floor": 0.0,  # nobody is excluded
    }
)


def bass(t: float) -> float:
    """Adopting share after t quarters."""
    e = math.exp(-(P + Q) * t)
    return (1.0 - e) / (1.0 + Q / P * e)


def quarter_of_bass(x: float) -> float:
    """Adopting share a quarter after it was x."""
    y = (1.0 - x) / (P + Q * x) * math.exp(-(P + Q))
    return (1.0 - P * y) / (1.0 + Q * y)


def finite_size() -> tuple[Curve, Curve]:
    """Bias against the closed form and standard deviation of one share, to the first order in 1 / N.

    Expansion of the chain "everybody who has not adopted does so with probability P(s)" about its limit: a
    nonlinear map of a share that fluctuates with variance V / N has its mean moved by half its curvature
    times the variance, and the share among a person's N - 1 peers is above the share x among all by x / N.
    """
    h = 1e-4
    x, bias, variance = 0.0, 0.0, 0.0
    found = []
    for _ in range(QUARTERS):
        below, here, above = quarter_of_bass(x - h), quarter_of_bass(x), quarter_of_bass(x + h)
        slope, curvature = (above - below) / (2 * h), (above - 2 * here + below) / h**2
        adopts = (here - x) / (1.0 - x)
        adopts_slope = (slope - 1.0 + adopts) / (1.0 - x)
        bias = slope * bias + 0.5 * curvature * variance + (1.0 - x) * adopts_slope * x
        variance = slope**2 * variance + (1.0 - x) * adopts * (1.0 - adopts)
        x = here
        found.append((bias / PERSONS, math.sqrt(variance / PERSONS)))
    biases, deviations = np.array(found).T
    return biases, deviations


def is_refused(curves: Curve) -> bool:
    """Whether the mean of (societies, quarters) curves of adoption differs from Bass at some quarter."""
    closed_form = np.array([bass(t) for t in range(1, QUARTERS + 1)])
    bias, deviation = finite_size()
    allowed = CRITICAL_Z * deviation / math.sqrt(len(curves)) + np.abs(bias)
    return bool((np.abs(curves.mean(axis=0) - closed_form) > allowed).any())


def simulate() -> Curve:
    """(societies, quarters) adopting shares by the model."""
    batch = Batch(BASS_LIMIT, 10)
    assert batch.structure.producers.sum() == PERSONS
    action = spend(batch, {"research": 1.0})
    curves = np.empty((SOCIETIES, QUARTERS))
    for first in range(0, SOCIETIES, batch.size):
        batch.reset(seeds(batch.size, first))
        for t in range(QUARTERS):
            batch.step(action)
            curves[first : first + batch.size, t] = batch.state.adopted.mean(axis=1)
    return curves


def simulate_with(probability: str) -> Curve:
    """The same by numpy alone, with the exact or with the naive probability of adopting in a quarter."""
    rng = np.random.default_rng(0)
    adopters = np.zeros(SOCIETIES, int)
    curves = np.empty((SOCIETIES, QUARTERS))
    for t in range(QUARTERS):
        s = adopters / (PERSONS - 1)
        if probability == "naive":
            chance = 1.0 - np.exp(-(P + Q * s))
        else:
            e = np.exp(-P - Q)
            chance = (P + Q * s) * (1.0 - e) / (P + Q * s + Q * (1.0 - s) * e)
        adopters += rng.binomial(PERSONS - adopters, np.clip(chance, 0.0, 1.0))
        curves[:, t] = adopters / PERSONS
    return curves


def test_adoption_follows_the_closed_form_of_bass() -> None:
    assert not is_refused(simulate())


def test_the_exact_probability_passes_the_same_test_outside_the_model() -> None:
    assert not is_refused(simulate_with("exact"))


def test_the_naive_probability_is_refused_by_the_same_test() -> None:
    curves = simulate_with("naive")
    assert is_refused(curves)
    closed_form = np.array([bass(t) for t in range(1, QUARTERS + 1)])
    assert np.abs(curves.mean(axis=0) - closed_form).max() > 0.2


def test_the_allowance_for_finite_size_hides_nothing() -> None:
    bias, deviation = finite_size()
    assert np.abs(bias).max() < 0.002
    assert (deviation / math.sqrt(SOCIETIES)).max() < 0.003


def test_societies_differ_as_much_as_chance_says() -> None:
    # Four standard errors of the standard deviation of 200 normal values: two-sided 6e-5 a quarter. Not
    # of the last quarters, where few are left and their number is not normal.
    _, deviation = finite_size()
    found = simulate().std(axis=0, ddof=1)
    assert (np.abs(found / deviation - 1.0) < 4.0 / math.sqrt(2 * SOCIETIES))[:9].all()


def test_one_quarter_after_another_is_the_closed_form() -> None:
    x = 0.0
    for t in range(1, QUARTERS + 1):
        x = quarter_of_bass(x)
        assert math.isclose(x, bass(t), rel_tol=1e-12)
