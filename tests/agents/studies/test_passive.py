"""The failed open system: participants who gain nothing leave; what is compared differs in one thing."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.base import Setting
from juguo_agents.allocators.edits import Edited
from juguo_agents.studies.executors import LocalExecutor
from juguo_agents.studies.passive.analysis import ACTIVE, PASSIVE
from juguo_agents.studies.passive.study import PARTICIPANTS, Passive, PassiveSettings, arms
from juguo_agents.studies.study import conduct
from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.spaces.action import decode_allocation
from juguo_envs.worlds.scenario import Scenario
from tests.agents.studies.conducting import check_chinese, has_page

SMALL = {"society.persons": 300, "programme.T": 40}
SETTINGS = PassiveSettings(
    scenario=Scenario.load("default").override(SMALL),
    passive=Scenario.load("passive").override(SMALL),
    episodes=20,
    first_seed=900_000,
)


def test_an_open_system_whose_participants_gain_nothing_loses_those_who_take_part(tmp_path: Path) -> None:
    page = conduct(Passive(SETTINGS), tmp_path, LocalExecutor(1))
    assert json.loads((tmp_path / "passive.json").read_text(encoding="utf-8")) == page.data
    assert has_page(tmp_path, "passive")
    assert (tmp_path / "passive.png").read_bytes().startswith(b"\x89PNG")
    systems = page.data["arms"]
    active, passive = (systems[name]["interactors"]["end"]["mean"] for name in (ACTIVE, PASSIVE))
    assert active > 3 * passive
    assert systems[ACTIVE]["return_gained"]["low"] > 0.0
    assert systems["+ resilience"]["return_gained"]["low"] > 0.0  # money for participants prevents a part
    assert len(page.console.splitlines()) == len(systems) + 5  # title, head, rule, two notes
    check_chinese(partial(conduct, Passive(SETTINGS), tmp_path, LocalExecutor(1)), tmp_path, "passive")
    table = Passive(SETTINGS).plan(lambda stage: [stage.run(stage.points[1], tmp_path)] * len(stage.points))
    interactors = table[PASSIVE]["interactors"].mean(0)
    assert interactors[-1] < 0.5 * interactors[0]


def test_what_is_tried_moves_the_stated_share_and_nothing_else() -> None:
    batch = Batch(SETTINGS.passive, 2)
    seeds = np.arange(2, dtype=np.uint64)
    setting = Setting.of(SETTINGS.passive)
    allocations = {}
    for arm in arms(SETTINGS)[1:]:
        allocator = Edited(make_rule("experiment_diffusion"), arm.edits, arm.name)
        allocator.start(setting, seeds)
        allocations[arm.name] = decode_allocation(allocator.act(batch.reset(seeds)), setting.population)
    base = allocations[PASSIVE]
    assert np.allclose(base.functions[:, np.isin(FUNCTIONS, PARTICIPANTS)], 0.0)
    assert (base.openness == 1.0).all()
    for i, function in enumerate(FUNCTIONS):
        moved = allocations[f"+ {function}"]
        expected = 0.75 * base.functions
        expected[:, i] += 0.25 * base.functions.sum(1)
        assert np.allclose(moved.functions, expected, atol=1e-6)
        assert np.allclose(moved.communities, base.communities)
    three = allocations["+ all three of participants"].functions
    assert three[:, np.isin(FUNCTIONS, PARTICIPANTS)] == pytest.approx(
        0.25 * base.functions.sum() / 6, rel=1e-4
    )
