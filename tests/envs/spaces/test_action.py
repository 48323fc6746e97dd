"""The action vector and the allocation that it stands for, in both directions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from juguo_envs import Allocation, decode_allocation, encode_allocation
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.spaces.action import SHARES, action_size
from tests.support import Array, random_actions, small, spend, started

R = 3
POPULATION = np.array([0.5, 0.3, 0.2])
FLOAT32 = 1e-6

actions = arrays(np.float32, action_size(R), elements=st.floats(-1.0, 1.0, width=32))
"""Any action of a world with three communities."""
weight = st.one_of(st.just(0.0), st.floats(1e-3, 1e3))


def weights(length: int) -> st.SearchStrategy[Array]:
    """Relative weights, zeros among them."""
    return arrays(np.float64, length, elements=weight)


def shares_of(allocation: Allocation) -> Array:
    """The ten shares of an allocation."""
    return np.append(allocation.functions, allocation.reserve)


def normalised(values: Array) -> Array:
    """Weights as shares."""
    found: Array = values / values.sum()
    return found


@given(actions)
def test_decoded_shares_are_shares(action: Array) -> None:
    allocation = decode_allocation(action, POPULATION)
    assert_allclose(shares_of(allocation).sum(), 1.0, rtol=1e-12)
    assert_allclose(allocation.communities.sum(), 1.0, rtol=1e-12)
    for values in (shares_of(allocation), allocation.communities, allocation.openness):
        assert (values >= 0.0).all() and (values <= 1.0).all()


@given(weights(10), weights(R), st.floats(0.0, 1.0), st.booleans(), st.booleans())
def test_an_allocation_survives_encoding_and_decoding(
    shares: Array, communities: Array, openness: float, advance: bool, abandon: bool
) -> None:
    action = encode_allocation(
        shares[:9], communities, reserve=shares[9], openness=openness, advance=advance, abandon=abandon
    )
    assert action.dtype == np.float32
    assert (np.abs(action) <= 1.0).all()
    allocation = decode_allocation(action, POPULATION)
    nothing = np.append(np.zeros(9), 1.0)
    assert_allclose(shares_of(allocation), normalised(shares) if shares.sum() > 0 else nothing, atol=FLOAT32)
    assert_allclose(
        allocation.communities,
        normalised(communities) if communities.sum() > 0 else POPULATION,
        atol=FLOAT32,
    )
    assert_allclose(allocation.openness, openness, atol=FLOAT32)
    assert bool(allocation.advance) == advance
    assert bool(allocation.abandon) == abandon


@given(actions)
def test_an_action_means_the_same_after_decoding_and_encoding(action: Array) -> None:
    once = decode_allocation(action, POPULATION)
    again = decode_allocation(
        encode_allocation(
            once.functions, once.communities, reserve=once.reserve, openness=once.openness,
            advance=once.advance, abandon=once.abandon,
        ),
        POPULATION,
    )  # fmt: skip
    assert_allclose(shares_of(again), shares_of(once), atol=FLOAT32)
    assert_allclose(again.communities, once.communities, atol=FLOAT32)
    assert_allclose(again.openness, once.openness, atol=FLOAT32)
    assert (again.advance, again.abandon) == (once.advance, once.abandon)


@given(weights(10), weights(R))
def test_no_money_is_exactly_no_money(shares: Array, communities: Array) -> None:
    action = encode_allocation(shares[:9], communities, reserve=shares[9])
    allocation = decode_allocation(action, POPULATION)
    if shares.sum() > 0.0:
        assert (shares_of(allocation)[shares == 0.0] == 0.0).all()
        assert (shares_of(allocation)[shares >= 1.0] > 0.0).all()
    if communities.sum() > 0.0:
        assert (allocation.communities[communities == 0.0] == 0.0).all()


@given(actions, st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_scaling_a_group_changes_nothing(action: Array, one: float, other: float) -> None:
    positions = (action.astype(float) + 1.0) / 2.0
    positions[:SHARES] *= one
    positions[SHARES : SHARES + R] *= other
    scaled = decode_allocation(2.0 * positions - 1.0, POPULATION)
    plain = decode_allocation(action, POPULATION)
    # float32 in [-1, 1] resolves 6e-8 near -1, so what is left of a group must be well above that
    if (positions[:SHARES].sum() > 0.01) and (positions[SHARES : SHARES + R].sum() > 0.01):
        assert_allclose(shares_of(scaled), shares_of(plain), atol=1e-4)
        assert_allclose(scaled.communities, plain.communities, atol=1e-4)
    assert_allclose(scaled.openness, plain.openness)


def test_all_zeros_mean_the_reserve_and_shares_by_population() -> None:
    allocation = decode_allocation(np.full(action_size(R), -1.0), POPULATION)
    assert not allocation.functions.any()
    assert allocation.reserve == 1.0
    assert np.array_equal(allocation.communities, POPULATION)
    assert allocation.openness == 0.0
    assert not allocation.advance
    assert not allocation.abandon


def test_all_ones_mean_equal_shares_and_every_request() -> None:
    allocation = decode_allocation(np.full(action_size(R), 1.0), POPULATION)
    assert_allclose(shares_of(allocation), 0.1)
    assert_allclose(allocation.communities, 1.0 / 3.0)
    assert allocation.openness == 1.0
    assert allocation.advance
    assert allocation.abandon


@pytest.mark.parametrize("which", range(10))
def test_a_corner_gives_everything_to_one(which: int) -> None:
    action = np.full(action_size(R), -1.0)
    action[which] = 1.0
    action[SHARES + 2] = 1.0
    allocation = decode_allocation(action, POPULATION)
    assert shares_of(allocation).tolist() == np.eye(10)[which].tolist()
    assert allocation.communities.tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(("entry", "granted"), [(-1.0, False), (-1e-6, False), (0.0, True), (1.0, True)])
def test_a_request_is_a_yes_from_one_half(entry: float, granted: bool) -> None:
    action = np.zeros(action_size(R))
    action[-2:] = entry
    allocation = decode_allocation(action, POPULATION)
    assert bool(allocation.advance) == granted
    assert bool(allocation.abandon) == granted


def test_values_outside_the_bounds_mean_the_bounds() -> None:
    action = np.array([3.0, -9.0] * 8)
    far, near = decode_allocation(action, POPULATION), decode_allocation(np.clip(action, -1, 1), POPULATION)
    assert np.array_equal(shares_of(far), shares_of(near))
    assert np.array_equal(far.communities, near.communities)


def test_a_reserve_left_out_is_nothing_or_everything() -> None:
    some = decode_allocation(encode_allocation(np.eye(9)[2], POPULATION), POPULATION)
    none = decode_allocation(encode_allocation(np.zeros(9), POPULATION), POPULATION)
    assert (some.reserve, none.reserve) == (0.0, 1.0)


def test_many_are_translated_at_once_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    many = rng.uniform(-1, 1, (4, 2, action_size(R)))
    together = decode_allocation(many, POPULATION)
    assert together.functions.shape == (4, 2, 9)
    assert together.reserve.shape == together.openness.shape == together.advance.shape == (4, 2)
    assert together.communities.shape == (4, 2, R)
    for place in np.ndindex(4, 2):
        alone = decode_allocation(many[place], POPULATION)
        assert np.array_equal(together.functions[place], alone.functions)
        assert np.array_equal(together.communities[place], alone.communities)
    encoded = encode_allocation(
        together.functions, together.communities, reserve=together.reserve, openness=together.openness
    )
    assert encoded.shape == (4, 2, action_size(R))
    again = decode_allocation(encoded, POPULATION)
    assert_allclose(again.functions, together.functions, atol=FLOAT32)


def test_one_set_of_functions_serves_several_places_and_requests() -> None:
    action = encode_allocation(np.ones(9), np.eye(3), advance=[True, False, True])
    allocation = decode_allocation(action, POPULATION)
    assert np.array_equal(allocation.communities, np.eye(3))
    assert allocation.advance.tolist() == [True, False, True]
    assert_allclose(allocation.functions, 1.0 / 9.0)


def test_the_environment_reads_an_action_as_the_public_translation_does() -> None:
    batch = started(small(), 8)
    chosen = random_actions(np.random.default_rng(1), batch)
    batch.step(chosen)
    allocation = decode_allocation(chosen, batch.structure.share)
    kept = batch.state.allocation
    assert_allclose(kept[:, :9], allocation.functions, rtol=1e-12)
    assert_allclose(kept[:, 9], allocation.reserve, rtol=1e-12)
    assert_allclose(kept[:, 10:13], allocation.communities, rtol=1e-12)
    assert_allclose(kept[:, 13], allocation.openness, rtol=1e-12)
    assert np.array_equal(kept[:, 14] >= 0.5, allocation.advance)
    assert np.array_equal(kept[:, 15] >= 0.5, allocation.abandon)


@pytest.mark.parametrize(("position", "name"), list(enumerate(FUNCTIONS)))
def test_money_on_a_function_is_delivered_as_that_function_and_nothing_else(position: int, name: str) -> None:
    batch = started(small(), 1)
    batch.step(spend(batch, {name: 1.0}))
    delivered = batch.state.z[0].sum(axis=0)
    assert delivered[position] > 0.0
    assert np.count_nonzero(delivered) == 1
