"""Trained runs against allocators that no training made: rules, what searches found; pair by pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Allocator
from juguo_agents.artifacts.load import find_allocators
from juguo_agents.evaluation.bootstrap import difference, improvement
from juguo_agents.evaluation.record import Floats
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.statistics import mean_interval, paired_difference
from juguo_envs.worlds.scenario import Scenario

TRUE, NOISY = "true", "noisy"


@dataclass(frozen=True)
class Rival:
    """An allocator and what it is shown.

    Attributes:
        allocator: Who.
        observe: "noisy" or "true".
    """

    allocator: Allocator
    observe: str


def find_rivals(names: Sequence[str], observe: str) -> list[Rival]:
    """The allocators behind names, all shown the same.

    Raises:
        UserError: As `find_allocators`.
    """
    return [Rival(allocator, observe) for allocator in find_allocators(names)] if names else []


def measure_rivals(
    rivals: Sequence[Rival],
    scenario: Scenario,
    seeds: npt.NDArray[np.uint64],
    threads: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> list[Floats]:
    """(episodes,) returns of each on the same episodes."""
    returns = []
    for rival in rivals:
        returns.append(run(rival.allocator, scenario, seeds, observe=rival.observe, threads=threads).returns)
        progress()
    return returns


def told(rivals: Sequence[Rival], returns: Sequence[Floats]) -> list[dict[str, Any]]:
    """What each is and its mean return with its interval over the episodes; fit for JSON."""
    return [
        {"name": rival.allocator.name, "observe": rival.observe, **mean_interval(values).__dict__}
        for rival, values in zip(rivals, returns, strict=True)
    ]


def beside(own: Floats, seeds: Sequence[int], returns: Sequence[Floats]) -> list[dict[str, Any]]:
    """A run's policies less each rival; fit for JSON.

    Args:
        own: (S, E) returns of the run's policies.
        seeds: (S,) their training seeds.
        returns: Of each rival, (E,) returns on the same episodes.

    Returns:
        For each rival the mean difference with its interval over both levels, the probability to be better,
        and for each training seed alone the difference with its interval over the episodes.
    """
    rows = []
    for values in returns:
        paired, better = difference(own, values), improvement(own, values)
        alone = [paired_difference(row, values) for row in own]
        rows.append(
            {
                "difference": paired.mean,
                "low": paired.low,
                "high": paired.high,
                "better": better.mean,
                "seeds": [
                    {"seed": seed, "difference": one.mean, "low": one.low, "high": one.high}
                    for seed, one in zip(seeds, alone, strict=True)
                ],
            }
        )
    return rows


def rivals_lines(summary: Mapping[str, Any]) -> list[str]:
    """The comparison with each rival, for the terminal."""
    lines = []
    for i, rival in enumerate(summary["rivals"]):
        shown = "shown the true state" if rival["observe"] == TRUE else "observing with noise"
        mean = f"{rival['mean']:.3f} [{rival['low']:.3f}, {rival['high']:.3f}]"
        lines += ["", f"less {rival['name'][:40]}, {shown}, return {mean}:"]
        for row in summary["runs"]:
            against = row["against"][i]
            lines.append(f"  {row['name'][:40]:<40} {_interval(against)}")
            lines += [f"    training seed {one['seed']:<24} {_interval(one)}" for one in against["seeds"]]
    return lines


def _interval(values: Mapping[str, Any]) -> str:
    return f"{values['difference']:+.3f} [{values['low']:+.3f}, {values['high']:+.3f}]"
