"""Estimates: closed forms, honest intervals, and input that has no spread."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.evaluation.statistics import interquartile_mean, mean_interval, paired_difference


def test_the_interquartile_mean_is_the_mean_of_the_middle_half() -> None:
    rng = np.random.default_rng(0)
    assert interquartile_mean(rng.permutation(np.arange(8.0))) == pytest.approx(3.5)  # of 2, 3, 4, 5
    assert interquartile_mean(rng.permutation([*np.arange(1.0, 7.0), -1e9, 1e9])) == pytest.approx(3.5)
    assert interquartile_mean(np.array([7.0])) == 7.0


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    # 400 samples of 40 skewed values (exponential, mean 1). A coverage of .93, which is what the method
    # reaches at this size, gives a count outside 352 to 390 with probability below 1e-3.
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        estimate = mean_interval(rng.exponential(1.0, 40))
        covered += estimate.low <= 1.0 <= estimate.high
    assert 352 <= covered <= 390


def test_the_interval_shrinks_with_the_root_of_the_number_of_episodes() -> None:
    values = np.random.default_rng(2).normal(0.0, 1.0, 1600)
    few, many = mean_interval(values[:100]), mean_interval(values)
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(4.0, rel=0.25)


def test_the_interval_moves_and_stretches_with_the_values() -> None:
    values = np.random.default_rng(3).gamma(2.0, 1.0, 60)
    plain, moved = mean_interval(values), mean_interval(5.0 + 2.0 * values)
    assert (moved.mean, moved.low, moved.high) == pytest.approx(
        (5.0 + 2.0 * plain.mean, 5.0 + 2.0 * plain.low, 5.0 + 2.0 * plain.high)
    )
    assert plain == mean_interval(values)  # the resampling is seeded
    assert plain.low < plain.mean < plain.high


def test_pairing_sharpens_a_difference_between_what_is_correlated() -> None:
    rng = np.random.default_rng(4)
    luck = rng.normal(0.0, 1.0, 200)
    base, better = luck + rng.normal(0.0, 0.1, 200), luck + 0.1 + rng.normal(0.0, 0.1, 200)
    paired = paired_difference(better, base)
    alone = [mean_interval(values) for values in (base, better)]
    unpaired = np.hypot(*[e.high - e.low for e in alone])
    assert paired.mean == pytest.approx(better.mean() - base.mean())
    assert paired.high - paired.low < 0.2 * unpaired
    assert paired.low > 0.0  # told apart, though the intervals of the two means overlap:
    assert alone[1].low < alone[0].high


def test_a_difference_changes_its_sign_with_the_order() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(0.0, 1.0, 80), rng.normal(0.3, 1.0, 80)
    forth, back = paired_difference(a, b), paired_difference(b, a)
    assert back.mean == pytest.approx(-forth.mean)
    assert (back.low, back.high) == pytest.approx((-forth.high, -forth.low), abs=0.02)


@pytest.mark.parametrize("values", [[0.3], [0.3, 0.3, 0.3], [0.1 + 0.2, 0.3]])
def test_values_without_spread_have_the_mean_itself_as_interval(values: list[float]) -> None:
    estimate = mean_interval(np.array(values))
    assert estimate.low == estimate.mean == estimate.high == pytest.approx(0.3)


@pytest.mark.parametrize("size", [2, 3, 5, 50, 200])
def test_one_value_that_differs_gives_a_finite_interval(size: int) -> None:
    values = np.zeros(size)
    values[-1] = 1.0
    estimate = mean_interval(values)
    assert 0.0 <= estimate.low <= estimate.mean <= estimate.high <= 1.0
