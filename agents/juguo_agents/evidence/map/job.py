"""The whole job: tune, run every point, judge, say what decides, draw. What is done is not done again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from juguo_agents.evidence.map import portfolio as portfolios
from juguo_agents.evidence.map import runs
from juguo_agents.evidence.map.design import MapError, Settings, tuned_rules
from juguo_agents.evidence.map.figures import draw_figures
from juguo_agents.evidence.map.summary import summarise
from juguo_agents.evidence.map.tables import Runs, load_runs
from juguo_agents.evidence.map.verdicts import CONDITIONS, Verdict, judge, write_verdicts
from juguo_agents.evidence.map.words import as_markdown
from juguo_agents.processes import work_through
from juguo_envs.files import write_bytes, write_text

SUMMARY_FILE, WORDS_FILE = "map.json", "map.md"


def episodes_of(settings: Settings) -> dict[str, int]:
    """About how many episodes each step of the job runs."""
    from juguo_agents.evidence.map.design import FINALISTS, SECOND_LOOK, allocator_names

    rules, members = len(tuned_rules()), settings.regimes + 1
    choosing = settings.choice * (members + SECOND_LOOK * min(FINALISTS, members))
    return {
        "tuning": rules * settings.regimes * settings.budget,
        "choosing": settings.points * rules * choosing,
        "measuring": settings.points * settings.episodes * len(allocator_names()),
    }


def make_map(settings: Settings, folder: Path, workers: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Do whatever of a map is not done yet, and return its summary.

    Args:
        settings: What was asked for; `folder` holds the same.
        folder: The map's folder.
        workers: Number of processes; the result does not depend on it.
        say: Told of anything that the user should know.
    """
    portfolio = _tuned(settings, folder, workers)
    key = runs.fingerprint(settings, portfolio)
    if not (folder / runs.RUNS_FILE).exists():
        _run_points(settings, folder, portfolio, key, workers, say)
        runs.join_parts(folder, settings, key)
    runs.remove_parts(folder)
    runs.write_points(folder, settings)
    return analyse(settings, folder, key)


def analyse(settings: Settings, folder: Path, key: str) -> dict[str, Any]:
    """Judge the runs of a folder, and write verdicts, summary, words and figures."""
    table = load_runs(settings, runs.read_table(folder / runs.RUNS_FILE, key))
    with tqdm(total=len(CONDITIONS) + 2, desc="judging", unit="step") as bar:
        verdicts: dict[str, list[Verdict]] = {}
        for condition in CONDITIONS:
            verdicts[condition.name] = judge(table, condition)
            bar.update()
        summary = summarise(settings, table, verdicts)
        bar.update()
        write_verdicts(folder, verdicts)
        write_text(
            folder / SUMMARY_FILE, json.dumps(summary, allow_nan=False, indent=1, ensure_ascii=False) + "\n"
        )
        write_text(folder / WORDS_FILE, as_markdown(summary))
        for name, png in draw_figures(table, verdicts, summary):
            write_bytes(folder / name, png)
        bar.update()
    return summary


def _tuned(settings: Settings, folder: Path, workers: int) -> portfolios.Portfolio:
    with tqdm(total=len(tuned_rules()) * settings.regimes, desc="tuning", unit="search") as bar:

        def progress(what: str) -> None:
            bar.set_postfix_str(what, refresh=False)
            bar.update()

        return portfolios.build(settings, folder, workers, progress)


def _run_points(
    settings: Settings,
    folder: Path,
    portfolio: portfolios.Portfolio,
    key: str,
    workers: int,
    say: Callable[[str], None],
) -> None:
    """Run the points that are not there, or not whole."""
    (folder / runs.PARTS_FOLDER).mkdir(exist_ok=True)
    tasks = []
    for index, place in enumerate(settings.places()):
        if runs.part_path(folder, index).exists():
            try:
                runs.whole_part(folder, index, settings, key)
                continue
            except MapError as error:
                say(f"{error}; this point is run anew")
        tasks.append(runs.Point(index, tuple(place.tolist()), settings, portfolio, folder))
    with tqdm(total=settings.points, initial=settings.points - len(tasks), desc="map", unit="point") as bar:
        work_through(runs.run_point, tasks, workers, lambda task, result: bar.update() and None)


__all__ = ["Runs", "analyse", "episodes_of", "make_map"]
