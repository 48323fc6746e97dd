"""Breadth, diversity and lower tails against closed forms and exact counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from juguo_envs import Scenario
from juguo_envs.model import measures
from juguo_envs.model.state import BLOCK_PERSONS, RHO_BINS
from tests.properties.strategies import Plan, first_seeds, plans, scenarios
from tests.support import Array, started

diversity = measures.diversity.py_func
BIN = 1.0 / RHO_BINS
cells = arrays(np.int64, (4, 3), elements=st.integers(0, 60))
shares = arrays(np.float64, (4, 3), elements=st.one_of(st.just(0.0), st.floats(0.0, 1.0)))
aversions = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.floats(0.0, 2.0))
EACH_AVERSION = pytest.mark.parametrize("aversion", [0.0, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0])


def breadth(adopters: Array, sizes: Array, n: int, aversion: float = 0.5) -> float:
    return float(measures.breadth.py_func(adopters, sizes, n, aversion))


def breadth_of(y: Array, aversion: float, sizes: Array | None = None) -> float:
    """Breadth of adopting shares where cells are of these sizes, or of one."""
    sizes = np.ones(y.shape) if sizes is None else sizes
    return breadth(y * sizes, sizes, sizes.sum(), aversion)


def utility(y: Array, aversion: float) -> Array:
    """What a share counts for, as the model page writes it."""
    if aversion <= 0.5:
        return y ** (1.0 - aversion)
    q = 2.0 * (1.0 - aversion)
    x = 1.0 + np.sqrt(y) / 0.1
    return np.log(x) if q == 0.0 else (x**q - 1.0) / q


@EACH_AVERSION
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_breadth_is_the_share_where_all_cells_adopt_alike(share: float, aversion: float) -> None:
    sizes = np.array([[4, 8, 12], [20, 40, 16]])
    assert_allclose(breadth_of(np.full(sizes.shape, share), aversion, sizes), share, atol=1e-14)


@pytest.mark.parametrize(("persons", "total"), [((50, 50), 100), ((20, 80), 100)])
def test_breadth_with_one_cell_left_out_is_the_square_of_the_others_share(
    persons: tuple[int, int], total: int
) -> None:
    sizes = np.array([[*persons, 0]])
    adopters = np.array([[persons[0], 0, 0]])
    assert_allclose(breadth(adopters, sizes, total), (persons[0] / total) ** 2)


@given(cells, st.data())
def test_breadth_is_by_default_atkinsons_equally_distributed_equivalent(
    sizes: Array, data: st.DataObject
) -> None:
    sizes = sizes + 1
    shares = data.draw(arrays(np.float64, (4, 3), elements=st.floats(0.0, 1.0)))
    adopters = np.floor(shares * sizes).astype(int)
    n = int(sizes.sum())
    y = adopters / sizes
    epsilon = 0.5
    expected = ((sizes / n) * y ** (1.0 - epsilon)).sum() ** (1.0 / (1.0 - epsilon))
    found = breadth(adopters, sizes, n)
    assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    assert 0.0 <= found <= adopters.sum() / n + 1e-12  # inequality costs, and never gains


@given(cells, shares)
def test_breadth_without_aversion_counts_heads(sizes: Array, y: Array) -> None:
    sizes = sizes + 1
    assert_allclose(breadth_of(y, 0.0, sizes), (y * sizes).sum() / sizes.sum(), rtol=1e-12)


@given(cells, shares, aversions)
def test_breadth_equally_distributed_is_worth_as_much_as_what_is_there(
    sizes: Array, y: Array, aversion: float
) -> None:
    assume(aversion in (0.5, 1.0) or abs(aversion - 1.0) > 1e-3)  # nearer, the page's form loses digits
    sizes = sizes + 1
    found = np.array(breadth_of(y, aversion, sizes))
    worth = (sizes / sizes.sum() * utility(y, aversion)).sum()
    assert_allclose(utility(found, aversion), worth, rtol=1e-9, atol=1e-9)


@given(shares, aversions, aversions)
def test_breadth_never_rises_with_the_aversion(y: Array, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert breadth_of(y, high) <= breadth_of(y, low) + 1e-12


@given(cells, shares, aversions, st.integers(0, 11), st.integers(0, 11), st.floats(0.0, 1.0))
def test_adopters_passed_from_a_fuller_to_an_emptier_cell_never_lower_breadth(
    sizes: Array, y: Array, aversion: float, source: int, target: int, part: float
) -> None:
    sizes = sizes + 1.0
    before, size = y.ravel().copy(), sizes.ravel()
    if before[source] < before[target]:
        source, target = target, source
    alike = (before[source] - before[target]) / (1.0 / size[source] + 1.0 / size[target])
    after = before.copy()
    after[source] -= part * alike / size[source]
    after[target] += part * alike / size[target]
    assert (
        breadth_of(after.clip(0.0, 1.0).reshape(4, 3), aversion, sizes)
        >= breadth_of(y, aversion, sizes) - 1e-12
    )


@EACH_AVERSION
@pytest.mark.parametrize("empty", [1, 6, 11])
def test_breadth_tells_allocations_apart_where_cells_are_without_adopters(
    empty: int, aversion: float
) -> None:
    less, more, spread = np.full((3, 4, 3), 0.3)
    for y in (less, more, spread):
        y.ravel()[:empty] = 0.0
    more.ravel()[-1] = 0.6
    spread.ravel()[0] = 0.01
    assert 0.0 < breadth_of(less, aversion) < breadth_of(more, aversion) < 1.0
    assert breadth_of(less, aversion) < breadth_of(spread, aversion)


@EACH_AVERSION
def test_breadth_is_continuous_at_zero_shares(aversion: float) -> None:
    y = np.full((4, 3), 0.3)
    y[0] = 0.0
    nearly = np.where(y == 0.0, 1e-16, y)
    assert breadth_of(nearly, aversion) == pytest.approx(breadth_of(y, aversion), abs=1e-6)
    assert breadth_of(np.zeros((4, 3)), aversion) == 0.0


@pytest.mark.parametrize("aversion", [0.5, 1.0])
@pytest.mark.parametrize("step", [1e-5, 1e-9, 1e-13, 2.3e-16])
@given(y=shares)
def test_breadth_does_not_jump_where_its_form_changes(aversion: float, step: float, y: Array) -> None:
    here = breadth_of(y, aversion)
    for near in (aversion - step, aversion + step):
        assert breadth_of(y, near) == pytest.approx(here, abs=5.0 * step + 1e-13)


@given(cells, shares, aversions)
def test_the_compiled_breadth_is_that_of_the_formula(sizes: Array, y: Array, aversion: float) -> None:
    adopters = np.floor(y * (sizes + 1)).astype(np.int64)
    sizes = sizes + 1
    n = int(sizes.sum())
    found = measures.breadth(adopters, sizes, n, aversion)
    assert_allclose(found, breadth(adopters, sizes, n, aversion), rtol=1e-12, atol=1e-15)


@given(st.lists(st.tuples(shares, aversions), min_size=1, max_size=4))
def test_breadth_as_seen_is_breadth_where_strata_are_of_one_size(seen: list[tuple[Array, float]]) -> None:
    population = np.array([0.1, 0.2, 0.3, 0.4])
    sizes = np.repeat(population[:, None] * 300.0, 3, axis=1)
    y, e = np.stack([y for y, _ in seen]), np.array([e for _, e in seen])
    expected = [breadth_of(one, aversion, sizes) for one, aversion in seen]
    assert_allclose(measures.breadth_seen(y, population, e), expected, rtol=1e-9, atol=1e-14)
    alike = [breadth_of(one, e[0], sizes) for one in y]
    assert_allclose(measures.breadth_seen(y, population, e[:1]), alike, rtol=1e-9, atol=1e-14)


def test_breadth_prefers_the_equal_of_two_distributions() -> None:
    sizes = np.full((2, 3), 10)
    equal, unequal = np.full((2, 3), 5), np.array([[10, 10, 10], [0, 0, 0]])
    assert breadth(equal, sizes, 60) == pytest.approx(0.5)
    assert breadth(unequal, sizes, 60) == pytest.approx(0.25)


@given(cells)
def test_diversity_is_in_the_unit_interval(adopters: Array) -> None:
    assert 0.0 <= diversity(adopters) <= 1.0 + 1e-12


def test_diversity_is_0_for_nobody_and_for_one_cell_and_1_for_equal_cells() -> None:
    one = np.zeros((4, 3), int)
    assert diversity(one) == 0.0
    one[2, 1] = 30
    assert diversity(one) == pytest.approx(0.0, abs=1e-12)
    assert diversity(np.full((4, 3), 7)) == pytest.approx(1.0)


@pytest.mark.parametrize("m", [2, 5, 11])
def test_diversity_counts_the_effective_number_of_equal_cells(m: int) -> None:
    adopters = np.zeros(12, int)
    adopters[:m] = 9
    assert diversity(adopters.reshape(4, 3)) == pytest.approx((m - 1) / 11)


def lower_tail_mean(values: Array, persons: float) -> float:
    """The tail's mean by way of the table that the model uses."""
    table = np.ones((2, RHO_BINS), np.uint64)
    counts, sums = np.zeros(RHO_BINS, np.int64), np.zeros(RHO_BINS)
    measures.tabulate(values, table)
    measures.read_table(table, counts, sums)
    assert counts.sum() == len(values)
    assert_allclose(sums.sum(), values.sum(), rtol=1e-9, atol=1e-9)
    return float(measures.lower_tail_mean.py_func(counts, sums, persons))


def exact_tail(values: Array, persons: float) -> float:
    """Mean of the lowest `persons` values, the last one in part."""
    ordered = np.sort(values)
    whole = min(len(ordered), math.floor(persons))
    total = ordered[:whole].sum()
    if whole < len(ordered):
        total += (persons - whole) * ordered[whole]
    return float(total / persons)


@given(arrays(np.float64, st.integers(1, 300), elements=st.floats(0.0, 1.0)), st.floats(0.01, 1.0))
def test_the_mean_of_the_lower_tail_is_exact_to_a_bin(values: Array, share: float) -> None:
    persons = share * len(values)
    found = lower_tail_mean(values, persons)
    assert abs(found - exact_tail(values, persons)) <= BIN


def test_the_mean_of_the_lower_tail_is_exact_where_no_bin_is_cut() -> None:
    values = np.array([0.1] * 10 + [0.5] * 10 + [0.9] * 30)
    assert lower_tail_mean(values, 10.0) == pytest.approx(0.1)
    assert lower_tail_mean(values, 20.0) == pytest.approx(0.3)
    assert lower_tail_mean(values, 50.0) == pytest.approx(values.mean())


def test_a_full_block_at_the_greatest_value_does_not_overflow_its_table() -> None:
    assert lower_tail_mean(np.ones(BLOCK_PERSONS), 0.2 * BLOCK_PERSONS) == pytest.approx(1.0)


@given(scenarios(), plans(most=10), first_seeds())
def test_what_is_measured_is_what_the_persons_show(scenario: Scenario, plan: Plan, seed: int) -> None:
    batch = started(scenario, 1, seed)
    s = batch.state
    for actions in plan.actions(batch):
        batch.step(actions)
    quarter, rho = s.quarter[0], s.rho[0].astype(float)
    n = len(rho)
    cvar = 0.5 * rho.mean() + 0.5 * exact_tail(rho, 0.2 * n)
    assert abs(quarter["resilience"] - cvar) <= 0.5 * BIN
    assert_allclose(quarter["excluded"], s.excluded[0].mean(), rtol=1e-12)
    for c in range(batch.communities):
        here = slice(batch.structure.start[c], batch.structure.start[c + 1])
        com = s.community[0, c]
        assert_allclose(com["rho_sum"], rho[here].sum(), rtol=1e-9)
        assert_allclose(com["kappa_sum"], s.kappa[0, here].astype(float).sum(), rtol=1e-9)
        assert abs(com["rho_low"] - exact_tail(rho[here], 0.1 * len(rho[here]))) <= BIN
    if not (quarter["gave_up"] or quarter["advanced"]):  # else the adopters of the quarter are gone
        assert_allclose(
            quarter["breadth"], breadth(s.adopters[0], s.cells[0], n, scenario.reward.aversion), rtol=1e-12
        )
        assert_allclose(quarter["div"], diversity(s.adopters[0]), rtol=1e-12)
        assert_allclose(quarter["exposure"], s.adopted[0].sum() / n, rtol=1e-12)
