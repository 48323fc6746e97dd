"""The short cut over persons: who is passed over could not have changed."""

from __future__ import annotations

import copy
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from juguo_envs import Batch, Scenario
from juguo_envs.model import equations
from juguo_envs.model import persons as model
from juguo_envs.model import random as draws
from tests.properties.strategies import first_seeds, scenarios

SATURATIONS = 11


class Width:
    """Parameters of the acceptance only."""

    def __init__(self, width: float) -> None:
        self.width = width


@given(st.floats(0.0, 1.0), st.floats(-10.0, 2.0), st.floats(0.02, 10.0))
def test_the_bound_of_acceptance_is_never_below_it(kappa: float, difficulty: float, width: float) -> None:
    if (difficulty - kappa) / width < 700.0:  # where an exponential does not overflow in plain Python
        accept = equations.accept.py_func(Width(width), kappa, difficulty)
        assert model.accept_bound.py_func(Width(width), kappa, difficulty) >= accept


def test_the_bound_of_acceptance_is_close_where_most_people_are() -> None:
    for y in np.linspace(0.0, 3.0, 31):
        accept = 1.0 / (1.0 + math.exp(y))
        bound = model.accept_bound.py_func(Width(1.0), 0.0, float(y))
        assert y == 0.0 or bound <= 1.25 * accept


def keys_of(batch: Batch) -> model.Streams:
    """The quarter's streams of society 0."""
    seed, t = batch.state.programme["seed"][0], batch.state.programme["t"][0]
    purposes = (draws.ROLE, draws.ADOPTION, draws.HARM, draws.DAMAGE, draws.QUIT)
    return model.Streams(*(np.uint64(draws.stream(seed, t, purpose)) for purpose in purposes))


@given(scenarios(), first_seeds(), st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_deciding_the_candidates_only_is_deciding_everybody(
    scenario: Scenario, seed: int, actions_seed: int, quarters: int
) -> None:
    rng = np.random.default_rng(actions_seed)
    batch = Batch(scenario, 1)
    batch.reset(np.array([seed], np.uint64))
    for _ in range(quarters):
        batch.step(rng.uniform(-1.0, 1.0, (1, batch.action_size)))
    batch.state.hit[:] = 0.0
    everybody = copy.deepcopy(batch)
    w, sats = batch.world, rng.uniform(0.0, 1.0, (batch.communities, SATURATIONS))
    low, high = int(w.start[0]), int(w.start[1])
    told = []
    for one, short_cut in ((batch, True), (everybody, False)):
        s, keys, causes = one.state, keys_of(one), np.zeros(3)
        now = model.conditions(s, one.params[0], 0, 0, sats, 0.3)
        people = (s.kappa, s.adopted, s.excluded, s.role)
        if short_cut:
            model.mark_candidates(
                one.params[0], now, keys, low, *(x[0, low:high] for x in people), s.candidate[0, low:high]
            )
        else:
            s.candidate[0, low:high] = 1 - s.excluded[0, low:high]
        changes, harmed = model.decide(s, one.params[0], 0, now, keys, low, high, 0, causes)
        told.append((changes, harmed, causes, s.changed[0, :changes], s.adopted, s.role, s.hit))
    for short, whole in zip(*told, strict=True):
        np.testing.assert_array_equal(short, whole)
