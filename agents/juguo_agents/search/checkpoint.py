"""The state of a search: what was asked for, and every return that the optimiser was told.

The optimiser itself is not stored. Asking and telling it again from the same seed leads to the same state,
bit for bit, and needs no pickle.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.searched import STATE_FILE
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.scenario import Scenario

SAVING = 0.05
"""Share of the time that saving a search may take."""
_FORMAT = 1


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
    covariance: str = "full"

    def as_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return {**asdict(self), "scenario": self.scenario.model_dump(mode="json")}


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


@dataclass
class State:
    """A search and how far it is; `earlier` where it was finished before, and its budget then raised."""

    settings: Settings
    phases: list[PhaseState]
    earlier: list[Earlier] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Write the state, whole or not at all."""
        data = {
            "format": _FORMAT,
            "settings": self.settings.as_json(),
            "phases": [asdict(phase) for phase in self.phases],
            "earlier": [asdict(found) for found in self.earlier],
        }
        write_text(folder / STATE_FILE, json.dumps(data, allow_nan=False) + "\n")


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


def load_state(folder: Path) -> State:
    """Read the state of a search.

    Raises:
        CheckpointError: If there is none, or it is not whole.
    """
    path = folder / STATE_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path}: cannot be read ({error}); there is no search to resume") from None
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{path}: no JSON ({error})") from None
    try:
        if data["format"] != _FORMAT:
            raise CheckpointError(f"{path}: format is {data['format']!r}; this version reads {_FORMAT}")
        settings = dict(data["settings"])
        settings["scenario"] = Scenario.parse(settings["scenario"], str(path))
        phases = [
            PhaseState(
                start=phase["start"],
                centre=phase["centre"],
                told=[[float(x) for x in row] for row in phase["told"]],
                spent=int(phase["spent"]),
                outcome=Outcome(**phase["outcome"]) if phase["outcome"] else None,
            )
            for phase in data["phases"]
        ]
        return State(Settings(**settings), phases, [Earlier(**row) for row in data["earlier"]])
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise CheckpointError(f"{path}: not the state of a search ({error!r})") from None
