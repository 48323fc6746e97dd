"""Many searches as one job: on several cores, each with a folder of its own, done once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from juguo_agents.artifacts.searched import RESULT_FILE, STATE_FILE, Found, load_found, validated
from juguo_agents.processes import work_through
from juguo_agents.search.checkpoint import CheckpointError, State, load_state
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.optimise import begin, raised, search
from juguo_agents.search.result import finished, write_result
from juguo_agents.search.scoring import Scorer

SEARCHES = "searches"


@dataclass(frozen=True)
class Task:
    """A search, and its folder."""

    folder: Path
    settings: SearchSettings


def conduct(
    searches: Mapping[str, SearchSettings],
    folder: Path,
    workers: int,
    progress: Callable[[str, float], None] | None = None,
) -> dict[str, Found]:
    """Run or finish searches; one that is there with a smaller budget is gone on with, where that can be.

    Args:
        searches: What is searched, by the name of its folder.
        folder: The job's folder.
        workers: Processes.
        progress: Told of every search that is done, and of its mean return on the validation episodes.

    Returns:
        What was found, by name.

    Raises:
        UserError: If a folder holds another search.
    """
    tasks = [Task(folder / SEARCHES / name, settings) for name, settings in searches.items()]
    found: dict[str, Found] = {}

    def done(task: Task, mean: float) -> None:
        found[task.folder.name] = load_found(task.folder / RESULT_FILE)
        if progress:
            progress(task.folder.name, mean)

    work_through(_conduct_one, tasks, workers, done)
    return {name: found[name] for name in searches}


def _conduct_one(task: Task) -> float:
    return validated(conduct_search(task.settings, task.folder))


def conduct_search(settings: SearchSettings, folder: Path, after: Path | None = None) -> Found:
    """Run or finish a search; one that is there with a smaller budget is gone on with, where that can be.

    Args:
        settings: What is searched.
        folder: Of the search; made where there is none.
        after: That of another search, from whose state it goes on at a larger budget.

    Raises:
        CheckpointError: If the folder, or that of the search to go on from, holds another search.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state, found = _state(settings, folder, after), finished(folder, settings)
    if found is None:
        scorer = Scorer(settings.scenario, settings.observe, varies=settings.varies)
        search(state, folder, scorer)
        found = write_result(state, folder, scorer)
    return found


def _state(settings: SearchSettings, folder: Path, after: Path | None) -> State:
    """The state of a search: its own, that of a smaller budget, or a new one."""
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
