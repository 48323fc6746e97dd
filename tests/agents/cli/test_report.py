"""`juguo report`: the page of finished comparisons, and how it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from juguo_agents.progress import Progress, progress
from tests.running import juguo, refused, succeeded

SMALL = ("--scenario", "small.yaml", "--episodes", "3")


def data_of(page: Path) -> Any:
    return json.loads(page.read_text(encoding="utf-8").split('id="data">')[1].split("</script>")[0])


def without_title(data: Any) -> list[Any]:
    return [{name: value for name, value in one.items() if name != "title"} for one in data["comparisons"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two comparisons, one with tables as Parquet."""
    path = tmp_path_factory.mktemp("report")
    (path / "small.yaml").write_text(
        "{base: default, name: small, society: {persons: 60}, programme: {T: 12}}\n"
    )
    succeeded(juguo("evaluate", "flat", *SMALL, "--out", "one", cwd=path))
    printed = succeeded(juguo("evaluate", "market", *SMALL, "--out", "two", "--tables", "parquet", cwd=path))
    assert "in a browser: two/report.html" in printed
    return path


def test_every_comparison_leaves_its_page_and_the_command_makes_the_same_again(folder: Path) -> None:
    for name, suffix in (("one", "csv"), ("two", "parquet")):
        page = folder / name / "report.html"
        before = without_title(data_of(page))
        assert {p.name for p in (folder / name).iterdir()} >= {
            f"{table}.{suffix}" for table in ("episodes", "trajectories", "places")
        }
        page.unlink()
        assert succeeded(juguo("report", name, cwd=folder)).strip() == f"{name}/report.html"
        assert without_title(data_of(page)) == before


def test_several_comparisons_go_into_a_new_file(folder: Path) -> None:
    refused(juguo("report", "one", "two", cwd=folder), "2 comparisons are named", "--out FILE")
    succeeded(juguo("report", "one", "two", "--out", "both.html", cwd=folder))
    shown = data_of(folder / "both.html")["comparisons"]
    assert [one["title"] for one in shown] == ["one", "two"]
    refused(juguo("report", "one", "two", "--out", "both.html", cwd=folder), "both.html exists already")
    refused(juguo("report", "one", "--out", "nowhere/page.html", cwd=folder), "nowhere is no folder")


def test_a_bar_tells_how_far_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[tuple[int, int]] = []

    @contextmanager
    def watched(total: int, what: str, unit: str) -> Iterator[Progress]:
        with progress(total, what, unit) as bar:
            yield bar
        ends.append((bar.done, total))

    monkeypatch.setattr("juguo_agents.cli.report.progress", watched)
    succeeded(juguo("report", "one", "two", "--out", "again.html", cwd=folder))
    assert ends == [(4, 4)]


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("comparison.json", None, ["no comparison.json there", "juguo evaluate --out"]),
        ("comparison.json", "{", ["comparison.json"]),
        ("comparison.json", "[]", ["comparison.json", "not a comparison"]),
        ("courses.parquet", None, ["courses.parquet", "run juguo evaluate anew"]),
        ("courses.parquet", "no table", ["courses.parquet", "run juguo evaluate anew"]),
        ("trajectories.csv", "a,b\n1,2\n", ["trajectories.csv", "run juguo evaluate anew"]),
        ("trajectories.csv", None, ["trajectories", "run juguo evaluate anew"]),
        ("scenario.yaml", None, ["scenario.yaml"]),
    ],
)
def test_what_is_no_whole_comparison_is_refused_and_nothing_is_written(
    folder: Path, tmp_path: Path, file: str, content: str | None, words: list[str]
) -> None:
    shutil.copytree(folder / "one", tmp_path / "broken")
    (tmp_path / "broken" / "report.html").unlink()
    (tmp_path / "broken" / file).unlink()
    if content is not None:
        (tmp_path / "broken" / file).write_text(content)
    refused(juguo("report", "broken", cwd=tmp_path), *words)
    assert not (tmp_path / "broken" / "report.html").exists()


def test_nothing_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    refused(juguo("report", cwd=tmp_path), "name the folder")
    refused(juguo("report", "nowhere", cwd=tmp_path), "nowhere", "no comparison.json there")
