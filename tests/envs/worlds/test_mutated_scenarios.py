"""Scenarios with faults in them: a world that is saved and loaded as it is, or a refusal in one line."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from juguo_envs import Scenario, scenario_names
from juguo_envs.worlds.society import build_structure
from tests.mutations import mutated, read_or_refused

TEXTS = [
    (resources.files("juguo_envs.worlds") / f"{name}.yaml").read_text("utf-8") for name in scenario_names()
]
TEXTS += [
    "society: {persons: 20, network: listed, ties: [[0, 1], [2, 3]], communities: [{name: a, population: 20, "
    "producers: 1, capability: .5}]}\nprogramme: {T: 10, minimum: [4, 4, 4], maximum: [24, 24]}\n",
    "base: poor\nname: mine\ndescription: |\n  two\n  lines\nmoney: &m {B: 0.5}\nreward: {w_b: 1.0}\n",
]


def check(numbers: range, folder: Path) -> int:
    """Number of the mutations that are worlds."""
    worlds = 0
    for number in numbers:
        text = mutated(TEXTS[number % len(TEXTS)], number)
        found = read_or_refused(Scenario.load, folder / "world.yaml", text)
        if isinstance(found, Scenario):
            worlds += 1
            found.save(folder / "again.yaml")
            again = Scenario.load(folder / "again.yaml")
            assert again == found and again.digest() == found.digest()
            if found.society.persons <= 20_000 and found.society.network != "complete":
                assert build_structure(found).start[-1] == found.society.persons
    return worlds


def test_mutated_scenarios_are_worlds_or_refused(tmp_path: Path) -> None:
    assert 50 < check(range(500), tmp_path) < 450


@pytest.mark.slow
def test_ten_thousand_mutated_scenarios_are_worlds_or_refused(tmp_path: Path) -> None:
    check(range(500, 10_500), tmp_path)
