"""A comparison as tidy tables, a row for each observation: episodes, trajectories, places, and their course.

What each column means: docs/reference/tidy-data.md.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.course import PLACE, SOCIETY, STRATA
from juguo_agents.evaluation.record import Comparison, Record
from juguo_envs.documents import read_text
from juguo_envs.errors import UserError

Table = dict[str, np.ndarray[Any, Any]]
"""Columns by name, all of one length."""
Format = Literal["csv", "parquet"]

QUANTILES = {"q10": 0.10, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q90": 0.90}
COURSE_FILE = "courses.parquet"
COURSE_COLUMNS = ("allocator", "quarter", "place", *PLACE)


def episodes(comparison: Comparison) -> Table:
    """A row for each allocator and episode: allocators best mean first, episodes by seed."""
    count = comparison.episodes

    def rows(record: Record) -> Table:
        return {
            "allocator": np.repeat(record.name, count),
            "seed": comparison.first_seed + np.arange(count),
            "return": record.returns,
            "breadth": record.breadth,
            "resilience": record.resilience,
            "excluded": record.excluded,
            "adoption_end": record.adoption[:, -1],
            "abandoned": record.abandoned,
        }

    return _stacked([rows(record) for record in comparison.ranked()])


def trajectories(comparison: Comparison) -> Table:
    """A row for each allocator, quarter and quantity of the society: mean and quantiles over the episodes."""

    def rows(record: Record, quantity: str, values: Floats, first: int) -> Table:
        quarters = values.shape[1]
        return {
            "allocator": np.repeat(record.name, quarters),
            "quarter": first + np.arange(quarters),
            "quantity": np.repeat(quantity, quarters),
            "mean": values.mean(0),
            **dict(zip(QUANTILES, np.quantile(values, list(QUANTILES.values()), axis=0), strict=True)),
        }

    parts = []
    for record in comparison.ranked():
        parts.append(rows(record, "adoption", record.adoption, 0))
        if record.course is not None:
            courses = np.moveaxis(record.course.society, -1, 0)
            parts += [rows(record, name, one, 1) for name, one in zip(SOCIETY, courses, strict=True)]
    return _stacked(parts)


def places(comparison: Comparison) -> Table:
    """A row for each allocator, place and stratum, and one for all strata of a place."""
    names = np.array([place.name for place in comparison.scenario.society.listed()])
    strata = ("all", *STRATA)

    def rows(record: Record) -> Table:
        course = record.course
        assert course is not None, "a comparison records the course of its allocators"
        end = course.places[-1].astype(np.float64)
        whole = course.persons.sum(1, keepdims=True)
        gone = end[:, [PLACE.index("excluded")]]
        nothing = np.full((len(names), len(STRATA)), np.nan)
        return {
            "allocator": np.repeat(record.name, len(names) * len(strata)),
            "place": np.repeat(names, len(strata)),
            "stratum": np.tile(strata, len(names)),
            "persons": np.hstack([whole, course.persons]).ravel(),
            "adoption": end[:, : len(strata)].ravel(),
            "excluded_end": np.hstack([gone, course.excluded_end]).ravel(),
            "excluded": np.hstack([course.excluded.mean(0)[:, None], nothing]).ravel(),
            "money": np.hstack([record.community_spending.sum(1).mean(0)[:, None], nothing]).ravel(),
        }

    return _stacked([rows(record) for record in comparison.ranked()])


def courses(comparison: Comparison) -> Table:
    """A row for each allocator, quarter and place: means over the episodes."""
    names = np.array([place.name for place in comparison.scenario.society.listed()])

    def rows(record: Record) -> Table:
        course = record.course
        assert course is not None, "a comparison records the course of its allocators"
        quarters = len(course.quarters)
        columns = course.places.reshape(-1, len(PLACE)).T
        return {
            "allocator": np.repeat(record.name, quarters * len(names)),
            "quarter": np.repeat(course.quarters, len(names)),
            "place": np.tile(names, quarters),
            **dict(zip(PLACE, columns, strict=True)),
        }

    return _stacked([rows(record) for record in comparison.ranked()])


TABLES: Mapping[str, Callable[[Comparison], Table]] = {
    "trajectories": trajectories,
    "places": places,
    "episodes": episodes,
}
"""The tables that are files of their own, by name."""


def csv_text(table: Table) -> str:
    """A table as CSV: ten digits, nothing where there is no number."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table)
    columns = [
        ["" if np.isnan(x) else f"{x:.10g}" for x in column.tolist()] if column.dtype.kind == "f" else column
        for column in table.values()
    ]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


def parquet_bytes(table: Table) -> bytes:
    """A table as Parquet; NaN becomes null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = pa.BufferOutputStream()
    arrays = {name: pa.array(column, from_pandas=True) for name, column in table.items()}
    arrays = {name: a.dictionary_encode() if pa.types.is_string(a.type) else a for name, a in arrays.items()}
    pq.write_table(pa.table(arrays), out, compression="zstd")
    return bytes(out.getvalue().to_pybytes())


def as_bytes(table: Table, form: Format) -> bytes:
    """A table as the content of a file."""
    return csv_text(table).encode("utf-8") if form == "csv" else parquet_bytes(table)


def read_parquet(path: Path, columns: Sequence[str]) -> Table:
    """A table in a file, which must hold these columns.

    Raises:
        UserError: If there is none, or it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=list(columns))
        return {name: _column(table[name].combine_chunks()) for name in columns}
    except (OSError, KeyError, pa.ArrowException) as error:
        raise UserError(f"{path}: cannot be read ({error}); run juguo evaluate anew") from None


def read_csv(path: Path, words: Sequence[str], numbers: Sequence[str]) -> Table:
    """These columns of a table in a file.

    Raises:
        UserError: If there is none, or it cannot be read.
    """
    rows = list(csv.DictReader(io.StringIO(read_text(path, "table"))))
    try:
        return {name: np.array([row[name] for row in rows]) for name in words} | {
            name: np.array([float(row[name] or "nan") for row in rows]) for name in numbers
        }
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); run juguo evaluate anew") from None


def _column(values: Any) -> np.ndarray[Any, Any]:
    words = hasattr(values.type, "value_type")
    found: np.ndarray[Any, Any] = (values.dictionary_decode() if words else values).to_numpy(
        zero_copy_only=False
    )
    return found.astype(str) if words else found


def _stacked(parts: list[Table]) -> Table:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
