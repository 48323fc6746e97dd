"""Searches: blind is blind, closed contains open, seeds never meet, and a budget is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import Setting, all_rule_names
from juguo_agents.allocators.parametric.policy_classes import (
    CLOSED_LOOP,
    FEEDBACK_OFF,
    OPEN_LOOP,
    PARAMETRIC,
    RULE,
    UnknownPolicyClass,
    find_policy_class,
)
from juguo_agents.allocators.parametric.space import Number, Shares, Space
from juguo_agents.artifacts.searched import SearchResult
from juguo_agents.evaluation.rollout import run
from juguo_agents.search.checkpoint import Earlier, Outcome, Settings, State, load_state
from juguo_agents.search.optimise import BudgetTooSmall, begin, raised, search
from juguo_agents.search.result import write_result
from juguo_agents.search.scoring import Scorer
from juguo_envs import Batch, Scenario

TINY = Scenario.load("default").override(
    {
        "society.persons": 60,
        "society.communities.count": 3,
        "society.communities.hubs": 1,
        "programme.T": 20,
        "programme.maximum": [8, 8],
    }
)
ROUNDS = TINY.override({"programme.rounds": 2, "programme.T": 40})
HARSH = TINY.override(
    {
        "crisis.shock_rate": 0.3,
        "crisis.cr2": 0.05,
        "crisis.crL": 5.0,
        "resilience.floor": 0.3,
        "adoption.alpha_k": 0.0,
        "adoption.alpha_s": 0.0,
        "defect.p_X": 0.8,
    }
)
"""Everything that feedback answers to happens here."""
SEEDS = np.arange(4, dtype=np.uint64)
EPISODES = Settings("constant", TINY, 1).episodes
FAMILIES = [family.name for family in PARAMETRIC]
TUNABLE = [
    name
    for name in all_rule_names()
    if name not in ("nothing", "nothing-exit")  # no numbers without an exit
]


def some_parameters(space: Space, seed: int) -> dict[str, float]:
    """Parameters drawn well apart."""
    return space.decode(2.0 * np.random.default_rng(seed).standard_normal(space.size))


def actions(allocator, scenario: Scenario, seeds_: np.ndarray = SEEDS) -> np.ndarray:
    """Everything an allocator does in a world."""
    batch = Batch(scenario, len(seeds_))
    allocator.start(Setting.of(scenario), seeds_)
    observation, done = batch.reset(seeds_), []
    for _ in range(scenario.programme.T):
        done.append(allocator.act(observation))
        observation = batch.step(done[-1])
    return np.stack(done)


def found(
    folder: Path, family: str, budget: int = 400, scenario: Scenario = TINY, **more: Any
) -> SearchResult:
    """A whole small search."""
    state = begin(Settings(family, scenario, budget, **{"validation": 20} | more))
    scorer = Scorer(scenario)
    folder.mkdir(exist_ok=True)
    search(state, folder, scorer)
    return write_result(state, folder, scorer)


# --- the space ---------------------------------------------------------------------------------------------


def test_a_number_reaches_both_ends_of_its_range_exactly() -> None:
    for number in (Number("x", 0.01, 0.6, 0.1, log=True), Number("x", -4.0, 4.0, 0.0)):
        assert number.decode(np.array([-6.0]))["x"] == number.low
        assert number.decode(np.array([6.0]))["x"] == number.high
        assert number.decode(np.array([1e9]))["x"] == number.high


def test_shares_can_be_zero_and_always_sum_to_their_total() -> None:
    shares = Shares("s", ("a", "b", "c"), (1, 1, 1), total=0.5)
    values = shares.decode(np.array([0.0, 0.0, -8.0]))
    assert values == {"s.a": 0.25, "s.b": 0.25, "s.c": 0.0}
    assert sum(shares.decode(np.array([3.0, -1.0, 0.2])).values()) == pytest.approx(0.5)


@pytest.mark.parametrize("family", [*FAMILIES, *(RULE + name for name in TUNABLE)])
def test_what_is_decoded_is_allowed_and_leads_back_to_its_place(family: str) -> None:
    space = find_policy_class(family).space(TINY)
    assert space.fault(space.start) is None
    for seed in range(5):
        parameters = some_parameters(space, seed)
        assert space.fault(parameters) is None
        again = space.decode(space.encode(parameters))
        assert again == pytest.approx(parameters, abs=1e-9)


# --- the families ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", [TINY, ROUNDS], ids=["one round", "two rounds"])
@pytest.mark.parametrize("seed", range(4))
def test_the_closed_loop_with_its_feedback_off_is_the_open_loop_action_for_action(
    scenario: Scenario, seed: int
) -> None:
    parameters = some_parameters(OPEN_LOOP.space(scenario), seed)
    if seed == 3 and scenario is TINY:
        parameters["exit.quarter"] = 9.0
    blind = actions(OPEN_LOOP.allocator([parameters], scenario), scenario)
    closed = actions(CLOSED_LOOP.allocator([{**parameters, **FEEDBACK_OFF}], scenario), scenario)
    np.testing.assert_array_equal(blind, closed)
    assert set(CLOSED_LOOP.space(scenario).names) == {*parameters, *FEEDBACK_OFF}


def test_each_part_of_the_feedback_changes_what_is_done() -> None:
    space = CLOSED_LOOP.space(TINY)
    late = {"production.quarters": 8.0, "diffusion.quarters": 8.0}
    base = {**space.start, **FEEDBACK_OFF, **late, "exit.experience": 0.5}
    eager = {
        "advance.K": 0.05, "advance.F": 0.05, "hold.harm": 0.01, "exit.harm.production": 0.01,
        "exit.harm.diffusion": 0.01, "exit.harm.application": 0.01, "lean.resilience": 5.0,
        "lean.adoption": 5.0, "lean.crisis": 5.0, "relief.extra": 1.0, "resilience.extra": 0.5,
        "redesign.extra": 0.5, "redesign.hubs": 2.0, "hold.experience": 200.0,
    }  # fmt: skip
    more = {"resilience.extra": {"resilience.above": 0.0}}
    more |= {name: {"redesign.above": 0.01} for name in ("redesign.extra", "redesign.hubs")}
    without = actions(CLOSED_LOOP.allocator([base], HARSH), HARSH)
    for name, value in eager.items():
        changed = {**base, name: value, **more.get(name, {})}
        assert not np.array_equal(actions(CLOSED_LOOP.allocator([changed], HARSH), HARSH), without), name
    # what bounds an exit or says when to add can only be seen where there is something to bound
    for name, value, where in (
        ("exit.experience", 100.0, {"exit.harm.production": 0.01}),
        ("exit.patience", 10.0, {"exit.harm.production": 0.01}),
        ("exit.time_left", 10.0, {"exit.harm.diffusion": 0.01, "exit.harm.application": 0.01}),
        ("resilience.above", 0.5, {"resilience.extra": 0.5, "resilience.above": 0.0}),
        ("redesign.above", 1.0, {"redesign.extra": 0.5, "redesign.above": 0.01}),
    ):
        with_it, bounded = {**base, **where}, {**base, **where, name: value}
        seen = [actions(CLOSED_LOOP.allocator([p], HARSH), HARSH) for p in (with_it, bounded)]
        assert not np.array_equal(*seen), name
    assert set(eager) | {"exit.experience", "exit.patience", "exit.time_left", "resilience.above"} | {
        "redesign.above"
    } == set(FEEDBACK_OFF)


@pytest.mark.parametrize("family", ["constant", "open_loop", "open_loop_segments"])
def test_a_blind_allocator_looks_at_nothing_but_the_quarter(family: str) -> None:
    member = find_policy_class(family)
    allocator = member.allocator([some_parameters(member.space(TINY), 1)], TINY)
    batch = Batch(TINY, 3)
    clock = batch.layout.names().index("time_left")
    allocator.start(Setting.of(TINY), SEEDS[:3])
    observation = batch.reset(SEEDS[:3])
    for seed in range(TINY.programme.T):
        done = allocator.act(observation)
        nonsense = np.random.default_rng(seed).random(observation.shape, np.float32)
        nonsense[:, clock] = observation[:, clock]
        np.testing.assert_array_equal(allocator.act(nonsense), done)
        np.testing.assert_array_equal(done, np.tile(done[0], (3, 1)))
        observation = batch.step(done)


def test_a_schedule_moves_on_at_its_dates() -> None:
    parameters = OPEN_LOOP.space(TINY).start | {"production.quarters": 5.0, "diffusion.quarters": 7.0}
    record = run(OPEN_LOOP.allocator([parameters], TINY), TINY, SEEDS)
    np.testing.assert_array_equal(record.stage_quarters, np.tile([5, 7, 8], (4, 1)))
    assert record.abandoned.sum() == 0


def test_a_schedule_gives_up_at_its_date_and_begins_anew() -> None:
    parameters = OPEN_LOOP.space(TINY).start | {"production.quarters": 5.0, "exit.quarter": 9.0}
    record = run(OPEN_LOOP.allocator([parameters], TINY), TINY, SEEDS)
    assert (record.exits["quarter"] == 9).all()
    assert (record.abandoned == 1).all()


@pytest.mark.parametrize("family", [*FAMILIES, "rule:experiment_diffusion", "rule:policy_learning"])
def test_candidates_in_one_batch_do_what_each_does_alone(family: str) -> None:
    member, scorer = find_policy_class(family), Scorer(TINY)
    candidates = [some_parameters(member.space(TINY), seed) for seed in range(3)]
    together = scorer.returns(member, candidates, SEEDS)
    for candidate, returns in zip(candidates, together, strict=True):
        np.testing.assert_array_equal(run(member.allocator([candidate], TINY), TINY, SEEDS).returns, returns)


def test_weights_by_place_end_where_there_are_many_places() -> None:
    names = OPEN_LOOP.space(Scenario.load("china31")).names
    assert not any(name.startswith("place.") for name in names)
    assert "application.hubs" in names


def test_a_constant_is_searched_with_and_without_asking_to_advance() -> None:
    space = find_policy_class("constant").space(TINY)
    middle, draws = space.encode(space.start), np.random.default_rng(0).standard_normal((200, space.size))
    asked = [space.decode(middle + space.steps * z)["advance"] for z in draws]
    assert set(asked) == {0.0, 1.0}


# --- the search --------------------------------------------------------------------------------------------


class Interrupted(Exception):
    pass


@pytest.mark.parametrize(
    ("family", "covariance"),
    [("closed_loop", "full"), ("closed_loop", "diagonal"), ("rule:concentrated", "full")],
)
def test_an_interrupted_search_that_is_resumed_finds_what_an_uninterrupted_one_does(
    family: str, covariance: str, tmp_path: Path
) -> None:
    whole = found(tmp_path / "whole", family, budget=900, covariance=covariance)
    (tmp_path / "parts").mkdir()
    state: State = begin(Settings(family, TINY, 900, validation=20, covariance=covariance))
    state.save(tmp_path / "parts")
    interruptions = 0
    while True:
        state = load_state(tmp_path / "parts")
        fresh = sum(len(part.told) for part in state.phases)
        done = 0

        def progress(episodes: int, mean: float) -> None:
            nonlocal done
            done += 1
            if done > fresh + 1 and interruptions < 4:  # noqa: B023 (called before the loop goes on)
                raise Interrupted

        try:
            search(state, tmp_path / "parts", Scorer(TINY), progress)
            break
        except Interrupted:
            interruptions += 1
    assert interruptions > 1
    resumed = write_result(state, tmp_path / "parts", Scorer(TINY))
    assert resumed.data == whole.data


def test_a_search_spends_its_budget_and_no_more(tmp_path: Path) -> None:
    for family in ("constant", "closed_loop"):
        data = found(tmp_path / family, family, budget=1000).data
        assert 0.9 * 1000 < data["spent"] <= 1000
        assert data["spent"] == sum(phase["spent"] for phase in data["phases"])


def test_the_closed_loop_begins_with_the_best_open_loop_on_half_the_budget(tmp_path: Path) -> None:
    data = found(tmp_path, "closed_loop", budget=900).data
    first, second = data["phases"]
    assert (first["family"], second["family"]) == ("open_loop", "closed_loop")
    assert first["spent"] <= 450
    assert second["spent"] <= 450
    assert second["search_mean"] >= second["start_mean"]
    assert {name: data["start"][name] for name in FEEDBACK_OFF} == FEEDBACK_OFF
    alone = found(tmp_path, "open_loop", budget=450).data["parameters"]
    assert {name: data["start"][name] for name in alone} == alone


def test_a_search_begins_at_the_best_of_flat_and_the_rules(tmp_path: Path) -> None:
    for family in PARAMETRIC:
        starts, space = family.starts(TINY), family.space(TINY)
        assert {"flat", "concentrated", "tiered"} <= set(starts)
        assert all(space.fault(parameters) is None for parameters in starts.values())
    starts = OPEN_LOOP.starts(TINY)
    assert "experiment_diffusion" in starts
    data = found(tmp_path, "open_loop", budget=2000).data
    first, last = data["phases"][0]["start_seeds"]
    episodes = np.arange(first, last + 1, dtype=np.uint64)
    best = int(np.argmax(Scorer(TINY).returns(OPEN_LOOP, list(starts.values()), episodes).mean(1)))
    assert data["phases"][0]["start"] == list(starts)[best]
    assert data["start"] == starts[list(starts)[best]]
    assert begin(Settings("open_loop", TINY, 2000, start="flat")).phases[0].start is None
    with pytest.raises(ValueError, match=r"start is 'round'; open_loop may begin at flat, concentrated"):
        begin(Settings("open_loop", TINY, 2000, start="round"))


def test_a_search_improves_on_its_start(tmp_path: Path) -> None:
    validation = found(tmp_path, "constant", budget=3000).data["validation"]
    assert validation["difference_low"] > 0.0
    assert validation["mean"] - validation["start_mean"] == pytest.approx(validation["difference_mean"])


def test_the_same_seed_finds_the_same_and_another_seed_something_else(tmp_path: Path) -> None:
    first, again, other = (found(tmp_path, "thresholds", seed=k).data["parameters"] for k in (0, 0, 1))
    assert first == again
    assert first != other


def test_what_the_optimiser_learns_of_its_steps_is_a_setting_and_told(tmp_path: Path) -> None:
    full, diagonal = (found(tmp_path / c, "thresholds", covariance=c).data for c in ("full", "diagonal"))
    assert (full["covariance"], diagonal["covariance"]) == ("full", "diagonal")
    assert full["start"] == diagonal["start"]
    means = [one["phases"][0]["generation_means"] for one in (full, diagonal)]  # of what each asked for
    assert means[0] != means[1]
    with pytest.raises(ValueError, match="covariance is 'block'; allowed is 'full' or 'diagonal'"):
        begin(Settings("thresholds", TINY, 1000, covariance="block"))


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_a_search_whose_budget_is_raised_ends_as_if_it_had_had_it_at_once(
    covariance: str, tmp_path: Path
) -> None:
    more = {"covariance": covariance, "begin": OPEN_LOOP.space(TINY).start}
    whole = found(tmp_path / "whole", "open_loop", budget=900, **more).data
    small = found(tmp_path / "parts", "open_loop", budget=400, **more).data
    scorer = Scorer(TINY)
    state = raised(load_state(tmp_path / "parts"), Settings("open_loop", TINY, 900, validation=20, **more))
    assert state is not None
    search(state, tmp_path / "parts", scorer)
    data = write_result(load_state(tmp_path / "parts"), tmp_path / "parts", scorer).data
    (before,) = data.pop("earlier")
    assert whole.pop("earlier") == []
    assert data | {"sha256": ""} == whole | {"sha256": ""}  # which is of what was popped, too
    assert (before["budget"], before["parameters"]) == (400, small["parameters"])
    assert before["mean"] == small["validation"]["mean"]
    assert before["difference_mean"] == pytest.approx(whole["validation"]["mean"] - before["mean"])


def test_only_the_same_search_from_given_numbers_goes_on_at_a_larger_budget() -> None:
    numbers = OPEN_LOOP.space(TINY).start
    here = Settings("open_loop", TINY, 400, begin=numbers)
    state = begin(here)
    assert raised(state, replace(here, budget=401)) is not None
    for other in (
        here,
        replace(here, budget=399),
        replace(here, budget=800, seed=1),
        replace(here, budget=800, scenario=ROUNDS),
    ):
        assert raised(state, other) is None
    begun_nowhere = replace(here, begin=None)
    assert raised(begin(begun_nowhere), replace(begun_nowhere, budget=800)) is None


def test_a_budget_that_buys_nothing_is_refused() -> None:
    with pytest.raises(BudgetTooSmall, match=r"needs \d+ episodes") as refused:
        begin(Settings("open_loop", TINY, 50))
    least = int(str(refused.value).split("needs ")[1].split()[0])
    begin(Settings("open_loop", TINY, least))
    with pytest.raises(ValueError, match="seed is 128"):
        begin(Settings("open_loop", TINY, 10_000, seed=128))


def test_an_unknown_family_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownPolicyClass, match=r"'openloop'.*did you mean 'open_loop'"):
        find_policy_class("openloop")
    with pytest.raises(ValueError, match="did you mean 'concentrated'"):
        find_policy_class("rule:concentrate")


def test_a_state_that_is_loaded_and_saved_has_the_same_bytes(tmp_path: Path) -> None:
    state: State = begin(Settings("open_loop", TINY, 900, validation=20))
    state.phases[0].outcome = Outcome({"a": 4, "b": 0.5}, 0.1, 0.1, "start")
    state.earlier.append(Earlier(400, {"a": 0}))
    state.save(tmp_path)
    (file,) = (path for path in tmp_path.iterdir() if path.suffix == ".json")
    before = file.read_bytes()
    load_state(tmp_path).save(tmp_path)
    assert file.read_bytes() == before
