"""Arms go on from the better of two places, budgets double until that brings little, and all is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, OPEN_LOOP, find_policy_class
from juguo_agents.artifacts.searched import SearchResult
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies import arms as arms_module
from juguo_agents.studies.arms import (
    START_EPISODES,
    TIMES,
    Arm,
    ArmResults,
    ArmSearches,
    ArmSettings,
    Starts,
    best_start,
)
from juguo_agents.studies.study import Page, Stage, record, recorded
from juguo_agents.studies.value.analysis import CLOSED, KINDS, KNOWING, OPEN, UNEVALUATED, finished_value
from juguo_agents.studies.value.study import Value, arms
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario
from tests.agents.studies.conducting import check_chinese, conducted, has_page
from tests.support import small

WORLD = small()
SETTINGS = ArmSettings(scenario=(WORLD,), budget=1200, refine=600, doublings=len(TIMES))
LUCK = np.random.default_rng(0).normal(0.0, 1e-3, 50)


class Rigged:
    """Instead of a store: searches find numbers that earn what `score` says of their key, and so does a test.

    Of two places to begin at a forced arm takes its own, others the best closed loop. A rule earns -0.2.
    """

    def __init__(self, score: Callable[[str], float]) -> None:
        self.score = score
        self.asked: list[dict[str, Any]] = []

    def __call__(self, stage: Stage[Any]) -> list[pa.Table]:
        if stage.name == "starts":
            return [record(0 if point.arm.lever else 1) for point in stage.points]
        if stage.name == "test":
            means = [getattr(p.allocators[0], "parameters", {}).get("score", -0.2) for p in stage.points]
            return [pa.table({"returns": LUCK + mean}) for mean in means]
        self.asked.append({point.key: point for point in stage.points})
        return [
            record(
                {
                    "family": point.settings.family,
                    "lever": point.settings.lever,
                    "scenario": point.settings.scenario.model_dump(mode="json"),
                    "parameters": {"score": self.score(point.key)},
                    "validation": {"mean": self.score(point.key)},
                }
            )
            for point in stage.points
        ]


@pytest.fixture(scope="module", autouse=True)
def _rigged_results() -> Iterator[None]:
    """What `Rigged` finds is no whole record of a search; it is taken as it is."""

    def found_in(result: dict[str, Any]) -> SearchResult:
        if "phases" in result:
            return read_whole(result)
        world = Scenario.parse(result["scenario"])
        return SearchResult(world, result, find_policy_class(result["family"], result["lever"]))

    read_whole = arms_module.found_in
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arms_module, "found_in", found_in)
        yield


# --- arms -----------------------------------------------------------------------------------------------


def test_every_kind_of_feedback_is_switched_off_in_one_arm_and_nowhere_else() -> None:
    everything = arms(WORLD, {})
    assert set(everything) == {CLOSED, OPEN, KNOWING, UNEVALUATED, *(kind.name for kind in KINDS)}
    closed = CLOSED_LOOP.space(WORLD).start
    for kind in KINDS:
        made = everything[kind.name].of(closed)
        assert {name for name in closed if made[name] != closed[name]} <= set(kind.off)
        assert {name: made[name] for name in kind.off} == kind.off
    assert everything[CLOSED].of(closed) == closed
    assert everything[UNEVALUATED].scenario.observation.shown == 0.0
    assert set(everything[KNOWING].of(closed)) == set(find_policy_class("oracle").space(WORLD).start)
    assert [name for name, arm in everything.items() if arm.loop] == [CLOSED, *(kind.name for kind in KINDS)]


@pytest.mark.parametrize("name", [CLOSED, "giving up"])
def test_an_arm_goes_on_from_the_better_of_two_places(name: str, tmp_path: Path) -> None:
    arm = arms(WORLD, {})[name]
    starts = CLOSED_LOOP.starts(WORLD)
    places = [arm.of(starts["flat"]), arm.of(starts["begun"])]
    episodes = seeds.search_starts(arm.seed(1), 0, START_EPISODES)
    family = find_policy_class(arm.family)
    means = [run(family.allocator([place], WORLD), WORLD, episodes).returns.mean() for place in places]
    for order in (places, places[::-1]):
        best = recorded(best_start(Starts("", arm, 1, "noisy", tuple(order), START_EPISODES), tmp_path))
        assert order[best] == places[int(np.argmax(means))]


def test_places_are_compared_on_episodes_on_which_nothing_is_ranked_or_chosen() -> None:
    seed = Arm("", WORLD).seed(1)
    compared = set(seeds.search_starts(seed, 0, START_EPISODES).tolist())
    generations = SETTINGS.refine // 5
    ranked = {s for g in range(generations) for s in seeds.search_ranking(seed, 0, g, 5).tolist()}
    assert not compared & ranked
    assert not compared & set(seeds.search_choice(seed, 0, SETTINGS.refine).tolist())


def test_arms_begin_at_the_closed_loop_and_then_at_the_better_of_two_places() -> None:
    tried = {
        "blind": Arm(OPEN_LOOP.name, WORLD, begin={"blind": 1.0}),
        "whole": Arm(CLOSED_LOOP.name, WORLD, loop=True),
        "without": Arm(CLOSED_LOOP.name, WORLD, loop=True, held={"kind": 0.0}),
        "forced": Arm(CLOSED_LOOP.name, WORLD, lever="research", later=3),
    }
    scores = {"blind": 0.4, "whole": 0.5, "without": 0.7, "forced": 0.9,
              "blind-2": 0.1, "whole-2": 0.6, "without-2": 0.65, "forced-2": 0.8}  # fmt: skip
    store = Rigged(scores.__getitem__)
    leaders = ArmSearches(SETTINGS, WORLD, store).search_on(tried, {"begun": 1.0, "kind": 7.0}, first=2)
    first, second = ([point.settings for point in points.values()] for points in store.asked)
    assert [search.begin for search in first] == [
        {"blind": 1.0}, {"begun": 1.0, "kind": 7.0}, {"begun": 1.0, "kind": 0.0}, {"begun": 1.0, "kind": 7.0},
    ]  # fmt: skip
    best = {"score": 0.7}  # without the kind; what is found with a lever forced is no closed loop
    assert [search.begin for search in second] == [
        {"score": 0.4},
        best,
        {**best, "kind": 0.0},
        {"score": 0.9},
    ]
    assert [search.lever for search in second] == [None, None, None, "research"]
    assert [search.fixed for search in second] == [{}, {}, {"kind": 0.0}, {}]
    assert [search.seed - seeds.REFINEMENTS.first for search in (*first, *second)] == [2, 2, 2, 5, 3, 3, 3, 6]
    assert leaders == {"blind": "blind", "whole": "without", "without": "without", "forced": "forced"}


# --- doubled budgets ------------------------------------------------------------------------------------

BEST, BLIND, TIMING, HOLDING = "closed loop", "open loop", "timing", "holding"
BEFORE = {BEST: 0.8, BLIND: 0.5, TIMING: 0.7, HOLDING: 0.7}  # a gap of 1, so that 1 % is .01
GAINS = {
    BEST: (0.009,),
    BLIND: (0.0,),
    TIMING: (0.02, -0.5),  # the second doubling finds something worse; what was found before counts
    HOLDING: (0.02, 0.05, 0.2),  # .87, then above the closed loop: a closed loop is found without it
}


@pytest.fixture
def doubled() -> tuple[ArmResults, list[dict[str, Any]]]:
    """Results of arms that gain so, and what was asked in each step."""
    tried = {
        name: Arm(find_policy_class("open_loop" if name == BLIND else "closed_loop").name, WORLD,
                  loop=name != BLIND, held={"held": float(i)})
        for i, name in enumerate(BEFORE)
    }  # fmt: skip

    def score(key: str) -> float:
        name = next(name for name in BEFORE if key.startswith(name.replace(" ", "_")))
        suffixes = [name.replace(" ", "_"), *(f"_{'twice' if t == 2 else f'{t}_times'}" for t in TIMES)]
        step = next((i for i, suffix in enumerate(suffixes) if i and key.endswith(suffix)), 0)
        return BEFORE[name] + sum(GAINS[name][:step])

    store = Rigged(score)
    searches = ArmSearches(SETTINGS, WORLD, store)
    leaders = searches.search_on(tried, {})
    leaders |= {BEST: "closed_loop"}  # as if no kind had found more; the first step searches on from here
    store.asked.clear()
    return searches.results(tried, leaders, episodes=1000), store.asked


def places(asked: list[dict[str, Any]], name: str) -> list[Any]:
    start = name.replace(" ", "_")
    return [point for points in asked for key, point in points.items() if key.startswith(start)]


def test_what_gained_goes_on_in_its_own_search_and_what_did_not_is_left(doubled: Any) -> None:
    _, asked = doubled
    budgets = {name: [point.settings.budget for point in places(asked, name)] for name in BEFORE}
    assert budgets == {
        BEST: [1000, 15_000],  # again after a better closed loop was found
        BLIND: [1000],
        TIMING: [1000, 3000],
        HOLDING: [1000, 3000, 7000, 15_000],
    }
    assert [point.after for point in places(asked, HOLDING)] == [
        None, "searches/holding_twice", "searches/holding_4_times", "searches/holding_8_times",
    ]  # fmt: skip
    for i, name in enumerate(BEFORE):
        for point in places(asked, name):
            assert point.settings.begin == {"score": BEFORE[name]}
            assert point.settings.fixed == {"held": float(i)}
            assert point.settings.seed == seeds.REFINEMENTS.first + 4


def test_the_best_so_far_counts_whatever_search_found_it(doubled: Any) -> None:
    steps = doubled[0].steps
    assert [set(step) for step in steps] == [set(BEFORE), {TIMING, HOLDING, BEST}, {HOLDING, BEST},
                                             {HOLDING, BEST}]  # fmt: skip
    assert steps[1][TIMING] == steps[0][TIMING]
    assert steps[1][BEST] == steps[0][BEST]  # no loop that was searched on is better
    assert steps[2][BEST] == steps[2][HOLDING] == "holding_8_times"
    assert doubled[0].last() == {
        BEST: "closed loop 16 times", BLIND: "open loop twice", TIMING: "timing 4 times",
        HOLDING: "holding 16 times",
    }  # fmt: skip


def test_every_doubling_is_told_beside_what_there_was_before(doubled: Any) -> None:
    gains = doubled[0].gains()
    assert {name: [round(one["share"], 9) for one in rows] for name, rows in gains.items()} == {
        BEST: [0.009, 0.0, 0.161, 0.0],
        BLIND: [0.0],
        TIMING: [0.02, 0.0],
        HOLDING: [0.02, 0.05, 0.2, 0.0],
    }
    assert [one["episodes"] for one in gains[BEST]] == [2000, 4000, 8000, 16_000]


# --- the study ------------------------------------------------------------------------------------------

BUDGET, REFINE = 320, 100
TINY = small({"name": "tiny", "society.persons": 40})
NUMBERS = {
    "scenario": (TINY,), "budget": BUDGET, "refine": REFINE, "searches": 1, "validation": 40, "episodes": 10,
}  # fmt: skip


value_in = partial(conducted, Value, **NUMBERS)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Page]:
    """A folder that the tests of this part go on in, and what the study said at first."""
    folder = tmp_path_factory.mktemp("value")
    return folder, value_in(folder)


def test_a_measurement_says_what_everything_is_worth_and_whether_its_budget_was_enough(
    measured: tuple[Path, Page],
) -> None:
    folder, page = measured
    plain = page.data
    assert "twice the budget" not in page.console
    assert plain["doubling"] == plain["worth_searched_on"] == {}
    assert "One search of each yardstick" in page.console
    kinds = {kind.name for kind in KINDS}
    assert set(plain["kinds"]) == kinds

    page = value_in(folder, doublings=1)  # a number that grows
    data = page.data
    assert data == json.loads((folder / "value.json").read_text(encoding="utf-8"))
    assert set(data["doubling"]) == {"closed loop", "open loop", "oracle", "not shown", *kinds}
    assert all(data[name] == plain[name] for name in ("worth", "kinds", "gap"))
    means = {name: row["mean"] for name, row in data["allocators"].items()}
    last = {name: f"{name} twice" for name in data["doubling"]}
    for name, (step,) in data["doubling"].items():
        assert step["times"] == 2 and step["episodes"] == 2 * (BUDGET + 2 * REFINE)
        assert step["difference"] == pytest.approx(means[last[name]] - means[name])
        assert step["share"] == pytest.approx(step["difference"] / data["gap"]["mean"])
        assert f"{name}, {2 * (BUDGET + 2 * REFINE):,}" in page.console.partition("twice the budget")[2]
    lost = {"open loop": data["worth_searched_on"]["feedback"]} | data["kinds_searched_on"]
    for name, share in lost.items():
        assert share["difference"] == pytest.approx(means[last["closed loop"]] - means[last[name]])
    best = data["searches"][last["closed loop"]]
    assert f"closed loop in searches/{best}," in page.console
    found = json.loads((folder / "searches" / best / "searched.json").read_text(encoding="utf-8"))
    assert found["parameters"] == data["numbers"][last["closed loop"]]
    oracle = json.loads((folder / "work/searches/oracle_twice/search_state.json").read_text(encoding="utf-8"))
    assert oracle["settings"]["budget"] == BUDGET + 2 * REFINE  # as many as led to it
    assert has_page(folder, "value")
    check_chinese(partial(value_in, folder, doublings=1), folder, "value")
    page = value_in(folder, doublings=1, lang="zh")
    assert {"nothing", "闭环，两倍预算"} <= {line.split(" ")[0] for line in page.console.splitlines()}


def test_a_folder_of_other_budgets_is_refused(measured: tuple[Path, Page]) -> None:
    with pytest.raises(UserError, match=f"budget is 1300, but .* has {BUDGET}"):
        value_in(measured[0], budget=1300, doublings=4)


@pytest.mark.slow
def test_a_doubled_search_goes_on_from_where_it_is(
    measured: tuple[Path, Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = measured
    monkeypatch.setattr("juguo_agents.studies.arms.ENOUGH", -1.0)  # else nothing goes on in so small a world
    page = value_in(folder, doublings=2)
    for name, steps in page.data["doubling"].items():
        assert [step["times"] for step in steps] == [2, 4]
        assert f"{name} 4 times" in page.data["allocators"]
        assert f"{name}, {4 * (BUDGET + 2 * REFINE):,}" in page.console
        search = folder / "searches" / f"{name.replace(' ', '_')}_4_times" / "searched.json"
        earlier = json.loads(search.read_text(encoding="utf-8"))["earlier"]
        assert [one["budget"] for one in earlier] == [BUDGET + 2 * REFINE]


@pytest.mark.slow
def test_several_worlds_are_measured_each_as_if_alone(measured: tuple[Path, Page], tmp_path: Path) -> None:
    other = TINY.override({"name": "other", "programme.T": 10})
    page = value_in(tmp_path, scenario=(TINY, other))
    tiny, there = page.data["worlds"]["tiny"], page.data["worlds"]["other"]
    assert tiny == {name: value for name, value in measured[1].data.items() if name in tiny}
    told = json.loads((tmp_path / "other" / "value.json").read_text(encoding="utf-8"))
    assert there == {name: value for name, value in told.items() if name in there}
    assert finished_value(tmp_path / "other", other)["of"] == page.data["of"]
    assert (tmp_path / "other" / "searches" / "closed-1" / "searched.json").is_file()
