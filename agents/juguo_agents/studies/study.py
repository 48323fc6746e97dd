"""The engine of studies: a study plans points and analyses their rows; this runs, stores and resumes.

A study's folder holds `settings.json` (what was asked), `store/STAGE/KEY.parquet` (the rows of each point),
`work/STAGE/KEY/` (what points keep between attempts) and the files of its page.
"""

from __future__ import annotations

import re
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pyarrow as pa

from juguo_agents.artifacts.identity import (
    sealed,
    text_of,
)
from juguo_agents.folders import check_destination, is_vacant, working_in
from juguo_agents.progress import progress, say
from juguo_agents.provenance import MODEL
from juguo_agents.report.texts import speaking
from juguo_agents.studies.executors import Executor
from juguo_agents.studies.settings import Settings, worlds_of
from juguo_agents.studies.store import Cell, CellError, fingerprint
from juguo_agents.studies.store import record as record
from juguo_agents.studies.store import recorded as recorded
from juguo_envs.errors import Unfinished, UserError
from juguo_envs.files import write_bytes

STORE_FOLDER, WORK_FOLDER = "store", "work"
DATA_FORMAT = 1
"""Of the files of numbers."""
_KEY = re.compile(r"[\w+@=,()][\w+@=,(). -]{0,150}")


class Point(Protocol):
    """One run of a plan: a frozen, picklable dataclass."""

    @property
    def key(self) -> str:
        """Its name, unique in the stage and usable as the name of a file."""


P = TypeVar("P", bound=Point)


def _one(point: Any) -> int:
    return 1


@dataclass(frozen=True)
class Stage(Generic[P]):
    """Points that may run in any order.

    Attributes:
        name: Of its folders, and on the progress bar.
        points: What is run.
        run: From a point and its own work folder to its rows. Picklable (a function of a module's top level,
            or a `functools.partial` of one) and pure. The folder is kept between attempts, and is not there
            before the function makes it.
        depends: What the rows depend on besides the point and the settings; see `store.fingerprint`.
        cost: How far a point moves the progress bar, a whole number.
        unit: Of the cost.
    """

    name: str
    points: Sequence[P]
    run: Callable[[P, Path], pa.Table]
    depends: Any = None
    cost: Callable[[P], int] = _one
    unit: str = "point"


Execute = Callable[[Stage[Any]], list[pa.Table]]
"""Runs the points of a stage that are not stored, and returns the rows of all, in the order of the points."""


Content = bytes | Mapping[str, Any]
"""What a study's file holds: JSON values by name get besides what each of our files says of itself."""


@dataclass(frozen=True)
class Page:
    """What a study says.

    Attributes:
        data: The numbers, as JSON values by name; the same in every language.
        data_file: Name of the file that holds them.
        console: Text for the terminal.
        files: Content of each other file, by its name in the study's folder.
    """

    data: Mapping[str, Any]
    data_file: str
    console: str
    files: Mapping[str, Content]


S = TypeVar("S", bound=Settings)
T = TypeVar("T")


class Study(ABC, Generic[S, T]):
    """A question: which points to run, and what their rows say.

    Attributes:
        name: On the command line.
        settings_type: The type of its settings.
        home: Folder in which a run without --out gets its own.
    """

    name: ClassVar[str]
    settings_type: ClassVar[type[Settings]]
    home: ClassVar[str]

    def __init__(self, settings: S) -> None:
        """Take what is asked."""
        self.settings = settings

    def default_name(self) -> str:
        """Name of a new folder in `home`."""
        return self.name

    def announcement(self) -> str:
        """What a user should know before the study starts, such as how long it takes; may be empty."""
        return ""

    @abstractmethod
    def plan(self, execute: Execute) -> T:
        """Run the stages; a later stage's points may depend on earlier rows."""

    @abstractmethod
    def analyse(self, table: T) -> Page:
        """Numbers, and words and figures in the language that is spoken. Runs nothing."""


class PointsFailed(Unfinished):
    """Points raised errors; the others of their stage are done."""


def conduct(
    study: Study[Any, Any],
    folder: Path,
    executor: Executor,
    *,
    retry: bool = False,
    lang: str = "en",
    say: Callable[[str], None] = say,
) -> Page:
    """Run what is not done yet, analyse, and write the page. The same call goes on with what a folder holds.

    Args:
        study: The study with its settings.
        folder: Of the study; made where there is none.
        executor: Where points run; the result does not depend on it.
        retry: Whether points that failed before run again.
        lang: Of the page. What is done counts in every language.
        say: Told what the user should know.

    Raises:
        UserError: If the settings are not allowed, or the folder holds something else.
        FolderInUse: If another process works in the folder.
        PointsFailed: If points raised errors.
        WorkerDied: If processes were killed.
    """
    study.settings.check()
    check_destination(folder)
    begin = partial(study.settings.claim, study=study.name) if is_vacant(folder) else None
    with working_in(folder, begin):
        study.settings.claim(folder, study.name)
        if text := study.announcement():
            say(f"{folder}: {text}")

        def execute(stage: Stage[Any]) -> list[pa.Table]:
            return _execute(stage, study, folder, executor, retry, say)

        table = study.plan(execute)
        with speaking(lang, next((world.step for world in worlds_of(study.settings)), None)):
            page = study.analyse(table)
        of = study.settings.identity(study.name)
        head = {"kind": f"juguo_{study.name.replace('-', '_')}", "format": DATA_FORMAT}
        page = replace(page, data=sealed({**head, **page.data, "model": MODEL, "of": of}))
        for name, content in {**page.files, page.data_file: page.data}.items():
            if not isinstance(content, bytes):
                content = text_of(sealed({**head, **content, "model": MODEL, "of": of})).encode()
            path = folder / _inner(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, content)
    return page


def _inner(name: str) -> str:
    """The name of a file or folder within that of a study.

    Raises:
        ValueError: If it leads out of it.
    """
    if not all(_KEY.fullmatch(part) for part in name.split("/")):
        raise ValueError(f"{name!r} is no name of a file within a study's folder")
    return name


@dataclass(frozen=True)
class _Task:
    """What a worker is sent."""

    point: Any
    run: Callable[[Any, Path], pa.Table]
    work: Path
    model: str = MODEL


def _attempt(task: _Task) -> pa.Table | str:
    """The rows of a point, or the traceback that it ended with.

    Raises:
        UserError: If the worker has another version of the model.
        OSError: If it is the machine that failed, not the point: its disk is full, for example.
        MemoryError: Likewise.
    """
    if task.model != MODEL:
        raise UserError(f"a worker has model {MODEL}, not {task.model}; install the same version everywhere")
    try:
        return task.run(task.point, task.work)
    except (OSError, MemoryError):
        raise
    except Exception:
        return traceback.format_exc()


def _execute(
    stage: Stage[Any],
    study: Study[Any, Any],
    folder: Path,
    executor: Executor,
    retry: bool,
    say: Callable[[str], None],
) -> list[pa.Table]:
    cells = _cells(stage, study, folder)
    tables: dict[str, pa.Table] = {}
    failed: dict[str, str] = {}
    unusable: list[str] = []
    tasks = []
    for point in stage.points:
        cell = cells[point.key]
        try:
            table = cell.read()
        except CellError as error:
            unusable.append(str(error))
            table = None
        if table is not None:
            tables[point.key] = table
        elif not retry and (text := cell.error()) is not None:
            failed[point.key] = text
        else:
            tasks.append(_Task(point, stage.run, (folder / WORK_FOLDER / stage.name / point.key).absolute()))
    if unusable:  # many, where a number was raised
        more = f", and {len(unusable) - 1} others" if unusable[1:] else ""
        say(f"{unusable[0]}{more}; runs again")
    costs = {point.key: stage.cost(point) for point in stage.points}
    left = sum(costs[task.point.key] for task in tasks)
    total = sum(costs.values())
    with progress(total, stage.name, stage.unit, total - left) as bar:

        def done(task: _Task, outcome: pa.Table | str) -> None:
            key = task.point.key
            if isinstance(outcome, str):
                failed[key] = outcome
                cells[key].write_error(outcome)
                say(f"{stage.name} {key} failed: {_last_line(outcome)}")
            else:
                tables[key] = cells[key].write(outcome)
            bar.update(costs[key])

        executor.run(_attempt, tasks, done)
    if failed:
        raise PointsFailed(_failure(stage, failed, cells))
    return [tables[point.key] for point in stage.points]


def _cells(stage: Stage[Any], study: Study[Any, Any], folder: Path) -> dict[str, Cell]:
    """The cell of each point, by its key."""
    common = fingerprint(MODEL, study.name, study.settings.fixed(), stage.name, stage.depends)
    cells = {}
    for point in stage.points:
        if not _KEY.fullmatch(point.key) or point.key in cells:
            raise ValueError(f"{stage.name}: key {point.key!r} is no name of a file, or is there twice")
        path = folder / STORE_FOLDER / _inner(stage.name) / f"{point.key}.parquet"
        cells[point.key] = Cell(path, fingerprint(common, point))
    return cells


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def _failure(stage: Stage[Any], failed: Mapping[str, str], cells: Mapping[str, Cell]) -> str:
    keys = [point.key for point in stage.points if point.key in failed]
    named = ", ".join(keys[:5]) + (", ..." if len(keys) > 5 else "")
    return (
        f"{len(keys)} of {len(stage.points)} points of {stage.name} failed: {named}; the first with "
        f"{_last_line(failed[keys[0]])} ({cells[keys[0]].error_path}); "
        "the same command with --retry runs them again"
    )
