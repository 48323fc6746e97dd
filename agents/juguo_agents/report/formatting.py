"""Numbers, intervals and names as the page writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from juguo_agents.report.texts import joined, say
from juguo_agents.tables import ranged
from juguo_envs.names import code

_LISTED = 6  # names in a sentence before the rest is counted


def number(x: float, signed: bool = False, digits: int = 3) -> str:
    """A number with a true minus sign; what rounds to zero has none."""
    text = f"{x:{'+' if signed else ''}.{digits}f}"
    if float(text) == 0.0:
        return text.lstrip("+-")
    return text.replace("-", "−")


def interval(a: dict[str, Any], name: str, signed: bool = True) -> str:
    """`name` of an entry with its interval."""
    return ranged(a, name, partial(number, signed=signed))


def mean_with_interval(a: dict[str, Any]) -> str:
    """The mean return of an entry with its interval."""
    return interval(a, "mean", signed=False)


def verdict(a: dict[str, Any], name: str) -> int:
    """1 where the interval of a difference lies above zero, -1 where below, 0 where it includes zero."""
    if a[f"{name}_low"] > 0.0:
        return 1
    return -1 if a[f"{name}_high"] < 0.0 else 0


def sign(estimate: Mapping[str, float]) -> int:
    """1 where an interval, `low` to `high`, lies above zero, -1 where below, 0 where it includes zero."""
    return int(estimate["low"] > 0.0) - int(estimate["high"] < 0.0)


def in_a_row(versions: Mapping[str, str]) -> str:
    """Versions in a row, this project's first."""
    ordered = sorted(versions.items(), key=lambda one: one[0] != "juguo")
    return ", ".join(f"{name} {version}" for name, version in ordered)


def made_with(versions: Mapping[str, str]) -> str:
    """With what versions a page was made."""
    found = [f"{name} {version}" for name, version in versions.items()]
    return say("made.with", versions=say("comma").join(found))


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    shown = [code(n) for n in names[:_LISTED]]
    if len(names) > _LISTED:
        shown.append(say("more.listed", count=len(names) - _LISTED))
    return joined(shown)
