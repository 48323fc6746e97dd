"""Arrays of episodes as tables: one row an episode, whatever further axes an array has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Arrays = dict[str, npt.NDArray[Any]]


def to_table(arrays: Mapping[str, npt.NDArray[Any]]) -> pa.Table:
    """Arrays (rows, ...) by name as a table, bit by bit."""
    return pa.table(
        {
            name: pa.array(array)
            if array.ndim == 1
            else pa.FixedShapeTensorArray.from_numpy_ndarray(np.ascontiguousarray(array))
            for name, array in arrays.items()
        }
    )


def to_arrays(table: pa.Table) -> Arrays:
    """The arrays that `to_table` was given."""
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    return {
        name: column.to_numpy_ndarray()
        if isinstance(column, pa.FixedShapeTensorArray)
        else column.to_numpy(zero_copy_only=False)
        for name, column in columns.items()
    }
