"""Patterns 5, 8 and 9: what the best closed loop that was searched does, and what it loses without a part."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.artifacts.searched import validated
from juguo_agents.evaluation.statistics import Estimate, mean_interval, median_interval
from juguo_agents.report.technologies import first_given_up
from juguo_agents.search.conduct import SEARCHES
from juguo_agents.studies.patterns.facts import FACTS
from juguo_agents.studies.patterns.pattern import UNKNOWN, Band, Part, Pattern
from juguo_agents.studies.patterns.runs import Run, Runs, follow
from juguo_agents.studies.value.ablation import ablate, closed_loops
from juguo_agents.studies.value.arms import Job
from juguo_agents.studies.value.settings import SETTINGS_FILE, Settings
from juguo_agents.studies.value.value import value
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

SEARCHED = (5, 8, 9)
"""The patterns that need searches."""
DOUBLINGS = 1
RESEARCH = "research"


def job_settings(folder: Path, scenario: Scenario, first_seed: int, episodes: int) -> Settings:
    """The settings of a folder of `scripts/value.py`, to be measured on other test episodes.

    Raises:
        UserError: If there are none, or they are for another world or another version of the model.
    """
    path = folder / SETTINGS_FILE
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
        names = ("budget", "refine", "searches", "episodes", "first_seed", "observe")
        settings = Settings(scenario=scenario, **{name: there[name] for name in names})
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"--value is {folder}; allowed is a folder that scripts/value.py made") from None
    settings.claim(folder)
    return replace(settings, first_seed=first_seed, episodes=episodes)


def measure_searched(job: Job, only: Collection[int] = SEARCHED) -> list[Pattern]:
    """Search what these patterns need, where that is not done yet, and measure it on the test episodes."""
    valued = value(job, DOUBLINGS)
    ablated = ablate(job, levers=(RESEARCH,)) if 5 in only else None
    loops = closed_loops(job)
    best = max(loops, key=lambda name: validated(loops[name]))
    settings = job.settings
    seeds = np.arange(*settings.seeds, dtype=np.uint64)
    run = follow(loops[best].allocator("closed loop"), settings.scenario, seeds)
    how = {
        "closed_loop": f"{SEARCHES}/{best}",
        **{name: getattr(settings, name) for name in ("budget", "refine", "searches")},
    }
    found: list[Pattern] = []
    if ablated is not None:
        found.append(making_matters(ablated, run, how))
    if 8 in only:
        runs = Runs(settings.scenario, settings.first_seed, settings.episodes, {})
        found.append(giving_up(run, runs.defective, how))
    if 9 in only:
        found.append(feedback_pays(valued, how))
    return found


def making_matters(ablated: dict[str, Any], run: Run, how: dict[str, Any]) -> Pattern:
    """Pattern 5, from `ablate` with research at zero and from the best closed loop's run."""
    entered = run.course.entering_knowledge[np.isfinite(run.course.entering_knowledge)]
    return Pattern(
        FACTS[5],
        (
            Part(
                "share of the gap lost with research at zero, searched on",
                _share(ablated["levers"][RESEARCH]["searched"]),
                Band(0.2),
            ),
            Part("the same for the control, with nothing forced", _share(ablated["control"]["searched"])),
            Part(
                "median K on entering diffusion",
                median_interval(entered) if len(entered) else UNKNOWN,
                Band(0.3),
            ),
        ),
        {
            **how,
            "gap": ablated["gap"],
            "at_once": ablated["levers"][RESEARCH]["at_once"],
            "entering_knowledge": entered.tolist(),
            "episodes_never_in_diffusion": len(run.course.entering_knowledge) - len(entered),
        },
    )


def giving_up(run: Run, defective: np.ndarray[Any, np.dtype[np.bool_]], how: dict[str, Any]) -> Pattern:
    """Pattern 8, from the best closed loop's run and from which first technologies are defective."""
    given_up = first_given_up(run.record).astype(np.float64)

    def share(among: np.ndarray[Any, np.dtype[np.bool_]]) -> Estimate:
        return mean_interval(given_up[among]) if among.any() else UNKNOWN

    return Pattern(
        FACTS[8],
        (
            Part("share of seriously defective first technologies given up", share(defective), Band(0.7)),
            Part("share of sound first technologies given up", share(~defective), Band(most=0.3)),
        ),
        {**how, "defective": int(defective.sum()), "sound": int((~defective).sum())},
    )


def feedback_pays(valued: dict[str, Any], how: dict[str, Any]) -> Pattern:
    """Pattern 9, from `value` with one doubling."""
    worth, kinds = valued["worth_searched_on"], valued["kinds_searched_on"]
    return Pattern(
        FACTS[9],
        (
            Part("share of the gap that feedback is worth", _share(worth["feedback"]), Band(0.2)),
            Part(
                "share of the gap that what governance shows is worth",
                _share(worth["evaluation"]),
                Band(0.08),
            ),
            *(Part(f"kind of feedback: {name}", _share(kind)) for name, kind in kinds.items()),
        ),
        {
            **how,
            "gap": valued["gap"],
            "closed_loop": f"{SEARCHES}/{valued['searches'][valued['last']['closed loop']]}",
        },
    )


def _share(told: dict[str, Any]) -> Estimate:
    return Estimate(told["share"], told["share_low"], told["share_high"])
