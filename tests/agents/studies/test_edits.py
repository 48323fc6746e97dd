"""Edits of allocations: each changes what it says and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from juguo_agents.allocators import Setting, make_rule
from juguo_agents.evaluation.record import Record
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies.hypotheses.arms import Searched, build
from juguo_agents.studies.hypotheses.claims import Arm, changed
from juguo_agents.studies.hypotheses.edits import Edited, places_of
from juguo_agents.studies.hypotheses.outcomes import OUTCOMES, Watch
from juguo_agents.studies.hypotheses.runs import seeds_of
from juguo_agents.studies.hypotheses.tuning import search_scenario
from juguo_envs import Batch, Scenario
from juguo_envs.model.state import FUNCTIONS
from tests.support import seeds, small

Floats = npt.NDArray[np.float64]


def arm(**stated: Any) -> Arm:
    """An arm of the proposal, or another one."""
    return Arm.model_validate(
        {"rule": "experiment_diffusion", **stated} if "shares" not in stated else stated
    )


def record(stated: Arm, scenario: Scenario | None = None, episodes: int = 6) -> Record:
    """The arm's episodes in the small world."""
    world = scenario or small()
    return run(build(stated, "arm", world, make_rule, None), world, seeds(episodes))


def money(result: Record) -> Floats:
    """(E, 9) money of each function over the whole programme."""
    total: Floats = result.spending[:, :, :9].sum(1)
    return total


def column(*names: str) -> list[int]:
    """Positions of functions."""
    return [FUNCTIONS.index(name) for name in names]


def test_an_allocator_with_no_edits_is_the_allocator_itself() -> None:
    world = small()
    plain = run(make_rule("experiment_diffusion"), world, seeds(6))
    wrapped = run(Edited(make_rule("experiment_diffusion"), [], "same"), world, seeds(6))
    np.testing.assert_allclose(wrapped.returns, plain.returns, atol=1e-9)


def test_moved_money_goes_to_the_others_and_none_is_lost() -> None:
    away = column("engagement", "enablement", "resilience")
    moved = money(record(arm(edits={"move_from": {"functions": [FUNCTIONS[i] for i in away], "keep": 0}})))
    plain = money(record(arm()))
    assert plain[:, away].sum() > 0.0
    np.testing.assert_allclose(moved[:, away], 0.0, atol=1e-9)
    np.testing.assert_allclose(moved.sum(1), plain.sum(1), rtol=1e-5)


def test_flat_shares_pay_every_function_alike() -> None:
    paid = money(record(arm(edits={"flat": True})))
    np.testing.assert_allclose(paid, paid.mean(1, keepdims=True).repeat(9, axis=1), rtol=1e-5)


@pytest.mark.parametrize("rule", ["experiment_diffusion", "nothing", "flat"])
def test_money_taken_away_is_gone_and_the_rest_is_spent_as_before(rule: str) -> None:
    world = small({"crisis.cover": 0.0})
    cut = column("adaptation", "governance", "enablement")
    take = {"take_away": {"functions": [FUNCTIONS[i] for i in cut], "keep": 0.5}}
    less = money(record(arm(rule=rule, edits={**take, "advance_at_once": True}), world))
    plain = money(record(arm(rule=rule, edits={"advance_at_once": True}), world))
    rest = [i for i in range(9) if i not in cut]
    if rule == "flat":  # it always decides the same, so the money can be followed function by function
        np.testing.assert_allclose(less[:, cut], 0.5 * plain[:, cut], rtol=1e-4)
        np.testing.assert_allclose(less[:, rest], plain[:, rest], rtol=1e-4)
    assert (less.sum(1) <= plain.sum(1) + 1e-9).all()


def test_money_taken_away_in_a_stage_leaves_the_other_stages_alone() -> None:
    world = small({"crisis.cover": 0.0})
    take = {"take_away": {"stages": ["diffusion"], "keep": 0.5}}
    less = record(arm(rule="flat", edits=take), world).spending[:, :, :9].sum(2)
    plain = record(arm(rule="flat"), world).spending[:, :, :9].sum(2)
    np.testing.assert_allclose(less, plain * [1.0, 0.5, 1.0], rtol=1e-4)


def test_taking_money_away_is_refused_while_the_reserve_pays_for_damage() -> None:
    world = small(
        {"crisis.cover": 1.0, "crisis.shock_rate": 1.0, "crisis.claim": 100.0, "adoption.alpha_k": 0.0,
         "adoption.alpha_s": 0.0}
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="does it pay for damage"):
        record(arm(edits={"take_away": {"stages": ["production"], "keep": 0.0}}), world)


def test_openness_is_as_stated_in_every_stage() -> None:
    world = small()
    allocator = build(
        arm(edits={"openness": [0.25, 0.5, 1.0], "advance_at_once": True}), "a", world, make_rule, None
    )
    allocator.start(Setting.of(world), seeds(2))
    batch = Batch(world, 2)
    observation = batch.reset(seeds(2))
    for _ in range(world.programme.T):
        stage = batch.state.programme["stage"].copy()
        observation = batch.step(allocator.act(observation))
        shown = batch.state.allocation[:, 10 + batch.communities]
        np.testing.assert_allclose(shown, np.array([0.25, 0.5, 1.0])[stage], atol=1e-6)


def test_a_trial_pays_its_places_only_and_ends_at_its_size() -> None:
    world = small({"programme.minimum": [4, 2, 2], "programme.maximum": [4, 5]})
    hubs = Setting.of(world).hubs > 0.0
    at_once = record(arm(rule="flat", edits={"trial": {"where": "hubs", "size": 0.0}}), world)
    assert at_once.community_spending[:, :2][:, :, ~hubs].sum() == pytest.approx(0.0)
    assert at_once.community_spending[:, 2][:, ~hubs].min() > 0.0
    assert at_once.stage_quarters[:, 1].tolist() == [2] * 6
    too_large = record(arm(rule="flat", edits={"trial": {"where": "everywhere", "size": 1.0}}), world)
    assert too_large.stage_quarters[:, 1].tolist() == [5] * 6


def test_places_are_hubs_one_ordinary_place_or_everywhere() -> None:
    setting = Setting.of(Scenario())
    assert (places_of(setting, "hubs") > 0.0).tolist() == (setting.hubs > 0.0).tolist()
    one = places_of(setting, "ordinary")
    assert one.sum() == 1.0
    assert setting.hubs[int(one.argmax())] == 0.0
    assert (places_of(setting, "everywhere") > 0.0).all()


def test_nothing_is_given_up_before_its_time_in_application() -> None:
    world = small({"programme.T": 30, "defect.p_X": 1.0, "defect.h0": 1.0, "adoption.d0": 0.0})
    eager = {"exit_trial": 0.01, "exit_use": 0.01, "exit_experience": 0.5}
    early = record(arm(numbers=eager, edits={"advance_at_once": True}), world, 20)
    late = record(arm(numbers=eager, edits={"advance_at_once": True, "no_exit_before": 8}), world, 20)
    assert (early.exits["age"] < 16).any()
    assert len(late.exits)
    assert (late.exits["stage"] == 2).all()
    assert (late.exits["age"] > 16).all()


def test_episodes_can_be_chosen_by_their_first_technology() -> None:
    world = small({"defect.p_X": 0.3})
    for first, fits in (("defective", lambda x: x >= world.defect.X_lo), ("sound", lambda x: x <= 0.1)):
        chosen = seeds_of(world, 2, 30, 5000, first)  # type: ignore[arg-type]
        batch = Batch(world, 30)
        batch.reset(chosen)
        assert fits(batch.state.programme["X"]).all()
        assert ((chosen >= 7000) & (chosen < 8000)).all()
    assert seeds_of(world, 2, 3, 5000, "any").tolist() == [7000, 7001, 7002]


def test_outcomes_agree_with_the_record_where_both_hold_them() -> None:
    world = small()
    watch = Watch(6, world.programme.T)
    result = run(make_rule("flat"), world, seeds(6), watch=watch.see)
    np.testing.assert_allclose(watch.breadth.mean(1), result.breadth)
    for outcome in OUTCOMES.values():
        assert outcome.read(result, watch).shape == (6,)
    np.testing.assert_allclose(OUTCOMES["use_less_products"].read(result, watch), 0.0, atol=1e-6)
    np.testing.assert_allclose(OUTCOMES["others_less_products"].read(result, watch), 1.0 / 3.0, atol=1e-6)


def test_what_a_search_began_with_and_ended_with_are_allocators(tmp_path: Any) -> None:
    world = small()
    searched, notes = search_scenario(tmp_path, ["closed_loop", "thresholds"], world, 900, 5)
    assert isinstance(searched, Searched)
    assert notes["closed_loop"]["spent"] <= 900
    returns = []
    for at in ("start", "open_loop", "end"):
        stated = Arm.model_validate({"searched": "closed_loop", "at": at})
        returns.append(run(build(stated, at, world, make_rule, searched), world, seeds(6)).returns.mean())
    assert len(set(returns)) > 1
    again, _ = search_scenario(tmp_path, ["closed_loop", "thresholds"], world, 900, 5)
    assert again.found == searched.found


def test_shares_are_paid_as_stated_and_move_on_by_their_thresholds() -> None:
    stated = {"shares": {"research": 3, "service": 1}, "openness": [0, 0, 0], "advance": "never"}
    result = record(Arm.model_validate(stated))
    paid = money(result)
    np.testing.assert_allclose(paid[:, column("research")], 3.0 * paid[:, column("service")], rtol=1e-5)
    assert (changed(small(), {"programme.T": 20}).programme.T, result.stage_quarters[:, 2].max()) == (20, 0)
