"""The single environment: a batch of one behind Gymnasium's interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from pydantic import ValidationError

from juguo_envs.engine.family_batch import make_batch, scenario_of
from juguo_envs.info import single_info
from juguo_envs.render import render_picture, render_text
from juguo_envs.spaces.context import ObservationConfig, Observe, Preferences
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.validation import explain
from juguo_envs.worlds.family import PREFERENCES, VALUES, Family, load_world
from juguo_envs.worlds.scenario import Scenario, ScenarioError
from juguo_envs.worlds.seeds import check_seed

RENDER_MODES = ("ansi", "rgb_array")


def prepare_config(**shown: Any) -> ObservationConfig:
    """What is to be shown, checked.

    Raises:
        ScenarioError: If a value is not allowed.
    """
    try:
        return ObservationConfig(**shown)
    except ValidationError as error:
        raise ScenarioError(explain(error, ObservationConfig, "environment")) from None


def prepare_world(
    scenario: str | Path | Mapping[str, Any] | Scenario | Family,
    reward: Mapping[str, float] | None,
    preferences: Preferences,
) -> Scenario | Family:
    """The scenario or the family, with the caller's reward weights or with weights that are drawn.

    Raises:
        ScenarioError: If the scenario, or a weight's name or value, is not allowed.
    """
    world = load_world(scenario)
    drawn = preferences == "drawn" or (isinstance(world, Family) and world.weights is not None)
    if reward:
        unknown = sorted(set(reward) - set(VALUES))
        if unknown:
            raise ScenarioError(f"reward: unknown weight {unknown[0]!r}; there are {', '.join(VALUES)}")
        if drawn and set(reward) != {"aversion"}:
            raise ScenarioError("reward gives weights, but preferences are drawn; give one of the two")
        changes = {f"reward.{VALUES[k]}": v for k, v in reward.items()}
        if isinstance(world, Scenario):
            world = world.override(changes)
        else:
            world = replace(world, base=world.base.override(changes))
    if preferences == "drawn":
        if isinstance(world, Scenario):
            world = Family(world, varies=False)
        world = replace(world, weights=world.weights or PREFERENCES)
    return world


def observation_space(layout: ObservationLayout) -> spaces.Box[np.float32]:
    """Finite bounds, float32."""
    low, high = layout.bounds()
    return spaces.Box(low, high, dtype=np.float32)


def action_space(size: int) -> spaces.Box[np.float32]:
    """[-1, 1], float32; see `juguo_envs.spaces.action` for what it stands for."""
    return spaces.Box(-1.0, 1.0, (size,), np.float32)


class ExperimentDiffusionEnv(gym.Env[npt.NDArray[np.float32], npt.NDArray[np.float32]]):
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
    vector, the cost (excluded), the money's accounts and the 5 x 3 indicator board.

    ## Start and end
    `reset(seed=...)` draws a society, its network and its first technology from the seed; without a seed each
    episode is another one. The episode terminates after T quarters: the programme's end is part of the task
    and the time left is observed. It is never truncated.

    In a family (`scenario="family"`, or `"family:NAME"` around another scenario) `reset` draws the world,
    too: parameters over their sampling ranges, T among them. `env.unwrapped.scenario_now()` tells which.

    ## Arguments
    `scenario`: name, path of a YAML file, mapping of fields (with a `base`), or `Scenario`; "family",
    "family:NAME", or a `Family`. `reward`: weights by the names breadth, resilience, excluded; aversion: that
    to inequality, 0 to 2. `observe`: "noisy" or "true". `context`: bool. `preferences`: "hidden", "shown", or
    "drawn": the weights at every reset, from the ranges of the family or of
    `juguo_envs.worlds.family.PREFERENCES`; the reward follows. `history`: quarters that are shown, 1 to 64.
    `render_mode`: "ansi" or "rgb_array".

    ## Version history
    v0: initial version.
    """

    # Gymnasium declares it as an instance's variable, hence no ClassVar
    metadata: dict[str, Any] = {"render_modes": [*RENDER_MODES], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        scenario: str | Path | Mapping[str, Any] | Scenario | Family = "default",
        reward: Mapping[str, float] | None = None,
        observe: Observe = "noisy",
        render_mode: str | None = None,
        context: bool = False,
        preferences: Preferences = "hidden",
        history: int = 1,
    ) -> None:
        """See the class.

        Raises:
            ScenarioError: If the scenario, a reward weight, or what is to be shown is not allowed.
            ValueError: If the render mode is unknown.
        """
        if render_mode is not None and render_mode not in RENDER_MODES:
            raise ValueError(f"render_mode is {render_mode!r}; allowed are {', '.join(RENDER_MODES)} or None")
        config = prepare_config(observe=observe, context=context, preferences=preferences, history=history)
        world = prepare_world(scenario, reward, config.preferences)
        self.scenario = world if isinstance(world, Scenario) else world.base
        self.render_mode = render_mode
        self.batch = make_batch(world, 1, config)
        self.layout = self.batch.layout
        self.observation_space = observation_space(self.layout)
        self.action_space = action_space(self.batch.action_size)
        self._running = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Begin an episode; `seed` (0 to 2**63 - 1) fixes it wholly. `options` are not used.

        Raises:
            SeedError: If the seed is no whole number in this range.
        """
        seed = None if seed is None else check_seed(seed)
        super().reset(seed=seed)
        number = seed if seed is not None else int(self.np_random.integers(2**63))
        observation = self.batch.reset(np.array([number], np.uint64))[0]
        self._running = True
        return observation, single_info(self.batch)

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
        observation = self.batch.step(np.asarray(action)[None])[0]
        terminated = bool(self.batch.done[0])
        self._running = not terminated
        reward = float(self.batch.state.quarter["reward"][0])
        return observation, reward, terminated, False, single_info(self.batch)

    def scenario_now(self) -> Scenario:
        """The world of the present episode, hidden parameters included: of a family, the one drawn."""
        return scenario_of(self.batch, 0)

    def render(self) -> Any:
        """The state as text ("ansi") or as a picture ("rgb_array"); None without a render mode."""
        if self.render_mode is None:
            gym.logger.warn("render() without render_mode: nothing is shown; pass render_mode to make()")
            return None
        return render_text(self.batch) if self.render_mode == "ansi" else render_picture(self.batch)
