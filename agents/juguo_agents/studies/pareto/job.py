"""The whole job: searches, measurements, judgement. What is done is not done again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from juguo_agents.allocators.registry import compared_names
from juguo_agents.artifacts.front import FRONT_PATTERN, save_front
from juguo_agents.processes import work_through
from juguo_agents.provenance import versions
from juguo_agents.report.figures.fronts import FIGURE, draw
from juguo_agents.search.multi_objective import Searched, scorer_of, search_front
from juguo_agents.studies.pareto.judge import Summary, judge
from juguo_agents.studies.pareto.measure import Point, measure, searched_point
from juguo_agents.studies.pareto.settings import FIRST_SEED, Settings
from juguo_agents.studies.pareto.words import as_markdown
from juguo_envs.files import write_bytes, write_text

SEARCHES = "searches"
SUMMARY_FILE, WORDS_FILE = "front.json", "front.md"


@dataclass(frozen=True)
class _Search:
    """A search to be run, with some threads of its own."""

    settings: Settings
    index: int
    folder: Path
    threads: int


def compare_fronts(settings: Settings, folder: Path, workers: int, say: Callable[[str], None]) -> Summary:
    """Do whatever is not done yet, and write numbers, words and figure.

    Args:
        settings: What was asked for; `folder` has claimed it.
        folder: The comparison's folder.
        workers: Processes; the result does not depend on it.
        say: Told what there is to do.
    """
    say(
        f"{folder}: {settings.searches} searches of {settings.budget:,} environment steps, then "
        f"{settings.episodes:,} test episodes of every point; what is done is not done again"
    )
    searched = search_fronts(settings, folder, workers)
    points = _points(settings, searched)
    with tqdm(total=len(points), desc="measuring", unit="point") as bar:
        episodes = measure(settings, folder, points, workers, bar.update)
    summary = judge(settings, points, episodes, searched)
    write_bytes(folder / FIGURE, draw(summary))
    write_text(folder / WORDS_FILE, as_markdown(summary))
    text = json.dumps(summary, allow_nan=False, indent=1, ensure_ascii=False)
    write_text(folder / SUMMARY_FILE, text + "\n")
    return summary


def search_name(index: int) -> str:
    """Name of a search in tables."""
    return f"search seed {FIRST_SEED + index}"


def search_fronts(settings: Settings, folder: Path, workers: int) -> dict[str, Searched]:
    """Run or finish the searches, and write the front of each as an allocator; by name.

    Args:
        settings: What was asked for; `folder` has claimed it.
        folder: Gets `front-seed<k>.json`.
        workers: Processes; the result does not depend on it.
    """
    count = settings.searches
    threads = max(1, workers // count)  # where there are more cores than searches
    tasks = [_Search(settings, i, folder / SEARCHES / f"search-{i:02d}", threads) for i in range(count)]
    found: dict[int, Searched] = {}
    with tqdm(total=count, desc="searching", unit="search") as bar:

        def done(task: _Search, result: Searched) -> None:
            found[task.index] = result
            bar.update()

        work_through(_search_one, tasks, min(workers, count), done)
    for index in range(count):
        _write_front(settings, folder, index, found[index])
    return {search_name(i): found[i] for i in range(count)}


def _write_front(settings: Settings, folder: Path, index: int, found: Searched) -> None:
    seed = FIRST_SEED + index
    about = {
        "name": f"front_seed{seed}",
        "observe": settings.observe,
        "seed": seed,
        "budget": settings.budget,
        "steps": found.steps,
        "generations": found.generations,
        "begun": settings.begun,
        "versions": versions(),
    }
    file = folder / FRONT_PATTERN.replace("*", str(seed))
    save_front(found.front, np.array(found.means), about, settings.scenario, file)


def _search_one(task: _Search) -> Searched:
    score = scorer_of(task.settings, task.index, task.threads)
    return search_front(task.settings, task.index, task.folder, score)


def _points(settings: Settings, searched: dict[str, Searched]) -> list[Point]:
    """Rules, the policies under every preference, the searches' fronts."""
    points = [Point("rule", name) for name in compared_names()]
    for trained in settings.policies:
        points += [Point("policy", trained.name, weights, trained) for weights in settings.preferences]
    for name, found in searched.items():
        points += [searched_point(name, parameters) for parameters in found.front]
    return points
