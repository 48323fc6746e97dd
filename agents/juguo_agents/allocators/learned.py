"""A trained policy as an allocator."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Setting
from juguo_agents.policy_file import Policy, check_fits


class Learned:
    """Takes the mean action of a trained policy; remembers nothing."""

    def __init__(self, policy: Policy, name: str) -> None:
        """Wrap a policy under a name, which begins with `learned`."""
        self.policy = policy
        self._name = name

    @property
    def name(self) -> str:
        """Name in tables."""
        return self._name

    def start(self, setting: Setting, seeds: npt.NDArray[np.uint64]) -> None:
        """Begin episodes.

        Raises:
            PolicyFileError: If the policy does not fit what is seen and done there.
        """
        check_fits(self.policy, setting.layout, self.name)

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Actions for a batch of observations."""
        return self.policy.act(observation)
