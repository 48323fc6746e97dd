"""The course of episodes, quarter by quarter: of each society, and of each place on average."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from juguo_agents.array_types import Floats, Ints, Singles
from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import N_SHARES, N_STRATA

STRATA = ("low", "middle", "high")
SOCIETY = ("breadth", "resilience", "excluded", *(f"adoption_{stratum}" for stratum in STRATA))
"""What is kept of the society, each quarter; last the adopting share of each stratum."""
PLACE = ("adoption", *STRATA, "excluded", "resilience", "crisis", "money")
"""What is kept of a place: the adopting share of all and of each stratum, the excluded share, the mean
resilience and the crisis level at the end of a quarter, and the money on functions per member in it."""
MOST_NUMBERS = 500_000
"""Numbers of places that are kept, at most; of longer programmes not every quarter is."""


@dataclass(frozen=True)
class Course:
    """E episodes of T quarters in a world of R places. A programme that is over keeps its last values.

    Attributes:
        society: (E, T, 6) each quarter's values of `SOCIETY`.
        quarters: (Q,) quarters, from 1 to T, whose places are kept.
        places: (Q, R, 8) means over the episodes of `PLACE`; NaN where nobody of a stratum ever lives.
        excluded: (E, R) excluded share of a place, mean over the quarters.
        excluded_end: (R, 3) excluded share by place and stratum at the end, mean over episodes; NaN likewise.
        persons: (R, 3) persons by place and stratum, mean over the episodes.
    """

    society: Floats
    quarters: Ints
    places: Singles
    excluded: Floats
    excluded_end: Floats
    persons: Floats


def kept_quarters(quarters: int, places: int) -> Ints:
    """The quarters, from 1 on, whose places are kept: all where there is room, and always the last."""
    step = -(-quarters * places * len(PLACE) // MOST_NUMBERS)
    return np.unique([*range(step, quarters, step), quarters])


def places_of(batch: Batch) -> Floats:
    """(B, R, 8) the values of `PLACE` after a quarter; 0 for a stratum of which nobody lives in a place."""
    state, sizes = batch.state, np.diff(batch.structure.start)
    shares = state.allocation[:, N_SHARES : N_SHARES + len(sizes)]
    told = [
        state.adopters.sum(-1) / sizes,
        *np.moveaxis(state.adopters / np.maximum(state.cells, 1), -1, 0),
        state.community["excluded"] / sizes,
        state.community["rho_sum"] / sizes,
        state.community["crisis"],
        shares * state.quarter["spent"][:, None] / sizes,
    ]
    return np.stack(told, axis=-1)


class CourseWatcher:
    """Watches a run (`juguo_agents.evaluation.rollout.run`) and tells its course at the end."""

    def __init__(self, episodes: int, quarters: int, places: int) -> None:
        self.kept = kept_quarters(quarters, places)
        self.society = np.zeros((episodes, quarters, len(SOCIETY)))
        self.excluded, self.lengths = np.zeros((episodes, places)), np.zeros(episodes)
        self.persons, self.gone = np.zeros((2, episodes, places, N_STRATA))
        self.sums = np.zeros((len(self.kept), places, len(PLACE)))
        self._rows, self._quarter, self._seen = slice(0, 0), 0, 0
        self._last = np.zeros((places, len(PLACE)))

    def __call__(self, first: int, quarter: int, batch: Batch) -> None:
        """Take a quarter of the episodes of a batch."""
        if quarter == 0:
            self._finish_batch()
            self._rows = slice(first, first + batch.size)
        self._quarter = quarter
        state, length, places = batch.state, batch.params["T"], places_of(batch)
        going = quarter < length
        for i, name in enumerate(SOCIETY[:-N_STRATA]):
            self.society[self._rows, quarter, i] = state.quarter[name]
        strata = state.adopters.sum(1) / np.maximum(state.cells.sum(1), 1)
        self.society[self._rows, quarter, -N_STRATA:] = strata
        self.excluded[self._rows] += np.where(going[:, None], places[..., PLACE.index("excluded")], 0.0)
        places[~going, :, -1] = 0.0  # the money of a programme that is over is not spent again
        # Money adds up between two kept quarters; all else is as it stands at the second.
        self._last[:, :-1] = 0.0
        self._last += places.sum(0)
        if quarter + 1 == self.kept[self._seen]:
            self._keep()
        self._count(np.flatnonzero(quarter + 1 == length), batch)

    def _keep(self) -> None:
        self.sums[self._seen] += self._last
        self._last[:, -1] = 0.0
        self._seen += 1

    def _count(self, ending: Ints, batch: Batch) -> None:
        """Count who lives where, and who of them is excluded, in the societies whose programme ends."""
        state, sizes = batch.state, np.diff(batch.structure.start)
        place, rows = np.repeat(np.arange(len(sizes)), sizes), self._rows.start + ending
        self.lengths[rows], self.persons[rows] = batch.params["T"][ending], state.cells[ending]
        for b, row in zip(ending, rows, strict=True):
            cell = place * N_STRATA + state.stratum[b]
            gone = np.bincount(cell, state.excluded[b], len(sizes) * N_STRATA)
            self.gone[row] = gone.reshape(len(sizes), N_STRATA)

    def _finish_batch(self) -> None:
        """What no programme of a batch reaches keeps the last values."""
        self.society[self._rows, self._quarter + 1 :] = self.society[
            self._rows, self._quarter : self._quarter + 1
        ]
        while self._rows.stop and self._seen < len(self.kept):
            self._keep()
        self._seen, self._last[:] = 0, 0.0

    def course(self) -> Course:
        """What was watched, when all episodes are over."""
        self._finish_batch()
        self._rows = slice(0, 0)
        lived, places = (self.persons > 0).sum(0), self.sums / len(self.society)
        with np.errstate(invalid="ignore"):  # where nobody ever lives, NaN
            places[..., 1 : 1 + N_STRATA] = self.sums[..., 1 : 1 + N_STRATA] / lived
            gone = (self.gone / np.maximum(self.persons, 1)).sum(0) / lived
        return Course(
            society=self.society,
            quarters=self.kept,
            places=places.astype(np.float32),
            excluded=self.excluded / self.lengths[:, None],
            excluded_end=gone,
            persons=self.persons.mean(0),
        )
