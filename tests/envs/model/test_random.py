"""Counter-based random numbers: uniform, independent between streams, and a function of their counters."""

from __future__ import annotations

import itertools
import math
from statistics import NormalDist

import numba
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juguo_envs.model import random as draws
from juguo_envs.model.random import Purpose
from tests.support import Array

COUNT = 200_000
LEVEL = 1e-4
"""Error rate of each statistical test below; seeds are fixed, so a run that passed passes again."""
CRITICAL_Z = NormalDist().inv_cdf(1.0 - LEVEL / 2)
CRITICAL_KS = math.sqrt(-0.5 * math.log(LEVEL / 2))
"""Two-sided Kolmogorov-Smirnov, times the root of the number of values (Smirnov's asymptote)."""
PURPOSES = list(Purpose)


@numba.njit
def fill(key: np.uint64, kind: int, out: Array) -> None:
    """The first draws of a stream: uniform, normal or exponential."""
    for i in range(out.shape[0]):
        if kind == 0:
            out[i] = draws.uniform(key, i)
        elif kind == 1:
            out[i] = draws.normal(key, i)
        else:
            out[i] = draws.exponential(key, i)


@numba.njit
def first_of_many(seeds: Array, step: int, purpose: np.uint64, out: Array) -> None:
    """The first draw of the same stream of many seeds."""
    for i in range(out.shape[0]):
        out[i] = draws.uniform(draws.stream(seeds[i], step, purpose), 0)


def key_of(seed: int, step: int, purpose: int) -> np.uint64:
    """Key of a stream; numba gives a Python integer back, which it would take for a signed one."""
    return np.uint64(draws.stream(np.uint64(seed), step, np.uint64(purpose)))


def some(seed: int = 1, step: int = 0, purpose: int = Purpose.ADOPTION, kind: int = 0) -> Array:
    """Draws of one stream."""
    out = np.empty(COUNT)
    fill(key_of(seed, step, purpose), kind, out)
    return out


def ks(values: Array, cdf: Array) -> float:
    """Kolmogorov-Smirnov distance, times the root of the number of values."""
    n = len(values)
    order = np.sort(cdf)
    distance = max((np.arange(1, n + 1) / n - order).max(), (order - np.arange(n) / n).max())
    return float(distance * math.sqrt(n))


def correlation_z(a: Array, b: Array) -> float:
    """Correlation in standard errors."""
    return float(np.corrcoef(a, b)[0, 1] * math.sqrt(len(a)))


def splitmix64(key: int, index: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """An independent writing of SplitMix64 in numpy."""
    x = np.uint64(key) + (index + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def test_a_stream_is_splitmix64() -> None:
    # the first outputs of the published generator from the state 0
    assert [int(x) for x in splitmix64(0, np.arange(2, dtype=np.uint64))] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
    ]
    key = key_of(1, 0, Purpose.ADOPTION)
    expected = (splitmix64(int(key), np.arange(COUNT, dtype=np.uint64)) >> np.uint64(11)) * 2.0**-53
    assert np.array_equal(some(), expected)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_draws_are_uniform(purpose: Purpose) -> None:
    values = some(purpose=purpose)
    assert values.min() >= 0.0 and values.max() < 1.0
    assert ks(values, values) < CRITICAL_KS
    counts = np.bincount((values * 256).astype(int), minlength=256)
    chi2 = ((counts - COUNT / 256) ** 2).sum() / (COUNT / 256)
    # chi-squared of 255 degrees of freedom by Wilson and Hilferty (1931)
    z = ((chi2 / 255) ** (1 / 3) - (1 - 2 / (9 * 255))) / math.sqrt(2 / (9 * 255))
    assert abs(z) < CRITICAL_Z


def test_normal_draws_are_normal() -> None:
    values = some(kind=1)
    cdf = np.array([NormalDist().cdf(x) for x in values[:20_000]])
    assert ks(values[:20_000], cdf) < CRITICAL_KS
    assert abs(values.mean()) < CRITICAL_Z / math.sqrt(COUNT)
    assert abs(values.var() - 1.0) < CRITICAL_Z * math.sqrt(2.0 / COUNT)


def test_exponential_draws_are_exponential() -> None:
    values = some(kind=2)
    assert values.min() >= 0.0
    assert ks(values, 1.0 - np.exp(-values)) < CRITICAL_KS


def test_streams_of_different_purposes_are_independent() -> None:
    streams = [some(purpose=purpose)[:50_000] for purpose in PURPOSES]
    pairs = list(itertools.combinations(streams, 2))
    critical = NormalDist().inv_cdf(1.0 - LEVEL / (2 * len(pairs)))  # Bonferroni over the pairs
    assert max(abs(correlation_z(a, b)) for a, b in pairs) < critical


@pytest.mark.parametrize("lag", [1, 2, 7, 1000])
def test_neighbouring_draws_of_a_stream_are_independent(lag: int) -> None:
    values = some()
    assert abs(correlation_z(values[:-lag], values[lag:])) < CRITICAL_Z


@pytest.mark.parametrize(("seed", "step"), [(2, 0), (1, 1), (0, 1), (2**63, 0), (1, 1000)])
def test_streams_of_other_seeds_and_steps_are_independent(seed: int, step: int) -> None:
    assert abs(correlation_z(some(), some(seed=seed, step=step))) < CRITICAL_Z


def test_the_first_draws_of_consecutive_seeds_are_uniform_and_independent() -> None:
    first = np.empty(COUNT)
    first_of_many(np.arange(COUNT, dtype=np.uint64), 0, np.uint64(Purpose.DEFECT), first)
    other = np.empty(COUNT)
    first_of_many(np.arange(COUNT, dtype=np.uint64), 0, np.uint64(Purpose.CEILING), other)
    assert ks(first, first) < CRITICAL_KS
    assert abs(correlation_z(first[:-1], first[1:])) < CRITICAL_Z
    assert abs(correlation_z(first, other)) < CRITICAL_Z


def test_the_keys_of_seeds_steps_and_purposes_are_all_different() -> None:
    keys = {key_of(seed, step, purpose) for seed in range(30) for step in range(30) for purpose in PURPOSES}
    assert len(keys) == 30 * 30 * len(PURPOSES)


@given(st.integers(0, 2**64 - 1), st.integers(0, 10_000), st.sampled_from(PURPOSES), st.integers(0, 10**7))
def test_a_draw_is_a_function_of_its_counters_alone(
    seed: int, step: int, purpose: Purpose, index: int
) -> None:
    def draw() -> tuple[float, float, float]:
        key = key_of(seed, step, purpose)
        return draws.uniform(key, index), draws.normal(key, index), draws.exponential(key, index)

    values = draw()
    draws.uniform(np.uint64(3), 5)  # another draw in between
    assert draw() == values
    assert 0.0 <= values[0] < 1.0
    assert math.isfinite(values[1])
    assert 0.0 <= values[2] < math.inf


def test_every_purpose_has_its_own_number() -> None:
    assert len({int(purpose) for purpose in PURPOSES}) == len(Purpose.__members__)
