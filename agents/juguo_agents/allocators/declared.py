"""Declarations of a rule's own numbers: value, range and meaning, once.

The search's space, the tables of the model page and the READMEs are made from these declarations.
"""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np

from juguo_agents.array_types import Floats
from juguo_envs.model.state import FUNCTIONS


class RuleNumber:
    """A number of a rule: as an attribute of an instance it is a float, which a search may set.

    Attributes:
        name: The attribute's name, which is also the parameter's name in a search.
        value: The rule's own value.
        low, high: The range within which the rule stays the rule that it is, ends included.
        meaning: What it says, in a few words.
        log: Whether it is searched by its logarithm.
        whole: Whether it is a whole number.
    """

    def __init__(
        self, value: float, low: float, high: float, meaning: str, *, log: bool = False, whole: bool = False
    ) -> None:
        """Declare a number."""
        if not low <= value <= high:
            raise ValueError(f"{meaning}: {value} is not within {low} to {high}")
        self.name = ""
        self.value, self.low, self.high = value, low, high
        self.meaning, self.log, self.whole = meaning, log, whole

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the attribute's name."""
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> RuleNumber: ...

    @overload
    def __get__(self, instance: object, owner: type) -> float: ...

    def __get__(self, instance: object | None, owner: type) -> RuleNumber | float:
        """The declaration from a class; the value from an instance."""
        if instance is None:
            return self
        value: float = instance.__dict__.get(self.name, self.value)
        return value

    def __set__(self, instance: object, value: float) -> None:
        """Give one instance another value."""
        instance.__dict__[self.name] = value


class RuleShares:
    """Relative shares of the nine functions, at all times or by stage.

    Attributes:
        values: (9,), or (3, 9) by stage.
        free: What a search may divide anew: among what is funded ("funded"), within each actor's part
            ("within actors"), or nothing ("nothing"). What is not funded stays unfunded.
    """

    def __init__(
        self,
        *by_stage: dict[str, float],
        free: Literal["funded", "within actors", "nothing"] = "funded",
    ) -> None:
        """Declare one mapping from functions to shares, or one for each stage; the others get nothing."""
        rows = np.stack([weights(**row) for row in by_stage])
        self.name = ""
        self.values: Floats = rows[0] if len(rows) == 1 else rows
        self.free = free

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the attribute's name."""
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> RuleShares: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Floats: ...

    def __get__(self, instance: object | None, owner: type) -> RuleShares | Floats:
        """The declaration from a class; the values from an instance."""
        if instance is None:
            return self
        values: Floats = instance.__dict__.get(self.name, self.values)
        return values

    def __set__(self, instance: object, values: Floats) -> None:
        """Give one instance other shares, of the same shape."""
        instance.__dict__[self.name] = values


def weights(**shares: float) -> Floats:
    """The nine function weights, given by name; the rest are zero.

    Raises:
        ValueError: If a name is no function's.
    """
    unknown = set(shares) - set(FUNCTIONS)
    if unknown:
        raise ValueError(f"unknown function {sorted(unknown)[0]!r}; there are {', '.join(FUNCTIONS)}")
    return np.array([shares.get(f, 0.0) for f in FUNCTIONS], np.float64)


def alike(*functions: str) -> dict[str, float]:
    """The same share for some functions; for all nine where none is named."""
    return dict.fromkeys(functions or FUNCTIONS, 1.0)


def numbers_of(rule: Any) -> dict[str, RuleNumber]:
    """The numbers that a rule, or its class, declares and inherits; a base class's come first."""
    kind = rule if isinstance(rule, type) else type(rule)
    found: dict[str, RuleNumber] = {}
    for base in reversed(kind.__mro__):
        found |= {name: value for name, value in vars(base).items() if isinstance(value, RuleNumber)}
    return {name: number for name, number in found.items() if getattr(kind, name) is number}


def shares_of(rule: Any) -> RuleShares | None:
    """The shares that a rule, or its class, declares; None for a rule that has none."""
    kind = rule if isinstance(rule, type) else type(rule)
    found = getattr(kind, "shares", None)
    return found if isinstance(found, RuleShares) else None
