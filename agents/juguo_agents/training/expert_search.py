"""The first part of a job that has a search: the closed loop that learning is to begin at.

Two searches begin side by side, for one alone may end at a poor place. A last one goes on from the better;
or, in a family, one for each part of the range of budgets: what is best with little money is another
allocation than what is best with much. Whatever is killed goes on, as every search does, and ends the same.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

from juguo_agents.allocators.by_budget import BUDGET, budget_edges
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.artifacts.searched import PARTS, RESULT_FILE, SearchResult, load_result, validated
from juguo_agents.evaluation.seeds import TRAIN_SEARCH
from juguo_agents.processes import cores, work_through
from juguo_agents.progress import progress
from juguo_agents.search.checkpoint import Settings
from juguo_agents.search.conduct import run_or_resume
from juguo_agents.search.optimise import begin
from juguo_agents.training.config import Experiment
from juguo_agents.training.run import EXPERT
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

FIRST = 2
"""Searches side by side."""
_VALIDATION = 500  # episodes on which the two are compared

Task = tuple[Settings, Path]


def first_searches(experiment: Experiment, scenario: Scenario) -> list[Settings]:
    """What the searches side by side are asked for; they share half of the budget.

    They are in the world of the training, as the imitation is.
    """
    budget = (experiment.training.search or 0) // 2 // FIRST
    seeds = range(TRAIN_SEARCH.first, TRAIN_SEARCH.first + FIRST)
    return [search_of(CLOSED_LOOP.name, experiment, scenario, budget, seed, _VALIDATION) for seed in seeds]


def search_of(
    family: str, experiment: Experiment, scenario: Scenario, budget: int, seed: int, validation: int
) -> Settings:
    """What a search of a run is asked for: it is in the world of the training, or the family around that."""
    worlds = experiment.worlds(experiment.training_world(scenario))
    varies = isinstance(worlds, Family)
    base = worlds.base if isinstance(worlds, Family) else worlds
    return Settings(family, base, budget, seed, experiment.observe, validation, varies=varies)


def last_search(experiment: Experiment, first: list[SearchResult], settings: list[Settings]) -> Settings:
    """What the last search is asked for: the rest of the budget, from the better of the first on."""
    best, asked = max(first, key=validated).data["parameters"], settings[0]
    return Settings(
        asked.family, asked.scenario, _rest(experiment, settings), TRAIN_SEARCH.end - 1,
        asked.observe, asked.validation, begin=best, varies=asked.varies,
    )  # fmt: skip


def _rest(experiment: Experiment, settings: list[Settings]) -> int:
    """Episodes that the first searches leave."""
    return (experiment.training.search or 0) - sum(one.budget for one in settings)


def part_searches(
    experiment: Experiment, first: list[SearchResult], settings: list[Settings]
) -> list[Settings]:
    """What the searches in the parts of a family are asked for, which share the rest of the budget."""
    last, count = last_search(experiment, first, settings), experiment.training.parts
    edges = budget_edges(last.scenario, count)
    return [
        replace(last, budget=last.budget // count, ranges=((BUDGET, low, high),))
        for low, high in itertools.pairwise(edges)
    ]


def check_search(experiment: Experiment, scenario: Scenario) -> None:
    """Refuse a search that cannot begin.

    Raises:
        UserError: Naming the field.
    """
    if experiment.training.search is None:
        return
    if isinstance(worlds := experiment.worlds(scenario), Family) and worlds.weights is not None:
        raise UserError(
            "training.search is set and shown.preferences is drawn; one closed loop serves one preference: "
            "search a front by juguo study pareto, and name it by training.expert"
        )
    parts, first = experiment.training.parts, first_searches(experiment, scenario)
    if parts > 1 and not first[0].varies:
        raise UserError(
            f"training.parts is {parts} and the scenario is no family; leave it out, or use scenario=family"
        )
    try:
        for settings in first:
            begin(settings)
        if parts > 1:
            begin(replace(first[0], budget=_rest(experiment, first) // parts, begin={}))
    except UserError as error:
        raise UserError(f"training.search is {experiment.training.search}: {error}") from None


def find_expert(experiment: Experiment, scenario: Scenario, folder: Path) -> None:
    """Search what a run will imitate, or what is left of that; what is finished is only read.

    Args:
        experiment: Whose `training.search` says for how many episodes; None: there is nothing to search.
        scenario: The world, overrides applied.
        folder: The run's; gets a folder of the last search, and in it those of the first, or those of the
            first and of the parts.
    """
    budget = experiment.training.search
    if budget is None:
        return
    place, settings = folder / EXPERT, first_searches(experiment, scenario)
    tasks = [(one, place / f"first-{number}") for number, one in enumerate(settings, 1)]
    workers = min(experiment.training.processes, FIRST, cores())
    with progress(budget, "searching", "episode") as bar:
        work_through(_run, tasks, workers, lambda task, found: bar.update(task[0].budget))
        first = [load_result(of / RESULT_FILE) for _, of in tasks]
        bar.note("mean return", f"{max(map(validated, first)):.3f}")
        if experiment.training.parts > 1:
            parts = part_searches(experiment, first, settings)
            tasks = [(one, place / PARTS / f"part-{number}") for number, one in enumerate(parts, 1)]
            workers = min(experiment.training.processes, len(parts), cores())
            work_through(_run, tasks, workers, lambda task, found: bar.update(task[0].budget))
            return
        last = last_search(experiment, first, settings)
        run_or_resume(last, place, threads=cores(), progress=lambda count, mean: bar.update(count))


def steps_of_search(folder: Path) -> int:
    """Environment steps of all searches for a run's expert, those to measure what was found included."""
    found = [load_result(file).data for file in sorted((folder / EXPERT).rglob(RESULT_FILE))]
    episodes = sum(one["spent"] + 2 * one["validation"]["episodes"] for one in found)
    return int(episodes * found[0]["scenario"]["programme"]["T"]) if found else 0


def _run(task: Task) -> None:
    run_or_resume(*task)
