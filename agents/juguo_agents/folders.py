"""The folder of a job: looked at before the work, made whole, and never another one's."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from juguo_envs.documents import dump_yaml
from juguo_envs.errors import UserError
from juguo_envs.files import draft_of, is_draft, sync_folder, write_text
from juguo_envs.names import slug

SETTINGS_FILE = "settings.json"
"""What a study was asked for, in its folder."""


class FolderExists(UserError):
    """The folder or file that a job should write is there already, and holds something else."""


class FolderInUse(UserError):
    """Another process works in a folder."""


@contextmanager
def locked(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Keep other processes that do the same out of a folder. The lock ends with the process, however it ends.

    Where the system has no such locks (Windows), nothing is locked.

    Raises:
        FolderInUse: If another process holds the lock and `wait` is false.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise FolderInUse(f"{path} is in use by another process; wait for it, or end it") from None
        yield
    finally:
        os.close(handle)


def is_vacant(path: Path) -> bool:
    """Whether nothing is there: no folder, or one that holds nothing, or only what a kill left unfinished."""
    try:
        return all(is_draft(entry) for entry in path.iterdir())
    except FileNotFoundError:
        return True


def check_destination(path: Path) -> None:
    """Refuse a folder that could not be made, or could not be written, before work is done for it.

    Raises:
        UserError: Saying why.
    """
    why = _unwritable(path)
    if why:
        raise UserError(f"--out is {path}: {why}; name another folder")


def _unwritable(path: Path, *files: str) -> str:
    """Why a folder, or such files in it, cannot be written; nothing where they can."""
    there, names = path, []
    try:
        while not os.path.lexists(there):
            names.append(there.name)
            there = there.parent
        if not there.is_dir():
            return f"{there} is no folder"
        if not os.access(there, os.W_OK | os.X_OK | (os.R_OK if there == path else 0)):
            return f"{there} cannot be written; it is read-only, or you are not permitted to"
        inside = [draft_of(Path("x")).name, *files]
        for name in [*names, *inside]:  # the system says whether it can have such names, and a path so long
            with suppress(FileNotFoundError):
                (there / name).lstat()
        for name in inside:
            with suppress(FileNotFoundError):
                (path / name).lstat()
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""


def check_new(path: Path) -> None:
    """Refuse a folder that is there already, or that could not be made.

    Raises:
        UserError: Saying why; `FolderExists` if it holds something.
    """
    check_destination(path)
    if not is_vacant(path):
        raise FolderExists(f"{path} exists already; name another --out, or move it away")


def check_new_file(path: Path, option: str = "--out") -> None:
    """Refuse a file that is there already, or that could not be written.

    Raises:
        UserError: Saying why; `FolderExists` if it is there.
    """
    check_file(path, option)
    if os.path.lexists(path):
        raise FolderExists(f"{path} exists already; name another file, or move it away")


def check_file(path: Path, option: str = "--out") -> None:
    """Refuse a file whose folder is not there, or that could not be written, before work is done for it.

    Args:
        path: The file, which may be there.
        option: By which it is named.

    Raises:
        UserError: Saying why.
    """
    why = _unwritable(path.parent, path.name)
    if not why and not path.parent.exists():
        why = f"{path.parent} is no folder"
    if why:
        raise UserError(f"{option} is {path}: {why}; name another file")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to write into, which gets its name when all is written: it is there whole or not at all.

    Raises:
        FolderExists: If it exists and holds something; nothing in it is touched.
        OSError: If it cannot be made.
    """
    check_new(path)
    empty = path.exists()  # somebody's own: it stays, and may be a mount
    made = [parent for parent in path.parents if not parent.exists()]
    draft = draft_of(path / "new" if empty else path)
    _sweep_beside(draft)
    try:
        draft.mkdir(parents=True)
        with locked(draft):
            yield draft
            check_new(path)
            if empty:
                for entry in draft.iterdir():
                    entry.replace(path / entry.name)
                draft.rmdir()
            else:
                draft.rename(path)
        sync_folder(path.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        _remove(made)
        raise


@contextmanager
def working_in(folder: Path, begin: Callable[[Path], None] | None = None) -> Iterator[None]:
    """Work alone in a folder that holds a job already, or in a new one.

    A job that refuses, and has done nothing in its new folder, leaves none.

    Args:
        folder: Of the job.
        begin: Writes what a job begins with into the new folder; None where the job is gone on with.

    Raises:
        UserError: If it cannot be written; `FolderExists` if it should be new and is not.
        FolderInUse: If another process works in it.
    """
    check_destination(folder)
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    if begin:
        with new_folder(folder) as draft:
            begin(draft)
    with locked(folder):
        sweep(folder)
        before = set(folder.rglob("*")) if begin else set()
        try:
            yield
        except UserError:
            if begin and set(folder.rglob("*")) == before:
                for path in before:
                    path.unlink()
                _remove(made)
            raise


def sweep(folder: Path) -> None:
    """Remove what a kill left unfinished, from a folder in which nobody else works."""
    for path in [path for path in folder.rglob(".*") if is_draft(path)]:
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _sweep_beside(draft: Path) -> None:
    """Remove earlier drafts of the same folder, whose makers were killed."""
    beginning = draft.name.removesuffix(".part").rpartition(".")[0]
    with suppress(FileNotFoundError):
        for other in draft.parent.iterdir():
            if is_draft(other) and other.name.startswith(f"{beginning}.") and other.is_dir():
                with suppress(OSError, FolderInUse), locked(other):
                    shutil.rmtree(other)


def _remove(folders: list[Path]) -> None:
    """Remove folders, the innermost first, as far as they are empty."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def next_free(parent: Path, name: str) -> Path:
    """`parent/name`, or `parent/name-2`, `parent/name-3`, ... where that exists; the name as a slug."""
    name = slug(name)
    taken = {entry.name for entry in parent.iterdir()} if parent.is_dir() else set()
    if name not in taken:
        return parent / name
    numbers = [int(m[1]) for t in taken if (m := re.fullmatch(re.escape(name) + r"-(\d+)", t))]
    return parent / f"{name}-{max([1, *numbers]) + 1}"


def write_yaml(path: Path, data: Mapping[str, Any]) -> None:
    """Write a mapping as YAML, whole or not at all."""
    write_text(path, dump_yaml(data))
