"""All that is run for the claims: tuning, then scenario by scenario; what is done is not done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.parametric.families import RULE, find_family
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import HYPOTHESES_BLOCK, hypotheses_choice
from juguo_agents.evaluation.seeds import test as test_seeds
from juguo_agents.processes import work_through
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.optimise import begin
from juguo_agents.studies.design import points
from juguo_agents.studies.hypotheses.arms import Searched, build
from juguo_agents.studies.hypotheses.claims import (
    Arm,
    Change,
    Claim,
    FirstTechnology,
    Hypotheses,
    Part,
    World,
    changed,
    parse_claims,
)
from juguo_agents.studies.hypotheses.outcomes import OUTCOMES, Watch
from juguo_agents.studies.hypotheses.tuning import (
    OWN,
    Portfolio,
    TuningTask,
    choose,
    load_portfolio,
    save_portfolio,
    search_scenario,
    tune,
)
from juguo_envs.engine.batch import Batch
from juguo_envs.engine.compiled import SOURCE_KEY
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.sampling import scenario_at, values_at
from juguo_envs.worlds.scenario import Scenario

SETTINGS_FILE, PORTFOLIO_FILE = "settings.json", "portfolio.json"
PARTS, SEARCHES, TUNING = "parts", "searches", "tuning"
BLOCK = HYPOTHESES_BLOCK
"""Test seeds of a scenario; where episodes are chosen by their first technology, it is from these."""
SOUND = 0.1
"""A technology whose defect is up to this is nearly sound; the model draws it or a serious one."""
_FORMAT = 1


class HypothesesError(UserError):
    """A test of claims that cannot be run or gone on with."""


@dataclass(frozen=True)
class Settings:
    """What was asked for.

    Attributes:
        claims: The file of claims, with what the command line changed in its numbers.
        only: Ids of the claims to test; confidence is corrected for all of them, whatever is tested.
        model: Fingerprint of the model's source: runs of two models must not be mixed.
    """

    claims: Hypotheses
    only: tuple[int, ...]
    model: str = f"{SOURCE_KEY:014x}"

    def chosen(self) -> list[Claim]:
        """The claims to test."""
        return [claim for claim in self.claims.claims if claim.id in self.only]

    def as_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        claims = self.claims.model_dump(mode="json", exclude_unset=True)
        return {"format": _FORMAT, "claims": claims, "only": list(self.only), "model": self.model}

    def save(self, folder: Path) -> None:
        """Write the settings into the folder of the test."""
        text = json.dumps(self.as_json(), allow_nan=False, indent=1, ensure_ascii=False)
        write_text(folder / SETTINGS_FILE, text + "\n")

    def check(self) -> None:
        """Refuse, before anything is run, what could only fail later.

        Raises:
            UserError: If a claim does not exist, seeds run out, or a budget pays for no search.
        """
        known = [claim.id for claim in self.claims.claims]
        for wanted in self.only:
            if wanted not in known:
                raise HypothesesError(f"only names claim {wanted}; there are {', '.join(map(str, known))}")
        sample = self.claims.sample
        test_seeds(sample.episodes_from, sample.scenarios * BLOCK)
        for rule in self.tuned_rules():
            tuning = self.claims.tuning
            begin(SearchSettings(RULE + rule, Scenario(), tuning.budget, seed=tuning.seed))
        for family in self.families():
            begin(SearchSettings(family, Scenario(), self.claims.search.budget, seed=self.claims.search.seed))

    def arms(self) -> list[Arm]:
        """The arms of the claims to test."""
        names = {arm for claim in self.chosen() for p in (*claim.parts, *claim.also) for arm in p.contrast}
        return [arm for name, arm in self.claims.arms.items() if name in names]

    def tuned_rules(self) -> list[str]:
        """The rules that must be tuned."""
        return sorted({arm.tuned for arm in self.arms() if arm.tuned is not None})

    def families(self) -> list[str]:
        """The families that must be searched in the sampled scenarios."""
        return sorted({arm.searched for arm in self.arms() if arm.searched is not None})

    def regimes(self) -> list[Scenario]:
        """The worlds in which rules are tuned."""
        tuning = self.claims.tuning
        places: Any = points(tuning.points, tuning.points_seed) if tuning.points else []
        sampled = [scenario_at(place, name=f"tuning point {i + 1}") for i, place in enumerate(places)]
        return [*(Scenario.load(name) for name in tuning.shipped), *sampled]

    def places(self) -> npt.NDArray[np.float64]:
        """(scenarios, axes) places of the sample in the unit cube."""
        return points(self.claims.sample.scenarios, self.claims.sample.points_seed)


def load_settings(folder: Path) -> Settings:
    """The settings of the test in a folder.

    Raises:
        HypothesesError: If there is none, or it was begun with another version or another model.
    """
    path = folder / SETTINGS_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise HypothesesError(f"{path}: cannot be read ({error}); there is no test to go on with") from None
    except json.JSONDecodeError as error:
        raise HypothesesError(f"{path}: no JSON ({error})") from None
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise HypothesesError(f"{path}: written by another version; begin anew in another folder")
    try:
        settings = Settings(parse_claims(data["claims"], str(path)), tuple(data["only"]), data["model"])
    except (KeyError, TypeError) as error:
        raise HypothesesError(f"{path}: not the settings of a test ({error!r})") from None
    if settings.model != f"{SOURCE_KEY:014x}":
        raise HypothesesError(
            f"{path}: begun with another version of the model (its source differs); runs of both must not be "
            "mixed: begin anew in another folder"
        )
    return settings


@dataclass(frozen=True)
class Cell:
    """One arm in a world on episodes of a kind: what several parts may share."""

    name: str
    arm: Arm
    world: World
    first: FirstTechnology

    @property
    def key(self) -> str:
        """Its content as text; arms of different names that do the same are run once."""
        arm = self.arm.model_dump(mode="json", exclude_defaults=True)
        world = {
            name: value.model_dump(mode="json", exclude_unset=True) if isinstance(value, Change) else value
            for name, value in self.world.items()
        }
        return json.dumps([arm, world, self.first], sort_keys=True)


def cell_of(claims: Hypotheses, claim: Claim, part: Part, arm: str) -> Cell:
    """The cell that a part compares under the name of an arm."""
    return Cell(arm, claims.arms[arm], claim.world_of(part), claim.first_of(part))


def cells_of(settings: Settings) -> dict[str, tuple[Cell, set[str]]]:
    """Every cell to be run, by its key, with the outcomes that are wanted of it."""
    found: dict[str, tuple[Cell, set[str]]] = {}
    for claim in settings.chosen():
        for part in (*claim.parts, *claim.also):
            for arm in part.contrast:
                cell = cell_of(settings.claims, claim, part, arm)
                found.setdefault(cell.key, (cell, set()))[1].add(part.outcome)
    return found


def episodes_of(settings: Settings, index: int) -> int:
    """About how many episodes a scenario takes."""
    claims = settings.claims
    searched = index < claims.search.scenarios
    cells = [cell for cell, _ in cells_of(settings).values() if searched or cell.arm.searched is None]
    members = len(claims.tuning.shipped) + claims.tuning.points + 1
    choosing = len(settings.tuned_rules()) * members * claims.tuning.selection_episodes
    searching = len(settings.families()) * claims.search.budget if searched else 0
    return searching + choosing + len(cells) * claims.sample.episodes


@dataclass(frozen=True)
class Task:
    """A scenario of the sample."""

    index: int
    place: tuple[float, ...]
    settings: Settings
    portfolio: Portfolio
    folder: Path
    fingerprint: str


def build_portfolio(
    settings: Settings, folder: Path, workers: int, progress: Callable[[int], None]
) -> Portfolio:
    """Tune every rule in every world of the tuning, or read what was tuned.

    Args:
        settings: What was asked for.
        folder: The folder of the test.
        workers: Number of processes.
        progress: Told of the episodes of every search that is done.
    """
    path = folder / PORTFOLIO_FILE
    tuning = settings.claims.tuning
    if path.exists():
        return load_portfolio(path)
    worlds = {scenario.name: scenario for scenario in settings.regimes()}
    tasks = [
        TuningTask(folder / TUNING / rule / name.replace(" ", "-"), rule, world, tuning.budget, tuning.seed)
        for name, world in worlds.items()
        for rule in settings.tuned_rules()
    ]
    found: dict[str, dict[str, Any]] = {
        rule: {OWN: find_family(RULE + rule).space(Scenario()).start} for rule in settings.tuned_rules()
    }

    def done(task: TuningTask, parameters: Any) -> None:
        found[task.rule][task.scenario.name] = parameters
        progress(task.budget)

    work_through(tune, tasks, workers, done)
    # by the order of the worlds, not of arrival: the first of equals is chosen
    ordered = {rule: {name: found[rule][name] for name in (OWN, *worlds)} for rule in found}
    save_portfolio(path, ordered)
    return ordered


def run_sample(
    settings: Settings, folder: Path, portfolio: Portfolio, workers: int, progress: Callable[[int], None]
) -> list[dict[str, Any]]:
    """Run the scenarios that are not done yet; all of them, in their order, are returned."""
    (folder / PARTS).mkdir(exist_ok=True)
    mark = fingerprint(settings, portfolio)
    tasks = []
    for index, place in enumerate(settings.places()):
        task = Task(index, tuple(place.tolist()), settings, portfolio, folder, mark)
        if read_part(task) is None:
            tasks.append(task)
        else:
            progress(episodes_of(settings, index))
    work_through(run_scenario, tasks, workers, lambda task, _: progress(episodes_of(settings, task.index)))
    parts = []
    for index, place in enumerate(settings.places()):
        part = read_part(Task(index, tuple(place.tolist()), settings, portfolio, folder, mark))
        if part is None:
            raise HypothesesError(f"{part_path(folder, index)}: is missing or torn; run again with --resume")
        parts.append(part)
    return parts


def fingerprint(settings: Settings, portfolio: Portfolio) -> str:
    """What the runs depend on."""
    text = json.dumps([settings.as_json(), portfolio], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def part_path(folder: Path, index: int) -> Path:
    """Where the runs of a scenario are kept."""
    return folder / PARTS / f"scenario-{index:04d}.json"


def read_part(task: Task) -> dict[str, Any] | None:
    """The runs of a scenario, or None where they are missing, torn or of another test."""
    try:
        data: Any = json.loads(part_path(task.folder, task.index).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    fits = isinstance(data, dict) and data.get("fingerprint") == task.fingerprint
    return data if fits and data.get("index") == task.index else None


def run_scenario(task: Task) -> None:
    """Search, choose tuned numbers, run every cell in a scenario, and write what was measured."""
    settings, claims = task.settings, task.settings.claims
    scenario = scenario_at(np.array(task.place), name=f"scenario {task.index}")
    searched: Searched | None = None
    notes: dict[str, Any] = {}
    families = settings.families()
    if families and task.index < claims.search.scenarios:
        folder = task.folder / SEARCHES / f"scenario-{task.index:04d}"
        budget, seed = claims.search.budget, claims.search.seed
        searched, notes["searches"] = search_scenario(folder, families, scenario, budget, seed)
    cells = {
        key: _run_cell(cell, scenario, task, searched, outcomes, notes)
        for key, (cell, outcomes) in cells_of(settings).items()
        if searched is not None or cell.arm.searched is None
    }
    part = {
        "fingerprint": task.fingerprint,
        "index": task.index,
        "values": values_at(np.array(task.place)),
        "digest": scenario.digest(),
        "cells": cells,
        "notes": notes,
    }
    write_text(part_path(task.folder, task.index), json.dumps(part, allow_nan=False) + "\n")


def _run_cell(
    cell: Cell,
    scenario: Scenario,
    task: Task,
    searched: Searched | None,
    outcomes: set[str],
    notes: dict[str, Any],
) -> Mapping[str, list[float]]:
    """(episodes,) of every outcome that is wanted of a cell."""
    claims = task.settings.claims
    common = changed(scenario, cell.world)
    seeds = seeds_of(common, task.index, claims.sample.episodes, claims.sample.episodes_from, cell.first)
    world = changed(common, cell.arm.world)

    def tuned(rule: str) -> Allocator:
        chosen = hypotheses_choice(task.index, claims.tuning.selection_episodes)
        name, allocator = choose(rule, task.portfolio[rule], world, chosen)
        notes.setdefault("tuned", {})[cell.name] = name
        return allocator

    allocator = build(cell.arm, cell.name, world, tuned, searched)
    watch = Watch(len(seeds), world.programme.T)
    record = run(allocator, world, seeds, watch=watch.see)
    return {name: OUTCOMES[name].read(record, watch).tolist() for name in sorted(outcomes)}


FEWEST = 2
"""Episodes that a scenario needs at least, so that it has an interval."""


def seeds_of(
    scenario: Scenario, index: int, episodes: int, episodes_from: int, first: FirstTechnology
) -> npt.NDArray[np.uint64]:
    """Test seeds of the i-th scenario, those whose first technology is as wanted.

    Raises:
        HypothesesError: If its block holds too few of them.
    """
    block = test_seeds(episodes_from + index * BLOCK, BLOCK)
    if first == "any":
        return block[:episodes]
    found: list[int] = []
    step = 100
    batch = Batch(scenario, step)
    for i in range(0, BLOCK, step):
        batch.reset(block[i : i + step])
        defect = batch.state.programme["X"]
        fits = defect >= scenario.defect.X_lo if first == "defective" else defect <= SOUND
        found += block[i : i + step][fits].tolist()
        if len(found) >= episodes:
            return np.array(found[:episodes], np.uint64)
    if len(found) >= FEWEST:  # a rare kind of technology: the interval of this scenario is the wider
        return np.array(found, np.uint64)
    raise HypothesesError(
        f"{scenario.name}: {len(found)} of {BLOCK} episodes begin with a technology that is {first}, "
        f"and {episodes} are needed; give the claim a world in which there are some"
    )
