"""The runs as arrays: points x allocators x episodes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from juguo_agents.evidence.map.design import MapError, Settings, allocator_names
from juguo_envs.sampling import Axis, axes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Runs:
    """What was measured.

    Attributes:
        names: The allocators.
        returns: (points, allocators, episodes).
        numbers: (points, allocators) whose numbers a tuned rule uses; empty for the others.
        axes: The axes of the family.
        places: (points, axes) places in the unit cube.
    """

    names: tuple[str, ...]
    returns: Floats
    numbers: npt.NDArray[np.str_]
    axes: tuple[Axis, ...]
    places: Floats

    @property
    def points(self) -> int:
        """Number of points."""
        return len(self.returns)

    def of(self, name: str) -> Floats:
        """(points, episodes) returns of an allocator."""
        found: Floats = self.returns[:, self.names.index(name)]
        return found

    @cached_property
    def values(self) -> Floats:
        """(points, axes) values on the axes."""
        return np.array(
            [[axis.value(u) for axis, u in zip(self.axes, row, strict=True)] for row in self.places.tolist()]
        )


def load_runs(settings: Settings, table: pa.Table) -> Runs:
    """The arrays of a table of runs.

    Raises:
        MapError: If a point, an allocator or an episode is missing.
    """
    names, shape = allocator_names(), (settings.points, len(allocator_names()), settings.episodes)
    columns = {name: table[name].to_numpy() for name in ("point", "episode", "return")}
    allocator = table["allocator"].to_numpy(zero_copy_only=False)
    place = {name: i for i, name in enumerate(names)}
    if table.num_rows != np.prod(shape) or not set(allocator.tolist()) <= set(place):
        raise MapError(f"the table of runs has {table.num_rows} rows; expected {np.prod(shape)}")
    which = np.array([place[name] for name in allocator])
    returns, numbers = np.full(shape, np.nan), np.full(shape[:2], "", object)
    returns[columns["point"], which, columns["episode"]] = columns["return"]
    numbers[columns["point"], which] = table["numbers"].to_numpy(zero_copy_only=False)
    if not np.isfinite(returns).all():
        raise MapError("the table of runs lacks a return, or holds one that is not finite")
    return Runs(tuple(names), returns, numbers.astype(str), axes(settings.base), settings.places())
