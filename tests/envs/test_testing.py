"""The checker of vector environments: it finds what is wrong, and nothing in ours."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.vector.utils import batch_space

from juguo_envs.testing import VectorEnvError, check_vector_env

MODES = tuple(AutoresetMode)


class Walk(gym.Env[Any, Any]):
    """A short walk whose length is drawn, with an info of every kind."""

    observation_space = gym.spaces.Box(-100.0, 100.0, (2,), np.float32)
    action_space = gym.spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        super().reset(seed=seed)
        self.t, self.end, self.x = 0, int(self.np_random.integers(2, 7)), self.np_random.normal()
        return self.seen(), {"begun": True, "end": self.end}

    def seen(self) -> Any:
        return np.array([self.x, self.t], np.float32)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.t += 1
        self.x += float(action) - 1.0 + 0.1 * self.np_random.normal()
        info: dict[str, Any] = {
            "x": self.x,
            "deep": {"t": self.t},
            "word": "even" if self.t % 2 == 0 else "odd",
        }
        if self.t % 2:
            info["seldom"] = np.array([self.x, 1.0])
        return self.seen(), self.x, self.t >= self.end, self.t >= 5, info


class Kept(SyncVectorEnv):
    """Gymnasium's own, which leaves the caller's options as they are."""

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return super().reset(seed=seed, options=None if options is None else dict(options))


def sync(n: int, mode: AutoresetMode) -> SyncVectorEnv:
    """A vector environment that is right."""
    return Kept([Walk] * n, autoreset_mode=mode)


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    check_vector_env(Walk, sync, num_envs=(1, 2, 5))


class Broken(Kept):
    """One thing is wrong with it."""

    def __init__(self, n: int, mode: AutoresetMode, fault: str) -> None:
        super().__init__([Walk] * n, autoreset_mode=mode, copy=fault != "shares its array")
        self.fault = fault
        if fault == "hides its mode":
            self.metadata = {}
        if fault == "another space":
            self.action_space = batch_space(gym.spaces.Discrete(4), n)

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        if self.fault == "one seed for all" and isinstance(seed, int):
            seed = [seed] * self.num_envs
        if self.fault == "another generator without a seed" and seed is None:
            seed = 5
        if self.fault == "resets everybody" and options:
            options = None
        observation, info = super().reset(seed=seed, options=options)
        if self.fault == "a mask too many" and options:
            info["_end"][:] = True
        if self.fault == "eats options" and options:
            options.clear()
        return observation, info

    def step(self, actions: Any) -> Any:
        over = self._autoreset_envs.copy()
        observation, reward, terminated, truncated, info = super().step(actions)
        match self.fault:
            case "a reward at reset":
                reward[over] = 1.0
            case "a bit of the reward":
                reward = np.nextafter(reward, np.inf)
            case "a truncation that terminates":
                terminated |= truncated
            case "an info unmasked":
                info.pop("_x", None)
            case "an info more":
                info["more"] = np.zeros(self.num_envs)
            case "a number of another kind":
                info["x"] = info["x"].astype(np.float32)
            case "no last observation":
                info.pop("final_obs", None)
            case "the wrong last observation" if "final_obs" in info:
                info["final_obs"] = np.array(
                    [None if o is None else o + 1 for o in info["final_obs"]], object
                )
            case "changes actions":
                actions += 1
            case "steps beyond the end":
                self._autoreset_envs[:] = False
        return observation, reward, terminated, truncated, info

    @property
    def np_random_seed(self) -> Any:
        return 3 if self.fault == "one generator" else super().np_random_seed

    def __deepcopy__(self, memo: Any) -> Any:
        if self.fault != "a shallow copy":
            twin = self.__class__.__new__(self.__class__)
            twin.__dict__ = copy.deepcopy(self.__dict__, memo)
            return twin
        return self


FAULTS = {
    "one seed for all": "reset.*observation differs in sub-environment 1",
    "another generator without a seed": "reset.*observation differs",
    "resets everybody": "reset_mask.*observation differs in sub-environment",
    "a mask too many": r"reset_mask.*info\['_end'\]",
    "eats options": "the caller's options were changed from .* to {}",
    "a reward at reset": "rewards are",
    "a bit of the reward": "step 1: rewards are",
    "a truncation that terminates": "terminated is",
    "an info unmasked": "lacks '_x'",
    "an info more": "has 'more', which no sub-environment tells alone",
    "a number of another kind": r"info\['x'\] of sub-environment 0 is",
    "no last observation": "lacks 'final_obs'",
    "the wrong last observation": r"info\['final_obs'\] of sub-environment",
    "changes actions": "the caller's actions were changed",
    "shares its array": "that a caller keeps is changed",
    "steps beyond the end": "is not refused",
    "one generator": "np_random_seed is 3",
    "hides its mode": "metadata",
    "another space": "action_space is .* and not the batch",
    "a shallow copy": "a copy in mid-episode goes on otherwise",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault: str) -> None:
    with pytest.raises(VectorEnvError, match=FAULTS[fault]):
        check_vector_env(Walk, lambda n, mode: Broken(n, mode, fault), num_envs=(3,))


def test_one_that_cannot_be_made_in_a_mode_is_told() -> None:
    def make(n: int, mode: AutoresetMode) -> VectorEnv[Any, Any, Any]:
        if mode == AutoresetMode.SAME_STEP:
            raise TypeError("not that one")
        return sync(n, mode)

    with pytest.raises(VectorEnvError) as caught:
        check_vector_env(Walk, make)
    assert str(caught.value).splitlines() == [
        "SAME_STEP, 1 sub-environment: it cannot be made: TypeError: not that one",
        "SAME_STEP, 3 sub-environments: it cannot be made: TypeError: not that one",
    ]


# --- what it finds elsewhere, as docs/reference/environment.md tells ---------------------------------------


def findings(make: Callable[[int, AutoresetMode], VectorEnv[Any, Any, Any]], **arguments: Any) -> list[str]:
    """What is found in vector environments of Gymnasium's CartPole."""
    with pytest.raises(VectorEnvError) as caught:
        check_vector_env(lambda: gym.make("CartPole-v1"), make, **arguments)
    return str(caught.value).splitlines()


def test_gymnasiums_vector_environment_takes_the_mask_out_of_the_callers_options() -> None:
    found = findings(
        lambda n, mode: SyncVectorEnv([lambda: gym.make("CartPole-v1")] * n, autoreset_mode=mode)
    )
    assert found
    assert all("the caller's options were changed from {'reset_mask': " in what for what in found)


def test_so_a_wrapper_behind_it_takes_a_partial_reset_for_a_whole_one() -> None:
    envs = gym.wrappers.vector.RecordEpisodeStatistics(
        SyncVectorEnv([lambda: gym.make("CartPole-v1")] * 2, autoreset_mode=AutoresetMode.DISABLED)
    )
    envs.reset(seed=0)
    envs.step(np.array([0, 1]))
    envs.reset(options={"reset_mask": np.array([True, False])})
    assert envs.episode_lengths.tolist() == [0, 0]  # and the second is in its second step


def test_gymnasiums_own_vector_cartpole_draws_from_one_generator_and_takes_no_list_of_seeds() -> None:
    found = findings(lambda n, mode: gym.make_vec("CartPole-v1", n), modes=(AutoresetMode.NEXT_STEP,))
    told = [what for what in found if what.startswith("NEXT_STEP, 3")]
    assert told == [
        "NEXT_STEP, 3 sub-environments: reset(seed): the observation differs in sub-environment 0"
    ]
    assert any("reset(list of seeds): Error: Seed must be a python integer" in what for what in found)
