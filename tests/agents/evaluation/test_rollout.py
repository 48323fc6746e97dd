"""The comparison: common random numbers, accounts that add up, and seeds that never meet."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators import BASELINE, NOTHING, make_rule
from juguo_agents.allocators.registry import Variant, like_for_like, variant_of
from juguo_agents.evaluation import rollout as evaluation
from juguo_agents.evaluation.record import record_bytes
from juguo_agents.evaluation.rollout import compare, run
from juguo_envs import Scenario
from juguo_envs.engine import memory
from juguo_envs.errors import UserError

SMALL = Scenario.load("default").override({"society.persons": 120, "programme.T": 24})
SEEDS = np.arange(10, dtype=np.uint64)


def test_the_return_is_the_weighted_sum_of_its_parts() -> None:
    record = run(make_rule("experiment_diffusion"), SMALL, SEEDS)
    weighted = record.breadth + 0.2 * record.resilience - record.excluded
    np.testing.assert_allclose(record.returns, weighted, rtol=1e-12)


@pytest.mark.parametrize("how", ["a few episodes at a time", "many persons"])
def test_a_record_does_not_depend_on_chunks_threads_or_the_other_episodes(monkeypatch, how: str) -> None:
    whole = run(make_rule("flat+exit"), SMALL, SEEDS, threads=2)
    if how == "many persons":
        monkeypatch.setattr(memory, "TOGETHER", 3 * SMALL.society.persons)
    else:
        monkeypatch.setattr(evaluation, "CHUNK", 3)
    pieces = run(make_rule("flat+exit"), SMALL, SEEDS)
    alone = run(make_rule("flat+exit"), SMALL, SEEDS[7:8])
    np.testing.assert_array_equal(whole.returns, pieces.returns)
    np.testing.assert_array_equal(whole.adoption, pieces.adoption)
    assert len(whole.exits) > 1
    np.testing.assert_array_equal(whole.exits, pieces.exits)
    assert alone.returns[0] == whole.returns[7]


def test_money_by_stage_adds_up_to_what_was_in_the_pot() -> None:
    record = run(make_rule("concentrated"), SMALL, SEEDS)  # saves nothing, so the pot is the budget
    np.testing.assert_allclose(record.spending.sum((1, 2)), SMALL.money.B * SMALL.programme.T, rtol=1e-6)
    assert (record.stage_quarters.sum(1) == SMALL.programme.T).all()


def test_the_baseline_and_no_programme_are_always_compared() -> None:
    comparison = compare([make_rule("flat")], SMALL, episodes=3)
    assert {r.name for r in comparison.records} == {"flat", BASELINE, NOTHING}
    assert comparison.record(comparison.baseline).returns.shape == (3,)


def test_the_baseline_is_the_traditional_system_with_the_institutions_that_all_are_compared_under() -> None:
    assert like_for_like("concentrated") == BASELINE
    assert variant_of(BASELINE) == Variant("concentrated", "common", True)


def test_an_allocator_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="'flat' is named twice"):
        compare([make_rule("flat"), make_rule("flat")], SMALL, episodes=1)


def test_a_different_test_seed_gives_other_episodes_and_the_same_seed_the_same() -> None:
    first, again, other = (
        compare([make_rule("flat")], SMALL, episodes=3, first_seed=k).record("flat").returns
        for k in (5, 5, 50)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_comparison_that_does_not_fit_into_memory_is_refused_with_the_numbers(monkeypatch) -> None:
    record = compare([make_rule("flat")], SMALL, episodes=len(SEEDS)).record("flat")
    arrays = [value for name, value in vars(record).items() if name not in ("name", "exits", "course")]
    arrays += [record.course.society, record.course.excluded]
    arrays += [np.zeros((2, len(SEEDS), *record.course.persons.shape))]  # of which the course keeps the means
    communities = len(SMALL.society.listed())
    assert sum(a.nbytes for a in arrays) == len(SEEDS) * record_bytes(SMALL.programme.T, communities)
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    with pytest.raises(
        UserError, match=r"records of 1,000,000 episodes of 3 allocators, .* take fewer episodes"
    ):
        compare([make_rule("flat")], SMALL, episodes=1_000_000)
    huge = SMALL.override({"society.persons": 10_000_000})
    with pytest.raises(UserError, match=r"1 x 10,000,000 persons, .* take fewer society.persons"):
        compare([make_rule("flat")], huge, episodes=200)
