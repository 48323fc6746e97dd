"""A programme in the environment, and what is told of it after each quarter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from juguo_agents.allocators.base import Allocator, Observed, Setting, show_hidden
from juguo_agents.array_types import Floats, Singles
from juguo_agents.evaluation.course import PLACE, STRATA, places_of
from juguo_envs.env import ExperimentDiffusionEnv
from juguo_envs.worlds.scenario import Scenario

HIDDEN = ("X", "C", "Y", "rumour")
"""Of a technology: serious defect, ceiling of adoption, repairability, and who blames it without a cause."""
PARTS = ("breadth", "resilience", "excluded")


@dataclass(frozen=True)
class Moment:
    """A society after a quarter. What an allocator sees with noise stands here with that noise.

    Attributes:
        stage: 0 production, 1 diffusion, 2 application.
        stage_quarters, project_quarters: Quarters in the stage, and of the technology.
        project: Number of the technology, from 0.
        round: Technologies brought to application before this one.
        abandoned: Technologies given up.
        adoption, excluded: Shares of all persons.
        strata: (3,) adopting shares of the thirds by capability.
        resilience: Mean of all persons, as seen.
        earned: The return so far, as an administration would reckon it from what it sees.
        knowledge, fit, harm: K; F as seen; the estimate of harm per adopter and quarter.
        experience: Person-quarters behind that estimate.
        reserve, spent, payout: Money: put aside; spent on functions, and paid for damage, in the quarter.
        shocks: Places struck in the quarter.
        advanced, gave_up: Whether the stage or the technology moved on; whether one was given up.
        board: (5, 3) the indicators of the actors.
        places: (R, 8) as in `PLACE`; resilience as seen; NaN where nobody of a stratum lives.
        parts: (3,) breadth, resilience and the excluded of the quarter as they are, which are not shown.
        hidden: (4,) draws of the technology, `HIDDEN`, which are not shown.
    """

    stage: int
    stage_quarters: int
    project_quarters: int
    project: int
    round: int
    abandoned: int
    adoption: float
    excluded: float
    strata: Floats
    resilience: float
    earned: float
    knowledge: float
    fit: float
    harm: float
    experience: float
    reserve: float
    spent: float
    payout: float
    shocks: int
    advanced: bool
    gave_up: bool
    board: Floats
    places: Floats
    parts: Floats
    hidden: Floats


class Programme:
    """A programme of one scenario and one seed, which is moved on by actions of the environment.

    Attributes:
        env: The environment.
        setting: What an allocator is told of its world.
        observation: (size,) what an allocator sees now.
        moments: At the start, and after each quarter.
        earned: The return so far, as it is.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        """Begin the episode of a seed."""
        self.env = ExperimentDiffusionEnv(scenario)
        self.setting = Setting.of(scenario)
        self.observation, _ = self.env.reset(seed=seed)
        self.earned = 0.0
        self.moments = [self._moment(0.0)]

    @property
    def quarter(self) -> int:
        """Quarters done."""
        return len(self.moments) - 1

    @property
    def over(self) -> bool:
        """Whether the last quarter is done."""
        return self.quarter == self.setting.quarters

    def step(self, action: Singles) -> Moment:
        """Move on by a quarter."""
        self.observation, reward, _, _, _ = self.env.step(action)
        self.earned += float(reward)
        seen = float(Observed(self.setting, self.observation[None]).reward()[0]) / int(self.setting.quarters)
        self.moments.append(self._moment(self.moments[-1].earned + seen))
        return self.moments[-1]

    def means(self) -> Floats:
        """(3,) means of `PARTS` over the quarters, as they are."""
        sums = np.zeros(len(PARTS))
        for moment in self.moments[1:]:
            sums += moment.parts
        found: Floats = sums / int(self.setting.quarters)
        return found

    def decide(self, allocator: Allocator) -> None:
        """Let an allocator run the programme to its end."""
        begin(allocator, self)
        while not self.over:
            self.step(allocator.act(self.observation[None])[0])

    def _moment(self, earned: float) -> Moment:
        batch = self.env.batch
        state, seen = batch.state, Observed(self.setting, self.observation[None])
        programme, quarter = state.programme[0], state.quarter[0]
        resilience, places = seen.resilience[0], places_of(batch)[0]
        places[:, PLACE.index("resilience")] = resilience
        strata = [PLACE.index(stratum) for stratum in STRATA]
        places[:, strata] = np.where(state.cells[0] > 0, places[:, strata], np.nan)
        return Moment(
            stage=int(programme["stage"]),
            stage_quarters=int(programme["stage_steps"]),
            project_quarters=int(programme["age"]),
            project=int(programme["project"]),
            round=int(programme["round"]),
            abandoned=int(programme["abandoned"]),
            adoption=float(state.adopters[0].sum() / batch.persons),
            excluded=float(state.community[0]["excluded"].sum() / batch.persons),
            strata=state.adopters[0].sum(0) / np.maximum(state.cells[0].sum(0), 1),
            resilience=float(resilience @ self.setting.population),
            earned=earned,
            knowledge=float(seen.knowledge[0]),
            fit=float(seen.fit[0]),
            harm=float(seen.harm[0]),
            experience=float(seen.experience[0]),
            reserve=float(programme["M"]),
            spent=float(quarter["spent"]),
            payout=float(quarter["payout"]),
            shocks=int(quarter["shocks"]),
            advanced=bool(quarter["advanced"]),
            gave_up=bool(quarter["gave_up"]),
            board=state.board[0].copy(),
            places=places,
            parts=np.array([quarter[name] for name in PARTS]),
            hidden=np.array([programme[name] for name in HIDDEN]),
        )


def begin(allocator: Allocator, programme: Programme) -> None:
    """Begin the episode for an allocator."""
    batch = programme.env.batch
    allocator.start(programme.setting, batch.state.programme["seed"].copy())
    show_hidden(allocator, batch)
