"""The store of a study: one Parquet file a point, marked with what its rows depend on."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes, write_text

_MARK = "juguo_cell"
_JSON = "json"
_BLANK = b"0" * 64


class CellError(UserError):
    """A table that is torn, or that depends on something else."""


def encoded(table: pa.Table, key: str, mark: str = _MARK) -> bytes:
    """A table as Parquet, with what it depends on, its number of rows, and a checksum of the whole file.

    Args:
        table: The rows; other metadata of its schema is dropped.
        key: Fingerprint of what the rows depend on.
        mark: Name under which the metadata holds the key; `{mark}_rows` holds the number of rows, and
            `{mark}_sha256` the SHA-256 of the file with zeros in its place.
    """
    about = {mark: key, f"{mark}_rows": str(table.num_rows), f"{mark}_sha256": _BLANK.decode()}
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(about), out, compression="zstd", write_page_checksum=True)
    data = out.getvalue()
    place = _place_of_checksum(data, mark)
    return _with_checksum(data, place, hashlib.sha256(data).hexdigest().encode())


def decoded(data: bytes, key: str, source: Path, mark: str = _MARK) -> pa.Table:
    """The table that `encoded` wrote, without its metadata.

    Raises:
        CellError: If it is torn, or depends on something else; the message names the source.
    """
    place = _place_of_checksum(data, mark)
    blank = _with_checksum(data, place, _BLANK)
    if place is None or hashlib.sha256(blank).hexdigest().encode() != data[place : place + len(_BLANK)]:
        raise CellError(f"{source}: torn or changed; its checksum does not fit its content")
    try:
        table = pq.read_table(io.BytesIO(data), page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise CellError(f"{source}: torn or no Parquet ({str(error).splitlines()[0]})") from None
    metadata = table.schema.metadata or {}
    if metadata.get(mark.encode(), b"").decode() != key:
        raise CellError(f"{source}: belongs to another study, other settings or another point")
    rows = metadata.get(f"{mark}_rows".encode(), b"").decode()
    if rows != str(table.num_rows):
        raise CellError(f"{source}: has {table.num_rows} rows; expected {rows}")
    return table.replace_schema_metadata(None)


def _place_of_checksum(data: bytes, mark: str) -> int | None:
    """Where the checksum stands in the metadata, which come last; None where it does not."""
    found = list(re.finditer(re.escape(f"{mark}_sha256").encode() + rb".{1,8}?(?=[0-9a-f]{64})", data, re.S))
    return found[-1].end() if found else None


def _with_checksum(data: bytes, place: int | None, checksum: bytes) -> bytes:
    return data if place is None else data[:place] + checksum + data[place + len(checksum) :]


def record(value: Any) -> pa.Table:
    """Any JSON value as a table of one row. Numbers keep every bit."""
    return pa.table({_JSON: [json.dumps(value, ensure_ascii=False)]})


def recorded(table: pa.Table) -> Any:
    """The value that `record` was given."""
    return json.loads(table[_JSON][0].as_py())


def fingerprint(*parts: Any) -> str:
    """SHA-256 of values: numbers, text, lists, mappings, arrays, dataclasses and pydantic models of these.

    A field of a dataclass that is not compared (`field(compare=False)`) is left out, such as where a file is.

    Raises:
        TypeError: If a part is of another type.
    """
    text = json.dumps([_plain(part) for part in parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.compare}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, Sequence):
        return [_plain(part) for part in value]
    if isinstance(value, frozenset | set):
        return sorted((_plain(part) for part in value), key=json.dumps)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no fingerprint")


@dataclass(frozen=True)
class Cell:
    """Where the rows of one point are kept, or the error that it ended with.

    Attributes:
        path: The Parquet file.
        key: Fingerprint of what the rows depend on.
    """

    path: Path
    key: str

    @property
    def error_path(self) -> Path:
        """Where the error is kept, as text."""
        return self.path.with_name(self.path.name.removesuffix(".parquet") + ".error.txt")

    def read(self) -> pa.Table | None:
        """The rows, or None where the point was not run.

        Raises:
            CellError: If the file is torn, or depends on something else.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        return decoded(data, self.key, self.path)

    def write(self, table: pa.Table) -> pa.Table:
        """Keep the rows, and return them as they will be read."""
        data = encoded(table, self.key)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(self.path, data)
        self.error_path.unlink(missing_ok=True)
        return decoded(data, self.key, self.path)

    def error(self) -> str | None:
        """The traceback that the point ended with, if it did."""
        try:
            key, _, text = self.error_path.read_text(encoding="utf-8").partition("\n")
        except FileNotFoundError:
            return None
        return text if key == self.key else None

    def write_error(self, text: str) -> None:
        """Keep the traceback that the point ended with."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_text(self.error_path, f"{self.key}\n{text}")
