"""What a multi-objective search found, as an allocator: the member of its front that is best for the weights.

A JSON file that people can read, checked by name when it is loaded. Needs neither pymoo nor torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from juguo_agents.allocators.base import Allocator, Setting
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.base import JsonArtifact
from juguo_agents.artifacts.identity import STUDY, Count, Fingerprint, Record, check_scenario, read_record
from juguo_envs.errors import UserError
from juguo_envs.info import REWARD_PARTS
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario

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

    decisive = ("members", "scenario_digest")

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


class _Member(Strict):
    breadth: Annotated[float, Field(ge=0.0, le=1.0)]
    resilience: Annotated[float, Field(ge=0.0, le=1.0)]
    excluded: Annotated[float, Field(ge=0.0, le=1.0)]
    parameters: dict[str, float]


class FrontRecord(Record):
    """What a front's file holds."""

    KIND: ClassVar[str] = "juguo_front"
    FORMAT: ClassVar[int] = 2
    WHAT: ClassVar[str] = "a front"
    FAULT: ClassVar[type[UserError]] = FrontFileError

    name: str
    seed: Count
    observe: Literal["noisy", "true"]
    budget: Count
    steps: Count
    generations: Count
    begun: bool
    versions: dict[str, str]
    members: Annotated[list[_Member], Field(min_length=1)]
    scenario_digest: Fingerprint
    scenario: dict[str, Any]


def front_content(
    members: Sequence[Parameters], means: Floats, about: Mapping[str, Any], scenario: Scenario
) -> dict[str, Any]:
    """What stands in the record of a front.

    Args:
        members: The numbers of closed loops.
        means: (members, 3) breadth, resilience and excluded of each.
        about: The other fields of `FrontRecord`.
        scenario: The world that it was searched in.
    """
    told = [
        {**dict(zip(REWARD_PARTS, row, strict=True)), "parameters": dict(member)}
        for member, row in zip(members, means.tolist(), strict=True)
    ]
    return {
        **about,
        "members": told,
        "scenario_digest": scenario.digest(),
        "scenario": scenario.model_dump(mode="json"),
    }


def load_front(path: Path) -> StoredFront:
    """Read and check a front.

    Raises:
        FrontFileError: If the file is missing, is no front, lies where another belongs, or anything in it
            cannot be; it is named.
    """
    data, record = read_record(path, FrontRecord)
    STUDY.check(path, record.of, FrontFileError)
    if path.match(FRONT_PATTERN) and path.name != front_file(record.seed):
        raise FrontFileError(
            f"{path}: holds the front of seed {record.seed}; it was copied or renamed: put back the one that "
            "belongs here"
        )
    if record.name != front_name(record.seed):
        raise FrontFileError(f"{path}: name is {record.name!r}; allowed is {front_name(record.seed)!r}")
    scenario = check_scenario(record.scenario, record.scenario_digest, str(path), FrontFileError)
    space = CLOSED_LOOP.space(scenario)
    for i, member in enumerate(record.members):
        if fault := space.fault(member.parameters):
            raise FrontFileError(f"{path}: members[{i}]: {fault}")
    means = [[getattr(member, part) for part in REWARD_PARTS] for member in record.members]
    return StoredFront(scenario, data, [member.parameters for member in record.members], np.array(means))


def front_file(seed: int) -> str:
    """The name of the file of a search's front."""
    return FRONT_PATTERN.replace("*", str(seed))


def front_name(seed: int) -> str:
    """The name of the allocator that a search's front is."""
    return f"front_seed{seed}"
