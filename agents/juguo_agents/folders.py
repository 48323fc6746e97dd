"""The folder of a run: made once, never overwritten, each file whole or absent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from juguo_envs.documents import dump_yaml
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.names import slug

SETTINGS_FILE = "settings.json"
"""What a study was asked for, in its folder."""


class FolderExists(UserError):
    """The folder that a run should be written to is there already."""


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


def claim_folder(path: Path) -> Path:
    """Make a new folder.

    Raises:
        FolderExists: If it exists; nothing in it is touched.
        OSError: If it cannot be made.
    """
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        raise FolderExists(f"{path} exists already; name another --out, or move it away") from None
    return path


def next_free(parent: Path, name: str) -> Path:
    """`parent/name`, or `parent/name-2`, `parent/name-3`, ... where that exists; the name as a slug."""
    name = slug(name)
    taken = {p.name for p in parent.glob(f"{name}*")} if parent.is_dir() else set()
    if name not in taken:
        return parent / name
    numbers = [int(m[1]) for t in taken if (m := re.fullmatch(re.escape(name) + r"-(\d+)", t))]
    return parent / f"{name}-{max([1, *numbers]) + 1}"


def write_yaml(path: Path, data: Mapping[str, Any]) -> None:
    """Write a mapping as YAML, whole or not at all."""
    write_text(path, dump_yaml(data))
