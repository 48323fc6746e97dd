"""The reward as a vector: the same environments with breadth, resilience and exclusion as goals of their own.

By the convention of MO-Gymnasium, which is not needed here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from juguo_envs.core import Core
from juguo_envs.engine.batch import Batch
from juguo_envs.env import ExperimentDiffusionEnv
from juguo_envs.errors import UserError
from juguo_envs.vector_env import ExperimentDiffusionVectorEnv

GOALS = ("breadth", "resilience", "-excluded")
"""The entries of the reward, each of which is to be large."""


def reward_vectors(batch: Batch) -> npt.NDArray[np.float64]:
    """(B, 3) what societies earned in the quarter: each goal over T, the quarters of the programme."""
    quarter = batch.state.quarter
    goals = np.stack([quarter["breadth"], quarter["resilience"], -quarter["excluded"]], axis=-1)
    vectors: npt.NDArray[np.float64] = goals / batch.params["T"][:, None]
    return vectors


def _reward_space(core: Core) -> spaces.Box[np.float64]:
    if core.own_reward is not None:
        raise UserError("reward is a function, and here it is a vector; give weights, or none")
    return spaces.Box(np.array([0.0, 0.0, -1.0]), np.array([1.0, 1.0, 0.0]), dtype=np.float64)


class MOExperimentDiffusionEnv(ExperimentDiffusionEnv):
    """`ExperimentDiffusionEnv` whose reward is a vector.

    In each quarter it is (breadth, resilience, -excluded) / T. The three are shares or means of persons in
    [0, 1]; over an episode they sum to the means of the quarters. The scalar reward is the vector times the
    weights (w_b, w_r, w_x). Weights given as `reward` are those that `preferences="shown"` shows, and the
    aversion counts in breadth.

    Attributes:
        reward_space: `Box((3,), float64)`.
        reward_dim: 3.
    """

    reward_dim = len(GOALS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See the class; arguments are those of `ExperimentDiffusionEnv`."""
        super().__init__(*args, **kwargs)
        self.reward_space = _reward_space(self.core)

    def _reward(self) -> npt.NDArray[np.float64]:
        vector: npt.NDArray[np.float64] = reward_vectors(self.batch)[0]
        return vector


class MOExperimentDiffusionVectorEnv(ExperimentDiffusionVectorEnv):
    """`ExperimentDiffusionVectorEnv` whose rewards are vectors, (num_envs, 3).

    Attributes:
        reward_space: That of one sub-environment.
        reward_dim: 3.
    """

    reward_dim = len(GOALS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See the class; arguments are those of `ExperimentDiffusionVectorEnv`."""
        super().__init__(*args, **kwargs)
        self.reward_space = _reward_space(self.core)

    def _rewards(self) -> npt.NDArray[np.float64]:
        return self.core.read(reward_vectors)
