"""The society that a seed and a scenario make: persons, communities, network."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from juguo_envs import Batch, Scenario, ScenarioError
from juguo_envs.model.equations import INTERACTOR, PRODUCER
from juguo_envs.worlds import society as societies
from juguo_envs.worlds.society import apportion, build_structure
from tests.properties.strategies import first_seeds, scenarios
from tests.support import Array, parameters, small, started, ties

DEFAULT = Scenario.load("default")
SOCIETIES = 40


@pytest.fixture(scope="module")
def default() -> Batch:
    """Forty societies of the default world at their start."""
    return started(DEFAULT, SOCIETIES)


# --- the network -------------------------------------------------------------------------------------------


@given(scenarios(), first_seeds())
def test_the_network_is_a_simple_graph(scenario: Scenario, seed: int) -> None:
    batch = started(scenario, 1, seed)
    one, other = ties(batch.state, 0)
    n = batch.persons
    assert (one != other).all()
    assert ((other >= 0) & (other < n)).all()
    pairs = one * n + other
    assert len(np.unique(pairs)) == len(pairs)
    assert np.array_equal(np.sort(pairs), np.sort(other * n + one))
    assert len(one) <= 2 * int(batch.structure.edges)


def test_everybody_is_tied_to_everybody_in_a_complete_network() -> None:
    batch = started(small({"society.network": "complete"}), 1)
    one, other = ties(batch.state, 0)
    assert len(one) == 60 * 59
    assert np.array_equal(
        np.unique(one * 60 + other), [i * 60 + j for i in range(60) for j in range(60) if i != j]
    )


def test_the_mean_degree_is_the_scenarios(default: Batch) -> None:
    for b in range(SOCIETIES):
        assert len(ties(default.state, b)[0]) == 8 * 1000


def test_a_place_too_crowded_for_its_ties_gets_fewer_and_no_double_ones() -> None:
    scenario = small({"society.persons": 30, "society.mean_degree": 29.0, "society.inside": 1.0})
    batch = started(scenario, 1)
    one, other = ties(batch.state, 0)
    assert 0 < len(one) < 30 * 29
    assert len(np.unique(one * 30 + other)) == len(one)


def test_about_the_asked_share_of_the_ties_is_inside_a_community(default: Batch) -> None:
    place = np.repeat(np.arange(8), np.diff(default.structure.start))
    shares = []
    for b in range(SOCIETIES):
        one, other = ties(default.state, b)
        shares.append((place[one] == place[other]).mean())
    # drawn with .85; ties that are there already are drawn again, and more of those are inside
    assert 0.835 < np.mean(shares) < 0.855


@pytest.mark.parametrize("inside", [0.0, 1.0])
def test_all_or_no_ties_can_be_inside(inside: float) -> None:
    batch = started(small({"society.inside": inside, "society.mean_degree": 4.0}), 1)
    place = np.repeat(np.arange(3), np.diff(batch.structure.start))
    one, other = ties(batch.state, 0)
    assert ((place[one] == place[other]) == bool(inside)).all()


def test_nobody_has_more_ties_by_the_order_of_persons_than_by_chance(default: Batch) -> None:
    degrees = np.diff(default.state.offsets, axis=1)
    # ties that fall on persons alike make degrees nearly Poisson
    assert_allclose(degrees.var(), degrees.mean(), rtol=0.1)
    # In a community persons are exchangeable: the first halves have as many ties as the second halves.
    # Error rate 6e-5: four standard errors over communities and societies.
    halves = []
    for b in range(SOCIETIES):
        for c in range(8):
            here = degrees[b, default.structure.start[c] : default.structure.start[c + 1]]
            halves.append(here[: len(here) // 2].mean() - here[-(len(here) // 2) :].mean())
    assert abs(np.mean(halves)) < 4.0 * np.std(halves) / math.sqrt(len(halves))


def test_ties_to_neighbours_stay_with_the_neighbours() -> None:
    listed = [
        {"name": name, "population": 1, "producers": 1, "capability": 0.4, "neighbours": [near]}
        for name, near in (("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"))
    ]
    scenario = DEFAULT.override(
        {"society.persons": 200, "society.communities": listed, "society.distant": 0.0, "society.inside": 0.5}
    )
    batch = started(scenario, 1)
    place = np.repeat(np.arange(4), np.diff(batch.structure.start))
    one, other = ties(batch.state, 0)
    assert (place[one] // 2 == place[other] // 2).all()
    assert (place[one] != place[other]).any()


def listed(ties_: list[list[int]]) -> dict[str, object]:
    """A society of 20 persons in two places, with its ties listed."""
    places = [{"name": name, "population": 10, "producers": 1, "capability": 0.4} for name in ("a", "b")]
    return {"persons": 20, "communities": places, "network": "listed", "ties": ties_}


@given(st.sets(st.tuples(st.integers(0, 19), st.integers(0, 19)).filter(lambda t: t[0] < t[1])), st.data())
def test_listed_ties_are_the_ties_of_every_society(pairs: set[tuple[int, int]], data: st.DataObject) -> None:
    turned = [list(pair) if data.draw(st.booleans()) else list(pair)[::-1] for pair in sorted(pairs)]
    batch = started(Scenario.parse({"society": listed(turned)}), 2)
    for b in range(2):
        one, other = ties(batch.state, b)
        found = set(zip(one.tolist(), other.tolist(), strict=True))
        assert len(one) == len(found) == 2 * len(pairs)
        assert found == pairs | {(y, x) for x, y in pairs}


# --- sizes and strata --------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=40), st.integers(0, 100_000), st.integers(0, 2))
def test_apportioned_numbers_sum_to_the_total_and_are_near_their_quotas(
    weights: list[float], total: int, at_least: int
) -> None:
    total += at_least * len(weights)
    found = apportion(np.array(weights), total, at_least=at_least)
    assert found.sum() == total
    assert (found >= at_least).all()
    if sum(weights) > 0.0:
        quota = np.array(weights) / sum(weights) * (total - at_least * len(weights)) + at_least
        assert (np.abs(found - quota) < 1.0 + 1e-6).all()


SIZES = st.floats(min_value=5e-324, allow_infinity=False, allow_nan=False) | st.sampled_from(
    [5e-324, 1e-308, 2.2e-308, 1.0, 1e16, 1e308, 1.7e308]
)


@given(
    st.lists(st.tuples(SIZES, SIZES | st.just(0.0)), min_size=1, max_size=10),
    st.integers(10, 10_000_000),
    st.floats(0.0, 1.0),
)
@example([(1e308, 1e308)] * 2, 1000, 0.05)
@example([(5e-324, 0.0)] * 2, 20, 1.0)
def test_every_person_lives_somewhere_and_every_producer_is_one_of_them(
    places: list[tuple[float, float]], persons: int, share: float
) -> None:
    listed = [
        {"name": f"place {i}", "population": size, "producers": own, "capability": 0.5}
        for i, (size, own) in enumerate(places)
    ]
    society = {"persons": persons, "producers": share, "mean_degree": 1.0, "communities": listed}
    made = build_structure(Scenario.parse({"society": society}))
    sizes = np.diff(made.start)
    assert sizes.sum() == persons and sizes.min() >= 1
    assert made.producers.sum() == round(share * persons)
    assert (made.producers >= 0).all() and (made.producers <= sizes).all()
    assert np.isfinite(made.mixing).all()


@pytest.mark.parametrize("size", [1e308, 5e-324, 1.0])
def test_sizes_are_in_proportion_however_large_the_numbers_are(size: float) -> None:
    assert apportion(np.array([size, size]), 1000, at_least=1).tolist() == [500, 500]
    assert apportion(np.array([size, size]), 50, np.array([10, 990])).tolist() == [10, 40]


def test_producers_are_in_proportion_while_they_have_room_and_then_elsewhere() -> None:
    weights, room = np.array([8.0, 1.0, 1.0]), np.array([100, 100, 100])
    assert apportion(weights, 100, room).tolist() == [80, 10, 10]
    assert apportion(weights, 200, room).tolist() == [100, 50, 50]
    assert apportion(weights, 300, room).tolist() == [100, 100, 100]
    assert apportion(np.array([1.0, 0.0]), 30, np.array([10, 90])).tolist() == [10, 20]


def test_what_kernels_would_read_beyond_is_refused_before_they_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(societies, "_shares", lambda weights, total: np.ones(len(weights), "i8"))
    with pytest.raises(ScenarioError, match="its sizes of communities would be out of bounds"):
        build_structure(Scenario())


@settings(max_examples=15)
@given(st.lists(st.tuples(SIZES, SIZES), min_size=1, max_size=4), st.integers(10, 40), first_seeds())
def test_a_society_of_extreme_sizes_lives(places: list[tuple[float, float]], persons: int, seed: int) -> None:
    listed = [
        {"name": f"place {i}", "population": size, "producers": own, "capability": 0.5}
        for i, (size, own) in enumerate(places)
    ]
    world = Scenario.parse({"society": {"persons": persons, "communities": listed}})
    batch = started(world, 1, seed)
    for _ in range(2):
        observation = batch.step(np.zeros((1, batch.action_size)))
        assert np.isfinite(observation).all()


@given(scenarios(), first_seeds())
def test_strata_are_terciles_of_capability_at_the_start(scenario: Scenario, seed: int) -> None:
    batch = started(scenario, 1, seed)
    s, n = batch.state, batch.persons
    kappa, stratum = s.kappa0[0], s.stratum[0]
    for j in range(2):
        assert kappa[stratum <= j].max(initial=0.0) < kappa[stratum > j].min()
    place = np.repeat(np.arange(batch.communities), np.diff(batch.structure.start))
    assert np.array_equal(s.cells[0].ravel(), np.bincount(3 * place + stratum, minlength=s.cells[0].size))
    if len(np.unique(kappa)) == n:  # nobody shares a capability with another
        assert np.abs(s.cells[0].sum(axis=0) - n / 3).max() <= 1


def check_share(found: float, expected: float, count: int) -> None:
    """A share of `count` independent persons; error rate 6e-5, four standard errors."""
    assert abs(found - expected) < 4.0 * math.sqrt(expected * (1.0 - expected) / count)


def test_the_default_society_is_the_model_pages(default: Batch) -> None:
    s, structure = default.state, default.structure
    hubs = structure.start[2]
    assert np.diff(structure.start).sum() == 1000
    assert_allclose(
        np.diff(structure.start)[:2].mean() / np.diff(structure.start)[2:].mean(), 1.25, rtol=0.01
    )
    assert structure.hub.tolist() == [1, 1, 0, 0, 0, 0, 0, 0]
    assert (s.role == PRODUCER).sum(axis=1).tolist() == [50] * SOCIETIES
    assert structure.producers[:2].sum() in (34, 35, 36)  # 70 % of 50
    assert (s.role[:, :hubs] == PRODUCER).sum() == SOCIETIES * structure.producers[:2].sum()
    others = s.role != PRODUCER
    expected = 0.25 * s.kappa0[others].astype(float).mean()
    check_share((s.role[others] == INTERACTOR).mean(), expected, int(others.sum()))
    assert not s.adopted.any()
    assert not s.excluded.any()


def test_capability_and_resilience_start_as_the_model_page_says(default: Batch) -> None:
    s, structure = default.state, default.structure
    assert s.kappa0.min() >= 0.0 and s.kappa0.max() <= 1.0
    means = [0.46, 0.46, *np.linspace(0.42, 0.24, 6)]
    for c, mean in enumerate(means):
        here = s.kappa0[:, structure.start[c] : structure.start[c + 1]].astype(float)
        # Clipping moves the mean by less than .01 and narrows the spread; error rate 6e-5 beyond that.
        assert abs(here.mean() - mean) < 0.01 + 4.0 * 0.15 / math.sqrt(here.size)
    P = DEFAULT.resilience
    kappa = s.kappa0.astype(float)
    assert_allclose(s.rho, P.r0 * kappa / (P.r0 * kappa + P.delta_rho), rtol=1e-5)


def test_communities_start_as_the_model_page_says(default: Batch) -> None:
    community = default.state.community
    start = {"k": DEFAULT.know_how.k0, "E": DEFAULT.know_how.E0, "tau": DEFAULT.trust.tau0}
    for name, value in start.items():
        assert (community[name] == value).all()
    assert not community["crisis"].any()
    programme = default.state.programme
    for name, value in {"K": 0.1, "F": 0.1, "M": 0.0, "D": 0.0, "W": 0.0, "stage": 0}.items():
        assert (programme[name] == value).all()


def ks_distance(values: Array, cdf: Array) -> float:
    """Kolmogorov-Smirnov distance of sorted values, given the distribution function at each."""
    n = len(values)
    return float(max((np.arange(1, n + 1) / n - cdf).max(), (cdf - np.arange(n) / n).max()))


def test_hidden_draws_of_technologies_are_distributed_as_the_model_page_says() -> None:
    scenario = small(
        {"society.persons": 30, "defect.p_X": 0.4, "defect.X_lo": 0.5, "defect.p_Y": 0.3,
         "defect.rumour": 0.2, "knowledge.C_lo": 0.6}
    )  # fmt: skip
    programme, P = started(scenario, 2000).state.programme, parameters(scenario)
    X, C = np.sort(programme["X"]), np.sort(programme["C"])
    # Two-sided Kolmogorov-Smirnov at the level 1e-4: 2.2 / sqrt(n).
    critical = 2.2 / math.sqrt(2000)
    assert ks_distance(C, (C - P.C_lo) / (1.0 - P.C_lo)) < critical
    sound = (1.0 - P.p_X) * np.minimum(1.0, X / 0.1)
    cdf = np.where(P.X_lo > X, sound, 1.0 - P.p_X + P.p_X * (X - P.X_lo) / (1.0 - P.X_lo))
    assert ks_distance(X, cdf) < critical
    assert ((X < 0.1) | (P.X_lo <= X)).all()
    rumour = np.sort(programme["rumour"])
    assert ks_distance(rumour, rumour / P.rumour) < critical
    repairable = int((programme["Y"] == 1.0).sum())
    # four standard deviations of a binomial count: error rate 6e-5
    assert abs(repairable - 2000 * P.p_Y) < 4.0 * math.sqrt(2000 * P.p_Y * (1.0 - P.p_Y))
    assert set(programme["Y"].tolist()) == {0.0, 1.0}


def test_the_hidden_draws_of_a_technology_say_nothing_of_each_other() -> None:
    changes = {"society.persons": 30, "defect.p_Y": 0.5, "defect.rumour": 0.2}
    programme = started(small(changes), 2000).state.programme
    drawn = np.stack([programme[name] for name in ("X", "C", "Y", "rumour")])
    # five standard errors of a correlation, six times: error rate 4e-6
    assert np.abs(np.triu(np.corrcoef(drawn), 1)).max() < 5.0 / math.sqrt(2000)
