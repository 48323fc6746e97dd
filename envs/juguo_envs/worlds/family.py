"""A family of scenarios: every episode has a world of its own, drawn from the episode's seed.

The ranges are those of `juguo_envs.worlds.sampling`. A draw is counted, like every draw of the model: it is a
function of the seed and of nothing else, so it does not depend on a batch, on threads, or on who decides.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_envs.errors import unknown
from juguo_envs.model import random as draws
from juguo_envs.model.state import Structure
from juguo_envs.worlds.sampling import Axis, axes, changes_at, scenario_with
from juguo_envs.worlds.scenario import Scenario, ScenarioError, names_file, scenario_names
from juguo_envs.worlds.seeds import check_seed, check_seeds
from juguo_envs.worlds.society import apportion, build_structure

FAMILY = "family"
"""Name under which the family is loaded; `family:NAME` is the one around another scenario."""
WEIGHTS = {"breadth": "w_b", "resilience": "w_r", "excluded": "w_x"}
"""The weights by name, and the parameters that hold them."""
VALUES = WEIGHTS | {"aversion": "aversion"}
"""All that is valued by name: the weights and the aversion to inequality; and the parameters that hold it."""
PREFERENCES: tuple[tuple[float, float], ...] = tuple(
    (axis.low, axis.high)
    for axis in axes(preferences=True)
    if axis.name in {f"reward.{weight}" for weight in WEIGHTS.values()}
)
"""Ranges of the three weights where they are drawn, uniform in the logarithm: those they are sampled over."""
AXIS, WEIGHT = np.uint64(40), np.uint64(41)
"""Purposes of the draws, beside those of `juguo_envs.model.random.Purpose`."""

_OF_COMMUNITIES = "society.communities."

_mix: Any = draws.mix.py_func  # the model's own mixing, on whole arrays and without compiling
_GOLDEN, _TO_UNIT = draws._GOLDEN, draws._TO_UNIT


def uniforms(seeds: npt.NDArray[np.uint64], purpose: np.uint64, count: int) -> npt.NDArray[np.float64]:
    """(n, count) draws in [0, 1): number i is `draws.uniform(draws.stream(seed, 0, purpose), i)`."""
    key = _mix(_mix(_mix(seeds + _GOLDEN)) + np.array([purpose]) * _GOLDEN)  # arrays overflow in silence
    counters = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    bits: npt.NDArray[np.uint64] = _mix(key[:, None] + counters) >> np.uint64(11)
    return bits.astype(np.float64) * _TO_UNIT


@dataclass(frozen=True)
class Drawn:
    """The worlds of n episodes.

    Attributes:
        params: (n,) records of parameters, the kernels' `P`.
        producers: (n, R) producers in each community.
    """

    params: npt.NDArray[Any]
    producers: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Family:
    """Scenarios around one, of which every episode draws one.

    Attributes:
        base: What they have in common.
        varies: Whether the axes of `juguo_envs.worlds.sampling` are drawn; otherwise all are the base's.
        weights: Ranges (low, high) of the weights of breadth, resilience and the excluded, where preferences
            are drawn too, uniform in the logarithm; otherwise they are the base's.
        ranges: Axes of which only a part is drawn: name, low and high.
    """

    base: Scenario = field(default_factory=Scenario)
    varies: bool = True
    weights: tuple[tuple[float, float], ...] | None = None
    ranges: tuple[tuple[str, float, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could not be drawn.

        Raises:
            ScenarioError: If a range is not allowed, or an axis changes more than a batch can hold.
        """
        if self.weights is not None:
            if len(self.weights) != len(WEIGHTS):
                raise ScenarioError(
                    f"weights has {len(self.weights)} ranges; expected {len(WEIGHTS)}: {', '.join(WEIGHTS)}"
                )
            for name, (low, high) in zip(WEIGHTS, self.weights, strict=True):
                if not 0.0 < low <= high <= 100.0:
                    raise ScenarioError(
                        f"weights: the range of {name} is {low:g} to {high:g}; "
                        "allowed is 0 < low <= high <= 100"
                    )
        self._check_ranges()
        self._check_society()

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """What is drawn, preferences aside."""
        parts = {name: replace(self._whole[name], low=low, high=high) for name, low, high in self.ranges}
        return tuple((self._whole | parts).values())

    @cached_property
    def _whole(self) -> dict[str, Axis]:
        """The axes by name, each over its whole range."""
        return {axis.name: axis for axis in axes(self.base)} if self.varies else {}

    @cached_property
    def drawn(self) -> frozenset[str]:
        """Dotted names of the fields that every episode draws, whatever the base holds."""
        weights = [] if self.weights is None else [f"reward.{name}" for name in WEIGHTS.values()]
        return frozenset([*(f for axis in self.axes if not axis.factor for f in axis.fields), *weights])

    @cached_property
    def structure(self) -> Structure:
        """What all societies have in common, and the base's producers."""
        return build_structure(self.base)

    @cached_property
    def _record(self) -> npt.NDArray[Any]:
        return self.base.record()

    @cached_property
    def _of_society(self) -> tuple[Axis, ...]:
        return tuple(axis for axis in self.axes if axis.name.startswith(_OF_COMMUNITIES))

    def values(self, seeds: npt.NDArray[np.uint64]) -> list[dict[str, float]]:
        """The value on each axis, by its name, for each seed."""
        units = uniforms(check_seeds(seeds), AXIS, len(self.axes))
        # one at a time: a whole array's logarithms may be rounded otherwise
        return [{a.name: a.value(u) for a, u in zip(self.axes, row, strict=True)} for row in units.tolist()]

    def preferences(self, seeds: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
        """(n, 3) weights of breadth, resilience and the excluded."""
        if self.weights is None:
            own = [getattr(self.base.reward, name) for name in WEIGHTS.values()]
            return np.tile(np.array(own, np.float64), (len(seeds), 1))
        units = uniforms(check_seeds(seeds), WEIGHT, len(WEIGHTS)).tolist()
        return np.array(
            [
                [_log_uniform(low, high, u) for (low, high), u in zip(self.weights, row, strict=True)]
                for row in units
            ]
        ).reshape(len(seeds), len(WEIGHTS))

    def draw(self, seeds: npt.NDArray[np.uint64]) -> Drawn:
        """The worlds of episodes, one per seed: (n,) uint64."""
        n = len(seeds)
        params = np.repeat(self._record, n)
        producers = np.tile(self.structure.producers, (n, 1))
        if self.varies:
            for i, values in enumerate(self.values(seeds)):
                changes = changes_at(values, self.base, self.axes)
                for dotted, value in changes.items():
                    if not dotted.startswith("society."):
                        params[dotted.rpartition(".")[2]][i] = value
                if self._of_society:
                    producers[i] = self._producers(changes)
        if self.weights is not None:
            for name, column in zip(WEIGHTS.values(), self.preferences(seeds).T, strict=True):
                params[name] = column
        return Drawn(params, producers)

    def scenario(self, seed: int, name: str | None = None) -> Scenario:
        """The world of one episode as a scenario of its own, in which all hidden parameters can be read."""
        seeds = np.array([check_seed(seed)], np.uint64)
        found = self.base
        if self.varies:
            found = scenario_with(self.values(seeds)[0], self.base, self.base.name)
        if self.weights is not None:
            drawn = zip(WEIGHTS.values(), self.preferences(seeds)[0].tolist(), strict=True)
            found = found.override({f"reward.{weight}": value for weight, value in drawn})
        return found.model_copy(update={"name": name or f"{self.base.name} {seed}"})

    def as_json(self) -> dict[str, Any]:
        """What is drawn, for metadata: every axis with its range, and the ranges of the weights."""
        return {
            "base": self.base.name,
            "base_digest": self.base.digest(),
            "axes": {axis.name: [axis.low, axis.high] for axis in self.axes},
            "weights": None if self.weights is None else [list(pair) for pair in self.weights],
        }

    def _producers(self, changes: Mapping[str, Any]) -> npt.NDArray[np.int64]:
        """(R,) producers of a society with other values: what `build_structure` says, without the rest."""
        society = self.base.society
        own = {d.rpartition(".")[2]: v for d, v in changes.items() if d.startswith(_OF_COMMUNITIES)}
        listed = society.communities.model_copy(update=own).listed()  # type: ignore[union-attr]
        wanted = round(society.producers * society.persons)
        return apportion(np.array([c.producers for c in listed]), wanted, np.diff(self.structure.start))

    def _check_ranges(self) -> None:
        names = [name for name, _, _ in self.ranges]
        for name, low, high in self.ranges:
            if name not in self._whole:
                raise ScenarioError(f"ranges: {unknown('axis', name, sorted(self._whole))}")
            if names.count(name) > 1:
                raise ScenarioError(f"ranges: {name} is given twice; give it once")
            whole = self._whole[name]
            if not whole.low <= low < high <= whole.high:
                raise ScenarioError(
                    f"ranges: that of {name} is {low:g} to {high:g}; allowed is a part of {whole.low:g} to "
                    f"{whole.high:g}, low < high"
                )

    def _check_society(self) -> None:
        """The societies of a batch share sizes and places: only where the producers are may differ."""
        for axis in self.axes:
            if axis.name.startswith("society.") and axis not in self._of_society:
                raise ScenarioError(f"{axis.name} is sampled, but a family's societies differ by places only")
        corners = itertools.product(*((a.low, a.high) for a in self._of_society))
        for corner in corners if self._of_society else ():
            values = dict(zip((a.name for a in self._of_society), corner, strict=True))
            other = build_structure(scenario_with(values, self.base))
            for name, mine, theirs in zip(Structure._fields, self.structure, other, strict=True):
                if name != "producers" and not np.array_equal(mine, theirs):
                    shown = ", ".join(f"{name} = {value:g}" for name, value in values.items())
                    raise ScenarioError(
                        f"family around {self.base.name}: with {shown} the {name} of a society differ, and "
                        "societies of one batch share all but where the producers are; choose another base"
                    )


World = str | Path | Mapping[str, Any] | Scenario | Family
"""What stands for a world, see `load_world`."""
_BASE = "default"
_FIELDS = {FAMILY, "varies", "weights", "ranges"}


def _log_uniform(low: float, high: float, unit: float) -> float:
    return min(high, max(low, low * math.exp(unit * math.log(high / low))))


def names_family(which: object) -> bool:
    """Whether something is the name of a family: `family`, or `family:` and a scenario."""
    return isinstance(which, str) and (which == FAMILY or which.startswith(f"{FAMILY}:"))


def world_names() -> list[str]:
    """Names of the worlds there are: of the scenarios that ship, and how a family is named."""
    return [*scenario_names(), FAMILY, f"{FAMILY}:NAME"]


def load_world(which: World) -> Scenario | Family:
    """A scenario as `Scenario.load` takes it, or a family.

    Args:
        which: What `Scenario.load` takes; `family`, or `family:` and the name or the path of the scenario
            around which it lies; or a mapping ``{"family": scenario, "varies": bool, "weights": ranges,
            "ranges": {axis: range}}``, of which only the first is needed.

    Raises:
        ScenarioError: If there is none.
    """
    if isinstance(which, Family):
        return which
    if isinstance(which, Mapping) and FAMILY in which:
        return _family_of(which)
    if isinstance(which, str) and names_family(which):
        base = Scenario.load(which.partition(":")[2] or _BASE)
        return Family(base.model_copy(update={"name": which[:80], "description": ""}))
    if isinstance(which, str) and not names_file(which) and which not in scenario_names():
        raise ScenarioError(f"{unknown('scenario', which, world_names())}, or give the path of a .yaml file")
    return Scenario.load(which)


def plain_world(which: World) -> str | dict[str, Any]:
    """What `load_world` makes the same world of, in words and numbers that JSON can hold."""
    if isinstance(which, Scenario):
        if which.name in scenario_names() and which == Scenario.load(which.name):
            return which.name
        base = Scenario.load(_BASE).model_dump(mode="json") | {"name": "custom", "description": ""}
        return {"base": _BASE, **_beyond(which.model_dump(mode="json"), base)}
    if isinstance(which, Family):
        if names_family(which.base.name) and which == load_world(which.base.name):
            return which.base.name
        varies = {} if which.varies else {"varies": False}
        weights = {} if which.weights is None else {"weights": [list(pair) for pair in which.weights]}
        ranges = {"ranges": {n: [low, high] for n, low, high in which.ranges}} if which.ranges else {}
        return {FAMILY: plain_world(which.base), **varies, **weights, **ranges}
    return dict(which) if isinstance(which, Mapping) else str(which)


def _family_of(data: Mapping[str, Any]) -> Family:
    if more := sorted(set(data) - _FIELDS):
        raise ScenarioError(f"family: {unknown('field', more[0], sorted(_FIELDS))}")
    varies, ranges = data.get("varies", True), data.get("weights")
    if not isinstance(varies, bool):
        raise ScenarioError(f"family: varies is {varies!r}; allowed is true or false")
    try:
        weights = None if ranges is None else tuple((float(low), float(high)) for low, high in ranges)
    except (TypeError, ValueError):
        raise ScenarioError(
            f"family: weights is {ranges!r}; allowed are pairs of a low and a high number, for "
            f"{', '.join(WEIGHTS)}"
        ) from None
    parts = data.get("ranges", {})
    try:
        named = tuple((str(name), float(low), float(high)) for name, (low, high) in parts.items())
    except (AttributeError, TypeError, ValueError):
        raise ScenarioError(
            f"family: ranges is {parts!r}; allowed are pairs of a low and a high number by names of axes"
        ) from None
    return Family(Scenario.load(data[FAMILY]), varies, weights, named)


def _beyond(data: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """What of nested mappings differs from others."""
    pairs = {name: (value, base.get(name)) for name, value in data.items() if value != base.get(name)}
    return {
        name: _beyond(own, other) if isinstance(own, dict) and isinstance(other, dict) else own
        for name, (own, other) in pairs.items()
    }
