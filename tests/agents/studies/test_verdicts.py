"""Verdicts on effects whose truth is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from juguo_agents.evaluation import effects as judging
from juguo_agents.evaluation.effects import Judged, Rules, find_region, judge, mean_over_scenarios, together
from juguo_envs.worlds.sampling import axes

RULES = Rules(confidence=0.95, scenario_confidence=0.99, most=0.5, some=0.1)
TESTED = 23


def effects(
    true: npt.ArrayLike, noise: float = 0.02, episodes: int = 24, seed: int = 0
) -> npt.NDArray[np.float64]:
    """Episodes around the true effects of scenarios."""
    rng = np.random.default_rng(seed)
    return np.asarray(true)[:, None] + noise * rng.standard_normal((len(np.asarray(true)), episodes))


def spread(mean: float, sd: float, scenarios: int = 96, seed: int = 1) -> npt.NDArray[np.float64]:
    """True effects of scenarios."""
    return mean + sd * np.random.default_rng(seed).standard_normal(scenarios)


def judged(
    true: npt.ArrayLike, direction: str = "above", counts: float = 0.01, noise: float = 0.02
) -> Judged:
    """The judgement of made-up effects, at the confidence of a whole file of claims."""
    return judge(effects(true, noise), direction, counts, RULES, TESTED)


@pytest.mark.parametrize(
    ("true", "noise", "verdict", "reason"),
    [
        (spread(0.1, 0.02), 0.02, "holds", "the effect counts on average"),
        (np.zeros(96), 0.02, "refuted", "no effect that counts"),
        (spread(-0.1, 0.02), 0.02, "refuted", "the effect goes the other way"),
        (np.zeros(24), 1.0, "undecided", "the interval includes effects that do not count"),
        (np.where(np.arange(96) < 20, -0.1, 0.2), 0.02, "depends", "true beyond noise in some"),
        (np.where(np.arange(96) < 30, 0.2, 0.0), 0.02, "depends", "true beyond noise in some"),
    ],
    ids=["everywhere", "nowhere", "opposite", "noise alone", "opposite in some", "in some"],
)
def test_the_verdict_follows_from_the_true_effects_and_their_noise(
    true: npt.NDArray[np.float64], noise: float, verdict: str, reason: str
) -> None:
    found = judged(true, noise=noise)
    assert (found.verdict, found.reason.startswith(reason)) == (verdict, True)
    assert found.effect.low <= found.means.mean() <= found.effect.high


def test_shares_of_scenarios_on_a_side_are_those_of_the_true_effects() -> None:
    assert judged(spread(0.1, 0.02)).share("for") > 0.95
    opposite = judged(np.where(np.arange(96) < 20, -0.1, 0.2))
    assert opposite.effect.low > 0.01  # the mean is clear, and yet it depends
    assert opposite.share("against") == pytest.approx(20 / 96)
    assert judged(np.where(np.arange(96) < 30, 0.2, 0.0)).share("for") == pytest.approx(30 / 96)


def test_one_scenario_of_eight_is_not_enough_to_depend() -> None:
    found = judged(np.array([-0.1, *[0.2] * 7]))
    assert found.share("against") >= RULES.some
    assert "opposite" not in found.reason


def test_at_most_holds_below_the_bound_and_is_refuted_above_it() -> None:
    assert judged(spread(0.01, 0.01), "at_most", 0.05).verdict == "holds"
    above = judged(spread(0.2, 0.01), "at_most", 0.05)
    assert above.verdict == "refuted"
    assert judged(spread(0.045, 0.1), "at_most", 0.05).verdict != "holds"  # wide around the bound


def test_without_any_effect_a_claim_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "RESAMPLES", 4000)
    held = sum(
        judge(effects(spread(0.0, 0.03, 24, seed=s), seed=s + 500), "above", 0.0, RULES, TESTED).verdict
        == "holds"
        for s in range(60)
    )
    assert held == 0


@pytest.mark.parametrize("scenarios", [8, 24, 96])
def test_the_interval_covers_the_truth_as_often_as_it_says(
    scenarios: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "RESAMPLES", 2000)
    found = [mean_over_scenarios(spread(0.3, 0.1, scenarios, seed=s), 0.95) for s in range(200)]
    covered = np.mean([i.low <= 0.3 <= i.high for i in found])
    assert 0.9 <= covered <= 0.99


def test_more_parts_make_wider_intervals() -> None:
    data = effects(spread(0.1, 0.05))
    one, many = (judge(data, "above", 0.01, RULES, tested).effect for tested in (1, TESTED))
    assert many.high - many.low > 1.2 * (one.high - one.low)


def test_values_that_are_all_the_same_have_an_interval_of_no_width() -> None:
    same = judge(np.full((8, 6), 0.25), "above", 0.01, RULES, TESTED)
    assert (same.effect.low, same.effect.high) == (0.25, 0.25)
    assert same.verdict == "holds"


def test_a_claim_is_as_strong_as_its_weakest_part() -> None:
    true = (spread(0.1, 0.02), np.where(np.arange(96) < 30, 0.2, 0.0), np.zeros(96))
    holds, depends, refuted = map(judged, true)
    undecided = judged(np.zeros(24), noise=1.0)
    assert together([holds, holds]) == ("holds", 0)
    assert together([holds, depends]) == ("depends", 1)
    assert together([depends, undecided, holds]) == ("undecided", 1)
    assert together([depends, undecided, refuted]) == ("refuted", 2)


def test_the_region_is_found_where_an_axis_decides() -> None:
    known = axes()
    budget = [axis.name for axis in known].index("money.B")
    places = np.random.default_rng(3).random((96, len(known)))
    found = judged(np.where(places[:, budget] > 0.6, 0.2, -0.2))
    region = find_region(places, found.sides, found.means, known)
    assert found.verdict == "depends"
    assert region is not None
    assert region.axis == budget
    assert region.tells
    best, worst = region.leaves[0], region.leaves[-1]
    assert (best.share_for, worst.share_against) == (1.0, 1.0)
    assert f"above {known[budget].value(0.6):.3g}"[:9] in best.where


def test_no_region_is_told_where_nothing_decides() -> None:
    places = np.random.default_rng(4).random((96, len(axes())))
    true = np.where(np.random.default_rng(5).random(96) < 0.4, 0.2, -0.2)
    found = judged(true)
    region = find_region(places, found.sides, found.means, axes())
    assert region is None or region.accuracy < 0.75
