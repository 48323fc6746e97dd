"""A new rule is one class at the end of `rules.py`: every command and every table then knows it."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from juguo_agents.allocators import BASELINE, NOTHING
from tests import running
from tests.running import ROOT, TINY_WORLD, Done, copy_agents, load_script, refused, succeeded

pytestmark = pytest.mark.slow

PAGES = ("docs/reference/model.md", "docs/reference/rules.md")
BARE = """

class Bare(Rule):
    base_name, idea = "bare", "everything alike; it declares no number at all"

    def decide(self, seen):
        return Decision(np.ones((self.n, 9)), self.by_population(), 0.5, True)
"""


def example() -> str:
    """The class that the guide shows, whose name is `mine`."""
    shown = (ROOT / "docs/how-to/extend.md").read_text(encoding="utf-8")
    return next(
        code for code in re.findall(r"```python\n(.*?)```", shown, re.DOTALL) if code.startswith("class")
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small world, the pages, and a copy of the agents that has two more rules."""
    folder = tmp_path_factory.mktemp("new_rule")
    (folder / "tiny.yaml").write_text(TINY_WORLD)
    for page in load_script("tables.py").PAGES:
        (folder / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / page, folder / page)
    with (copy_agents(folder) / "juguo_agents/allocators/rules.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\n{example()}{BARE}")
    return folder


def run(name: str, *arguments: str, folder: Path) -> Done:
    """Run a command with the agents of the folder."""
    return running.run(name, *arguments, cwd=folder, agents=folder / "agents")


def test_it_is_evaluated_with_and_without_institutions(folder: Path) -> None:
    names = ("mine", "mine+exit+relief", "bare", "bare+relief")
    asked = ("--scenario", "tiny.yaml", "--episodes", "3", "--out", "evaluated")
    succeeded(run("evaluate", *names, *asked, folder=folder))
    with (folder / "evaluated" / "episodes.csv").open(encoding="utf-8") as file:
        assert {row["allocator"] for row in csv.DictReader(file)} == {*names, BASELINE, NOTHING}
    refused(run("evaluate", "mine+relief+exit", folder=folder), "did you mean 'mine+exit+relief'?")


def test_its_numbers_are_tuned_by_a_search(folder: Path) -> None:
    asked = ("--scenario", "tiny.yaml", "--budget", "100", "--validation", "4", "--json")
    told = succeeded(run("search", "--family", "rule:mine+relief", *asked, folder=folder))
    numbers = json.loads(told)["parameters"]
    assert {name for name in numbers if "." not in name} == {"openness", "K", "relief", "lean_crisis"}
    assert {name for name in numbers if "." in name} == {"shares.research", "shares.enablement"}
    without = run("search", "--family", "rule:bare", *asked, folder=folder)
    refused(without, "rule 'bare' has no numbers to tune")


def test_its_shares_are_a_start_of_other_searches(folder: Path) -> None:
    asked = ("--scenario", "tiny.yaml", "--budget", "100", "--validation", "4", "--start", "mine")
    succeeded(run("search", "--family", "open_loop", *asked, folder=folder))


def test_it_is_judged_beside_generalists(folder: Path) -> None:
    tiny = ("--scenarios", "2", "--episodes", "2", "--budget", "400", "--tuning", "400", "--convergence", "0")
    asked = ("--scenario", "tiny.yaml", *tiny, "--workers", "1", "--out", "judged", "--json")
    told = succeeded(run("study", "generalisation", *asked, folder=folder))
    names = {row["name"] for row in json.loads(told)["allocators"]}
    assert {"mine", "mine:tuned", "mine+exit+relief", "bare", "bare+exit+relief:tuned"} <= names


def test_it_is_explained_by_a_tree(folder: Path) -> None:
    tiny = ("--leaves", "3", "--rounds", "1", "--episodes", "4", "--scenario", "tiny.yaml", "--json")
    told = succeeded(run("explain", "mine", *tiny, "--out", "explained", folder=folder))
    assert {"mine", "bare"} <= {row["name"] for row in json.loads(told)["spending"]}


def test_the_tables_of_the_pages_are_found_stale_and_written(folder: Path) -> None:
    stale = run("tables.py", "--check", "--root", str(folder), folder=folder)
    assert stale.returncode == 1
    assert all(f"{page} differs from the code" in stale.stderr for page in PAGES)
    for what in ("--write", "--check"):
        succeeded(run("tables.py", what, "--root", str(folder), folder=folder))
    for page in PAGES:
        assert "| `mine` | " in (folder / page).read_text(encoding="utf-8")
