"""Verdicts on effects whose truth is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from juguo_agents.studies.hypotheses import analysis
from juguo_agents.studies.hypotheses.analysis import find_region, judge, mean_over_scenarios, together
from juguo_agents.studies.hypotheses.claims import Verdict
from juguo_envs.worlds.sampling import axes

RULES = Verdict(confidence=0.95, scenario_confidence=0.99, most=0.5, some=0.1)
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


def test_an_effect_that_is_there_everywhere_holds() -> None:
    judged = judge(effects(spread(0.1, 0.02)), "above", 0.01, RULES, TESTED)
    assert judged.verdict == "holds"
    assert judged.effect.low < 0.1 < judged.effect.high
    assert judged.share("for") > 0.95


def test_no_effect_fails_as_one_that_does_not_count() -> None:
    judged = judge(effects(np.zeros(96)), "above", 0.01, RULES, TESTED)
    assert judged.verdict == "fails"
    assert judged.reason == "refuted: no effect that counts"


def test_the_opposite_fails_as_the_other_way() -> None:
    judged = judge(effects(spread(-0.1, 0.02)), "above", 0.01, RULES, TESTED)
    assert judged.verdict == "fails"
    assert judged.reason == "refuted: the effect goes the other way"


def test_noise_alone_fails_as_not_shown() -> None:
    judged = judge(effects(np.zeros(24), noise=1.0), "above", 0.01, RULES, TESTED)
    assert judged.verdict == "fails"
    assert judged.reason.startswith("not shown")


def test_opposite_effects_depend_even_where_the_mean_is_clear() -> None:
    true = np.where(np.arange(96) < 20, -0.1, 0.2)
    judged = judge(effects(true), "above", 0.01, RULES, TESTED)
    assert judged.effect.low > 0.01
    assert judged.verdict == "depends"
    assert judged.share("against") == pytest.approx(20 / 96)


def test_an_effect_in_a_part_of_the_scenarios_depends() -> None:
    true = np.where(np.arange(96) < 30, 0.2, 0.0)
    judged = judge(effects(true), "above", 0.01, RULES, TESTED)
    assert judged.verdict == "depends"
    assert judged.share("for") == pytest.approx(30 / 96)


def test_one_scenario_of_eight_is_not_enough_to_depend() -> None:
    true = np.array([-0.1, *[0.2] * 7])
    judged = judge(effects(true), "above", 0.01, RULES, TESTED)
    assert judged.share("against") >= RULES.some
    assert "opposite" not in judged.reason


def test_at_most_holds_below_the_bound_and_is_refuted_above_it() -> None:
    assert judge(effects(spread(0.01, 0.01)), "at_most", 0.05, RULES, TESTED).verdict == "holds"
    above = judge(effects(spread(0.2, 0.01)), "at_most", 0.05, RULES, TESTED)
    assert (above.verdict, above.reason.split(":")[0]) == ("fails", "refuted")


def test_a_wide_interval_around_the_bound_does_not_hold_at_most() -> None:
    assert judge(effects(spread(0.045, 0.1)), "at_most", 0.05, RULES, TESTED).verdict != "holds"


def test_without_any_effect_a_claim_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "RESAMPLES", 4000)
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
    monkeypatch.setattr(analysis, "RESAMPLES", 2000)
    found = [mean_over_scenarios(spread(0.3, 0.1, scenarios, seed=s), 0.95) for s in range(200)]
    covered = np.mean([i.low <= 0.3 <= i.high for i in found])
    assert 0.9 <= covered <= 0.99


def test_more_parts_make_wider_intervals() -> None:
    data = effects(spread(0.1, 0.05))
    one, many = (judge(data, "above", 0.01, RULES, tested).effect for tested in (1, TESTED))
    assert many.high - many.low > 1.2 * (one.high - one.low)


def test_values_that_are_all_the_same_have_an_interval_of_no_width() -> None:
    judged = judge(np.full((8, 6), 0.25), "above", 0.01, RULES, TESTED)
    assert (judged.effect.low, judged.effect.high) == (0.25, 0.25)
    assert judged.verdict == "holds"


def test_a_claim_is_as_strong_as_its_weakest_part() -> None:
    holds = judge(effects(spread(0.1, 0.02)), "above", 0.01, RULES, TESTED)
    depends = judge(effects(np.where(np.arange(96) < 30, 0.2, 0.0)), "above", 0.01, RULES, TESTED)
    fails = judge(effects(np.zeros(96)), "above", 0.01, RULES, TESTED)
    assert together([holds, holds]) == ("holds", 0)
    assert together([holds, depends]) == ("depends", 1)
    assert together([depends, holds, fails]) == ("fails", 2)


def test_the_region_is_found_where_an_axis_decides() -> None:
    known = axes()
    budget = [axis.name for axis in known].index("money.B")
    places = np.random.default_rng(3).random((96, len(known)))
    true = np.where(places[:, budget] > 0.6, 0.2, -0.2)
    judged = judge(effects(true), "above", 0.01, RULES, TESTED)
    region = find_region(places, judged.sides, judged.means, known)
    assert judged.verdict == "depends"
    assert region is not None
    assert region.axis == budget
    assert region.tells
    best, worst = region.leaves[0], region.leaves[-1]
    assert (best.share_for, worst.share_against) == (1.0, 1.0)
    assert f"above {known[budget].value(0.6):.3g}"[:9] in best.where


def test_no_region_is_told_where_nothing_decides() -> None:
    places = np.random.default_rng(4).random((96, len(axes())))
    true = np.where(np.random.default_rng(5).random(96) < 0.4, 0.2, -0.2)
    judged = judge(effects(true), "above", 0.01, RULES, TESTED)
    region = find_region(places, judged.sides, judged.means, axes())
    assert region is None or region.accuracy < 0.75
