"""The whole job: tune, run every point, judge, say what decides, draw. What is done is not done again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from juguo_agents.allocators.registry import make_rule
from juguo_agents.processes import work_through
from juguo_agents.studies.map import portfolio as portfolios
from juguo_agents.studies.map import runs, store
from juguo_agents.studies.map.design import (
    EXCHANGE_EPISODES,
    SWITCH_CHOICE,
    SWITCH_EPISODES,
    MapError,
    Settings,
    own_names,
    tuned_rules,
)
from juguo_agents.studies.map.exchange import EXCHANGES
from juguo_agents.studies.map.figures import draw_figures
from juguo_agents.studies.map.summary import summarise
from juguo_agents.studies.map.switches import SWITCHES
from juguo_agents.studies.map.tables import load_runs
from juguo_agents.studies.map.values import VALUE_SETS
from juguo_agents.studies.map.verdicts import CONDITIONS, Judged, judge, write_verdicts
from juguo_agents.studies.map.words import as_markdown
from juguo_envs.files import write_bytes, write_text

SUMMARY_FILE, WORDS_FILE = "map.json", "map.md"


def episodes_of(settings: Settings) -> dict[str, int]:
    """About how many episodes each step of the job runs.

    A tuned rule is measured with each of its numbers that is chosen for any values; about two are.
    """
    rules, members = len(tuned_rules()), settings.regimes + 1
    own = [make_rule(name) for name in own_names()]
    apart = len(VALUE_SETS)
    heeding = sum(make_rule(name).heeds_values for name in tuned_rules())
    candidates = (rules - heeding + apart * heeding) * members
    measured = sum(apart if rule.heeds_values else 1 for rule in own)
    measured += 2 * (rules - heeding) + apart * heeding
    switched = min(SWITCH_CHOICE, settings.choice) * members + min(SWITCH_EPISODES, settings.episodes)
    return {
        "tuning": rules * settings.regimes * settings.budget,
        "choosing": settings.points * settings.choice * candidates,
        "measuring": settings.points * settings.episodes * measured,
        "exchanging parts": settings.points * EXCHANGE_EPISODES * len(EXCHANGES),
        "switches": len(SWITCHES) * settings.switched_points * rules * switched,
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
    key = store.fingerprint(settings, portfolio)
    parts = store.PartStore(folder, key)
    if not (folder / store.RUNS_FILE).exists():
        parts.join(_run_tasks(runs.tasks(settings, portfolio, folder, key), parts, workers, say))
    parts.remove()
    store.write_points(folder, settings)
    return analyse(settings, folder, key)


def analyse(settings: Settings, folder: Path, key: str) -> dict[str, Any]:
    """Judge the runs of a folder, and write verdicts, summary, words and figures."""
    table = load_runs(settings, store.read_table(folder / store.RUNS_FILE, key))
    with tqdm(total=len(CONDITIONS) + 2, desc="judging", unit="step") as bar:
        verdicts: Judged = {}
        for condition in CONDITIONS:
            for values in VALUE_SETS:
                verdicts[condition.name, values.name] = judge(table, condition, values.name)
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
    if (folder / portfolios.PORTFOLIO_FILE).exists():
        return portfolios.load(folder / portfolios.PORTFOLIO_FILE, settings)
    with tqdm(total=len(tuned_rules()) * settings.regimes, desc="tuning", unit="search") as bar:

        def progress(what: str) -> None:
            bar.set_postfix_str(what, refresh=False)
            bar.update()

        return portfolios.build(settings, folder, workers, progress)


def _run_tasks(
    tasks: list[runs.Task], parts: store.PartStore, workers: int, say: Callable[[str], None]
) -> int:
    """Run the tasks whose parts are not there, or not whole; returns the number of all."""
    (parts.folder / store.PARTS_FOLDER).mkdir(exist_ok=True)
    left = []
    for task in tasks:
        if parts.path(task.index).exists():
            try:
                parts.whole(task.index)
                continue
            except MapError as error:
                say(f"{error}; this part is run anew")
        left.append(task)
    with tqdm(total=len(tasks), initial=len(tasks) - len(left), desc="map", unit="part") as bar:
        work_through(runs.run_task, left, workers, lambda task, result: bar.update() and None)
    return len(tasks)
