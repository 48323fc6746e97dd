"""Many searches as one job: on several cores, each with a folder of its own, done once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators import Allocator, make_rule
from juguo_agents.artifacts.searched import RESULT_FILE, STATE_FILE, SearchResult, load_result, validated
from juguo_agents.evaluation.rollout import run
from juguo_agents.processes import work_through
from juguo_agents.search.checkpoint import CheckpointError, State, load_state
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.optimise import begin, raised, search
from juguo_agents.search.result import finished, write_result
from juguo_agents.search.scoring import Scorer
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

Floats = npt.NDArray[np.float64]
SEARCHES = "searches"


@dataclass(frozen=True)
class Task:
    """A search, the folder that it belongs to, and that of another which it goes on from, if any."""

    folder: Path
    settings: SearchSettings
    after: Path | None = None


def conduct(
    searches: Mapping[str, SearchSettings],
    folder: Path,
    workers: int,
    progress: Callable[[str, float], None] | None = None,
    after: Mapping[str, str] | None = None,
) -> dict[str, SearchResult]:
    """Run or finish searches; one that is there with a smaller budget is gone on with, where that can be.

    Args:
        searches: What is searched, by the name of its folder.
        folder: The job's folder.
        workers: Processes.
        progress: Told of every search that is done, and of its mean return on the validation episodes.
        after: For a search by name, that of another which it goes on from at a larger budget.

    Returns:
        What was found, by name.

    Raises:
        UserError: If a folder holds another search.
    """
    place, after = folder / SEARCHES, after or {}
    tasks = [
        Task(place / name, settings, place / after[name] if name in after else None)
        for name, settings in searches.items()
    ]
    found: dict[str, SearchResult] = {}

    def done(task: Task, mean: float) -> None:
        found[task.folder.name] = load_result(task.folder / RESULT_FILE)
        if progress:
            progress(task.folder.name, mean)

    work_through(_conduct_one, tasks, workers, done)
    return {name: found[name] for name in searches}


def _conduct_one(task: Task) -> float:
    """One search, from wherever it is."""
    folder, settings = task.folder, task.settings
    state, found = search_state(settings, folder, task.after), finished(folder, settings)
    if found is None:
        scorer = Scorer(settings.scenario, settings.observe, varies=settings.varies)
        search(state, folder, scorer)
        found = write_result(state, folder, scorer)
    return validated(found)


def search_state(settings: SearchSettings, folder: Path, after: Path | None = None) -> State:
    """The state of a search: its own, that of a smaller budget, or a new one.

    Args:
        settings: What is searched.
        folder: Of the search; made where there is none.
        after: That of another search, from whose state it goes on at a larger budget.

    Raises:
        CheckpointError: If the folder, or that of the search to go on from, holds another search.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for place in (folder, after):
        if place is None or not (place / STATE_FILE).exists():
            continue
        state = load_state(place)
        if state.settings == settings:
            return state
        larger = raised(state, settings)
        if larger is None:
            raise CheckpointError(f"{place}: holds another search; remove it, or name another --out")
        return larger
    return begin(settings)


def best_of(found: Mapping[str, SearchResult], names: Sequence[str]) -> SearchResult:
    """The best of some searches by the validation episodes; it is then measured on others."""
    return max((found[name] for name in names), key=validated)


@dataclass(frozen=True)
class Measurement:
    """An allocator in a world, to be run on test episodes: what was found, or a rule's name."""

    name: str
    scenario: Scenario
    observe: str
    seeds: tuple[int, int]
    rule: str | None = None
    file: Path | None = None
    lever: str | None = None

    def allocator(self) -> Allocator:
        """The allocator, with its lever forced."""
        from juguo_agents.allocators.levers import Forced, find_lever

        if self.rule is not None:
            allocator: Allocator = make_rule(self.rule)
        elif self.file is not None:
            allocator = load_result(self.file).allocator(self.name)
        else:
            raise UserError(f"{self.name}: neither a rule nor a file")
        return Forced(allocator, find_lever(self.lever)) if self.lever else allocator


def measure(
    measurements: Sequence[Measurement],
    workers: int,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Floats]:
    """Returns (episodes,) of allocators on their test episodes, by name."""
    found: dict[str, Floats] = {}

    def done(what: Measurement, returns: Floats) -> None:
        found[what.name] = returns
        if progress:
            progress(what.name)

    work_through(_measure_one, measurements, workers, done)
    return {m.name: found[m.name] for m in measurements}


def _measure_one(what: Measurement) -> Floats:
    seeds = np.arange(*what.seeds, dtype=np.uint64)
    return run(what.allocator(), what.scenario, seeds, observe=what.observe).returns
