"""What a comparison measured: per allocator, episode by episode, before any statistic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.array_types import Floats, Ints
from juguo_agents.evaluation.course import SOCIETY, Course
from juguo_envs.model.state import N_ACTORS, N_FUNCTIONS, N_INDICATORS, N_STRATA, STAGES
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

EXIT_DTYPE = np.dtype(
    [
        ("episode", "i8"),
        ("quarter", "i8"),  # quarters done when the project was given up
        ("project", "i8"),  # its index, from 0
        ("age", "i8"),  # its age in quarters
        ("stage", "i8"),  # the stage it was in
        ("harm", "f8"),  # estimate of harm at that moment
        ("defect", "f8"),  # true defect at that moment, which no allocator sees
    ]
)


@dataclass(frozen=True)
class Record:
    """One allocator over E test episodes of T quarters in a world of R communities.

    Attributes:
        name: The allocator's name.
        returns: (E,) return.
        breadth, resilience, excluded: (E,) means over the quarters; the return is their weighted sum.
        adoption: (E, T + 1) adopting share of the society, from the start; T is the longest programme's, and
            one that is over keeps its last value.
        final_adoption: (E, R, 3) adopting share by community and stratum at the end; NaN where nobody lives.
        spending: (E, 3, 10) money per person by stage and function (nine, then the reserve), summed.
        community_spending: (E, 3, R) money per member on functions, by stage and community, summed.
        stage_quarters: (E, 3) quarters spent in each stage.
        exits: (any,) of `EXIT_DTYPE`, each project given up, by episode and then quarter.
        board: (E, 5, 3) indicator board, mean over the quarters.
        course: Quarter by quarter, where a comparison was asked for.
    """

    name: str
    returns: Floats
    breadth: Floats
    resilience: Floats
    excluded: Floats
    adoption: Floats
    final_adoption: Floats
    spending: Floats
    community_spending: Floats
    stage_quarters: Ints
    exits: npt.NDArray[Any]
    board: Floats
    course: Course | None = None

    @property
    def abandoned(self) -> Ints:
        """(E,) projects given up in each episode."""
        return np.bincount(self.exits["episode"], minlength=len(self.returns))

    @property
    def learned(self) -> bool:
        """Whether it was trained."""
        return self.name.startswith("learned")


def record_bytes(quarters: int, communities: int) -> int:
    """Bytes that a record takes for each episode, of so many quarters; but for the projects given up."""
    by_stage = len(STAGES) * (N_FUNCTIONS + 1 + communities + 1)
    numbers = 4 + quarters + 1 + communities * N_STRATA + by_stage + N_INDICATORS * N_ACTORS
    numbers += quarters * len(SOCIETY) + communities * (1 + 2 * N_STRATA)  # of its course
    return numbers * np.dtype(np.float64).itemsize


@dataclass(frozen=True)
class Comparison:
    """Allocators on the same test episodes, under common random numbers.

    In a `family` every episode has a world of its own, around `scenario`. `highlight` names the allocators
    that every figure singles out.
    """

    scenario: Scenario
    observe: str
    first_seed: int
    episodes: int
    baseline: str
    records: tuple[Record, ...]
    family: Family | None = None
    highlight: tuple[str, ...] = ()

    def parameters(self) -> npt.NDArray[Any]:
        """(E,) records of the parameters of each episode's world."""
        if self.family is None:
            return np.repeat(self.scenario.record(), self.episodes)
        seeds = np.arange(self.first_seed, self.first_seed + self.episodes, dtype=np.uint64)
        return self.family.draw(seeds).params

    def record(self, name: str) -> Record:
        """The record of an allocator."""
        return next(r for r in self.records if r.name == name)

    def ranked(self) -> list[Record]:
        """Records from the best mean return to the worst."""
        return sorted(self.records, key=lambda r: -float(r.returns.mean()))
