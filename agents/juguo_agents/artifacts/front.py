"""What a multi-objective search found, as an allocator: the member of its front that is best for the weights.

A JSON file that people can read, checked by name when it is loaded. Needs neither pymoo nor torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Allocator, Setting
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.base import JsonArtifact, read_json, read_scenario
from juguo_envs.errors import UserError
from juguo_envs.info import REWARD_PARTS
from juguo_envs.worlds.scenario import Scenario

KIND, FORMAT = "juguo_front", 1
FRONT_PATTERN = "front-seed*.json"
Floats = npt.NDArray[np.float64]


class FrontFileError(UserError):
    """A file of a front that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class StoredFront(JsonArtifact):
    """A front with everything that its file tells.

    Attributes:
        members: The numbers of closed loops.
        means: (members, 3) breadth, resilience and excluded, as the search met them.
    """

    members: list[Parameters]
    means: Floats

    def allocator(self, name: str | None = None) -> Allocator:
        """What acts as the best member for each episode's weights."""
        return FrontAllocator(self, name or self.name)


class FrontAllocator:
    """In each episode acts as the member with the highest return under the episode's weights."""

    def __init__(self, front: StoredFront, name: str) -> None:
        """Take the front under a name."""
        self.front, self._name = front, name

    @property
    def name(self) -> str:
        """Name in tables."""
        return self._name

    def start(self, setting: Setting, seeds: npt.NDArray[np.uint64]) -> None:
        """Begin episodes; the weights are those of the setting."""
        front = self.front
        chosen = best_members(front.means, setting.reward, len(seeds))
        members = [front.members[index] for index in chosen]
        self._acting = CLOSED_LOOP.allocator(members, front.scenario, self._name)
        self._acting.start(setting, seeds)

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Actions for a batch of observations."""
        return self._acting.act(observation)


def best_members(
    means: Floats, weights: tuple[float | Floats, float | Floats, float | Floats], episodes: int
) -> npt.NDArray[np.int64]:
    """(episodes,) index of the member with the highest return under each episode's weights.

    Args:
        means: (members, 3) breadth, resilience and excluded.
        weights: Of each of these, one for all episodes or (episodes,).
        episodes: How many there are.
    """
    breadth, resilience, excluded = (np.broadcast_to(w, episodes)[:, None] for w in weights)
    returns = breadth * means[:, 0] + resilience * means[:, 1] - excluded * means[:, 2]
    found: npt.NDArray[np.int64] = returns.argmax(1)
    return found


def front_text(
    members: Sequence[Parameters], means: Floats, about: Mapping[str, Any], scenario: Scenario
) -> str:
    """The content of a front's file.

    Args:
        members: The numbers of closed loops.
        means: (members, 3) breadth, resilience and excluded of each.
        about: What is to be told of it; `name` and `observe` must be among it.
        scenario: The world that it was searched in.
    """
    told = [
        {**dict(zip(REWARD_PARTS, row, strict=True)), "parameters": dict(member)}
        for member, row in zip(members, means.tolist(), strict=True)
    ]
    data = {
        "kind": KIND,
        "format": FORMAT,
        **about,
        "members": told,
        "scenario_digest": scenario.digest(),
        "scenario": scenario.model_dump(mode="json"),
    }
    return json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n"


def load_front(path: Path) -> StoredFront:
    """Read and check a front.

    Raises:
        FrontFileError: If the file is missing, is no front, or anything in it cannot be; it is named.
    """
    data = read_json(path, KIND, FORMAT, "a front", FrontFileError)
    for name, kind in (("name", str), ("observe", str), ("members", list)):
        if not isinstance(data.get(name), kind) or not data[name]:
            raise FrontFileError(f"{path}: {name!r} is missing, empty or of another kind")
    scenario = read_scenario(data, path, FrontFileError)
    space = CLOSED_LOOP.space(scenario)
    members, means = [], []
    for i, told in enumerate(data["members"]):
        fault = _fault(told)
        fault = fault or space.fault(told["parameters"])
        if fault:
            raise FrontFileError(f"{path}: members[{i}]: {fault}")
        members.append(told["parameters"])
        means.append([float(told[part]) for part in REWARD_PARTS])
    return StoredFront(scenario, data, members, np.array(means))


def _fault(told: Any) -> str | None:
    if not isinstance(told, dict) or not isinstance(told.get("parameters"), dict):
        return "'parameters' is missing or no object"
    for part in REWARD_PARTS:
        value = told.get(part)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
            return f"{part} is {value!r}; allowed is 0 to 1"
    return None
