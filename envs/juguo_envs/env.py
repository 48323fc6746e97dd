"""The single environment: a batch of one behind Gymnasium's interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from juguo_envs.core import (
    Arguments,
    Core,
    ObservationFunction,
    PlainSpec,
    RewardFunction,
)
from juguo_envs.engine.batch import Batch
from juguo_envs.render import RENDER_MODES, open_window, render, render_picture
from juguo_envs.spaces.action import AllocationError, check_actions
from juguo_envs.spaces.context import Observe, Preferences
from juguo_envs.worlds.family import World
from juguo_envs.worlds.scenario import Scenario
from juguo_envs.worlds.seeds import check_seed

if TYPE_CHECKING:
    from juguo_envs.window import Window

_ALL = np.ones(1, np.bool_)


class ExperimentDiffusionEnv(PlainSpec, gym.Env[npt.NDArray[np.float32], npt.NDArray[np.float32]]):
    """Allocate resources so that a technology reaches everybody and nobody loses the ability to take part.

    ## Action space
    `Box(-1, 1, (10 + R + 3,), float32)` for R communities: nine functions and the reserve, R communities,
    openness, advance, abandon. `encode_allocation` and `decode_allocation` translate. Values outside the
    bounds are clipped; a wrong shape or a value that is not finite raises `AllocationError`.

    ## Observation space
    `Box(.., float32)`: per community adoption by stratum and its change, know-how, environment, trust,
    crisis, resilience, excluded, interactors, capability; then the technology, the stage and the time; then
    the last allocation. `env.unwrapped.layout.names()` names each entry. Fit, trust and resilience carry
    noise that money on governance removes; `observe="true"` shows them as they are. The hidden defect and
    ceiling of a technology are never shown.

    After these, where it is asked for: with `context=True` what a real allocator would know of its
    world (budget, length and rounds of the programme, persons, and of each community its share of the
    population, whether it is a hub, and its producers); with `preferences="shown"` or `"drawn"` the three
    weights of the reward and the aversion to inequality; with `history=k` the observations of the k - 1
    quarters before. See `juguo_envs.spaces.context`.

    ## Reward
    Each quarter (w_b breadth + w_r resilience - w_x excluded) / T. `info` holds the parts, the same as a
    vector, the cost (excluded), the money's accounts and the 5 x 3 indicator board, see `juguo_envs.info`:
    flat, of numpy scalars and arrays.

    ## Start and end
    `reset(seed=...)` draws a society, its network and its first technology from the seed; without a seed each
    episode is another one. The episode terminates after T quarters: the programme's end is part of the task
    and the time left is observed. It is never truncated.

    In a family (`scenario="family"`, or `"family:NAME"` around another scenario) `reset` draws the world,
    too: parameters over their sampling ranges, T among them. `env.unwrapped.scenario_now()` tells which.

    ## Arguments
    `scenario`: name, path of a YAML file, mapping of fields with a `base`, or `Scenario`; "family",
    "family:NAME", or a `Family`. `reward`: weights by the names breadth, resilience, excluded, and aversion,
    that to inequality, 0 to 2; or a function of `info`, whose entries are arrays over n societies, that
    returns (n,) numbers. `observe`: "noisy" or "true". `context`: bool. `preferences`: "hidden", "shown", or
    "drawn": the weights at every reset, from the ranges of the family or of
    `juguo_envs.worlds.family.PREFERENCES`; the reward follows. `history`: quarters that are shown, 1 to 64.
    `observation`: a function of (n, size) observations that returns (n, k) finite numbers, which are shown
    instead. `render_mode`: "ansi", text; "rgb_array", a picture (the extra `human`); "human", that picture in
    a window after every reset and step.

    ## Version history
    v0: initial version.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (an instance's variable in Gymnasium)
        "render_modes": [*RENDER_MODES, "human"],
        "render_fps": 4,
    }

    def __init__(
        self,
        scenario: World = "default",
        reward: Mapping[str, float] | RewardFunction | None = None,
        observe: Observe = "noisy",
        render_mode: str | None = None,
        context: bool = False,
        preferences: Preferences = "hidden",
        history: int = 1,
        observation: ObservationFunction | None = None,
    ) -> None:
        """See the class.

        Raises:
            ScenarioError: If the scenario, a reward weight, or what is to be shown is not allowed.
            FunctionError: If what a function of the caller's returns cannot be used.
            ValueError: If the render mode is unknown.
        """
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise ValueError(f"render_mode is {render_mode!r}; allowed are {', '.join(modes)} or None")
        arguments = Arguments(scenario, reward, observe, context, preferences, history, observation)
        self.core = Core(1, arguments)
        self.scenario = self.core.scenario
        self.layout = self.core.layout
        self.render_mode = render_mode
        self.observation_space = self.core.observation_space
        self.action_space = self.core.action_space
        self._running = False
        self._window: Window | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: Fixes the episode wholly, and those that follow without a seed; 0 to 2**63 - 1.
            options: For this episode alone, any of: `scenario`, another world with as many communities;
                `preferences`, weights of the reward by name; `observe`, "noisy" or "true".

        Raises:
            ScenarioError: If an option is unknown or not allowed; nothing has changed then.
            SeedError: If the seed is not allowed.
        """
        batch = self.core.prepare(options)
        super().reset(seed=None if seed is None else check_seed(seed))
        number = self.np_random_seed if seed is not None else int(self.np_random.integers(2**63))
        self.core.begin(batch, np.array([number], np.uint64), _ALL)
        self._running = True
        self._show()
        return self.core.shown()[0], self._info()

    def step(
        self, action: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Move on by a quarter.

        Raises:
            gymnasium.error.ResetNeeded: Before the first `reset` or after the episode's end.
            AllocationError: If the action has the wrong shape or is not finite; nothing has changed then.
        """
        if not self._running:
            raise gym.error.ResetNeeded("the episode has not begun or is over; call reset()")
        try:
            self.core.step(np.asarray(action)[None], _ALL)
        except AllocationError:
            check_actions(action, (), self.batch.communities)  # of one action, and not of a batch of one
            raise
        terminated = bool(self.core.done()[0])
        self._running = not terminated
        self._show()
        return self.core.shown()[0], self._reward(), terminated, False, self._info()

    def _reward(self) -> Any:
        return float(self.core.rewards()[0])

    def _info(self) -> dict[str, Any]:
        return {name: values[0] for name, values in self.core.info().items()}

    @property
    def batch(self) -> Batch:
        """The society, as a batch of one."""
        return self.core.batch_of(0)

    def scenario_now(self) -> Scenario:
        """The world of the present episode, hidden parameters included: of a family, the one drawn."""
        return self.core.scenario_now(0)

    def render(self) -> Any:
        """The state as text ("ansi") or as a picture ("rgb_array"); None in "human", shown already."""
        if self.render_mode is None:
            gym.logger.warn("render() without render_mode: nothing is shown; pass render_mode to make()")
        if self.render_mode in (None, "human"):
            return None
        return render(self.render_mode, self.batch, 0)

    def _show(self) -> None:
        """Show the state in the window, where there is to be one."""
        if self.render_mode == "human":
            self._window = self._window or open_window(self.metadata["render_fps"])
            self._window.show(render_picture(self.batch))

    def close(self) -> None:
        """Close the window, where there is one."""
        if self._window is not None:
            self._window.close()
            self._window = None
