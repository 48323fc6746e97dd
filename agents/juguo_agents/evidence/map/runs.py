"""The table of runs: one row for each point, allocator and episode; in parts, then in one Parquet file."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.registry import all_rule_names, make_rule
from juguo_agents.evaluation import run
from juguo_agents.evidence.map.design import (
    MapError,
    Settings,
    allocator_names,
    map_seeds,
    tuned_rules,
    world,
)
from juguo_agents.evidence.map.portfolio import OWN, Portfolio, choose, tuned_allocator
from juguo_agents.results import Record
from juguo_agents.search.scoring import Scorer
from juguo_envs.files import write_bytes
from juguo_envs.model.state import STAGES
from juguo_envs.sampling import values_at

RUNS_FILE, POINTS_FILE, PARTS_FOLDER = "runs.parquet", "points.parquet", "parts"
_KEY = b"juguo_map"

SCHEMA = pa.schema(
    [
        ("point", pa.int32()),
        ("allocator", pa.string()),
        ("numbers", pa.string()),  # whose numbers a tuned rule uses here; empty for the others
        ("episode", pa.int16()),
        ("seed", pa.uint64()),
        ("return", pa.float64()),
        ("breadth", pa.float64()),
        ("resilience", pa.float64()),
        ("excluded", pa.float64()),
        ("abandoned", pa.int16()),
        *((f"quarters_{stage}", pa.int16()) for stage in STAGES),
        ("adoption_end", pa.float64()),
        ("adoption_peak", pa.float64()),
        ("money_spent", pa.float64()),  # per person, the whole programme, what went to the reserve left out
    ]
)


@dataclass(frozen=True)
class Point:
    """One task: everything that is run at a point."""

    index: int
    place: tuple[float, ...]
    settings: Settings
    portfolio: Portfolio
    folder: Path


def fingerprint(settings: Settings, portfolio: Portfolio) -> str:
    """What a table of runs depends on."""
    members = {rule: [[m.name, m.parameters] for m in group] for rule, group in portfolio.items()}
    text = json.dumps([settings.as_json(), allocator_names(), members], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def part_path(folder: Path, point: int) -> Path:
    """Where the runs of a point are kept until all are done."""
    return folder / PARTS_FOLDER / f"point-{point:05d}.parquet"


def run_point(task: Point) -> None:
    """Choose the tuned rules' numbers at a point, run every allocator there, and write the part."""
    settings = task.settings
    scenario = world(settings, np.array(task.place), f"point {task.index}")
    scorer = Scorer(scenario)
    seeds = map_seeds(settings, task.index)
    rules: list[tuple[Allocator, str]] = [(make_rule(name), "") for name in all_rule_names()]
    for rule in tuned_rules():
        member = choose(rule, task.portfolio[rule], settings, task.index, scorer)
        rules.append((tuned_allocator(rule, member, scenario), member.name))
    records: dict[str, Record] = {}
    tables = []
    for allocator, numbers in rules:
        same = records.get(allocator.name.partition(":")[0]) if numbers == OWN else None
        record = same or run(allocator, scenario, seeds)
        records[allocator.name] = record
        tables.append(_rows(task.index, allocator.name, numbers, record, seeds))
    table = pa.concat_tables(tables)
    write_bytes(part_path(task.folder, task.index), encoded(table, fingerprint(settings, task.portfolio)))


def _rows(point: int, allocator: str, numbers: str, record: Record, seeds: Any) -> pa.Table:
    count = len(record.returns)
    columns = {
        "point": np.full(count, point, np.int32),
        "allocator": [allocator] * count,
        "numbers": [numbers] * count,
        "episode": np.arange(count, dtype=np.int16),
        "seed": seeds,
        "return": record.returns,
        "breadth": record.breadth,
        "resilience": record.resilience,
        "excluded": record.excluded,
        "abandoned": record.abandoned.astype(np.int16),
        **{
            f"quarters_{stage}": record.stage_quarters[:, i].astype(np.int16)
            for i, stage in enumerate(STAGES)
        },
        "adoption_end": record.adoption[:, -1],
        "adoption_peak": record.adoption.max(1),
        "money_spent": record.spending[:, :, :-1].sum((1, 2)),
    }
    return pa.table(columns, schema=SCHEMA)


def encoded(table: pa.Table, key: str) -> bytes:
    """A table as Parquet, with the key of what it depends on and a checksum for every page."""
    marked = table.replace_schema_metadata({_KEY: key.encode()})
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
    found = (table.schema.metadata or {}).get(_KEY, b"").decode()
    if found != key:
        raise MapError(f"{path}: belongs to a map with other settings or other tuned numbers")
    return table


def whole_part(folder: Path, point: int, settings: Settings, key: str) -> pa.Table:
    """The runs of a point, checked to be all that belong there.

    Raises:
        MapError: If the part is missing, torn, of other settings, or has other rows than it should.
    """
    path = part_path(folder, point)
    table = read_table(path, key)
    expected = len(allocator_names()) * settings.episodes
    if table.num_rows != expected or set(table["point"].to_pylist()) != {point}:
        raise MapError(f"{path}: has {table.num_rows} rows; expected {expected} of point {point}")
    return table


def join_parts(folder: Path, settings: Settings, key: str) -> None:
    """All parts in the order of their points as one file, and then the parts are removed.

    Raises:
        MapError: If a part is not whole.
    """
    table = pa.concat_tables([whole_part(folder, i, settings, key) for i in range(settings.points)])
    write_bytes(folder / RUNS_FILE, encoded(table.combine_chunks(), key))
    remove_parts(folder)


def remove_parts(folder: Path) -> None:
    """Remove what is in the one file now."""
    parts = folder / PARTS_FOLDER
    if parts.is_dir():
        for path in parts.iterdir():
            path.unlink()
        parts.rmdir()


def write_points(folder: Path, settings: Settings) -> None:
    """Every point with its place in the cube, the value of every axis, and its scenario."""
    places = settings.places()
    rows = []
    for index, place in enumerate(places):
        scenario = world(settings, place, f"point {index}")
        values = values_at(place, settings.base)
        rows.append(
            {"point": index}
            | values
            | {f"unit:{name}": float(u) for name, u in zip(values, place, strict=True)}
            | {"digest": scenario.digest(), "scenario": json.dumps(scenario.model_dump(mode="json"))}
        )
    write_bytes(folder / POINTS_FILE, encoded(pa.Table.from_pylist(rows), settings.model))
