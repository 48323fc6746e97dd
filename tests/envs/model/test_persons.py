"""The short cut over persons: who is passed over could not have changed."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from juguo_envs import Batch, Scenario
from juguo_envs.model import equations
from juguo_envs.model import persons as model
from juguo_envs.model import random as draws
from juguo_envs.model.compiled import inlined
from juguo_envs.model.state import N_SATURATIONS, State
from tests.properties.strategies import first_seeds, scenarios
from tests.support import Array


class Width:
    """Parameters of the acceptance only."""

    def __init__(self, width: float) -> None:
        self.width = width


@given(st.floats(0.0, 1.0), st.floats(-10.0, 2.0), st.floats(0.02, 10.0))
def test_the_bound_of_acceptance_is_never_below_it(kappa: float, difficulty: float, width: float) -> None:
    if (difficulty - kappa) / width < 700.0:  # where an exponential does not overflow in plain Python
        accept = equations.accept.py_func(Width(width), kappa, difficulty)
        assert equations.accept_bound.py_func(Width(width), kappa, difficulty) >= accept


def test_the_bound_of_acceptance_is_close_where_most_people_are() -> None:
    for y in np.linspace(0.0, 3.0, 31):
        accept = 1.0 / (1.0 + math.exp(y))
        bound = equations.accept_bound.py_func(Width(1.0), 0.0, float(y))
        assert y == 0.0 or bound <= 1.25 * accept


@inlined  # one function, since handing over the whole state takes seconds to compile each time
def decided(
    s: State, P: Any, sats: Array, keys: Any, low: int, high: int, causes: Array, short_cut: bool
) -> tuple[int, int]:
    """Decide the first community of society 0: the candidates only, or everybody who is not excluded."""
    now = model.conditions(s, P, 0, 0, sats, 0.3)
    if short_cut:
        model.mark_candidates(
            P, now, keys, low, s.kappa[0, low:high], s.adopted[0, low:high], s.excluded[0, low:high],
            s.role[0, low:high], s.candidate[0, low:high],
        )  # fmt: skip
    else:
        for i in range(low, high):
            s.candidate[0, i] = 1 - s.excluded[0, i]
    return model.decide(s, P, 0, now, keys, low, high, 0, causes)


def keys_of(batch: Batch) -> model.Streams:
    """The quarter's streams of society 0."""
    seed, t = batch.state.programme["seed"][0], batch.state.programme["t"][0]
    purposes = (draws.ROLE, draws.ADOPTION, draws.HARM, draws.DAMAGE)
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
    w, sats = batch.structure, rng.uniform(0.0, 1.0, (batch.communities, N_SATURATIONS))
    low, high = int(w.start[0]), int(w.start[1])
    told = []
    for one, short_cut in ((batch, True), (everybody, False)):
        s, causes = one.state, np.zeros(3)
        changes, harmed = decided(s, one.params[0], sats, keys_of(one), low, high, causes, short_cut)
        told.append((changes, harmed, causes, s.changed[0, :changes], s.adopted, s.role, s.hit))
    for short, whole in zip(*told, strict=True):
        np.testing.assert_array_equal(short, whole)
