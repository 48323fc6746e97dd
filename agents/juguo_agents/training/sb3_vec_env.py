"""A batch of societies as stable-baselines3's `VecEnv`, without an environment object for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from stable_baselines3.common.vec_env.base_vec_env import VecEnv, VecEnvIndices, VecEnvObs, VecEnvStepReturn

from juguo_agents.array_types import Floats, Seeds
from juguo_agents.artifacts.networks import clipped
from juguo_agents.evaluation.seeds import draw_training
from juguo_agents.training.learners.base import array_like
from juguo_agents.training.learners.constraint import Multiplier
from juguo_envs.core import observation_space
from juguo_envs.engine.family_batch import AS_IT_IS, FamilyBatch, make_batch
from juguo_envs.engine.restored import check_state
from juguo_envs.info import REWARD_PARTS
from juguo_envs.spaces.context import ObservationConfig
from juguo_envs.worlds.family import WEIGHTS, Family
from juguo_envs.worlds.scenario import Scenario

_EXCLUDED = REWARD_PARTS.index("excluded")


class BatchVecEnv(VecEnv):
    """Episodes are drawn from the training seeds, which no test or selection episode has.

    At an episode's end `infos[i]` holds the means of breadth, resilience and the excluded over the episode.
    """

    def __init__(
        self,
        world: Scenario | Family,
        num_envs: int,
        config: ObservationConfig = AS_IT_IS,
        *,
        seed: int,
        threads: int = 1,
        multiplier: Multiplier | None = None,
        per_weight: bool = False,
        paired: int = 1,
    ) -> None:
        """Make `num_envs` societies of which so much is shown; `seed` fixes every episode that follows.

        With a `multiplier` the reward has it in the place of the weight of the excluded; with `per_weight`
        the reward is divided by the sum of the weights of its episode. Runs of `paired` societies, a divisor
        of `num_envs`, meet the same episodes.
        """
        self.multiplier, self.per_weight, self.paired = multiplier, per_weight, paired
        self.batch = make_batch(world, num_envs, config, threads=threads)
        self._generator = np.random.default_rng(seed)
        self._actions = np.zeros((num_envs, self.batch.action_size), np.float32)
        self._sums = np.zeros((len(REWARD_PARTS), num_envs))
        self._steps = np.zeros(num_envs, np.int64)
        self._empty: list[dict[str, Any]] = [{} for _ in range(num_envs)]
        latent = spaces.Box(-1.0, 1.0, (self.batch.action_size,), np.float32)
        super().__init__(num_envs, observation_space(self.batch.layout), latent)

    def _fresh_seeds(self) -> Seeds:
        return np.repeat(draw_training(self._generator, self.num_envs // self.paired), self.paired)

    def reset(self) -> VecEnvObs:
        """Begin an episode in every society."""
        self._sums[:] = 0.0
        self._steps[:] = 0
        return self.batch.reset(self._fresh_seeds())

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Keep the learner's actions, clipped, for `step_wait`."""
        self._actions = clipped(actions)

    def step_wait(self) -> VecEnvStepReturn:
        """Move every society on by a quarter; those at their end begin anew."""
        observation = self.batch.step(self._actions)
        quarter = self.batch.state.quarter
        for total, name in zip(self._sums, REWARD_PARTS, strict=True):
            total += quarter[name]
        self._steps += 1
        reward = self._reward(quarter).astype(np.float32)
        done = self.batch.done
        infos = list(self._empty)
        if done.any():
            for i in np.flatnonzero(done):
                means = self._sums[:, i] / self._steps[i]
                infos[i] = dict(zip(REWARD_PARTS, map(float, means), strict=True))
                infos[i] |= {"terminal_observation": observation[i].copy(), "TimeLimit.truncated": False}
            if self.multiplier:
                self.multiplier.saw(self._sums[_EXCLUDED, done] / self._steps[done])
            self._sums[:, done] = 0.0
            self._steps[done] = 0
            observation[done] = self.batch.reset(self._fresh_seeds(), done)[done]
        return observation, reward, done, infos

    def _reward(self, quarter: npt.NDArray[np.void]) -> Floats:
        """(num_envs,) what the learner is rewarded with."""
        params = self.batch.params
        reward = self.multiplier.reward(quarter, params) if self.multiplier else quarter["reward"]
        return reward / sum(params[name] for name in WEIGHTS.values()) if self.per_weight else reward

    def capture(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Everything that changes: arrays by name, and the state of the generator of seeds as plain values.

        The societies' own draws need nothing more: they are counted, from the seed and the quarter.
        """
        arrays = {name: array.copy() for name, array in self._changing().items()}
        return arrays, dict(self._generator.bit_generator.state)

    def restore(self, arrays: dict[str, npt.NDArray[Any]], generator: dict[str, Any]) -> None:
        """Put back what `capture` gave, into an environment made alike.

        Raises:
            ValueError: If an array is missing, of another shape or type, or none that societies can come to.
        """
        own = self._changing()
        found = {name: array_like(arrays, name, array) for name, array in own.items()}
        state = {name: found[f"state.{name}"] for name in self.batch.state._fields}
        check_state(self.batch, state)
        for name, array in own.items():
            array[...] = found[name]
        if isinstance(self.batch, FamilyBatch):
            self.batch.redraw()
        self._generator.bit_generator.state = generator

    def _changing(self) -> dict[str, npt.NDArray[Any]]:
        own = {f"state.{name}": array for name, array in self.batch.state._asdict().items()}
        if isinstance(self.batch, FamilyBatch):
            own |= {f"view.{name}": array for name, array in self.batch.memory().items()}
        if self.multiplier:
            own["multiplier"] = self.multiplier.state
        return own | {"sums": self._sums, "steps": self._steps}

    def close(self) -> None:
        """Nothing to close."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Only `render_mode`, which is None: societies are no objects of their own."""
        if attr_name == "render_mode":
            return [None for _ in self._get_indices(indices)]
        raise AttributeError(f"BatchVecEnv has no attribute {attr_name!r} per environment")

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Refused: societies are no objects of their own."""
        raise AttributeError(f"BatchVecEnv has no attribute {attr_name!r} per environment")

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Refused: societies are no objects of their own."""
        raise AttributeError(f"BatchVecEnv has no method {method_name!r} per environment")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: VecEnvIndices = None) -> list[bool]:
        """No society is wrapped."""
        return [False for _ in self._get_indices(indices)]

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Fix every episode that follows."""
        self._generator = np.random.default_rng(seed)
        return [seed] * self.num_envs
