"""The numbers of a policy class, by name, and the unconstrained vector that an optimiser moves.

Numbers in a range pass through a logistic curve, shares through a softmax. Both curves are stretched a
little and cut, so that the ends of a range, and shares of exactly zero, lie at a finite distance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from juguo_agents.array_types import Floats
from juguo_envs.errors import UserError, unknown

Parameters = dict[str, float]

STRETCH = 0.01
"""How far the logistic curve passes the ends of a range, as a share of it."""
LEAST = 0.005
"""Softmax shares up to this become zero."""


class FixedNumberError(UserError):
    """A number that cannot be held as asked."""


@dataclass(frozen=True)
class Number:
    """One number in a range.

    Attributes:
        name: Its name in a result.
        low, high: The range, ends included.
        start: Where a search begins.
        log: Whether the range is searched by its logarithm.
        whole: Whether it is rounded to a whole number.
        step: Standard deviation of the first generation, on the unconstrained axis.
    """

    name: str
    low: float
    high: float
    start: float
    log: bool = False
    whole: bool = False
    step: float = 0.7

    size = 1

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its parameters: its own."""
        return (self.name,)

    def decode(self, x: Floats) -> Parameters:
        """The number at a place of the unconstrained axis."""
        unit = (1.0 + 2.0 * STRETCH) / (1.0 + np.exp(-float(np.clip(x[0], -500.0, 500.0)))) - STRETCH
        if unit <= 0.0:
            return {self.name: self.low}
        if unit >= 1.0:
            return {self.name: self.high}
        low, high = (np.log(self.low), np.log(self.high)) if self.log else (self.low, self.high)
        value = low + (high - low) * unit
        value = float(np.exp(value)) if self.log else float(value)
        value = min(self.high, max(self.low, value))
        return {self.name: float(round(value)) if self.whole else value}

    def encode(self, parameters: Mapping[str, float]) -> Floats:
        """The place of a number."""
        value = parameters[self.name]
        if self.high <= self.low:
            return np.zeros(1)
        low, high = self.low, self.high
        if self.log:
            low, high, value = float(np.log(low)), float(np.log(high)), float(np.log(value))
        unit = ((value - low) / (high - low) + STRETCH) / (1.0 + 2.0 * STRETCH)
        return np.array([np.log(unit / (1.0 - unit))])

    def starting(self, parameters: Mapping[str, float], step: float) -> Number:
        """The same number, searched from another start with another step."""
        return replace(self, start=parameters[self.name], step=step)

    def nearest(self, value: float) -> float:
        """The value of the range that is nearest to one."""
        return min(self.high, max(self.low, value))

    def fault(self, parameters: Mapping[str, float]) -> str | None:
        """What is wrong with a value, or nothing."""
        value = parameters[self.name]
        if not self.low <= value <= self.high or (self.whole and value != round(value)):
            kind = "whole numbers" if self.whole else "numbers"
            return f"{self.name} is {value:g}; allowed are {kind} from {self.low:g} to {self.high:g}"
        return None


@dataclass(frozen=True)
class Shares:
    """Shares that sum to a total. A member that is not listed gets nothing, ever.

    Attributes:
        name: The group's name; a member's parameter is `name.member`.
        members: Names of those who share.
        start: Relative shares where a search begins.
        total: What they share.
        step: Standard deviation of the first generation, on the unconstrained axes.
    """

    name: str
    members: tuple[str, ...]
    start: tuple[float, ...]
    total: float = 1.0
    step: float = 0.7

    @property
    def size(self) -> int:
        """Number of unconstrained axes."""
        return len(self.members)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its parameters."""
        return tuple(f"{self.name}.{member}" for member in self.members)

    def decode(self, x: Floats) -> Parameters:
        """The shares at a place."""
        raw = np.exp(np.maximum(x - x.max(), -500.0))
        cut = np.maximum(0.0, raw / raw.sum() - LEAST)
        shares = self.total * cut / cut.sum()
        return dict(zip(self.names, shares.tolist(), strict=True))

    def encode(self, parameters: Mapping[str, float]) -> Floats:
        """The place of shares."""
        shares = np.array([parameters[name] for name in self.names])
        logs = np.log(shares / shares.sum() * (1.0 - self.size * LEAST) + LEAST)
        place: Floats = logs - logs.mean()
        return place

    def starting(self, parameters: Mapping[str, float], step: float) -> Shares:
        """The same shares, searched from another start with another step."""
        start = tuple(parameters[name] for name in self.names)
        if sum(start) <= 0.0:  # everything went to members that may get nothing now
            start = (1.0,) * len(start)
        return replace(self, start=start, step=step)

    def without(self, held: Mapping[str, float]) -> Shares:
        """The same shares without some members.

        Raises:
            FixedNumberError: If a share is held at something else than 0, or nobody is left.
        """
        for name, value in held.items():
            if value != 0.0:
                raise FixedNumberError(f"{name} is {value:g}; a share can be held at 0 only")
        kept = [i for i, name in enumerate(self.names) if name not in held]
        if not kept:
            raise FixedNumberError(f"no member of {self.name} is left; hold fewer of them at 0")
        members, start = tuple(self.members[i] for i in kept), tuple(self.start[i] for i in kept)
        return replace(self, members=members, start=start if sum(start) > 0.0 else (1.0,) * len(kept))

    def fault(self, parameters: Mapping[str, float]) -> str | None:
        """What is wrong with the values, or nothing."""
        shares = [parameters[name] for name in self.names]
        if min(shares) < 0.0 or abs(sum(shares) - self.total) > 1e-6:
            return f"{self.name} holds shares that are negative or do not sum to {self.total:g}"
        return None


@dataclass(frozen=True)
class Space:
    """Every number of a policy class, in a fixed order.

    Attributes:
        parts: What is free.
        fixed: Numbers that are held at a value, and members of shares that get nothing.
    """

    parts: tuple[Number | Shares, ...]
    fixed: Mapping[str, float] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of unconstrained axes."""
        return sum(part.size for part in self.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, the fixed ones last."""
        return (*(name for part in self.parts for name in part.names), *self.fixed)

    @cached_property
    def _cuts(self) -> list[int]:
        ends: list[int] = np.cumsum([part.size for part in self.parts]).tolist()
        return ends[:-1]

    @property
    def start(self) -> Parameters:
        """The parameters where a search begins."""
        found: Parameters = {}
        for part in self.parts:
            if isinstance(part, Number):
                found[part.name] = part.start
            else:
                scale = part.total / sum(part.start)
                found |= {n: s * scale for n, s in zip(part.names, part.start, strict=True)}
        return found | dict(self.fixed)

    @property
    def steps(self) -> Floats:
        """(size,) standard deviations of the first generation."""
        return np.concatenate([np.full(part.size, part.step) for part in self.parts])

    def decode(self, x: Floats) -> Parameters:
        """Parameters at a place: (size,) in."""
        found: Parameters = {}
        for part, piece in zip(self.parts, np.split(x, self._cuts), strict=True):
            found |= part.decode(piece)
        return found | dict(self.fixed)

    def encode(self, parameters: Mapping[str, float]) -> Floats:
        """The place of parameters; `decode` leads back, but for rounding."""
        return np.concatenate([part.encode(parameters) for part in self.parts])

    def starting(self, parameters: Mapping[str, float], step: float) -> Space:
        """The same space, with a start and a step for those of its parts that `parameters` names."""
        parts = (p.starting(parameters, step) if p.names[0] in parameters else p for p in self.parts)
        return Space(tuple(parts), self.fixed)

    def within(self, parameters: Mapping[str, float]) -> Parameters:
        """Those of the parameters that are free numbers, each brought into its range."""
        numbers = {p.name: p for p in self.parts if isinstance(p, Number)}
        return {name: numbers[name].nearest(v) for name, v in parameters.items() if name in numbers}

    def fixing(self, fixed: Mapping[str, float]) -> Space:
        """The same space with some numbers held, and with members of shares that get nothing.

        Raises:
            FixedNumberError: If a name is unknown, a number outside its range, or a share not held at 0.
        """
        for name in fixed:
            if name not in self.names:
                raise FixedNumberError(unknown("parameter", name, self.names))
        parts: list[Number | Shares] = []
        for part in self.parts:
            held = {name: float(fixed[name]) for name in part.names if name in fixed}
            if isinstance(part, Number):
                fault = part.fault(held) if held else None
                if fault:
                    raise FixedNumberError(fault)
                parts += [] if held else [part]
            else:
                parts.append(part.without(held))
        return Space(tuple(parts), {**self.fixed, **fixed})

    def fault(self, parameters: Any) -> str | None:
        """What is wrong with a mapping of parameters in one line, or nothing."""
        if not isinstance(parameters, dict):
            return "parameters is no mapping of names to numbers"
        for name in self.names:
            if name not in parameters:
                return f"parameter {name!r} is missing"
        for name, value in parameters.items():
            if name not in self.names:
                return f"unknown parameter {name!r}"
            if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
                return f"parameter {name!r} is {value!r}; expected a finite number"
        faults = (part.fault(parameters) for part in self.parts)
        return next((fault for fault in faults if fault), None)
