"""What an environment tells beside observation and reward: every entry is declared once.

Single environments give numpy scalars and arrays of their own, vector environments arrays over their
sub-environments, each with a mask by the name `_entry`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import Array

REWARD_PARTS = ("breadth", "resilience", "excluded")
ACCOUNTS = ("budget", "released", "spent", "payout", "saved")


@dataclass(frozen=True)
class Entry:
    """One entry of `info`.

    Attributes:
        name: Its key.
        meaning: What it is.
        unit: Of what it is counted in.
        allowed: Its range, in words.
        value: What is told, of a batch of B societies: an array of its own, whose first axis is B.
    """

    name: str
    meaning: str
    unit: str
    allowed: str
    value: Callable[[Batch], Array]


def _quarter(name: str) -> Callable[[Batch], Array]:
    return lambda batch: batch.state.quarter[name].copy()


def _programme(name: str) -> Callable[[Batch], Array]:
    return lambda batch: batch.state.programme[name].copy()


def _reward_vector(batch: Batch) -> Array:
    return np.stack([batch.state.quarter[name] for name in REWARD_PARTS], axis=-1)


def _cost_over_programme(batch: Batch) -> Array:
    shares: Array = batch.state.quarter["excluded"] / batch.params["T"]
    return shares


_SHARE, _MONEY, _COUNT = ("share of persons", "[0, 1]"), ("money", "0 or more"), ("count", "0 or more")
ENTRIES: tuple[Entry, ...] = (
    Entry(
        "breadth", "how many have adopted, and how evenly: what the reward counts", *_SHARE,
        _quarter("breadth"),
    ),
    Entry(
        "resilience", "resilience of the persons and of the worst off", "1", "[0, 1]", _quarter("resilience")
    ),
    Entry("excluded", "persons under the floor of resilience", *_SHARE, _quarter("excluded")),
    Entry("reward_vector", "breadth, resilience, excluded as a vector (3,)", "1", "[0, 1]", _reward_vector),
    Entry(
        "cost", "the excluded once more, for constrained learning: a quarter's, without weight", *_SHARE,
        _quarter("excluded"),
    ),
    Entry(
        "cost_over_T", "the cost over the programme's quarters T, as the reward is: it sums to the mean "
        "share of the excluded", "share of persons", "[0, 1/T]", _cost_over_programme,
    ),
    Entry("money_budget", "the quarter's money: spent + payout + saved", *_MONEY, _quarter("budget")),
    Entry("money_released", "what the reserve gave back", *_MONEY, _quarter("released")),
    Entry("money_spent", "spent on functions", *_MONEY, _quarter("spent")),
    Entry("money_payout", "what the reserve paid for damage", *_MONEY, _quarter("payout")),
    Entry("money_saved", "change of the reserve", "money", "any", _quarter("saved")),
    Entry("reserve", "money in the reserve", *_MONEY, _programme("M")),
    Entry(
        "board", "the five indicators of the three actors (5, 3)", "1", "[0, 1]",
        lambda batch: batch.state.board.copy(),
    ),
    Entry("stage", "production, diffusion or application", "0, 1, 2", "0 to 2", _programme("stage")),
    Entry("project", "number of the project, from 0", *_COUNT, _programme("project")),
    Entry("abandoned", "projects that were given up", *_COUNT, _programme("abandoned")),
)  # fmt: skip
"""All that is told, in this order."""


def batch_info(batch: Batch) -> dict[str, Array]:
    """Every entry as an array over the batch, a fresh copy."""
    return {entry.name: entry.value(batch) for entry in ENTRIES}
