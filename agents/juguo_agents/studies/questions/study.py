"""Questions of policy: options of a doctrine on the same episodes, in several worlds; and the paper's claims.

The options of a case meet the same episodes. Which option is asked about is chosen on the first third of
them. What it is worth is measured on the others. The claims are taken from a finished study `hypotheses`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import run
from juguo_agents.provenance import versions
from juguo_agents.studies.arrays import Arrays, to_arrays, to_table
from juguo_agents.studies.questions.analysis import MEASURED, answer
from juguo_agents.studies.questions.claims import claims_of
from juguo_agents.studies.questions.pages import console, pages
from juguo_agents.studies.questions.questions import QUESTIONS, Case, Option, find
from juguo_agents.studies.settings import Settings
from juguo_agents.studies.study import Execute, Page, Stage, Study

Measured = dict[str, list[list[Arrays]]]
"""By question, for each case and each option what was measured of every episode."""


class QuestionsSettings(Settings):
    """What is asked."""

    smoke: ClassVar[Mapping[str, Any]] = {"episodes": 2}
    free: ClassVar[frozenset[str]] = frozenset({"only", "claims"})

    only: tuple[str, ...] = Field(
        default=(), description=f"questions: {', '.join(QUESTIONS)}; all, if none is named"
    )
    claims: Path | None = Field(
        default=None, description="folder of the study `hypotheses`: its claims get pages, too"
    )
    episodes: int = Field(
        default=200, ge=2, description="test episodes of each option; half as many before, to choose one"
    )
    first_seed: int = Field(default=seeds.QUESTIONS.first, ge=0, description="seed of the first of all")

    @property
    def choice(self) -> int:
        """Episodes on which the option is chosen that is asked about."""
        return self.episodes // 2

    def check(self) -> None:
        """Refuse questions that do not exist, seeds that are no test episodes', and a folder of no claims."""
        find(self.only)
        seeds.test(self.first_seed, self.choice + self.episodes)
        claims_of(self.claims)


@dataclass(frozen=True)
class Run:
    """An option in a case.

    Attributes:
        key: Names of the question, of the case and of the option.
        world: Digest of the scenario.
        episodes: First test seed, and how many.
    """

    key: str
    case: Case
    option: Option
    world: str
    episodes: tuple[int, int]


def measure(point: Run, work: Path) -> pa.Table:
    """(episodes,) of each of `MEASURED`."""
    allocator = point.option.allocator(point.case.doctrine)
    record = run(allocator, point.case.world.scenario(), seeds.test(*point.episodes))
    return to_table({name: getattr(record, name) for name in MEASURED})


def _episodes(point: Run) -> int:
    return point.episodes[1]


class Questions(Study[QuestionsSettings, Measured]):
    """Questions of policy, and the paper's claims: a page each."""

    name, settings_type, home = "questions", QuestionsSettings, "questions"

    def default_name(self) -> str:
        """Name of a new folder in `home`."""
        return "answers"

    def plan(self, execute: Execute) -> Measured:
        """Every option in every case of every question, on the same test seeds."""
        asked = self.settings
        episodes = (asked.first_seed, asked.choice + asked.episodes)
        measured: Measured = {}
        for question in find(asked.only):
            points = [
                Run(f"{case.name} {option.name}", case, option, case.world.scenario().digest(), episodes)
                for case in question.cases
                for option in question.options
            ]
            tables = execute(Stage(question.name, points, measure, cost=_episodes, unit="episode"))
            found = iter(map(to_arrays, tables))
            measured[question.name] = [[next(found) for _ in question.options] for _ in question.cases]
        return measured

    def analyse(self, table: Measured) -> Page:
        """The answers, and their pages in every language."""
        asked = self.settings
        answers = {name: answer(QUESTIONS[name], cases, asked.choice) for name, cases in table.items()}
        claims = claims_of(asked.claims)
        data = {
            "settings": {name: getattr(asked, name) for name in ("episodes", "choice", "first_seed")},
            "questions": answers,
            "claims": claims,
            "versions": versions(),
        }
        return Page(data, "questions.json", console(data), pages(data))
