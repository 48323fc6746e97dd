"""`juguo tune`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from juguo_agents.cli.options import command
from juguo_agents.cli.running import FAILED, going_on, show
from juguo_agents.cli.train import checked, find
from juguo_agents.folders import check_destination, next_free
from juguo_agents.processes import cores
from juguo_agents.progress import progress, say
from juguo_agents.tables import terminal_table
from juguo_agents.training.config import Experiment, load_experiment
from juguo_agents.training.learners.settings import Algorithm
from juguo_agents.training.shipped import FROM_SCRATCH, find_config
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict

if TYPE_CHECKING:
    from juguo_agents.training.tuning.study import Study


class Tune(Strict):
    """What is tuned, and at which budget."""

    algorithm: Algorithm = Field(description="the learner", json_schema_extra={"positional": True})
    changes: tuple[str, ...] = Field(
        (),
        description="key=value changes a field of the config",
        json_schema_extra={"positional": "KEY=VALUE"},
    )
    trials: int = Field(40, ge=1, description="settings to try")
    steps: int = Field(200_000, ge=1, le=10**12, description="steps of each training")
    trainings: int = Field(2, ge=1, le=1000, description="trainings of each trial")
    episodes: int = Field(200, ge=1, le=100_000, description="episodes that score a policy")
    seed: int = Field(0, ge=0, description="seed of the sampler")
    config: str | None = Field(
        None,
        description="name or path of a config; default: from_scratch",
        json_schema_extra={"names": "config"},
    )
    out: Path | None = Field(None, description="folder; default: tuned/ and the learner, numbered")
    workers: int | None = Field(
        None, ge=1, description="processes; default: one for each core, at most one for each training"
    )


@command
def tune(asked: Tune) -> int:
    """Tune a learner, or go on with it."""
    if asked.out:
        check_destination(asked.out)
    path, changes = find(asked.config) if asked.config else (find_config(FROM_SCRATCH), [])
    experiment = load_experiment(path, [*changes, *asked.changes, f"training.algorithm={asked.algorithm}"])
    check_in_trial(experiment, asked.changes)
    workers = asked.workers or cores()
    scenario = checked(experiment, min(workers, asked.trainings))
    from juguo_agents.training.tuning.conduct import Files, conduct, new_study  # needs torch and optuna
    from juguo_agents.training.tuning.study import Budget

    training = experiment.training
    selection = (training.selections, training.selection_episodes)
    budget = Budget(asked.steps, asked.trainings, *selection, asked.episodes)
    folder = asked.out or next_free(Path("tuned"), asked.algorithm)
    files = Files(folder, asked.algorithm)
    study = new_study(experiment, scenario, budget, asked.seed)
    with going_on(folder), progress(asked.trials, asked.algorithm, "trial") as bar:

        def told(now: Study) -> None:
            if now.best is not None:
                bar.note("best", f"{now.best.value:.3f}")
            bar.update(min(len(now.trials), asked.trials) - bar.done)

        study = conduct(experiment, scenario, study, asked.trials, files, workers, told)
    show(table(study))
    if study.best is None:
        say("error: every trial broke down; lower the learning rates in the space")
        return FAILED
    show(f"\nwinner: {files.winner}")
    return 0


def check_in_trial(experiment: Experiment, changes: Sequence[str]) -> None:
    """Refuse what has no part in a trial, and would be left out without a word.

    Raises:
        UserError: Naming the field.
    """
    training = experiment.training
    for name, value, plain in (
        ("shown", experiment.shown, type(experiment.shown)()),
        ("training.constraint", training.constraint, None),
        ("training.expert", training.expert, None),
        ("training.search", training.search, None),
        ("training.per_weight", training.per_weight, False),
    ):
        if value != plain:
            raise UserError(f"{name} is set, and has no part in a trial; take a config without it")
    known = ("scenario", "override", "observe", "training.selections", "training.selection_episodes",
             "training.override", f"training.{training.algorithm}")  # fmt: skip
    for key in (change.partition("=")[0] for change in changes):
        if not any(key == name or key.startswith(f"{name}.") for name in known):
            raise UserError(f"{key} has no part in a trial; allowed are {', '.join(known)}")


def table(study: Study, most: int = 5) -> str:
    """The best trials."""
    ranked = sorted((t for t in study.trials if t.value is not None), key=lambda t: -(t.value or 0.0))
    broken = len(study.trials) - len(ranked)
    rows = [
        (str(trial.number), f"{trial.value:.3f}", ", ".join(f"{k}={v}" for k, v in trial.parameters.items()))
        for trial in ranked[:most]
    ]
    told = f"{study.algorithm}: {len(study.trials)} trials, {broken} of them broke down"
    return f"{told}\n{terminal_table(('trial', 'return', 'settings'), rows, 'rrl')}"
