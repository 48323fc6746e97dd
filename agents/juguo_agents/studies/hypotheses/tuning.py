"""Searches: the portfolio of each tuned rule, and the best allocations in a sampled scenario."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, RULE, find_policy_class
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.searched import STATE_FILE
from juguo_agents.search.checkpoint import Settings, State, load_state
from juguo_agents.search.optimise import begin, search
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies.hypotheses.arms import Searched, starts_of
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.scenario import Scenario

OWN = "own numbers"

Portfolio = Mapping[str, Mapping[str, Parameters]]
"""For each tuned rule its members by name: its own numbers, and those found in each world of the tuning."""


def finished_search(folder: Path, wanted: Settings) -> State:
    """Run a search, or what is left of it, and return its state.

    Raises:
        UserError: If the folder holds another search.
    """
    if (folder / STATE_FILE).exists():
        state = load_state(folder)
        if state.settings != wanted:
            raise UserError(f"{folder}: holds another search; remove it, or name another --out")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        state = begin(wanted)
    search(state, folder, Scorer(wanted.scenario))
    return state


@dataclass(frozen=True)
class TuningTask:
    """One search of a portfolio."""

    folder: Path
    rule: str
    scenario: Scenario
    budget: int
    seed: int


def tune(task: TuningTask) -> Parameters:
    """The numbers of a rule that a search finds in a world; it begins with the rule's own."""
    wanted = Settings(RULE + task.rule, task.scenario, task.budget, seed=task.seed, validation=1)
    return _end(finished_search(task.folder, wanted))


def save_portfolio(path: Path, portfolio: Portfolio) -> None:
    """Write a portfolio."""
    write_text(path, json.dumps(portfolio, allow_nan=False, indent=1, ensure_ascii=False) + "\n")


def load_portfolio(path: Path) -> Portfolio:
    """Read a portfolio.

    Raises:
        UserError: If it is none, or holds numbers that a rule does not allow.
    """
    try:
        data: dict[str, dict[str, Parameters]] = json.loads(path.read_text(encoding="utf-8"))
        for rule, members in data.items():
            space = find_policy_class(RULE + rule).space(Scenario())
            for name, parameters in members.items():
                if fault := space.fault(parameters):
                    raise UserError(f"{path}: {rule}, {name}: {fault}")
    except UserError:
        raise
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"{path}: not a portfolio ({error!r}); remove it to build it anew") from None
    return data


def choose(
    rule: str, members: Mapping[str, Parameters], scenario: Scenario, seeds: npt.NDArray[np.uint64]
) -> tuple[str, Allocator]:
    """The member of a portfolio that does best in a scenario, on episodes for selection."""
    family = find_policy_class(RULE + rule)
    means = Scorer(scenario).returns(family, list(members.values()), seeds).mean(1)
    name = list(members)[int(np.argmax(means))]
    return name, family.allocator([members[name]], scenario)


def search_scenario(
    folder: Path, families: list[str], scenario: Scenario, budget: int, seed: int
) -> tuple[Searched, dict[str, Any]]:
    """Search families in a scenario, each at the same budget; also what to say of the searches."""
    found: dict[str, dict[str, Parameters]] = {}
    notes: dict[str, Any] = {}
    for family in families:
        state = finished_search(folder / family, Settings(family, scenario, budget, seed=seed, validation=1))
        found[family] = {"end": _end(state)}
        if family == CLOSED_LOOP.name:
            blind = state.phases[0].outcome
            if blind is None:
                raise ValueError("the search is not finished")
            found[family]["open_loop"] = blind.parameters
            found[family]["start"] = starts_of(scenario, state.phases[0].start or "")
        notes[family] = {
            "spent": sum(part.spent for part in state.phases),
            "start": state.phases[0].start,
            "chosen": [part.outcome.finalist for part in state.phases if part.outcome],
        }
    return Searched(found), notes


def _end(state: State) -> Parameters:
    outcome = state.phases[-1].outcome
    if outcome is None:
        raise ValueError("the search is not finished")
    return outcome.parameters
