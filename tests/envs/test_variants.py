"""The variants: the same core in other forms, and the official checks of each library that asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils import RecordConstructorArgs
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from juguo_envs import ENV_ID, MO_ENV_ID, AllocationError, ExperimentDiffusionEnv, Family, decode_allocation
from juguo_envs.core import FunctionError
from juguo_envs.errors import UserError
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.multi_objective import MOExperimentDiffusionEnv, MOExperimentDiffusionVectorEnv
from juguo_envs.testing import check_vector_env
from juguo_envs.wrappers import CostStep, DictAction, DictObservation, MultiDiscreteAction
from tests.support import bits, small

WORLD = small({"programme.T": 5, "crisis.shock_rate": 0.2})
Env = gym.Env[Any, Any]


def make(**arguments: Any) -> Env:
    """The environment, as Gymnasium makes it."""
    return gym.make(ENV_ID, scenario=WORLD, **arguments)


class Weighted(gym.RewardWrapper[Any, Any], RecordConstructorArgs):
    """A vector times weights, as MO-Gymnasium's `LinearReward`, whose infos share an array."""

    def __init__(self, env: Env, weights: Any = (1.0, 0.2, 1.0)) -> None:
        RecordConstructorArgs.__init__(self, weights=weights)
        gym.RewardWrapper.__init__(self, env)
        self.weights = np.asarray(weights)

    def reward(self, reward: Any) -> float:
        return float(np.dot(reward, self.weights))


def mo(**arguments: Any) -> Env:
    """The environment whose reward is a vector; Gymnasium's checker in `make` would refuse that."""
    return gym.make(MO_ENV_ID, scenario=WORLD, disable_env_checker=True, **arguments)


VARIANTS: dict[str, Callable[[], Env]] = {
    "scalar": make,
    "all shown": lambda: make(context=True, preferences="shown", history=3),
    "own reward": lambda: make(reward=lambda info: 2.0 * info["breadth"] - info["cost"]),
    "own observation": lambda: make(observation=lambda seen: seen[:, :7]),
    "vector reward, weighted": lambda: Weighted(mo()),
    "actions by name": lambda: DictAction(make()),
    "actions in levels": lambda: MultiDiscreteAction(make()),
    "observations by name": lambda: DictObservation(
        make(context=True, preferences="drawn", history=2).unwrapped
    ),
}


WRAPPED = "ignore:.*is different from the unwrapped version:UserWarning"
"""What Gymnasium's checker says of every wrapper."""


@pytest.mark.filterwarnings(WRAPPED)
@pytest.mark.parametrize("name", VARIANTS)
def test_gymnasiums_checker_has_no_complaint(name: str) -> None:
    check_env(VARIANTS[name](), skip_render_check=True)


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "actions by name"])
def test_the_checker_of_stable_baselines3_has_no_complaint(name: str) -> None:
    """Actions by name are left out: stable-baselines3 knows no dictionaries of actions."""
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(VARIANTS[name](), warn=True)


# --- the vector reward -------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.0, 10.0), min_size=3, max_size=3), st.integers(0, 9))
def test_the_vector_times_the_weights_is_the_scalar_reward(weights: list[float], seed: int) -> None:
    named = dict(zip(("breadth", "resilience", "excluded"), weights, strict=True))
    scalar, vector = ExperimentDiffusionEnv(WORLD, reward=named), MOExperimentDiffusionEnv(WORLD)
    assert bits(scalar.reset(seed=seed)) == bits(vector.reset(seed=seed))
    for _ in range(5):
        action = scalar.action_space.sample()
        one, other = scalar.step(action), vector.step(action)
        assert_allclose(np.dot(other[1], weights), one[1], rtol=0.0, atol=1e-12)
        assert other[1] in vector.reward_space
        assert other[1].shape == (vector.reward_dim,) == vector.reward_space.shape
        assert bits(one[0]) == bits(other[0])


def test_rewards_of_an_episode_sum_to_the_means_of_the_quarters() -> None:
    env = MOExperimentDiffusionEnv(WORLD)
    env.reset(seed=0)
    rewards, infos = zip(*[env.step(env.action_space.sample())[1::3] for _ in range(5)], strict=True)
    means = [np.mean([info[name] for info in infos]) for name in ("breadth", "resilience", "excluded")]
    assert_allclose(np.sum(rewards, axis=0), [means[0], means[1], -means[2]], rtol=1e-12)


@pytest.mark.parametrize(
    "world", [WORLD, Family(small({"programme.T": 5}), varies=False)], ids=["one", "family"]
)
def test_vector_environments_with_vectors_as_rewards_are_single_ones_in_lockstep(world: Any) -> None:
    check_vector_env(
        lambda: MOExperimentDiffusionEnv(world),
        lambda n, mode: MOExperimentDiffusionVectorEnv(n, world, autoreset_mode=mode),
    )


def test_both_ids_make_vector_environments() -> None:
    for name, shape in ((ENV_ID, (2,)), (MO_ENV_ID, (2, 3))):
        envs = gym.make_vec(name, num_envs=2, scenario=WORLD, autoreset_mode=AutoresetMode.SAME_STEP)
        envs.reset(seed=0)
        assert envs.step(envs.action_space.sample())[1].shape == shape


def test_a_vector_reward_and_a_function_of_it_are_refused_together() -> None:
    with pytest.raises(UserError, match="reward is a function, and here it is a vector"):
        MOExperimentDiffusionEnv(WORLD, reward=lambda info: info["cost"])


def test_mo_gymnasium_weighs_the_vector() -> None:
    mo_gymnasium = pytest.importorskip("mo_gymnasium", reason="MO-Gymnasium is not installed")
    env = mo_gymnasium.make(MO_ENV_ID, scenario=WORLD)
    assert env.unwrapped.reward_dim == env.unwrapped.reward_space.shape[0]
    weights = np.array([1.0, 0.2, 1.0])
    linear, scalar = mo_gymnasium.wrappers.LinearReward(env, weight=weights), make()
    linear.reset(seed=0)
    scalar.reset(seed=0)
    for _ in range(5):
        action = scalar.action_space.sample()
        one, other = linear.step(action), scalar.step(action)
        assert_allclose(one[1], other[1], rtol=0.0, atol=1e-12)
        assert one[4]["vector_reward"] in env.unwrapped.reward_space


# --- actions and observations by name ----------------------------------------------------------------------


def test_an_action_by_name_is_the_allocation_that_it_says() -> None:
    env = DictAction(make())
    env.reset(seed=0)
    action = {
        "functions": np.array([3, 0, 0, 0, 0, 1, 0, 0, 0], np.float32) / 4,
        "reserve": np.array([0.25], np.float32),
        "communities": np.array([0.5, 0.5, 0.0], np.float32),
        "openness": np.array([0.75], np.float32),
        "advance": np.int64(1),
        "abandon": np.int64(0),
    }
    env.step(action)
    told = env.get_wrapper_attr("batch").state.allocation[0]
    assert_allclose(told[:10], [0.6, 0, 0, 0, 0, 0.2, 0, 0, 0, 0.2], atol=1e-6)
    assert_allclose(told[10:13], [0.5, 0.5, 0.0], atol=1e-6)
    assert_allclose(told[13:], [0.75, 1.0, 0.0], atol=1e-6)
    with pytest.raises(AllocationError, match="communities holds a weight that is negative"):
        env.step({**action, "communities": np.array([-1.0, 0.0, 0.0])})


@given(st.integers(2, 7), st.integers(0, 99))
def test_levels_stand_for_equal_steps_of_weight(levels: int, seed: int) -> None:
    env = MultiDiscreteAction(make(), levels)
    env.action_space.seed(seed)
    chosen = env.action_space.sample()
    told = decode_allocation(env.action(chosen), np.array([0.2, 0.3, 0.5]))
    weights = np.array(chosen[:10], float)
    expected = weights / weights.sum() if weights.any() else np.eye(10)[-1]
    assert_allclose([*told.functions, told.reserve], expected, atol=1e-6)
    assert_allclose(told.openness, chosen[13] / (levels - 1), atol=1e-6)
    assert (bool(told.advance), bool(told.abandon)) == (chosen[14] == 1, chosen[15] == 1)
    assert env.names[:10] == (*FUNCTIONS, "reserve")
    assert len(env.names) == len(chosen)


def test_levels_are_at_least_two() -> None:
    with pytest.raises(UserError, match="levels is 1; allowed is 2 or more"):
        MultiDiscreteAction(make(), 1)


@pytest.mark.parametrize("shown", [{}, {"context": True}, {"preferences": "drawn", "history": 3}])
def test_blocks_by_name_hold_the_whole_observation(shown: dict[str, Any]) -> None:
    plain, named = make(**shown), DictObservation(make(**shown))
    seen, blocks = plain.reset(seed=3)[0], named.reset(seed=3)[0]
    assert bits(np.concatenate(list(blocks.values()))) == bits(seen)
    names = [name for block in named.names.values() for name in block]
    assert names == plain.get_wrapper_attr("layout").names()
    assert set(blocks) - {"communities", "programme", "last_allocation"} == {
        *(["context"] if "context" in shown else []),
        *(["preferences", "history"] if "history" in shown else []),
    }
    assert blocks in named.observation_space


@pytest.mark.parametrize("wrap", [DictAction, MultiDiscreteAction, DictObservation, CostStep])
def test_a_wrapped_environments_spec_makes_the_same(wrap: Any) -> None:
    env = wrap(make())
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert isinstance(again, wrap)
    assert bits(env.reset(seed=0)) == bits(again.reset(seed=0))


# --- cost, and functions of one's own ----------------------------------------------------------------------


def test_a_step_with_a_cost_has_six_parts() -> None:
    plain, costly = make(), CostStep(make())
    plain.reset(seed=0)
    costly.reset(seed=0)
    for _ in range(5):
        action = plain.action_space.sample()
        observation, reward, cost, terminated, truncated, info = costly.step(action)
        assert bits((observation, reward, terminated, truncated, info)) == bits(plain.step(action))
        assert cost == info["excluded"] == pytest.approx(5 * info["cost_over_T"])


def test_an_own_reward_is_of_what_info_tells() -> None:
    env = make(reward=lambda info: info["breadth"] + info["reward_vector"][:, 2])
    env.reset(seed=0)
    _, reward, _, _, info = env.step(env.action_space.sample())
    assert reward == info["breadth"] + info["excluded"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"reward": lambda info: info["reward_vector"]}, r"reward returned shape \(1, 3\); expected \(1,\)"),
        ({"reward": lambda info: 1.0}, r"reward returned shape \(\); expected \(1,\)"),
        (
            {"reward": lambda info: info["breadth"] + np.nan},
            "reward returned nan; every entry must be finite",
        ),
        ({"reward": lambda info: ["much"]}, r"reward returned \['much'\]; expected numbers"),
        ({"observation": lambda seen: seen[0]}, r"observation returned shape \(\d+,\); expected \(1, k\)"),
        ({"observation": lambda seen: seen / 0.0}, "observation returned nan; every entry must be finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:(invalid value|divide by zero):RuntimeWarning")
def test_what_an_own_function_returns_is_checked(arguments: Any, said: str) -> None:
    def use() -> None:
        env = make(**arguments)
        env.reset(seed=0)
        env.step(env.action_space.sample())

    with pytest.raises(FunctionError, match=said):
        use()
