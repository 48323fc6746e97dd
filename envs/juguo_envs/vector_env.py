"""The vector environment: a batch of societies behind Gymnasium's vector interface."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from juguo_envs.engine.family_batch import make_batch, scenario_of
from juguo_envs.env import action_space, observation_space, prepare_config, prepare_world
from juguo_envs.info import batch_info
from juguo_envs.spaces.context import Observe, Preferences
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario
from juguo_envs.worlds.seeds import check_seed

Observations = npt.NDArray[np.float32]


class ExperimentDiffusionVectorEnv(VectorEnv[Observations, npt.NDArray[np.float32], npt.NDArray[Any]]):
    """Many societies stepped by one call; sub-environment i is bit for bit the single environment.

    Arguments are those of `ExperimentDiffusionEnv`, and `num_envs`, `threads` (results do not depend on it)
    and `autoreset_mode`: NEXT_STEP (Gymnasium's default), SAME_STEP (`info["final_obs"]` and
    `info["final_info"]`) or DISABLED (`reset(options={"reset_mask": ...})`). An integer seed of `reset` means
    seed + i for sub-environment i. In a family the programmes are of different lengths, so episodes end, and
    begin anew, at different times.
    """

    # Gymnasium declares it as an instance's variable, hence no ClassVar
    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": [],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Path | Mapping[str, Any] | Scenario | Family = "default",
        reward: Mapping[str, float] | None = None,
        observe: Observe = "noisy",
        render_mode: str | None = None,
        threads: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        context: bool = False,
        preferences: Preferences = "hidden",
        history: int = 1,
    ) -> None:
        """See the class.

        Raises:
            ScenarioError: If the scenario, a reward weight, or what is to be shown is not allowed.
            ValueError: If `num_envs`, `threads`, `autoreset_mode` or `render_mode` is not allowed.
        """
        if num_envs < 1:
            raise ValueError(f"num_envs is {num_envs}; allowed is 1 or more")
        if render_mode is not None:
            raise ValueError(
                f"render_mode is {render_mode!r}; the vector environment shows nothing, allowed is None"
            )
        config = prepare_config(observe=observe, context=context, preferences=preferences, history=history)
        world = prepare_world(scenario, reward, config.preferences)
        self.scenario = world if isinstance(world, Scenario) else world.base
        self.num_envs = num_envs
        self.render_mode = None
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
        self.batch = make_batch(world, num_envs, config, threads=threads)
        self.layout = self.batch.layout
        self.single_observation_space = observation_space(self.layout)
        self.single_action_space = action_space(self.batch.action_size)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._generators: list[np.random.Generator] = []
        self._over = np.ones(num_envs, np.bool_)
        self._observation = np.zeros((num_envs, self.layout.size), np.float32)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Begin episodes in all sub-environments, or in those of `options["reset_mask"]`.

        Raises:
            SeedError: If a seed is no whole number from 0 to 2**63 - 1.
            ValueError: If there are more or fewer seeds than sub-environments, or the mask is none.
        """
        mask = np.ones(self.num_envs, np.bool_)
        if options and "reset_mask" in options:
            mask = np.asarray(options["reset_mask"])
            if mask.shape != (self.num_envs,) or mask.dtype != np.bool_ or not mask.any():
                raise ValueError(
                    f"reset_mask must be a bool array of shape ({self.num_envs},) with a True in it"
                )
        if isinstance(seed, int):
            first = check_seed(seed)
            seeds: list[int | None] = [check_seed(first + i) for i in range(self.num_envs)]
        else:
            given = list(seed) if seed is not None else [None] * self.num_envs
            seeds = [number if number is None else check_seed(number) for number in given]
            if len(seeds) != self.num_envs:
                raise ValueError(f"seed has {len(seeds)} entries; expected {self.num_envs}")
        if not self._generators:
            self._generators = [gym.utils.seeding.np_random(None)[0] for _ in seeds]
        numbers = np.zeros(self.num_envs, np.uint64)
        for i, number in enumerate(seeds):
            if not mask[i]:
                continue
            if number is not None:
                self._generators[i] = gym.utils.seeding.np_random(number)[0]
                numbers[i] = number
            else:
                numbers[i] = self._next_seed(i)
        self._start(mask, numbers)
        return self._observation.copy(), self._info(mask)

    def step(
        self, actions: npt.NDArray[np.float32]
    ) -> tuple[Observations, npt.NDArray[Any], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]:
        """Move every sub-environment on by a quarter, resetting as `autoreset_mode` says.

        Raises:
            gymnasium.error.ResetNeeded: Before `reset`, or for a finished sub-environment where autoreset is
                disabled.
            AllocationError: If the actions have the wrong shape or are not finite; nothing has changed then.
        """
        if not self._generators:
            raise gym.error.ResetNeeded("call reset() before step()")
        over = self._over.copy()
        if over.any() and self.autoreset_mode == AutoresetMode.DISABLED:
            raise gym.error.ResetNeeded(
                f"sub-environment {int(over.argmax())} is over; reset it by reset_mask"
            )
        alive = ~over
        observation = self.batch.step(actions, alive)
        self._observation[alive] = observation[alive]
        terminated = alive & self.batch.done
        reward = np.where(alive, self.batch.state.quarter["reward"], 0.0)
        self._over = terminated.copy()
        if over.any():  # NEXT_STEP: those that ended in the step before begin now
            self._restart(over)
        info = self._info(np.ones(self.num_envs, np.bool_))
        if terminated.any() and self.autoreset_mode == AutoresetMode.SAME_STEP:
            info["final_obs"] = np.full(self.num_envs, None, object)
            for i in np.flatnonzero(terminated):
                info["final_obs"][i] = self._observation[i].copy()
            info["_final_obs"] = terminated.copy()
            info["final_info"] = self._info(terminated)
            info["_final_info"] = terminated.copy()
            self._restart(terminated)
            info.update(self._info(np.ones(self.num_envs, np.bool_)))
        return self._observation.copy(), reward, terminated, np.zeros(self.num_envs, np.bool_), info

    def scenario_now(self, i: int) -> Scenario:
        """The world of the present episode of sub-environment `i`, hidden parameters included."""
        return scenario_of(self.batch, i)

    def _next_seed(self, i: int) -> int:
        return int(self._generators[i].integers(2**63))

    def _restart(self, mask: npt.NDArray[np.bool_]) -> None:
        numbers = np.array([self._next_seed(i) if mask[i] else 0 for i in range(self.num_envs)], np.uint64)
        self._start(mask, numbers)

    def _start(self, mask: npt.NDArray[np.bool_], numbers: npt.NDArray[np.uint64]) -> None:
        self._observation[mask] = self.batch.reset(numbers, mask)[mask]
        self._over[mask] = False

    def _info(self, mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
        info = batch_info(self.batch)
        return {**info, **{f"_{name}": mask.copy() for name in info}}
