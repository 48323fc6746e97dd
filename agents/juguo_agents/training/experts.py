"""The allocators at whose imitation a training begins: one for all of its worlds, or many of a world each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from juguo_agents.allocators import UnknownAllocator
from juguo_agents.allocators.base import Allocator
from juguo_agents.artifacts.identity import StudyRecord, read_record
from juguo_agents.artifacts.load import files_of, find_allocator
from juguo_agents.artifacts.searched import PANEL_PATTERN, SearchResult, load_result
from juguo_agents.folders import SETTINGS_FILE
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

ROUNDS, EPISODES = 6, 200
"""Rounds of asking, and the episodes of each; where there are more experts, one for each of them."""
IMITATED = ROUNDS * EPISODES
"""Episodes that an imitation of one expert takes."""
_FIELD = "training.expert"


def find_experts(name: str, worlds: Scenario | Family) -> list[tuple[Allocator, Scenario | Family]]:
    """Experts, and where each is to be imitated.

    Args:
        name: What stands for one allocator, which is imitated in all of `worlds`, or the folder of
            `juguo study experts`, each of which is imitated in the world that it was searched in.
        worlds: What episodes of the training are drawn from.

    Raises:
        UnknownAllocator: If there is none, or more than one that are no panel.
        UserError: If a file cannot be used, its world has other communities than those of the training, or
            the folder's search was stopped before it had all of them, with the budget that was asked for.
    """
    files = files_of(name)
    if len(files) < 2 or not files[0].match(PANEL_PATTERN):  # one of a panel's, named alone, is one allocator
        try:
            return [(find_allocator(name, _FIELD), worlds)]
        except UnknownAllocator as error:
            raise UnknownAllocator(f"{error}, or the folder of juguo study experts") from None
    experts = {file: load_result(file) for file in files}
    _check_complete(Path(name), [found.data["budget"] for found in experts.values()])
    return [_expert(file, found, worlds) for file, found in experts.items()]


def _check_complete(folder: Path, budgets: list[Any]) -> None:
    if not (folder / SETTINGS_FILE).exists():
        return  # a folder put together by hand says nothing of how many it should hold
    settings = read_record(folder / SETTINGS_FILE, StudyRecord)[1].settings
    asked, budget = settings.get("worlds"), settings.get("budget")
    if not isinstance(asked, int):
        raise UserError(f"{_FIELD}: {folder} is not the folder of juguo study experts; name that")
    done = budgets.count(budget)  # those of a smaller budget are to be searched on
    if done < asked:
        raise UserError(
            f"{_FIELD}: {folder} holds {done} of {asked} experts; go on with the same command of "
            "juguo study experts, or name another folder"
        )


def _expert(file: Path, found: SearchResult, worlds: Scenario | Family) -> tuple[Allocator, Scenario]:
    base = worlds if isinstance(worlds, Scenario) else worlds.base
    here, there = (len(scenario.society.listed()) for scenario in (base, found.scenario))
    if here != there:
        raise UserError(
            f"{_FIELD}: {file} is of a world with {there} communities, and the training has {here}; search "
            "experts for its worlds by juguo study experts --scenario"
        )
    return found.allocator(), found.scenario
