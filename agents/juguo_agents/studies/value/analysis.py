"""What feedback, evaluation and knowledge are worth, from what searches found without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, OPEN_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.identity import STUDY, Count, Fingerprint, Record, read_record
from juguo_agents.artifacts.searched import validated
from juguo_agents.evaluation.statistics import mean_interval
from juguo_agents.provenance import versions
from juguo_agents.studies.arms import RULE, ArmResults, reference_names
from juguo_agents.studies.study import DATA_FORMAT
from juguo_agents.studies.value.feedback import KINDS
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario

VALUE_FILE = "value.json"
CLOSED, OPEN, KNOWING, UNEVALUATED = "closed loop", "open loop", "oracle", "not shown"


class _Settings(Strict):
    format: int
    model: Fingerprint
    scenario: dict[str, Any]
    budget: Count
    refine: Count
    searches: Count
    episodes: Count
    first_seed: Count
    observe: Literal["noisy", "true"]


class ValueRecord(Record):
    """What the file of the numbers of a world holds; see `value_data`."""

    KIND: ClassVar[str] = "juguo_value"
    FORMAT: ClassVar[int] = DATA_FORMAT
    WHAT: ClassVar[str] = "the numbers of the study `value`"
    AGAIN: ClassVar[str] = "restore the file as it was written, or run that study again in its folder"

    settings: _Settings
    scenario_digest: str
    allocators: dict[str, Any]
    gap: dict[str, Any]
    worth: dict[str, Any]
    kinds: dict[str, Any]
    worth_searched_on: dict[str, Any]
    kinds_searched_on: dict[str, Any]
    searches: dict[str, str]
    last: dict[str, str]
    numbers: dict[str, Parameters]
    versions: dict[str, str]
    restarts: dict[str, list[float]]
    doubling: dict[str, Any]

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in (CLOSED, OPEN):
            if self.last.get(name) not in self.numbers:
                raise ValueError(f"last.{name} is {self.last.get(name)!r}, which is not among the numbers")
        return self


def finished_value(folder: Path, scenario: Scenario) -> dict[str, Any]:
    """The numbers that a finished study `value` has of a world.

    Raises:
        UserError: If the folder holds none, or those of another world.
    """
    path = folder / VALUE_FILE
    if not path.is_file():
        raise UserError(f"value is {folder}; allowed is a folder in which `juguo study value` is finished")
    data, record = read_record(path, ValueRecord)
    STUDY.check(path, record.of, UserError, folder, folder.parent)
    if record.scenario_digest != scenario.digest():
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
        "kind": ValueRecord.KIND,
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
