"""A play: the programme of a person, quarter by quarter, as a file and as an allocator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, create_model

from juguo_agents.allocators.base import Setting
from juguo_agents.array_types import Seeds, Singles
from juguo_agents.artifacts.base import JsonArtifact
from juguo_agents.artifacts.identity import Fingerprint, Record, check_scenario, read_record
from juguo_agents.evaluation.seeds import TEST_END
from juguo_envs.errors import UserError
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.names import slug
from juguo_envs.spaces.action import encode_allocation
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario

PREFIX = "play-"
PLAY_PATTERN = f"{PREFIX}*.json"
Weight = Annotated[float, Field(ge=0.0, le=100.0)]
_MOST_QUARTERS, _MOST_PLACES = 10_000, 100_000


class PlayFileError(UserError):
    """A play that cannot be used; the message names the file and what is wrong."""


_each: Any = dict.fromkeys(FUNCTIONS, (Weight, ...))
Functions: Any = create_model("Functions", __base__=Strict, **_each)
"""A weight for each of the nine functions."""


class Decision(Strict):
    """What a person decides for a quarter.

    Attributes:
        functions: Relative weights of the nine functions, by name.
        reserve: That of the reserve. Where all ten are 0, everything goes there.
        places: Relative weights of the R places; where all are 0, money follows population.
        openness: From 0 to 1.
        advance: Whether to ask for the next stage.
        abandon: Whether to ask to give the project up.
    """

    functions: Functions
    reserve: Weight
    places: Annotated[list[Weight], Field(min_length=1, max_length=_MOST_PLACES)]
    openness: Annotated[float, Field(ge=0.0, le=1.0)]
    advance: bool
    abandon: bool

    def action(self) -> Singles:
        """(10 + R + 3,) the action of the environment."""
        return encode_allocation(
            [getattr(self.functions, name) for name in FUNCTIONS],
            self.places,
            reserve=self.reserve,
            openness=self.openness,
            advance=self.advance,
            abandon=self.abandon,
        )


class Score(Strict):
    """What a whole programme earned, and means over its quarters of what that is made of."""

    earned: float = Field(alias="return")
    breadth: float
    resilience: float
    excluded: float


class PlayRecord(Record):
    """What the file of a play holds.

    Attributes:
        seed: Of the episode.
        decisions: One for each quarter that was played.
        score: None while the programme is not over.
    """

    KIND: ClassVar[str] = "juguo_play"
    FORMAT: ClassVar[int] = 1
    WHAT: ClassVar[str] = "a play"
    FAULT: ClassVar[type[UserError]] = PlayFileError

    scenario: dict[str, Any]
    scenario_digest: Fingerprint
    observe: Literal["noisy"]
    seed: Annotated[int, Field(ge=0, lt=TEST_END)]
    decisions: Annotated[list[Decision], Field(max_length=_MOST_QUARTERS)]
    score: Score | None
    versions: dict[str, str]


@dataclass(frozen=True)
class StoredPlay(JsonArtifact):
    """The content of a play's file, checked.

    Attributes:
        stem: The file's name without its suffix.
        record: The content by its fields.
    """

    stem: str
    record: PlayRecord

    decisive = ("decisions", "scenario_digest")

    @property
    def name(self) -> str:
        """By the file, so that several plays of a world have several names."""
        name = slug(self.stem)
        return name if name.startswith(PREFIX) else PREFIX + name

    def allocator(self, name: str | None = None) -> Played:
        """What was decided in quarter t, in quarter t of any episode."""
        return Played(name or self.name, self.record.decisions)


class Played:
    """Decides as a person did, whatever it sees."""

    def __init__(self, name: str, decisions: Sequence[Decision]) -> None:
        """See the class.

        Args:
            name: In tables.
            decisions: One for each quarter.
        """
        self._name = name
        self._actions = [decision.action() for decision in decisions]
        self._quarter, self._count = 0, 0

    @property
    def name(self) -> str:
        """Name in tables."""
        return self._name

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes.

        Raises:
            PlayFileError: If the programme is longer, or has another number of places.
        """
        longest, played = int(np.max(setting.quarters)), len(self._actions)
        if played < longest:
            raise PlayFileError(
                f"{self.name} holds {played} quarters, and the programme has {longest}: play it to its end, "
                "or evaluate it on its own scenario"
            )
        here, there = len(setting.names), len(self._actions[0]) - len(FUNCTIONS) - 4
        if here != there:
            raise PlayFileError(
                f"{self.name} divides money among {there} places; this scenario has {here}: evaluate it on "
                "its own scenario or one of as many places"
            )
        self._quarter, self._count = 0, len(seeds)

    def act(self, observation: Singles) -> Singles:
        """The decision of the quarter, for every environment."""
        action = self._actions[self._quarter]
        self._quarter += 1
        return np.repeat(action[None], self._count, axis=0)


def load_play(path: Path) -> StoredPlay:
    """Read and check a play.

    Raises:
        PlayFileError: If the file is missing or no play, was changed, or holds more quarters or other places
            than its programme has.
    """
    data, record = read_record(path, PlayRecord)
    scenario = check_scenario(record.scenario, record.scenario_digest, str(path), PlayFileError)
    _check_programme(record, scenario, path)
    return StoredPlay(scenario, data, path.stem, record)


def _check_programme(record: PlayRecord, scenario: Scenario, path: Path) -> None:
    quarters, places = scenario.programme.T, len(scenario.society.listed())
    played = len(record.decisions)
    if played > quarters:
        raise PlayFileError(f"{path}: decisions holds {played} quarters; its programme has {quarters}")
    for i, decision in enumerate(record.decisions):
        if len(decision.places) != places:
            raise PlayFileError(
                f"{path}: decisions.{i}.places holds {len(decision.places)} weights; allowed is {places}"
            )
    if (record.score is not None) != (played == quarters):
        told = "a score" if record.score is not None else "no score"
        raise PlayFileError(f"{path}: holds {told} and {played} of {quarters} quarters")
