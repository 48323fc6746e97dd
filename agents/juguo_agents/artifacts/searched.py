"""What a search found: a file that says how it was found, and the allocator that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.parametric.policy_classes import PolicyClass, find_policy_class
from juguo_agents.artifacts.base import JsonArtifact
from juguo_agents.artifacts.identity import (
    SEARCH,
    STUDY,
    Count,
    Fingerprint,
    Identity,
    Record,
    check_record,
    check_scenario,
    read_record,
)
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict

RESULT_FILE = "searched.json"
STATE_FILE = SEARCH.file
SEARCHES = "searches"
"""The folder of a study that has a folder for each of its searches."""
PARTS = "parts"
"""The folder of a run's experts, each in a folder of its own and for a part of the family."""


class SearchedFileError(UserError):
    """A file of a search that cannot be used; the message names the file and what is wrong."""


class _Phase(Strict):
    family: str
    dimensions: Count
    start: str | None
    start_episodes: Count
    population: Count
    generations: Count
    episodes_per_candidate: Count
    choice_episodes: Count
    spent: Count
    chosen: str
    search_mean: float
    start_mean: float
    ranking_seeds: list[Count]
    start_seeds: list[Count]
    choice_seeds: list[Count]
    generation_means: list[float]


class _Validation(Strict):
    seeds: Annotated[list[Count], Field(min_length=2, max_length=2)]
    episodes: Annotated[int, Field(ge=1)]
    standard_deviation: float
    mean: float
    low: float
    high: float
    start_mean: float
    start_low: float
    start_high: float
    difference_mean: float
    difference_low: float
    difference_high: float


class _Earlier(Strict):
    budget: Count
    parameters: dict[str, float]
    mean: float
    difference_mean: float
    difference_low: float
    difference_high: float


class SearchRecord(Record):
    """What the file of a result holds.

    Attributes:
        search: Identity of the search; its state in the same folder has it, too.
        place: Name of its folder among those of a study's searches; None for a search by itself.
        name: Of the allocator: that of the policy class.
        begun: Whether it began at given numbers.
    """

    KIND: ClassVar[str] = "juguo_search"
    FORMAT: ClassVar[int] = 3
    WHAT: ClassVar[str] = "the result of a search"
    FAULT: ClassVar[type[UserError]] = SearchedFileError

    search: Identity
    place: str | None
    name: str
    family: str
    parameters: dict[str, float]
    start: dict[str, float]
    scenario: dict[str, Any]
    scenario_digest: Fingerprint
    observe: Literal["noisy", "true"]
    budget: Count
    spent: Count
    seed: Count
    fixed: dict[str, float]
    lever: str | None
    varies: bool
    ranges: tuple[tuple[str, float, float], ...]
    covariance: str
    begun: bool
    phases: Annotated[list[_Phase], Field(min_length=1)]
    validation: _Validation
    earlier: list[_Earlier]
    versions: dict[str, str]


@dataclass(frozen=True)
class SearchResult(JsonArtifact):
    """The content of a result, checked."""

    policy_class: PolicyClass

    decisive = ("family", "lever", "parameters", "scenario_digest")

    def allocator(self, name: str | None = None) -> Allocator:
        """The allocator, named as its policy class says or otherwise."""
        return self.policy_class.allocator([self.data["parameters"]], self.scenario, name)


def result_in(path: Path) -> Path:
    """The file of a result, given itself or the folder of its search."""
    return path / RESULT_FILE if path.is_dir() else path


def load_result(path: Path) -> SearchResult:
    """Read and check a result.

    Raises:
        SearchedFileError: If the file is missing, which may be as its search is not finished, is no result
            of a search, lies where another belongs, or holds a parameter that its policy class does not have
            or allow.
    """
    if path.name == RESULT_FILE and not path.exists() and (path.parent / STATE_FILE).exists():
        raise SearchedFileError(
            f"{path.parent}: its search has no result yet; finish it: juguo search --out {path.parent}"
        )
    data, record = read_record(path, SearchRecord)
    SEARCH.check(path, record.search, SearchedFileError)
    SEARCH.check_world(path, record.scenario_digest, SearchedFileError)
    if record.place is not None and path.parent.parent.name == SEARCHES:
        STUDY.check(path, record.of, SearchedFileError, *path.absolute().parents[2:4])
        if path.parent.name != record.place:
            raise SearchedFileError(
                f"{path}: is what the search {record.place} found; it was copied or moved: put "
                "back the one that belongs here"
            )
    return _result(data, record, str(path))


def read_result(data: Any, source: str) -> SearchResult:
    """Check the content of a result's file; see `load_result`."""
    return _result(data, check_record(data, SearchRecord, source), source)


def _result(data: dict[str, Any], record: SearchRecord, source: str) -> SearchResult:
    scenario = check_scenario(record.scenario, record.scenario_digest, source, SearchedFileError)
    try:
        policy_class = find_policy_class(record.family, record.lever)
        fault = policy_class.space(scenario).fault(record.parameters)
    except UserError as error:
        raise SearchedFileError(f"{source}: {error}") from None
    if fault:
        raise SearchedFileError(f"{source}: {fault}")
    if record.name != policy_class.label:
        raise SearchedFileError(f"{source}: name is {record.name!r}; allowed is {policy_class.label!r}")
    return SearchResult(scenario, data, policy_class)


def validated(found: SearchResult) -> float:
    """Mean return on the validation episodes, the same for all searches with as many of them."""
    return float(found.data["validation"]["mean"])


def best_result(paths: Sequence[Path]) -> tuple[Path, SearchResult]:
    """The best of some results by their validation episodes, and its file.

    Raises:
        SearchedFileError: If one cannot be used, or they were not measured alike: in one world, with the same
            noise, on the same episodes.
    """
    results = [load_result(path) for path in paths]
    measured = [
        [f.data[field] for field in ("scenario_digest", "varies", "ranges", "observe")]
        + f.data["validation"]["seeds"]
        for f in results
    ]
    for path, how in zip(paths, measured, strict=True):
        if how != measured[0]:
            raise SearchedFileError(
                f"{path}: was not measured as {paths[0]} was; which one is better can be told only in the "
                "same world, with the same --observe and --validation"
            )
    return max(zip(paths, results, strict=True), key=lambda one: validated(one[1]))
