"""A leaf's money leans to places by how things stand there: found where it was put in, and harmless else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juguo_agents.allocators import Setting, make_rule
from juguo_agents.artifacts.place_weights import LOCALS, fit_leans, lean_shares, read_places
from juguo_agents.artifacts.tree_features import FEATURES
from juguo_agents.evaluation.rollout import Conditions
from juguo_agents.report.tree_rules import tree_lines
from juguo_agents.search.distillation.fit import Weights, fit_tree
from juguo_agents.search.distillation.query import Answers, ExpertQuery
from juguo_envs import Batch
from juguo_envs.spaces.action import SHARES

SEEDS = np.arange(5, dtype=np.uint64)
ABOUT = {"name": "tree", "observe": "noisy", "source": {}, "fidelity": {}}
WEIGHTS = Weights(1.0, 1.0, 1.0)


def asked_of(leans: list[float], quarters: int = 4000) -> Answers:
    """A learner with one allocation for all times, whose money leans so to places that differ at random."""
    rng = np.random.default_rng(0)
    places = rng.normal(0.0, 0.05, (quarters, 3, len(LOCALS)))
    places -= places.mean(1, keepdims=True)
    wants = np.zeros((quarters, SHARES + 3 + 3))
    wants[:, 0] = 1.0
    shares = np.tile([0.5, 0.3, 0.2], (quarters, 1))
    wants[:, SHARES:-3] = lean_shares(shares, np.tile(leans, (quarters, 1)), places.astype(np.float32))
    values = rng.random((quarters, len(FEATURES))).astype(np.float32)
    return Answers(values, places.astype(np.float32), wants, wants)


@pytest.mark.parametrize("leans", [[0.0, 0.0, 0.0], [4.0, 0.0, -2.0]])
def test_leans_that_were_put_in_are_found(leans: list[float]) -> None:
    asked = asked_of(leans)
    np.testing.assert_allclose(fit_leans(asked.wants[:, SHARES:-3], asked.places), leans, atol=0.05)
    np.testing.assert_allclose(fit_tree(FEATURES, asked, 4, WEIGHTS).leans[0], leans, atol=0.05)


def test_places_that_never_differ_are_leaned_to_in_no_way() -> None:
    asked = asked_of([3.0, 0.0, 0.0])
    alike = replace(asked, places=np.zeros_like(asked.places))
    np.testing.assert_array_equal(fit_tree(FEATURES, alike, 4, WEIGHTS).leans, 0.0)


@given(
    shares=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=5),
    lean=st.floats(-50.0, 50.0),
    seed=st.integers(0, 1000),
)
def test_what_leans_is_still_shares(shares: list[float], lean: float, seed: int) -> None:
    share = np.array([shares]) / sum(shares)
    above = np.random.default_rng(seed).uniform(-1.0, 1.0, (1, len(shares), 1)).astype(np.float32)
    leant = lean_shares(share, np.array([[lean]]), above)
    assert (leant >= 0.0).all()
    assert leant.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(lean_shares(share, np.zeros((1, 1)), above), share)


def test_a_place_in_crisis_gets_more_from_a_tree_of_a_rule_that_cares(world: Conditions) -> None:
    scenario = world.scenario.override({"crisis.shock_rate": 0.2})
    rule = make_rule("experiment_diffusion")
    asking = ExpertQuery(rule, rule)
    Conditions(scenario).run(asking, np.arange(60, dtype=np.uint64))
    tree = fit_tree(FEATURES, asking.answers(), 6, WEIGHTS)
    assert tree.leans[0, 0] > 0.5
    assert "places by crisis +" in "\n".join(tree_lines(tree))


def test_what_is_read_is_above_the_mean_over_persons(world: Conditions) -> None:
    setting, batch = Setting.of(world.scenario), Batch(world.scenario, 5)
    observation = batch.reset(SEEDS)
    above = read_places(setting, observation)
    assert above.shape == (5, 3, len(LOCALS))
    np.testing.assert_allclose(np.einsum("nrl,r->nl", above, setting.population), 0.0, atol=1e-6)
    lowest = setting.layout.place(observation, "resilience_lowest")
    np.testing.assert_allclose(np.diff(above[..., 1]), np.diff(lowest), atol=1e-6)
