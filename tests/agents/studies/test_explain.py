"""What an explanation measures and leaves, that its trees earn what it says, and how it refuses."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from juguo_agents.artifacts.load import find_allocators
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import run
from juguo_agents.studies.explain.study import Explain
from juguo_agents.studies.study import Page
from juguo_envs.errors import UserError
from tests.agents.studies.conducting import check_chinese, conducted
from tests.support import small

WORLD = small({"name": "tiny"})
NUMBERS: dict[str, Any] = {
    "run": "experiment_diffusion", "scenario": WORLD, "leaves": (3, 5), "rounds": 1, "asking": 4,
    "ranking": 2, "choice": 2, "episodes": 6, "repeats": 1,
}  # fmt: skip


explained_in = partial(conducted, Explain, **NUMBERS)


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Page]:
    """The proposal explained in a tiny world."""
    folder = tmp_path_factory.mktemp("explain")
    return folder, explained_in(folder)


def test_it_says_what_it_found_and_leaves_trees_figures_and_a_page(explained: tuple[Path, Page]) -> None:
    folder, page = explained
    for words in ("keeps of the gain over flat", "Fidelity", "in production", "Observations"):
        assert words in page.console
    figures = {"tree3.png", "tree5.png", "spending.png", "communities.png", "importance.png"}
    left = {path.name for path in folder.iterdir() if path.is_file()}
    assert left == figures | {"tree3.json", "tree5.json", "explain.json", "explain.md", "settings.json"}
    text = (folder / "explain.md").read_text(encoding="utf-8")
    assert all(f"({name})" in text for name in figures)
    data = json.loads((folder / "explain.json").read_text(encoding="utf-8"))
    assert data == page.data
    assert [t["leaves"] <= most for t, most in zip(data["trees"], (3, 5), strict=True)] == [True, True]
    assert {"flat", "nothing", "experiment_diffusion"} <= {s["name"] for s in data["spending"]}


def test_its_page_and_figures_are_in_chinese_where_that_is_asked_for(explained: tuple[Path, Page]) -> None:
    check_chinese(partial(explained_in, explained[0]), explained[0], "explain")


def test_its_trees_are_allocators_and_earn_what_is_said(explained: tuple[Path, Page]) -> None:
    folder, page = explained
    spent = {s["name"]: s["return"] for s in page.data["spending"]}
    for file in ("tree3.json", "tree5.json"):  # each by itself: the two may be alike
        [tree] = find_allocators([str(folder / file)])
        earned = run(tree, WORLD, seeds.test(0, 6)).returns.mean()
        assert earned == pytest.approx(spent[tree.name], abs=1e-12)


def test_other_numbers_need_another_folder(explained: tuple[Path, Page]) -> None:
    with pytest.raises(UserError, match=r"episodes is 7, but .* has 6"):
        explained_in(explained[0], episodes=7)
