"""A search in its folder: run, gone on with, or refused where the folder holds another one."""

from __future__ import annotations

from pathlib import Path

from juguo_agents.artifacts.searched import STATE_FILE, SearchResult
from juguo_agents.search.checkpoint import CheckpointError, Settings, State
from juguo_agents.search.optimise import Progress, begin, raised, search, take_up
from juguo_agents.search.result import finished, write_result
from juguo_agents.search.scoring import Scorer


def run_or_resume(
    settings: Settings,
    folder: Path,
    after: Path | None = None,
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> SearchResult:
    """What a search finds, from wherever it is in its folder.

    Args:
        settings: What is asked.
        folder: Of the search; made where there is none. A smaller budget there is gone on with.
        after: Folder of the same search at a smaller budget, which a new one goes on from.
        threads: Of the model; what is found does not depend on it.
        progress: Told of episodes as they are run.

    Raises:
        CheckpointError: If one of the folders holds another search, or one that cannot be gone on with.
    """
    state, found = search_state(settings, folder, after), finished(folder, settings)
    if found is None:
        scorer = Scorer(settings.world, settings.observe, threads)
        search(state, folder, scorer, progress)
        found = write_result(state, folder, scorer)
    return found


def search_state(settings: Settings, folder: Path, after: Path | None = None) -> State:
    """The state of a search, or of a smaller budget, in its folder or else in another one; or a new one.

    Raises:
        CheckpointError: If the folder that has a state holds another search.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for place in (folder, after):
        if place is None or not (place / STATE_FILE).exists():
            continue
        state = take_up(place)
        if state.settings == settings:
            return state
        larger = raised(state, settings)
        if larger is None:
            raise CheckpointError(f"{place}: holds another search; remove it, or name another --out")
        return larger
    return begin(settings)
