"""The state of a search: what was asked for, and every return that the optimiser was told.

The optimiser itself is not stored. Asking and telling it again from the same seed leads to the same state,
bit for bit, and needs no pickle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.identity import (
    SEARCH,
    Count,
    Identity,
    Record,
    identity_of,
    read_record,
    record_of,
    text_of,
)
from juguo_agents.artifacts.searched import STATE_FILE
from juguo_agents.provenance import MODEL
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.validation import Strict
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

SAVING = 0.05
"""Share of the time that saving a search may take."""


class CheckpointError(UserError):
    """A state that a search cannot go on from."""


@dataclass(frozen=True)
class Settings:
    """What a search was asked for.

    Attributes:
        family: Its name.
        scenario: The world.
        budget: Episodes that the whole search may run; validation is not among them.
        seed: The search's own seed.
        observe: "noisy" or "true".
        validation: Episodes on which the result is measured.
        episodes: Episodes per candidate and generation. With few there are more generations for a budget.
        start: Where to begin, by the name of one of the family's starts; the best of them by default.
        fixed: Numbers that are held at a value.
        begin: The numbers of an allocator to begin at, instead of one of the starts; those that it lacks
            begin as the family has them. There is one phase then.
        lever: A lever that is forced all along, by name.
        varies: Whether every episode has a scenario of its own, drawn by its seed around `scenario`.
        ranges: Axes of the family of which only a part is drawn, as a `Family` has them.
        covariance: "full", or "diagonal": then the optimiser learns a scale of each axis and no directions
            between them, which takes far fewer generations (Ros and Hansen 2008).
    """

    family: str
    scenario: Scenario
    budget: int
    seed: int = 0
    observe: str = "noisy"
    validation: int = 1000
    episodes: int = 5
    start: str | None = None
    fixed: Parameters = field(default_factory=dict)
    begin: Parameters | None = None
    lever: str | None = None
    varies: bool = False
    ranges: tuple[tuple[str, float, float], ...] = ()
    covariance: str = "full"

    def as_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return {
            **asdict(self),
            "scenario": self.scenario.model_dump(mode="json"),
            "fixed": floats(self.fixed),
            "begin": None if self.begin is None else floats(self.begin),
            "ranges": [list(part) for part in self.ranges],
        }

    @property
    def world(self) -> Scenario | Family:
        """The scenario, or the family around it."""
        return Family(self.scenario, ranges=self.ranges) if self.varies else self.scenario

    @property
    def identity(self) -> str:
        """The identity of the search, whatever its budget, which may be raised."""
        return identity_of({**self.as_json(), "budget": None}, MODEL)


def floats(numbers: Parameters) -> Parameters:
    """Numbers as a file gives them back: 4 and 4.0 are the same, and have not the same bytes."""
    return {name: float(value) for name, value in numbers.items()}


@dataclass
class Outcome:
    """What a phase chose.

    Attributes:
        parameters: The chosen ones.
        search_mean: Their mean return on the episodes of the choice, on which they were the best.
        start_mean: That of the parameters the phase began with, on the same episodes.
        finalist: Which one was chosen: "start", or the generation whose mean it is.
    """

    parameters: Parameters
    search_mean: float
    start_mean: float
    finalist: str

    def __post_init__(self) -> None:
        self.parameters = floats(self.parameters)


@dataclass
class PhaseState:
    """One phase: where it began, with which feedback; mean returns told, by generation; what came of it."""

    start: str | None = None
    centre: str | None = None
    told: list[list[float]] = field(default_factory=list)
    spent: int = 0
    outcome: Outcome | None = None


@dataclass
class Earlier:
    """What the same search found at a smaller budget."""

    budget: int
    parameters: Parameters

    def __post_init__(self) -> None:
        self.parameters = floats(self.parameters)


@dataclass
class State:
    """A search and how far it is; `earlier` where it was finished before, and its budget then raised."""

    settings: Settings
    phases: list[PhaseState]
    earlier: list[Earlier] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Write the state, whole or not at all."""
        content = {
            "id": self.settings.identity,
            "settings": self.settings.as_json(),
            "phases": [asdict(phase) for phase in self.phases],
            "earlier": [asdict(found) for found in self.earlier],
        }
        write_text(folder / STATE_FILE, text_of(record_of(StateRecord, content, None), indent=None))


class Keeper:
    """Saves a state now and again, so that saving takes `SAVING` of the time at most, however long it grew.

    What an interruption loses is searched again when it goes on, and comes out the same.
    """

    def __init__(self, state: State, folder: Path) -> None:
        self._state, self._folder = state, folder
        self._due = 0.0

    def save_if_due(self) -> None:
        """Save, unless that was done a short while ago."""
        begun = monotonic()
        if begun >= self._due:
            self._state.save(self._folder)
            self._due = monotonic() + (monotonic() - begun) / SAVING


class _Settings(Strict):
    family: str
    scenario: dict[str, Any]
    budget: Count
    seed: Count
    observe: Literal["noisy", "true"]
    validation: Count
    episodes: Annotated[int, Field(ge=1)]
    start: str | None
    fixed: dict[str, float]
    begin: dict[str, float] | None
    lever: str | None
    varies: bool
    ranges: tuple[tuple[str, float, float], ...]
    covariance: str


class _Outcome(Strict):
    parameters: dict[str, float]
    search_mean: float
    start_mean: float
    finalist: str


class _Phase(Strict):
    start: str | None
    centre: str | None
    told: list[list[float]]
    spent: Count
    outcome: _Outcome | None


class _Earlier(Strict):
    budget: Count
    parameters: dict[str, float]


class StateRecord(Record):
    """What the file of a state holds.

    Attributes:
        id: Identity of the search.
    """

    KIND: ClassVar[str] = "juguo_search_state"
    FORMAT: ClassVar[int] = 3
    WHAT: ClassVar[str] = "the state of a search"
    AGAIN: ClassVar[str] = "restore the file as it was written, or begin a new search"
    FAULT: ClassVar[type[UserError]] = CheckpointError

    id: Identity
    settings: _Settings
    phases: Annotated[list[_Phase], Field(min_length=1)]
    earlier: list[_Earlier]


def load_state(folder: Path) -> State:
    """Read the state of a search.

    Raises:
        CheckpointError: If there is none, it is not whole, or it is of another version of the model.
    """
    path = folder / STATE_FILE
    if not path.exists():
        raise CheckpointError(f"{path}: is not there; there is no search to resume")
    _, record = read_record(path, StateRecord)
    if record.model != MODEL:
        raise CheckpointError(
            f"{folder} cannot be resumed: the model's source is {MODEL} now and was {record.model}, so "
            "returns of two models would be mixed; restore the version that it was begun with, or begin "
            "a new search"
        )
    told = record.settings
    try:
        scenario = Scenario.parse(told.scenario, "scenario")
    except UserError as error:
        raise CheckpointError(f"{path}: {error}") from None
    settings = Settings(**{**told.model_dump(), "scenario": scenario})
    if record.id != settings.identity:
        raise CheckpointError(f"{path}: its id does not fit its settings; {StateRecord.AGAIN}")
    SEARCH.check_world(path, scenario.digest(), CheckpointError)
    phases = [
        PhaseState(
            phase.start,
            phase.centre,
            phase.told,
            phase.spent,
            Outcome(**phase.outcome.model_dump()) if phase.outcome else None,
        )
        for phase in record.phases
    ]
    return State(settings, phases, [Earlier(**earlier.model_dump()) for earlier in record.earlier])
