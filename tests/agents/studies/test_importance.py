"""Importance: each observation in one group, the blind lose nothing, and what decides costs most."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators import Setting, make_rule
from juguo_agents.evaluation.importance import Group, Misled, groups, importance, returns_without
from juguo_agents.evaluation.rollout import Conditions
from juguo_agents.evaluation.spending import same_uses, spending
from juguo_envs.spaces.observation import ObservationLayout

SEEDS = np.arange(10, dtype=np.uint64)


def test_every_observation_is_in_exactly_one_group() -> None:
    layout = ObservationLayout(5)
    columns = [column for group in groups(layout) for column in group.columns]
    assert sorted(columns) == list(range(layout.size))


def test_groups_hold_what_their_words_say() -> None:
    layout = ObservationLayout(4)
    names = layout.names()
    held = {group.words: [names[column] for column in group.columns] for group in groups(layout)}
    assert len(held["adoption, all communities and strata"]) == 12
    assert {n.split("[")[0] for n in held["change of adoption, all communities and strata"]} == {
        "adoption_change_low", "adoption_change_middle", "adoption_change_high",
    }  # fmt: skip
    assert held["stage"] == ["stage_production", "stage_diffusion", "stage_application"]
    assert held["last quarter's requests"] == ["last_advance", "last_abandon"]


def test_everybody_is_misled_by_somebody_else_in_the_group_and_nowhere_else(world: Conditions) -> None:
    class Looks:
        name = "looks"

        def start(self, setting, seeds):  # type: ignore[no-untyped-def]
            """Nothing to forget."""

        def act(self, observation):  # type: ignore[no-untyped-def]
            """Hand back what was seen."""
            return observation.copy()

    misled = Misled(Looks(), (1, 3), seed=0)
    misled.start(Setting.of(world.scenario), SEEDS)
    shown = np.arange(10.0)[:, None] + np.zeros((1, 5))
    seen = misled.act(shown.astype(np.float32))
    np.testing.assert_array_equal(seen[:, [0, 2, 4]], shown[:, [0, 2, 4]])
    assert (seen[:, 1] != shown[:, 1]).all()
    assert sorted(seen[:, 1]) == list(range(10))
    np.testing.assert_array_equal(seen[:, 1], seen[:, 3])
    with pytest.raises(ValueError, match="one episode"):
        misled.start(Setting.of(world.scenario), SEEDS[:1])


def test_who_looks_at_nothing_loses_nothing_and_who_lives_by_the_stage_loses_by_it(world: Conditions) -> None:
    layout = Setting.of(world.scenario).layout
    everything = Group("everything", tuple(range(layout.size)))
    flat, proposal = make_rule("flat"), make_rule("experiment_diffusion")
    blind = importance(
        everything, world.run(flat, SEEDS).returns, returns_without(everything, flat, world, SEEDS, 2)
    )
    assert (blind["loss"], blind["low"], blind["high"]) == (0.0, 0.0, 0.0)
    stage = next(group for group in groups(layout) if group.words == "stage")
    returns = world.run(proposal, SEEDS).returns
    without = returns_without(stage, proposal, world, SEEDS, 2)
    assert importance(stage, returns, without)["loss"] != 0.0
    np.testing.assert_array_equal(without, returns_without(stage, proposal, world, SEEDS, 2))


def test_spending_adds_up_and_is_by_population_for_flat(world: Conditions) -> None:
    population = Setting.of(world.scenario).population
    flat = spending(world.run(make_rule("flat"), SEEDS), population)
    hubs = spending(world.run(make_rule("concentrated"), SEEDS), population)
    for stage in range(3):
        assert sum(flat["functions"][stage]) == pytest.approx(1.0)
        np.testing.assert_allclose(flat["communities"][stage], 1.0, atol=1e-6)
        np.testing.assert_allclose(np.array(hubs["communities"][stage]) @ population, 1.0)
    assert sum(flat["quarters"]) == pytest.approx(world.scenario.programme.T)
    assert same_uses(flat, flat) == pytest.approx(1.0)
    assert 0.0 < same_uses(flat, hubs) < 1.0
    nothing = spending(world.run(make_rule("nothing"), SEEDS), population)
    assert same_uses(flat, nothing) == 0.0
    assert nothing["communities"] == [[0.0] * 3] * 3
