"""The family of scenarios: every parameter with a range is an axis, every place of the cube a world."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juguo_envs import Batch, Scenario
from juguo_envs.worlds.parameters import CRISIS_EFFECTS, Group, Reward, par, parameter_meta
from juguo_envs.worlds.sampling import Axis, axes, scenario_at, scenario_with, unit_of, values_at
from juguo_envs.worlds.scenario import PARAMETER_GROUPS, Generated, Programme, ScenarioError
from tests.support import small

AXES = axes()
NAMES = [axis.name for axis in AXES]


PREFERENCES = ["reward.w_b", "reward.w_r", "reward.w_x", "reward.aversion"]


def places() -> st.SearchStrategy[list[float]]:
    """Places of the unit cube, corners included."""
    return st.lists(
        st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0.0, 1.0)),
        min_size=len(AXES),
        max_size=len(AXES),
    )


def held(scenario: Scenario, dotted: str) -> float:
    """What a scenario holds at a dotted name."""
    place = scenario
    for part in dotted.split("."):
        place = getattr(place, part)
    assert isinstance(place, int | float)
    return place


def test_every_parameter_with_a_sampling_range_is_an_axis() -> None:
    expected = {"society.communities.hub_producers", "programme.T", CRISIS_EFFECTS.name}
    for group in set(PARAMETER_GROUPS) - {"reward"}:
        for name, field in type(getattr(Scenario(), group)).model_fields.items():
            meta = parameter_meta(field)
            if meta is not None and meta.sampling is not None:
                expected.add(f"{group}.{name}")
    assert set(NAMES) == expected
    assert len(NAMES) == len(set(NAMES))
    assert "money.mu" in NAMES


def test_preferences_are_axes_where_they_are_asked_for_and_follow_those_of_the_world() -> None:
    assert [axis.name for axis in axes(preferences=True)] == [*NAMES, *PREFERENCES]
    place = np.full(len(NAMES) + 4, 0.3)
    place[-1] = 1.0
    world = scenario_at(place, preferences=True)
    assert world.reward.aversion == 2.0
    assert world.reward.w_b == pytest.approx(0.2 * 10.0**0.3)
    assert world.override({"reward": Reward().model_dump()}).digest() == scenario_at(place[:-4]).digest()
    values = values_at(place, preferences=True)
    assert scenario_with(values).digest() == world.digest()
    assert unit_of(values, preferences=True)[-4:] == pytest.approx(place[-4:])


def test_a_parameter_that_gets_a_range_later_is_an_axis_without_further_ado() -> None:
    class Invented(Group):
        new: float = par(1.0, 0.0, 5.0, "a new parameter", sampling=(0.5, 2.0), log=True)
        old: float = par(1.0, 0.0, 5.0, "one that is held fixed")

    class Extended(Scenario):
        invented: Invented = Invented()

    added = [axis for axis in axes(Extended()) if axis.name not in NAMES]
    assert [(a.name, a.low, a.high, a.log) for a in added] == [("invented.new", 0.5, 2.0, True)]


def test_a_parameter_has_one_way_of_being_sampled() -> None:
    with pytest.raises(ValueError, match="only one is allowed"):
        par(0.1, 0.0, 1.0, "x", sampling=(0.0, 1.0), together=CRISIS_EFFECTS)


def test_the_order_of_the_axes_is_that_of_a_scenario() -> None:
    fields = list(Scenario.model_fields)
    order = [fields.index(name.split(".")[0]) for name in NAMES]
    assert order == sorted(order)
    assert axes() == AXES == axes(Scenario.load("poor"))


@pytest.mark.parametrize("axis", AXES, ids=NAMES)
def test_the_ends_of_the_cube_are_the_ends_of_the_ranges(axis: Axis) -> None:
    assert axis.value(0.0) == axis.low
    assert axis.value(1.0) == axis.high
    middle = math.sqrt(axis.low * axis.high) if axis.log else (axis.low + axis.high) / 2.0
    assert axis.value(0.5) == pytest.approx(middle)
    for dotted in axis.fields:
        low, high = (scenario_with({axis.name: end}) for end in (axis.low, axis.high))
        scale = held(Scenario(), dotted) if axis.factor else 1.0
        assert held(low, dotted) == pytest.approx(axis.low * scale)
        assert held(high, dotted) == pytest.approx(axis.high * scale)


@given(places())
def test_every_place_is_a_valid_world_that_differs_only_on_the_axes(place: list[float]) -> None:
    world = scenario_at(place, name="somewhere")
    assert world.name == "somewhere"
    back = {dotted: held(Scenario(), dotted) for axis in AXES for dotted in axis.fields}
    assert world.override(back).digest() == Scenario().digest()
    assert isinstance(world.programme.T, int)


@given(places())
def test_a_place_is_found_again_from_its_values(place: list[float]) -> None:
    values = values_at(place)
    assert list(values) == NAMES
    again = unit_of(values)
    for axis, before, after in zip(AXES, place, again, strict=True):
        if axis.whole:
            assert axis.value(after) == axis.value(before)
        else:
            assert after == pytest.approx(before, abs=1e-9)


def test_whole_numbers_are_equally_likely() -> None:
    axis = next(axis for axis in AXES if axis.name == "programme.T")
    count = int(axis.high - axis.low) + 1
    found = [axis.value(u) for u in (np.arange(10 * count) + 0.5) / (10 * count)]
    assert set(np.unique(found, return_counts=True)[1]) == {10}


def test_the_effects_of_a_crisis_are_scaled_together_from_what_the_base_holds() -> None:
    base = Scenario().override({"crisis.crT": 0.5})
    world = scenario_with({CRISIS_EFFECTS.name: 0.5}, base)
    assert world.crisis.crT == 0.25
    assert world.crisis.crL == 0.5 * base.crisis.crL > 0.0
    scaled = {"crT", "crL"}
    assert world.crisis.model_dump(exclude=scaled) == base.crisis.model_dump(exclude=scaled)


def test_what_is_no_axis_stays_as_in_the_base_and_its_worlds_run() -> None:
    base = small()
    world = scenario_at(np.full(len(AXES), 0.25), base)
    assert world.society.persons == base.society.persons
    batch = Batch(world, 2)
    observation = batch.reset(np.arange(2, dtype=np.uint64))
    assert np.isfinite(observation).all()


def test_listed_communities_leave_no_rule_to_sample() -> None:
    base = Scenario.load("china31")
    names = [axis.name for axis in axes(base)]
    assert names == [name for name in NAMES if not name.startswith("society.communities.")]
    assert scenario_at(np.full(len(names), 0.5), base).society == base.society


def test_axes_have_short_names_of_their_own() -> None:
    short = {axis.name: axis.short for axis in AXES}
    assert short["money.B"] == "B"
    assert short[CRISIS_EFFECTS.name] == "crisis effects"
    assert len(set(short.values())) == len(AXES)


def test_defaults_of_the_special_axes_lie_in_their_ranges() -> None:
    for model, name in ((Generated, "hub_producers"), (Programme, "T")):
        field = model.model_fields[name]
        meta = parameter_meta(field)
        assert meta is not None
        assert meta.sampling is not None
        assert meta.sampling[0] <= field.default <= meta.sampling[1]


def test_what_is_no_place_and_no_axis_is_refused_by_name() -> None:
    with pytest.raises(ScenarioError, match=r"has shape \(2,\)"):
        values_at([0.5, 0.5])
    outside = np.full(len(AXES), 0.5)
    outside[NAMES.index("money.B")] = 1.5
    with pytest.raises(ScenarioError, match=r"money\.B: its place is 1\.5; allowed is 0 to 1"):
        scenario_at(outside)
    with pytest.raises(ScenarioError, match=r"its place is nan"):
        scenario_at(np.full(len(AXES), np.nan))
    with pytest.raises(ScenarioError, match=r"unknown axis 'money\.b'"):
        scenario_with({"money.b": 1.0})
    with pytest.raises(ScenarioError, match=r"no value for"):
        unit_of({"money.B": 1.0})
    values = values_at(np.full(len(AXES), 0.5))
    with pytest.raises(ScenarioError, match=r"money\.B is 99; its axis goes from"):
        unit_of({**values, "money.B": 99.0})
