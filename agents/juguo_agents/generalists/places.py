"""Places where searches in many worlds may begin: numbers of other worlds, the best in each by a race."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from juguo_agents.allocators.find import PANEL_PATTERN, files_of
from juguo_agents.generalists.under_bar import tick
from juguo_agents.processes import work_through
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.families import CLOSED_LOOP, find_family
from juguo_agents.search.race import EPISODES, Won, race
from juguo_agents.search.scoring import Scorer
from juguo_agents.search.searched import load_found
from juguo_agents.search.seeds import start_seeds
from juguo_agents.search.space import Parameters, Space
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.scenario import Scenario

FOLDER = "begun"
Places = tuple[Parameters, ...]


def load_places(path: Path, scenario: Scenario) -> Places:
    """The numbers of one closed loop, or of each of a folder of experts.

    Args:
        path: The file or folder of a search, or the folder of `scripts/experts.py`.
        scenario: What the worlds have in common that will begin there.

    Raises:
        UserError: If it is none of these, or a file is of no closed loop or of other communities.
    """
    files = files_of(str(path)) or [path]
    if len(files) > 1 and not files[0].match(PANEL_PATTERN):
        raise UserError(f"{path}: no search of a closed loop, and no folder of scripts/experts.py")
    return tuple(_numbers(file, scenario) for file in files)


def _numbers(file: Path, scenario: Scenario) -> Parameters:
    found = load_found(file)
    if found.family is not CLOSED_LOOP:
        raise UserError(
            f"{file}: the result of a search of {found.family.label}; allowed is one of closed_loop"
        )
    numbers: Parameters = found.data["parameters"]
    space = CLOSED_LOOP.space(scenario)
    if fault := space.fault(within(space, numbers)):
        raise UserError(f"{file}: {fault}; search one for this world by --scenario")
    return numbers


def within(space: Space, numbers: Parameters) -> Parameters:
    """Numbers of another world in the ranges of this one; what they lack is as where a search begins."""
    return {**space.start, **numbers, **space.within(numbers)}


def told(places: Places) -> Any:
    """What a folder remembers of places: nothing, the only one, or their number and digest."""
    if len(places) < 2:
        return places[0] if places else None
    digest = hashlib.sha256(json.dumps(places, sort_keys=True).encode()).hexdigest()[:16]
    return {"places": len(places), "digest": digest}


@dataclass(frozen=True)
class Task:
    """A race, by the file that keeps its end."""

    file: Path
    settings: SearchSettings
    places: Places


def begin_at_best(
    searches: Mapping[str, SearchSettings],
    places: Sequence[Parameters],
    folder: Path,
    workers: int,
    stop: Callable[[], bool],
) -> dict[str, SearchSettings]:
    """Searches, each begun at the place that is best in its own world; what is done is not done again.

    Args:
        searches: Of one family or more, by name.
        places: Numbers of closed loops; each search takes them as its world allows.
        folder: The job's folder, which has claimed `places`; keeps who won in each world.
        workers: Processes; results do not depend on it.
        stop: Asked after every race.

    Raises:
        KeyboardInterrupt: If `stop` says so.
    """
    here = folder / FOLDER
    here.mkdir(parents=True, exist_ok=True)
    tasks = [Task(here / f"{name}.json", settings, tuple(places)) for name, settings in searches.items()]
    won: dict[str, int] = {}
    with tqdm(total=len(tasks), desc="where to begin", unit="race") as bar:

        def done(task: Task, winner: int) -> None:
            won[task.file.stem] = winner
            tick(bar, stop)

        work_through(_race_one, tasks, workers, done)
    return {
        name: replace(settings, begin=_taken(settings, places[won[name]]))
        for name, settings in searches.items()
    }


def _taken(settings: SearchSettings, place: Parameters) -> Parameters:
    return within(find_family(settings.family, settings.lever).space(settings.scenario), place)


def _race_one(task: Task) -> int:
    settings = task.settings
    digest = told(task.places)
    if (kept := _kept(task.file, digest)) is not None:
        return kept
    candidates = [_taken(settings, place) for place in task.places]
    family = find_family(settings.family, settings.lever)
    episodes = start_seeds(settings.seed, 0, EPISODES)
    won: Won = race(Scorer(settings.scenario, settings.observe), family, candidates, episodes)
    row = {"winner": won.winner, "spent": won.spent, "among": digest}
    write_text(task.file, json.dumps(row) + "\n")
    return won.winner


def _kept(file: Path, digest: Any) -> int | None:
    """Who won a race among the same places; None where there was none, or its file cannot be read."""
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
        return int(row["winner"]) if row["among"] == digest else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
