"""What a search found: a file that says how it was found, and the allocator that it stands for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.parametric.families import Family, find_family
from juguo_agents.artifacts.load import read_told
from juguo_agents.evaluation import search_seeds as seeds
from juguo_agents.evaluation.statistics import Estimate, mean_interval, paired_difference
from juguo_agents.provenance import versions
from juguo_agents.search.checkpoint import STATE_FILE, Settings, State
from juguo_agents.search.optimise import make_phase
from juguo_agents.search.scoring import Scorer
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.scenario import Scenario

RESULT_FILE = "searched.json"
KIND, FORMAT = "juguo_search", 1


class SearchedFileError(UserError):
    """A file of a search that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Found:
    """The content of a result, checked."""

    family: Family
    scenario: Scenario
    data: dict[str, Any]

    def allocator(self, name: str | None = None) -> Allocator:
        """The allocator, named as its family says or otherwise."""
        return self.family.allocator([self.data["parameters"]], self.scenario, name)


def write_result(state: State, folder: Path, scorer: Scorer) -> Found:
    """Measure what a finished search found and where it began, and write both.

    The two, and what was found before the budget was raised, are run on the same validation episodes, which
    no search has seen.
    """
    settings = state.settings
    last = len(state.phases) - 1
    phase, outcome = make_phase(state, last), state.phases[last].outcome
    if outcome is None:
        raise ValueError("the search is not finished")
    episodes = seeds.validation_seeds(settings.validation)
    begun = phase.starts[state.phases[last].start or ""]
    candidates = [outcome.parameters, begun, *(before.parameters for before in state.earlier)]
    found, start, *earlier = scorer.returns(phase.family, candidates, episodes)
    data = {
        "kind": KIND,
        "format": FORMAT,
        "family": settings.family,
        "name": phase.family.label,
        "parameters": outcome.parameters,
        "start": begun,
        "scenario": settings.scenario.model_dump(mode="json"),
        "scenario_digest": settings.scenario.digest(),
        "observe": settings.observe,
        "budget": settings.budget,
        "spent": sum(part.spent for part in state.phases),
        "seed": settings.seed,
        "fixed": settings.fixed,
        "lever": settings.lever,
        "varies": settings.varies,
        "covariance": settings.covariance,
        "begun": settings.begin is not None,
        "phases": [_describe(state, index) for index in range(last + 1)],
        "validation": {
            "seeds": _ends(episodes),
            "episodes": settings.validation,
            "standard_deviation": float(found.std()),
            **_as_json("", mean_interval(found)),
            **_as_json("start_", mean_interval(start)),
            **_as_json("difference_", paired_difference(found, start)),
        },
        "earlier": [
            {
                "budget": before.budget,
                "parameters": before.parameters,
                "mean": float(returns.mean()),
                **_as_json("difference_", paired_difference(found, returns)),
            }
            for before, returns in zip(state.earlier, earlier, strict=True)
        ],
        "versions": versions(),
    }
    write_text(folder / RESULT_FILE, json.dumps(data, allow_nan=False, indent=2, ensure_ascii=False) + "\n")
    return load_found(folder / RESULT_FILE)


def result_in(path: Path) -> Path:
    """The file of a result, given itself or the folder of its search."""
    return path / RESULT_FILE if path.is_dir() else path


def load_found(path: Path) -> Found:
    """Read and check a result.

    Raises:
        SearchedFileError: If the file is missing, which may be as its search is not finished, is no result
            of a search, or holds a parameter that its family does not have or allow.
    """
    if path.name == RESULT_FILE and not path.exists() and (path.parent / STATE_FILE).exists():
        raise SearchedFileError(
            f"{path.parent}: its search has no result yet; finish it: "
            f"python scripts/search.py --resume --out {path.parent}"
        )
    data = read_told(path, KIND, (FORMAT,), "the result of a search", SearchedFileError)
    for name in ("family", "parameters", "scenario", "scenario_digest"):
        if name not in data:
            raise SearchedFileError(f"{path}: {name!r} is missing")
    try:
        family = find_family(str(data["family"]), data.get("lever"))
        scenario = Scenario.parse(data["scenario"], "scenario")
        fault = family.space(scenario).fault(data["parameters"])
    except UserError as error:
        raise SearchedFileError(f"{path}: {error}") from None
    if fault:
        raise SearchedFileError(f"{path}: {fault}")
    if scenario.digest() != data["scenario_digest"]:
        raise SearchedFileError(f"{path}: scenario_digest does not fit the scenario; the file was changed")
    return Found(family, scenario, data)


def validated(found: Found) -> float:
    """Mean return on the validation episodes, the same for all searches with as many of them."""
    return float(found.data["validation"]["mean"])


def best_result(paths: Sequence[Path]) -> tuple[Path, Found]:
    """The best of some results by their validation episodes, and its file.

    Raises:
        SearchedFileError: If one cannot be used, or they were not measured alike: in one world, with the same
            noise, on the same episodes.
    """
    results = [load_found(path) for path in paths]
    measured = [_measured_on(path, found) for path, found in zip(paths, results, strict=True)]
    for path, how in zip(paths, measured, strict=True):
        if how != measured[0]:
            raise SearchedFileError(
                f"{path}: was not measured as {paths[0]} was; which one is better can be told only in the "
                "same world, with the same --observe and --validation"
            )
    return max(zip(paths, results, strict=True), key=lambda one: validated(one[1]))


def _measured_on(path: Path, found: Found) -> tuple[Any, ...]:
    data, validation = found.data, found.data.get("validation")
    if (
        not isinstance(validation, dict)
        or not {"mean", "seeds"} <= validation.keys()
        or "observe" not in data
    ):
        raise SearchedFileError(
            f"{path}: does not tell what it earned; 'observe' or 'validation' is incomplete"
        )
    return data["scenario_digest"], data.get("varies", False), data["observe"], validation["seeds"]


def finished(folder: Path, settings: Settings) -> Found | None:
    """The result of a search in its folder; None if there is none yet, or only that of a smaller budget."""
    file = folder / RESULT_FILE
    found = load_found(file) if file.exists() else None
    return found if found and found.data.get("budget") == settings.budget else None


def load_searched(paths: Sequence[Path]) -> list[Allocator]:
    """The allocators of results, with their folder's name where two would share one.

    Raises:
        SearchedFileError: If a file cannot be used.
    """
    found = [load_found(path) for path in paths]
    labels = [f.family.label for f in found]
    return [
        f.allocator(label if labels.count(label) == 1 else f"{label}_{path.resolve().parent.name}")
        for f, label, path in zip(found, labels, paths, strict=True)
    ]


def _describe(state: State, index: int) -> dict[str, Any]:
    """What one phase did, and on which seeds."""
    phase, part, seed = make_phase(state, index), state.phases[index], state.settings.seed
    outcome = part.outcome
    if outcome is None:
        raise ValueError("the search is not finished")
    plan = phase.plan
    last = seeds.ranking_seeds(seed, index, plan.generations - 1, plan.episodes)
    first = seeds.ranking_seeds(seed, index, 0, plan.episodes)
    return {
        "family": phase.family.name,
        "dimensions": phase.space.size,
        "start": part.start,
        "start_episodes": plan.start_episodes,
        "population": plan.population,
        "generations": plan.generations,
        "episodes_per_candidate": plan.episodes,
        "choice_episodes": plan.choice_episodes,
        "spent": part.spent,
        "chosen": outcome.finalist,
        "search_mean": outcome.search_mean,
        "start_mean": outcome.start_mean,
        "ranking_seeds": [int(first[0]), int(last[-1])],
        "start_seeds": _ends(seeds.start_seeds(seed, index, plan.start_episodes)),
        "choice_seeds": _ends(seeds.choice_seeds(seed, index, plan.choice_episodes)),
        "generation_means": [float(np.mean(row)) for row in part.told],
    }


def _ends(episodes: npt.NDArray[np.uint64]) -> list[int]:
    """First and last seed, where there are any."""
    return [] if not len(episodes) else [int(episodes[0]), int(episodes[-1])]


def _as_json(prefix: str, estimate: Estimate) -> dict[str, float]:
    return {
        f"{prefix}mean": estimate.mean,
        f"{prefix}low": estimate.low,
        f"{prefix}high": estimate.high,
    }
