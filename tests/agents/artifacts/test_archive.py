"""Arrays and values in one file: they come back to the last bit, or the file is seen to be torn."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from juguo_agents.artifacts.archive import TornArchive, from_bytes, to_bytes
from tests.agents.forging import resealed

ARRAYS = arrays_of.arrays(
    st.one_of(arrays_of.boolean_dtypes(), arrays_of.integer_dtypes(), arrays_of.floating_dtypes()),
    arrays_of.array_shapes(min_dims=0, min_side=0),
)
NAMES = st.text("abc._0", min_size=1).filter(lambda name: name != "values.json")
VALUES = st.dictionaries(st.text(), st.one_of(st.floats(), st.integers(0, 2**200), st.text(), st.none()))
WHOLE = to_bytes({"x": np.arange(5.0), "y": np.zeros((2, 3), np.int32)}, {"steps": 1, "worst": float("nan")})


@given(st.dictionaries(NAMES, ARRAYS, max_size=3), VALUES)
def test_what_is_written_comes_back_to_the_last_bit(held: dict[str, Any], values: dict[str, Any]) -> None:
    arrays, told = from_bytes(to_bytes(held, values), "file")
    assert arrays.keys() == held.keys()
    for name, array in held.items():
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
        assert arrays[name].tobytes() == array.tobytes()
    assert str(told) == str(values)


@pytest.mark.parametrize("place", range(0, len(WHOLE), 7))
def test_one_flipped_bit_is_found(place: int) -> None:
    data = bytearray(WHOLE)
    data[place] ^= 1
    with pytest.raises(TornArchive, match="file"):
        from_bytes(bytes(data), "file")


@pytest.mark.parametrize("size", [0, 1, 30, 82, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_file_that_is_cut_short_is_found(size: int) -> None:
    with pytest.raises(TornArchive):
        from_bytes(WHOLE[:size], "file")


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of anything, with a checksum that fits."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as held:
        for name, content in members.items():
            held.writestr(name, content)
    return resealed(WHOLE.partition(b"\n")[0], out.getvalue())


def npy(shape: str, data: bytes = b"", dtype: str = "<f8") -> bytes:
    """An array's file that says of itself what is asked."""
    head = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + data


VALUES_ALONE = {"values.json.npy": npy("(2,)", b"{}", "|u1")}
HOSTILE = {
    "no archive": resealed(WHOLE.partition(b"\n")[0], b"nothing"),
    "no values": archive({"x.npy": npy("(1,)", bytes(8))}),
    "values that are no mapping": archive({"values.json.npy": npy("(2,)", b"[]", "|u1")}),
    "values that are no JSON": archive({"values.json.npy": npy("(1,)", b"{", "|u1")}),
    "an array larger than memory": archive({**VALUES_ALONE, "x.npy": npy("(10**15,)")}),
    "a shape that overflows": archive({**VALUES_ALONE, "x.npy": npy("(2**62, 2**62)")}),
    "a negative shape": archive({**VALUES_ALONE, "x.npy": npy("(-1,)", bytes(8))}),
    "objects": archive({**VALUES_ALONE, "x.npy": npy("(1,)", bytes(8), "|O")}),
    "a shape that is no shape": archive({**VALUES_ALONE, "x.npy": npy("[[[[")}),
    "another version": archive({**VALUES_ALONE, "x.npy": b"\x93NUMPY\x09\x00" + bytes(100)}),
    "an empty array": archive({**VALUES_ALONE, "x.npy": b""}),
    "a bomb": archive({**VALUES_ALONE, "x.npy": npy("(1000000,)", bytes(8_000_000))}, zipfile.ZIP_DEFLATED),
    "a name twice": archive({**VALUES_ALONE, "x.npy": npy("(0,)"), "x": npy("(0,)")}),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_strangers_archive_is_refused_in_one_line(fault: str) -> None:
    with pytest.raises(TornArchive) as refused:
        from_bytes(HOSTILE[fault], "file")
    assert "\n" not in str(refused.value)


def test_objects_are_not_written() -> None:
    with pytest.raises(ValueError, match="'x' holds objects"):
        to_bytes({"x": np.array([{}])}, {})
