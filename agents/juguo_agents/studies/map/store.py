"""The table of runs: one row for each point, allocator and episode; in parts, then in one Parquet file."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from juguo_agents.studies.map.design import MapError, Settings, allocator_names, world
from juguo_agents.studies.map.portfolio import Portfolio
from juguo_agents.studies.map.values import aversions, breadth_column
from juguo_envs.files import write_bytes
from juguo_envs.model.state import STAGES
from juguo_envs.worlds.sampling import values_at
from juguo_envs.worlds.scenario import Scenario

RUNS_FILE, POINTS_FILE, PARTS_FOLDER = "runs.parquet", "points.parquet", "parts"
_KEY, _ROWS = b"juguo_map", b"juguo_map_rows"


def schema(base: Scenario) -> pa.Schema:
    """The columns of the table of runs."""
    return pa.schema(
        [
            ("point", pa.int32()),
            ("switch", pa.string()),  # which assumption is off; empty for the whole point as it is
            ("allocator", pa.string()),
            ("numbers", pa.string()),  # whose numbers a tuned rule uses; empty for the others
            ("values", pa.string()),  # the value sets for which the row counts
            ("part", pa.string()),  # which part is that of the second best; empty where none was exchanged
            ("second", pa.string()),  # the second best, where parts were exchanged
            ("episode", pa.int16()),
            ("seed", pa.uint64()),
            ("return", pa.float64()),  # under the values drawn at the point
            ("breadth", pa.float64()),  # at the aversion drawn at the point
            *((breadth_column(aversion), pa.float64()) for aversion in aversions(base)),
            ("resilience", pa.float64()),
            ("excluded", pa.float64()),
            ("abandoned", pa.int16()),
            *((f"quarters_{stage}", pa.int16()) for stage in STAGES),
            ("adoption_end", pa.float64()),
            ("adoption_peak", pa.float64()),
            ("money_spent", pa.float64()),  # per person, the whole programme, without the reserve
        ]
    )


def fingerprint(settings: Settings, portfolio: Portfolio) -> str:
    """What a table of runs depends on."""
    members = {rule: [[m.name, m.parameters] for m in group] for rule, group in portfolio.items()}
    text = json.dumps([settings.as_json(), allocator_names(), members], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class PartStore:
    """The parts of a table of runs in a map's folder, one for each task, until all are done.

    Attributes:
        folder: The map's folder.
        key: What the runs depend on.
    """

    folder: Path
    key: str

    def path(self, index: int) -> Path:
        """Where the part of a task is kept."""
        return self.folder / PARTS_FOLDER / f"part-{index:05d}.parquet"

    def write(self, index: int, table: pa.Table) -> None:
        """Keep a part."""
        write_bytes(self.path(index), encoded(table, self._key_of(index)))

    def whole(self, index: int) -> pa.Table:
        """A part, checked to be whole and that of the task.

        Raises:
            MapError: If it is missing, torn, of another task or of other settings.
        """
        return read_table(self.path(index), self._key_of(index))

    def join(self, count: int) -> None:
        """All parts in the order of their tasks as one file, and then the parts are removed.

        Raises:
            MapError: If a part is not whole.
        """
        table = pa.concat_tables([self.whole(i).replace_schema_metadata(None) for i in range(count)])
        write_bytes(self.folder / RUNS_FILE, encoded(table.combine_chunks(), self.key))
        self.remove()

    def remove(self) -> None:
        """Remove what is in the one file now."""
        parts = self.folder / PARTS_FOLDER
        if parts.is_dir():
            for path in parts.iterdir():
                path.unlink()
            parts.rmdir()

    def _key_of(self, index: int) -> str:
        return f"{self.key}-{index}"


def encoded(table: pa.Table, key: str) -> bytes:
    """A table as Parquet, with the key of what it depends on, its length, and a checksum for every page."""
    marked = table.replace_schema_metadata({_KEY: key.encode(), _ROWS: str(table.num_rows).encode()})
    out = io.BytesIO()
    pq.write_table(marked, out, compression="zstd", write_page_checksum=True)
    return out.getvalue()


def read_table(path: Path, key: str) -> pa.Table:
    """Read a table and check that it is whole and belongs here.

    Raises:
        MapError: If it is torn, or depends on other settings.
    """
    try:
        table = pq.read_table(io.BytesIO(path.read_bytes()), page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise MapError(f"{path}: torn or no Parquet ({str(error).splitlines()[0]})") from None
    told = table.schema.metadata or {}
    if told.get(_KEY, b"").decode() != key:
        raise MapError(f"{path}: belongs to a map with other settings or other tuned numbers")
    if told.get(_ROWS, b"").decode() != str(table.num_rows):
        raise MapError(f"{path}: has {table.num_rows} rows; expected {told.get(_ROWS, b'').decode()}")
    return table


def write_points(folder: Path, settings: Settings) -> None:
    """Every point with its place in the cube, the value of every axis, and its scenario."""
    rows = []
    for index, place in enumerate(settings.places()):
        scenario = world(settings, place, f"point {index}")
        values = values_at(place, settings.base, preferences=True)
        rows.append(
            {"point": index}
            | values
            | {f"unit:{name}": float(u) for name, u in zip(values, place, strict=True)}
            | {"digest": scenario.digest(), "scenario": json.dumps(scenario.model_dump(mode="json"))}
        )
    write_bytes(folder / POINTS_FILE, encoded(pa.Table.from_pylist(rows), settings.model))
