"""Other forms of the same environment: actions and observations by name, actions in levels, a cost in `step`.

They are wrappers of the single environment. With many, `SyncVectorEnv` steps wrapped ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from juguo_envs.errors import UserError
from juguo_envs.model.state import FUNCTIONS, N_FUNCTIONS
from juguo_envs.spaces.action import encode_allocation
from juguo_envs.spaces.context import ContextLayout
from juguo_envs.spaces.observation import PER_COMMUNITY, SCALARS

Env = gym.Env[npt.NDArray[np.float32], npt.NDArray[np.float32]]
Rows = npt.NDArray[np.float32]
REQUESTS = ("openness", "advance", "abandon")


def _communities(env: Env) -> int:
    communities: int = env.get_wrapper_attr("layout").communities
    return communities


class DictAction(gym.ActionWrapper[Rows, Mapping[str, Any], Rows], RecordConstructorArgs):
    """Actions by name.

    `functions` (9,) and `reserve` (1,) are relative weights in [0, 1], in the order of
    `juguo_envs.model.state.FUNCTIONS`; `communities` (R,) too; `openness` (1,) is in [0, 1]; `advance` and
    `abandon` are 0 or 1. Where all of the weights of functions and reserve are 0, all is put aside; where
    those of the communities are, they share by population.
    """

    def __init__(self, env: Env) -> None:
        """Wrap an environment."""
        RecordConstructorArgs.__init__(self)
        gym.ActionWrapper.__init__(self, env)

        def weights(n: int) -> spaces.Box[np.float32]:
            return spaces.Box(0.0, 1.0, (n,), np.float32)

        self.action_space = spaces.Dict(
            {
                "functions": weights(N_FUNCTIONS), "reserve": weights(1),
                "communities": weights(_communities(env)), "openness": weights(1),
                "advance": spaces.Discrete(2), "abandon": spaces.Discrete(2),
            }
        )  # fmt: skip

    def action(self, action: Mapping[str, Any]) -> Rows:
        """The action of the environment that stands for one by name.

        Raises:
            AllocationError: If a weight is negative or not finite, or openness is not in [0, 1].
        """
        return encode_allocation(
            action["functions"],
            action["communities"],
            reserve=np.asarray(action["reserve"])[0],
            openness=np.asarray(action["openness"])[0],
            advance=bool(action["advance"]),
            abandon=bool(action["abandon"]),
        )


class MultiDiscreteAction(gym.ActionWrapper[Rows, npt.NDArray[np.int64], Rows], RecordConstructorArgs):
    """Actions in levels: each share and openness has `levels` of them, each request two.

    Level k of a share stands for the relative weight k / (levels - 1).

    Attributes:
        names: What each entry is.
    """

    def __init__(self, env: Env, levels: int = 5) -> None:
        """Wrap an environment.

        Raises:
            UserError: If there are fewer than two levels.
        """
        if levels < 2:
            raise UserError(f"levels is {levels}; allowed is 2 or more")
        RecordConstructorArgs.__init__(self, levels=levels)
        gym.ActionWrapper.__init__(self, env)
        communities = _communities(env)
        self.names = (*FUNCTIONS, "reserve", *(f"share[{c}]" for c in range(communities)), *REQUESTS)
        counts = np.full(len(self.names), levels)
        counts[-2:] = 2
        self.action_space = spaces.MultiDiscrete(counts)
        self._most = (counts - 1).astype(np.float32)

    def action(self, action: npt.NDArray[np.int64]) -> Rows:
        """The action of the environment that stands for levels."""
        return (2.0 * np.asarray(action) / self._most - 1.0).astype(np.float32)


class DictObservation(gym.ObservationWrapper[dict[str, Rows], Rows, Rows], RecordConstructorArgs):
    """Observations in blocks by name.

    `communities` (R x 15,), one community after another; `programme`; `last_allocation`; and where they are
    shown `context`, `preferences`, and `history`, one quarter after another.

    Attributes:
        names: What each entry of each block is.
    """

    def __init__(self, env: Env) -> None:
        """Wrap an environment."""
        RecordConstructorArgs.__init__(self)
        gym.ObservationWrapper.__init__(self, env)
        layout = env.get_wrapper_attr("layout")
        names, (low, high) = layout.names(), layout.bounds()
        ends = _blocks(layout)
        starts = [0, *list(ends.values())[:-1]]
        places = {name: slice(a, b) for (name, b), a in zip(ends.items(), starts, strict=True) if b > a}
        self.names = {name: tuple(names[place]) for name, place in places.items()}
        self.observation_space = spaces.Dict(  # type: ignore[assignment]  # Gymnasium types no blocks
            {name: spaces.Box(low[place], high[place], dtype=np.float32) for name, place in places.items()}
        )
        self._places = places

    def observation(self, observation: Rows) -> dict[str, Rows]:
        """The blocks of an observation."""
        return {name: observation[place].copy() for name, place in self._places.items()}


def _blocks(layout: Any) -> dict[str, int]:
    """Where each block of an observation ends."""
    own = getattr(layout, "observation", layout)
    communities = own.communities * len(PER_COMMUNITY)
    ends = {"communities": communities, "programme": communities + len(SCALARS), "last_allocation": own.size}
    if isinstance(layout, ContextLayout):
        facts = own.size + layout.facts
        preferences = layout.preference_facts
        ends |= {"context": facts - preferences, "preferences": facts, "history": layout.size}
    return ends


class CostStep(gym.Wrapper[Rows, Rows, Rows, Rows], RecordConstructorArgs):
    """`step` returns a cost beside the reward, as libraries of safe and constrained learning have it.

    The cost is `info["cost"]`, the share of persons excluded in the quarter, in [0, 1]: without weight, and
    not divided by T. A budget for an episode is therefore a number of quarters times a share.
    `info["cost_over_T"]` is the cost on the reward's scale: it sums to the mean share of the excluded.
    """

    def __init__(self, env: Env) -> None:
        """Wrap an environment."""
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)

    def step(  # type: ignore[override]  # six values, as libraries of safe learning have it
        self, action: Rows
    ) -> tuple[Rows, SupportsFloat, float, bool, bool, dict[str, Any]]:
        """Observation, reward, cost, terminated, truncated and info."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, reward, float(info["cost"]), terminated, truncated, info
