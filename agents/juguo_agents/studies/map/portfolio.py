"""Numbers for the tuned rules: each doctrine's searched in a few worlds that the map does not have.

A search at every point of a map would be too dear. Instead each rule is tuned in a few other worlds, under
the values drawn there. At a point the member of this portfolio is chosen that does best under the values
meant, on episodes which are not measured there. A rule's own numbers are a member, so tuning can be of no
use, but hardly of harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from juguo_agents.allocators.parametric.policy_classes import find_policy_class
from juguo_agents.allocators.parametric.rule_numbers import with_numbers
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.allocators.rule import Rule
from juguo_agents.artifacts.searched import STATE_FILE
from juguo_agents.evaluation.seeds import MANY_SEARCHES
from juguo_agents.processes import work_through
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.checkpoint import load_state
from juguo_agents.search.optimise import QUICK, begin, search
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies.map.design import (
    TUNED,
    MapError,
    Settings,
    family_name,
    tuned_rules,
    world,
)
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.sampling import values_at
from juguo_envs.worlds.scenario import Scenario

PORTFOLIO_FILE, TUNING_FOLDER = "portfolio.json", "tuning"
OWN = "own numbers"


@dataclass(frozen=True)
class Member:
    """One set of numbers of a rule: its name and the numbers."""

    name: str
    parameters: Parameters


Portfolio = dict[str, list[Member]]
"""For each rule that is tuned its members; the first one holds the rule's own numbers."""


@dataclass(frozen=True)
class Tuning:
    """One search: a rule in a world."""

    folder: Path
    rule: str
    regime: int
    scenario: Scenario
    budget: int


def build(
    settings: Settings, folder: Path, workers: int, progress: Callable[[str], None] | None = None
) -> Portfolio:
    """Finish what searches are not done, write `portfolio.json`, and return the portfolio.

    Args:
        settings: What was asked for.
        folder: The map's folder; the searches keep their states in it.
        workers: Number of processes.
        progress: Told of every search that is done, by rule and world.
    """
    places = settings.tuning_places()
    worlds = [world(settings, place, f"regime {i + 1}") for i, place in enumerate(places)]
    tasks = [
        Tuning(folder / TUNING_FOLDER / f"{rule}-{i + 1}", rule, i, scenario, settings.budget)
        for i, scenario in enumerate(worlds)
        for rule in tuned_rules()
    ]
    found: dict[tuple[str, int], dict[str, Any]] = {}

    def done(task: Tuning, outcome: dict[str, Any]) -> None:
        found[task.rule, task.regime] = outcome
        if progress:
            progress(f"{task.rule}, {task.scenario.name}")

    work_through(tune, tasks, workers, done)
    data = {
        "settings": settings.as_json(),
        "regimes": [
            {
                "name": w.name,
                "values": values_at(place, settings.base, preferences=True),
                "scenario": w.model_dump(mode="json"),
            }
            for w, place in zip(worlds, places, strict=True)
        ],
        "rules": {
            rule: [{"regime": w.name, **found[rule, i]} for i, w in enumerate(worlds)]
            for rule in tuned_rules()
        },
    }
    path = folder / PORTFOLIO_FILE
    write_text(path, json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n")
    return load(path, settings)


def tune(task: Tuning) -> dict[str, Any]:
    """Run or finish one search: the numbers, their mean return when they were chosen, and the start's."""
    wanted = SearchSettings(
        family_name(task.rule),
        task.scenario,
        task.budget,
        seed=MANY_SEARCHES.first + task.regime,
        validation=1,
        **QUICK,
    )
    if (task.folder / STATE_FILE).exists():
        state = load_state(task.folder)
        if state.settings != wanted:
            raise MapError(f"{task.folder}: holds another search; remove it, or make a new map")
    else:
        task.folder.mkdir(parents=True, exist_ok=True)
        state = begin(wanted)
    search(state, task.folder, Scorer(task.scenario))
    outcome = state.phases[-1].outcome
    if outcome is None:
        raise RuntimeError(f"{task.folder}: the search ended without an outcome")
    return {
        "parameters": outcome.parameters,
        "mean": outcome.search_mean,
        "own_mean": outcome.start_mean,
        "chosen": outcome.finalist,
        "spent": state.phases[-1].spent,
    }


def load(path: Path, settings: Settings) -> Portfolio:
    """Read and check a portfolio.

    Raises:
        MapError: If the file is not that of these settings, or holds numbers that its rule does not allow.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["settings"] != settings.as_json():
            raise MapError(f"{path}: built for other settings; make a new map in another folder")
        portfolio = {}
        for rule in tuned_rules():
            family = find_policy_class(family_name(rule))
            space = family.space(settings.base)
            members = [Member(OWN, space.start)]
            for entry in data["rules"][rule]:
                if fault := space.fault(entry["parameters"]):
                    raise MapError(f"{path}: {rule}, {entry['regime']}: {fault}")
                members.append(Member(str(entry["regime"]), dict(entry["parameters"])))
            portfolio[rule] = members
    except UserError:
        raise
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise MapError(f"{path}: not a portfolio ({error!r}); remove it to build it anew") from None
    return portfolio


def rule_of(name: str, member: Member) -> Rule:
    """A rule with a member's numbers."""
    return with_numbers(name, member.parameters, name + TUNED)
