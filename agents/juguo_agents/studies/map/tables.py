"""The runs as arrays: points x allocators x episodes, under each set of values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from juguo_agents.studies.map.design import MapError, Settings, allocator_names, tuned_names, world
from juguo_agents.studies.map.runs import SEPARATOR
from juguo_agents.studies.map.switches import SWITCHES
from juguo_agents.studies.map.values import DRAWN, VALUE_SETS, score
from juguo_envs.worlds.sampling import Axis, axes

Floats = npt.NDArray[np.float64]
_GOALS = ("resilience", "excluded")


@dataclass(frozen=True)
class Exchange:
    """The exchange of parts at one point.

    Attributes:
        best, second: The two tuned allocators.
        returns: (episodes,) for each part, under the values drawn at the point.
    """

    best: str
    second: str
    returns: dict[str, Floats]


@dataclass(frozen=True)
class Runs:
    """What was measured.

    Attributes:
        names: The allocators.
        returns: (points, allocators, episodes) under each set of values.
        numbers: (points, allocators) whose numbers a tuned rule uses, under each set of values; empty for the
            others.
        switched: (points, tuned allocators, episodes) with each switch, under the values drawn.
        exchanges: The exchange of parts at each point.
        axes: The axes of the family, those of the values last.
        places: (points, axes) places in the unit cube.
    """

    names: tuple[str, ...]
    returns: dict[str, Floats]
    numbers: dict[str, npt.NDArray[np.str_]]
    switched: dict[str, Floats]
    exchanges: list[Exchange]
    axes: tuple[Axis, ...]
    places: Floats

    @property
    def points(self) -> int:
        """Number of points."""
        return len(self.places)

    def of(self, name: str, values: str = DRAWN.name) -> Floats:
        """(points, episodes) returns of an allocator under some values."""
        found: Floats = self.returns[values][:, self.names.index(name)]
        return found

    def axes_under(self, values: str) -> tuple[tuple[Axis, ...], Floats]:
        """The axes that can matter under some values, and the places on them."""
        keep = [i for i, a in enumerate(self.axes) if values == DRAWN.name or not _of_values(a)]
        return tuple(self.axes[i] for i in keep), self.places[:, keep]

    @cached_property
    def values(self) -> Floats:
        """(points, axes) values on the axes."""
        return np.array(
            [[axis.value(u) for axis, u in zip(self.axes, row, strict=True)] for row in self.places.tolist()]
        )


def _of_values(axis: Axis) -> bool:
    return axis.name.startswith("reward.")


def load_runs(settings: Settings, table: pa.Table) -> Runs:
    """The arrays of a table of runs.

    Raises:
        MapError: If a point, an allocator or an episode is missing.
    """
    names = allocator_names()
    whole = table.filter(pc.and_(pc.equal(table["switch"], ""), pc.equal(table["part"], "")))
    scored = _scores(settings, whole)
    returns, numbers = {}, {}
    for values in VALUE_SETS:
        some = [values.name in told.split(SEPARATOR) for told in whole["values"].to_pylist()]
        where = np.array(some, bool)
        shape = (settings.points, len(names), settings.episodes)
        rows = whole.filter(pa.array(where))
        returns[values.name] = _cube(rows, names, shape, scored[values.name][where])
        numbers[values.name] = _numbers(rows, names, shape)
    switched = {}
    for switch in SWITCHES:
        rows = table.filter(pc.equal(table["switch"], switch.name))
        count = rows.num_rows // max(1, settings.switched_points * len(tuned_names()))
        shape = (settings.switched_points, len(tuned_names()), count)
        switched[switch.name] = _cube(rows, tuned_names(), shape, rows["return"].to_numpy())
    return Runs(
        tuple(names),
        returns,
        numbers,
        switched,
        _exchanges(settings, table.filter(pc.not_equal(table["part"], ""))),
        axes(settings.base, preferences=True),
        settings.places(),
    )


def _scores(settings: Settings, rows: pa.Table) -> dict[str, Floats]:
    """Returns of all rows under each set of values."""
    point = rows["point"].to_numpy()
    columns = {
        name: rows[name].to_numpy()
        for name in rows.column_names
        if name.startswith("breadth") or name in _GOALS
    }
    found = {values.name: np.full(len(point), np.nan) for values in VALUE_SETS}
    for index, place in enumerate(settings.places()):
        here = point == index
        measured = {name: column[here] for name, column in columns.items()}
        scenario = world(settings, place, f"point {index}")
        for values in VALUE_SETS:
            found[values.name][here] = score(measured, values, scenario, settings.base)
    return found


def _places(rows: pa.Table, names: list[str]) -> npt.NDArray[np.int64]:
    known = {name: i for i, name in enumerate(names)}
    allocators = rows["allocator"].to_pylist()
    if unknown := set(allocators) - set(known):
        raise MapError(f"the table of runs has an unknown allocator {sorted(unknown)[0]!r}")
    return np.array([known[name] for name in allocators], np.int64)


def _cube(rows: pa.Table, names: list[str], shape: tuple[int, int, int], returns: Floats) -> Floats:
    if rows.num_rows != np.prod(shape):
        raise MapError(f"the table of runs has {rows.num_rows} rows where {np.prod(shape)} were expected")
    cube: Floats = np.full(shape, np.nan)
    cube[rows["point"].to_numpy(), _places(rows, names), rows["episode"].to_numpy()] = returns
    if not np.isfinite(cube).all():
        raise MapError("the table of runs lacks a return, or holds one that is not finite")
    return cube


def _numbers(rows: pa.Table, names: list[str], shape: tuple[int, int, int]) -> npt.NDArray[np.str_]:
    numbers: npt.NDArray[Any] = np.full(shape[:2], "", object)
    numbers[rows["point"].to_numpy(), _places(rows, names)] = rows["numbers"].to_numpy(zero_copy_only=False)
    return numbers.astype(str)


def _exchanges(settings: Settings, rows: pa.Table) -> list[Exchange]:
    point, part = rows["point"].to_numpy(), rows["part"].to_numpy(zero_copy_only=False)
    returns = rows["return"].to_numpy()
    best, second = rows["allocator"].to_pylist(), rows["second"].to_pylist()
    found = []
    for index in range(settings.points):
        here = np.flatnonzero(point == index)
        if not len(here):
            raise MapError(f"the table of runs lacks the exchange of parts at point {index}")
        parts = dict.fromkeys(part[here].tolist())
        by_part = {name: returns[here[part[here] == name]] for name in parts}
        found.append(Exchange(best[here[0]], second[here[0]], by_part))
    return found
