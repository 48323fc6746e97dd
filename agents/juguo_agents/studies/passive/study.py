"""The paper's failed open system: participants gain nothing and are a source of data. Which money saves it?

The proposal, open in every stage, is run in the default world, and in a world whose participants gain nothing
(scenario `passive`) while nothing is paid for them. Then, in that world, a share of the money goes to one
function at a time, whatever the stage, taken from the others in proportion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.edits import Edited, Edits, MoveFrom, MoveTo
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import run
from juguo_agents.provenance import versions
from juguo_agents.report.names import PROPOSAL
from juguo_agents.report.texts import say
from juguo_agents.studies.arrays import Arrays, to_arrays, to_table
from juguo_agents.studies.pages import page_and_figure
from juguo_agents.studies.passive.analysis import ACTIVE, CURVES, PASSIVE, compared, draw, lines
from juguo_agents.studies.settings import NamedScenario, Settings, default_world
from juguo_agents.studies.study import Execute, Page, Stage, Study
from juguo_envs.engine.batch import Batch
from juguo_envs.model.equations import INTERACTOR
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.worlds.scenario import Scenario

PARTICIPANTS = ("engagement", "enablement", "resilience")


class PassiveSettings(Settings):
    """What is asked."""

    smoke: ClassVar[Mapping[str, Any]] = {"episodes": 8}

    scenario: NamedScenario = default_world("world whose participants gain")
    passive: NamedScenario = Field(
        default_factory=lambda: Scenario.load("passive"), description="world whose participants gain nothing"
    )
    share: float = Field(
        default=0.25, gt=0.0, le=1.0, description="share of the money for functions that is moved"
    )
    episodes: int = Field(default=200, ge=1, description="test episodes of each system")
    first_seed: int = Field(default=seeds.PASSIVE.first, ge=0, description="seed of the first of them")

    def check(self) -> None:
        """Refuse seeds that are no test episodes'."""
        seeds.test(self.first_seed, self.episodes)


@dataclass(frozen=True)
class Arm:
    """One open system: its world, and what is changed in the proposal's allocations.

    Attributes:
        episodes: First test seed, and how many.
    """

    name: str
    scenario: Scenario
    edits: Edits
    episodes: tuple[int, int]

    @property
    def key(self) -> str:
        """Its name."""
        return self.name


def arms(settings: PassiveSettings) -> list[Arm]:
    """The open system, its failure, and the failure with money for one function, or for participants."""
    episodes = (settings.first_seed, settings.episodes)

    def arm(
        name: str, *functions: str, participants: bool = False, scenario: Scenario = settings.passive
    ) -> Arm:
        unpaid = None if participants else MoveFrom(functions=list(PARTICIPANTS), keep=0.0)
        paid = MoveTo(functions=list(functions), share=settings.share) if functions else None
        return Arm(name, scenario, Edits(openness=[1.0, 1.0, 1.0], move_from=unpaid, move_to=paid), episodes)

    return [
        arm(ACTIVE, participants=True, scenario=settings.scenario),
        arm(PASSIVE),
        *(arm(f"+ {function}", function) for function in FUNCTIONS),
        arm("+ service and engagement", "service", "engagement"),
        arm("+ all three of participants", *PARTICIPANTS),
        arm("+ participants as proposed", participants=True),
    ]


def follow(arm: Arm, work: Path) -> pa.Table:
    """Run an arm: (episodes,) `return`, and (episodes, quarters) of each of `CURVES`."""
    episodes = seeds.test(*arm.episodes)
    curves = {name: np.zeros((len(episodes), arm.scenario.programme.T)) for name in CURVES}

    def watch(first: int, quarter: int, batch: Batch) -> None:
        rows = slice(first, first + batch.size)
        curves["interactors"][rows, quarter] = (batch.state.role == INTERACTOR).mean(1)
        curves["adoption"][rows, quarter] = batch.state.adopted.mean(1)
        curves["resilience"][rows, quarter] = batch.state.quarter["resilience"]

    allocator = Edited(make_rule(PROPOSAL), arm.edits, arm.name)
    record = run(allocator, arm.scenario, episodes, watch=watch)
    return to_table({"return": record.returns, **curves})


class Passive(Study[PassiveSettings, dict[str, Arrays]]):
    """How an open system fails whose participants gain nothing, and which money prevents it."""

    name, settings_type, home = "passive", PassiveSettings, "passive"

    def default_name(self) -> str:
        """Name of a new folder in `home`."""
        return "run"

    def plan(self, execute: Execute) -> dict[str, Arrays]:
        """Every system on the same test episodes."""
        systems = arms(self.settings)
        tables = execute(Stage("systems", systems, follow))
        return {arm.name: to_arrays(table) for arm, table in zip(systems, tables, strict=True)}

    def analyse(self, table: dict[str, Arrays]) -> Page:
        """What each reaches, and its difference to the passive one."""
        asked = self.settings
        data = {
            "settings": {"share": asked.share, "episodes": asked.episodes, "first_seed": asked.first_seed},
            "scenarios": {s.name: s.digest() for s in (asked.scenario, asked.passive)},
            "arms": compared(table),
            "versions": versions(),
        }
        text = lines(data)
        files = page_and_figure("passive", "\n".join(text), lambda: draw(data, table), say("passive.alt"))
        return Page(data, "passive.json", "\n".join(text), files)
