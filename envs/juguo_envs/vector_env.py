"""The vector environment: societies behind Gymnasium's vector interface, stepped by one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from juguo_envs.core import (
    Arguments,
    Core,
    Mask,
    ObservationFunction,
    PlainSpec,
    RewardFunction,
    Rows,
)
from juguo_envs.engine.batch import Batch
from juguo_envs.render import RENDER_MODES, render
from juguo_envs.spaces.context import Observe, Preferences
from juguo_envs.worlds.family import World
from juguo_envs.worlds.scenario import Scenario
from juguo_envs.worlds.seeds import check_seed

Seeds = int | Sequence[int | None] | npt.NDArray[np.integer[Any]] | None
_SHARED = ("scenario", "layout", "render_mode", "metadata", "spec", "action_space", "observation_space")
"""Attributes of a single environment that are the same for all sub-environments."""


class ExperimentDiffusionVectorEnv(PlainSpec, VectorEnv[Rows, Rows, npt.NDArray[Any]]):
    """Many societies stepped by one call; sub-environment i is bit for bit the single environment.

    Arguments are those of `ExperimentDiffusionEnv`, and `num_envs`, `threads` (results do not depend on it),
    `max_episode_steps` (as that of `gymnasium.make`) and `autoreset_mode`: NEXT_STEP (Gymnasium's default),
    SAME_STEP (`info["final_obs"]` and `info["final_info"]`) or DISABLED
    (`reset(options={"reset_mask": ...})`). An integer seed of `reset` means seed + i for sub-environment i.
    In a family the programmes are of different lengths, so episodes end, and begin anew, at different times.
    """

    # Gymnasium declares it as an instance's variable, hence no ClassVar
    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": [*RENDER_MODES],
        "render_fps": 4,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        scenario: World = "default",
        reward: Mapping[str, float] | RewardFunction | None = None,
        observe: Observe = "noisy",
        render_mode: str | None = None,
        threads: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        context: bool = False,
        preferences: Preferences = "hidden",
        history: int = 1,
        observation: ObservationFunction | None = None,
        max_episode_steps: int | None = None,
    ) -> None:
        """See the class.

        Raises:
            ScenarioError: If the scenario, a reward weight, or what is to be shown is not allowed.
            FunctionError: If what a function of the caller's returns cannot be used.
            ValueError: If `num_envs`, `threads`, `autoreset_mode`, `render_mode` or `max_episode_steps` is
                not allowed.
        """
        if num_envs < 1:
            raise ValueError(f"num_envs is {num_envs}; allowed is 1 or more")
        if max_episode_steps is not None and max_episode_steps < 1:
            raise ValueError(f"max_episode_steps is {max_episode_steps}; allowed is 1 or more, or None")
        if render_mode is not None and render_mode not in RENDER_MODES:
            raise ValueError(f"render_mode is {render_mode!r}; allowed are {', '.join(RENDER_MODES)} or None")
        arguments = Arguments(scenario, reward, observe, context, preferences, history, observation)
        self.core = Core(num_envs, arguments, threads)
        self.scenario = self.core.scenario
        self.layout = self.core.layout
        self.num_envs = num_envs
        self.max_episode_steps = max_episode_steps
        self.render_mode = render_mode
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
        self.single_observation_space = self.core.observation_space
        self.single_action_space = self.core.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._generators: list[np.random.Generator] = []
        self._seeds: list[int] = []
        self._own: dict[str, tuple[Any, ...]] = {}
        self._begun = False
        self._over = np.ones(num_envs, np.bool_)
        self._steps = np.zeros(num_envs, np.int64)

    def reset(
        self, *, seed: Seeds = None, options: dict[str, Any] | None = None
    ) -> tuple[Rows, dict[str, Any]]:
        """Begin episodes in all sub-environments, or in those of `options["reset_mask"]`.

        Args:
            seed: A number, which means seed + i for sub-environment i; or one for each, of which some may be
                None; each 0 to 2**63 - 1.
            options: `reset_mask`, (num_envs,) bool, and those of the single environment, for the episodes
                that begin.

        Raises:
            ScenarioError: If an option is unknown or not allowed; nothing has changed then.
            SeedError: If a seed is not allowed; nothing has changed then.
            ValueError: If the mask or the number of seeds is not allowed; nothing has changed then.
        """
        others = dict(options or {})
        mask = self._mask(others.pop("reset_mask", None))
        seeds = self._one_each(seed)
        batch = self.core.prepare(others)
        self._make_generators()
        numbers = np.zeros(self.num_envs, np.uint64)
        for i in np.flatnonzero(mask).tolist():
            given = seeds[i]
            if given is not None:
                self._generators[i], self._seeds[i] = np_random(given)
            numbers[i] = self._next_seed(i) if given is None else given
        self._begin(batch, numbers, mask)
        self._begun = True
        return self.core.shown(), self._info(mask)

    def step(
        self, actions: Rows
    ) -> tuple[Rows, npt.NDArray[Any], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]:
        """Move every sub-environment on by a quarter, resetting as `autoreset_mode` says.

        Raises:
            gymnasium.error.ResetNeeded: Before `reset`, or for a finished sub-environment where autoreset is
                disabled.
            AllocationError: If the actions have the wrong shape or are not finite; nothing has changed then.
        """
        if not self._begun:
            raise gym.error.ResetNeeded("call reset() before step()")
        over = self._over.copy()
        if over.any() and self.autoreset_mode == AutoresetMode.DISABLED:
            raise gym.error.ResetNeeded(
                f"sub-environment {int(over.argmax())} is over; reset it by reset_mask"
            )
        alive = ~over
        self.core.step(actions, alive)
        self._steps[alive] += 1
        terminated = alive & self.core.done()
        truncated = alive & (self._steps >= (self.max_episode_steps or np.inf))
        reward = self._rewards()
        reward[over] = 0.0
        self._over = terminated | truncated
        if over.any():  # NEXT_STEP: those that ended in the step before begin now
            self._restart(over)
        everybody = np.ones(self.num_envs, np.bool_)
        info: dict[str, Any] = {}
        if self._over.any() and self.autoreset_mode == AutoresetMode.SAME_STEP:
            ended, final, last = self._over.copy(), np.full(self.num_envs, None, object), self.core.shown()
            for i in np.flatnonzero(ended):
                final[i] = last[i].copy()
            info = {
                "final_obs": final, "_final_obs": ended.copy(),
                "final_info": self._info(ended), "_final_info": ended.copy(),
            }  # fmt: skip
            self._restart(ended)
        return self.core.shown(), reward, terminated, truncated, info | self._info(everybody)

    def render(self) -> list[Any] | None:  # type: ignore[override]  # a list is what RecordVideo takes
        """The state of each sub-environment; None without a render mode."""
        if self.render_mode is None:
            gym.logger.warn("render() without render_mode: nothing is shown; pass render_mode to make_vec()")
            return None
        return [self._render(i) for i in range(self.num_envs)]

    @property
    def batch(self) -> Batch:
        """The societies of episodes that were begun without options."""
        return self.core.batches[0]

    def scenario_now(self, i: int) -> Scenario:
        """The world of the present episode of sub-environment `i`, hidden parameters included."""
        return self.core.scenario_now(i)

    @property  # type: ignore[misc]  # each has one, as in SyncVectorEnv
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The generator of each sub-environment."""
        self._make_generators()
        return tuple(self._generators)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seed of each generator; -1 where it is not known."""
        self._make_generators()
        return tuple(self._seeds)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of each sub-environment, or read an attribute.

        Raises:
            AttributeError: If there is none of that name.
        """
        found = [self._of(i, name) for i in range(self.num_envs)]
        return tuple(one(*args, **kwargs) if callable(one) else one for one in found)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Read an attribute of each sub-environment; see `call`."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of the sub-environments: one for each, by a list or a tuple, or the same for all.

        Raises:
            AttributeError: If it is an attribute that they share, or a method.
            ValueError: If there is not one value for each.
        """
        if name in (*_SHARED, *self._methods(), "np_random_seed"):
            raise AttributeError(
                f"{name} cannot be set for sub-environments; give it to make_vec(), or for an episode to "
                "reset(options=...)"
            )
        each = tuple(values) if isinstance(values, list | tuple) else (values,) * self.num_envs
        if len(each) != self.num_envs:
            raise ValueError(f"{name} has {len(each)} values; expected {self.num_envs}")
        if name == "np_random":
            self._generators, self._seeds = list(each), [-1] * self.num_envs
        else:
            self._own[name] = each

    def _methods(self) -> dict[str, Callable[[int], Any]]:
        return {"scenario_now": self.scenario_now, "render": self._render}

    def _of(self, i: int, name: str) -> Any:
        if name in self._methods():
            return partial(self._methods()[name], i)
        if name in ("np_random", "np_random_seed"):
            return getattr(self, name)[i]
        if name in _SHARED:
            return getattr(self, f"single_{name}" if name.endswith("_space") else name)
        if name in self._own:
            return self._own[name][i]
        raise AttributeError(f"sub-environments have no attribute {name!r}")

    def _render(self, i: int) -> Any:
        return None if self.render_mode is None else render(self.render_mode, self.core.batch_of(i), i)

    def _rewards(self) -> npt.NDArray[np.float64]:
        return self.core.rewards()

    def _mask(self, mask: Any) -> Mask:
        if mask is None:
            return np.ones(self.num_envs, np.bool_)
        array = np.asarray(mask)
        if array.shape != (self.num_envs,) or array.dtype != np.bool_ or not array.any():
            raise ValueError(f"reset_mask must be a bool array of shape ({self.num_envs},) with a True in it")
        return array

    def _one_each(self, seed: Seeds) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if not isinstance(seed, Sequence | np.ndarray) or (isinstance(seed, np.ndarray) and not seed.ndim):
            return [check_seed(check_seed(seed) + i) for i in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"seed has {len(seed)} entries; expected {self.num_envs}")
        return [None if one is None else check_seed(one) for one in seed]

    def _make_generators(self) -> None:
        if not self._generators:
            made = [np_random() for _ in range(self.num_envs)]
            self._generators, self._seeds = [made_ for made_, _ in made], [seed for _, seed in made]

    def _next_seed(self, i: int) -> int:
        return int(self._generators[i].integers(2**63))

    def _restart(self, mask: Mask) -> None:
        numbers = np.array([self._next_seed(i) if mask[i] else 0 for i in range(self.num_envs)], np.uint64)
        self._begin(0, numbers, mask)

    def _begin(self, batch: int, numbers: npt.NDArray[np.uint64], mask: Mask) -> None:
        self.core.begin(batch, numbers, mask)
        self._over[mask] = False
        self._steps[mask] = 0

    def _info(self, mask: Mask) -> dict[str, Any]:
        info = self.core.info()
        return {**info, **{f"_{name}": mask.copy() for name in info}}
