"""Hypothesis strategies: worlds from the parameters' own metadata, and plans of action."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from pydantic import BaseModel

from juguo_envs import Batch, Scenario
from juguo_envs.worlds.parameters import Meta, parameter_meta
from juguo_envs.worlds.scenario import PARAMETER_GROUPS

Array = npt.NDArray[Any]
Changes = dict[str, Any]


DEFAULT = Scenario.load("default")


def _fields() -> dict[str, Any]:
    """Every field of every group of parameters, by dotted name."""
    fields = {}
    for group in PARAMETER_GROUPS:
        model = Scenario.model_fields[group].annotation
        assert isinstance(model, type) and issubclass(model, BaseModel)
        fields |= {f"{group}.{name}": field for name, field in model.model_fields.items()}
    return fields


def _bounds(field: Any) -> tuple[float, float]:
    """Least and greatest value that a scenario may hold."""
    low = next(m.ge for m in field.metadata if hasattr(m, "ge"))
    high = next(m.le for m in field.metadata if hasattr(m, "le"))
    return low, high


METAS: dict[str, Meta] = {
    name: meta for name, field in _fields().items() if (meta := parameter_meta(field)) is not None
}
"""What is known of each parameter, by dotted name."""
BOUNDS: dict[str, tuple[float, float]] = {name: _bounds(field) for name, field in _fields().items()}
"""Allowed values of each parameter, by dotted name."""
TOGETHER = {name: meta.together for name, meta in METAS.items() if meta.together is not None}
"""Parameters that are sampled by a factor that they share with others, and that factor."""


def _sampled(meta: Meta) -> st.SearchStrategy[float]:
    assert meta.sampling is not None
    low, high = meta.sampling
    if meta.log:
        return st.floats(math.log(low), math.log(high)).map(math.exp)
    return st.floats(low, high)


@st.composite
def sampled_parameters(draw: st.DrawFn) -> Changes:
    """Parameters from the ranges over which scenarios are sampled; some stay at their defaults."""
    ranges = {name: _sampled(meta) for name, meta in METAS.items() if meta.sampling is not None}
    changes: Changes = draw(st.fixed_dictionaries({}, optional=ranges))
    factors = {
        factor: draw(st.floats(factor.low, factor.high)) for factor in dict.fromkeys(TOGETHER.values())
    }
    for dotted, factor in TOGETHER.items():
        group, name = dotted.split(".")
        changes[dotted] = factors[factor] * getattr(getattr(DEFAULT, group), name)
    return changes


def extreme_parameters() -> st.SearchStrategy[Changes]:
    """A few parameters at the least or the greatest value that a scenario may hold at all."""
    ends = {name: st.sampled_from(bounds) for name, bounds in BOUNDS.items()}
    return st.lists(st.sampled_from(sorted(ends)), unique=True, max_size=8).flatmap(
        lambda names: st.fixed_dictionaries({name: ends[name] for name in names})
    )


@st.composite
def small_societies(draw: st.DrawFn) -> Changes:
    """Small societies of any shape: 30 to 300 persons in 1 to 5 communities, some of them hubs."""
    count = draw(st.integers(1, 5))
    return {
        "society.persons": draw(st.integers(30, 300)),
        "society.communities.count": count,
        "society.communities.hubs": draw(st.integers(0, count)),
        "society.communities.hub_producers": draw(st.floats(0.4, 0.95)),
        "society.mean_degree": draw(st.sampled_from([0.0, 2.0, 8.0, 20.0])),
        "society.network": draw(st.sampled_from(["planted", "planted", "complete"])),
    }


@st.composite
def programmes(draw: st.DrawFn) -> Changes:
    """Short and long stages, and one technology or several."""
    return {
        "programme.rounds": draw(st.integers(1, 3)),
        "programme.minimum": [draw(st.integers(1, 4)) for _ in range(3)],
        "programme.maximum": [draw(st.integers(4, 24)) for _ in range(2)],
    }


@st.composite
def scenarios(draw: st.DrawFn, parameters: st.SearchStrategy[Changes] | None = None) -> Scenario:
    """Small worlds with parameters from the sampling ranges, or from another strategy."""
    chosen = draw(parameters if parameters is not None else sampled_parameters())
    return DEFAULT.override({**chosen, **draw(small_societies()), **draw(programmes())})


@dataclass(frozen=True)
class Plan:
    """A sequence of actions, the same for every machine.

    Attributes:
        kind: How the entries before the two requests are drawn.
        seed: Seed of the draws.
        quarters: Length.
        advance, abandon: Probability of either request in a quarter.
    """

    kind: str
    seed: int
    quarters: int
    advance: float
    abandon: float

    def actions(self, batch: Batch) -> Iterator[Array]:
        """One (B, 10 + R + 3) float32 array for each quarter."""
        rng = np.random.default_rng(self.seed)
        shape = (batch.size, batch.action_size)
        held = rng.choice([-1.0, 1.0], shape)
        for _ in range(self.quarters):
            if self.kind == "anything":
                actions = rng.uniform(-1.0, 1.0, shape)
            elif self.kind == "corners":
                actions = rng.choice([-1.0, 1.0], shape)
            elif self.kind == "one corner":
                actions = held.copy()
            else:  # mostly exact zeros, and values that are clipped
                actions = np.where(rng.random(shape) < 0.7, -1.0, rng.normal(0.0, 3.0, shape))
            for column, probability in ((-2, self.advance), (-1, self.abandon)):
                actions[:, column] = np.where(rng.random(batch.size) < probability, 1.0, -1.0)
            yield actions.astype(np.float32)


def plans(least: int = 1, most: int = 40, abandon: bool = True) -> st.SearchStrategy[Plan]:
    """Plans of any kind; without `abandon` no project is ever given up."""
    chance = st.sampled_from([0.0, 0.1, 1.0])
    return st.builds(
        Plan,
        kind=st.sampled_from(["anything", "corners", "one corner", "sparse"]),
        seed=st.integers(0, 2**32 - 1),
        quarters=st.integers(least, most),
        advance=chance,
        abandon=chance if abandon else st.just(0.0),
    )


def first_seeds() -> st.SearchStrategy[int]:
    """Seeds of an episode, small and large, after which some more follow."""
    return st.integers(0, 2**63 - 100)
