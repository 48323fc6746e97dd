"""What a search found: a file that says how it was found, and the allocator that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.parametric.policy_classes import PolicyClass, find_policy_class
from juguo_agents.artifacts.base import JsonArtifact, read_json, read_scenario
from juguo_envs.errors import UserError

RESULT_FILE, STATE_FILE = "searched.json", "search_state.json"
KIND, FORMAT = "juguo_search", 1
PANEL_PATTERN = f"searches/world-*/{RESULT_FILE}"
"""Results in the folder of `juguo_agents.studies.experts`, each of a world of its own."""
_FIELDS = ("name", "family", "lever", "parameters", "varies", "observe", "budget")


class SearchedFileError(UserError):
    """A file of a search that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class SearchResult(JsonArtifact):
    """The content of a result, checked."""

    policy_class: PolicyClass

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
            of a search, or holds a parameter that its policy class does not have or allow.
    """
    if path.name == RESULT_FILE and not path.exists() and (path.parent / STATE_FILE).exists():
        raise SearchedFileError(
            f"{path.parent}: its search has no result yet; finish it: juguo search --out {path.parent}"
        )
    data = read_json(path, KIND, FORMAT, "the result of a search", SearchedFileError)
    for name in _FIELDS:
        if name not in data:
            raise SearchedFileError(f"{path}: {name!r} is missing")
    validation = data.get("validation")
    if not isinstance(validation, dict) or not {"mean", "seeds"} <= validation.keys():
        raise SearchedFileError(f"{path}: 'validation' is missing or incomplete")
    scenario = read_scenario(data, path, SearchedFileError)
    try:
        policy_class = find_policy_class(str(data["family"]), data["lever"])
        fault = policy_class.space(scenario).fault(data["parameters"])
    except UserError as error:
        raise SearchedFileError(f"{path}: {error}") from None
    if fault:
        raise SearchedFileError(f"{path}: {fault}")
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
        [f.data[field] for field in ("scenario_digest", "varies", "observe")] + f.data["validation"]["seeds"]
        for f in results
    ]
    for path, how in zip(paths, measured, strict=True):
        if how != measured[0]:
            raise SearchedFileError(
                f"{path}: was not measured as {paths[0]} was; which one is better can be told only in the "
                "same world, with the same --observe and --validation"
            )
    return max(zip(paths, results, strict=True), key=lambda one: validated(one[1]))
