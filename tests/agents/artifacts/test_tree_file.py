"""Files of trees: they come back as they were, evaluate.py's finder takes them, and every fault is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import UnknownAllocator
from juguo_agents.allocators.registry import NamedTwice
from juguo_agents.artifacts.load import find_allocators
from juguo_agents.artifacts.tree import Tree
from juguo_agents.artifacts.tree_file import TreeFileError, TreeRecord, load_tree, tree_content
from juguo_agents.evaluation.rollout import Conditions
from tests.agents.forging import Change, forge, store
from tests.running import juguo, refused, succeeded

ABOUT = {"name": "tree6_of_rule", "observe": "noisy", "source": {"name": "rule"}, "fidelity": {}}


@pytest.fixture
def file(world: Conditions, tree: Tree, tmp_path: Path) -> Path:
    """A stored tree."""
    content = {**ABOUT, **tree_content(tree, world.scenario)}
    return store(tmp_path / "tree6.json", TreeRecord, content)


def test_a_tree_comes_back_as_it_was_written(file: Path, tree: Tree, world: Conditions) -> None:
    back = load_tree(file)
    assert (back.name, back.scenario) == ("tree6_of_rule", world.scenario)
    assert (back.tree.features, back.tree.locals) == (tree.features, tree.locals)
    for field in ("feature", "threshold", "yes", "no", "wants", "quarters", "leans"):
        np.testing.assert_array_equal(getattr(back.tree, field), getattr(tree, field))
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_a_tree_earns_the_same_from_its_file_by_path_and_by_folder(
    file: Path, tree: Tree, world: Conditions
) -> None:
    seeds = np.arange(3, dtype=np.uint64)
    (by_path,), (by_folder,) = find_allocators([str(file)]), find_allocators([str(file.parent)])
    returns = [world.run(allocator, seeds).returns for allocator in (by_path, by_folder)]
    np.testing.assert_array_equal(*returns)
    renamed = file.rename(file.parent / "mine.json")
    assert find_allocators([str(renamed)])[0].name == "tree6_of_rule"


def test_trees_of_one_name_take_their_folders_name(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / file.name).write_bytes(file.read_bytes())
    with pytest.raises(NamedTwice, match=r"tree6\.json and .*tree6\.json hold the same allocator"):
        find_allocators([str(file), str(other)])
    forge(other / file.name, lambda data: data.update(cut=0.25))
    names = [a.name for a in find_allocators([str(file), str(other)])]
    assert names == [f"tree6_of_rule_{tmp_path.name}", "tree6_of_rule_other"]


def test_the_page_of_a_comparison_shows_a_tree_and_that_of_what_it_explains(
    file: Path, world: Conditions, tmp_path: Path
) -> None:
    world.scenario.save(tmp_path / "world.yaml")
    asked = ("--scenario", "world.yaml", "--episodes", "2")
    succeeded(juguo("evaluate", file, *asked, "--out", "with", cwd=tmp_path))
    succeeded(juguo("evaluate", "flat", *asked, "--out", "without", cwd=tmp_path))
    assert '"lines":["if ' in (tmp_path / "with" / "report.html").read_text(encoding="utf-8")
    explained = tmp_path / "explained"
    explained.mkdir()
    (explained / file.name).write_bytes(file.read_bytes())
    forge(explained / file.name, lambda data: data.update(source={"name": "flat"}))
    succeeded(juguo("report", "without", "explained", cwd=tmp_path))
    assert '"name":"tree6_of_rule","lines":["if ' in (tmp_path / "without" / "report.html").read_text()
    refused(juguo("report", "explained", cwd=tmp_path), "is an explanation", "name its run")


def test_a_folder_without_anything_says_what_could_be_in_it(tmp_path: Path) -> None:
    with pytest.raises(UnknownAllocator, match=r"tree\*\.json"):
        find_allocators([str(tmp_path)])


def _inner(data: dict[str, Any]) -> dict[str, Any]:
    return next(node for node in data["nodes"] if "feature" in node)


def _leaf(data: dict[str, Any]) -> dict[str, Any]:
    return next(node for node in data["nodes"] if "feature" not in node)


FAULTS: dict[str, tuple[Change, str]] = {
    "another kind": (lambda d: d.update(kind="juguo_search"), "not a tree"),
    "another format": (lambda d: d.update(format=2), "format is 2; this version reads 3"),
    "no name": (lambda d: d.pop("name"), "name is missing"),
    "an empty name": (lambda d: d.update(name=""), "name: '' has 0 characters"),
    "a rule's name": (lambda d: d.update(name="concentrated"), "name is 'concentrated'; a tree is named"),
    "a learned one's name": (lambda d: d.update(name="learned_seed0"), "name is 'learned_seed0'"),
    "a path as its name": (lambda d: d.update(name="../../tree6_of_flat"), "a tree is named"),
    "a name that controls the screen": (lambda d: d.update(name="tree6_of_\x1b[31m"), r"U\+001B"),
    "another tree's name": (lambda d: d.update(name="tree8_of_rule"), "holds tree8_of_rule"),
    "no source": (lambda d: d.pop("source"), "source is missing"),
    "fidelity as text": (
        lambda d: d.update(fidelity="good"),
        "fidelity is 'good': input should be",
    ),
    "another scenario": (lambda d: d["scenario"]["money"].update(B=1.5), "scenario_digest"),
    "an impossible scenario": (lambda d: d["scenario"]["money"].update(B=-1), "money.B"),
    "an unknown lean": (lambda d: d["locals"].append("mood"), r"locals\.3 is 'mood'"),
    "a lean twice": (lambda d: d["locals"].append("crisis"), r"locals\.3 is 'crisis'"),
    "no leans": (lambda d: _leaf(d).pop("leans"), r"nodes\.\d+\.leans is missing"),
    "a missing lean": (lambda d: _leaf(d)["leans"].pop("crisis"), "leans: 'crisis' is missing"),
    "a lean that is no number": (lambda d: _leaf(d)["leans"].update(crisis="up"), "leans.crisis is 'up'"),
    "unknown feature": (lambda d: d["features"][0].update(name="mood"), r"features\.0 is 'mood'"),
    "features as object": (lambda d: d.update(features={}), "features is {}: input should be a valid list"),
    "no nodes": (lambda d: d.update(nodes=[]), "nodes is .*at least 1 entr"),
    "asks what is not listed": (lambda d: _inner(d).update(feature="mood"), "not among features"),
    "no threshold": (lambda d: _inner(d).pop("at_most"), "'at_most' is missing"),
    "threshold as text": (lambda d: _inner(d).update(at_most="1"), "at_most is '1'"),
    "a circle": (lambda d: _inner(d).update(yes=0), r"nodes\.0\.yes is 0"),
    "beyond the end": (lambda d: _inner(d).update(no=10_000), r"nodes\.0\.no is 10000"),
    "one node twice": (lambda d: _inner(d).update(no=_inner(d)["yes"]), "exactly one other"),
    "unknown use": (lambda d: _leaf(d)["shares"].update(parties=0.0), "'parties' is unknown"),
    "missing use": (lambda d: _leaf(d)["shares"].pop("research"), "'research' is missing"),
    "negative share": (lambda d: _leaf(d)["shares"].update(research=-0.1), "shares.research is -0.1"),
    "shares that do not sum": (lambda d: _leaf(d)["shares"].update(reserve=1.0), "must sum to 1"),
    "places missing": (lambda d: _leaf(d)["communities"].pop(), "communities has 2 entries"),
    "a request beyond 1": (lambda d: _leaf(d).update(abandon=1.5), "abandon is 1.5"),
    "true as a number": (lambda d: _leaf(d).update(advance=True), "advance is true"),
    "quarters by half": (lambda d: _leaf(d).update(quarters=0.5), "quarters is 0.5"),
    "no cut": (lambda d: d.pop("cut"), "cut is missing"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_with_a_fault_is_refused_and_the_fault_named(fault: str, file: Path) -> None:
    change, message = FAULTS[fault]
    forge(file, change)
    with pytest.raises(TreeFileError, match=message) as refused:
        load_tree(file)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_tree_at_all_is_refused_in_one_line(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    with pytest.raises(TreeFileError) as refused:
        load_tree(file)
    assert "\n" not in str(refused.value)
