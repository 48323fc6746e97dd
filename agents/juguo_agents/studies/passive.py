"""The paper's failed open system: participants gain nothing and are a source of data. Which money saves it?

The proposal, open in every stage, is run in the default world, and in a world whose participants gain nothing
(scenario `passive`) while nothing is paid for them. Then, in that world, a share of the money goes to one
function at a time, whatever the stage, taken from the others in proportion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.base import Allocator, Observed
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import test as test_seeds
from juguo_agents.evaluation.statistics import mean_interval, paired_difference
from juguo_agents.provenance import versions
from juguo_agents.report.figures.style import BLUE, DPI, GREY, ORANGE
from juguo_agents.studies.hypotheses.claims import MoveFrom
from juguo_agents.studies.hypotheses.edits import Edit, Edited, Move, Openness, Plan
from juguo_envs.engine.batch import Batch
from juguo_envs.model.equations import INTERACTOR
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.worlds.scenario import Scenario

Floats = npt.NDArray[np.float64]
PROPOSAL = "experiment_diffusion"
PARTICIPANTS = ("engagement", "enablement", "resilience")
ACTIVE, PASSIVE = "active", "passive"
CURVES = ("interactors", "adoption", "resilience")


class Pay:
    """A share of the money for functions goes to one of them, whatever the stage."""

    def __init__(self, functions: tuple[str, ...], share: float) -> None:
        """Take the functions, which get the share in even parts."""
        self.to = np.isin(FUNCTIONS, functions) / len(functions)
        self.share = share

    def start(self, setting: Any, n: int) -> None:
        """Nothing is remembered."""

    def change(self, seen: Observed, plan: Plan) -> None:
        """The sum stays."""
        total = plan.functions.sum(1, keepdims=True)
        plan.functions = (1.0 - self.share) * plan.functions + self.share * total * self.to


@dataclass(frozen=True)
class Arm:
    """One open system.

    Attributes:
        name: Its name.
        scenario: Its world.
        paid: Functions that get the share, if any.
        participants: Whether the proposal's money for participants stays.
    """

    name: str
    scenario: Scenario
    paid: tuple[str, ...] = ()
    participants: bool = False

    def allocator(self, share: float) -> Allocator:
        """The proposal, opened and changed."""
        edits: list[Edit] = [Openness([1.0, 1.0, 1.0])]
        if not self.participants:
            edits.append(Move(MoveFrom(functions=list(PARTICIPANTS), keep=0.0)))
        if self.paid:
            edits.append(Pay(self.paid, share))
        return Edited(make_rule(PROPOSAL), edits, self.name)


def arms(active: Scenario, passive: Scenario) -> list[Arm]:
    """The open system, its failure, and the failure with money for one function, or for participants."""
    return [
        Arm(ACTIVE, active, participants=True),
        Arm(PASSIVE, passive),
        *(Arm(f"+ {function}", passive, (function,)) for function in FUNCTIONS),
        Arm("+ service and engagement", passive, ("service", "engagement")),
        Arm("+ all three of participants", passive, PARTICIPANTS),
        Arm("+ participants as proposed", passive, participants=True),
    ]


@dataclass(frozen=True)
class Course:
    """What an arm brings: (episodes,) returns, and (episodes, quarters) of each of `CURVES`."""

    returns: Floats
    curves: dict[str, Floats]


def follow(arm: Arm, share: float, seeds: npt.NDArray[np.uint64]) -> Course:
    """Run an arm on test episodes."""
    quarters = arm.scenario.programme.T
    curves = {name: np.zeros((len(seeds), quarters)) for name in CURVES}

    def watch(first: int, quarter: int, batch: Batch) -> None:
        rows = slice(first, first + batch.size)
        curves["interactors"][rows, quarter] = (batch.state.role == INTERACTOR).mean(1)
        curves["adoption"][rows, quarter] = batch.state.adopted.mean(1)
        curves["resilience"][rows, quarter] = batch.state.quarter["resilience"]

    record = run(arm.allocator(share), arm.scenario, seeds, watch=watch)
    return Course(record.returns, curves)


def compare(
    active: Scenario,
    passive: Scenario,
    share: float,
    episodes: int,
    first_seed: int,
    say: Callable[[str], None],
) -> tuple[dict[str, Any], dict[str, Course]]:
    """Every arm on the same test episodes, and the difference of each to the passive one.

    Args:
        active: The world whose participants gain.
        passive: The world whose participants do not.
        share: Of the money for functions, moved to what is tried.
        episodes: Test episodes.
        first_seed: Seed of the first of them.
        say: Told of every arm.
    """
    seeds = test_seeds(first_seed, episodes)
    courses: dict[str, Course] = {}
    for arm in arms(active, passive):
        say(f"running {arm.name}")
        courses[arm.name] = follow(arm, share, seeds)
    base = courses[PASSIVE]
    found = {
        name: {
            "return": mean_interval(course.returns).__dict__,
            "return_gained": paired_difference(course.returns, base.returns).__dict__,
            **{
                curve: {
                    "end": mean_interval(course.curves[curve][:, -1]).__dict__,
                    "gained": paired_difference(
                        course.curves[curve][:, -1], base.curves[curve][:, -1]
                    ).__dict__,
                }
                for curve in CURVES
            },
        }
        for name, course in courses.items()
    }
    settings = {"share": share, "episodes": episodes, "first_seed": first_seed}
    scenarios = {s.name: s.digest() for s in (active, passive)}
    return {
        "kind": "juguo_passive",
        "settings": settings,
        "scenarios": scenarios,
        "arms": found,
        "versions": versions(),
    }, courses


def lines(data: dict[str, Any]) -> list[str]:
    """A table: what is reached at the end, and what it gains over the passive system."""
    share = data["settings"]["share"]
    found = [
        f"the proposal, open in every stage; + f: {share:.0%} of the money for functions goes to f",
        f"{'':28s} {'interactors':>11s} {'adoption':>9s} {'return':>7s}   return less passive",
    ]
    for name, arm in data["arms"].items():
        gained = arm["return_gained"]
        beside = (
            "" if name == PASSIVE else f"{gained['mean']:+.3f} [{gained['low']:+.3f}, {gained['high']:+.3f}]"
        )
        found.append(
            f"{name:28s} {arm['interactors']['end']['mean']:11.1%} {arm['adoption']['end']['mean']:9.1%} "
            f"{arm['return']['mean']:7.3f}   {beside}".rstrip()
        )
    saving = [
        name
        for name, arm in data["arms"].items()
        if name.startswith("+") and arm["return_gained"]["low"] > 0.0
    ]
    found += ["", "raises the return beyond noise: " + (", ".join(s[2:] for s in saving) or "nothing")]
    return found


def draw(data: dict[str, Any], courses: dict[str, Course], path: Path) -> None:
    """Interactors, adoption and resilience by quarter: active, passive, and what gains most."""
    gained = {n: a["return_gained"]["mean"] for n, a in data["arms"].items() if n.startswith("+")}
    best = sorted(gained, key=lambda n: -gained[n])[:3]
    figure = Figure(figsize=(10.5, 3.6), layout="constrained")
    styles = {ACTIVE: (BLUE, "-"), PASSIVE: (ORANGE, "-")}
    styles |= dict(zip(best, [(GREY, "-"), (GREY, "--"), (GREY, ":")], strict=False))
    for axes, curve in zip(figure.subplots(1, 3), CURVES, strict=True):
        for name, (colour, line) in styles.items():
            course = courses[name].curves[curve].mean(0)
            axes.plot(np.arange(1, len(course) + 1), course, color=colour, linestyle=line, label=name)
        axes.set_title(f"{curve}, mean", loc="left", fontsize=10)
        axes.set_xlabel("quarter")
        axes.set_ylim(bottom=0.0)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, dpi=DPI)
