"""Writes what a search found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.array_types import Seeds
from juguo_agents.artifacts.identity import record_of, text_of
from juguo_agents.artifacts.searched import (
    RESULT_FILE,
    SearchedFileError,
    SearchRecord,
    SearchResult,
    load_result,
)
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.statistics import Estimate, mean_interval, paired_difference
from juguo_agents.provenance import versions
from juguo_agents.search.checkpoint import Settings, State, floats
from juguo_agents.search.optimise import make_phase
from juguo_agents.search.scoring import Scorer
from juguo_envs.files import write_text


def write_result(state: State, folder: Path, scorer: Scorer) -> SearchResult:
    """Measure what a finished search found and where it began, and write both.

    The two, and what was found before the budget was raised, are run on the same validation episodes, which
    no search has seen.
    """
    settings = state.settings
    last = len(state.phases) - 1
    phase, outcome = make_phase(state, last), state.phases[last].outcome
    if outcome is None:
        raise ValueError("the search is not finished")
    episodes = seeds.SEARCH_VALIDATION.take(0, settings.validation)
    begun = phase.starts[state.phases[last].start or ""]
    candidates = [outcome.parameters, begun, *(before.parameters for before in state.earlier)]
    found, start, *earlier = scorer.returns(phase.policy_class, candidates, episodes)
    data = {
        "search": settings.identity,
        "place": None,
        "family": settings.family,
        "name": phase.policy_class.label,
        "parameters": outcome.parameters,
        "start": floats(begun),
        "scenario": settings.scenario.model_dump(mode="json"),
        "scenario_digest": settings.scenario.digest(),
        "observe": settings.observe,
        "budget": settings.budget,
        "spent": sum(part.spent for part in state.phases),
        "seed": settings.seed,
        "fixed": settings.fixed,
        "lever": settings.lever,
        "varies": settings.varies,
        "ranges": settings.as_json()["ranges"],
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
    write_text(folder / RESULT_FILE, text_of(record_of(SearchRecord, data, None), 2))
    return load_result(folder / RESULT_FILE)


def finished(folder: Path, settings: Settings) -> SearchResult | None:
    """The result of a search in its folder; None if there is none yet, or only that of a smaller budget.

    Raises:
        SearchedFileError: If it cannot be used, or is another search's.
    """
    file = folder / RESULT_FILE
    if not file.exists():
        return None
    found = load_result(file)
    if found.data["search"] != settings.identity:
        raise SearchedFileError(
            f"{file}: is what another search found, or another version of the model; put back the one that "
            "belongs here, or remove it"
        )
    return found if found.data["budget"] == settings.budget else None


def _describe(state: State, index: int) -> dict[str, Any]:
    """What one phase did, and on which seeds."""
    phase, part, seed = make_phase(state, index), state.phases[index], state.settings.seed
    outcome = part.outcome
    if outcome is None:
        raise ValueError("the search is not finished")
    plan = phase.plan
    last = seeds.search_ranking(seed, index, plan.generations - 1, plan.episodes)
    first = seeds.search_ranking(seed, index, 0, plan.episodes)
    return {
        "family": phase.policy_class.name,
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
        "start_seeds": _ends(seeds.search_starts(seed, index, plan.start_episodes)),
        "choice_seeds": _ends(seeds.search_choice(seed, index, plan.choice_episodes)),
        "generation_means": [float(np.mean(row)) for row in part.told],
    }


def _ends(episodes: Seeds) -> list[int]:
    """First and last seed, where there are any."""
    return [] if not len(episodes) else [int(episodes[0]), int(episodes[-1])]


def _as_json(prefix: str, estimate: Estimate) -> dict[str, float]:
    return {
        f"{prefix}mean": estimate.mean,
        f"{prefix}low": estimate.low,
        f"{prefix}high": estimate.high,
    }
