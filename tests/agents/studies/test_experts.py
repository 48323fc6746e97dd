"""Experts of many worlds: searched once each, found by the folder, refused where they do not fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.artifacts.load import UnknownAllocator, digest_of, find_allocator
from juguo_agents.artifacts.searched import load_result
from juguo_agents.evaluation.seeds import TRAINING
from juguo_agents.studies.experts import Settings, search_experts
from juguo_agents.studies.generalisation.settings import Settings as Judgement
from juguo_agents.training.experts import find_experts
from juguo_envs import Family
from juguo_envs.errors import UserError
from tests.support import small

SETTINGS = Settings(small(), worlds=3, budget=300, validation=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The experts of three worlds."""
    found = tmp_path_factory.mktemp("experts")
    SETTINGS.claim(found)
    search_experts(SETTINGS, found, 1)
    return found


def test_each_expert_is_imitated_in_the_world_that_it_was_searched_in(folder: Path) -> None:
    experts = find_experts(str(folder), Family(small()))
    worlds = [SETTINGS.search(index).scenario for index in range(3)]
    assert [world for _, world in experts] == worlds
    assert len({world.digest() for world in worlds}) == 3
    assert {allocator.name for allocator, _ in experts} == {CLOSED_LOOP.label}


def test_an_expert_for_all_worlds_is_imitated_in_all_of_them() -> None:
    worlds = Family(small())
    ((expert, where),) = find_experts("experiment_diffusion", worlds)
    assert expert.name == "experiment_diffusion" and where is worlds


def test_worlds_are_drawn_from_training_seeds_and_do_not_depend_on_how_many_there_are() -> None:
    more = Settings(small(), worlds=5, budget=300)
    assert [more.search(i).scenario for i in range(3)] == [SETTINGS.search(i).scenario for i in range(3)]
    drawn_from = int(SETTINGS.search(0).scenario.name.rpartition(" ")[2])
    assert drawn_from in TRAINING


def test_one_of_the_experts_named_alone_is_imitated_in_all_worlds(folder: Path) -> None:
    worlds = Family(small())
    ((_, where),) = find_experts(str(folder / "searches" / "world-00001"), worlds)
    assert where is worlds


def test_searches_begin_at_what_is_given_within_what_each_world_allows() -> None:
    late = {**CLOSED_LOOP.space(small()).start, "exit.quarter": 1000.0}
    search = Settings(small(), worlds=2, budget=300, begin=late).search(0)
    space = CLOSED_LOOP.space(search.scenario)
    assert search.begin is not None
    assert space.fault(late) is not None and space.fault(search.begin) is None


def test_many_worlds_are_searched_by_quick_steps() -> None:
    for search in (SETTINGS.search(0), Judgement(small()).oracle(0)):
        assert (search.covariance, search.episodes) == ("diagonal", 2)
    tuned = Judgement(small()).tunings().values()  # few searches, with a budget for more
    assert {search.covariance for search in tuned} == {"full"}


def test_what_is_searched_is_not_searched_again(folder: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("searched.json")}
    digest = digest_of(str(folder))
    panel = search_experts(SETTINGS, folder, 1)
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("searched.json")} == before
    assert len(before) == 3 and digest_of(str(folder)) == digest
    assert panel.gain.mean == pytest.approx(panel.found.mean - panel.begun.mean)


def test_a_job_that_is_told_to_end_goes_on_with_what_it_has(folder: Path, tmp_path: Path) -> None:
    SETTINGS.claim(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        search_experts(SETTINGS, tmp_path, 1, stop=lambda: True)
    assert len(list(tmp_path.rglob("searched.json"))) == 1
    search_experts(SETTINGS, tmp_path, 1)
    for file in folder.rglob("searched.json"):
        assert (tmp_path / file.relative_to(folder)).read_bytes() == file.read_bytes()


def test_other_settings_need_another_folder(folder: Path) -> None:
    with pytest.raises(UserError, match=r"worlds is 3 there, .* ask for the same, or name"):
        replace(SETTINGS, worlds=4).claim(folder)
    for budget in (299, 400):  # these experts find their own beginning, so there is nothing to go on with
        with pytest.raises(UserError, match=r"budget is 300 there, .* ask for the same, or name"):
            replace(SETTINGS, budget=budget).claim(folder)


def test_a_larger_budget_goes_on_with_the_experts_that_are_there(tmp_path: Path) -> None:
    begun = replace(SETTINGS, begin=CLOSED_LOOP.space(small()).start, worlds=2)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    more = replace(begun, budget=500)
    for folder, budgets in ((whole, (more,)), (parts, (begun, more))):
        for settings in budgets:
            settings.claim(folder)
            panel = search_experts(settings, folder, 1)
    for name in more.searches():
        one, two = (
            load_result(folder / "searches" / name / "searched.json").data for folder in (whole, parts)
        )
        assert [before["budget"] for before in two.pop("earlier")] == [300]
        assert one.pop("earlier") == [] and one == two
    assert json.loads((parts / "settings.json").read_text(encoding="utf-8"))["budget"] == 500
    with pytest.raises(UserError, match=r"budget is 500 there, .* ask for the same or more"):
        begun.claim(parts)
    assert panel.found.mean == pytest.approx(search_experts(more, whole, 1).found.mean)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(small(), worlds=1), "worlds is 1; allowed is 2 to 10000"),
        (Settings(small(), budget=10), "budget is 10; allowed is 100 to"),
        (Settings(small(), validation=1), "validation is 1; allowed is 2 to 100000"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(settings: Settings, message: str) -> None:
    with pytest.raises(UserError, match=message):
        settings.check()


def test_experts_of_other_communities_are_refused(folder: Path) -> None:
    other = small({"society.communities.count": 4})
    with pytest.raises(UserError, match=r"world with 3 communities, and the training has 4"):
        find_experts(str(folder), Family(other))


def test_a_folder_whose_search_was_stopped_is_not_imitated_in_part(folder: Path, tmp_path: Path) -> None:
    SETTINGS.claim(tmp_path)
    for index in (0, 2):
        name = f"searches/world-{index:05d}/searched.json"
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(UserError, match=r"training\.expert: .* holds 2 of 3 experts; go on with the"):
        find_experts(str(tmp_path), Family(small()))
    path = tmp_path / "settings.json"
    begun = replace(SETTINGS, worlds=2, begin=CLOSED_LOOP.space(small()).start)
    begun.claim(tmp_path / "asked")
    (tmp_path / "asked" / "settings.json").replace(path)
    assert len(find_experts(str(tmp_path), Family(small()))) == 2
    replace(begun, budget=400).claim(tmp_path)  # and killed before it searched on
    with pytest.raises(UserError, match="holds 0 of 2 experts"):
        find_experts(str(tmp_path), Family(small()))
    path.unlink()
    assert len(find_experts(str(tmp_path), Family(small()))) == 2


def test_a_panel_is_no_allocator(folder: Path) -> None:
    with pytest.raises(UnknownAllocator, match="stands for 3 allocators"):
        find_allocator(str(folder), "allocator")
