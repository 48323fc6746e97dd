"""In rounds: each arm goes on from the better of its own result and of the best closed loop of all."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, OPEN_LOOP
from juguo_agents.studies.value import arms as searching
from juguo_agents.studies.value.arms import Arm, Job, search_on
from juguo_agents.studies.value.settings import Settings
from tests.support import small

SETTINGS = Settings(scenario=small(), budget=1200, refine=600)
ARMS = {
    "blind": Arm(OPEN_LOOP.name, SETTINGS.scenario),
    "whole": Arm(CLOSED_LOOP.name, SETTINGS.scenario),
    "without": Arm(CLOSED_LOOP.name, SETTINGS.scenario, held={"kind": 0.0}),
    "forced": Arm(CLOSED_LOOP.name, SETTINGS.scenario, lever="research", apart=3),
}
MEANS = {"blind": (0.4, 0.1), "whole": (0.5, 0.6), "without": (0.7, 0.65), "forced": (0.9, 0.8)}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What each round asks for. Of two places a forced arm begins at its own, others at the best."""
    rounds: list[dict[str, Any]] = []

    def conduct(searches: dict[str, Any], *_: Any) -> dict[str, Any]:
        rounds.append(dict(zip(ARMS, searches.values(), strict=True)))
        return {
            place: SimpleNamespace(data={
                "validation": {"mean": MEANS[name][len(rounds) - 1]},
                "parameters": {"found by": list(ARMS).index(name), "in round": len(rounds)},
            })
            for name, place in zip(ARMS, searches, strict=True)
        }  # fmt: skip

    monkeypatch.setattr(searching, "conduct", conduct)
    monkeypatch.setattr(Arm, "best", lambda arm, _, places, *__: places[0 if arm.lever else -1])
    return rounds


def test_arms_begin_at_the_closed_loop_and_then_at_the_better_of_two_places(
    asked: list[dict[str, Any]],
) -> None:
    found = search_on(
        Job(SETTINGS, Path(), 1, lambda _: None),
        ARMS,
        {"begun": 1.0, "kind": 7.0},
        loops=["whole", "without"],
        alone={"blind": {"blind": 1.0}},
        first=2,
    )
    first, second = asked
    assert {name: s.begin for name, s in first.items()} == {
        "blind": {"blind": 1.0},
        "whole": {"begun": 1.0, "kind": 7.0},
        "without": {"begun": 1.0, "kind": 0.0},
        "forced": {"begun": 1.0, "kind": 7.0},
    }
    best_of_all = {"found by": 2, "in round": 1}  # without the kind; forced levers are no closed loops
    assert second["whole"].begin == best_of_all
    assert second["without"].begin == {**best_of_all, "kind": 0.0}
    assert second["blind"].begin == {"found by": 0, "in round": 1}
    assert second["forced"].begin == {"found by": 3, "in round": 1}
    assert [s.lever for s in second.values()] == [None, None, None, "research"]
    seeds = [SETTINGS.onward_seed(turn) for turn in (2, 3)]
    assert [first["whole"].seed, second["whole"].seed] == seeds
    assert [first["forced"].seed, second["forced"].seed] == [seed + 3 for seed in seeds]
    assert {name: place for name, (place, _) in found.items()} == {
        "blind": "blind", "whole": "whole-2", "without": "without", "forced": "forced",
    }  # fmt: skip
