"""Experts for a generalist to imitate: a closed loop for each of many worlds, searched in that world alone.

One allocator for all worlds of a family has to do with the mean of them. A search in one world finds what
that world needs, at a price that no allocator can pay in a world that it meets for the first time. A learner
that imitates many of these experts, each in its own world, begins with what they have in common, and with
what can be told of their differences from what it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.statistics import Estimate, mean_interval, paired_difference
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.optimise import QUICK, begin
from juguo_agents.studies.generalisation.under_bar import conduct_under_bar
from juguo_agents.studies.value.settings import Claim, check_within
from juguo_envs.worlds.family import Family

MOST_WORLDS = 10_000


@dataclass(frozen=True)
class Settings(Claim):
    """What is asked.

    Attributes:
        worlds: How many there are, an expert each.
        budget: Episodes of each search.
        validation: Episodes on which each search says how good its expert is, for the table.
        begin: The numbers of a closed loop to begin at, such as one that was searched on the family.
        observe: "noisy" or "true".
    """

    worlds: int = 400
    budget: int = 3000
    validation: int = 20
    begin: Parameters | None = None
    observe: str = "noisy"
    format: ClassVar[int] = 2

    def check(self) -> None:
        """Refuse what cannot be done, before anything is run.

        Raises:
            UserError: Naming the number, its value and what is allowed.
        """
        check_within(
            self, worlds=(2, MOST_WORLDS), budget=(100, seeds.LARGEST_BUDGET), validation=(2, 100_000)
        )
        begin(self.search(0))

    @property
    def grows(self) -> tuple[str, ...]:
        """A search that finds its own beginning cannot be lengthened."""
        return () if self.begin is None else ("budget",)

    def search(self, index: int) -> SearchSettings:
        """The search for the expert of a world, by its number from 0."""
        world = Family(self.scenario).scenario(seeds.expert_world(index))
        start = self.begin and {**self.begin, **CLOSED_LOOP.space(world).within(self.begin)}
        return SearchSettings(
            CLOSED_LOOP.name,
            world,
            self.budget,
            seed=seeds.EXPERT_SEARCH.first,
            observe=self.observe,
            validation=self.validation,
            begin=start,
            **QUICK,
        )

    def searches(self) -> dict[str, SearchSettings]:
        """All of them, by the names of their folders."""
        return {f"world-{index:05d}": self.search(index) for index in range(self.worlds)}


@dataclass(frozen=True)
class Panel:
    """How good the experts are, each in its own world.

    Attributes:
        begun: Mean return of what the searches began at.
        found: Mean return of the experts.
        gain: Mean of the differences.
    """

    begun: Estimate
    found: Estimate
    gain: Estimate


def search_experts(
    settings: Settings, folder: Path, workers: int, stop: Callable[[], bool] = lambda: False
) -> Panel:
    """Search an expert in every world; what is done is not done again.

    Args:
        settings: What was asked for; `folder` has claimed it.
        folder: Takes a folder of each search.
        workers: Processes; the result does not depend on it.
        stop: Asked after every search whether to end.

    Raises:
        KeyboardInterrupt: If `stop` says so.
    """
    found = conduct_under_bar(settings.searches(), folder, workers, "experts", stop)
    told = [expert.data["validation"] for expert in found.values()]
    begun, reached = (np.array([row[name] for row in told]) for name in ("start_mean", "mean"))
    return Panel(mean_interval(begun), mean_interval(reached), paired_difference(reached, begun))
