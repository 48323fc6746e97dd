"""A new rule is one class at the end of `rules.py`: every command and every table then knows it."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from juguo_agents.allocators import BASELINE
from tests.running import ENVIRONMENT, ROOT, command, refused

pytestmark = pytest.mark.slow

WORLD = "name: tiny\nsociety: {persons: 60, communities: {count: 3, hubs: 1}}\nprogramme: {T: 8}\n"
PAGES = ("docs/model.md", "README.md", "README.zh-CN.md")
BARE = """

class Bare(Rule):
    base_name, idea = "bare", "everything alike; it declares no number at all"

    def decide(self, seen):
        return Decision(np.ones((self.n, 9)), self.by_population(), 0.5, True)
"""


def example() -> str:
    """The class that the README shows, whose name is `mine`."""
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    return next(
        code for code in re.findall(r"```python\n(.*?)```", shown, re.DOTALL) if code.startswith("class")
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small world, the pages, and a copy of the agents that has two more rules."""
    folder = tmp_path_factory.mktemp("new_rule")
    (folder / "tiny.yaml").write_text(WORLD)
    (folder / "docs").mkdir()
    for page in PAGES:
        shutil.copy(ROOT / page, folder / page)
    shutil.copytree(ROOT / "agents", folder / "agents", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "agents/juguo_agents/allocators/rules.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\n{example()}{BARE}")
    return folder


def run(script: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script with the agents of the folder."""
    path = os.pathsep.join([str(folder / "agents"), str(ROOT / "envs")])
    return subprocess.run(
        command(script, *arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**ENVIRONMENT, "PYTHONPATH": path},
    )


def test_it_is_evaluated_with_and_without_institutions(folder: Path) -> None:
    names = ("mine", "mine+exit+relief", "bare", "bare+relief")
    asked = ("--scenario", "tiny.yaml", "--episodes", "3", "--out", "evaluated")
    done = run("evaluate.py", *names, *asked, folder=folder)
    assert done.returncode == 0, done.stderr
    with (folder / "evaluated" / "episodes.csv").open(encoding="utf-8") as file:
        assert {row["allocator"] for row in csv.DictReader(file)} == {*names, BASELINE}
    refused(run("evaluate.py", "mine+relief+exit", folder=folder), "did you mean 'mine+exit+relief'?")


def test_its_numbers_are_tuned_by_a_search(folder: Path) -> None:
    asked = ("--scenario", "tiny.yaml", "--budget", "100", "--validation", "4", "--json")
    done = run("search.py", "--family", "rule:mine+relief", *asked, folder=folder)
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)["parameters"]
    assert {name for name in numbers if "." not in name} == {"openness", "K", "relief", "lean_crisis"}
    assert {name for name in numbers if "." in name} == {"shares.research", "shares.enablement"}
    without = run("search.py", "--family", "rule:bare", *asked, folder=folder)
    refused(without, "rule 'bare' has no numbers to tune")


def test_its_shares_are_a_start_of_other_searches(folder: Path) -> None:
    asked = ("--scenario", "tiny.yaml", "--budget", "100", "--validation", "4", "--start", "mine")
    done = run("search.py", "--family", "open_loop", *asked, folder=folder)
    assert done.returncode == 0, done.stderr


def test_it_is_judged_beside_generalists(folder: Path) -> None:
    tiny = ("--scenarios", "2", "--episodes", "2", "--budget", "400", "--tuning", "400", "--doubled", "0")
    asked = ("--scenario", "tiny.yaml", *tiny, "--workers", "1", "--out", "judged", "--json")
    done = run("family.py", *asked, folder=folder)
    assert done.returncode == 0, done.stderr
    names = {row["name"] for row in json.loads(done.stdout)["allocators"]}
    assert {"mine", "mine:tuned", "mine+exit+relief", "bare", "bare+exit+relief:tuned"} <= names


def test_it_is_explained_by_a_tree(folder: Path) -> None:
    tiny = ("--leaves", "3", "--rounds", "1", "--episodes", "4", "--scenario", "tiny.yaml", "--json")
    done = run("explain.py", "mine", *tiny, "--out", "explained", folder=folder)
    assert done.returncode == 0, done.stderr
    assert {"mine", "bare"} <= {row["name"] for row in json.loads(done.stdout)["spending"]}


def test_the_tables_of_the_pages_are_found_stale_and_written(folder: Path) -> None:
    stale = run("tables.py", "--check", "--root", str(folder), folder=folder)
    assert stale.returncode == 1
    assert all(f"{page} differs from the code" in stale.stderr for page in PAGES)
    assert run("tables.py", "--write", "--root", str(folder), folder=folder).returncode == 0
    assert run("tables.py", "--check", "--root", str(folder), folder=folder).returncode == 0
    for page in PAGES:
        assert "| `mine` | " in (folder / page).read_text(encoding="utf-8")
