"""Checkpoints of a training: one file each, whole or detected as torn, and no pickle.

A file is a line with the SHA-256 of what follows, then an `.npz` archive of plain arrays, one of which is
JSON text. The newest two are kept: where the newest is torn, the one before it is used.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.folders import sweep
from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes

KEPT = 2
_MAGIC = b"juguo-checkpoint 1 "
_SUFFIX = ".ckpt"
_VALUES = "values.json"

Arrays = dict[str, npt.NDArray[Any]]


class TornCheckpoint(UserError):
    """A checkpoint that is not whole; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Checkpoint:
    """What is needed to go on.

    Attributes:
        arrays: Arrays by name, of any dtype but object.
        values: Everything else, as JSON knows it; `values["steps"]` is the number of steps done.
    """

    arrays: Arrays
    values: dict[str, Any]

    @property
    def steps(self) -> int:
        """Environment steps done."""
        return int(self.values["steps"])


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """The content of a file.

    Raises:
        ValueError: If an array holds objects, or a value is no JSON.
    """
    for name, array in checkpoint.arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"array {name!r} holds objects, which only pickle could write")
    text = json.dumps(checkpoint.values).encode()  # a diverged training's NaN is its state, too
    out = io.BytesIO()
    content: dict[str, Any] = {**checkpoint.arrays, _VALUES: np.frombuffer(text, np.uint8)}
    np.savez(out, **content)
    body = out.getvalue()
    return _MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def from_bytes(data: bytes, source: str) -> Checkpoint:
    """Read the content of a file.

    Raises:
        TornCheckpoint: If it is not whole, to the last bit.
    """
    head, newline, body = data.partition(b"\n")
    if not newline or not head.startswith(_MAGIC):
        raise TornCheckpoint(f"{source}: no checkpoint of this version, or its beginning is missing")
    if hashlib.sha256(body).hexdigest().encode() != head.removeprefix(_MAGIC):
        raise TornCheckpoint(f"{source}: torn; its checksum does not fit its content")
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        values = json.loads(arrays.pop(_VALUES).tobytes())
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise TornCheckpoint(f"{source}: not readable as a checkpoint ({error})") from None
    return Checkpoint(arrays, values)


class CheckpointFolder:
    """The checkpoints of one training seed, named by the steps done."""

    def __init__(self, path: Path) -> None:
        """Use a folder, which need not exist yet."""
        self.path = path

    def files(self) -> list[Path]:
        """The checkpoints, the newest first."""
        return sorted((p for p in self.path.glob(f"*{_SUFFIX}") if p.stem.isdigit()), reverse=True)

    def write(self, checkpoint: Checkpoint) -> Path:
        """Write one, then remove all but the newest `KEPT`."""
        self.path.mkdir(parents=True, exist_ok=True)
        target = self.path / f"{checkpoint.steps:015d}{_SUFFIX}"
        write_bytes(target, to_bytes(checkpoint))
        for old in self.files()[KEPT:]:
            old.unlink(missing_ok=True)
        return target

    def latest(self) -> tuple[Checkpoint | None, dict[Path, str]]:
        """The newest whole checkpoint, or None; and what is wrong with newer files, which are torn."""
        torn: dict[Path, str] = {}
        for path in self.files():
            try:
                return from_bytes(path.read_bytes(), str(path)), torn
            except TornCheckpoint as error:
                torn[path] = str(error)
            except OSError as error:
                torn[path] = f"{path}: cannot be read ({error})"
        return None, torn

    def take_up(self) -> Checkpoint | None:
        """The newest whole checkpoint, or None; torn ones and what a kill left half written are removed."""
        found, torn = self.latest()
        for path in torn:
            path.unlink(missing_ok=True)
        sweep(self.path)
        return found
