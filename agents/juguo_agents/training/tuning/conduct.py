"""Conducts a study: trains what is suggested, scores it, records it, and writes down the winner."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from juguo_agents.artifacts.policy import Learned
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import run
from juguo_agents.folders import FolderExists, check_destination, is_vacant, locked, new_folder
from juguo_agents.processes import work_through
from juguo_agents.training.config import Experiment
from juguo_agents.training.learners.settings import SECTIONS
from juguo_agents.training.train import Diverged, train_seed
from juguo_agents.training.tuning.space import SPACES, plain, present
from juguo_agents.training.tuning.study import Budget, Study, Trial, suggest
from juguo_envs.documents import dump_yaml
from juguo_envs.files import write_text
from juguo_envs.worlds.scenario import Scenario


@dataclass(frozen=True)
class Task:
    """One training of a trial, as a process takes it."""

    experiment: Experiment
    scenario: Scenario
    seed: int
    episodes: int
    checkpoints: Path


@dataclass(frozen=True)
class Files:
    """Where a study is: all files of an algorithm in one folder begin with its name."""

    folder: Path
    algorithm: str

    @property
    def record(self) -> Path:
        """All trials."""
        return self.folder / f"{self.algorithm}.study.json"

    @property
    def winner(self) -> Path:
        """The configuration of the best."""
        return self.folder / f"{self.algorithm}.yaml"

    @property
    def work(self) -> Path:
        """Checkpoints of the trial that is under way; gone at the end."""
        return self.folder / f"{self.algorithm}.trials"


def new_study(experiment: Experiment, scenario: Scenario, budget: Budget, seed: int) -> Study:
    """A study of the experiment's algorithm without trials."""
    algorithm = experiment.training.algorithm
    base = trial_experiment(experiment, budget, {})
    digest = scenario.digest()
    return Study(algorithm, seed, budget, base.model_dump(mode="json"), digest, SPACES[algorithm])


def trial_experiment(experiment: Experiment, budget: Budget, parameters: dict[str, Any]) -> Experiment:
    """What a trial trains: the experiment at the budget, with some settings of its algorithm replaced.

    What has no part in a trial (the comparison, how trainings are spread over processes) is at its default.
    """
    training = experiment.training
    section = SECTIONS[training.algorithm].model_validate(training.settings.model_dump() | parameters)
    at_budget = {
        "algorithm": training.algorithm,
        "seeds": budget.seeds,
        "steps": budget.steps,
        "selections": budget.selections,
        "selection_episodes": budget.selection_episodes,
        "override": training.override,
        training.algorithm: section.model_dump(),
    }
    whole = experiment.model_dump(include={"scenario", "override", "observe"})
    return Experiment.model_validate({**whole, "training": at_budget})


def conduct(
    experiment: Experiment,
    scenario: Scenario,
    study: Study,
    trials: int,
    files: Files,
    workers: int,
    progress: Callable[[Study], None] = lambda study: None,
) -> Study:
    """Go on with a study until it has so many trials.

    The result does not depend on the number of workers: they share the trainings of one trial.

    Args:
        experiment: Its settings are varied.
        scenario: The world, overrides applied.
        study: As `new_study` makes it; the trials that its record holds are taken up.
        trials: How many there shall be in all.
        files: Where the record, the winner's configuration and the checkpoints are.
        workers: Processes.
        progress: Told of the study when it begins, and after every trial.

    Raises:
        FolderExists: If the folder holds something else.
        ResumeError: If the record is of another study.
        FolderInUse: If another process works on the same.
    """
    _claim(files, study)
    files.work.mkdir(exist_ok=True)
    with locked(files.work):
        if files.record.exists():
            study = study.taken_up(files.record)
        progress(study)
        first = present(study.space, experiment.training.settings)
        while len(study.trials) < trials:
            study = study.add(_try(experiment, scenario, study, suggest(study, first), files, workers))
            study.save(files.record)
            progress(study)
        write_winner(experiment, study, files)
        shutil.rmtree(files.work, ignore_errors=True)
    return study


def _claim(files: Files, study: Study) -> None:
    """Begin a record in a new folder, or in one that holds studies of other algorithms."""
    check_destination(files.folder)
    if is_vacant(files.folder):
        with new_folder(files.folder) as draft:
            study.save(draft / files.record.name)
    elif not any(files.folder.glob("*.study.json")):
        raise FolderExists(f"{files.folder} is not empty and holds no study of a learner; name another --out")


def write_winner(experiment: Experiment, study: Study, files: Files) -> None:
    """Write the configuration of the best trial, if there is one; what is no part of a trial is not in it."""
    best = study.best
    if best is None:
        return
    training = experiment.training
    found = trial_experiment(experiment, study.budget, best.parameters).training
    section = plain(found.settings.model_dump())
    content: dict[str, Any] = {"name": study.algorithm, "scenario": experiment.scenario}
    if experiment.override:
        content["override"] = experiment.override
    if experiment.observe != "noisy":
        content["observe"] = experiment.observe
    content["training"] = {"algorithm": study.algorithm, study.algorithm: section}
    if training.override:
        content["training"]["override"] = training.override
    budget = study.budget
    words = (
        f"# Made by juguo tune: trial {best.number} of {len(study.trials)} in {files.record.name}, each "
        f"{budget.trainings} x {budget.steps:,} steps.\n"
        f"# Mean return {best.value:.3f} on {budget.episodes} selection episodes, which is optimistic: "
        "it was chosen for it.\n"
    )
    write_text(files.winner, words + dump_yaml(content))


def _try(
    experiment: Experiment,
    scenario: Scenario,
    study: Study,
    parameters: dict[str, Any],
    files: Files,
    workers: int,
) -> Trial:
    number, budget = len(study.trials), study.budget
    own = files.work / f"trial{number}"
    for old in files.work.glob("trial*"):
        if old != own:  # recorded, and then killed before it was tidied up
            shutil.rmtree(old, ignore_errors=True)
    setup = trial_experiment(experiment, budget, parameters)
    tasks = [Task(setup, scenario, seed, budget.episodes, own / f"seed{seed}") for seed in budget.seeds]
    found: dict[int, tuple[float | None, float]] = {}
    work_through(train_and_score, tasks, workers, lambda task, result: found.update({task.seed: result}))
    shutil.rmtree(own, ignore_errors=True)
    returns, seconds = zip(*(found[seed] for seed in budget.seeds), strict=True)
    return Trial(number, parameters, returns, seconds)


def train_and_score(task: Task) -> tuple[float | None, float]:
    """Train once; the mean return of the policy that is kept, None where training broke down, and seconds."""
    try:
        trained = train_seed(task.experiment, task.scenario, task.seed, checkpoints=task.checkpoints)
    except Diverged:
        return None, 0.0
    episodes = seeds.TUNING.take(0, task.episodes)
    record = run(Learned(trained.policy, "learned"), task.scenario, episodes, observe=task.experiment.observe)
    return float(record.returns.mean()), round(trained.curve[-1][1], 1)
