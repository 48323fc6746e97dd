"""Edits of allocations: each changes what it says and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from juguo_agents.allocators import Setting, make_rule
from juguo_agents.allocators.edits import Edited, Edits, places_of
from juguo_agents.evaluation.record import Record
from juguo_agents.evaluation.rollout import run
from juguo_envs import Batch, Scenario
from juguo_envs.model.state import FUNCTIONS
from tests.support import seeds, small

Floats = npt.NDArray[np.float64]


def edited(rule: str = "experiment_diffusion", **edits: Any) -> Edited:
    """A rule, the proposal by default, with edits."""
    return Edited(make_rule(rule), Edits.model_validate(edits), "edited")


def record(rule: str = "experiment_diffusion", world: Scenario | None = None, **edits: Any) -> Record:
    """Its episodes in the small world, or another one."""
    world = world or small()
    return run(edited(rule, **edits), world, seeds(6))


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
    wrapped = record()
    np.testing.assert_allclose(wrapped.returns, plain.returns, atol=1e-9)


def test_moved_money_goes_to_the_others_and_none_is_lost() -> None:
    away = column("engagement", "enablement", "resilience")
    moved = money(record(move_from={"functions": [FUNCTIONS[i] for i in away], "keep": 0}))
    plain = money(record())
    assert plain[:, away].sum() > 0.0
    np.testing.assert_allclose(moved[:, away], 0.0, atol=1e-9)
    np.testing.assert_allclose(moved.sum(1), plain.sum(1), rtol=1e-5)


def test_flat_shares_pay_every_function_alike() -> None:
    paid = money(record(flat=True))
    np.testing.assert_allclose(paid, paid.mean(1, keepdims=True).repeat(9, axis=1), rtol=1e-5)


@pytest.mark.parametrize("rule", ["experiment_diffusion", "nothing", "flat"])
def test_money_taken_away_is_gone_and_the_rest_is_spent_as_before(rule: str) -> None:
    world = small({"crisis.cover": 0.0})
    cut = column("adaptation", "governance", "enablement")
    take = {"take_away": {"functions": [FUNCTIONS[i] for i in cut], "keep": 0.5}}
    less = money(record(rule, world, advance_at_once=True, **take))
    plain = money(record(rule, world, advance_at_once=True))
    rest = [i for i in range(9) if i not in cut]
    if rule == "flat":  # it always decides the same, so the money can be followed function by function
        np.testing.assert_allclose(less[:, cut], 0.5 * plain[:, cut], rtol=1e-4)
        np.testing.assert_allclose(less[:, rest], plain[:, rest], rtol=1e-4)
    assert (less.sum(1) <= plain.sum(1) + 1e-9).all()


def test_money_taken_away_in_a_stage_leaves_the_other_stages_alone() -> None:
    world = small({"crisis.cover": 0.0})
    take = {"take_away": {"stages": ["diffusion"], "keep": 0.5}}
    less = record("flat", world, **take).spending[:, :, :9].sum(2)
    plain = record("flat", world).spending[:, :, :9].sum(2)
    np.testing.assert_allclose(less, plain * [1.0, 0.5, 1.0], rtol=1e-4)


def test_taking_money_away_is_refused_while_the_reserve_pays_for_damage() -> None:
    world = small(
        {"crisis.cover": 1.0, "crisis.shock_rate": 1.0, "crisis.claim": 100.0, "adoption.alpha_k": 0.0,
         "adoption.alpha_s": 0.0}
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="does it pay for damage"):
        record(world=world, take_away={"stages": ["production"], "keep": 0.0})


def test_openness_is_as_stated_in_every_stage() -> None:
    world = small()
    allocator = edited(openness=[0.25, 0.5, 1.0], advance_at_once=True)
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
    at_once = record("flat", world, trial={"where": "hubs", "size": 0.0})
    assert at_once.community_spending[:, :2][:, :, ~hubs].sum() == pytest.approx(0.0)
    assert at_once.community_spending[:, 2][:, ~hubs].min() > 0.0
    assert at_once.stage_quarters[:, 1].tolist() == [2] * 6
    too_large = record("flat", world, trial={"where": "everywhere", "size": 1.0})
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

    def exits(**edits: Any) -> npt.NDArray[Any]:
        allocator = edited(advance_at_once=True, **edits)
        for name, value in {"exit_trial": 0.01, "exit_use": 0.01, "exit_experience": 0.5}.items():
            setattr(allocator.allocator, name, value)  # eager to give up
        return run(allocator, world, seeds(20)).exits

    late = exits(no_exit_before=8)
    assert (exits()["age"] < 16).any()
    assert len(late)
    assert (late["stage"] == 2).all()
    assert (late["age"] > 16).all()


def asked(world: Scenario, **edits: Any) -> list[tuple[Floats, Any]]:
    """Stage by quarter, and the allocation that was acted on: (2, 10 + R + 3)."""
    allocator, batch, seen = edited(**edits), Batch(world, 2), []
    allocator.start(Setting.of(world), seeds(2))
    observation = batch.reset(seeds(2))
    for _ in range(world.programme.T):
        stage = batch.state.programme["stage"].copy()
        observation = batch.step(allocator.act(observation))
        seen.append((stage, batch.state.allocation.copy()))
    return seen


def test_openness_from_a_quarter_on_is_none_before_and_full_after() -> None:
    openness = np.array([shown[0, 10 + 3] for _, shown in asked(small(), open_from=5)])
    np.testing.assert_allclose(openness, np.arange(len(openness)) >= 5, atol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_two_functions_divide_what_they_have_together_and_no_other_is_touched(share: float) -> None:
    two = column("scenarios", "research")
    edit = {"functions": ["scenarios", "research"], "first": share}
    (_, one), (_, other) = asked(small())[0], asked(small(), divide=edit)[0]
    np.testing.assert_allclose(other[:, two[0]], share * one[:, two].sum(1), atol=1e-6)
    np.testing.assert_allclose(np.delete(other, two, 1), np.delete(one, two, 1), atol=1e-6)


@pytest.mark.parametrize(("first", "places"), [("poor", [2, 1]), ("strong", [0, 1]), ("ordinary", [1, 2])])
def test_a_pilot_pays_some_places_until_application(first: str, places: list[int]) -> None:
    world = small({"society.capability_spread": 0.01})
    setting, applied = Setting.of(world), 0
    for stage, shown in asked(world, pilot={"share": 0.5, "first": first}, advance_at_once=True):
        paid = shown[:, 10 : 10 + len(setting.names)]
        for one, row in zip(stage, paid, strict=True):
            away = np.delete(row, places)
            assert (away.max() < 1e-6) == (one < 2)
            applied += one == 2
    assert applied
    one = asked(world, pilot={"share": 0.0, "first": first})[0][1][0, 10 : 10 + len(setting.names)]
    assert (one > 0.0).sum() == 1


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_what_is_saved_is_a_share_of_all_money(share: float) -> None:
    for _, shown in asked(small(), save=share):
        np.testing.assert_allclose(shown[:, 9], share, atol=1e-6)
    plain, saved = asked(small())[0][1], asked(small(), save=share)[0][1]
    np.testing.assert_allclose(saved[:, :9], (1.0 - share) * plain[:, :9], atol=1e-6)
