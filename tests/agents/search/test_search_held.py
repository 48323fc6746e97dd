"""Searches with something held: numbers fixed, a given place to begin, a lever forced; and ways to react."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from juguo_agents.allocators import Setting
from juguo_agents.allocators.levers import UnknownLever
from juguo_agents.allocators.parametric.policy_classes import (
    CLOSED_LOOP,
    FEEDBACK_OFF,
    FEEDBACK_STARTS,
    OPEN_LOOP,
    find_policy_class,
)
from juguo_agents.allocators.parametric.space import FixedNumberError, Number, Shares, Space
from juguo_agents.artifacts.searched import SearchResult, load_result
from juguo_agents.evaluation.rollout import run
from juguo_agents.search.checkpoint import Outcome, Settings, load_state
from juguo_agents.search.optimise import begin, make_phase, search
from juguo_agents.search.result import write_result
from juguo_agents.search.scoring import Scorer
from juguo_envs import Scenario, decode_allocation
from juguo_envs.errors import UserError
from tests.agents.search.test_search import TINY, actions, some_parameters

SPACE = Space(
    (Number("x", 0.0, 2.0, 1.0), Shares("s", ("a", "b", "c"), (2, 1, 1)), Number("n", 1, 5, 2, whole=True))
)
BUDGET = 900


def found(folder: Path, settings: Settings) -> SearchResult:
    """A whole small search."""
    folder.mkdir(exist_ok=True)
    state, scorer = begin(settings), Scorer(settings.scenario)
    search(state, folder, scorer)
    return write_result(state, folder, scorer)


# --- the space ---------------------------------------------------------------------------------------------


def test_what_is_fixed_is_not_searched_and_comes_out_as_it_was_fixed() -> None:
    held = SPACE.fixing({"x": 0.25, "s.b": 0.0})
    assert held.size == SPACE.size - 2
    assert set(held.names) == set(SPACE.names)
    for seed in range(5):
        parameters = held.decode(3.0 * np.random.default_rng(seed).standard_normal(held.size))
        assert SPACE.fault(parameters) is None
        assert (parameters["x"], parameters["s.b"]) == (0.25, 0.0)
        assert parameters["s.a"] + parameters["s.c"] == pytest.approx(1.0)
    assert held.start == pytest.approx({"x": 0.25, "s.a": 2 / 3, "s.b": 0.0, "s.c": 1 / 3, "n": 2.0})


def test_nothing_fixed_is_the_space_itself() -> None:
    assert SPACE.fixing({}) == SPACE


def test_who_had_everything_and_is_held_at_nothing_leaves_it_to_all_others_alike() -> None:
    start = {"x": 1.0, "s.a": 0.0, "s.b": 1.0, "s.c": 0.0, "n": 2.0}
    begun = SPACE.fixing({"s.b": 0.0}).starting(start, 0.3)
    assert begun.start == pytest.approx({**start, "s.a": 0.5, "s.b": 0.0, "s.c": 0.5})


@pytest.mark.parametrize(
    ("fixed", "words"),
    [
        ({"y": 1.0}, r"unknown parameter 'y'; there are x, s\.a"),
        ({"s.aa": 0.0}, r"did you mean 's\.a'"),
        ({"x": 2.5}, r"x is 2\.5; allowed are numbers from 0 to 2"),
        ({"n": 2.5}, "n is 2.5; allowed are whole numbers from 1 to 5"),
        ({"s.a": 0.5}, r"s\.a is 0\.5; a share can be held at 0 only"),
        ({"s.a": 0.0, "s.b": 0.0, "s.c": 0.0}, "no member of s is left"),
    ],
)
def test_what_cannot_be_held_is_refused_in_one_line(fixed: dict[str, float], words: str) -> None:
    with pytest.raises(FixedNumberError, match=words) as refused:
        SPACE.fixing(fixed)
    assert "\n" not in str(refused.value)


def test_numbers_are_brought_into_their_ranges_and_shares_left_alone() -> None:
    numbers = {"x": 7.0, "n": -3.0, "s.a": 0.3, "other": 1.0}
    assert SPACE.within(numbers) == {"x": 2.0, "n": 1.0}
    assert SPACE.fixing({"x": 0.5}).within(numbers) == {"n": 1.0}


# --- the search --------------------------------------------------------------------------------------------


def test_a_search_keeps_what_is_fixed_in_both_phases(tmp_path: Path) -> None:
    fixed = {"diffusion.shares.governance": 0.0, "advance.K": 1.0, "lean.crisis": 3.0}
    data = found(tmp_path, Settings("closed_loop", TINY, BUDGET, validation=20, fixed=fixed)).data
    assert {name: data["parameters"][name] for name in fixed} == fixed
    assert {name: data["start"][name] for name in fixed} == fixed
    assert data["fixed"] == fixed
    assert load_state(tmp_path).settings.fixed == fixed
    assert load_result(tmp_path / "searched.json").data["parameters"] == data["parameters"]
    seen = decode_allocation(
        actions(load_result(tmp_path / "searched.json").allocator(), TINY), Setting.of(TINY).population
    )
    assert (seen.functions[8:16, :, 4] > 0.0).any() or data["parameters"]["relief.extra"] == 0.0


def test_a_search_begins_at_the_given_numbers_in_one_phase(tmp_path: Path) -> None:
    given = some_parameters(CLOSED_LOOP.space(TINY), 3)
    settings = Settings("closed_loop", TINY, BUDGET, validation=20, begin=given)
    phase = make_phase(begin(settings), 0)
    assert phase.space.start == pytest.approx(given)
    data = found(tmp_path, settings).data
    assert len(data["phases"]) == 1
    assert data["begun"]
    assert data["start"] == pytest.approx(given)
    assert data["spent"] <= BUDGET


def test_what_is_lacking_where_a_search_begins_is_as_the_family_has_it() -> None:
    given = some_parameters(OPEN_LOOP.space(TINY), 2)
    phase = make_phase(begin(Settings("closed_loop", TINY, BUDGET, begin=given)), 0)
    usual = CLOSED_LOOP.space(TINY).start
    assert phase.starts["begin"] == pytest.approx({**usual, **given})


def test_a_forced_lever_is_forced_in_what_is_searched_and_in_what_is_found(tmp_path: Path) -> None:
    data = found(tmp_path, Settings("open_loop", TINY, BUDGET, validation=20, lever="openness")).data
    assert data["lever"] == "openness"
    again = load_result(tmp_path / "searched.json")
    decided = decode_allocation(actions(again.allocator(), TINY), Setting.of(TINY).population)
    assert (decided.openness == 0.0).all()
    first, last = data["validation"]["seeds"]
    episodes = np.arange(first, last + 1, dtype=np.uint64)
    assert run(again.allocator(), TINY, episodes).returns.mean() == pytest.approx(data["validation"]["mean"])
    opened = {name: 0.5 for name in data["parameters"] if name.endswith("openness")}
    free = OPEN_LOOP.allocator([data["parameters"] | opened], TINY)
    assert find_policy_class("open_loop", "openness").space(TINY) == OPEN_LOOP.space(TINY)
    assert not np.array_equal(actions(free, TINY), actions(again.allocator(), TINY))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fixed": {"advance.Q": 1.0}}, r"unknown parameter 'advance\.Q' \(did you mean"),
        ({"fixed": {"advance.K": 3.0}}, r"advance\.K is 3"),
        ({"fixed": {"production.shares.research": 0.2}}, "a share can be held at 0 only"),
        ({"begin": {"advance.Q": 1.0}}, r"begin: unknown parameter 'advance\.Q'"),
        ({"begin": {"advance.K": 3.0}}, r"begin: advance\.K is 3; allowed are numbers from 0\.05 to 1"),
        ({"begin": {"production.shares.research": 0.9}}, "begin: .*do not sum to 1"),
        ({"lever": "opennes"}, "unknown lever 'opennes'"),
    ],
)
def test_settings_that_hold_what_cannot_be_held_are_refused_at_once(settings: dict, words: str) -> None:
    with pytest.raises(UserError, match=words) as refused:
        begin(Settings("closed_loop", TINY, BUDGET, **settings))
    assert "\n" not in str(refused.value)


def test_an_unknown_lever_is_its_own_error() -> None:
    with pytest.raises(UnknownLever):
        find_policy_class("open_loop", "money")


# --- ways to react -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["closed_loop", "oracle"])
@pytest.mark.parametrize("quarters", [20, 60])
def test_every_way_to_react_is_allowed_in_short_worlds_too(family: str, quarters: int) -> None:
    scenario = TINY.override({"programme.T": quarters})
    state = begin(Settings(family, scenario, 4000))
    state.phases[0].outcome = found_outcome(scenario)
    phase = make_phase(state, 1)
    bases = 1 + len(find_policy_class(family).starts(scenario))
    assert len(phase.reacting) == bases * len(FEEDBACK_STARTS)
    for parameters in phase.reacting.values():
        assert phase.space.fault(parameters) is None
        assert np.isfinite(phase.space.encode(parameters)).all()


def found_outcome(scenario: Scenario) -> Outcome:
    """What the first phase of a closed loop's search might have found."""
    return Outcome(some_parameters(OPEN_LOOP.space(scenario), 1), 0.2, 0.1, "generation 3")


def test_every_way_to_react_names_feedback_and_allowed_numbers_only() -> None:
    space = CLOSED_LOOP.space(Scenario.load("default"))
    for numbers in (*FEEDBACK_STARTS.values(), FEEDBACK_OFF):
        assert set(numbers) <= set(FEEDBACK_OFF)
        assert space.fault({**space.start, **numbers}) is None


def test_the_closed_loop_begins_with_the_best_base_and_way_to_react(tmp_path: Path) -> None:
    found(tmp_path, Settings("closed_loop", TINY, 1800, validation=20))
    state = load_state(tmp_path)
    part, phase = state.phases[1], make_phase(state, 1)
    data = load_result(tmp_path / "searched.json").data["phases"][1]
    first, last = data["start_seeds"]
    episodes = np.arange(first, last + 1, dtype=np.uint64)
    means = Scorer(TINY).returns(CLOSED_LOOP, list(phase.reacting.values()), episodes).mean(1)
    assert part.centre == list(phase.reacting)[int(np.argmax(means))]
    assert part.start == "open_loop"
