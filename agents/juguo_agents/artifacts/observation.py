"""What a policy is shown beside the quarter's observation, as a configuration and a policy file say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from juguo_envs.spaces.context import LONGEST_HISTORY, FullLayout, Known, Preferences, View
from juguo_envs.spaces.observation import ObservationLayout

SHOWN = "shown"
"""Field of a policy's metadata; a policy without it sees the observation alone."""


class Shown(BaseModel):
    """What a policy is told besides what it observes; see `juguo_envs.spaces.context`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    context: bool = Field(False, description="what a real allocator would know of its world")
    preferences: Preferences = Field("hidden", description="the weights of the reward and the aversion")
    history: int = Field(1, ge=1, le=LONGEST_HISTORY, description="quarters, the present one included")

    def arguments(self) -> dict[str, Any]:
        """As the constructors of batches and layouts take it."""
        return {
            "context": self.context,
            "preferences": self.preferences != "hidden",
            "history": self.history,
        }


def begin_view(layout: FullLayout, known: Known, episodes: int) -> View:
    """What so many episodes are shown, all of them at their start, where so much is known of their worlds."""
    view = View(layout, episodes)
    view.begin(layout.facts_of(known), np.ones(episodes, np.bool_))
    return view


def layout_of(metadata: Mapping[str, Any], observation: ObservationLayout) -> FullLayout:
    """What a policy of this metadata sees in a world with this observation."""
    shown = Shown.model_validate(metadata.get(SHOWN, {}))
    return FullLayout(observation.communities, **shown.arguments())
