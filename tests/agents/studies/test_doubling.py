"""A yardstick's budget is doubled until that brings next to nothing, in the search that is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, OPEN_LOOP
from juguo_agents.studies.value import arms as searching
from juguo_agents.studies.value import doubling
from juguo_agents.studies.value.arms import Arm, Job
from juguo_agents.studies.value.settings import Settings
from tests.support import small

SETTINGS = Settings(scenario=small(), budget=1200, refine=600)
EPISODES = 1000
LOWEST, BEST_AT = -0.2, 0.8  # a gap of 1, so that 1 % is .01
BEST, BLIND, TIMING, HOLDING = "closed loop", "open loop", "timing", "holding"
LOOPS = (BEST, TIMING, HOLDING)
ARMS = {
    name: Arm((OPEN_LOOP if name == BLIND else CLOSED_LOOP).name, SETTINGS.scenario, held={"held": float(i)})
    for i, name in enumerate((BEST, BLIND, TIMING, HOLDING))
}
BEFORE = {BEST: BEST_AT, BLIND: 0.5, TIMING: BEST_AT - 0.1, HOLDING: BEST_AT - 0.1}
GAINS = {
    BEST: (0.009,),
    BLIND: (0.0,),
    TIMING: (0.02, -0.5),  # the second doubling finds something worse; what was found before counts
    HOLDING: (0.02, 0.05, 0.2),  # .87, then above the closed loop: a closed loop is found without it
}


def found(mean: float) -> Any:
    data = {"validation": {"mean": mean}, "parameters": {"begun at": mean}}
    return SimpleNamespace(data=data, scenario=SETTINGS.scenario)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], Mapping[str, str]]]:
    """What searches are asked for; each finds what `GAINS` says."""
    calls: list[tuple[dict[str, Any], Mapping[str, str]]] = []
    means = dict(BEFORE)

    def conduct(
        searches: dict[str, Any], folder: Path, workers: int, told: Any, after: Mapping[str, str] | None
    ) -> dict[str, Any]:
        turn = len(calls)
        calls.append((searches, after or {}))
        for place in searches:
            gains = GAINS[name_of(place)]
            means[name_of(place)] += gains[turn] if turn < len(gains) else 0.0
        return {place: found(means[name_of(place)]) for place in searches}

    monkeypatch.setattr(searching, "conduct", conduct)
    return calls


def name_of(place: str) -> str:
    return next(name for name in ARMS if place.startswith(name.replace(" ", "_")))


def steps_of(asked: object) -> list[Any]:
    searched = {name: (name, found(mean)) for name, mean in BEFORE.items()}
    job = Job(SETTINGS, Path(), 1, lambda _: None)
    return doubling.double(job, ARMS, searched, BEST, LOOPS, EPISODES, LOWEST)


def budgets(asked: list[Any], name: str) -> list[int]:
    return [s.budget for searches, _ in asked for place, s in searches.items() if name_of(place) == name]


def test_what_gained_goes_on_and_what_did_not_is_left(asked: list[Any]) -> None:
    steps_of(asked)
    assert doubling.TIMES == (2, 4, 8, 16)
    assert budgets(asked, BEST) == [1000, 15_000]  # again after a better closed loop was found
    assert budgets(asked, BLIND) == [1000]
    assert budgets(asked, TIMING) == [1000, 3000]
    assert budgets(asked, HOLDING) == [1000, 3000, 7000, 15_000]


def test_each_search_begins_at_what_was_found_and_goes_on_from_where_it_is(asked: list[Any]) -> None:
    steps_of(asked)
    places = [next(p for p in searches if name_of(p) == HOLDING) for searches, _ in asked]
    assert [after.get(place) for (_, after), place in zip(asked, places, strict=True)] == [
        None, "holding_twice", "holding_4_times", "holding_8_times",
    ]  # fmt: skip
    for searches, _ in asked:
        for place, settings in searches.items():
            assert settings.begin == {"begun at": BEFORE[name_of(place)]}
            assert settings.fixed == ARMS[name_of(place)].held
            assert settings.seed == SETTINGS.onward_seed(doubling.ROUND)


def test_the_best_so_far_counts_whatever_search_found_it(asked: list[Any]) -> None:
    steps = steps_of(asked)
    assert [set(step) for step in steps] == [
        set(ARMS),
        {TIMING, HOLDING, BEST},
        {HOLDING, BEST},
        {HOLDING, BEST},
    ]
    assert steps[1][TIMING] == steps[0][TIMING]
    assert steps[1][BEST] == steps[0][BEST]  # no loop that was searched on is better
    assert steps[2][BEST] == steps[2][HOLDING] == ("holding_8_times", steps[2][HOLDING][1])
    last = doubling.last_labels(ARMS, steps)
    assert last == {
        BEST: "closed loop 16 times", BLIND: "open loop twice", TIMING: "timing 4 times",
        HOLDING: "holding 16 times",
    }  # fmt: skip


def test_every_doubling_is_told_beside_what_there_was_before(asked: list[Any]) -> None:
    steps = steps_of(asked)
    episodes = np.random.default_rng(0).normal(0.0, 1e-3, 50)
    made = doubling.labelled(steps)
    returns = {name: episodes + place[1].data["validation"]["mean"] for name, place in made.items()}
    returns |= {name: episodes + mean for name, mean in BEFORE.items()}
    returns |= {"rule nothing": episodes + LOWEST, "rule flat": episodes}
    told = doubling.gains(returns, steps, BEST, EPISODES)
    shares = {name: [round(one["share"], 9) for one in rows] for name, rows in told.items()}
    assert shares == {
        BEST: [0.009, 0.0, 0.161, 0.0],
        BLIND: [0.0],
        TIMING: [0.02, 0.0],
        HOLDING: [0.02, 0.05, 0.2, 0.0],
    }
    assert [one["episodes"] for one in told[HOLDING]] == [2000, 4000, 8000, 16_000]
    assert [one["episodes"] for one in told[BEST]] == [2000, 4000, 8000, 16_000]
