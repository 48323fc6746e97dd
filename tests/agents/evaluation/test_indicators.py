"""Indicators that policy uses, against values that can be reckoned by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.evaluation.indicators import indicators
from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.evaluation.rollout import compare
from juguo_envs import Scenario

EPISODES = 20


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    small = {"society.persons": 60, "society.communities.count": 5, "programme.T": 8}
    return compare([make_rule("flat")], Scenario.load("default").override(small), episodes=EPISODES)


@pytest.fixture(scope="module")
def made(comparison: Comparison) -> Record:
    """Half of the episodes reach 30 % in quarter 2; money 3 for each person; places in steps of 10 %."""
    flat = comparison.record("flat")
    adoption = np.zeros((EPISODES, 9))
    adoption[::2, 2:] = 0.3
    spending = np.zeros_like(flat.spending)
    spending[:, 0, 0], spending[:, 1, 9] = 3.0, 50.0  # what goes to the reserve is not spent
    final = np.broadcast_to(np.array([0.1, 0.2, 0.3, 0.4, 0.5])[:, None], (EPISODES, 5, 3))
    returns = np.linspace(-1.0, 1.0, EPISODES)
    return replace(flat, adoption=adoption, spending=spending, final_adoption=final, returns=returns)


def test_levels_are_reached_by_so_many_episodes_after_so_many_quarters(made: Record) -> None:
    found = indicators((made,), [], 4)["reaches"]
    for level in found[:3]:
        assert level["share"]["mean"] == 0.5
        assert level["quarters"] == {"mean": 2.0, "low": 2.0, "high": 2.0}
        assert level["share"]["low"] == pytest.approx(0.299, abs=1e-3)  # Wilson (1927), 10 of 20
        assert level["share"]["high"] == pytest.approx(0.701, abs=1e-3)
    assert found[3]["share"]["mean"] == 0.0 and found[3]["quarters"] is None


def test_money_is_reckoned_per_adopter_and_per_year_of_use(made: Record) -> None:
    found = indicators((made,), [], 4)
    assert found["money_per_adopter"]["mean"] == pytest.approx(3.0 / 0.15)
    assert found["money_per_adopter_year"]["mean"] == pytest.approx(3.0 / (0.15 * 7 / 4))
    nobody = replace(made, adoption=np.zeros_like(made.adoption))
    assert indicators((nobody,), [], 4)["money_per_adopter"] is None


def test_gaps_are_ratios_of_the_best_to_the_worst_served(made: Record) -> None:
    found = indicators((made,), [], 4)
    assert found["gap_places"]["mean"] == pytest.approx(5.0)  # one place in five
    assert made.course is not None
    society = made.course.society.copy()
    society[:, -1, -3:] = [0.1, 0.2, 0.4]
    found = indicators((replace(made, course=replace(made.course, society=society)),), [], 4)
    assert found["gap_strata"]["mean"] == pytest.approx(4.0)
    assert [one["mean"] for one in found["adoption_by_stratum"]] == pytest.approx([0.1, 0.2, 0.4])


def test_risk_is_the_worst_tenth_and_how_often_others_earn_more(made: Record) -> None:
    other = replace(made, name="other", returns=np.zeros(EPISODES))
    found = indicators((made,), [other, made], 4)
    assert found["worst_tenth"]["mean"] == pytest.approx(made.returns[:2].mean())
    assert found["worst_tenth"]["low"] <= found["worst_tenth"]["mean"] <= found["worst_tenth"]["high"]
    assert found["worse_than"]["other"]["mean"] == 0.5
    assert found["worse_than"]["flat"]["mean"] == 0.0


def test_several_are_taken_together_episode_by_episode(made: Record) -> None:
    never = replace(made, name="b", adoption=np.zeros_like(made.adoption), returns=made.returns + 1.0)
    found = indicators((made, never), [made], 4)
    assert found["reaches"][0]["share"]["mean"] == 0.25
    assert found["reaches"][0]["quarters"]["mean"] == 2.0
    assert found["money_per_adopter"]["mean"] == pytest.approx(3.0 / 0.075)
    both = np.sort(np.concatenate([made.returns, never.returns]))
    assert found["worst_tenth"]["mean"] == pytest.approx(both[:4].mean())


def test_the_excluded_are_told_by_place_with_intervals(comparison: Comparison) -> None:
    record = comparison.record("flat")
    assert record.course is not None
    found = indicators((record,), [], 4)["excluded_by_place"]
    np.testing.assert_allclose(found["mean"], record.course.excluded.mean(0))
    assert all(
        low <= mean <= high
        for low, mean, high in zip(found["low"], found["mean"], found["high"], strict=True)
    )
