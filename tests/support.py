"""Small societies, allocations and comparisons that the tests of the environment share."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_envs import Batch, Scenario, encode_allocation
from juguo_envs.model.state import FUNCTIONS, State

Array = npt.NDArray[Any]

SCRATCH = ("hit", "changed")
"""Arrays of the state that mean nothing between two quarters."""


def small(changes: Mapping[str, Any] | None = None) -> Scenario:
    """The default world with 60 persons in 3 communities, over 12 quarters, and some fields changed."""
    size = {
        "society.persons": 60,
        "society.communities.count": 3,
        "society.communities.hubs": 1,
        "programme.T": 12,
    }
    return Scenario.load("default").override({**size, **(changes or {})})


def parameters(scenario: Scenario | None = None, **changes: float) -> SimpleNamespace:
    """The parameters as the equations take them, for calling one equation alone."""
    record = (scenario or Scenario.load("default")).record()
    values = {name: record[name][0].item() for name in record.dtype.names or ()}
    assert set(changes) <= set(values)
    return SimpleNamespace(**{**values, **changes})


def seeds(count: int, first: int = 0) -> npt.NDArray[np.uint64]:
    """Seeds `first`, `first` + 1, and so on."""
    return np.arange(first, first + count, dtype=np.uint64)


def started(scenario: Scenario, size: int, first: int = 0, **arguments: Any) -> Batch:
    """A batch at the start of its episodes, of seeds `first`, `first` + 1, and so on."""
    batch = Batch(scenario, size, **arguments)
    batch.reset(seeds(size, first))
    return batch


def spend(batch: Batch, functions: Mapping[str, float] | None = None, **arguments: Any) -> Array:
    """One action for every society: money on some functions by name, in proportion to population.

    Without functions everything goes to the reserve. Further arguments are those of `encode_allocation`.
    """
    weights = np.array([(functions or {}).get(name, 0.0) for name in FUNCTIONS])
    action = encode_allocation(weights, arguments.pop("communities", batch.structure.share), **arguments)
    return np.repeat(action[None], batch.size, axis=0)


def random_actions(rng: np.random.Generator, batch: Batch, abandon: float = 0.1) -> Array:
    """(B, 10 + R + 3) uniform actions that ask to abandon with a probability."""
    actions = rng.uniform(-1.0, 1.0, (batch.size, batch.action_size))
    actions[:, -1] = np.where(rng.random(batch.size) < abandon, 1.0, -1.0)
    return actions.astype(np.float32)


def ties(state: State, b: int) -> tuple[Array, Array]:
    """Both ends of every tie of society `b`; each tie is there once in each direction."""
    offsets = state.offsets[b]
    ends: Array = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return ends, state.neighbours[b, : offsets[-1]]


def society_bytes(batch: Batch, b: int) -> dict[str, bytes]:
    """Every bit of the state of society `b`, by the name of the array."""
    found = {name: array[b].tobytes() for name, array in batch.state._asdict().items() if name not in SCRATCH}
    found["neighbours"] = ties(batch.state, b)[1].tobytes()  # beyond are ties that found no place
    return found


def bits(value: Any) -> Any:
    """Something that is equal for two nested results if and only if every bit of them is."""
    if isinstance(value, dict):
        return {name: bits(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [bits(part) for part in value]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [bits(part) for part in value]
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return type(value), value.hex() if isinstance(value, float) else value
