"""What is searched on, and where it begins."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, find_policy_class
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import search_choice, search_ranking, search_starts
from juguo_agents.studies.value.arms import BEGINNING
from juguo_agents.studies.value.feedback import KINDS
from juguo_agents.studies.value.settings import Settings
from juguo_agents.studies.value.value import arms
from juguo_agents.studies.value.yardsticks import CLOSED, KNOWING, OPEN, UNEVALUATED
from tests.support import small

SETTINGS = Settings(scenario=small(), budget=1200, refine=600, searches=1, episodes=10)


def test_every_kind_of_feedback_is_switched_off_in_one_arm_and_nowhere_else() -> None:
    everything = arms(SETTINGS)
    assert set(everything) == {CLOSED, OPEN, KNOWING, UNEVALUATED, *(kind.name for kind in KINDS)}
    closed = CLOSED_LOOP.space(SETTINGS.scenario).start
    for kind in KINDS:
        made = everything[kind.name].of(closed)
        assert {name for name in closed if made[name] != closed[name]} <= set(kind.off)
        assert {name: made[name] for name in kind.off} == kind.off
    assert everything[CLOSED].of(closed) == closed
    assert everything[UNEVALUATED].scenario.observation.shown == 0.0
    space = find_policy_class(everything[KNOWING].family).space(SETTINGS.scenario)
    assert set(everything[KNOWING].of(closed)) == set(space.start)


@pytest.mark.parametrize("name", [CLOSED, "giving up"])
def test_an_arm_goes_on_from_the_better_of_two_places(name: str) -> None:
    arm = arms(SETTINGS)[name]
    starts = CLOSED_LOOP.starts(SETTINGS.scenario)
    places = [arm.of(starts["flat"]), arm.of(starts["begun"])]
    episodes = search_starts(SETTINGS.onward_seed(1), 0, BEGINNING)
    means = [
        run(
            find_policy_class(arm.family).allocator([place], arm.scenario), arm.scenario, episodes
        ).returns.mean()
        for place in places
    ]
    assert means[0] != means[1]
    for order in (places, places[::-1]):
        assert arm.best(SETTINGS, order, 1) == places[int(np.argmax(means))]
    assert arm.best(SETTINGS, places[:1], 1) == places[0]


def test_places_are_compared_on_episodes_on_which_nothing_is_ranked_or_chosen() -> None:
    seed = SETTINGS.onward_seed(1)
    compared = set(search_starts(seed, 0, BEGINNING).tolist())
    generations = SETTINGS.refine // 5
    ranked = {s for g in range(generations) for s in search_ranking(seed, 0, g, 5).tolist()}
    assert not compared & ranked
    assert not compared & set(search_choice(seed, 0, SETTINGS.refine).tolist())
