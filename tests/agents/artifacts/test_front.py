"""The front of a search as an allocator: which member acts, what its file holds, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import Setting, UnknownAllocator
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.artifacts.front import FrontFileError, best_members, front_text, load_front
from juguo_agents.artifacts.load import common_world, find_allocator, find_allocators
from juguo_agents.evaluation.rollout import run
from juguo_envs import Family, Scenario
from juguo_envs.worlds.family import PREFERENCES
from tests.support import small

SMALL = small()
MEANS = np.array([[0.3, 0.4, 0.02], [0.1, 0.5, 0.01], [0.0, 0.45, 0.0]])
SEEDS = np.arange(6, dtype=np.uint64)
Change = Callable[[dict[str, Any]], Any]


def members() -> list[dict[str, float]]:
    """Three closed loops that act differently: where three searches begin."""
    starts = list(CLOSED_LOOP.starts(SMALL).values())
    return [dict(start) for start in starts[:3]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A stored front."""
    path = tmp_path / "front-seed64.json"
    about = {"name": "front_seed64", "observe": "noisy"}
    path.write_text(front_text(members(), MEANS, about, SMALL), encoding="utf-8")
    return path


def preferring(w_b: float, w_r: float, w_x: float) -> Scenario:
    return SMALL.override({"reward.w_b": w_b, "reward.w_r": w_r, "reward.w_x": w_x})


def test_the_member_that_is_best_for_the_weights_is_chosen() -> None:
    breadth, resilience, excluded = (np.array([1.0, 0.0, 0.0, 0.6]), np.array([0.0, 1.0, 0.0, 1.0]), 1e-3)
    assert best_members(MEANS, (breadth, resilience, excluded), 4).tolist() == [0, 1, 2, 0]
    assert best_members(MEANS, (0.0, 0.0, 5.0), 3).tolist() == [2, 2, 2]


@pytest.mark.parametrize(("weights", "member"), [((1.0, 0.1, 0.1), 0), ((0.01, 1.0, 0.1), 1)])
def test_it_acts_as_that_member_does(file: Path, weights: tuple[float, float, float], member: int) -> None:
    world = preferring(*weights)
    alone = CLOSED_LOOP.allocator([members()[member]], SMALL)
    returns = [run(a, world, SEEDS).returns for a in (find_allocator(str(file), "name"), alone)]
    np.testing.assert_array_equal(*returns)


def test_where_weights_are_drawn_each_episode_has_its_own_member(file: Path) -> None:
    family, seeds = Family(SMALL, False, PREFERENCES), np.arange(40, dtype=np.uint64)
    chosen = best_members(MEANS, Setting.of_family(family, seeds).reward, 40)
    assert len(set(chosen.tolist())) > 1
    together = run(find_allocator(str(file), "name"), family, seeds).returns
    for member in set(chosen.tolist()):
        alone = run(CLOSED_LOOP.allocator([members()[member]], SMALL), family, seeds).returns
        np.testing.assert_array_equal(together[chosen == member], alone[chosen == member])


def test_a_front_comes_back_as_it_was_and_is_found_by_file_and_folder(file: Path) -> None:
    stored = load_front(file)
    assert stored.members == members()
    np.testing.assert_array_equal(stored.means, MEANS)
    by_file, by_folder = find_allocators([str(file), str(file.parent)])
    assert by_file.name == by_folder.name == f"front_seed64_{file.parent.name}"
    home = common_world([str(file)])
    assert isinstance(home, Scenario)
    assert home.digest() == SMALL.digest()


def test_a_folder_without_anything_names_fronts_among_what_could_be_in_it(tmp_path: Path) -> None:
    with pytest.raises(UnknownAllocator, match=r"front-seed\*\.json"):
        find_allocators([str(tmp_path)])


FAULTS: dict[str, tuple[Change, str]] = {
    "another format": (lambda d: d.update(format=2), "format is 2; this version reads 1"),
    "no name": (lambda d: d.pop("name"), "'name' is missing"),
    "no members": (lambda d: d.update(members=[]), "'members' is missing, empty"),
    "no parameters": (lambda d: d["members"][1].pop("parameters"), r"members\[1\]: 'parameters' is missing"),
    "an unknown parameter": (
        lambda d: d["members"][0]["parameters"].update(mood=1.0),
        r"members\[0\]: unknown parameter 'mood'",
    ),
    "a goal that is no share": (
        lambda d: d["members"][2].update(breadth=1.5),
        r"members\[2\]: breadth is 1\.5; allowed is 0 to 1",
    ),
    "another scenario": (lambda d: d["scenario"]["money"].update(B=1.5), "scenario_digest"),
    "an impossible scenario": (lambda d: d["scenario"]["money"].update(B=-1), r"money\.B"),
}


@pytest.mark.parametrize(("change", "words"), FAULTS.values(), ids=FAULTS)
def test_a_file_with_a_fault_is_refused_by_name(file: Path, change: Change, words: str) -> None:
    data = json.loads(file.read_text(encoding="utf-8"))
    change(data)
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(FrontFileError, match=words) as error:
        load_front(file)
    assert str(file) in str(error.value)


@pytest.mark.parametrize("content", ["", "[1", "[]", '{"kind": "juguo_tree"}'])
def test_what_is_no_front_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "front-seed0.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FrontFileError, match="front-seed0"):
        load_front(path)
