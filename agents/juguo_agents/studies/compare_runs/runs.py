"""Trained runs against each other: the same test episodes, paired, with intervals over both levels of luck.

Of each run all policies are evaluated. Policies of two runs are paired in the order of their training seeds,
which for one algorithm begin with the same network and meet the same episodes in training. Allocators that no
training made may stand beside them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.artifacts.policy import POLICY_PATTERN, Learned, Policy, load_policy
from juguo_agents.evaluation.bootstrap import (
    crossed_iqm,
    crossed_mean,
    difference,
    improvement,
    seeds_needed,
)
from juguo_agents.evaluation.record import Floats
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import test as test_seeds
from juguo_agents.evaluation.statistics import CONFIDENCE, Estimate
from juguo_agents.studies.compare_runs.against import Rival, beside, measure_rivals, rivals_lines, told
from juguo_agents.training.run import CURVES
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

WIDTH = 110


@dataclass(frozen=True)
class TrainedRun:
    """A run as it lies in its folder.

    Attributes:
        name: The folder's.
        policies: By training seed, in order.
        seconds: Mean time of a training, its selections included; None where no learning curves are there.
    """

    name: str
    policies: tuple[Policy, ...]
    seconds: float | None

    @property
    def steps(self) -> int:
        """Steps per training, as they were asked for."""
        return int(self.policies[0].metadata["training"]["config"]["training"]["steps"])

    @property
    def learner(self) -> str:
        """The algorithm."""
        return str(self.policies[0].metadata["algorithm"])


def load_trained(folders: Sequence[Path]) -> list[TrainedRun]:
    """Runs by their folders.

    Raises:
        UserError: If a folder has no policies, two have one name, or runs have different numbers of seeds.
        PolicyFileError: If a policy file cannot be used.
    """
    runs = [_load(folder) for folder in folders]
    names = [trained.name for trained in runs]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"two runs are in folders named {name!r}; rename one")
    for trained in runs[1:]:
        if len(trained.policies) != len(runs[0].policies):
            raise UserError(
                f"{trained.name} has {len(trained.policies)} training seeds and {runs[0].name} has "
                f"{len(runs[0].policies)}; runs are compared seed by seed and need as many"
            )
    return runs


def _load(folder: Path) -> TrainedRun:
    policies = sorted((load_policy(path) for path in folder.glob(POLICY_PATTERN)), key=lambda p: p.seed)
    if not policies:
        raise UserError(f"{folder}: no {POLICY_PATTERN} there; name the folder of a finished training run")
    seconds = None
    if (folder / CURVES).is_file():
        curves = json.loads((folder / CURVES).read_text(encoding="utf-8"))
        seconds = float(np.mean([curve[-1]["seconds"] for curve in curves.values()]))
    return TrainedRun(folder.resolve().name, tuple(policies), seconds)


def compare_runs(
    runs: Sequence[TrainedRun],
    scenario: Scenario,
    *,
    episodes: int,
    first_seed: int = 0,
    observe: str = "noisy",
    rivals: Sequence[Rival] = (),
    threads: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Evaluate runs on the same test episodes and compare each with the first.

    Args:
        runs: The first is what the others are compared with.
        scenario: The world.
        episodes: Number of test episodes.
        first_seed: Seed of the first.
        observe: "noisy" or "true", for the policies.
        rivals: Allocators with which each run is compared, too.
        threads: Threads of the model; results do not depend on it.
        progress: Told after every policy and every rival.

    Returns:
        Fit for JSON. `runs` holds for each: `learner`, `seeds`, `steps`, `seconds`, mean and interquartile
        mean with intervals, and beside the first run the paired difference with its interval, the probability
        to be better and the seeds needed. `equal_time_steps` is for how many steps it would be
        trained in the time of the run that was trained in the shortest (None where a time is unknown).
        `rivals` tells who they are, and `against` of each run what it differs by from each of them.
    """
    seeds = test_seeds(first_seed, episodes)
    values: list[Floats] = []
    for trained in runs:
        rows = []
        for policy in trained.policies:
            rows.append(
                run(Learned(policy, "learned"), scenario, seeds, observe=observe, threads=threads).returns
            )
            progress()
        values.append(np.array(rows))
    rival_returns = measure_rivals(rivals, scenario, seeds, threads, progress)
    times = [trained.seconds for trained in runs if trained.seconds]
    shortest = min(times) if len(times) == len(runs) else None
    return {
        "scenario": scenario.name,
        "scenario_digest": scenario.digest(),
        "observe": observe,
        "episodes": episodes,
        "first_seed": first_seed,
        "confidence": CONFIDENCE,
        "rivals": told(rivals, rival_returns),
        "runs": [
            _of(trained, own, None if trained is runs[0] else values[0], shortest)
            | {"against": beside(own, [policy.seed for policy in trained.policies], rival_returns)}
            for trained, own in zip(runs, values, strict=True)
        ],
    }


def _of(trained: TrainedRun, own: Floats, first: Floats | None, shortest: float | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": trained.name,
        "learner": trained.learner,
        "seeds": [policy.seed for policy in trained.policies],
        "steps": trained.steps,
        "seconds": trained.seconds,
        "equal_time_steps": shortest and int(trained.steps * shortest / (trained.seconds or shortest)),
        **_spread_out("mean", crossed_mean(own)),
        **_spread_out("iqm", crossed_iqm(own)),
        "difference": None,
    }
    if first is not None:
        needed = seeds_needed(own - first)
        told |= _spread_out("difference", difference(own, first))
        told |= _spread_out("better", improvement(own, first))
        told["seeds_needed"] = asdict(needed) if needed else None
    return told


def _spread_out(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.mean, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def verdict(row: Mapping[str, Any]) -> str:
    """What the paired interval tells of a run beside the first: better, worse, or neither."""
    if row["difference"] is None:
        return "first"
    if row["difference_low"] > 0.0:
        return "better"
    return "worse" if row["difference_high"] < 0.0 else "not told apart"


def runs_table(summary: Mapping[str, Any]) -> str:
    """The comparison for the terminal, in lines of at most 110 characters."""
    rows = summary["runs"]
    name = min(22, max(3, *(len(row["name"]) for row in rows)))
    learner = min(20, max(7, *(len(row["learner"]) for row in rows)))
    others = f" {'vs ' + rows[0]['name'][:10] + ' [95%]':>24}" if rows[1:] else ""
    lines = [f"{'run':<{name}} {'learner':<{learner}} {'steps':>6} {'time':>6} {'return [95%]':>22}{others}"]
    lines.append("-" * len(lines[0]))
    for row in rows:
        seconds = "" if row["seconds"] is None else f"{row['seconds']:.0f} s"
        mean = f"{row['mean']:.3f} [{row['mean_low']:.3f}, {row['mean_high']:.3f}]"
        apart = verdict(row) if rows[1:] else ""
        if row["difference"] is not None:
            apart = f"{row['difference']:+.3f} [{row['difference_low']:+.3f}, {row['difference_high']:+.3f}]"
        lines.append(
            f"{row['name'][:name]:<{name}} {row['learner'][:learner]:<{learner}} {_short(row['steps']):>6} "
            f"{seconds:>6} {mean:>22} {apart:>24}".rstrip()
        )
    lines += [""] if rows[1:] else []
    for row in rows[1:]:
        needed = row["seeds_needed"]
        seeds = f"; seeds needed: {needed['seeds'] or 'too few episodes'}" if needed else ""
        lines.append(
            f"{row['name'][:40]}: {verdict(row)}; better with probability {row['better']:.2f}{seeds}"
        )
    if rows[1:] and rows[0]["equal_time_steps"]:
        lines.append("at equal time, training.steps would be:")
        lines += [f"  {row['name'][:60]}: {row['equal_time_steps']:,}" for row in rows]
    lines += rivals_lines(summary)
    return "\n".join(lines)


def _short(count: int) -> str:
    return f"{count / 1e6:.3g}M" if count >= 1e6 else f"{count / 1e3:.3g}k"
