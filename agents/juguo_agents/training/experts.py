"""The allocators at whose imitation a training begins: one for all, or one for each part of a family."""

from __future__ import annotations

from pathlib import Path

from juguo_agents.allocators import UnknownAllocator
from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.by_budget import BUDGET, ByBudget, budget_edges
from juguo_agents.artifacts.load import files_of, find_allocator
from juguo_agents.artifacts.searched import PARTS, SearchedFileError, SearchResult, load_result
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
    if not (Path(name) / PARTS).is_dir():
        try:
            return [(find_allocator(name, _FIELD), worlds)]
        except UnknownAllocator as error:
            raise UnknownAllocator(f"{error}, or the folder of experts of a training in parts") from None
    parts = _parts_in(files)
    return [(found.allocator(), _world(file, found, worlds)) for file, found in parts.items()]


def panel_of(files: list[Path], name: str) -> ByBudget:
    """The experts of the parts of a family as one allocator.

    Raises:
        UserError: If a file cannot be used, or the parts are not the whole range.
    """
    experts = list(_parts_in(files).values())
    return ByBudget(name, [found.allocator() for found in experts], [_part(e)[0] for e in experts[1:]])


def _parts_in(files: list[Path]) -> dict[Path, SearchResult]:
    """Experts by their files, those for smaller budgets first; together they are for all budgets."""
    found = {file: load_result(file) for file in files}
    for file, expert in found.items():
        if [axis for axis, _, _ in expert.data["ranges"]] != [BUDGET]:
            raise SearchedFileError(
                f"{file}: is of no part of the range of {BUDGET}; put back what belongs there"
            )
    ordered = dict(sorted(found.items(), key=lambda item: _part(item[1])))
    parts = [_part(expert) for expert in ordered.values()]
    lowest, highest = budget_edges(next(iter(ordered.values())).scenario, 1)
    ends, begins = [lowest, *(high for _, high in parts)], [*(low for low, _ in parts), highest]
    if ends != begins:
        told = ", ".join(f"{low:.3g} to {high:.3g}" for low, high in parts)
        raise UserError(
            f"{_FIELD}: {files[0].parents[2]} has experts for {BUDGET} from {told}; allowed are parts of "
            f"{lowest:g} to {highest:g} without gaps: go on with the training that searches them"
        )
    return ordered


def _part(found: SearchResult) -> tuple[float, float]:
    """Which budgets an expert is for, from and to."""
    ((_, low, high),) = found.data["ranges"]
    return low, high


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
