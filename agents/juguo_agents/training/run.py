"""A training run as it lies in its folder: what it was begun with, and how far each seed is."""

from __future__ import annotations

import math
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationError

from juguo_agents.artifacts.identity import (
    CHECKSUM,
    RUN,
    SCENARIO_FILE,
    Count,
    Record,
    read_record,
    record_of,
    sealed,
    text_of,
)
from juguo_agents.artifacts.load import digest_of
from juguo_agents.artifacts.policy import Policy, PolicyFileError
from juguo_agents.artifacts.policy_file import POLICY_PATTERN, load_policy, policy_file
from juguo_agents.folders import write_yaml
from juguo_agents.report.curves import Curves
from juguo_agents.training.checkpoint import CheckpointFolder
from juguo_agents.training.config import Experiment, load_experiment, read_config
from juguo_agents.training.provenance import (
    ResumeError,
    check_checkpoint,
    check_same,
    config_of,
    run_identity,
    software,
)
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.validation import Strict, explain
from juguo_envs.worlds.scenario import Scenario

CONFIG, SCENARIO, CHECKPOINTS = RUN.file, SCENARIO_FILE, "checkpoints"
CURVES = "learning_curve.json"
EXPERT, IMITATION = "expert", "imitation"
"""Folders in that of a run: what its own search found, and the policies at which learning began."""
KIND, FORMAT = "juguo_run", 1
_RECORDED = ("kind", "format", "id", "versions", "scenario_digest", "expert_sha256", CHECKSUM)
"""Stands in the file of the configuration, and is no part of it."""


class CurvesFileError(UserError):
    """A file of learning curves that cannot be used; the message names the file and what is wrong."""


class _Point(Strict):
    steps: Count
    seconds: Annotated[float, Field(ge=0.0)]
    selection_return: float | None


class CurvesRecord(Record):
    """What the file of a run's learning curves holds: by training seed, its selections."""

    KIND: ClassVar[str] = "juguo_learning_curves"
    FORMAT: ClassVar[int] = 1
    WHAT: ClassVar[str] = "learning curves"
    AGAIN: ClassVar[str] = "restore the file as it was written; without it the run has no learning curves"
    FAULT: ClassVar[type[UserError]] = CurvesFileError

    curves: dict[Annotated[str, Field(pattern=r"^\d{1,10}$")], list[_Point]]


def begin_run(folder: Path, experiment: Experiment, scenario: Scenario) -> None:
    """Write down what a run is begun with; the configuration last: where it is, the run has begun."""
    scenario.save(folder / SCENARIO)
    told = {
        "kind": KIND,
        "format": FORMAT,
        "id": run_identity(experiment, scenario),
        **experiment.model_dump(mode="json"),
        "versions": software(),
        "scenario_digest": scenario.digest(),
        **_expert(experiment),
    }
    write_yaml(folder / CONFIG, sealed(told))


def _expert(experiment: Experiment) -> dict[str, str | None]:
    """What tells the files of the allocator at whose imitation training begins."""
    expert = experiment.training.expert
    return {"expert_sha256": None if expert is None else digest_of(expert)}


def check_expert(folder: Path, experiment: Experiment) -> None:
    """Refuse to imitate another expert than the one that a run was begun with.

    Raises:
        ResumeError: If its files are gone or were changed.
    """
    data = read_config(folder / CONFIG)
    told = {name: data.get(name) for name in _expert(experiment)}
    check_same(_expert(experiment), told, f"{folder}, training.expert {experiment.training.expert}:")


def load_run(
    folder: Path, config: Path | None = None, assignments: Sequence[str] = ()
) -> tuple[Experiment, Scenario]:
    """The experiment and the world of a run that was begun, refused where they are no longer what they were.

    Args:
        folder: The run's.
        config: A configuration that must agree with the run's own, where one is named.
        assignments: `key=value` likewise; the fields in `identity.FREE` may differ.

    Raises:
        ResumeError: If there is no run, or configuration, scenario or software differ; the message names it.
        UserError: If a file cannot be read.
    """
    own = folder / CONFIG
    if not own.is_file():
        raise ResumeError(f"{folder}: no {CONFIG} there, so no training run to resume")
    data = read_config(own)
    if (data.get("kind"), data.get("format")) != (KIND, FORMAT):
        raise ResumeError(
            f"{own}: kind is {data.get('kind')!r} and format {data.get('format')!r}; this version goes on "
            f"with {KIND!r} {FORMAT}: begin a new run"
        )
    RUN.identity(folder)  # refuses a file that was changed
    check_same(software(), data.get("versions") or {}, str(folder))
    stored = load_experiment(own, [], ignore=_RECORDED)
    wanted = load_experiment(config or own, list(assignments), ignore=_RECORDED)
    check_same(config_of(wanted), config_of(stored), str(folder))
    scenario = Scenario.load(str(folder / SCENARIO))
    check_same({"digest": scenario.digest()}, {"digest": data.get("scenario_digest")}, str(folder / SCENARIO))
    if data.get("id") != run_identity(stored, scenario):
        raise ResumeError(
            f"{own}: was changed since the run began (its id does not fit its content); restore it as it was "
            "written, or begin a new run"
        )
    return wanted, scenario


@dataclass(frozen=True)
class SeedState:
    """How far a training seed is.

    Attributes:
        steps: Steps that need not be done again.
        finished: Whether its policy is there.
        torn: What is wrong with newer checkpoints, which cannot be used.
    """

    steps: int
    finished: bool
    torn: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.finished:
            return "finished"
        torn = "".join(f"; {text}" for text in self.torn)
        used = "; the one before it is used" if torn and self.steps else ""
        return (f"goes on at step {self.steps:,}" if self.steps else "begins at step 0") + torn + used


def policy_path(folder: Path, seed: int) -> Path:
    """The file of a trained policy in a run's folder."""
    return folder / policy_file(seed)


def imitation_path(folder: Path, seed: int) -> Path:
    """The file of the policy at which the learning of a training seed began."""
    return folder / IMITATION / policy_file(seed)


def expert_of(experiment: Experiment, folder: Path) -> str | None:
    """What stands for the allocator that a run imitates; None where it begins at nothing."""
    return experiment.training.expert if experiment.training.search is None else str(folder / EXPERT)


def policies_in(folder: Path) -> dict[Path, Policy]:
    """The policies of a trained run by their files, in the order of training seeds.

    Raises:
        PolicyFileError: If there is none, one cannot be used, or two are one and the same.
    """
    found = {file.resolve(): load_policy(file) for file in folder.glob(POLICY_PATTERN)}
    if not found:
        raise PolicyFileError(
            f"{folder}: no {POLICY_PATTERN} there; name the folder of a finished training run"
        )
    seen: dict[str, Path] = {}
    for file, policy in found.items():
        if (other := seen.setdefault(policy.acts_by, file)) is not file:
            raise PolicyFileError(f"{other} and {file} hold the same policy; put back what belongs there")
    return dict(sorted(found.items(), key=lambda item: item[1].seed))


def checkpoints_of(folder: Path, seed: int) -> Path:
    """Where the checkpoints of a training seed are, in the folder of a run."""
    return folder / CHECKPOINTS / f"seed{seed}"


def steps_of(experiment: Experiment) -> int:
    """Environment steps that a seed is trained for: whole rollouts."""
    rollout = experiment.training.settings.rollout
    return -(-experiment.training.steps // rollout) * rollout


def steps_taken(metadata: Mapping[str, Any]) -> int:
    """Environment steps that a policy's training took, those of the episodes of its selections included.

    Raises:
        PolicyFileError: If the policy does not tell its learning curve.
    """
    curve: list[dict[str, Any]] = metadata["training"].get("curve")
    if not curve:
        raise PolicyFileError("policy: training.curve is missing; its training's steps cannot be told")
    experiment = experiment_of(metadata, "policy")
    quarters = int(metadata["scenario"]["programme"]["T"])
    return int(curve[-1]["steps"]) + len(curve) * experiment.training.selection_episodes * quarters


def experiment_of(metadata: Mapping[str, Any], source: str) -> Experiment:
    """What a policy was trained by.

    Raises:
        PolicyFileError: Naming the source, if it is no experiment of this version.
    """
    try:
        return Experiment.model_validate(metadata["training"]["config"])
    except ValidationError as error:
        raise PolicyFileError(explain(error, Experiment, f"{source}: training.config")) from None


def keep_curve(folder: Path, of: str, seed: int, curve: Sequence[tuple[int, float, float]]) -> None:
    """Add the learning curve of a training seed to those of a run.

    Args:
        folder: The run's.
        of: The run's identity.
        seed: Training seed.
        curve: (steps, seconds, mean return on selection seeds) at each selection.
    """
    path = folder / CURVES
    held = read_record(path, CurvesRecord)[0]["curves"] if path.exists() else {}
    points = [
        {"steps": steps, "seconds": round(seconds, 1), "selection_return": _finite(mean)}
        for steps, seconds, mean in curve
    ]
    curves = dict(sorted({**held, str(seed): points}.items(), key=lambda item: int(item[0])))
    write_text(path, text_of(record_of(CurvesRecord, {"curves": curves}, of), 2))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def read_curves(folder: Path) -> Curves:
    """The learning curves in a run's folder: by training seed, a list of selections; none where no file is.

    Raises:
        CurvesFileError: If the file cannot be used, or is another run's.
    """
    path = folder / CURVES
    if not path.is_file():
        return {}
    _, record = read_record(path, CurvesRecord)
    RUN.check(path, record.of, CurvesFileError)
    return {
        seed: [
            {
                "steps": point.steps,
                "seconds": point.seconds,
                "selection_return": math.nan if point.selection_return is None else point.selection_return,
            }
            for point in curve
        ]
        for seed, curve in record.curves.items()
    }


def states_of(folder: Path, experiment: Experiment, scenario: Scenario) -> dict[int, SeedState]:
    """How far each training seed is. Nothing is changed on disk.

    Raises:
        ResumeError: If a policy or a checkpoint belongs to another configuration, scenario or software.
        PolicyFileError: If a policy file is not whole.
    """
    states = {}
    for seed in experiment.training.seeds:
        path = policy_path(folder, seed)
        if path.exists():
            _check_policy(load_policy(path).metadata, experiment, scenario, path)
            states[seed] = SeedState(steps_of(experiment), True)
            continue
        found, torn = CheckpointFolder(checkpoints_of(folder, seed)).latest()
        if found:
            check_checkpoint(found, experiment, scenario, seed, checkpoints_of(folder, seed))
        states[seed] = SeedState(found.steps if found else 0, False, tuple(torn.values()))
    return states


def forget_checkpoints(folder: Path, seed: int) -> None:
    """Remove the checkpoints of a seed that is trained, and their folder with the last."""
    shutil.rmtree(checkpoints_of(folder, seed), ignore_errors=True)
    parent = folder / CHECKPOINTS
    if parent.is_dir() and not any(parent.iterdir()):
        parent.rmdir()


def resume_command(folder: Path) -> str:
    """What to type to go on."""
    return f"juguo train --out {shlex.quote(str(folder))}"


def _check_policy(metadata: dict[str, Any], experiment: Experiment, scenario: Scenario, path: Path) -> None:
    here = {
        "config": config_of(experiment),
        "scenario_digest": scenario.digest(),
        "versions": software(),
    }
    there = {
        "config": config_of(experiment_of(metadata, str(path))),
        "scenario_digest": metadata["scenario_digest"],
        "versions": {**metadata["versions"], "model source": metadata["model"]},
    }
    check_same(here, there, str(path))
