"""`juguo study NAME`: made of a study's settings, the same for all studies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from pydantic import Field

from juguo_agents.cli import study as command
from juguo_agents.report.texts import say
from juguo_agents.studies import STUDIES, StudyEntry
from juguo_agents.studies.settings import NamedScenario, Settings
from juguo_agents.studies.study import Execute, Page, Stage, Study, record, recorded
from juguo_envs.worlds.scenario import Scenario
from tests.agents.cli.test_train_and_evaluate import TINY
from tests.running import Done, juguo, refused, succeeded


class Asked(Settings):
    """Settings of the study that the tests run."""

    smoke: ClassVar[dict[str, Any]] = {"count": 2, "names": ("smoke",)}

    names: tuple[str, ...] = Field((), description="names", json_schema_extra={"positional": True})
    count: int = Field(3, ge=1, le=9, description="numbers")
    scenario: NamedScenario = Field(default_factory=lambda: Scenario.load("default"), description="the world")


NEEDED = {
    "attribution": ("flat", "market+exit"),
    "compare-runs": ("run", "--against", "flat"),
    "explain": ("flat",),
}
"""What a study cannot do without."""
WORLD = "society: {persons: 60, communities: {count: 3, hubs: 1}}\nprogramme: {T: 12}\n"


@dataclass(frozen=True)
class Number:
    """A number to be doubled."""

    number: int

    @property
    def key(self) -> str:
        """Its name."""
        return str(self.number)


def double(point: Number, work: Path) -> pa.Table:
    """Twice the number, unless a file in the present folder forbids it."""
    if Path("interrupt").exists():
        raise KeyboardInterrupt
    if Path("fail").exists():
        raise RuntimeError("asked to fail")
    return record(2 * point.number)


class Doubles(Study[Asked, list[int]]):
    """Doubles of numbers."""

    name = "doubles"
    settings_type = Asked
    home = "doubled"

    def default_name(self) -> str:
        """The world's."""
        return self.settings.scenario.name

    def plan(self, execute: Execute) -> list[int]:
        """One stage."""
        points = [Number(number) for number in range(self.settings.count)]
        return [recorded(table) for table in execute(Stage("numbers", points, double))]

    def analyse(self, table: list[int]) -> Page:
        """The doubles."""
        data = {"doubles": table, "names": list(self.settings.names)}
        page = f"# Doubles, {say('word.return')}\n"
        return Page(data, "doubles.json", f"doubles: {table}", {"doubles.md": page.encode()})


def doubled(*words: str, cwd: Path) -> Done:
    """Run the study in this process."""
    return juguo("study", "doubles", *words, "--workers", "1", cwd=cwd)


@pytest.fixture(autouse=True)
def doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STUDIES, "doubles", StudyEntry(__name__, "Doubles", "what twice a number is"))


def test_its_settings_are_its_options(tmp_path: Path) -> None:
    page = succeeded(juguo("study", "doubles", "--help", cwd=tmp_path))
    for words in (
        "What twice a number is.",
        "NAMES",
        "--count",
        "numbers; 1 to 9",
        "[default: default]",
        "--retry",
    ):
        assert words in page
    assert "doubles" in succeeded(juguo("list", "studies", cwd=tmp_path))
    refused(doubled("--count", "10", cwd=tmp_path), "--count is 10; allowed is 1 to 9")
    refused(doubled("--scenario", "pour", cwd=tmp_path), "--scenario", "did you mean 'poor'")
    refused(doubled("--address", "a", cwd=tmp_path), "--address", "--executor ray")
    refused(juguo("study", "double", cwd=tmp_path), "unknown command 'double'", "did you mean 'doubles'")
    assert not list(tmp_path.iterdir())


def test_it_writes_its_page_into_a_numbered_folder_and_json_prints_nothing_else(tmp_path: Path) -> None:
    asked = ("a", "b", "--scenario", "poor")
    for out in ("doubled/poor", "doubled/poor-2"):
        assert succeeded(doubled(*asked, cwd=tmp_path)) == f"doubles: [0, 2, 4]\n\nwritten: {out}\n"
        assert (tmp_path / out / "doubles.md").read_text() == "# Doubles, Return\n"
    told = succeeded(doubled(*asked, "--json", cwd=tmp_path))
    assert told == (tmp_path / "doubled" / "poor-3" / "doubles.json").read_text()
    found = json.loads(told)
    assert (found["doubles"], found["names"]) == ([0, 2, 4], ["a", "b"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], {"doubles": [0, 2], "names": ["smoke"]}),
        (["mine", "--count", "1"], {"doubles": [0], "names": ["mine"]}),
    ],
)
def test_smoke_is_small_but_for_what_is_said(tmp_path: Path, words: list[str], told: dict[str, Any]) -> None:
    found = json.loads(succeeded(doubled(*words, "--smoke", "--json", cwd=tmp_path)))
    assert {name: found[name] for name in told} == told


def test_the_same_command_goes_on_and_a_changed_setting_is_refused(tmp_path: Path) -> None:
    printed = succeeded(doubled("--out", "here", cwd=tmp_path))
    (tmp_path / "fail").touch()  # what is done is not run again
    assert succeeded(doubled("--out", "here", cwd=tmp_path)) == printed
    changed = doubled("--out", "here", "--count", "4", cwd=tmp_path)
    refused(changed, "count is 4", "has 3", "name another --out")


def test_another_language_is_another_page_of_the_same_rows(tmp_path: Path) -> None:
    here = tmp_path / "here"
    succeeded(doubled("--out", "here", cwd=tmp_path))
    numbers = [(here / file).read_bytes() for file in ("doubles.json", "settings.json")]
    (tmp_path / "fail").touch()  # what is done is not run again
    for lang, written, word in (("zh", "已写入：", "回报"), ("en", "written: ", "Return")):
        printed = succeeded(doubled("--out", "here", "--lang", lang, cwd=tmp_path))
        assert printed == f"doubles: [0, 2, 4]\n\n{written}here\n"
        assert (here / "doubles.md").read_text("utf-8") == f"# Doubles, {word}\n"
        assert [(here / file).read_bytes() for file in ("doubles.json", "settings.json")] == numbers
    refused(doubled("--out", "here", "--lang", "fr", cwd=tmp_path), "--lang")


def test_points_that_failed_run_again_when_asked_to(tmp_path: Path) -> None:
    (tmp_path / "fail").touch()
    failed = doubled("--out", "here", cwd=tmp_path)
    refused(failed, "3 of 3 points of numbers failed", "asked to fail", "--retry", status=1)
    (tmp_path / "fail").unlink()
    refused(doubled("--out", "here", cwd=tmp_path), "--retry", status=1)
    assert "doubles: [0, 2, 4]" in succeeded(doubled("--out", "here", "--retry", cwd=tmp_path))


def test_an_interrupted_study_says_what_goes_on(tmp_path: Path) -> None:
    (tmp_path / "interrupt").touch()
    done = doubled("a b", cwd=tmp_path)
    assert done.returncode == 130
    again = "juguo study doubles 'a b' --workers 1 --out doubled/default"
    assert done.stderr.strip().splitlines()[-1] == f"interrupted; go on with: {again}"


def test_points_run_on_as_many_processes_as_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(command, "LocalExecutor", asked.append)
    monkeypatch.setattr(command, "conduct", lambda study, folder, executor, **how: Page({}, "", "", {}))
    succeeded(juguo("study", "doubles", "--workers", "5", cwd=tmp_path))
    assert asked == [5]


@pytest.mark.parametrize("name", STUDIES)
def test_every_setting_of_a_study_is_explained(name: str, tmp_path: Path) -> None:
    kind = STUDIES[name].load()
    assert kind.name == name and kind.home
    assert all(field.description for field in kind.settings_type.model_fields.values())
    page = succeeded(juguo("study", name, "--help", cwd=tmp_path))
    assert "default: custom" not in page  # a world that came with the package has a name


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_a_study_runs_tiny_and_then_has_nothing_left_to_do(name: str, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(WORLD)
    if "run" in NEEDED.get(name, ()):
        (tmp_path / "config.yaml").write_text(TINY)
        changes = ("scenario=tiny.yaml", "override={}", "training.seeds=[0]")
        succeeded(juguo("train", "config.yaml", *changes, "--out", "run", cwd=tmp_path))
    world = ("--scenario", "tiny.yaml") * ("scenario" in STUDIES[name].load().settings_type.model_fields)
    asked = ("study", name, *NEEDED.get(name, ()), *world, "--smoke", "--out", "here", "--json")
    told = juguo(*asked, cwd=tmp_path)
    assert (tmp_path / "here" / "store").is_dir()
    assert json.loads(succeeded(told))
    again = juguo(*asked, cwd=tmp_path)
    assert succeeded(again) == told.stdout
    assert "point/s]" not in again.stderr
