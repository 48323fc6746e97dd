"""What `evaluate.py` takes for the scenario where none is named: the world its allocators were made for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from juguo_agents.artifacts.origin import NoCommonHome, common_home, home_of
from juguo_agents.artifacts.policy import save_policy
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


def stored_policy(path: Path, world: Scenario, **config: Any) -> str:
    """A policy that knows nothing yet, made for a scenario or for the family around it."""
    settings = {"envs": 2, "paired": 1, "n_steps": 4, "batch_size": 8, "net": [4]}
    setup = Experiment.model_validate({**config, "training": {"ppo": settings}})
    policy = extract_policy(make_learner(world, setup, 0), world, setup, 0)
    save_policy(policy, path)
    return str(path)


def stored_search(folder: Path, varies: bool) -> str:
    """The result of a tiny search."""
    settings = Settings("rule:flat", SMALL, 60, validation=4, varies=varies)
    state, scorer = begin(settings), Scorer(SMALL, "noisy", varies=varies)
    folder.mkdir()
    search(state, folder, scorer)
    write_result(state, folder, scorer)
    return str(folder)


def test_rules_are_at_home_nowhere() -> None:
    assert common_home(["flat", "all"]) is None


def test_a_policy_is_at_home_where_it_was_trained(tmp_path: Path) -> None:
    name = stored_policy(tmp_path / "policy-seed0.safetensors", HARSH)
    home = common_home([name, "flat"])
    assert isinstance(home, Scenario)
    assert home.digest() == HARSH.digest()
    assert common_home([str(tmp_path)]) == home


def test_a_generalist_is_at_home_in_its_family(tmp_path: Path) -> None:
    home = home_of(Path(stored_policy(tmp_path / "policy-seed0.safetensors", SMALL, scenario="family")))
    assert isinstance(home, Family)
    assert home.base.digest() == SMALL.digest()


@pytest.mark.parametrize("varies", [False, True])
def test_a_search_is_at_home_where_it_searched(tmp_path: Path, varies: bool) -> None:
    home = common_home([stored_search(tmp_path / "found", varies)])
    assert isinstance(home, Family) == varies
    assert home is not None
    assert (home.base if isinstance(home, Family) else home).digest() == SMALL.digest()


def test_allocators_of_different_worlds_need_a_word_on_where_to_compare_them(tmp_path: Path) -> None:
    one = stored_policy(tmp_path / "policy-seed0.safetensors", SMALL)
    other = stored_policy(tmp_path / "policy-seed1.safetensors", HARSH)
    with pytest.raises(NoCommonHome, match=r"policy-seed0.*policy-seed1.*say by --scenario"):
        common_home([one, other])
