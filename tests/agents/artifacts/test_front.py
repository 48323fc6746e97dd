"""The front of a search as an allocator: which member acts, what its file holds, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from juguo_agents.allocators import Setting, UnknownAllocator
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.registry import NamedTwice
from juguo_agents.artifacts.front import FrontFileError, FrontRecord, best_members, front_content, load_front
from juguo_agents.artifacts.load import common_world, find_allocator, find_allocators
from juguo_agents.evaluation.rollout import run
from juguo_envs import Family, Scenario
from juguo_envs.worlds.family import PREFERENCES
from tests.agents.forging import Change, forge, store
from tests.support import small

SMALL = small()
MEANS = np.array([[0.3, 0.4, 0.02], [0.1, 0.5, 0.01], [0.0, 0.45, 0.0]])
SEEDS = np.arange(6, dtype=np.uint64)


def members() -> list[dict[str, float]]:
    """Three closed loops that act differently: where three searches begin."""
    starts = list(CLOSED_LOOP.starts(SMALL).values())
    return [dict(start) for start in starts[:3]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A stored front."""
    about = {"name": "front_seed64", "seed": 64, "observe": "noisy", "versions": {}, "begun": False}
    about |= {"budget": 900, "steps": 900, "generations": 3}
    content = front_content(members(), MEANS, about, SMALL)
    return store(tmp_path / "front-seed64.json", FrontRecord, content)


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
    (by_file,), (by_folder,) = find_allocators([str(file)]), find_allocators([str(file.parent)])
    assert by_file.name == by_folder.name == "front_seed64"
    with pytest.raises(NamedTwice, match=r"front-seed64\.json and .* hold the same allocator"):
        find_allocators([str(file), str(file.parent)])
    home = common_world([str(file)])
    assert isinstance(home, Scenario)
    assert home.digest() == SMALL.digest()


def test_a_folder_without_anything_names_fronts_among_what_could_be_in_it(tmp_path: Path) -> None:
    with pytest.raises(UnknownAllocator, match=r"front-seed\*\.json"):
        find_allocators([str(tmp_path)])


FAULTS: dict[str, tuple[Change, str]] = {
    "another format": (lambda d: d.update(format=1), "format is 1; this version reads 2"),
    "no name": (lambda d: d.pop("name"), "name is missing"),
    "a rule's name": (lambda d: d.update(name="flat"), "name is 'flat'; allowed is 'front_seed64'"),
    "another seed": (lambda d: d.update(seed=65), "holds the front of seed 65"),
    "no members": (lambda d: d.update(members=[]), "members is .*at least 1 entr"),
    "no parameters": (lambda d: d["members"][1].pop("parameters"), r"members\.1\.parameters is missing"),
    "an unknown parameter": (
        lambda d: d["members"][0]["parameters"].update(mood=1.0),
        r"members\[0\]: unknown parameter 'mood'",
    ),
    "a goal that is no share": (
        lambda d: d["members"][2].update(breadth=1.5),
        r"members\.2\.breadth is 1\.5",
    ),
    "another scenario": (lambda d: d["scenario"]["money"].update(B=1.5), "scenario_digest"),
    "an impossible scenario": (lambda d: d["scenario"]["money"].update(B=-1), r"money\.B"),
}


@pytest.mark.parametrize(("change", "words"), FAULTS.values(), ids=FAULTS)
def test_a_file_with_a_fault_is_refused_by_name(file: Path, change: Change, words: str) -> None:
    forge(file, change)
    with pytest.raises(FrontFileError, match=words) as error:
        load_front(file)
    assert str(file) in str(error.value)


@pytest.mark.parametrize("content", ["", "[1", "[]", '{"kind": "juguo_tree"}'])
def test_what_is_no_front_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "front-seed0.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FrontFileError, match="front-seed0"):
        load_front(path)
