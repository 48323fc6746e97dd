"""The course of episodes and of places agrees with what the records measured otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.evaluation import course, rollout
from juguo_agents.evaluation.course import PLACE
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import compare
from juguo_envs import Scenario
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.society import build_structure

SMALL = {"society.persons": 60, "society.communities.count": 3, "programme.T": 12}


def compared(world: Scenario | Family, episodes: int = 5) -> Comparison:
    return compare([make_rule("experiment_diffusion")], world, episodes=episodes)


@pytest.mark.parametrize("family", [False, True])
@pytest.mark.parametrize("together", [2, 100])
def test_places_add_up_to_the_society(family: bool, together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "CHUNK", together)
    scenario = Scenario.load("default").override(SMALL)
    comparison = compared(Family(scenario) if family else scenario)
    share = build_structure(scenario).share
    for record in comparison.records:
        found = record.course
        assert found is not None
        by_name = dict(zip(PLACE, np.moveaxis(found.places, -1, 0), strict=True))
        adoption = record.adoption.mean(0)[found.quarters]
        np.testing.assert_allclose(by_name["adoption"] @ share, adoption, atol=1e-6)
        np.testing.assert_allclose(found.excluded @ share, record.excluded)
        strata = np.stack([by_name[name][-1] for name in ("low", "middle", "high")], axis=-1)
        with np.errstate(invalid="ignore"):
            known = ~np.isnan(record.final_adoption)
            mean = np.nansum(record.final_adoption, 0) / known.sum(0)
        np.testing.assert_allclose(strata, mean, atol=1e-6)
        spent = record.community_spending.sum(1).mean(0)
        np.testing.assert_allclose(by_name["money"].sum(0), spent, atol=1e-5)
        assert found.persons.sum() == pytest.approx(scenario.society.persons)
        if not family:
            means = np.stack([record.breadth, record.resilience, record.excluded], axis=1)
            np.testing.assert_allclose(found.society[..., :3].mean(1), means)
            np.testing.assert_allclose(by_name["excluded"].mean(0), found.excluded.mean(0), atol=1e-6)


def test_of_long_programmes_not_every_quarter_is_kept_but_the_last_and_all_money(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario = Scenario.load("default").override(SMALL)
    whole = compared(scenario).records[-1].course
    monkeypatch.setattr(course, "MOST_NUMBERS", 3 * len(PLACE) * 3)
    part = compared(scenario).records[-1].course
    assert whole is not None and part is not None
    assert part.quarters.tolist() == [4, 8, 12]
    np.testing.assert_array_equal(part.places[..., :-1], whole.places[part.quarters - 1, :, :-1])
    np.testing.assert_allclose(part.places[..., -1].sum(0), whole.places[..., -1].sum(0), rtol=1e-5)
