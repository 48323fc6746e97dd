"""Property 2: whatever is done, all stocks stay in their ranges and finite."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from juguo_envs import Batch, Scenario
from juguo_envs.model.equations import PARTICIPANT, PRODUCER
from juguo_envs.spaces.observation import ObservationLayout
from tests.properties.strategies import Plan, extreme_parameters, first_seeds, plans, scenarios
from tests.support import Array, ties

UNIT_COMMUNITY = ("k", "E", "tau", "crisis", "rho_low")
UNIT_PROGRAMME = ("K", "K_before", "F", "X", "C")
UNIT_QUARTER = ("breadth", "resilience", "excluded", "exposure", "div")
UNBOUNDED_PROGRAMME = ("M", "D", "W")
UNBOUNDED_QUARTER = ("budget", "released", "spent", "payout", "market", "organised", "peers")


def in_range(values: Array, low: float, high: float, slack: float = 0.0) -> bool:
    """Whether all values are finite and in [low, high]; a sum of shares may be off by `slack`."""
    return bool(
        np.isfinite(values).all() and (values >= low - slack).all() and (values <= high + slack).all()
    )


def check_ranges(batch: Batch, observation: Array) -> None:
    """Every stock is in its range."""
    s = batch.state
    for name in ("kappa", "rho", "adopted", "excluded"):
        assert in_range(getattr(s, name), 0.0, 1.0), name
    assert in_range(s.role, 0, 2)
    for name in UNIT_COMMUNITY:
        assert in_range(s.community[name], 0.0, 1.0, slack=1e-9 if name == "rho_low" else 0.0), name
    for name in UNIT_PROGRAMME:
        assert in_range(s.programme[name], 0.0, 1.0), name
    for name in UNBOUNDED_PROGRAMME:
        assert in_range(s.programme[name], 0.0, np.inf), name
    for name in UNIT_QUARTER:
        assert in_range(s.quarter[name], 0.0, 1.0, slack=1e-9), name
    for name in UNBOUNDED_QUARTER:
        assert in_range(s.quarter[name], 0.0, np.inf), name
    assert np.isfinite(s.quarter["reward"]).all()
    assert in_range(s.z, 0.0, np.inf)
    assert in_range(s.board, 0.0, 1.0, slack=1e-9)
    low, high = ObservationLayout(batch.communities).bounds()
    assert np.isfinite(observation).all()
    assert (observation >= low).all() and (observation <= high).all()


def check_bookkeeping(batch: Batch, b: int, producers: Array) -> None:
    """What is counted as the society moves on agrees with a recount of its persons."""
    s = batch.state
    place = np.repeat(np.arange(batch.communities), np.diff(batch.structure.start))
    adopted = s.adopted[b].astype(int)
    assert np.array_equal(s.role[b] == PRODUCER, producers)
    assert not adopted[s.excluded[b] == 1].any()
    assert np.isin(s.role[b][s.excluded[b] == 1], (PRODUCER, PARTICIPANT)).all()
    ends, others = ties(s, b)
    assert np.array_equal(s.peers[b], np.bincount(ends, adopted[others], batch.persons))
    by_stratum = np.bincount(3 * place + s.stratum[b], adopted, 3 * batch.communities)
    by_role = np.bincount(3 * place + s.role[b], adopted, 3 * batch.communities)
    assert np.array_equal(s.adopters[b].ravel(), by_stratum)
    assert np.array_equal(s.adopters_role[b].ravel(), by_role)
    assert np.array_equal(s.community["excluded"][b], np.bincount(place, s.excluded[b], batch.communities))


def live(scenario: Scenario, plan: Plan, seed: int) -> None:
    """Carry a plan out and check every quarter."""
    batch = Batch(scenario, 2)
    seeds = np.array([seed, seed + 1], np.uint64)
    check_ranges(batch, batch.reset(seeds))
    producers = [batch.state.role[b] == PRODUCER for b in range(2)]
    for actions in plan.actions(batch):
        check_ranges(batch, batch.step(actions))
        for b in range(2):
            check_bookkeeping(batch, b, producers[b])


@given(scenarios(), plans(), first_seeds())
def test_stocks_stay_in_range_in_every_world_that_is_sampled(
    scenario: Scenario, plan: Plan, seed: int
) -> None:
    live(scenario, plan, seed)


@settings(max_examples=120)
@given(scenarios(extreme_parameters()), plans(), first_seeds())
def test_stocks_stay_in_range_at_the_ends_of_what_a_scenario_may_hold(
    scenario: Scenario, plan: Plan, seed: int
) -> None:
    live(scenario, plan, seed)


@given(scenarios(), plans(least=20), first_seeds())
def test_a_new_technology_starts_without_adopters_and_evidence(
    scenario: Scenario, plan: Plan, seed: int
) -> None:
    batch = Batch(scenario, 2)
    batch.reset(np.array([seed, seed + 1], np.uint64))
    for actions in plan.actions(batch):
        before = batch.state.programme["project"].copy()
        batch.step(actions)
        new = batch.state.programme["project"] > before
        asked_for = (batch.state.quarter["gave_up"] == 1) | (batch.state.quarter["advanced"] == 1)
        assert asked_for[new].all()
        for name in ("D", "W", "age", "stage", "stage_steps"):
            assert not batch.state.programme[name][new].any()
        for name in ("adopted", "peers", "adopters", "adopters_role"):
            assert not getattr(batch.state, name)[new].any()
