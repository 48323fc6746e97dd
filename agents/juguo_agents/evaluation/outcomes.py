"""What can be measured of an episode: each outcome with its words, its unit, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.record import Record
from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import N_FUNCTIONS


class Watch:
    """Follows episodes quarter by quarter; give `see` to `juguo_agents.evaluation.rollout.run`.

    Attributes:
        breadth: (E, T) breadth at the end of each quarter.
        outside: (E, T) adopting share of those who live outside the hubs; NaN where nobody does.
        harmed: (E,) persons harmed, per person of the society, each counted as often as harmed.
        fit, size: (E,) fit and adopting share when application first began, or at the end where it never did.
    """

    def __init__(self, episodes: int, quarters: int) -> None:
        """Make room."""
        self.breadth = np.zeros((episodes, quarters))
        self.outside = np.zeros((episodes, quarters))
        self.harmed, self.fit, self.size = (np.zeros(episodes) for _ in range(3))
        self._applied = np.zeros(episodes, bool)

    def see(self, first: int, quarter: int, batch: Batch) -> None:
        """Take down a quarter of the episodes from `first` on."""
        state, rows = batch.state, slice(first, first + batch.size)
        ordinary = batch.structure.hub == 0.0
        adopters, persons = state.adopters.sum(-1), state.cells.sum(-1)
        self.breadth[rows, quarter] = state.quarter["breadth"]
        with np.errstate(invalid="ignore"):
            share = adopters[:, ordinary].sum(1) / persons[:, ordinary].sum(1).astype(float)
        self.outside[rows, quarter] = share
        self.harmed[rows] += state.quarter["harmed"] / batch.persons
        before = ~self._applied[rows]
        self.fit[rows] = np.where(before, state.programme["F"], self.fit[rows])
        self.size[rows] = np.where(before, adopters.sum(1) / batch.persons, self.size[rows])
        self._applied[rows] |= state.programme["stage"] == 2


def _late(values: Floats) -> Floats:
    """Mean over the second half of the quarters."""
    late: Floats = values[:, values.shape[1] // 2 :].mean(1)
    return late


def _by_actor(record: Record) -> Floats:
    """(E, 3) share of the functions' money that each actor's functions got; zero where nothing was spent."""
    money = record.spending[:, :, :N_FUNCTIONS].sum(1).reshape(-1, 3, 3).sum(-1)
    total = money.sum(1, keepdims=True)
    shares: Floats = np.divide(money, total, out=np.zeros_like(money), where=total > 0.0)
    return shares


@dataclass(frozen=True)
class Outcome:
    """One thing that is measured: its words, its unit, and how it is read."""

    words: str
    unit: str
    read: Callable[[Record, Watch], Floats]


OUTCOMES: Mapping[str, Outcome] = {
    "return": Outcome("return", "return", lambda r, w: r.returns),
    "breadth": Outcome("breadth", "breadth", lambda r, w: r.breadth),
    "breadth_late": Outcome("breadth in the second half", "breadth", lambda r, w: _late(w.breadth)),
    "excluded": Outcome("share of the excluded", "share of persons", lambda r, w: r.excluded),
    "resilience": Outcome("resilience", "resilience", lambda r, w: r.resilience),
    "adoption_outside_hubs": Outcome(
        "adoption outside the hubs in the second half", "share of persons", lambda r, w: _late(w.outside)
    ),
    "harmed": Outcome("harm", "harmed per person", lambda r, w: w.harmed),
    "fit_after_trial": Outcome("fit when application begins", "fit", lambda r, w: w.fit),
    "trial_size": Outcome("adoption when application begins", "share of persons", lambda r, w: w.size),
    "use_less_products": Outcome(
        "money for interactors' functions less that for producers'",
        "share of money",
        lambda r, w: _by_actor(r)[:, 1] - _by_actor(r)[:, 0],
    ),
    "others_less_products": Outcome(
        "money for interactors' and participants' functions less that for producers'",
        "share of money",
        lambda r, w: _by_actor(r)[:, 1:].sum(1) - _by_actor(r)[:, 0],
    ),
}
