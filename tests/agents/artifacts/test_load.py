"""Allocators by name: the kinds of files that stand for them, and the world that they were made for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from juguo_agents.artifacts.load import DifferentWorlds, common_world, find_allocators, folder_names
from juguo_agents.artifacts.policy_file import save_policy
from juguo_agents.search.checkpoint import Settings
from juguo_agents.search.optimise import begin, search
from juguo_agents.search.result import write_result
from juguo_agents.search.scoring import Scorer
from juguo_agents.training.config import Experiment
from juguo_agents.training.learners.kinds import extract_policy, make_learner
from juguo_envs import Family, Scenario
from tests.support import small

SMALL = small()
HARSH = small({"crisis.shock_rate": 0.2})


def stored_policy(path: Path, made_for: Scenario, **config: Any) -> str:
    """A policy that knows nothing yet, made for a scenario or for the family around it."""
    settings = {"envs": 2, "paired": 1, "n_steps": 4, "batch_size": 8, "net": [4]}
    setup = Experiment.model_validate({**config, "training": {"ppo": settings}})
    seed = int(path.stem[-1])
    policy = extract_policy(make_learner(made_for, setup, seed), made_for, setup, seed)
    save_policy(policy, path)
    return str(path)


def stored_search(
    folder: Path, varies: bool, ranges: tuple[tuple[str, float, float], ...] = (), seed: int = 0
) -> str:
    """The result of a tiny search."""
    settings = Settings("rule:flat", SMALL, 60, seed=seed, validation=4, varies=varies, ranges=ranges)
    state, scorer = begin(settings), Scorer(settings.world)
    folder.mkdir()
    search(state, folder, scorer)
    write_result(state, folder, scorer)
    return str(folder)


def test_rules_were_made_for_no_world() -> None:
    assert common_world(["flat", "all"]) is None


def test_a_policy_was_made_for_the_world_of_its_training(tmp_path: Path) -> None:
    name = stored_policy(tmp_path / "policy-seed0.safetensors", HARSH)
    world = common_world([name, "flat"])
    assert isinstance(world, Scenario)
    assert world.digest() == HARSH.digest()
    assert common_world([str(tmp_path)]) == world


def test_a_generalist_was_made_for_its_family(tmp_path: Path) -> None:
    world = common_world([stored_policy(tmp_path / "policy-seed0.safetensors", SMALL, scenario="family")])
    assert isinstance(world, Family)
    assert world.base.digest() == SMALL.digest()


@pytest.mark.parametrize("varies", [False, True])
def test_a_result_was_made_for_the_world_of_its_search(tmp_path: Path, varies: bool) -> None:
    world = common_world([stored_search(tmp_path / "found", varies)])
    assert isinstance(world, Family) == varies
    assert world is not None
    assert (world.base if isinstance(world, Family) else world).digest() == SMALL.digest()


def test_two_parts_of_a_family_are_different_worlds(tmp_path: Path) -> None:
    parts = [
        stored_search(tmp_path / name, True, (("money.B", low, high),))
        for name, low, high in (("low", 0.12, 0.5), ("high", 0.5, 3.0))
    ]
    assert common_world(parts[:1]) == Family(SMALL, ranges=(("money.B", 0.12, 0.5),))
    with pytest.raises(DifferentWorlds, match=r"money\.B 0\.12 to 0\.5, .*money\.B 0\.5 to 3: say by"):
        common_world(parts)


def test_allocators_of_different_worlds_need_a_word_on_where_to_compare_them(tmp_path: Path) -> None:
    one = stored_policy(tmp_path / "policy-seed0.safetensors", SMALL)
    other = stored_policy(tmp_path / "policy-seed1.safetensors", HARSH)
    with pytest.raises(DifferentWorlds, match=r"policy-seed0.*policy-seed1.*say by --scenario"):
        common_world([one, other])


def test_folders_of_one_name_are_told_apart_by_those_above(tmp_path: Path) -> None:
    searches = [tmp_path / run / "expert" for run in ("a", "b")]
    for folder, seed in zip(searches, (0, 1), strict=True):
        folder.parent.mkdir()
        stored_search(folder, False, seed=seed)
    found = find_allocators([str(folder) for folder in searches])
    assert [one.name for one in found] == ["flat:tuned_a_expert", "flat:tuned_b_expert"]


@given(st.sets(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(tuple), min_size=1))
def test_any_folders_have_names_of_their_own(paths: set[tuple[str, ...]]) -> None:
    root = Path("/").absolute()
    names = folder_names({root.joinpath(*path) for path in paths})
    assert len(set(names.values())) == len(paths)
    for folder, name in names.items():
        assert folder.parts[1:][-len(name.split("_")) :] == tuple(name.split("_"))
    if len({path[-1] for path in paths}) == len(paths):
        assert all(name == folder.name for folder, name in names.items())


def test_a_run_stays_a_run_whatever_folder_somebody_makes_in_it(tmp_path: Path) -> None:
    stored_policy(tmp_path / "policy-seed0.safetensors", SMALL)
    (tmp_path / "parts").mkdir()
    assert [one.name for one in find_allocators([str(tmp_path)])] == ["learned_seed0"]
