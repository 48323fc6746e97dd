"""What an allocator sees, and what it does not."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose

from juguo_envs import Batch, ExperimentDiffusionEnv, ObservationLayout, Scenario
from juguo_envs.info import batch_info
from juguo_envs.model import equations
from juguo_envs.spaces.observation import PER_COMMUNITY, SCALARS
from tests.properties.strategies import Plan, first_seeds, plans, scenarios
from tests.support import Array, parameters, random_actions, small, spend, started

NOISY = ("trust", "resilience_mean", "resilience_lowest")


USABLE = {"adoption.alpha_k": 0.0, "adoption.alpha_s": 0.0, "adoption.p": 0.1}
"""A technology that can be used from the start."""


def developed(noisy: bool, size: int = 3) -> tuple[Batch, Array]:
    """Societies in the middle of a programme, and what is seen of them."""
    scenario = small({**USABLE, "programme.T": 40, "crisis.shock_rate": 0.2, "society.persons": 300})
    batch = started(scenario, size, noisy=noisy)
    rng = np.random.default_rng(2)
    for _ in range(15):
        observation = batch.step(random_actions(rng, batch))
    return batch, observation


def test_every_entry_has_one_name_and_bounds() -> None:
    for communities in (1, 3, 8):
        layout = ObservationLayout(communities)
        names = layout.names()
        low, high = layout.bounds()
        assert len(names) == len(set(names)) == layout.size == len(low) == len(high)
        for name, least, most in zip(names, low, high, strict=True):
            assert (least, most) == (-1.0 if "change" in name else 0.0, 1.0)


def test_names_take_the_places_names() -> None:
    names = ObservationLayout(2).names(("east", "west"))
    assert "trust[east]" in names
    assert "last_share[west]" in names


@given(scenarios(), plans(), first_seeds())
def test_what_is_seen_is_inside_the_space(scenario: Scenario, plan: Plan, seed: int) -> None:
    batch = Batch(scenario, 1)
    low, high = batch.layout.bounds()
    for observation in (batch.reset(np.array([seed], np.uint64)), *map(batch.step, plan.actions(batch))):
        assert observation.dtype == np.float32
        assert (observation >= low).all() and (observation <= high).all()


def test_true_observations_show_the_state_as_it_is() -> None:
    batch, observation = developed(noisy=False)
    s, layout = batch.state, batch.layout
    sizes = np.diff(batch.structure.start)
    assert s.adopters.sum() > 0 and s.community["crisis"].max() > 0
    for name, value in {
        "know_how": s.community["k"],
        "environment": s.community["E"],
        "trust": s.community["tau"],
        "crisis": s.community["crisis"],
        "resilience_mean": s.community["rho_sum"] / sizes,
        "resilience_lowest": s.community["rho_low"],
        "excluded": s.community["excluded"] / sizes,
        "interactors": s.community["interactors"] / sizes,
        "capability": s.community["kappa_sum"] / sizes,
    }.items():
        assert_allclose(layout.place(observation, name), value, rtol=1e-6, err_msg=name)
    P, p = batch.scenario, s.programme
    estimate = [
        equations.estimated_harm.py_func(parameters(P), D, W) for D, W in zip(p["D"], p["W"], strict=True)
    ]
    for name, value in {
        "knowledge": p["K"],
        "fit": p["F"],
        "harm_estimate": estimate,
        "stage_quarters": p["stage_steps"] / P.programme.T,
        "project_quarters": p["age"] / P.programme.T,
        "time_left": 1.0 - p["t"] / P.programme.T,
    }.items():
        assert_allclose(layout.scalar(observation, name), value, rtol=1e-6, err_msg=name)
    assert_allclose(layout.scalar(observation, "knowledge_change"), p["K"] - p["K_before"], atol=1e-7)
    for name, amount in {
        "harm_evidence": p["D"],
        "experience": p["W"],
        "abandoned": p["abandoned"],
        "reserve": p["M"] / (P.money.B * 300),
    }.items():
        assert_allclose(layout.amount(observation, name), amount, rtol=1e-4, err_msg=name)
    with pytest.raises(ValueError, match="knowledge is shown as it is"):
        layout.amount(observation, "knowledge")
    assert np.array_equal(layout.stage(observation), p["stage"])
    assert_allclose(observation[:, -16:], s.allocation, rtol=1e-6)


def test_adoption_is_seen_by_community_and_stratum_with_its_change() -> None:
    scenario = small({**USABLE, "programme.T": 40, "society.persons": 300})
    batch = started(scenario, 2)
    seen = [batch.layout.adoption(batch.step(spend(batch, {"scenarios": 1.0}, advance=True)))]
    for _ in range(12):
        observation = batch.step(spend(batch, {"scenarios": 1.0}, advance=True))
        seen.append(batch.layout.adoption(observation))
        assert_allclose(seen[-1], batch.state.adopters / np.maximum(1, batch.state.cells), rtol=1e-6)
        change = np.stack([batch.layout.place(observation, n) for n in PER_COMMUNITY[3:6]], axis=-1)
        assert_allclose(change, seen[-1] - seen[-2], atol=1e-6)
    assert seen[-1].max() > 0.1


def test_only_fit_trust_and_resilience_carry_noise() -> None:
    noisy, observation = developed(noisy=True)
    true, exact = developed(noisy=False)
    assert np.array_equal(noisy.state.rho, true.state.rho)  # what is seen changes nothing
    names = np.array(noisy.layout.names())
    differs = (observation != exact).any(axis=0)
    expected = np.array([n.split("[")[0] in (*NOISY, "fit") for n in names])
    assert np.array_equal(differs, expected)


def measured_noise(governance: float) -> tuple[dict[str, Array], Array]:
    """Errors on what is seen of many societies after some quarters of governance, and its saturation."""
    scenario = Scenario.load("default").override({"society.persons": 80, "money.B": 3.0})
    seen = {}
    for noisy in (True, False):
        batch = started(scenario, 300, noisy=noisy)
        for _ in range(8):
            observation = batch.step(spend(batch, {"governance": governance}, reserve=1.0 - governance))
        seen[noisy] = {name: batch.layout.place(observation, name) for name in NOISY}
        seen[noisy]["fit"] = batch.layout.scalar(observation, "fit")
    P = parameters(scenario)
    sat = equations.sat.py_func(P, float(batch.state.z[0, 0, 4]))
    return {name: seen[True][name] - seen[False][name] for name in seen[True]}, sat


def test_without_evaluation_noise_has_the_scenarios_deviation() -> None:
    errors, sat = measured_noise(0.0)
    assert sat == 0.0
    # Trust is near .5 and far from its bounds. 2400 normal errors: their deviation is within 5 standard
    # errors, 5 / sqrt(4800) = 7.2 %, and their mean within 5 / sqrt(2400), with error rates below 1e-6.
    assert_allclose(errors["trust"].std(), 0.1, rtol=5 / np.sqrt(2 * errors["trust"].size))
    assert abs(errors["trust"].mean()) < 5 * 0.1 / np.sqrt(errors["trust"].size)


def test_money_on_governance_takes_the_noise_away() -> None:
    deviations, saturations = [], []
    for governance in (0.0, 0.05, 0.1, 1.0):
        errors, sat = measured_noise(governance)
        deviations.append([errors[name].std() for name in sorted(errors)])
        saturations.append(sat)
        assert_allclose(
            errors["trust"].std(), 0.1 * (1.0 - sat), rtol=5 / np.sqrt(2 * errors["trust"].size), atol=1e-6
        )
    assert (np.diff(saturations) > 0.0).all()
    assert (np.diff(deviations, axis=0) < 0.0).all()
    assert max(deviations[-1]) < 0.01 * max(deviations[0])


def test_noise_differs_between_quarters_places_and_quantities() -> None:
    batch = started(small(), 1)
    exact = started(small(), 1, noisy=False)
    errors = []
    for _ in range(5):
        pair = [one.step(spend(one)) for one in (batch, exact)]
        errors += [
            value
            for name in NOISY
            for value in batch.layout.place(pair[0], name)[0] - batch.layout.place(pair[1], name)[0]
        ]
    assert len(set(errors)) == len(errors)


def values_of(info: Mapping[str, Array]) -> list[float]:
    """All numbers of an info."""
    return [float(x) for part in info.values() for x in part.ravel()]


@pytest.mark.parametrize("noisy", [True, False])
def test_the_hidden_defect_and_ceiling_are_nowhere_in_what_is_seen(noisy: bool) -> None:
    # nobody adopts and research is paid nothing, so that neither can show through what it does
    scenario = small({"adoption.p": 0.0, "adoption.p_tr": 0.0})
    one = started(scenario, 4, noisy=noisy)
    other = copy.deepcopy(one)
    other.state.programme["X"] = 0.123
    other.state.programme["C"] = 0.987
    for _ in range(10):
        action = spend(one, {"adaptation": 1.0, "governance": 1.0}, openness=1.0, advance=True)
        assert np.array_equal(one.step(action), other.step(action))
        assert values_of(batch_info(one)) == values_of(batch_info(other))
    assert (one.state.programme["X"] != other.state.programme["X"]).all()


def test_the_defect_shows_through_harm_once_people_adopt() -> None:
    scenario = small({**USABLE, "society.persons": 900, "adoption.d0": 0.15})
    sound, defective = started(scenario, 4), started(scenario, 4)
    sound.state.programme["X"] = 0.0
    defective.state.programme["X"] = 1.0
    for _ in range(12):
        seen = [one.step(spend(one, {"governance": 1.0})) for one in (sound, defective)]
    estimates = [
        one.layout.scalar(o, "harm_estimate") for one, o in zip((sound, defective), seen, strict=True)
    ]
    assert (estimates[1] > estimates[0] + 0.1).all()


def test_the_environment_shows_the_truth_or_noise_as_asked() -> None:
    exact = ExperimentDiffusionEnv(small(), observe="true")
    noisy = ExperimentDiffusionEnv(small())
    observation, _ = exact.reset(seed=0)
    seen, _ = noisy.reset(seed=0)
    trust = exact.batch.state.community["tau"][0]
    assert_allclose(exact.layout.place(observation, "trust"), trust, rtol=1e-6)
    assert np.abs(noisy.layout.place(seen, "trust") - trust).min() > 1e-4


def test_scalars_stand_in_the_documented_order() -> None:
    layout = ObservationLayout(2)
    names = layout.names()
    marks = np.arange(layout.size, dtype=np.float32)
    for name in SCALARS:
        assert layout.scalar(marks, name) == names.index(name)
    for name in PER_COMMUNITY:
        assert layout.place(marks, name).tolist() == [names.index(f"{name}[{c}]") for c in (0, 1)]
