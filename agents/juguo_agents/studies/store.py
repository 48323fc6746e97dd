"""The store of a study: one Parquet file a point, marked with what its rows depend on."""

from __future__ import annotations

import hashlib
import io
import json
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


class CellError(UserError):
    """A table that is torn, or that depends on something else."""


def encoded(table: pa.Table, key: str, mark: str = _MARK) -> bytes:
    """A table as Parquet, with what it depends on, its number of rows, and a checksum for every page.

    Args:
        table: The rows; other metadata of its schema is dropped.
        key: Fingerprint of what the rows depend on.
        mark: Name under which the metadata holds the key; `{mark}_rows` holds the number of rows.
    """
    marked = table.replace_schema_metadata({mark: key, f"{mark}_rows": str(table.num_rows)})
    out = io.BytesIO()
    pq.write_table(marked, out, compression="zstd", write_page_checksum=True)
    return out.getvalue()


def decoded(data: bytes, key: str, source: Path, mark: str = _MARK) -> pa.Table:
    """The table that `encoded` wrote, without its metadata.

    Raises:
        CellError: If it is torn, or depends on something else; the message names the source.
    """
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


def record(value: Any) -> pa.Table:
    """Any JSON value as a table of one row. Numbers keep every bit."""
    return pa.table({_JSON: [json.dumps(value, ensure_ascii=False)]})


def recorded(table: pa.Table) -> Any:
    """The value that `record` was given."""
    return json.loads(table[_JSON][0].as_py())


def json_text(value: Any) -> str:
    """A JSON value as the content of a file."""
    return json.dumps(value, allow_nan=False, indent=1, ensure_ascii=False) + "\n"


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
