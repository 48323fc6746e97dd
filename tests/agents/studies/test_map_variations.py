"""Values and switches: the same episodes count differently, and what is switched off is off."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators.hybrid import Hybrid
from juguo_agents.allocators.registry import RULES, all_rule_names, compared_names, make_rule
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies.map.design import (
    ALL,
    AS_IS,
    DRAWN,
    EXCHANGES,
    NONE,
    SWITCHES,
    VALUE_SETS,
    Settings,
    aversions,
    score,
    switched,
)
from juguo_agents.studies.map.figures import DOCTRINE_COLOURS, MARKERS
from juguo_agents.studies.map.study import measure
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario
from tests.support import seeds, small

WORLD = small(
    {"programme.T": 40, "reward.w_b": 0.7, "reward.w_r": 0.3, "reward.w_x": 0.4, "reward.aversion": 1.3}
)


@pytest.mark.parametrize("values", VALUE_SETS, ids=lambda values: values.name)
def test_an_episode_scored_under_some_values_is_that_of_a_world_with_these_values(values) -> None:
    base = small()
    rule = make_rule("market")  # gives up, so that adopters are forgotten within a quarter
    (found,) = measure([rule], WORLD, seeds(20), WORLD.reward.aversion, aversions(base))
    record = run(rule, values.pursued(WORLD, base), seeds(20))
    assert record.abandoned.any()
    assert score(found, values, WORLD, base) == pytest.approx(record.returns, abs=1e-12)


def test_rules_measured_side_by_side_do_as_alone() -> None:
    names = all_rule_names()
    together = measure([make_rule(name) for name in names], WORLD, seeds(5), 0.5, (2.0,))
    for name, found in zip(names, together, strict=True):
        (alone,) = measure([make_rule(name)], WORLD, seeds(5), 0.5, (2.0,))
        assert found.keys() == alone.keys()
        for column, values in found.items():
            assert values.tolist() == alone[column].tolist(), (name, column)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.base_name)
def test_only_a_rule_that_says_so_heeds_the_values(rule) -> None:
    changes = {"reward.w_b": 0.01, "reward.w_r": 5.0, "reward.w_x": 0.0, "reward.aversion": 2.0}
    others = WORLD.override(changes)
    one, other = (run(rule(), world, seeds(6)) for world in (WORLD, others))
    assert np.array_equal(one.spending, other.spending) != rule.heeds_values


def test_values_differ_from_each_other() -> None:
    base = small()
    rewards = [values.reward(WORLD, base).model_dump_json() for values in VALUE_SETS]
    assert len(set(rewards)) == len(VALUE_SETS)
    assert VALUE_SETS[0] is DRAWN


@pytest.mark.parametrize("name", ["default", "poor", "crisis", "china31"])
def test_every_switch_can_be_thrown_and_changes_a_field(name: str) -> None:
    base = Scenario.load(name)
    for switch in SWITCHES:
        assert bool(switch.changes) == (switch.name != AS_IS)
        off = switched(base, switch.name).model_dump()
        for dotted, value in switch.changes.items():
            group, field = dotted.split(".")
            assert off[group][field] == value


def test_a_switch_whose_field_is_gone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = type(SWITCHES[0])("gone", {"money.gone": 1.0})
    monkeypatch.setattr("juguo_agents.studies.map.design.SWITCHES", (gone,))
    monkeypatch.setattr("juguo_agents.studies.map.design.SWITCHES", (gone,))
    with pytest.raises(UserError, match=r"unknown field 'money\.gone'"):
        Settings.parse({})


def test_the_exchange_begins_at_the_best_rule_and_ends_at_the_second() -> None:
    best, second = make_rule("flat+exit+relief"), make_rule("market+exit+relief")
    rules = [Hybrid(best, second, parts) for parts in EXCHANGES.values()]
    found = dict(zip(EXCHANGES, measure(rules, WORLD, seeds(5), 0.5, ()), strict=True))
    for part, rule in ((NONE, best), (ALL, second)):
        (alone,) = measure([rule], WORLD, seeds(5), 0.5, ())
        assert found[part]["money_spent"].tolist() == alone["money_spent"].tolist()
        assert found[part]["breadth"].tolist() == alone["breadth"].tolist()


def test_every_doctrine_has_a_colour_and_a_marker_of_its_own() -> None:
    doctrines = {make_rule(name).base_name for name in compared_names()}
    assert doctrines == set(DOCTRINE_COLOURS) == set(MARKERS)
    assert len(set(DOCTRINE_COLOURS.values())) == len(set(MARKERS.values())) == len(doctrines)
