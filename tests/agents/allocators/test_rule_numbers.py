"""The free numbers of rules: a tuned rule stays the rule it is."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators import Setting, make_rule
from juguo_agents.allocators.parametric.policy_classes import RULE, find_policy_class
from juguo_agents.allocators.parametric.rule_numbers import NoNumbers
from juguo_envs import decode_allocation
from tests.agents.search.test_search import TINY, TUNABLE, actions, some_parameters


@pytest.mark.parametrize("name", TUNABLE)
def test_a_rule_with_its_own_numbers_is_the_rule(name: str) -> None:
    family = find_policy_class(RULE + name)
    tuned = family.allocator([family.space(TINY).start], TINY)
    assert tuned.name == f"{name}:tuned"
    np.testing.assert_allclose(actions(tuned, TINY), actions(make_rule(name), TINY), atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_tuned_baseline_stays_concentrated_and_closed(seed: int) -> None:
    family = find_policy_class("rule:concentrated")
    tuned = family.allocator([some_parameters(family.space(TINY), seed)], TINY)
    population, hubs = Setting.of(TINY).population, Setting.of(TINY).hubs
    before = decode_allocation(actions(make_rule("concentrated"), TINY), population)
    after = decode_allocation(actions(tuned, TINY), population)
    assert (after.functions[before.functions == 0.0] == 0.0).all()
    assert not np.array_equal(after.functions, before.functions)
    assert (after.openness <= 0.3 + 1e-6).all()
    assert (after.communities[..., hubs == 0.0] == 0.0).all()
    assert not after.abandon.any()


def test_the_tuned_tiers_still_get_50_30_and_20_per_cent() -> None:
    family = find_policy_class("rule:tiered")
    tuned = family.allocator([some_parameters(family.space(TINY), 1)], TINY)
    shares = decode_allocation(actions(tuned, TINY), Setting.of(TINY).population).functions
    by_actor = shares.reshape(*shares.shape[:-1], 3, 3).sum(-1)
    np.testing.assert_allclose(by_actor, np.broadcast_to([0.5, 0.3, 0.2], by_actor.shape), atol=1e-6)


def test_a_rule_without_numbers_is_refused() -> None:
    with pytest.raises(NoNumbers, match="'nothing' has no numbers"):
        find_policy_class("rule:nothing")
