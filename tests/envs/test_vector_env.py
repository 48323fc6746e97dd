"""The vector environment: Gymnasium's semantics, and every sub-environment a single environment.

The oracle is Gymnasium's own `SyncVectorEnv` over single environments, which steps them one after another and
knows the autoreset modes. Programmes are short, and some sub-environments are begun anew in between, so that
episodes end at different times.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from juguo_envs import ENV_ID, ExperimentDiffusionEnv, ExperimentDiffusionVectorEnv
from juguo_envs.engine import batch as batch_module
from tests.support import Array, bits, small

WORLD = small({"programme.T": 5, "crisis.shock_rate": 0.2})
MODES = (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP, AutoresetMode.DISABLED)
QUALIFIED = f"juguo_envs:{ENV_ID}"


def lockstep(num_envs: int, mode: AutoresetMode) -> SyncVectorEnv:
    """Single environments, stepped one after another."""
    return SyncVectorEnv(
        [lambda: ExperimentDiffusionEnv(WORLD) for _ in range(num_envs)], autoreset_mode=mode
    )


def check_same_info(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Whatever the oracle tells of a sub-environment is told by ours, and flagged as told."""
    assert ours.keys() == theirs.keys()
    for name, values in theirs.items():
        if name.startswith("_"):
            assert np.array_equal(ours[name], values), name
            continue
        for i in np.flatnonzero(theirs[f"_{name}"]):
            if isinstance(values, dict):
                for part in values:
                    if not part.startswith("_"):
                        check_equal(ours[name][part][i], values[part][i], f"{name}.{part}")
            else:
                check_equal(ours[name][i], values[i], name)


def check_equal(mine: Any, its: Any, name: str) -> None:
    """Two values of an info are the same."""
    assert np.array_equal(mine, its), name


def check_same_step(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> None:
    """Observation, reward, ends and info are the same, bit for bit."""
    assert bits(ours[0]) == bits(theirs[0])
    for mine, its in zip(ours[1:-1], theirs[1:-1], strict=True):
        assert bits(mine) == bits(its)
    mine, its = dict(ours[-1]), dict(theirs[-1])
    if "final_info" in its:
        flags = its["_final_info"]
        assert np.array_equal(mine.pop("_final_info"), its.pop("_final_info"))
        assert np.array_equal(mine.pop("_final_obs"), its.pop("_final_obs"))
        check_same_info(mine.pop("final_info"), its.pop("final_info"))
        mine_final, its_final = mine.pop("final_obs"), its.pop("final_obs")
        for i, told in enumerate(flags):
            assert bits(mine_final[i]) == bits(its_final[i])
            assert (mine_final[i] is not None) == told
    check_same_info(mine, its)


def some_actions(envs: ExperimentDiffusionVectorEnv, count: int) -> Array:
    """(count, num_envs, 10 + R + 3) actions."""
    rng = np.random.default_rng(0)
    return rng.uniform(-1.0, 1.0, (count, *envs.action_space.shape)).astype(np.float32)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("num_envs", "apart"), [(1, False), (3, False), (3, True)])
def test_sub_environments_are_single_environments_stepped_in_lockstep(
    num_envs: int, apart: bool, mode: AutoresetMode
) -> None:
    ours = ExperimentDiffusionVectorEnv(num_envs, WORLD, autoreset_mode=mode)
    theirs = lockstep(num_envs, mode)
    check_same_step(ours.reset(seed=11), theirs.reset(seed=11))
    ended = np.zeros(num_envs, int)
    for t, actions in enumerate(some_actions(ours, 23)):
        result = ours.step(actions)
        check_same_step(result, theirs.step(actions))
        ended += result[2]
        begin = result[2] if mode == AutoresetMode.DISABLED else np.zeros(num_envs, np.bool_)
        if apart and t in (2, 9):  # out of step from here on
            begin[t % num_envs] = True
        if begin.any():
            seed = [70 + t if i == 0 else None for i in range(num_envs)]
            check_same_step(
                ours.reset(seed=seed, options={"reset_mask": begin.copy()}),
                theirs.reset(seed=seed, options={"reset_mask": begin.copy()}),
            )
    assert (ended >= 3).all()


@pytest.mark.parametrize("mode", MODES)
def test_results_do_not_depend_on_the_number_of_threads(mode: AutoresetMode) -> None:
    one = ExperimentDiffusionVectorEnv(5, WORLD, autoreset_mode=mode)
    two = ExperimentDiffusionVectorEnv(5, WORLD, autoreset_mode=mode, threads=2)
    assert bits(one.reset(seed=1)) == bits(two.reset(seed=1))
    for t, actions in enumerate(some_actions(one, 12)):
        here = one.step(actions)
        assert bits(here) == bits(two.step(actions))
        if mode == AutoresetMode.DISABLED and here[2].any():
            everyone = {"reset_mask": here[2]}
            assert bits(one.reset(seed=t, options=everyone)) == bits(two.reset(seed=t, options=everyone))


def test_an_integer_seed_means_seed_plus_i() -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD)
    observations, _ = envs.reset(seed=40)
    for i in range(3):
        assert np.array_equal(observations[i], ExperimentDiffusionEnv(WORLD).reset(seed=40 + i)[0])
    assert np.array_equal(envs.reset(seed=[40, 41, 42])[0], observations)


def test_sub_environments_share_no_generator() -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD)
    envs.reset(seed=[5, 5])
    observations, _ = envs.reset()
    assert np.array_equal(observations[0], observations[1])
    envs.reset(seed=[5, 5])
    envs.reset(options={"reset_mask": np.array([True, False])})  # draws for the first alone
    observations, _ = envs.reset()
    assert not np.array_equal(observations[0], observations[1])


def test_gymnasium_makes_it_by_its_id() -> None:
    envs = gym.make_vec(QUALIFIED, num_envs=3, vectorization_mode="vector_entry_point")
    assert isinstance(envs.unwrapped, ExperimentDiffusionVectorEnv)
    assert envs.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    observations, _ = envs.reset(seed=0)
    assert observations in envs.observation_space
    observations, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
    assert observations in envs.observation_space
    assert rewards.dtype == np.float64
    assert terminated.dtype == truncated.dtype == np.bool_


def test_gymnasium_makes_the_default_vector_environment_of_it() -> None:
    envs = gym.make_vec(QUALIFIED, num_envs=2, scenario=WORLD)
    assert envs.num_envs == 2
    observations, _ = envs.reset(seed=0)
    assert observations in envs.observation_space


@pytest.mark.parametrize("mode", MODES)
def test_the_mode_is_told_twice(mode: AutoresetMode) -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD, autoreset_mode=mode.value)
    assert envs.autoreset_mode == mode
    assert envs.metadata["autoreset_mode"] == mode
    assert ExperimentDiffusionVectorEnv.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP


@pytest.mark.parametrize("mode", MODES[:2])
def test_observations_are_fresh_arrays(mode: AutoresetMode) -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD, autoreset_mode=mode)
    observations = [envs.reset(seed=0)[0]]
    kept = [observations[0].copy()]
    for actions in some_actions(envs, 12):
        observations.append(envs.step(actions)[0])
        kept.append(observations[-1].copy())
    for observation, copied in zip(observations, kept, strict=True):
        assert np.array_equal(observation, copied)
    for i, one in enumerate(observations):
        assert not any(np.shares_memory(one, other) for other in observations[:i])


def test_the_callers_reset_options_are_left_alone() -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD)
    envs.reset(seed=0)
    options = {"reset_mask": np.array([True, False])}
    envs.reset(options=options)
    assert list(options) == ["reset_mask"]
    assert options["reset_mask"].tolist() == [True, False]


def test_only_what_the_mask_names_begins_anew() -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD)
    envs.reset(seed=0)
    before, *_ = envs.step(some_actions(envs, 1)[0])
    after, info = envs.reset(options={"reset_mask": np.array([False, True, False])})
    assert np.array_equal(after[[0, 2]], before[[0, 2]])
    assert not np.array_equal(after[1], before[1])
    assert envs.batch.state.programme["t"].tolist() == [1, 0, 1]
    assert info["_breadth"].tolist() == [False, True, False]


def test_kinds_of_arrays_do_not_make_the_model_compile_again() -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD)
    envs.reset(seed=0)
    actions = some_actions(envs, 1)[0]
    frozen = actions.copy()
    frozen.flags.writeable = False
    results = []
    for kind in (actions, frozen, actions.astype(float), np.asfortranarray(actions), actions.tolist()):
        envs.reset(seed=0, options={"reset_mask": np.array([True, False, True, False])[[0, 2]][::-1]})
        results.append(bits(envs.step(kind)))
    assert all(result == results[0] for result in results)
    assert len(batch_module._reset_range.signatures) == 1
    assert len(batch_module._step_range.signatures) == 1
