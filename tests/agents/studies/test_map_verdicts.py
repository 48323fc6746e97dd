"""Verdicts on tables with known winners and known ties."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from juguo_agents.allocators.institutions import TUNED
from juguo_agents.allocators.registry import rule_names, variant_of
from juguo_agents.evaluation.verdicts import (
    LEVEL,
    holm,
    interval,
    paired_p,
    share_interval,
    verdicts,
)
from juguo_agents.studies.map.analysis import shares
from juguo_agents.studies.map.design import CONDITIONS, allocator_names, doctrine_of

Array = npt.NDArray[np.float64]
NAMES = ["concentrated", "concentrated:tuned", "flat", "experiment_diffusion"]
GROUPS = ["concentrated", "concentrated", "flat", "experiment_diffusion"]


def table(means: list[list[float]], episodes: int = 30, spread: float = 0.05, luck: float = 0.5) -> Array:
    """(points, allocators, episodes): each allocator's mean, noise of its own, and luck that all share."""
    rng = np.random.default_rng(1)
    centre = np.array(means)[:, :, None]
    shape = (*centre.shape[:2], episodes)
    noise = rng.normal(0.0, spread, shape)
    noise -= noise.mean(2, keepdims=True)  # the means are as given
    return centre + noise + rng.normal(0.0, luck, (len(means), 1, episodes))


def test_a_clear_leader_wins_however_large_the_luck_that_all_share() -> None:
    found = verdicts(table([[0.1, 0.0, 0.5, 0.2], [0.1, 0.9, 0.5, 0.2], [0.1, 0.0, 0.2, 0.4]]), NAMES, GROUPS)
    assert [v.best for v in found] == ["flat", "concentrated", "experiment_diffusion"]
    assert [v.leader for v in found] == ["flat", "concentrated:tuned", "experiment_diffusion"]
    assert [v.second for v in found] == ["experiment_diffusion", "flat", "flat"]
    assert found[0].margin == pytest.approx(0.3)
    assert found[0].low < 0.3 < found[0].high
    assert all(v.tied == () and v.p <= v.p_adjusted <= LEVEL for v in found)


def test_two_that_differ_by_less_than_noise_are_tied_and_the_third_is_not_among_them() -> None:
    (found,) = verdicts(table([[0.1, 0.1, 0.5, 0.501]]), NAMES, GROUPS)
    assert found.best == ""
    assert found.leads == "experiment_diffusion"
    assert found.tied == ("experiment_diffusion", "flat")
    assert found.low < 0.0 < found.high


def test_variants_of_one_system_do_not_tie_with_each_other() -> None:
    (found,) = verdicts(table([[0.5, 0.5, 0.1, 0.2]]), NAMES, GROUPS)
    assert found.best == "concentrated"
    assert found.second == "experiment_diffusion"


def test_a_win_over_one_and_a_tie_with_another_is_a_tie() -> None:
    (found,) = verdicts(table([[0.1, 0.2, 0.5, 0.5]]), NAMES, GROUPS)
    assert found.best == ""
    assert set(found.tied) == {"flat", "experiment_diffusion"}


def test_allocators_that_do_the_same_in_every_episode_are_tied() -> None:
    values = table([[0.1, 0.2, 0.5, 0.5]])
    values[:, 3] = values[:, 2]
    (found,) = verdicts(values, NAMES, GROUPS)
    assert (found.best, found.margin, found.p) == ("", 0.0, 1.0)


def test_a_constant_difference_is_no_noise() -> None:
    values = table([[0.1, 0.2, 0.5, 0.4]], spread=0.0)
    (found,) = verdicts(values, NAMES, GROUPS)
    assert (found.best, found.p) == ("flat", 0.0)


@pytest.mark.parametrize("count", [2, 3, 12])
def test_among_equals_false_winners_are_rare(count: int) -> None:
    rng = np.random.default_rng(2)
    points = 1500
    values = rng.normal(0.0, 1.0, (points, count, 20)) + rng.normal(0.0, 3.0, (points, 1, 20))
    names = [f"rule {i}" for i in range(count)]
    found = verdicts(values, names, names)
    assert sum(v.p <= LEVEL for v in found) <= 0.065 * points  # before the correction for many points
    assert sum(bool(v.best) for v in found) <= 3


def test_real_winners_are_found_among_many_ties_with_few_false_ones() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0.0, 0.1, (400, 3, 20))
    values[:100, 2] += 0.2
    found = verdicts(values, ["a", "b", "c"], ["a", "b", "c"])
    assert sum(v.best == "c" for v in found[:100]) >= 95
    assert sum(bool(v.best) for v in found[100:]) <= 12


def test_corrections_are_those_of_the_textbook() -> None:
    p = np.array([0.04, 0.01, 0.03, 0.005])
    assert holm(p) == pytest.approx([0.06, 0.03, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])).max() == 1.0


def test_the_p_value_and_the_interval_agree() -> None:
    rng = np.random.default_rng(4)
    for shift in np.linspace(0.0, 0.6, 13):
        differences = rng.normal(shift, 1.0, 30)
        _, low, high = interval(differences)
        assert (paired_p(differences[None])[0] <= LEVEL) == (low >= 0.0 or high <= 0.0)


def test_the_interval_of_a_share_holds_it_and_is_never_empty() -> None:
    low, high = share_interval(0, 512)
    assert low == 0.0 < high < 0.02
    low, high = share_interval(40, 512)
    assert low < 40 / 512 < high


def test_one_allocator_of_each_doctrine_competes_in_every_condition() -> None:
    for condition in CONDITIONS:
        competitors = condition.competitors()
        assert [doctrine_of(name) for name in competitors] == rule_names()
        assert {name.endswith(TUNED) for name in competitors} == {condition.name == "tuned"}
        assert set(competitors) <= set(allocator_names())


def test_like_for_like_means_both_institutions_for_everybody() -> None:
    for condition in CONDITIONS[:2]:
        for name in condition.competitors():
            variant = variant_of(name.removesuffix(TUNED))
            assert variant is not None
            assert (variant.exit, variant.relief) == ("common", True)


def test_a_reference_is_unbeaten_where_it_wins_or_shares_a_tie() -> None:
    names = rule_names()
    values = np.zeros((3, len(names), 30)) + np.linspace(0.0, 0.01, len(names))[:, None]
    rng = np.random.default_rng(6)
    values += rng.normal(0.0, 0.001, values.shape)
    care, other = names.index("care_only"), names.index("market")
    values[0, care] += 1.0  # wins
    values[1, [care, other]] = rng.normal(1.0, 0.1, (2, 30))  # a tie with a programme
    values[2, other] += 1.0  # is beaten
    found = shares(verdicts(values, names, names))
    assert found["unbeaten"]["care_only"] == pytest.approx(2 / 3)
    assert found["unbeaten"]["nothing"] == 0.0
