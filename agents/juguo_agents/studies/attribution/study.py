"""Why one rule earns more than another: every coalition of their parts on the same test episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.declared import shares_of
from juguo_agents.allocators.hybrid import PARTS, Hybrid
from juguo_agents.allocators.rule import Rule
from juguo_agents.array_types import Floats
from juguo_agents.artifacts.load import common_world, digest_of, find_allocators
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.statistics import mean_interval, paired_difference
from juguo_agents.provenance import MODEL, versions
from juguo_agents.report.figures.attribution import draw_figures
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies import settings as base
from juguo_agents.studies.attribution.analysis import division, page, summary_lines
from juguo_agents.studies.measurement import Named, named
from juguo_agents.studies.settings import NamedScenario
from juguo_agents.studies.study import Execute, Page, Stage, Study
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

RESULT_FILE, PAGE_FILE = "between.json", "between.md"
COALITIONS = 2 ** len(PARTS)
TOGETHER = 8  # coalitions of a point; results do not depend on it


@dataclass(frozen=True)
class Side:
    """One of the two rules.

    Attributes:
        rule: What allocates.
        digest: SHA-256 of the search that it was found by; None for a rule as it is.
    """

    rule: Rule
    digest: str | None

    def as_json(self) -> dict[str, Any]:
        """What it allocates by, in plain values."""
        shares = None if shares_of(self.rule) is None else np.asarray(self.rule.shares).tolist()
        return {
            "name": self.rule.name,
            "doctrine": self.rule.base_name,
            "exit": self.rule.exit,
            "relief": self.rule.relieves,
            "shares": shares,
            "numbers": {name: float(getattr(self.rule, name)) for name in self.rule.active_numbers()},
            "sha256": self.digest,
        }


class Settings(base.Settings):
    """Which rules are compared, and where."""

    smoke: ClassVar[Mapping[str, Any]] = {"episodes": 10}

    a: str = Field(
        description="a rule, with institutions or not, or the folder or file of a rule's search",
        json_schema_extra={"positional": True},
    )
    b: str = Field(
        description="the rule for whose parts those of the first are exchanged",
        json_schema_extra={"positional": True},
    )
    scenario: NamedScenario | None = Field(
        default=None, description="the world; default: that of their searches, or `default`"
    )
    observe: Literal["noisy", "true"] = Field(
        default="noisy", description="noise on what is seen, or the true state"
    )
    episodes: int = Field(
        default=200, ge=2, le=100_000, description="test episodes; every coalition meets the same"
    )
    first_seed: int = Field(default=0, ge=0, description="seed of the first test episode")

    def check(self) -> None:
        """Refuse seeds that are kept for maps, what is no rule, and rules that allocate alike."""
        if self.first_seed > (most := seeds.MAP.first - self.episodes):
            raise UserError(f"first_seed is {self.first_seed}; allowed is 0 to {most}")
        one, other = (
            {key: value for key, value in side.as_json().items() if key not in ("name", "sha256")}
            for side in self.sides
        )
        if one == other:
            raise UserError(f"a is {self.a}, b is {self.b}: both allocate alike; name two rules that differ")
        self.world  # noqa: B018 (is found, or refused)

    def remembered(self) -> dict[str, Any]:
        """The rules' numbers and the world, however they were named."""
        a, b = self.sides
        world = self.world.model_dump(mode="json")
        return super().remembered() | {"a": a.as_json(), "b": b.as_json(), "scenario": world}

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """The two rules; those of two searches of one rule are named after their folders."""
        a, b = _side("a", self.a), _side("b", self.b)
        if a.rule.name == b.rule.name and a.digest and b.digest:
            rules = [rule for rule in find_allocators([self.a, self.b]) if isinstance(rule, Rule)]
            return Side(rules[0], a.digest), Side(rules[1], b.digest)
        return a, b

    @cached_property
    def world(self) -> Scenario:
        """The world in which they are compared."""
        found = self.scenario or common_world([self.a, self.b]) or Scenario.load("default")
        if isinstance(found, Family):
            raise UserError(
                f"a and b were searched in a family around {found.base.name}; name a scenario for them"
            )
        return found


def _side(field: str, name: str) -> Side:
    found = find_allocators([name])
    if len(found) != 1:
        raise UserError(f"{field} is {name!r}, which stands for {len(found)} allocators; name one rule")
    if not isinstance(found[0], Rule):
        raise UserError(
            f"{field} is {name!r}, which is {found[0].name} and no rule; only rules can be divided: name a "
            "rule, or the search of a rule's numbers"
        )
    return Side(found[0], digest_of(name))


@dataclass(frozen=True)
class Coalitions:
    """Some coalitions of the parts of two rules, from one on, on test episodes."""

    a: Named
    b: Named
    scenario: Scenario
    observe: str
    episodes: int
    first_seed: int
    first: int

    @property
    def key(self) -> str:
        """Its name."""
        return f"coalitions {self.first} to {self.first + TOGETHER - 1}"


def hybrid(a: Allocator, b: Allocator, coalition: int) -> Hybrid:
    """The allocator of a coalition: bit i is set where part i comes from B."""
    assert isinstance(a, Rule) and isinstance(b, Rule)
    return Hybrid(a, b, {part for i, part in enumerate(PARTS) if coalition >> i & 1})


def run_coalitions(point: Coalitions, work: Path) -> pa.Table:
    """`return` of each coalition in each episode."""
    a, b = point.a.allocator(), point.b.allocator()
    hybrids = [hybrid(a, b, coalition) for coalition in range(point.first, point.first + TOGETHER)]
    episodes = seeds.test(point.first_seed, point.episodes)
    return pa.table({"return": Scorer(point.scenario, point.observe).returns_of(hybrids, episodes).ravel()})


class Attribution(Study[Settings, Floats]):
    """Which parts of two rules make the difference between their returns."""

    name, settings_type, home = "attribution", Settings, "explained"

    def default_name(self) -> str:
        """Name of a new folder in `home`."""
        a, b = self.settings.sides
        return f"{a.rule.name}-{b.rule.name}"

    def plan(self, execute: Execute) -> Floats:
        """(256, episodes) returns of every coalition."""
        asked = self.settings
        a, b = named(asked.a), named(asked.b)
        how = (asked.world, asked.observe, asked.episodes, asked.first_seed)
        points = [Coalitions(a, b, *how, first) for first in range(0, COALITIONS, TOGETHER)]
        tables = execute(Stage("coalitions", points, run_coalitions))
        return np.concatenate([table["return"].to_numpy() for table in tables]).reshape(COALITIONS, -1)

    def analyse(self, table: Floats) -> Page:
        """What each part is worth, and in which order parts are best exchanged."""
        asked = self.settings
        a, b = asked.sides
        data = {
            "a": a.as_json() | {"return": mean_interval(table[0]).__dict__},
            "b": b.as_json() | {"return": mean_interval(table[-1]).__dict__},
            "scenario": asked.world.name,
            "scenario_digest": asked.world.digest(),
            "settings": {
                "observe": asked.observe,
                "episodes": asked.episodes,
                "first_seed": asked.first_seed,
                "model": MODEL,
            },
            "difference": paired_difference(table[-1], table[0]).__dict__,
            **division(table),
            "coalitions": table.mean(1).tolist(),
            "versions": versions(),
        }
        files = {PAGE_FILE: page(data).encode(), **dict(draw_figures(data))}
        return Page(data, RESULT_FILE, "\n".join(summary_lines(data)), files)
