"""The experts that a training searched in the parts of a family: in tables one allocator, by its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.by_budget import BUDGET, ByBudget, budget_edges
from juguo_agents.artifacts.identity import identity_of
from juguo_agents.artifacts.searched import RESULT_FILE, SearchedFileError, SearchResult, load_result
from juguo_envs.worlds.family import Family


@dataclass(frozen=True)
class Panel:
    """Experts, each of a part of the range of budgets; together they are for all of it.

    Attributes:
        files: Their files.
        experts: Themselves in the same order, those for smaller budgets first.
    """

    files: tuple[Path, ...]
    experts: tuple[SearchResult, ...]

    name = "searched_by_budget"

    def name_in(self, folder: str) -> str:
        """With the name of its folder."""
        return f"{self.name}_{folder}"

    @property
    def world(self) -> Family:
        """The family of whose parts they are."""
        return Family(self.experts[0].scenario)

    @property
    def observe(self) -> str:
        """As their files say."""
        return self.experts[0].observe

    @property
    def model(self) -> str:
        """As their files say."""
        return self.experts[0].model

    @property
    def acts_by(self) -> str:
        """Digest of what decides how they act."""
        return identity_of(*((expert.acts_by, budgets_of(expert)) for expert in self.experts))

    def allocator(self, name: str | None = None) -> Allocator:
        """One allocator: in each episode the expert acts whose part holds the budget."""
        edges = [budgets_of(expert)[0] for expert in self.experts[1:]]
        return ByBudget(name or self.name, [expert.allocator() for expert in self.experts], edges)


def budgets_of(expert: SearchResult) -> tuple[float, float]:
    """Which budgets an expert is for, from and to."""
    ((_, low, high),) = expert.data["ranges"]
    return low, high


def panel_files(folder: Path) -> list[Path]:
    """The files of the experts in a folder that has a folder for each of them."""
    return sorted(folder.glob(f"*/{RESULT_FILE}"))


def load_panel(folder: Path) -> Panel:
    """Read and check the experts of a folder that has a folder for each of them.

    Raises:
        SearchedFileError: If a file cannot be used, they differ in their world or their noise, or they are
            not for the whole range of budgets.
    """
    found = {file: load_result(file) for file in panel_files(folder)}
    if not found:
        raise SearchedFileError(
            f"{folder}: has no experts, no */{RESULT_FILE}; go on with the training that searches them"
        )
    (known, first), *_ = found.items()
    for file, expert in found.items():
        if [axis for axis, _, _ in expert.data["ranges"]] != [BUDGET]:
            raise SearchedFileError(
                f"{file}: is of no part of the range of {BUDGET}; put back what belongs there"
            )
        if any(expert.data[field] != first.data[field] for field in ("scenario_digest", "observe", "model")):
            raise SearchedFileError(
                f"{file}: was not made as {known} was, in the same world, with the same noise and "
                "model; put back what belongs there"
            )
    ordered = dict(sorted(found.items(), key=lambda item: budgets_of(item[1])))
    parts = [budgets_of(expert) for expert in ordered.values()]
    lowest, highest = budget_edges(first.scenario, 1)
    ends, begins = [lowest, *(high for _, high in parts)], [*(low for low, _ in parts), highest]
    if ends != begins:
        told = ", ".join(f"{low:.3g} to {high:.3g}" for low, high in parts)
        raise SearchedFileError(
            f"{folder}: has experts for {BUDGET} from {told}; allowed are parts of {lowest:g} to {highest:g} "
            "without gaps: go on with the training that searches them"
        )
    return Panel(tuple(ordered), tuple(ordered.values()))
