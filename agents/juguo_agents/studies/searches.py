"""Searches and measurements as points of a study, and what the searches of one world found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from juguo_agents.allocators import Allocator, make_rule
from juguo_agents.allocators.levers import Forced, find_lever
from juguo_agents.allocators.parametric.families import find_family
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.searched import Found, validated
from juguo_agents.evaluation.rollout import run
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.conduct import conduct_search
from juguo_agents.studies.store import record, recorded
from juguo_agents.studies.study import Execute, Stage
from juguo_envs.worlds.scenario import Scenario

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SearchPoint:
    """A search.

    Attributes:
        key: Its name.
        settings: What it was asked for.
        after: Another search of the stage, from whose state it goes on at a larger budget.
    """

    key: str
    settings: SearchSettings
    after: str | None = None


def run_search(point: SearchPoint, work: Path) -> pa.Table:
    """Run a search, or go on with it; what it found, as the content of its file."""
    after = work.parent / point.after if point.after else None
    return record(conduct_search(point.settings, work, after).data)


def found_by(data: dict[str, Any]) -> Found:
    """What a search found, from the content of its file."""
    scenario = Scenario.parse(data["scenario"], "scenario")
    return Found(find_family(data["family"], data.get("lever")), scenario, data)


class Searches:
    """The searches of one world, by name: run as they are asked for, each once.

    Attributes:
        found: What each has found.
    """

    def __init__(self, execute: Execute, stage: str = "searches") -> None:
        """Take what runs points, and the name of the stage."""
        self._execute, self._stage = execute, stage
        self.found: dict[str, Found] = {}

    def run(self, searches: Mapping[str, SearchSettings], after: Mapping[str, str] | None = None) -> None:
        """Run searches by name; one of `after` goes on from the state of another at a larger budget."""
        points = [SearchPoint(name, asked, (after or {}).get(name)) for name, asked in searches.items()]
        stage = Stage(self._stage, points, run_search, cost=lambda p: p.settings.budget, unit="episode")
        for point, table in zip(points, self._execute(stage), strict=True):
            self.found[point.key] = found_by(recorded(table))

    def numbers(self, name: str) -> Parameters:
        """The numbers that a search found."""
        found: Parameters = self.found[name].data["parameters"]
        return found

    def score(self, name: str) -> float:
        """Mean return of what a search found on the validation episodes, the same for all."""
        return validated(self.found[name])

    def best(self, names: Iterable[str]) -> str:
        """The search with the highest score; the first of those that share it."""
        return max(names, key=self.score)


@dataclass(frozen=True)
class Measurement:
    """An allocator on test episodes: a rule, or numbers that were found.

    Attributes:
        key: Its name.
        scenario: The world.
        observe: "noisy" or "true".
        seeds: First seed, and the one after the last.
        rule: The name of a rule, or None.
        search: Otherwise the family that was searched, and the lever that was forced meanwhile or None.
        numbers: What was found.
        forced: A lever that is forced now, by name.
    """

    key: str
    scenario: Scenario
    observe: str
    seeds: tuple[int, int]
    rule: str | None = None
    search: tuple[str, str | None] = ("", None)
    numbers: Parameters = field(default_factory=dict)
    forced: str | None = None

    def allocator(self) -> Allocator:
        """The allocator."""
        if self.rule:
            return make_rule(self.rule)
        allocator = find_family(*self.search).allocator([self.numbers], self.scenario, self.key)
        return Forced(allocator, find_lever(self.forced)) if self.forced else allocator


def run_measurement(point: Measurement, work: Path) -> pa.Table:
    """(episodes,) `return`."""
    seeds = np.arange(*point.seeds, dtype=np.uint64)
    return pa.table({"return": run(point.allocator(), point.scenario, seeds, observe=point.observe).returns})


def measure(execute: Execute, points: Sequence[Measurement], stage: str = "test") -> dict[str, Floats]:
    """(episodes,) returns on the test episodes, by the key of the point."""
    tables = execute(Stage(stage, points, run_measurement))
    return {p.key: table["return"].to_numpy() for p, table in zip(points, tables, strict=True)}
