"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

_DRAFT = re.compile(r"\..*\.[0-9a-f]{8}\.part", re.DOTALL)
_KEPT = 200  # bytes of a file's name that its draft's name has, so that the longest name has room


def write_bytes(path: Path, data: bytes) -> None:
    """Write to another name beside `path`, then rename it into place, with the mode that umask leaves.

    Raises:
        OSError: If it cannot be written, with the name `path`; what was there before is there still.
    """
    draft = draft_of(path)
    try:
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text as `write_bytes` writes bytes."""
    write_bytes(path, text.encode("utf-8"))


def draft_of(path: Path) -> Path:
    """A free name beside a path, for what shall get the path's name when it is whole."""
    kept = os.fsdecode(os.fsencode(path.name)[:_KEPT])
    return path.with_name(f".{kept}.{secrets.token_hex(4)}.part")


def is_draft(path: Path) -> bool:
    """Whether a name is that of something that was being written; a kill may leave it behind."""
    return _DRAFT.fullmatch(path.name) is not None


def sync_folder(path: Path) -> None:
    """Make a rename in a folder survive a power cut, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with suppress(OSError):  # some network's file systems cannot, and the file is there
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
