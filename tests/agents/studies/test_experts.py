"""Experts of many worlds: searched once each, found by the folder, refused where they do not fit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, ORACLE
from juguo_agents.artifacts.identity import sealed
from juguo_agents.artifacts.load import UnknownAllocator, digest_of, find_allocator
from juguo_agents.artifacts.searched import SearchRecord, load_result
from juguo_agents.cli.main import main
from juguo_agents.evaluation import seeds
from juguo_agents.studies.executors import LocalExecutor
from juguo_agents.studies.experts.study import Experts, Settings
from juguo_agents.studies.generalisation.study import Settings as Generalisation
from juguo_agents.studies.study import Page, conduct
from juguo_agents.training.experts import find_experts
from juguo_envs import Family, Scenario
from juguo_envs.errors import UserError
from tests.agents.forging import store
from tests.agents.studies.conducting import check_chinese, has_page
from tests.running import ENVIRONMENT
from tests.support import small

SMALL = small()
NUMBERS: dict[str, Any] = {"scenario": SMALL, "worlds": 3, "budget": 300, "validation": 4}
SETTINGS = Settings.parse(NUMBERS)
FILE = "searches/world-{:05d}/searched.json"


def search(settings: Settings, folder: Path) -> Page:
    return conduct(Experts(settings), folder, LocalExecutor(1))


def beginning(folder: Path, scenario: Scenario = SMALL, **changes: float) -> Path:
    """The file of a closed loop to begin at."""
    numbers = {**CLOSED_LOOP.space(scenario).start, **changes}
    data = load_result(folder / FILE.format(0)).data | {"parameters": numbers}
    where = {"scenario": scenario.model_dump(mode="json"), "scenario_digest": scenario.digest()}
    return store(folder.parent / "begin.json", SearchRecord, {**data, **where})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The experts of three worlds."""
    found = tmp_path_factory.mktemp("experts") / "folder"
    search(SETTINGS, found)
    return found


def test_each_expert_is_imitated_in_the_world_that_it_was_searched_in(folder: Path) -> None:
    experts = find_experts(str(folder), Family(SMALL))
    worlds = [SETTINGS.search(index).scenario for index in range(3)]
    assert [world for _, world in experts] == worlds
    assert len({world.digest() for world in worlds}) == 3
    assert {allocator.name for allocator, _ in experts} == {CLOSED_LOOP.label}
    assert has_page(folder, "experts")
    check_chinese(partial(conduct, Experts(SETTINGS), folder, LocalExecutor(1)), folder, "experts")


def test_an_expert_for_all_worlds_is_imitated_in_all_of_them(folder: Path) -> None:
    worlds = Family(SMALL)
    ((expert, where),) = find_experts("experiment_diffusion", worlds)
    assert expert.name == "experiment_diffusion" and where is worlds
    ((_, where),) = find_experts(str(folder / "searches" / "world-00001"), worlds)
    assert where is worlds


def test_worlds_are_drawn_from_training_seeds_and_do_not_depend_on_how_many_there_are() -> None:
    more = Settings.parse({**NUMBERS, "worlds": 5})
    assert [more.search(i).scenario for i in range(3)] == [SETTINGS.search(i).scenario for i in range(3)]
    assert int(SETTINGS.search(0).scenario.name.rpartition(" ")[2]) in seeds.TRAINING


def test_searches_begin_at_what_is_given_within_what_each_world_allows(folder: Path) -> None:
    long = small({"programme.T": 60})
    settings = Settings.parse({**NUMBERS, "begin": beginning(folder, long, **{"exit.quarter": 60.0})})
    found = settings.search(0)
    space = CLOSED_LOOP.space(found.scenario)
    assert settings.start is not None and found.begin is not None
    assert space.fault(settings.start) is not None and space.fault(found.begin) is None


def test_many_worlds_are_searched_by_quick_steps() -> None:
    for quick in (SETTINGS.search(0), Generalisation(scenario=SMALL).searched_in(0, ORACLE.name)):
        assert (quick.covariance, quick.episodes) == ("diagonal", 2)
    tuned = Generalisation(scenario=SMALL).tunings().values()  # few searches, with a budget for more
    assert {found.covariance for found in tuned} == {"full"}


def test_what_is_searched_is_not_searched_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = digest_of(str(folder))
    monkeypatch.delattr("juguo_agents.search.conduct.search")
    data = search(SETTINGS, folder).data
    assert digest_of(str(folder)) == digest
    assert data["gain"] == pytest.approx(data["expert"] - data["start"])


def test_other_settings_need_another_folder(folder: Path) -> None:
    with pytest.raises(UserError, match=r"worlds is 4, .* has 3"):
        search(Settings.parse({**NUMBERS, "worlds": 4}), folder)
    for budget in (299, 400):  # these experts find their own beginning, so there is nothing to go on with
        with pytest.raises(UserError, match=rf"budget is {budget}, .* has 300"):
            search(Settings.parse({**NUMBERS, "budget": budget}), folder)


def test_a_larger_budget_goes_on_with_the_experts_that_are_there(folder: Path, tmp_path: Path) -> None:
    less = {**NUMBERS, "worlds": 2, "begin": beginning(folder)}
    more = {**less, "budget": 500}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    wanted = search(Settings.parse(more), whole).data
    search(Settings.parse(less), parts)
    assert search(Settings.parse(more), parts).data == wanted
    for index in range(2):
        one, two = (load_result(place / FILE.format(index)).data for place in (whole, parts))
        assert [before["budget"] for before in two.pop("earlier")] == [300]
        assert one.pop("earlier") == [] and one | {"sha256": ""} == two | {"sha256": ""}
    with pytest.raises(UserError, match=r"budget is 300, .* give 500 or more"):
        search(Settings.parse(less), parts)


def test_experts_of_other_communities_are_refused(folder: Path) -> None:
    other = small({"society.communities.count": 4})
    with pytest.raises(UserError, match=r"world with 3 communities, and the training has 4"):
        find_experts(str(folder), Family(other))


def test_a_study_that_was_stopped_is_not_imitated_in_part(folder: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    asked = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    for index in (0, 2):
        copy = tmp_path / FILE.format(index)
        copy.parent.mkdir(parents=True)
        copy.write_bytes((folder / FILE.format(index)).read_bytes())
    assert len(find_experts(str(tmp_path), Family(SMALL))) == 2  # put together by hand
    for changes, wanted in (({}, "2 of 3"), ({"worlds": 2, "budget": 400}, "0 of 2")):
        settings.write_text(json.dumps(sealed({**asked, "settings": {**asked["settings"], **changes}})))
        with pytest.raises(UserError, match=rf"training\.expert: .* holds {wanted} experts; go on with the"):
            find_experts(str(tmp_path), Family(SMALL))


def test_experts_are_no_allocator_to_compare(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownAllocator, match="stands for 3 allocators"):
        find_allocator(str(folder), "allocator")
    assert main(["evaluate", str(folder)]) == 2
    assert "was made for" in (error := capsys.readouterr().err) and "--scenario" in error


WORLD = "society: {persons: 60, communities: {count: 3, hubs: 1}}\nprogramme: {T: 20}\n"
TRAINING = """name: tiny
scenario: family:tiny.yaml
shown: {context: true}
training:
  expert: killed
  seeds: [0]
  steps: 80
  selections: 1
  selection_episodes: 2
  ppo: {envs: 4, paired: 2, n_steps: 10, batch_size: 20, use_sde: true, log_std_init: -3}
comparison: {allocators: [flat], episodes: 2}
"""


@pytest.mark.slow
def test_a_study_that_was_killed_goes_on_to_the_same_experts_at_which_a_training_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(WORLD)
    Path("training.yaml").write_text(TRAINING)
    words = ["study", "experts", "--scenario", "tiny.yaml", "--smoke", "--workers", "1", "--out"]
    assert main([*words, "whole"]) == 0
    command = [sys.executable, "-m", "juguo_agents.cli.main", *words, "killed"]
    for ending in (signal.SIGKILL, signal.SIGTERM):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        states = len(list(Path("killed").glob("work/searches/*/search_state.json")))
        while len(list(Path("killed").glob("work/searches/*/search_state.json"))) <= states:
            time.sleep(0.02)
        process.send_signal(ending)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == (130 if ending == signal.SIGTERM else -ending)
    assert "go on with: juguo study experts" in errors
    assert main([*words, "killed"]) == 0
    for file in Path("whole").glob("searches/*/searched.json"):
        assert Path("killed", file.relative_to("whole")).read_bytes() == file.read_bytes()
    assert main(["train", "training.yaml", "--out", "run"]) == 0
    assert "expert_sha256" in Path("run/config.yaml").read_text()
