"""Trained runs against each other: paired, with intervals over training seeds and test episodes.

Policies of two runs are paired in the order of their training seeds, which for one algorithm begin with the
same network and meet the same episodes in training. Allocators that no training made may stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from matplotlib.figure import Figure

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.bootstrap import (
    crossed_iqm,
    crossed_mean,
    difference,
    improvement,
    seeds_needed,
)
from juguo_agents.evaluation.statistics import mean_interval, paired_difference, spread_out
from juguo_agents.report.figures.intervals import Estimate
from juguo_agents.report.figures.intervals import draw as draw_estimates
from juguo_agents.report.figures.style import readable
from juguo_agents.report.texts import say
from juguo_agents.tables import padded, ranged, terminal_table

TRUE = "true"


@dataclass(frozen=True)
class TrainedRun:
    """A run, from its folder.

    Attributes:
        name: The folder's, after those above it where two runs are in folders of one name.
        learner: The algorithm.
        seeds: Training seeds, in order.
        steps: Of each training, as they were asked for.
        seconds: Mean time of a training, its selections included; None where no learning curves are there.
    """

    name: str
    learner: str
    seeds: tuple[int, ...]
    steps: int
    seconds: float | None


@dataclass(frozen=True)
class Other:
    """An allocator that no training made, and the noise on what it observes, "noisy" or "true"."""

    name: str
    observe: str


def summarise(
    runs: Sequence[TrainedRun],
    returns: Sequence[Floats],
    others: Sequence[Other] = (),
    other_returns: Sequence[Floats] = (),
) -> dict[str, Any]:
    """Compare runs with the first, and with others.

    Args:
        runs: The first is what the others are compared with.
        returns: Of each (seeds, episodes), all on the same episodes.
        others: Allocators with which each run is compared, too.
        other_returns: Of each (episodes,).

    Returns:
        Fit for JSON. `runs` holds for each: `learner`, `seeds`, `steps`, `seconds`, mean and interquartile
        mean with intervals, and beside the first run the paired difference with its interval, the probability
        to be better and the seeds needed. `equal_time_steps` is for how many steps it would be
        trained in the time of the run that was trained in the shortest (None where a time is unknown).
        `rivals` names the others, and `against` of each run is what it differs by from each of them.
    """
    times = [trained.seconds for trained in runs if trained.seconds]
    shortest = min(times) if len(times) == len(runs) else None
    return {
        "rivals": [
            {"name": other.name, "observe": other.observe, **mean_interval(values).__dict__}
            for other, values in zip(others, other_returns, strict=True)
        ],
        "runs": [
            _row(trained, own, None if trained is runs[0] else returns[0], shortest)
            | {"against": [_against(own, trained.seeds, values) for values in other_returns]}
            for trained, own in zip(runs, returns, strict=True)
        ],
    }


def _row(trained: TrainedRun, own: Floats, first: Floats | None, shortest: float | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": trained.name,
        "learner": trained.learner,
        "seeds": list(trained.seeds),
        "steps": trained.steps,
        "seconds": trained.seconds,
        "equal_time_steps": shortest and int(trained.steps * shortest / (trained.seconds or shortest)),
        **spread_out("mean", crossed_mean(own)),
        **spread_out("iqm", crossed_iqm(own)),
        "difference": None,
    }
    if first is not None:
        needed = seeds_needed(own - first)
        row |= spread_out("difference", difference(own, first))
        row |= spread_out("better", improvement(own, first))
        row["seeds_needed"] = asdict(needed) if needed else None
    return row


def _against(own: Floats, seeds: Sequence[int], values: Floats) -> dict[str, Any]:
    """A run's policies less another allocator: together over both levels, and each seed over episodes."""
    paired, better = difference(own, values), improvement(own, values)
    alone = [paired_difference(row, values) for row in own]
    return {
        "difference": paired.mean,
        "low": paired.low,
        "high": paired.high,
        "better": better.mean,
        "seeds": [
            {"seed": seed, "difference": one.mean, "low": one.low, "high": one.high}
            for seed, one in zip(seeds, alone, strict=True)
        ],
    }


def verdict(row: Mapping[str, Any]) -> str:
    """What the paired interval tells of a run beside the first: better, worse, or neither."""
    if row["difference"] is None:
        return say("compare_runs.first")
    if row["difference_low"] > 0.0:
        return say("compare_runs.better")
    return say("compare_runs.worse" if row["difference_high"] < 0.0 else "compare_runs.tied")


def draw(summary: Mapping[str, Any]) -> Figure:
    """The runs in their order, then the others: mean returns with intervals."""
    rows = [
        Estimate(row["name"], row["mean"], row["mean_low"], row["mean_high"], True) for row in summary["runs"]
    ]
    rows += [Estimate(one["name"], one["mean"], one["low"], one["high"]) for one in summary["rivals"]]
    world = readable(summary["scenario"])
    note = say("compare_runs.note", world=world, episodes=f"{summary['episodes']:,}")
    return draw_estimates(say("compare_runs.title"), note, say("studies.return"), rows)


def runs_table(summary: Mapping[str, Any]) -> str:
    """The comparison for the terminal, in lines of at most 110 characters."""
    first, *others = summary["runs"]
    head = [say(f"compare_runs.{column}") for column in ("run", "learner", "steps", "time", "return")]
    table = terminal_table(
        [*head, say("compare_runs.versus", name=first["name"][:10])] if others else head,
        (_cells(row)[: len(head) + bool(others)] for row in summary["runs"]),
        "llr",
    )
    lines = [table, ""] if others else [table]
    for row in others:
        needed = row["seeds_needed"]
        line = say(
            "compare_runs.line",
            name=row["name"][:40],
            verdict=verdict(row),
            probability=f"{row['better']:.2f}",
        )
        if needed:
            line += say("compare_runs.needed", seeds=needed["seeds"] or say("compare_runs.too_few"))
        lines.append(line)
    if others and first["equal_time_steps"]:
        lines.append(say("compare_runs.equal_time", field="training.steps"))
        lines += [f"  {row['name'][:60]}: {row['equal_time_steps']:,}" for row in summary["runs"]]
    lines += _against_lines(summary)
    return "\n".join(lines)


def _cells(row: Mapping[str, Any]) -> list[str]:
    apart = verdict(row)
    if row["difference"] is not None:
        apart = ranged(row, "difference", "+.3f")
    return [
        row["name"][:22],
        row["learner"][:20],
        _short(row["steps"]),
        "" if row["seconds"] is None else f"{row['seconds']:.0f} s",
        ranged(row),
        apart,
    ]


def _short(count: int) -> str:
    return f"{count / 1e6:.3g}M" if count >= 1e6 else f"{count / 1e3:.3g}k"


def _against_lines(summary: Mapping[str, Any]) -> list[str]:
    lines = []
    for i, other in enumerate(summary["rivals"]):
        observing = say("compare_runs.true" if other["observe"] == TRUE else "compare_runs.noisy")
        lines += [
            "",
            say("compare_runs.less", name=other["name"][:40], observing=observing, mean=ranged(other)),
        ]
        for row in summary["runs"]:
            against = row["against"][i]
            lines.append(f"  {row['name'][:40]:<40} {ranged(against, 'difference', '+.3f')}")
            lines += [
                f"    {padded(say('compare_runs.seed', seed=one['seed']), 38)} "
                f"{ranged(one, 'difference', '+.3f')}"
                for one in against["seeds"]
            ]
    return lines
