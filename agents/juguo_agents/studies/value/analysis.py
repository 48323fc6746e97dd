"""What feedback, evaluation and knowledge are worth, from what searches found without them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, OPEN_LOOP
from juguo_agents.artifacts.searched import validated
from juguo_agents.evaluation.statistics import mean_interval
from juguo_agents.provenance import versions
from juguo_agents.studies.arms import RULE, ArmResults, reference_names
from juguo_agents.studies.value.feedback import KINDS
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

VALUE_FILE = "value.json"
CLOSED, OPEN, KNOWING, UNEVALUATED = "closed loop", "open loop", "oracle", "not shown"


def finished_value(folder: Path, scenario: Scenario) -> dict[str, Any]:
    """The numbers that a finished study `value` has of a world.

    Raises:
        UserError: If the folder holds none, or those of another world.
    """
    try:
        data: dict[str, Any] = json.loads((folder / VALUE_FILE).read_text(encoding="utf-8"))
        digest = data["scenario_digest"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            f"value is {folder}; allowed is a folder in which `juguo study value` is finished"
        ) from None
    if digest != scenario.digest():
        raise UserError(f"value is {folder}, which is of another world than {scenario.name}")
    return data


def value_data(results: ArmResults) -> dict[str, Any]:
    """All numbers of a world, as JSON values."""
    settings, returns, labelled = results.settings, results.returns, results.labelled
    rules = {name.removeprefix(RULE): values for name, values in returns.items() if name.startswith(RULE)}
    allocators = rules | {name: returns[search] for name, search in labelled.items()}
    last = results.last()
    worths = _worths(results, {name: name for name in last})
    searched_on = _worths(results, last) if results.steps else {"worth": {}, "kinds": {}}
    best, worst = returns[results.leaders[CLOSED]], returns[results.worst]
    return {
        "kind": "juguo_value",
        "settings": settings.as_json(results.scenario),
        "scenario_digest": results.scenario.digest(),
        "allocators": {
            name: {
                **mean_interval(values).__dict__,
                "standard_deviation": float(values.std(ddof=1)),
                "rule": name in rules,
            }
            for name, values in allocators.items()
        },
        "gap": {
            "best": CLOSED,
            "worst": results.worst.removeprefix(RULE),
            "mean": float((best - worst).mean()),
        },
        **worths,
        **{f"{group}_searched_on": worth for group, worth in searched_on.items()},
        "searches": labelled,
        "last": last,
        "numbers": {name: results.found[search].data["parameters"] for name, search in labelled.items()},
        "versions": versions(),
        "restarts": {
            name: [validated(results.found[search]) for search in reference_names(family, settings)]
            for name, family in ((CLOSED, CLOSED_LOOP), (OPEN, OPEN_LOOP))
        },
        "doubling": results.gains(),
    }


def _worths(results: ArmResults, labels: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What differences between arms tell, each arm by its label at some step."""

    def worth(better: str, worse: str, what: str) -> dict[str, Any]:
        return {"what": what, **results.share(labels[better], labels[worse], labels[CLOSED]).as_json()}

    return {
        "worth": {
            "feedback": worth(CLOSED, OPEN, "closed loop less open loop"),
            "evaluation": worth(CLOSED, UNEVALUATED, "closed loop less one not shown what governance finds"),
            "knowledge": worth(KNOWING, CLOSED, "oracle, which knows the hidden draws, less closed loop"),
        },
        "kinds": {kind.name: worth(CLOSED, kind.name, kind.words) for kind in KINDS},
    }
