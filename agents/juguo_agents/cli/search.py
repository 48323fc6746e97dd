"""`juguo search`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Literal

from pydantic import Field

from juguo_agents.allocators.levers import LEVERS
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, ORACLE, PARAMETRIC, RULE
from juguo_agents.artifacts.searched import (
    STATE_FILE,
    SearchResult,
    best_result,
    load_result,
    result_in,
    validated,
)
from juguo_agents.cli.options import command
from juguo_agents.cli.running import going_on, show, show_json
from juguo_agents.evaluation import seeds
from juguo_agents.folders import check_destination, check_new, next_free, working_in
from juguo_agents.progress import progress, say
from juguo_agents.search.checkpoint import Settings, State
from juguo_agents.search.optimise import begin, raised, take_up
from juguo_agents.search.optimise import search as run_search
from juguo_agents.search.result import finished, write_result
from juguo_agents.search.scoring import Scorer
from juguo_agents.search.table import console_table
from juguo_agents.training.provenance import check_same
from juguo_envs.documents import yaml_value
from juguo_envs.engine.memory import check_societies, episodes_together
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict
from juguo_envs.worlds.family import Family, load_world
from juguo_envs.worlds.scenario import Scenario


class Search(Strict):
    """What is searched."""

    family: str | None = Field(
        None, description=f"what is searched: {', '.join(family.name for family in PARAMETRIC)} or {RULE}NAME"
    )
    scenario: str = Field(
        "default",
        description="name or path of a scenario, or family",
        json_schema_extra={"names": "scenario"},
    )
    budget: int = Field(30_000, ge=1, le=seeds.LARGEST_BUDGET, description="episodes to search with")
    seed: int = Field(0, ge=0, le=seeds.SEEDS_OF_SEARCH - 1, description="seed of the search")
    observe: Literal["noisy", "true"] = Field("noisy", description="noise on what is seen")
    validation: int = Field(
        1000, ge=1, le=seeds.SEARCH_VALIDATION.size, description="episodes to measure with"
    )
    begin: tuple[Path, ...] = Field(
        (),
        description="begin at what another search found, of several at the best, not at one of the starts",
    )
    fix: tuple[str, ...] = Field((), description="NAME=VALUE: hold a number, or a share at 0")
    lever: str | None = Field(None, description=f"force a lever all along: {', '.join(LEVERS)}")
    reveal: bool = Field(False, description="with --family closed_loop: the hidden draws are known")
    start: str | None = Field(None, description="begin there, for example flat; default: at the best")
    covariance: Literal["full", "diagonal"] = Field(
        "full", description="what the optimiser learns of its steps; diagonal needs fewer episodes"
    )
    out: Path | None = Field(None, description="folder; default: searches/ and the family, numbered")
    as_json: bool = Field(False, alias="json", description="print the content of searched.json, nothing else")


@command
def search(asked: Search) -> int:
    """Search, or go on with a search."""
    folder = asked.out
    if folder is not None:
        check_destination(folder)
    if begun := folder is not None and (folder / STATE_FILE).exists():
        state = taken_up(asked, folder)
    else:
        settings = settings_of(asked)
        folder = folder or next_free(Path("searches"), settings.family.replace(":", "-"))
        check_new(folder)
        state = begin(settings)

    def begin_folder(new: Path) -> None:
        state.settings.scenario.save(new / "scenario.yaml")
        state.save(new)

    with going_on(folder), working_in(folder, None if begun else begin_folder):
        found = conduct(state, folder)
    if asked.as_json:
        show_json(found.data)
    else:
        show(f"{console_table(found.data)}\n\nallocator for juguo evaluate: {folder}")
    return 0


def settings_of(asked: Search) -> Settings:
    """The settings of the search.

    Raises:
        UserError: If an option needs another one, or cannot be read.
    """
    family = asked.family
    if family is None:
        raise UserError("--family is missing, for example --family open_loop")
    if asked.reveal:
        if family not in (CLOSED_LOOP.name, ORACLE.name):
            raise UserError(
                f"--reveal needs --family {CLOSED_LOOP.name}; no other family can use what is hidden"
            )
        family = ORACLE.name
    world = load_world(asked.scenario)
    base = world if isinstance(world, Scenario) else world.base
    check_societies(base, episodes_together(base, asked.validation))
    return Settings(
        family,
        base,
        asked.budget,
        asked.seed,
        asked.observe,
        asked.validation,
        start=asked.start,
        fixed=_all_held(asked.fix),
        begin=_begun_at([result_in(path) for path in asked.begin]) if asked.begin else None,
        lever=asked.lever,
        varies=isinstance(world, Family),
        covariance=asked.covariance,
    )


def taken_up(asked: Search, folder: Path) -> State:
    """The search in a folder, with a larger budget where one is asked for and can be.

    Raises:
        UserError: If it is another search; the message names what differs.
    """
    state = take_up(folder)
    if asked.model_fields_set <= {"out", "as_json"}:
        return state
    settings = settings_of(asked)
    if larger := raised(state, settings):
        return larger
    budget, held = settings.budget, state.settings.budget
    if budget != held and replace(settings, budget=held) == state.settings:
        raise UserError(
            f"--budget is {budget}, but the search in {folder} has {held}; only more can be asked for, of a "
            "search with --begin"
        )
    check_same(settings.as_json(), state.settings.as_json(), str(folder))
    return state


def conduct(state: State, folder: Path) -> SearchResult:
    """Search with a bar, and write the result; a finished search is only read."""
    settings = state.settings
    if found := finished(folder, settings):
        return found
    state.save(folder)
    scorer = Scorer(settings.world, settings.observe, threads=os.cpu_count() or 1)
    with progress(settings.budget, settings.family, "episode") as bar:

        def told(episodes: int, mean: float) -> None:
            bar.note("mean return", f"{mean:.3f}")
            bar.update(episodes)

        run_search(state, folder, scorer, told)
    return write_result(state, folder, scorer)


def _all_held(texts: Sequence[str]) -> dict[str, float]:
    held = [_held(text) for text in texts]
    found = dict(held)
    if len(found) < len(held):
        names = [name for name, _ in held]
        raise UserError(f"--fix gives {next(n for n in names if names.count(n) > 1)} twice; give it once")
    return found


def _held(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    number = yaml_value(value, "--fix")
    if not name or isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number):
        raise UserError(f"--fix is {text!r}; expected NAME=VALUE, for example hold.harm=1")
    return name, float(number)


def _begun_at(others: list[Path]) -> dict[str, float]:
    """The numbers of the best of some results, which is told where there are several."""
    if len(others) == 1:  # need not tell how good it is
        return dict(load_result(others[0]).data["parameters"])
    path, best = best_result(others)
    mean = f"{validated(best):.3f} on its validation episodes"
    say(f"begins at {path.parent}, the best of {len(others)}: {mean}")
    return dict(best.data["parameters"])
