"""Scenarios drawn from the ranges of the parameters: a place in the unit cube is a world.

The axes come from the metadata of the fields (`juguo_envs.worlds.parameters.Meta`), in the order in which a
scenario holds them, so a parameter that is declared with a sampling range is an axis. How places are chosen,
by draws or by a Sobol sequence, is the caller's concern.

The axes of the group `reward` say under which values a world is judged, and nothing of the world itself. They
are among the axes only where `preferences` are asked for; they then follow all others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from juguo_envs.worlds.parameters import Meta, parameter_meta
from juguo_envs.worlds.scenario import Scenario, ScenarioError

_PREFERENCES = "reward."


@dataclass(frozen=True)
class Axis:
    """One axis of the family of scenarios.

    Attributes:
        name: Dotted name of the field, or the name of the factor that scales several fields.
        low, high: Range, ends included.
        log: Whether it is uniform in the logarithm.
        whole: Whether it takes whole numbers only, each over an equal part of the axis.
        fields: Dotted names of the fields that it sets.
        factor: Whether the value is a factor on what the fields hold, and not their value.
        unit: Unit of the value; "1" for a pure number.
        text: Meaning, in a few words.
    """

    name: str
    low: float
    high: float
    log: bool
    whole: bool
    fields: tuple[str, ...]
    factor: bool
    unit: str
    text: str

    @property
    def short(self) -> str:
        """The field's own name, as on the model page; of a factor the whole name, as words."""
        return self.name.replace(".", " ") if self.factor else self.name.rpartition(".")[2]

    def value(self, unit: float) -> float:
        """The value at a place in [0, 1]."""
        if self.whole:
            count = int(self.high - self.low) + 1
            return self.low + min(count - 1, math.floor(unit * count))
        if unit in (0.0, 1.0):  # the ends exactly, whatever the rounding of a logarithm
            return self.high if unit else self.low
        if self.log:
            value = math.exp(math.log(self.low) + unit * math.log(self.high / self.low))
        else:
            value = self.low + unit * (self.high - self.low)
        return min(self.high, max(self.low, value))

    def unit_of(self, value: float) -> float:
        """The place of a value in [0, 1]; that of a whole number is the middle of its part of the axis.

        Raises:
            ScenarioError: If the value lies outside the range.
        """
        if not self.low <= value <= self.high:
            raise ScenarioError(f"{self.name} is {value:g}; its axis goes from {self.low:g} to {self.high:g}")
        if self.whole:
            return (value - self.low + 0.5) / (self.high - self.low + 1.0)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def axes(base: Scenario | None = None, preferences: bool = False) -> tuple[Axis, ...]:
    """The axes of the family around a scenario, in a fixed order.

    A field that the scenario lacks is no axis, such as what a rule says of communities where they are listed.

    Args:
        base: The scenario around which the family lies; the default one if none is given.
        preferences: Whether the weights of the reward and the aversion to inequality are axes, too.
    """
    found: dict[str, Axis] = {}
    for dotted, meta, text in _parameters(base or Scenario(), ""):
        together = meta.together
        if together is not None:
            fields = (*found[together.name].fields, dotted) if together.name in found else (dotted,)
            found[together.name] = Axis(
                together.name, together.low, together.high, False, False, fields, True, "1", together.text
            )
        elif meta.sampling is not None:
            low, high = map(float, meta.sampling)
            found[dotted] = Axis(dotted, low, high, meta.log, meta.whole, (dotted,), False, meta.unit, text)
    worlds = tuple(axis for axis in found.values() if not axis.name.startswith(_PREFERENCES))
    asked = (
        tuple(axis for axis in found.values() if axis.name.startswith(_PREFERENCES)) if preferences else ()
    )
    return worlds + asked


def values_at(
    unit: npt.ArrayLike, base: Scenario | None = None, preferences: bool = False
) -> dict[str, float]:
    """The value on each axis, by its name, at a place of the unit cube.

    Args:
        unit: (number of axes,) in [0, 1].
        base: The scenario around which the family lies; the default one if none is given.
        preferences: Whether the preferences are axes, too.

    Raises:
        ScenarioError: If the place has another number of axes or lies outside the cube.
    """
    known = axes(base, preferences)
    place = np.asarray(unit, np.float64)
    if place.shape != (len(known),):
        raise ScenarioError(f"a place of the family has shape {place.shape}; expected ({len(known)},)")
    for axis, u in zip(known, place.tolist(), strict=True):
        if not 0.0 <= u <= 1.0:
            raise ScenarioError(f"{axis.name}: its place is {u:g}; allowed is 0 to 1")
    return {axis.name: axis.value(u) for axis, u in zip(known, place.tolist(), strict=True)}


def unit_of(
    values: Mapping[str, float], base: Scenario | None = None, preferences: bool = False
) -> npt.NDArray[np.float64]:
    """The place of values, the inverse of `values_at`: (number of axes,) in [0, 1].

    Raises:
        ScenarioError: If the value of an axis is missing or outside its range.
    """
    known = axes(base, preferences)
    if missing := [axis.name for axis in known if axis.name not in values]:
        raise ScenarioError(f"no value for {', '.join(missing)}; every axis needs one")
    return np.array([axis.unit_of(float(values[axis.name])) for axis in known])


def scenario_at(
    unit: npt.ArrayLike, base: Scenario | None = None, name: str = "family", preferences: bool = False
) -> Scenario:
    """The world at a place of the unit cube.

    Args:
        unit: (number of axes,) in [0, 1].
        base: What holds for every world of the family; the default scenario if none is given.
        name: The world's name.
        preferences: Whether the preferences are axes, too.

    Raises:
        ScenarioError: If the place is none of the cube.
    """
    base = base or Scenario()
    return scenario_with(values_at(unit, base, preferences), base, name)


def scenario_with(
    values: Mapping[str, float], base: Scenario | None = None, name: str = "family"
) -> Scenario:
    """The world in which the axes have these values; an axis without a value stays as in `base`.

    Raises:
        ScenarioError: If a name is no axis, or a value is not allowed.
    """
    base = base or Scenario()
    return base.override({"name": name} | changes_at(values, base))


def changes_at(
    values: Mapping[str, float], base: Scenario, known: tuple[Axis, ...] | None = None
) -> dict[str, Any]:
    """What the axes' values change in a scenario: new values by the fields' dotted names.

    Args:
        values: Value by the name of the axis.
        base: The scenario.
        known: Its axes, where they are at hand.

    Raises:
        ScenarioError: If a name is no axis.
    """
    by_name = {axis.name: axis for axis in (axes(base, preferences=True) if known is None else known)}
    changes: dict[str, Any] = {}
    for which, value in values.items():
        if which not in by_name:
            raise ScenarioError(f"unknown axis {which!r}; there are {', '.join(by_name)}")
        axis = by_name[which]
        for dotted in axis.fields:
            changes[dotted] = (
                _held(base, dotted) * value if axis.factor else int(value) if axis.whole else value
            )
    return changes


def _parameters(group: BaseModel, prefix: str) -> Iterator[tuple[str, Meta, str]]:
    """Every parameter that a scenario holds: dotted name, metadata, meaning."""
    for name, field in type(group).model_fields.items():
        value = getattr(group, name)
        if isinstance(value, BaseModel):
            yield from _parameters(value, f"{prefix}{name}.")
        elif (meta := parameter_meta(field)) is not None:
            yield f"{prefix}{name}", meta, field.description or name


def _held(base: Scenario, dotted: str) -> float:
    place: Any = base
    for part in dotted.split("."):
        place = getattr(place, part)
    return float(place)
