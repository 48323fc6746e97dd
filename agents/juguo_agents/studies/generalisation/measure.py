"""Runs every allocator in every held-out scenario, under common random numbers; what is done is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators import Allocator, compared_names, make_rule
from juguo_agents.artifacts.policy import POLICY_PATTERN, Learned, PolicyFileError, check_fits, load_policy
from juguo_agents.artifacts.searched import RESULT_FILE, load_found
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import held_out
from juguo_agents.processes import work_through
from juguo_agents.search.conduct import SEARCHES
from juguo_agents.studies.generalisation.settings import Settings, oracle_name
from juguo_envs.errors import UserError
from juguo_envs.files import write_text

MEASURED = "measured"
ORACLE = "oracle"
Kind = Literal["rule", "tuned", "searched", "oracle", "learned"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """An allocator that is measured.

    Attributes:
        name: Name in tables.
        kind: "rule" as it is, "tuned" rule, "searched" closed loop, each scenario's "oracle", or "learned".
        key: What its numbers are; with another key it is measured anew.
        file: A search's result or a policy, where it is no plain rule; the oracle has one in each scenario.
        group: The run of which a policy is one training seed.
    """

    name: str
    kind: Kind
    key: str = ""
    file: Path | None = None
    group: str = ""

    def allocator(self) -> Allocator:
        """The allocator itself."""
        if self.file is None:
            return make_rule(self.name)
        if self.kind == "learned":
            return Learned(load_policy(self.file), self.name)
        return load_found(self.file).allocator(self.name)


def learned_subjects(runs: Sequence[Path], settings: Settings) -> list[Subject]:
    """The policies of trained runs, each run a group named like its folder.

    Raises:
        UserError: If a folder holds no policy, two have one name, or a policy does not fit the family.
    """
    found: list[Subject] = []
    groups = [run.resolve().name for run in runs]
    for group in groups:
        if group in (*compared_names(), ORACLE):
            raise UserError(f"a run is named {group!r}, as an allocator is; rename its folder")
    if len(set(groups)) < len(groups):
        twice = next(g for g in groups if groups.count(g) > 1)
        raise UserError(f"two runs are named {twice!r}; rename a folder, so that a table can tell them apart")
    communities = len(settings.scenario.society.listed())
    for folder, group in zip(runs, groups, strict=True):
        files = sorted(folder.glob(POLICY_PATTERN), key=lambda path: (len(path.name), path.name))
        if not files:
            raise PolicyFileError(f"{folder}: no {POLICY_PATTERN} there; no training finished in it")
        for file in files:
            policy = load_policy(file)
            check_fits(policy, policy.layout(communities), str(file))
            tensors = b"".join(
                name.encode() + policy.tensors[name].tobytes() for name in sorted(policy.tensors)
            )
            key = hashlib.sha256(tensors).hexdigest()[:16]
            found.append(Subject(f"{group} seed {policy.seed}", "learned", key, file.resolve(), group))
    return found


def searched_subject(folder: Path, name: str, kind: Kind, label: str | None = None) -> Subject:
    """What a search of the judgement's folder found."""
    file = folder / SEARCHES / name / RESULT_FILE
    found = load_found(file)
    numbers = json.dumps(found.data["parameters"], sort_keys=True)
    key = hashlib.sha256(numbers.encode()).hexdigest()[:16]
    return Subject(label or found.family.label, kind, key, file)


@dataclass(frozen=True)
class Task:
    """Whatever is missing in one held-out scenario."""

    index: int
    settings: Settings
    folder: Path
    subjects: tuple[Subject, ...]


def measure(
    settings: Settings,
    folder: Path,
    subjects: Sequence[Subject],
    workers: int,
    progress: Callable[[], None],
) -> dict[str, Floats]:
    """Returns (scenarios, episodes) of every subject and of the oracle, by name; what is there is only read.

    Args:
        settings: What was asked for.
        folder: The judgement's folder; its oracles are searched.
        subjects: All but the oracle.
        workers: Processes; results do not depend on it.
        progress: Told of every scenario.
    """
    (folder / MEASURED).mkdir(exist_ok=True)
    tasks = []
    for index in range(settings.scenarios):
        oracle = searched_subject(folder, oracle_name(index), "oracle", ORACLE)
        tasks.append(Task(index, settings, folder, (*subjects, oracle)))
    work_through(_measure_one, tasks, workers, lambda task, result: progress())
    rows = [_read(task) for task in tasks]
    return {s.name: np.array([row[s.name]["returns"] for row in rows]) for s in tasks[0].subjects}


def _measure_one(task: Task) -> None:
    done, changed = _read(task), False
    world = task.settings.world(task.index)
    seeds = held_out(task.index, task.settings.episodes)
    for subject in task.subjects:
        here = done.get(subject.name)
        if here is not None and here["key"] == subject.key:
            continue
        record = run(subject.allocator(), world, seeds, observe=task.settings.observe)
        done[subject.name] = {"key": subject.key, "returns": record.returns.tolist()}
        changed = True
    if changed:
        write_text(_path(task), json.dumps({"scenario": world.digest(), "allocators": done}) + "\n")


def _read(task: Task) -> dict[str, dict[str, Any]]:
    """What was measured in a scenario; nothing, where the file is missing or belongs to another world."""
    try:
        data = json.loads(_path(task).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if data.get("scenario") != task.settings.world(task.index).digest():
        return {}
    found: dict[str, dict[str, Any]] = {
        name: row for name, row in data["allocators"].items() if len(row["returns"]) == task.settings.episodes
    }
    return found


def _path(task: Task) -> Path:
    return task.folder / MEASURED / f"scenario-{task.index:05d}.json"
