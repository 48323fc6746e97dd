"""Arrays and JSON values in one file, whole or seen to be torn, and no pickle.

A file is a line with the SHA-256 of what follows, then an `.npz` archive of plain arrays, one of which is
JSON text.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_envs.documents import load_json
from juguo_envs.errors import UserError

_MAGIC = b"juguo-archive 1 "
_VALUES = "values.json"
_SUFFIX = ".npy"

Arrays = dict[str, npt.NDArray[Any]]


class TornArchive(UserError):
    """A file that is not whole; the message names the file and what is wrong."""


def to_bytes(arrays: Mapping[str, npt.NDArray[Any]], values: Mapping[str, Any]) -> bytes:
    """The content of a file.

    Args:
        arrays: Arrays by name, of any dtype but object.
        values: Everything else, as JSON knows it; numbers may be NaN or infinite.

    Raises:
        ValueError: If an array holds objects, or a value is no JSON.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"array {name!r} holds objects, which only pickle could write")
    text = json.dumps(values).encode()
    out = io.BytesIO()
    content: dict[str, Any] = {**arrays, _VALUES: np.frombuffer(text, np.uint8)}
    np.savez(out, **content)
    body = out.getvalue()
    return _MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def from_bytes(data: bytes, source: str) -> tuple[Arrays, dict[str, Any]]:
    """The arrays and the values in the content of a file.

    Raises:
        TornArchive: If it is not whole, to the last bit.
    """
    head, newline, body = data.partition(b"\n")
    if not newline or not head.startswith(_MAGIC):
        raise TornArchive(f"{source}: no file of this version, or its beginning is missing")
    if hashlib.sha256(body).hexdigest().encode() != head.removeprefix(_MAGIC):
        raise TornArchive(f"{source}: torn; its checksum does not fit its content")
    try:
        arrays = _arrays(body)
        values = load_json(arrays.pop(_VALUES).tobytes().decode(), "its values", nan=True, big=True)
        if not isinstance(values, dict):
            raise ValueError("its values are no mapping")
    except (ValueError, LookupError, TypeError, ArithmeticError, NotImplementedError, MemoryError) as error:
        raise TornArchive(f"{source}: not readable ({_line(error)})") from None
    except (OSError, EOFError, SyntaxError, TokenError, zipfile.BadZipFile, RecursionError) as error:
        raise TornArchive(f"{source}: not readable ({_line(error)})") from None
    return arrays, values


def _arrays(body: bytes) -> Arrays:
    """The arrays of an archive that is not compressed, so that none is larger than the archive.

    numpy would take an array's memory before it knows that so much follows.
    """
    found: Arrays = {}
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > len(body):
                raise ValueError(f"{member.filename} is compressed")
            name = member.filename.removesuffix(_SUFFIX)
            if name in found:
                raise ValueError(f"{name} is there twice")
            found[name] = _array(archive.read(member))
    return found


def _array(data: bytes) -> npt.NDArray[Any]:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, columns_first, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, columns_first, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ValueError(f"an array of version {version}")
    rest = data[stream.tell() :]
    if dtype.hasobject or dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != len(rest):
        raise ValueError(f"an array of shape {shape} and type {dtype} does not fit its {len(rest)} bytes")
    return np.frombuffer(rest, dtype).reshape(shape, order="F" if columns_first else "C").copy()


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
