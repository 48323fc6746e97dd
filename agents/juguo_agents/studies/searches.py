"""Searches as points of a study. Each is kept in its work folder, and goes on there at a larger budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from juguo_agents.artifacts.searched import SearchResult, read_result
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.conduct import run_or_resume
from juguo_agents.search.portfolio import Tuning, tune
from juguo_agents.studies.study import Execute, Stage, record, recorded

Result = dict[str, Any]
"""The content of a search's `searched.json`: `parameters`, `validation` and how they were found."""


@dataclass(frozen=True)
class SearchPoint:
    """A search.

    Attributes:
        key: Its name in the stage.
        settings: What is asked.
        after: `STAGE/KEY` of the same search at a smaller budget in the same study, which it goes on from.
    """

    key: str
    settings: SearchSettings
    after: str | None = None


def run_search(point: SearchPoint, work: Path) -> pa.Table:
    """The record of a search's result."""
    after = work.parents[1] / point.after if point.after else None
    return record(run_or_resume(point.settings, work, after).data)


def search_all(
    execute: Execute,
    stage: str,
    searches: Mapping[str, SearchSettings],
    after: Mapping[str, str] | None = None,
) -> dict[str, Result]:
    """What searches find, by their names.

    Args:
        execute: Runs the stage.
        stage: Its name.
        searches: What is asked, by name.
        after: For a search by name, `STAGE/KEY` of another one; see `SearchPoint`.
    """
    points = [SearchPoint(name, settings, (after or {}).get(name)) for name, settings in searches.items()]
    tables = execute(Stage(stage, points, run_search, cost=_budget, unit="episode"))
    return {point.key: recorded(table) for point, table in zip(points, tables, strict=True)}


def tune_all(execute: Execute, points: Sequence[Tuning]) -> list[dict[str, Any]]:
    """What the searches of rules' numbers find, in their order; see `juguo_agents.search.portfolio.tune`."""
    stage = Stage("tuning", points, run_tuning, cost=lambda point: point.search.budget, unit="episode")
    return [recorded(table) for table in execute(stage)]


def run_tuning(point: Tuning, work: Path) -> pa.Table:
    """The record of what a search of a rule's numbers finds."""
    return record(tune(point, work))


def _budget(point: SearchPoint) -> int:
    return point.settings.budget


def found_in(result: Result) -> SearchResult:
    """What a search found, from its result."""
    return read_result(result, f"the result of {result.get('name')}")
