"""Three agencies decide together: PettingZoo's own checks, how asks are settled, and the single allocator."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from juguo_envs import AllocationError, ExperimentDiffusionEnv, ScenarioError, encode_allocation
from juguo_envs.errors import UserError
from juguo_envs.model.state import ACTORS
from tests.support import Array, bits, small

pytest.importorskip("pettingzoo", reason="pettingzoo is not installed")

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of what its checks import
    from pettingzoo.test import parallel_api_test, parallel_seed_test

from juguo_envs.parallel import RULES, AgenciesEnv, Asks, Settlement

WORLD = small({"programme.T": 6, "crisis.shock_rate": 0.2})
SHARES = st.floats(0.0, 1.0)


def split(action: Array, communities: int = 3) -> dict[str, Array]:
    """What each agency asks where one allocator would take an action."""
    shares = np.reshape(action[:9], (3, 3))
    return {actor: np.concatenate([own, action[9:]]) for actor, own in zip(ACTORS, shares, strict=True)}


def allocations(count: int) -> list[Array]:
    """Actions as allocators make them; some put all aside, or say nothing of places."""
    rng = np.random.default_rng(0)
    made = []
    for k in range(count):
        functions = rng.random(9) * (rng.random(9) < 0.6) * (k % 5 > 0)
        places = rng.random(3) * (k % 7 > 0)
        flags = rng.random(2) < (0.5, 0.1)
        made.append(
            encode_allocation(
                functions, places, reserve=rng.random() * (k % 2), openness=rng.random(), advance=flags[0],
                abandon=flags[1],
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("own", [0.0, 1.0])
def test_pettingzoos_checks_have_no_complaint(rule: str, own: float) -> None:
    parallel_api_test(AgenciesEnv(rule, own, scenario=WORLD), num_cycles=20)
    parallel_seed_test(lambda: AgenciesEnv(rule, own, scenario=WORLD), num_cycles=20)


@pytest.mark.parametrize("rule", ["proportional", "veto"])
def test_where_all_want_the_same_it_is_the_single_allocator(rule: str) -> None:
    """One who decides for all three, in a programme of several stages and projects, bit for bit."""
    world = small({"programme.T": 40, "crisis.shock_rate": 0.2})
    alone, together = ExperimentDiffusionEnv(world), AgenciesEnv(rule, scenario=world)
    seen, info = alone.reset(seed=5)
    shown, infos = together.reset(seed=5)
    for action in allocations(40):
        assert all(bits(shown[agent]) == bits(seen) for agent in ACTORS)
        assert all(bits({**infos[agent], "granted": 0}) == bits({**info, "granted": 0}) for agent in ACTORS)
        seen, reward, terminated, _, info = alone.step(action)
        shown, rewards, ended, _, infos = together.step(split(action))
        assert rewards == dict.fromkeys(ACTORS, reward)
        assert ended == dict.fromkeys(ACTORS, terminated)
    assert together.agents == []


def asks(**given: Any) -> Asks:
    """Nothing is asked for, but what is said."""
    nothing: dict[str, Any] = {
        "functions": np.zeros((3, 3)), "reserve": np.zeros(3), "communities": np.zeros((3, 2)),
        "openness": np.zeros(3), "advance": np.zeros(3, bool), "abandon": np.zeros(3, bool),
    }  # fmt: skip
    return Asks(**{**nothing, **{name: np.array(value) for name, value in given.items()}})


def granted(settled: Settlement) -> Array:
    """(4,) shares of the three agencies and of the reserve."""
    parts = np.array([*settled.functions.reshape(3, 3).sum(1), settled.reserve])
    total = parts.sum()
    return parts / total if total > 0.0 else np.array([0.0, 0.0, 0.0, 1.0])


@given(st.lists(SHARES, min_size=9, max_size=9), st.lists(SHARES, min_size=3, max_size=3))
def test_what_the_rules_promise(functions: list[float], reserve: list[float]) -> None:
    asked = asks(functions=np.reshape(functions, (3, 3)), reserve=reserve)
    wanted = asked.functions.sum(1)
    by_rule = {name: granted(rule(asked)) for name, rule in RULES.items()}
    for shares in by_rule.values():
        assert_allclose(shares.sum(), 1.0)
        assert (shares >= 0.0).all()
        assert (shares[:3][wanted == 0.0] == 0.0).all()  # nobody gets what was not asked for
    total = wanted.sum() + asked.reserve.mean()
    if total > 0.0:
        assert_allclose(by_rule["proportional"][:3], wanted / total, atol=1e-12)
    spenders = by_rule["equal"][:3][wanted > 0.0]
    assert_allclose(
        spenders, np.full(len(spenders), (1.0 - asked.reserve.mean() / total) / 3 if total else 0.0)
    )
    assert by_rule["veto"][3] >= by_rule["proportional"][3] - 1e-12


def test_votes_and_openness() -> None:
    asked = asks(openness=[0.2, 0.4, 0.9], advance=[True, True, False], abandon=[True, False, False])
    settled = {name: rule(asked) for name, rule in RULES.items()}
    for name in ("proportional", "equal"):
        assert (settled[name].openness, settled[name].advance, settled[name].abandon) == (0.5, True, False)
    assert (settled["veto"].openness, settled["veto"].advance, settled["veto"].abandon) == (0.2, False, False)
    assert RULES["veto"](asks(advance=[True] * 3, abandon=[True] * 3)).abandon


def test_places_are_weighed_by_what_is_asked_for() -> None:
    places = [[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]]
    functions = [[0.3, 0.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 0.0]]
    assert_allclose(asks(communities=places, functions=functions).places(), [0.3, 0.1])
    assert_allclose(asks(communities=places).places(), [1.0, 1.0])


def test_an_agencys_own_reward_is_its_technology_goal() -> None:
    env = AgenciesEnv(own=0.25, scenario=WORLD)
    env.reset(seed=0)
    draw = np.random.default_rng(0)
    for _ in range(6):
        actions = {a: draw.uniform(-1.0, 1.0, env.action_space(a).shape) for a in env.agents}
        _, rewards, _, _, infos = env.step(actions)
        for i, agent in enumerate(ACTORS):
            info, quarter = infos[agent], env.env.batch.state.quarter[0]
            assert_allclose(rewards[agent], 0.75 * quarter["reward"] + 0.25 * info["board"][3, i] / 6)


def test_a_rule_of_ones_own() -> None:
    def producers_decide(asked: Asks) -> Settlement:
        functions = np.zeros(9)
        functions[:3] = asked.functions[0]
        return Settlement(functions, float(asked.reserve[0]), asked.communities[0], 0.0, True, False)

    env = AgenciesEnv(producers_decide, scenario=WORLD)
    env.reset(seed=0)
    infos = env.step({a: np.ones(env.action_space(a).shape, np.float32) for a in ACTORS})[4]
    assert_allclose([infos[a]["granted"] for a in ACTORS], [0.75, 0.0, 0.0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"rule": "lottery"}, "unknown rule 'lottery'; there are proportional, equal, veto"),
        ({"own": 1.5}, r"own is 1.5; allowed is 0 to 1"),
        ({"own": float("nan")}, r"own is nan; allowed is 0 to 1"),
    ],
)
def test_arguments_that_are_not_allowed_are_refused(arguments: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        AgenciesEnv(scenario=WORLD, **arguments)


def test_a_wrong_step_changes_nothing() -> None:
    env = AgenciesEnv(scenario=WORLD)
    with pytest.raises(gym.error.ResetNeeded):
        env.step({})
    env.reset(seed=0)
    good = {a: np.zeros(env.action_space(a).shape, np.float32) for a in ACTORS}
    for wrong, said in (
        ({a: good[a] for a in ACTORS[:2]}, "there is no action of participants"),
        ({**good, "producers": good["producers"][:-1]}, r"producers has shape \(9,\); expected \(10,\)"),
        ({**good, "producers": good["producers"] + np.nan}, "producers must hold finite numbers"),
    ):
        with pytest.raises(AllocationError, match=said):
            env.step(wrong)
    assert env.env.batch.state.programme["t"][0] == 0


def test_options_are_those_of_the_single_environment() -> None:
    env, alone = AgenciesEnv(scenario=WORLD), ExperimentDiffusionEnv(WORLD)
    options = {"preferences": {"excluded": 3.0}, "observe": "true"}
    assert bits(env.reset(seed=1, options=options)[0]["producers"]) == bits(
        alone.reset(seed=1, options=options)[0]
    )
    with pytest.raises(ScenarioError, match="unknown option 'option'"):
        env.reset(options={"option": 1})
