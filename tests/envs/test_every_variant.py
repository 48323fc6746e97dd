"""Every world that ships, in every variant, with every option: the vector is single environments, the checks pass.

Worlds are made small. Every option in one world and every world as it is take seconds; the rest is slow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from juguo_agents.allocators.choice import RuleChoice
from juguo_envs import (
    ENV_ID,
    MO_ENV_ID,
    ExperimentDiffusionEnv,
    ExperimentDiffusionVectorEnv,
    Family,
    Scenario,
    scenario_names,
)
from juguo_envs.multi_objective import MOExperimentDiffusionEnv, MOExperimentDiffusionVectorEnv
from juguo_envs.testing import check_vector_env
from juguo_envs.wrappers import CostStep, DictAction, DictObservation, MultiDiscreteAction

FAMILY = "family"
WORLDS = [*scenario_names(), FAMILY]
OPTIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "without noise": {"observe": "true"},
    "all that may be shown": {"context": True, "preferences": "drawn", "history": 3},
    "weights": {"reward": {"breadth": 0.5, "excluded": 2.0, "aversion": 1.0}},
    "weights shown": {"preferences": "shown"},
    "own reward": {"reward": lambda info: info["breadth"] - info["cost"]},
    "own observation": {"observation": lambda seen: seen[:, ::3]},
}
WRAPPED: dict[str, Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]] = {
    "actions by name": DictAction,
    "actions in levels": MultiDiscreteAction,
    "observations by name": DictObservation,
    "a choice of rules": lambda env: RuleChoice(env, ["flat", "market"]),
}


def world(name: str) -> Scenario | Family:
    """A world that ships, with few persons and quarters."""
    made = Scenario.load("default" if name == FAMILY else name)
    made = made.override({"society.persons": 80, "programme.T": 4})
    return Family(made, varies=False) if name == FAMILY else made


def cases() -> list[Any]:
    """Every world with every option."""

    def marks(name: str, option: str) -> tuple[pytest.MarkDecorator, ...]:
        return () if name == "default" or option == "as it is" else (pytest.mark.slow,)

    return [
        pytest.param(name, option, id=f"{name}, {option}", marks=marks(name, option))
        for name in WORLDS
        for option in OPTIONS
    ]


class Kept(SyncVectorEnv):
    """Gymnasium's own, which leaves the caller's options as they are; see docs/reference/check-vector-env.md."""

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return super().reset(seed=seed, options=None if options is None else dict(options))


@pytest.mark.parametrize(("name", "option"), cases())
def test_the_vector_environment_is_single_ones(name: str, option: str) -> None:
    place, arguments = world(name), OPTIONS[option]
    check_vector_env(
        lambda: ExperimentDiffusionEnv(place, **arguments),
        lambda n, mode: ExperimentDiffusionVectorEnv(n, place, autoreset_mode=mode, **arguments),
        num_envs=(2,),
        episodes=2,
    )


@pytest.mark.parametrize(("name", "option"), [case for case in cases() if case.values[1] != "own reward"])
def test_with_a_vector_as_reward_too(name: str, option: str) -> None:
    place, arguments = world(name), OPTIONS[option]
    check_vector_env(
        lambda: MOExperimentDiffusionEnv(place, **arguments),
        lambda n, mode: MOExperimentDiffusionVectorEnv(n, place, autoreset_mode=mode, **arguments),
        num_envs=(2,),
        episodes=1,
    )


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_wrapped_ones_in_gymnasiums_vector_are_single_ones(wrapped: str) -> None:
    def make() -> gym.Env[Any, Any]:
        return WRAPPED[wrapped](ExperimentDiffusionEnv(world("default")))

    check_vector_env(make, lambda n, mode: Kept([make] * n, autoreset_mode=mode), num_envs=(2,), episodes=1)


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("name", [ENV_ID, MO_ENV_ID])
def test_the_ids_make_what_was_checked(name: str, mode: AutoresetMode) -> None:
    envs = gym.make_vec(
        name, 2, vectorization_mode="vector_entry_point", scenario="poor", autoreset_mode=mode.value
    )
    assert isinstance(envs, ExperimentDiffusionVectorEnv)
    assert envs.metadata["autoreset_mode"] is mode


@pytest.mark.parametrize(("name", "option"), cases())
def test_gymnasiums_checker_has_no_complaint(name: str, option: str) -> None:
    check_env(ExperimentDiffusionEnv(world(name), **OPTIONS[option]), skip_render_check=True)


@pytest.mark.parametrize(("name", "option"), cases())
def test_the_checker_of_stable_baselines3_has_no_complaint(name: str, option: str) -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(ExperimentDiffusionEnv(world(name), **OPTIONS[option]), warn=True)


@pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version:UserWarning")
@pytest.mark.parametrize("wrapped", WRAPPED)
def test_gymnasiums_checker_has_no_complaint_of_a_wrapped_one(wrapped: str) -> None:
    check_env(WRAPPED[wrapped](ExperimentDiffusionEnv(world("default"))), skip_render_check=True)


def test_a_step_with_a_cost_is_for_other_libraries() -> None:
    """No checker of Gymnasium's knows six parts: what is beneath is checked above."""
    env = CostStep(ExperimentDiffusionEnv(world("default")))
    env.reset(seed=0)
    assert len(env.step(env.action_space.sample())) == 6


@pytest.mark.parametrize("name", WORLDS)
def test_pettingzoos_checks_have_no_complaint(name: str) -> None:
    checks = pytest.importorskip("pettingzoo.test", reason="pettingzoo is not installed")
    from juguo_envs.parallel import AgenciesEnv

    checks.parallel_api_test(AgenciesEnv(scenario=world(name)), num_cycles=10)
    checks.parallel_seed_test(lambda: AgenciesEnv(scenario=world(name)), num_cycles=10)


@pytest.mark.parametrize("name", WORLDS)
def test_mo_gymnasium_makes_and_weighs_it(name: str) -> None:
    mo_gymnasium = pytest.importorskip("mo_gymnasium", reason="MO-Gymnasium is not installed")
    env = mo_gymnasium.make(MO_ENV_ID, scenario=world(name), disable_env_checker=True)
    env.reset(seed=0)
    linear = mo_gymnasium.wrappers.LinearReward(env)
    assert isinstance(linear.step(env.action_space.sample())[1], float)
