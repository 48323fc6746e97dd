"""What the single and the vector environment share: n societies, what is shown of them, what they earn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec
from pydantic import ValidationError

from juguo_envs.engine.batch import Batch
from juguo_envs.engine.family_batch import make_batch, scenario_of
from juguo_envs.errors import UserError, unknown
from juguo_envs.info import batch_info
from juguo_envs.spaces.action import action_size
from juguo_envs.spaces.context import ObservationConfig, Observe, Preferences
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.validation import explain
from juguo_envs.worlds.family import PREFERENCES, VALUES, WEIGHTS, Family, World, load_world, plain_world
from juguo_envs.worlds.scenario import Scenario, ScenarioError

Rows = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
RewardFunction = Callable[[dict[str, npt.NDArray[Any]]], npt.ArrayLike]
"""The quarter's reward: of `info` as arrays over n societies, (n,). It must not change what it is given."""
ObservationFunction = Callable[[Rows], npt.ArrayLike]
"""What is shown: of (n, size) observations (n, other size)."""

OPTIONS = ("scenario", "preferences", "observe")
"""What `reset(options=...)` may set, for the episodes that it begins."""
_FLOAT32 = float(np.finfo(np.float32).max)


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
    scenario: World, reward: Mapping[str, float] | None, preferences: Preferences
) -> Scenario | Family:
    """The scenario or the family, with the caller's reward weights or with weights that are drawn.

    Raises:
        ScenarioError: If the scenario, or a weight's name or value, is not allowed.
    """
    world = load_world(scenario)
    if reward and draws_weights(world, preferences) and set(reward) != {"aversion"}:
        raise ScenarioError("reward gives weights, but preferences are drawn; give one of the two")
    world = _with_weights(world, reward or {}, "reward")
    if preferences == "drawn":
        if isinstance(world, Scenario):
            world = Family(world, varies=False)
        world = replace(world, weights=world.weights or PREFERENCES)
    return world


def draws_weights(world: Scenario | Family, preferences: Preferences) -> bool:
    """Whether every episode has weights of its own."""
    return preferences == "drawn" or (isinstance(world, Family) and world.weights is not None)


def _with_weights(world: Scenario | Family, weights: Any, field: str) -> Scenario | Family:
    if not isinstance(weights, Mapping):
        raise ScenarioError(f"{field} is {weights!r}; expected weights by the names {', '.join(VALUES)}")
    if strange := sorted(set(weights) - set(VALUES)):
        raise ScenarioError(f"{field}: {unknown('weight', strange[0], VALUES)}")
    changes = {f"reward.{VALUES[name]}": value for name, value in weights.items()}
    if isinstance(world, Scenario):
        return world.override(changes) if changes else world
    return replace(world, base=world.base.override(changes)) if changes else world


def observation_space(layout: ObservationLayout) -> spaces.Box[np.float32]:
    """Finite bounds, float32."""
    low, high = layout.bounds()
    return spaces.Box(low, high, dtype=np.float32)


class FunctionError(UserError):
    """A function of the caller's that returns something that cannot be used."""


def _checked(name: str, value: npt.ArrayLike, shape: tuple[int | None, ...], dtype: Any) -> Any:
    """What a caller's function returned.

    Raises:
        FunctionError: If its shape is another one, or an entry is not a finite number.
    """
    try:
        array = np.asarray(value, dtype)
    except (TypeError, ValueError):
        raise FunctionError(f"{name} returned {value!r}; expected numbers") from None
    if len(array.shape) != len(shape) or any(
        e not in (None, n) for e, n in zip(shape, array.shape, strict=True)
    ):
        wanted = ", ".join("k" if n is None else str(n) for n in shape)
        comma = "," if len(shape) == 1 else ""
        raise FunctionError(
            f"{name} returned shape {array.shape}; expected ({wanted}{comma}): a row for each society"
        )
    if not np.isfinite(array).all():
        raise FunctionError(f"{name} returned {array[~np.isfinite(array)][0]}; every entry must be finite")
    return array


@dataclass(frozen=True)
class Arguments:
    """What both environments are made with; see `juguo_envs.env.ExperimentDiffusionEnv`."""

    scenario: World
    reward: Mapping[str, float] | RewardFunction | None
    observe: Observe
    context: bool
    preferences: Preferences
    history: int
    observation: ObservationFunction | None


class Core:
    """n societies behind an environment.

    Most of the time all are of one batch. Where episodes were begun with options of their own there is
    another batch for them, of the same size, until their end.

    Attributes:
        n: Number of societies.
        scenario: The scenario, or the base of the family.
        layout: Where each quantity stands in an observation.
        observation_space, action_space: Of one society.
        batches: The batches; the first is that of episodes without options.
        which: (n,) the batch of each society.
        rows: (n, size) the latest observations, before the caller's function.
        own_reward: The caller's function of the reward, if there is one.
    """

    def __init__(self, n: int, arguments: Arguments, threads: int = 1) -> None:
        """Make room for the societies.

        Raises:
            ScenarioError: If the scenario, a reward weight, or what is to be shown is not allowed.
            FunctionError: If what `observation` returns cannot be used.
        """
        a = arguments
        self.n, self.threads = n, threads
        self.config = prepare_config(
            observe=a.observe, context=a.context, preferences=a.preferences, history=a.history
        )
        self._named = a.scenario
        self._weights = None if callable(a.reward) else a.reward
        self.own_reward = a.reward if callable(a.reward) else None
        self._observation = a.observation
        world = prepare_world(a.scenario, self._weights, self.config.preferences)
        self.scenario = world if isinstance(world, Scenario) else world.base
        self.batches = [make_batch(world, n, self.config, threads=threads)]
        self._worlds = [(world, self.config)]
        self.which = np.zeros(n, np.int64)
        self.layout = self.batches[0].layout
        self.rows = np.zeros((n, self.layout.size), np.float32)
        self.observation_space = observation_space(self.layout)
        if self._observation is not None:
            shown = _checked(
                "observation", self._observation(np.zeros_like(self.rows)), (n, None), np.float32
            )
            self.observation_space = spaces.Box(-_FLOAT32, _FLOAT32, shown.shape[1:], np.float32)
        self.action_space = spaces.Box(-1.0, 1.0, (action_size(self.batches[0].communities),), np.float32)

    def prepare(self, options: Mapping[str, Any] | None) -> int:
        """The batch for episodes with options; nothing has begun yet.

        Raises:
            ScenarioError: If an option is unknown or not allowed; nothing has changed then.
        """
        if not options:
            return 0
        if strange := [name for name in options if name not in OPTIONS]:
            raise ScenarioError(f"options: {unknown('option', str(strange[0]), OPTIONS)}")
        config = self.config
        if "observe" in options:
            config = prepare_config(**{**config.model_dump(), "observe": options["observe"]})
        world = self._world(options)
        base = world if isinstance(world, Scenario) else world.base
        here, there = len(self.scenario.society.listed()), len(base.society.listed())
        if here != there:
            raise ScenarioError(
                f"options: scenario {base.name} has {there} communities, and the spaces of this environment "
                f"are for {here}; make another environment for it"
            )
        wanted = (world, config)
        if wanted in self._worlds:
            return self._worlds.index(wanted)
        batch = make_batch(world, self.n, config, threads=self.threads)
        used = sorted({0, *self.which.tolist()})  # batches whose episodes are over go
        self.batches = [*(self.batches[k] for k in used), batch]
        self._worlds = [*(self._worlds[k] for k in used), wanted]
        self.which = np.searchsorted(used, self.which)
        return len(used)

    def _world(self, options: Mapping[str, Any]) -> Scenario | Family:
        scenario = options.get("scenario", self._named)
        if "preferences" not in options:
            return prepare_world(scenario, self._weights, self.config.preferences)
        world, fixed = load_world(scenario), options["preferences"]
        drawn = draws_weights(world, self.config.preferences)
        world = _with_weights(world, {**(self._weights or {})}, "reward")
        world = _with_weights(world, fixed, "options: preferences")
        if drawn and not set(WEIGHTS) <= set(fixed):
            lacking = ", ".join(name for name in WEIGHTS if name not in fixed)
            raise ScenarioError(
                f"options: preferences lacks {lacking}; where weights are drawn, an episode's are given all "
                "together"
            )
        return replace(world, weights=None) if isinstance(world, Family) else world

    def begin(self, batch: int, seeds: npt.NDArray[np.uint64], mask: Mask) -> None:
        """Begin the episodes of `mask` in a batch: (n,) seeds, of which those of `mask` count."""
        self.which[mask] = batch
        if len(self.batches) > 1 and not self.which.any():
            del self.batches[1:], self._worlds[1:]
        self.rows[mask] = self.batches[batch].reset(seeds, mask)[mask]

    def step(self, actions: npt.ArrayLike, mask: Mask) -> None:
        """Move the societies of `mask` on by a quarter.

        Raises:
            AllocationError: If the actions cannot be used; nothing has changed then.
        """
        if len(self.batches) == 1:
            self.rows[mask] = self.batches[0].step(actions, mask)[mask]
            return
        for k, batch in enumerate(self.batches):
            mine = mask & (self.which == k)
            self.rows[mine] = batch.step(actions, mine)[mine]

    def read(self, what: Callable[[Batch], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """An array over the societies, from an array of one's own over each batch."""
        found = what(self.batches[0])
        for k, batch in enumerate(self.batches[1:], 1):
            mine = self.which == k
            if mine.any():
                found[mine] = what(batch)[mine]
        return found

    def info(self) -> dict[str, npt.NDArray[Any]]:
        """Every entry of `info` over the societies."""
        told = batch_info(self.batches[0])
        for k, batch in enumerate(self.batches[1:], 1):
            mine = self.which == k
            if mine.any():
                for name, values in batch_info(batch).items():
                    told[name][mine] = values[mine]
        return told

    def shown(self) -> Rows:
        """What is shown of the societies, an array of one's own."""
        rows = self.rows.copy()
        if self._observation is None:
            return rows
        shape = (self.n, *self.observation_space.shape)
        return np.array(_checked("observation", self._observation(rows), shape, np.float32))

    def rewards(self) -> npt.NDArray[np.float64]:
        """(n,) what the societies earned in the quarter."""
        if self.own_reward is None:
            return self.read(lambda batch: batch.state.quarter["reward"].copy())
        return np.array(_checked("reward", self.own_reward(self.info()), (self.n,), np.float64))

    def done(self) -> Mask:
        """(n,) whose programme is over."""
        return self.read(lambda batch: batch.done)

    def batch_of(self, i: int) -> Batch:
        """The batch of a society."""
        return self.batches[int(self.which[i])]

    def scenario_now(self, i: int) -> Scenario:
        """The world of the present episode of a society, hidden parameters included."""
        return scenario_of(self.batch_of(i), i)


class PlainSpec:
    """Of an environment whose spec can be written as JSON, whatever objects it was made with."""

    _spec: EnvSpec | None = None

    @property
    def spec(self) -> EnvSpec | None:
        """How Gymnasium makes this environment again; set by it."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        if spec is not None:
            spec = deepcopy(spec)
            spec.kwargs = {name: _plain(value) for name, value in spec.kwargs.items()}
        self._spec = spec


def _plain(value: Any) -> Any:
    if isinstance(value, Scenario | Family | Path):
        return plain_world(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return value.item() if isinstance(value, np.generic) else value
