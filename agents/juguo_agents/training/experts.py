"""The allocators at whose imitation a training begins: one for all, or one for each part of a family."""

from __future__ import annotations

from pathlib import Path

from juguo_agents.allocators import UnknownAllocator
from juguo_agents.allocators.base import Allocator
from juguo_agents.artifacts.load import PANEL, files_of, find_allocator, kind_of_file
from juguo_agents.artifacts.panel import load_panel
from juguo_agents.artifacts.searched import SearchResult
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

ROUNDS, EPISODES = 6, 200
"""Rounds of asking, and the episodes of each, which several experts share."""
IMITATED = ROUNDS * EPISODES
"""Episodes that an imitation takes."""
_FIELD = "training.expert"


def find_experts(name: str, worlds: Scenario | Family) -> list[tuple[Allocator, Scenario | Family]]:
    """Experts, and where each is to be imitated.

    Args:
        name: What stands for one allocator, which is imitated in all of `worlds`; or the folder of what a
            training searched in parts of a family, each of which is imitated in its part.
        worlds: What episodes of the training are drawn from.

    Raises:
        UnknownAllocator: If there is none, or more than one that are no parts.
        UserError: If a file cannot be used, its worlds are others than those of the training, or the parts
            are not the whole range.
    """
    files = files_of(name)
    if not files or kind_of_file(files[0]) is not PANEL:
        try:
            return [(find_allocator(name, _FIELD), worlds)]
        except UnknownAllocator as error:
            raise UnknownAllocator(f"{error}, or the folder of experts of a training in parts") from None
    panel = load_panel(files[0])
    both = zip(panel.files, panel.experts, strict=True)
    return [(expert.allocator(), _world(file, expert, worlds)) for file, expert in both]


def _world(file: Path, found: SearchResult, worlds: Scenario | Family) -> Scenario | Family:
    if not isinstance(worlds, Family):
        raise UserError(
            f"{_FIELD}: {file} is of a part of a family, and the training is in none; name one allocator"
        )
    here, there = (len(scenario.society.listed()) for scenario in (worlds.base, found.scenario))
    if here != there:
        raise UserError(
            f"{_FIELD}: {file} is of a world with {there} communities, and the training has {here}; search "
            "experts for its worlds by training.search"
        )
    return found.world
