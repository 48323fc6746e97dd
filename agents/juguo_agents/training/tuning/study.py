"""A study as it is recorded: its budget, its space, every trial; and which trial comes next.

The record is the study: Optuna is asked afresh for every trial, is told all that came before, and has a seed
that is the study's and the trial's. So a study that was killed goes on as if it had not been.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from pydantic import Field

from juguo_agents.artifacts.identity import Count, Fingerprint, Record, read_record, record_of
from juguo_agents.evaluation import seeds
from juguo_agents.training.provenance import check_same, software
from juguo_agents.training.tuning.space import Choice, Logarithmic, Space, plain
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.validation import Strict

STARTUP = 10
"""So many trials are drawn at random before the sampler models what they found."""


class StudyError(UserError):
    """A study that cannot be read or gone on with; the message names the file and what is wrong."""


class _Trial(Strict):
    number: Count
    parameters: dict[str, Any]
    returns: Annotated[list[float | None], Field(min_length=1)]
    seconds: list[float]
    value: float | None


class TuningRecord(Record):
    """What the file of a study's trials holds; see `Study.identity`."""

    KIND: ClassVar[str] = "juguo_tuning"
    FORMAT: ClassVar[int] = 2
    WHAT: ClassVar[str] = "the record of a tuning study"
    AGAIN: ClassVar[str] = "restore the file as it was written, or move it away"
    FAULT: ClassVar[type[UserError]] = StudyError

    algorithm: str
    sampler: dict[str, Any]
    budget: dict[str, Any]
    space: dict[str, Any]
    base: dict[str, Any]
    scenario_digest: str
    software: dict[str, str]
    best: Count | None
    trials: list[_Trial]


@dataclass(frozen=True)
class Budget:
    """What each trial costs; the same for every algorithm that is compared.

    Attributes:
        steps: Environment steps of each training.
        trainings: Trainings per trial, each with a seed of its own, the same seeds in every trial.
        selections: Evaluations per training, of which the best policy is kept.
        selection_episodes: Episodes of each of them.
        episodes: Episodes on which the policies that were kept are scored.
    """

    steps: int
    trainings: int
    selections: int
    selection_episodes: int
    episodes: int

    def __post_init__(self) -> None:
        most = {"steps": 10**12, "trainings": seeds.TRIALS.size, "episodes": seeds.TUNING.size}
        for name, largest in most.items():
            value = getattr(self, name)
            if not 1 <= value <= largest:
                raise UserError(f"--{name} is {value}; allowed is 1 to {largest}")

    @property
    def seeds(self) -> tuple[int, ...]:
        """The training seeds."""
        return tuple(range(seeds.TRIALS.first, seeds.TRIALS.first + self.trainings))


@dataclass(frozen=True)
class Trial:
    """Settings that were tried.

    Attributes:
        number: From 0 on.
        parameters: The settings that are searched, as JSON has them.
        returns: Mean return on the scoring episodes of each training; None where it broke down.
        seconds: Time of each training, its selections included.
    """

    number: int
    parameters: dict[str, Any]
    returns: tuple[float | None, ...]
    seconds: tuple[float, ...]

    @property
    def value(self) -> float | None:
        """The mean over trainings, or None where one broke down: such settings are no settings to keep."""
        found = [r for r in self.returns if r is not None]
        return float(np.mean(found)) if len(found) == len(self.returns) else None


@dataclass(frozen=True)
class Study:
    """What is searched, at which budget, and what was found.

    Attributes:
        algorithm: The learner.
        seed: Of the sampler.
        budget: Of each trial.
        base: The experiment whose settings are varied, as JSON has it.
        scenario_digest: Of the world.
        space: What is searched.
        trials: In order.
    """

    algorithm: str
    seed: int
    budget: Budget
    base: dict[str, Any]
    scenario_digest: Fingerprint
    space: Space
    trials: tuple[Trial, ...] = field(default=())

    @property
    def best(self) -> Trial | None:
        """The trial with the highest mean return, the first of those, or None where there is none."""
        scored = [(trial.value, -trial.number, trial) for trial in self.trials if trial.value is not None]
        return max(scored)[2] if scored else None

    def add(self, trial: Trial) -> Study:
        """The study with one trial more."""
        return replace(self, trials=(*self.trials, trial))

    def identity(self) -> dict[str, Any]:
        """What must be the same for the study to go on."""
        return {
            "algorithm": self.algorithm,
            "sampler": {"name": "tpe", "seed": self.seed, "random_trials": STARTUP},
            "budget": {
                **asdict(self.budget),
                "seeds": list(self.budget.seeds),
                "first_episode": seeds.TUNING.first,
            },
            "space": {name: axis.as_json() for name, axis in self.space.items()},
            "base": self.base,
            "scenario_digest": self.scenario_digest,
            "software": software(),
        }

    def save(self, path: Path) -> None:
        """Write the whole record: JSON, a line per field and per trial."""
        best = None if self.best is None else self.best.number
        trials = [{**asdict(trial), "value": trial.value} for trial in self.trials]
        told = json.loads(json.dumps({**self.identity(), "best": best, "trials": trials}, allow_nan=False))
        write_text(path, _laid_out(record_of(TuningRecord, told, None)))

    def taken_up(self, path: Path) -> Study:
        """This study with the trials of a record of it.

        Raises:
            StudyError: If the file is no record.
            ResumeError: If it is the record of another study; the message names what differs.
        """
        data, record = read_record(path, TuningRecord)
        check_same(self.identity(), {name: data[name] for name in self.identity()}, str(path))
        trials = [Trial(t.number, t.parameters, tuple(t.returns), tuple(t.seconds)) for t in record.trials]
        for number, trial in enumerate(trials):
            if not self._is_trial(trial, number):
                raise StudyError(f"{path}: trials.{number} is no trial of this study; {TuningRecord.AGAIN}")
        return replace(self, trials=tuple(trials))

    def _is_trial(self, trial: Trial, number: int) -> bool:
        """Whether a trial of a record can be one of this study."""
        return (
            trial.number == number
            and len(trial.returns) == self.budget.trainings
            and trial.parameters.keys() == self.space.keys()
            and all(axis.holds(trial.parameters[name]) for name, axis in self.space.items())
        )


def _laid_out(data: dict[str, Any]) -> str:
    """JSON with a line per field and per trial."""

    def text(value: Any) -> str:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)

    rows = {name: text(value) for name, value in data.items()}
    rows["trials"] = "[\n" + ",\n".join(f"  {text(trial)}" for trial in data["trials"]) + "\n ]"
    return "{\n" + ",\n".join(f" {text(name)}: {row}" for name, row in rows.items()) + "\n}\n"


def suggest(study: Study, first: dict[str, Any] | None) -> dict[str, Any]:
    """The settings to try next, as JSON has them.

    Args:
        study: With all trials so far.
        first: What to try before anything is searched: the settings as they are, or None.
    """
    number = len(study.trials)
    if number == 0 and first is not None:
        return plain(first)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    seed = int(np.random.SeedSequence((study.seed, number)).generate_state(1)[0])
    sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP, seed=seed)
    asked = optuna.create_study(direction="maximize", sampler=sampler)
    axes = {name: _distribution(axis) for name, axis in study.space.items()}
    for trial in study.trials:
        given = {name: _coded(study.space[name], value) for name, value in trial.parameters.items()}
        broken = trial.value is None  # a pruned trial counts as worse than all others
        asked.add_trial(
            optuna.create_trial(
                state=optuna.trial.TrialState.PRUNED if broken else optuna.trial.TrialState.COMPLETE,
                params=given,
                distributions=axes,
                value=trial.value,
            )
        )
    drawn = asked.ask(axes).params
    return {name: _decoded(axis, drawn[name]) for name, axis in study.space.items()}


def _distribution(axis: Choice | Logarithmic) -> BaseDistribution:
    if isinstance(axis, Choice):
        return CategoricalDistribution([json.dumps(value) for value in axis.values])
    return FloatDistribution(axis.low, axis.high, log=True)


def _coded(axis: Choice | Logarithmic, value: Any) -> Any:
    """A setting as Optuna takes it: a value of a choice, which may be a list, as text."""
    return json.dumps(value) if isinstance(axis, Choice) else value


def _decoded(axis: Choice | Logarithmic, value: Any) -> Any:
    return json.loads(value) if isinstance(axis, Choice) else axis.rounded(value)
