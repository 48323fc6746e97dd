"""The oracle: it is shown the truth, reacts to it, and is otherwise the closed loop."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.base import Clairvoyant, Setting, show_hidden
from juguo_agents.allocators.levers import Forced, find_lever
from juguo_agents.allocators.parametric.oracle import Oracle
from juguo_agents.allocators.parametric.policy_classes import (
    CLOSED_LOOP,
    FEEDBACK_OFF,
    KNOWLEDGE_OFF,
    OPEN_LOOP,
    ORACLE,
)
from juguo_agents.evaluation.rollout import run
from juguo_agents.search.scoring import Scorer
from juguo_envs import Batch
from tests.agents.search.test_search import SEEDS, TINY, some_parameters

BASE = {**ORACLE.space(TINY).start, **FEEDBACK_OFF, **KNOWLEDGE_OFF}


def acts(parameters: dict[str, float], batch: Batch, observation: np.ndarray) -> np.ndarray:
    """What an oracle with these numbers does, once it has been shown a batch."""
    oracle = ORACLE.allocator([parameters], TINY)
    oracle.start(Setting.of(TINY), np.arange(batch.size, dtype=np.uint64))
    show_hidden(oracle, batch)
    return oracle.act(observation)


def aged(batch: Batch, quarters: int = 5) -> np.ndarray:
    """Some quarters in which nothing is paid."""
    action = np.full((batch.size, batch.action_size), -1.0, np.float32)
    batch.reset(np.arange(batch.size, dtype=np.uint64))
    for _ in range(quarters):
        observation = batch.step(action)
    return observation


def test_it_sees_the_true_harm_and_fit_whatever_is_observed() -> None:
    batch = Batch(TINY, 4)
    observation = batch.reset(SEEDS)
    oracle = ORACLE.allocator([BASE], TINY)
    assert isinstance(oracle, Oracle)
    oracle.start(Setting.of(TINY), SEEDS)
    show_hidden(oracle, batch)
    batch.state.programme["X"] = [0.0, 0.2, 0.5, 1.0]
    batch.state.programme["F"] = [0.1, 0.2, 0.3, 0.4]
    seen = oracle.see(np.zeros_like(observation))
    np.testing.assert_allclose(seen.harm, TINY.defect.h0 * np.array([0.0, 0.2, 0.5, 1.0]))
    np.testing.assert_array_equal(seen.fit, [0.1, 0.2, 0.3, 0.4])
    assert np.isinf(seen.experience).all()


def test_it_leaves_what_harms_at_once_and_has_patience_with_what_can_be_repaired() -> None:
    batch = Batch(TINY, 4)
    observation = aged(batch)
    batch.state.programme["X"] = [0.0, 0.9, 0.9, 0.0]
    batch.state.programme["Y"] = [1.0, 0.0, 1.0, 0.0]
    limit = {**BASE, "exit.harm.production": 0.5 * TINY.defect.h0}
    assert (acts(BASE, batch, observation)[:, -1] < 0.0).all()
    assert (acts(limit, batch, observation)[:, -1] > 0.0).tolist() == [False, True, True, False]
    patient = {**limit, "exit.repairable": 2.0}
    assert (acts(patient, batch, observation)[:, -1] > 0.0).tolist() == [False, True, False, False]


def test_it_leaves_what_will_never_be_good_enough_while_time_remains() -> None:
    batch = Batch(TINY, 4)
    observation = aged(batch)
    batch.state.programme["X"] = 0.0
    batch.state.programme["C"] = [0.2, 0.4, 0.6, 0.8]
    asking = {**BASE, "exit.ceiling": 0.5}
    assert (acts(asking, batch, observation)[:, -1] > 0.0).tolist() == [True, True, False, False]
    late = aged(batch, TINY.programme.T - 3)
    batch.state.programme["C"] = 0.2
    assert (acts({**asking, "exit.time_left": 10.0}, batch, late)[:, -1] < 0.0).all()


def test_without_feedback_and_knowledge_it_is_the_open_loop() -> None:
    numbers = some_parameters(OPEN_LOOP.space(TINY), 2)
    blind = run(OPEN_LOOP.allocator([numbers], TINY), TINY, SEEDS)
    knowing = run(ORACLE.allocator([{**numbers, **FEEDBACK_OFF, **KNOWLEDGE_OFF}], TINY), TINY, SEEDS)
    np.testing.assert_array_equal(blind.returns, knowing.returns)


def test_its_numbers_are_those_of_the_closed_loop_and_two_of_its_own() -> None:
    own = set(ORACLE.space(TINY).names) - set(CLOSED_LOOP.space(TINY).names)
    assert own == set(KNOWLEDGE_OFF)


@pytest.mark.parametrize("forced", [False, True])
def test_an_evaluation_and_a_search_show_it_the_truth_and_nobody_else(forced: bool) -> None:
    numbers = {
        **BASE,
        "exit.harm.production": 0.01,
        "exit.harm.diffusion": 0.01,
        "exit.harm.application": 0.01,
    }
    oracle = ORACLE.allocator([numbers], TINY)
    allocator = Forced(oracle, find_lever("openness")) if forced else oracle
    assert isinstance(allocator, Clairvoyant)
    record = run(allocator, TINY, SEEDS)
    assert record.abandoned.sum() > 0
    assert (record.exits["defect"] * TINY.defect.h0 > 0.01).all()
    if not forced:
        np.testing.assert_array_equal(Scorer(TINY).returns(ORACLE, [numbers], SEEDS)[0], record.returns)


def test_no_rule_and_no_closed_loop_may_look_behind_what_is_observed() -> None:
    for allocator in (
        make_rule("experiment_diffusion"),
        CLOSED_LOOP.allocator([CLOSED_LOOP.space(TINY).start], TINY),
    ):
        assert not isinstance(allocator, Clairvoyant)
    assert not hasattr(CLOSED_LOOP.allocator([CLOSED_LOOP.space(TINY).start], TINY), "programme")
