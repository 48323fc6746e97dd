"""Which allocator decides, as a discrete action: so that whatever chooses among few actions can play."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from juguo_agents.allocators.base import Allocator, Setting, show_hidden
from juguo_agents.allocators.registry import make_rule, rule_names
from juguo_envs.env import ExperimentDiffusionEnv
from juguo_envs.errors import UserError

Rows = npt.NDArray[np.float32]


class RuleChoice(gym.Wrapper[Rows, np.int64, Rows, Rows], RecordConstructorArgs):
    """In each quarter action k lets allocator k decide, a `Discrete` action.

    All of them see every quarter, and keep their memory of it, whoever decides.

    Attributes:
        names: The allocators' names.
    """

    def __init__(self, env: gym.Env[Rows, Rows], allocators: Sequence[str | Allocator] | None = None) -> None:
        """Wrap an environment.

        Args:
            env: `ExperimentDiffusionEnv`, or what wraps it and leaves its actions as they are.
            allocators: Names of rules, or allocators; every rule as the paper has it by default.

        Raises:
            UserError: If there is none, or no rule of a name, or the environment is another one.
        """
        chosen = [*(rule_names() if allocators is None else allocators)]
        if not chosen:
            raise UserError("allocators is empty; name at least one")
        society = env.unwrapped
        if not isinstance(society, ExperimentDiffusionEnv):
            raise UserError(f"env is {society!r}; allowed is ExperimentDiffusionEnv, wrapped or not")
        RecordConstructorArgs.__init__(self, allocators=chosen)
        gym.Wrapper.__init__(self, env)  # type: ignore[misc]  # its actions are of another type than env's
        self.allocators = [make_rule(one) if isinstance(one, str) else one for one in chosen]
        self.names = tuple(allocator.name for allocator in self.allocators)
        self.action_space = spaces.Discrete(len(self.allocators))
        self._society = society

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Rows, dict[str, Any]]:
        """Begin an episode, and let every allocator begin it."""
        observation, info = self.env.reset(seed=seed, options=options)
        batch = self._society.batch
        setting, seeds = Setting.of(self._society.scenario_now()), batch.state.programme["seed"].copy()
        for allocator in self.allocators:
            allocator.start(setting, seeds)
            show_hidden(allocator, batch)
        return observation, info

    def step(self, action: np.int64) -> tuple[Rows, SupportsFloat, bool, bool, dict[str, Any]]:
        """Move on by a quarter as allocator `action` decides.

        Raises:
            UserError: If there is no allocator of that number.
        """
        if action not in self.action_space:
            raise UserError(
                f"action is {action}; allowed are 0 to {len(self.names) - 1}: {', '.join(self.names)}"
            )
        decided = [allocator.act(self._society.core.rows) for allocator in self.allocators]
        return self.env.step(decided[int(action)][0])
