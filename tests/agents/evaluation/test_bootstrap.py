"""Two levels of luck: intervals that cover, pairing that pays, and seeds counted from a pilot."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.evaluation.bootstrap import (
    crossed_iqm,
    crossed_mean,
    difference,
    improvement,
    seeds_needed,
    variance_saved,
)
from juguo_agents.evaluation.statistics import mean_interval


def crossed(rng: np.random.Generator, seeds: int, episodes: int, *sd: float) -> np.ndarray:
    """Values of mean zero with luck of the seed, of the episode and of both."""
    a, b, c = sd
    shapes = ((seeds, 1), (1, episodes), (seeds, episodes))
    return sum(s * rng.normal(0.0, 1.0, shape) for s, shape in zip((a, b, c), shapes, strict=True))


@pytest.mark.parametrize("sd", [(1.0, 0.3, 0.3), (0.2, 1.0, 1.0), (0.0, 1.0, 1.0)])
def test_the_interval_covers_the_mean_whichever_luck_is_the_greater(sd) -> None:
    # at a coverage of .95 the count of 120 is below 105 with probability 1e-3
    rng = np.random.default_rng(0)
    found = [crossed_mean(crossed(rng, 4, 40, *sd)) for _ in range(120)]
    assert sum(e.low <= 0.0 <= e.high for e in found) >= 105


def test_episodes_alone_would_be_far_too_sure_where_seeds_differ() -> None:
    values = crossed(np.random.default_rng(1), 4, 100, 1.0, 0.3, 0.3)
    alone, both = mean_interval(values.mean(0)), crossed_mean(values)
    assert both.high - both.low > 5.0 * (alone.high - alone.low)


def test_a_single_seed_has_the_interval_of_its_episodes() -> None:
    row = np.random.default_rng(2).normal(0.0, 1.0, 50)
    assert crossed_mean(row[None]) == mean_interval(row)


def test_the_interquartile_mean_ignores_a_wild_episode() -> None:
    values = crossed(np.random.default_rng(3), 3, 60, 0.1, 1.0, 0.1)
    wild = values.copy()
    wild[:, 0] = 1e6
    assert crossed_iqm(wild).mean == pytest.approx(crossed_iqm(values).mean, abs=0.1)
    found = crossed_iqm(values)
    assert found.low < found.mean < found.high


def test_a_difference_is_paired_by_episode_and_by_seed() -> None:
    rng = np.random.default_rng(4)
    luck = crossed(rng, 4, 50, 1.0, 1.0, 0.0)
    better = luck + 0.1 + 0.01 * rng.normal(0.0, 1.0, luck.shape)
    assert difference(better, luck).low > 0.09
    assert crossed_mean(better).low < 0.0 < crossed_mean(better).high


def test_the_probability_of_improvement_counts_pairs_and_halves_ties() -> None:
    base = np.zeros(4)
    values = np.array([[1.0, 1.0, -1.0, 0.0], [1.0, 1.0, 1.0, 0.0]])
    found = improvement(values, base)
    assert found.mean == pytest.approx((5 + 0.5 * 2) / 8)
    assert 0.0 <= found.low <= found.mean <= found.high <= 1.0


def test_pairing_saves_what_is_common_and_costs_what_is_opposed() -> None:
    luck = np.random.default_rng(5).normal(0.0, 1.0, 400)
    assert variance_saved(luck + 1.0, luck) == pytest.approx(1.0)
    assert variance_saved(-luck, luck) == pytest.approx(-1.0)
    assert variance_saved(luck[:1], luck[:1]) is None


def test_more_seeds_are_needed_the_more_they_differ_and_caution_asks_for_more() -> None:
    rng = np.random.default_rng(6)
    noise = crossed(rng, 6, 200, 1.0, 0.0, 0.1)
    noise -= noise.mean()
    calm, wild = seeds_needed(1.0 + 0.3 * noise), seeds_needed(1.0 + 2.0 * noise)
    assert calm is not None
    assert wild is not None
    assert 2 <= calm.seeds <= calm.cautious < wild.seeds <= wild.cautious
    # the textbook's number of a one-sample t test at 80 %: effect of 0.5 standard deviations, 34 values
    rows = noise.mean(1) / noise.mean(1).std(ddof=1)
    assert seeds_needed(np.repeat(0.5 + rows[:, None], 2, axis=1)).seeds == 34


def test_no_number_of_seeds_makes_up_for_too_few_episodes() -> None:
    values = crossed(np.random.default_rng(7), 4, 5, 0.0, 5.0, 0.01)
    assert seeds_needed(values - values.mean() + 0.1).seeds is None
    assert seeds_needed(values[:1]) is None
