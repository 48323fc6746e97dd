"""The engine: what is done is kept and used, whatever happened, and nothing else is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juguo_agents.folders import SETTINGS_FILE, FolderInUse, locked
from juguo_agents.studies.executors import LocalExecutor
from juguo_agents.studies.store import CellError, decoded, encoded, fingerprint
from juguo_agents.studies.study import Execute, PointsFailed, Stage, conduct, record, recorded
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario
from tests.agents.forging import forge
from tests.agents.studies.products import DATA, Asked, Number, Products, multiply
from tests.running import ENVIRONMENT
from tests.support import small


@dataclass
class Shuffled:
    """An executor whose tasks run in another order, and that counts them."""

    order: Callable[[list[Any]], Sequence[Any]] = list
    keys: list[str] = field(default_factory=list)

    def run(self, function: Callable[[Any], Any], tasks: Sequence[Any], done: Callable[..., None]) -> None:
        """Call the function for every task."""
        for task in self.order(list(tasks)):
            self.keys.append(task.point.key)
            done(task, function(task))


def made(folder: Path, *, retry: bool = False, **values: Any) -> tuple[list[str], list[str]]:
    """Conduct the study; returns the keys of the points that ran, and what was said."""
    executor, said = Shuffled(), list[str]()
    conduct(Products(Asked.parse(values)), folder, executor, retry=retry, say=said.append)
    return executor.keys, said


def files(folder: Path) -> dict[str, bytes]:
    """Content of every file of a study, but what points leave in their own folders."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {
        name: path.read_bytes()
        for path in paths
        if not (name := str(path.relative_to(folder))).startswith("work")
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a finished study."""
    made(tmp_path / "one")
    return tmp_path / "one"


def test_what_is_done_is_not_done_again(folder: Path) -> None:
    before = files(folder)
    assert made(folder) == ([], [])
    assert files(folder) == before
    (folder / "store/products/number+2.parquet").unlink()
    assert made(folder) == (["number+2"], [])
    assert files(folder) == before
    assert json.loads(before[DATA])["total"] == {"sum": 9.0, "third": 1 / 3}


def test_every_flipped_bit_of_a_cell_is_found() -> None:
    table = pa.table({"returns": np.arange(40.0), "name": ["a", "b"] * 20})
    whole = encoded(table, "0" * 64)
    assert decoded(whole, "0" * 64, Path("cell")).equals(table)
    for place in range(0, 8 * len(whole), 11):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(CellError, match="cell"):
            decoded(bytes(flipped), "0" * 64, Path("cell"))


@pytest.mark.parametrize("fault", ["cut short", "a byte changed", "of another point", "rows missing"])
def test_a_cell_that_is_torn_or_foreign_is_named_and_run_again(folder: Path, fault: str) -> None:
    before = files(folder)
    path = folder / "store/products/number+1.parquet"
    data = path.read_bytes()
    if fault == "cut short":
        path.write_bytes(data[: len(data) // 2])
    elif fault == "a byte changed":
        path.write_bytes(data[:20] + bytes([data[20] ^ 0xFF]) + data[21:])
    elif fault == "of another point":
        shutil.copy(path.with_name("number+2.parquet"), path)
    else:
        table = pq.read_table(path)
        pq.write_table(table.slice(0, 0), path)
    keys, said = made(folder)
    assert keys == ["number+1"]
    assert len(said) == 1
    assert str(path) in said[0]
    assert "runs again" in said[0]
    assert files(folder) == before


def test_a_failed_point_is_kept_with_its_error_and_run_again_only_on_demand(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    Asked().claim(folder, Products.name)
    (folder / "fail1").touch()
    error = folder / "store/products/number+1.error.txt"
    with pytest.raises(PointsFailed) as failure:
        made(folder)
    for words in ("1 of 4 points of products failed: number+1", "asked to fail", str(error), "--retry"):
        assert words in str(failure.value)
    assert "Traceback" in error.read_text()
    assert (folder / "store/products/number+3.parquet").exists()  # the others went on
    (folder / "fail1").unlink()
    with pytest.raises(PointsFailed, match="asked to fail"):
        made(folder)
    assert len(list((folder / "work/products/number+1").iterdir())) == 1
    assert made(folder, retry=True)[0] == ["number+1", "number+0"]
    assert not list(folder.rglob("*.error.txt"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"factor": 2.0}, "factor is 2.0, but .*settings.json has 1.5; give the same, or name another --out"),
        ({"scenario": "default"}, "scenario.* is .*, but .*settings.json has"),
        ({"scenario": small({"money.B": 0.3})}, "scenario.money.B is 0.3, but .*settings.json has"),
        ({"count": 3}, "count is 3, but .*settings.json has 4; give 4 or more"),
    ],
)
def test_a_changed_setting_is_refused_by_name(folder: Path, change: dict[str, Any], words: str) -> None:
    before = files(folder)
    with pytest.raises(UserError, match=words):
        made(folder, **change)
    assert files(folder) == before


def test_a_grown_number_counts_what_is_done_and_a_free_one_is_not_remembered(folder: Path) -> None:
    assert made(folder, count=6, note="later")[0] == ["number+4", "number+5", "number+0"]
    assert (folder / "figures/note.txt").read_text() == "later"
    with pytest.raises(UserError, match="count is 4"):
        made(folder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("study", "holds the study 'x'; name another --out"),
        ("version", "written by another version"),
        ("model", "another version of the model"),
        ("settings", "settings is 'x': input should be a mapping"),
        ("kind", "not the settings of a study"),
    ],
)
def test_a_folder_of_something_else_is_refused(folder: Path, name: str, words: str) -> None:
    path = folder / SETTINGS_FILE
    other = {"version": 99, "model": "0" * 14}.get(name, "x")
    forge(path, lambda data: data.update({name: other}))
    with pytest.raises(UserError, match=words):
        made(folder)
    path.unlink()
    with pytest.raises(UserError, match="not empty and holds no study"):
        made(folder)
    path.write_text("{")
    with pytest.raises(UserError, match=r"settings\.json: no JSON"):
        made(folder)
    with pytest.raises(UserError, match="is no folder"):
        made(path / "below a file")


@settings(max_examples=10)
@given(st.permutations(range(4)))
def test_the_order_of_arrival_changes_no_byte(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    one, two = (tmp_path_factory.mktemp("order") / name for name in ("one", "two"))
    made(one)
    executor = Shuffled(lambda tasks: [tasks[i] for i in order] if len(tasks) == 4 else tasks)
    conduct(Products(Asked()), two, executor)
    assert files(one) == files(two)


def test_two_processes_write_the_same_files_as_one(folder: Path, tmp_path: Path) -> None:
    conduct(Products(Asked()), tmp_path / "two", LocalExecutor(2))
    assert files(tmp_path / "two") == files(folder)


def test_a_folder_in_use_is_left_alone(folder: Path) -> None:
    with locked(folder), pytest.raises(FolderInUse, match="in use by another process"):
        made(folder)


@pytest.mark.parametrize(("workers", "number"), [(1, signal.SIGINT), (2, signal.SIGINT), (2, signal.SIGKILL)])
def test_a_study_that_is_told_to_end_or_killed_keeps_what_is_done(
    folder: Path, tmp_path: Path, workers: int, number: signal.Signals
) -> None:
    two = tmp_path / "two"
    two.mkdir()
    Asked().claim(two, Products.name)
    (two / "wait3").touch()
    code = (
        "from pathlib import Path; import signal, sys;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"  # a job in the background ignores it
        "from juguo_agents.studies.executors import LocalExecutor;"
        "from juguo_agents.studies.study import conduct;"
        "from tests.agents.studies.products import *;"
        f"conduct(Products(Asked()), Path(sys.argv[1]), LocalExecutor({workers}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(two)], env=ENVIRONMENT, stderr=subprocess.PIPE
    )
    try:
        while len(list(two.glob("store/products/*.parquet"))) < 3:
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, number)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode != 0
    assert (b"KeyboardInterrupt" in errors) == (number == signal.SIGINT)
    (two / "wait3").unlink()
    assert made(two)[0] == ["number+3", "number+0"]
    assert files(two) == files(folder)


def test_settings_that_cannot_be_are_refused_by_name(tmp_path: Path) -> None:
    for values, words in (
        ({"count": 0}, "settings: count is 0; allowed is 1( |$)"),
        ({"cout": 1}, "unknown field 'cout' .did you mean 'count'"),
        ({"scenario": "defalt"}, "unknown scenario 'defalt' .did you mean 'default'"),
        ({"scenario": {"money": {"B": -1}}}, "scenario.money.B is -1"),
    ):
        with pytest.raises(UserError, match=words):
            Asked.parse(values)
    small().save(tmp_path / "small.yaml")
    assert Asked.parse({"scenario": str(tmp_path / "small.yaml")}) == Asked(scenario=small())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_a_record_keeps_every_bit(value: Any) -> None:
    assert recorded(record(value)) == value


def test_a_fingerprint_is_of_the_content_alone() -> None:
    assert fingerprint(Number(1, 0.5)) == fingerprint({"factor": 0.5, "number": 1})
    assert fingerprint(np.arange(3)) == fingerprint((0, 1, 2))
    assert fingerprint(Scenario.load("default")) != fingerprint(small())
    assert fingerprint({"a", "b", "c"}) == fingerprint({"c", "b", "a"})
    with pytest.raises(TypeError, match="a Products has no fingerprint"):
        fingerprint(Products(Asked()))


def test_keys_are_names_of_files_and_no_key_is_there_twice(tmp_path: Path) -> None:
    def plan(self: Products, execute: Execute) -> Any:
        return execute(Stage("products", [Number(1, 1.0), Number(1, 2.0)], multiply))

    twice = type("Twice", (Products,), {"plan": plan})
    with pytest.raises(ValueError, match="is there twice"):
        conduct(twice(Asked()), tmp_path / "one", Shuffled())
