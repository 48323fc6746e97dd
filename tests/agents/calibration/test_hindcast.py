"""Calibration: simulation, the Bass curve and the hindcast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from juguo_agents.calibration.data import Diffusion
from juguo_agents.calibration.fit import fit
from juguo_agents.calibration.hindcast import Bass, Hindcast, fit_bass, hindcast, plausible, simulate
from juguo_agents.calibration.likelihood import exposure
from juguo_agents.calibration.results import as_json, calibrate, console_table
from tests.agents.calibration.support import PEOPLE, SMALL, TRUE, society, spread


def test_simulation_follows_the_equation_written_person_by_person() -> None:
    # means of 400 and 60 runs at 11 period ends, two-sided z-tests: refused with probability below 1e-3
    empty = society(60, 3)
    start = np.zeros(60, bool)
    ours = simulate(empty, np.tile(TRUE, (400, 1)), start, 12, np.random.default_rng(0)).sum(axis=2)
    theirs = np.array([spread(empty, TRUE, 12, s).adopters().sum(axis=1) for s in range(60)])
    assert ours[:, 0].max() == 0
    error = np.sqrt(ours.var(axis=0) / 400 + theirs.var(axis=0) / 60)[1:]
    assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0))[1:] < 4.1 * error).all()


def test_simulation_starts_where_it_is_told_and_nobody_leaves() -> None:
    start = SMALL.adopted_by(5)
    found = simulate(SMALL, np.tile(TRUE, (7, 1)), start, 4, np.random.default_rng(0))
    assert found.shape == (7, 5, 3)
    assert (found[:, 0] == SMALL.adopters()[5]).all()
    assert (np.diff(found, axis=1) >= 0).all()


def test_a_bass_curve_is_found_again() -> None:
    true = Bass(p=0.02, q=0.4, potential=0.7)
    new = np.diff(true.shares(15)) * 20_000
    time = np.repeat(np.arange(1, 16), np.round(new).astype(int))
    n = 20_000
    everyone = Diffusion(
        ("",) * n, ("all",), np.zeros(n, int), np.append(time, np.zeros(n - len(time), int)), 15,
        np.zeros(0, int), np.zeros(0, int),
    )  # fmt: skip
    found = fit_bass(everyone)
    assert (found.p, found.q, found.potential) == pytest.approx((0.02, 0.4, 0.7), rel=0.02)


def test_a_bass_curve_has_the_closed_form() -> None:
    p, q = 0.03, 0.5
    t = np.arange(21)
    e = np.exp(-(p + q) * t)
    assert Bass(p, q, 0.8).shares(20) == pytest.approx(0.8 * (1 - e) / (1 + q / p * e))


def test_plausible_coefficients_spread_like_the_likelihood() -> None:
    seen = exposure(spread(society(1500, 6), TRUE, 20, seed=1))
    found = fit(seen)
    drawn = plausible(seen, found, 2000, np.random.default_rng(0))
    assert (drawn > 0.0).all()
    for j in range(3):
        error = found.errors[j]
        assert error is not None
        assert drawn[:, j].std() == pytest.approx(error, rel=0.25)
        assert abs(drawn[:, j].mean() - found.full.coefficients[j]) < 0.5 * error


def test_a_hindcast_knows_the_first_half_alone() -> None:
    whole = spread(PEOPLE, TRUE, 15, seed=2)
    half = whole.periods // 2
    other = replace(whole, time=np.where(whole.time > half, 0, whole.time))
    told, same = hindcast(whole, seed=4), hindcast(other, seed=4)
    assert isinstance(told, Hindcast)
    assert isinstance(same, Hindcast)
    assert told.half == 7
    assert (told.predicted == same.predicted).all()
    assert (told.bass_predicted == same.bass_predicted).all()
    assert told.observed[-1] > same.observed[-1]


def test_a_hindcast_of_the_models_own_diffusion_is_inside_its_band() -> None:
    # the last of 9 predicted ends, 20 diffusions, 90 %: fewer than 13 inside with probability 3e-3
    inside, better = 0, 0
    for s in range(20):
        told = hindcast(spread(PEOPLE, TRUE, 18, 50 + s), seed=0, runs=200)
        assert isinstance(told, Hindcast)
        assert (told.low <= told.high).all()
        inside += bool(told.low[-1] <= told.observed[-1] <= told.high[-1])
        better += told.error < told.bass_error
    assert inside >= 13
    assert better >= 10


def test_a_first_half_without_a_diffusion_leaves_the_hindcast_out_and_says_why() -> None:
    late = replace(SMALL, time=np.where(SMALL.time > 0, SMALL.time + 12, 0), periods=24)
    found = calibrate(late, "late")
    assert found.hindcast == "nobody adopted after period 1 in the first half, which ends with period 12"
    assert "note: no hindcast" in console_table(found)
    assert as_json(found, {})["hindcast"] == {"left_out": found.hindcast}
