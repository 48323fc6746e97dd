"""A yardstick's budget is doubled until that brings next to nothing, in the search that is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from juguo_agents.evidence import doubling
from juguo_agents.evidence.settings import Settings
from juguo_agents.evidence.yardsticks import CLOSED, KNOWING, OPEN, UNEVALUATED, YARDSTICKS
from tests.support import small

SETTINGS = Settings(scenario=small(), budget=1200, refine=600)
EPISODES = 1000
LOWEST, CLOSED_AT = -0.2, 0.8  # a gap of 1, so that 1 % is .01
GAINS = {
    CLOSED: (0.009,),
    OPEN: (0.0,),
    UNEVALUATED: (0.02, -0.5),  # the second doubling finds something worse; what was found before counts
    KNOWING: (0.02, 0.011, 0.3),
}


def found(mean: float) -> Any:
    data = {"validation": {"mean": mean}, "parameters": {"begun at": 1.0}}
    return SimpleNamespace(data=data, scenario=SETTINGS.scenario)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], Mapping[str, str]]]:
    """What searches are asked for; each finds what `GAINS` says."""
    calls: list[tuple[dict[str, Any], Mapping[str, str]]] = []
    means = dict.fromkeys(YARDSTICKS, CLOSED_AT)

    def conduct(
        searches: dict[str, Any], folder: Path, workers: int, told: Any, after: Mapping[str, str]
    ) -> dict[str, Any]:
        turn = len(calls)
        calls.append((searches, after))
        for place in searches:
            means[name_of(place)] += GAINS[name_of(place)][turn]
        return {place: found(means[name_of(place)]) for place in searches}

    monkeypatch.setattr(doubling, "conduct", conduct)
    return calls


def name_of(place: str) -> str:
    return next(name for name in YARDSTICKS if place.startswith(name.replace(" ", "_")))


def steps_of(asked: object) -> list[Any]:
    searched = {name: (name, found(CLOSED_AT)) for name in YARDSTICKS}
    return doubling.search_on(
        SETTINGS, Path(), 1, searched, EPISODES, LOWEST, lambda *_: None, lambda _: None
    )


def test_what_gained_goes_on_and_what_did_not_is_left(asked: list[Any]) -> None:
    steps = steps_of(asked)
    assert [set(step) for step in steps] == [set(YARDSTICKS), {UNEVALUATED, KNOWING}, {KNOWING}]
    assert doubling.TIMES == (2, 4, 8)


def test_each_search_is_given_more_and_goes_on_from_where_it_is(asked: list[Any]) -> None:
    steps_of(asked)
    assert [searches["oracle" + end].budget for (searches, _), end in
            zip(asked, ("_twice", "_4_times", "_8_times"), strict=True)] == [1000, 3000, 7000]  # fmt: skip
    assert [after.get("oracle" + end) for (_, after), end in
            zip(asked, ("_twice", "_4_times", "_8_times"), strict=True)] == [
        None, "oracle_twice", "oracle_4_times",
    ]  # fmt: skip
    assert {s.seed for searches, _ in asked for s in searches.values()} == {
        SETTINGS.onward_seed(doubling.ROUND)
    }


def test_the_best_so_far_counts_and_every_doubling_is_told(asked: list[Any]) -> None:
    steps = steps_of(asked)
    assert steps[1][UNEVALUATED] == steps[0][UNEVALUATED]
    made = doubling.labelled(steps)
    assert made["not shown 4 times"] == made["not shown twice"]
    assert made["oracle 8 times"][0] == "oracle_8_times"
    episodes = np.random.default_rng(0).normal(0.0, 1e-3, 50)
    returns = {name: episodes + place[1].data["validation"]["mean"] for name, place in made.items()}
    returns |= dict.fromkeys(YARDSTICKS, episodes + CLOSED_AT)
    returns |= {"rule nothing": episodes + LOWEST, "rule flat": episodes}
    told = doubling.gains(returns, steps, EPISODES)
    for name, gains in GAINS.items():
        assert [one["episodes"] for one in told[name]] == [2000, 4000, 8000][: len(gains)]
        shares = [one["share"] for one in told[name]]
        assert shares == pytest.approx([max(0.0, gain) for gain in gains])
