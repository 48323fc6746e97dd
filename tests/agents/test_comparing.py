"""`juguo_agents.compare`: what a notebook gets."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import juguo_agents
from juguo_agents.allocators import BASELINE, make_rule
from juguo_agents.comparing import Compared
from juguo_agents.report.tidy import (
    COURSE_COLUMNS,
    COURSE_FILE,
    TABLES,
    csv_text,
    parquet_bytes,
    read_parquet,
)
from juguo_envs.errors import UserError

WORLD = {
    "society": {"persons": 60, "communities": {"count": 3}},
    "programme": {"T": 8},
}
EPISODES = 10


class Mine:
    """An allocator of somebody's own, whose name would be markup."""

    name = "<script>alert(1)</script>"

    def __init__(self) -> None:
        self.inner = make_rule("flat")

    def start(self, setting: Any, seeds: Any) -> None:
        self.inner.start(setting, seeds)

    def act(self, observation: Any) -> Any:
        return self.inner.act(observation)


@pytest.fixture(scope="module")
def compared() -> Compared:
    return juguo_agents.compare(WORLD, ["flat", Mine()], episodes=EPISODES)


def test_a_table_has_a_row_for_each_allocator_and_what_they_are_read_against(compared: Compared) -> None:
    assert {row["allocator"] for row in compared.table} == {"flat", Mine.name, BASELINE, "nothing"}
    means = [row["return"] for row in compared.table]
    assert means == sorted(means, reverse=True)
    by_name = {row["allocator"]: row for row in compared.table}
    assert by_name["flat"]["return"] == by_name[Mine.name]["return"]
    assert "1. " in repr(compared) and "vs " in repr(compared)


def test_a_notebook_shows_the_verdict_and_names_as_text(compared: Compared) -> None:
    shown = compared._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert shown.count("<li>") == 5
    assert shown.count("<tr>") == 1 + len(compared.table)


def test_tidy_tables_agree_with_each_other(compared: Compared) -> None:
    tables = {name: make(compared.comparison) for name, make in TABLES.items()}
    episodes, trajectories, places = (tables[name] for name in ("episodes", "trajectories", "places"))
    for record in compared.comparison.records:
        own = episodes["allocator"] == record.name
        course = (trajectories["allocator"] == record.name) & (trajectories["quarter"] == 8)
        last = dict(zip(trajectories["quantity"][course], trajectories["mean"][course], strict=True))
        assert last["adoption"] == pytest.approx(episodes["adoption_end"][own].mean())
        there = (places["allocator"] == record.name) & (places["stratum"] == "all")
        whole = (places["adoption"] * places["persons"])[there].sum() / 60
        assert whole == pytest.approx(last["adoption"], abs=1e-6)
        assert (places["excluded"] * places["persons"])[there].sum() / 60 == pytest.approx(
            record.excluded.mean()
        )
        assert (places["excluded_end"] * places["persons"])[there].sum() / 60 == pytest.approx(
            last["excluded"]
        )
        strata = (places["allocator"] == record.name) & (places["stratum"] != "all")
        assert places["persons"][strata].sum() == pytest.approx(60)


def test_csv_and_parquet_hold_the_same(compared: Compared, tmp_path: Path) -> None:
    for make in TABLES.values():
        table = make(compared.comparison)
        rows = list(csv.DictReader(io.StringIO(csv_text(table))))
        (tmp_path / "t.parquet").write_bytes(parquet_bytes(table))
        columns = pq.read_table(tmp_path / "t.parquet").to_pydict()
        assert list(columns) == list(rows[0])
        for name, column in columns.items():
            for one, row in zip(column, rows, strict=True):
                text = row[name]
                assert (text == "") if one is None else (one == text or float(text) == pytest.approx(one))


def test_all_is_written_into_a_new_folder_and_nothing_over_an_old_one(
    compared: Compared, tmp_path: Path
) -> None:
    files = {path.name for path in compared.write(tmp_path / "new")}
    assert {"trajectories.csv", "places.csv", "episodes.csv", COURSE_FILE, "comparison.json"} <= files
    found = read_parquet(tmp_path / "new" / COURSE_FILE, COURSE_COLUMNS)
    assert set(found["allocator"]) == {r.name for r in compared.comparison.records}
    with pytest.raises(UserError, match="exists already"):
        compared.write(tmp_path / "new")
    (tmp_path / COURSE_FILE).write_text("no table")
    with pytest.raises(UserError, match="cannot be read"):
        read_parquet(tmp_path / COURSE_FILE, COURSE_COLUMNS)


def test_figures_come_by_name_and_pandas_where_it_is_installed(compared: Compared) -> None:
    assert compared.plot("adoption").axes
    with pytest.raises(UserError, match=r"unknown figure 'adoptoin'.*did you mean 'adoption'"):
        compared.plot("adoptoin")
    with pytest.raises(UserError, match="unknown table 'place'"):
        compared.to_pandas("place")
    pytest.importorskip("pandas")
    assert list(compared.to_pandas()["allocator"]) == [row["allocator"] for row in compared.table]
    assert np.isfinite(compared.to_pandas("episodes")["return"]).all()


def test_what_is_given_is_checked() -> None:
    with pytest.raises(UserError, match=r"give a list, such as \['flat'\]"):
        juguo_agents.compare("default", "flat")
    with pytest.raises(UserError, match="did you mean 'flat'"):
        juguo_agents.compare("default", ["flatt"])
    with pytest.raises(UserError, match="did you mean 'default'"):
        juguo_agents.compare("defalt", ["flat"])
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = juguo_agents.nonsense


def test_the_package_alone_imports_no_model() -> None:
    code = "import sys, juguo_agents; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
