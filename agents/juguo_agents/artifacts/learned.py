"""A trained policy as an allocator."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Setting
from juguo_agents.artifacts.networks import Memory
from juguo_agents.artifacts.observation import begin_view, layout_of
from juguo_agents.artifacts.policy import Policy, check_fits


class Learned:
    """Takes the mean action of a trained policy: shown what that was trained to see, with its memory."""

    def __init__(self, policy: Policy, name: str) -> None:
        """Wrap a policy under a name, which begins with `learned`."""
        self.policy = policy
        self._name = name
        self._memory: Memory = ()

    @property
    def name(self) -> str:
        """Name in tables."""
        return self._name

    def start(self, setting: Setting, seeds: npt.NDArray[np.uint64]) -> None:
        """Begin episodes.

        Raises:
            PolicyFileError: If the policy does not fit what is seen and done there.
        """
        layout = layout_of(self.policy.metadata, setting.layout)
        check_fits(self.policy, layout, self.name)
        self._view = begin_view(layout, setting.known, len(seeds))
        self._memory = self.policy.begin(len(seeds))

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Actions for a batch of observations."""
        actions, self._memory = self.policy.step(self._view.complete(observation), self._memory)
        return actions
