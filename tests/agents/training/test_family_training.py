"""Allocators in a family of scenarios: rules act as in each scenario alone; policies are told their world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from juguo_agents.allocators import BASELINE, all_rule_names, make_rule
from juguo_agents.allocators.base import Setting
from juguo_agents.allocators.parametric.policy_classes import find_policy_class
from juguo_agents.artifacts.policy import Learned, PolicyFileError
from juguo_agents.artifacts.policy_file import load_policy, save_policy
from juguo_agents.evaluation.record import Record
from juguo_agents.evaluation.rollout import (
    compare,
    run,
)
from juguo_agents.search.scoring import Scorer
from juguo_agents.training.config import ConfigError, Experiment, load_experiment
from juguo_agents.training.sb3_vec_env import BatchVecEnv
from juguo_agents.training.train import Trained, train_seed
from juguo_envs import Family, ObservationConfig, Scenario
from juguo_envs.worlds.family import PREFERENCES
from tests.agents.training.killing import content, kill
from tests.support import seeds, small

SMALL = small()
FAMILY = Family(SMALL)
EVERYTHING: dict[str, Any] = {"context": True, "preferences": "drawn", "history": 3}
BLIND: dict[str, Any] = {"context": False, "preferences": "hidden", "history": 1}


def experiment(scenario: str = "family", shown: dict[str, Any] | None = None) -> Experiment:
    """Two updates; rollouts end in the middle of episodes, so that the societies' state matters."""
    return Experiment.model_validate(
        {
            "scenario": scenario,
            "shown": EVERYTHING if shown is None else shown,
            "training": {
                "seeds": [0],
                "steps": 400,
                "selections": 1,
                "selection_episodes": 3,
                "checkpoint_minutes": 0,
                "ppo": {"envs": 4, "paired": 2, "n_steps": 50, "batch_size": 50},
            },
        }
    )


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train_seed(experiment(), SMALL, 0)


@pytest.fixture(scope="module")
def short() -> npt.NDArray[np.uint64]:
    """Seeds of three episodes whose programmes are short, but not equally long."""
    quarters = FAMILY.draw(seeds(200)).params["T"]
    return np.sort(np.unique(quarters, return_index=True)[1][:3]).astype(np.uint64)


@pytest.mark.parametrize("name", all_rule_names())
def test_a_rule_does_in_a_family_what_it_does_in_each_scenario(
    name: str, short: npt.NDArray[np.uint64]
) -> None:
    together = run(make_rule(name), FAMILY, short)
    for i, seed in enumerate(short):
        alone = run(make_rule(name), FAMILY.scenario(int(seed)), short[i : i + 1])
        assert together.returns[i] == alone.returns[0]
        check_same(together, alone, i)


def check_same(together: Record, alone: Record, i: int) -> None:
    """Episode `i` of one record is the only episode of the other."""
    for field in (
        "breadth",
        "resilience",
        "excluded",
        "spending",
        "stage_quarters",
        "final_adoption",
        "board",
    ):
        np.testing.assert_array_equal(getattr(together, field)[i], getattr(alone, field)[0])
    quarters = alone.adoption.shape[1]
    np.testing.assert_array_equal(together.adoption[i, :quarters], alone.adoption[0])
    assert (together.adoption[i, quarters:] == alone.adoption[0, -1]).all()
    assert together.abandoned[i] == alone.abandoned[0]


def test_episodes_of_a_family_do_not_depend_on_how_many_are_run_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = run(make_rule("market"), FAMILY, seeds(5))
    monkeypatch.setattr("juguo_agents.evaluation.rollout.CHUNK", 2)
    np.testing.assert_array_equal(run(make_rule("market"), FAMILY, seeds(5)).adoption, whole.adoption)


@pytest.mark.parametrize("name", ["rule:policy_learning", "rule:experiment_diffusion", "closed_loop"])
def test_candidates_side_by_side_in_a_family_do_what_each_does_alone(name: str) -> None:
    family, scorer = find_policy_class(name), Scorer(Family(SMALL))
    space = family.space(SMALL)
    candidates = [space.start, space.decode(space.steps)]
    found = scorer.returns(family, candidates, seeds(4))
    assert not np.array_equal(found[0], found[1])
    for candidate, row in zip(candidates, found, strict=True):
        alone = [Scorer(FAMILY.scenario(i)).returns(family, [candidate], seeds(1, i))[0, 0] for i in range(4)]
        assert row.tolist() == alone


def test_the_oracle_is_shown_the_hazard_of_each_episodes_own_world() -> None:
    family, start = find_policy_class("oracle"), find_policy_class("oracle").space(SMALL).start
    together = Scorer(Family(SMALL)).returns(family, [start], seeds(3))[0]
    alone = [Scorer(FAMILY.scenario(i)).returns(family, [start], seeds(1, i))[0, 0] for i in range(3)]
    assert together.tolist() == alone


def test_a_comparison_in_a_family_runs_every_allocator_in_the_same_worlds() -> None:
    comparison = compare([make_rule("flat")], FAMILY, episodes=3)
    alone = compare([make_rule("flat")], FAMILY.scenario(1), episodes=1, first_seed=1)
    for name in ("flat", BASELINE):
        assert comparison.record(name).returns[1] == alone.record(name).returns[0]


def test_a_policy_trained_on_a_family_says_what_it_is_shown_and_what_it_was_trained_on(
    trained: Trained,
) -> None:
    metadata = trained.policy.metadata
    assert metadata["shown"] == EVERYTHING
    assert metadata["family"] == Family(SMALL, weights=PREFERENCES).as_json()
    names = metadata["spaces"]["observation"]["names"]
    assert {"known_budget", "weight_breadth", "knowledge@-2"} <= set(names)
    assert metadata["observation_size"] == len(names)


def test_a_stored_policy_sees_in_every_world_what_it_was_trained_to_see(
    trained: Trained, tmp_path: Path
) -> None:
    path = tmp_path / "policy-seed0.safetensors"
    save_policy(trained.policy, path)
    policy = load_policy(path)
    config = ObservationConfig(context=True, preferences="drawn", history=3)
    societies = BatchVecEnv(Family(SMALL, weights=PREFERENCES), 2, config, seed=0)
    full = societies.reset()
    size = Setting.of(SMALL).layout.size
    learned, numbers = Learned(policy, "learned"), societies.batch.state.programme["seed"].copy()
    learned.start(Setting.of_family(Family(SMALL, weights=PREFERENCES), numbers), numbers)
    for _ in range(4):
        actions = learned.act(full[:, :size].copy())
        np.testing.assert_array_equal(actions, policy.act(full))
        full = societies.step(actions)[0]


def test_a_policy_of_a_family_acts_in_a_single_scenario_and_is_told_of_it(trained: Trained) -> None:
    learned = Learned(trained.policy, "learned")
    poor, rich = (run(learned, SMALL.override({"money.B": b}), seeds(2)) for b in (0.2, 0.8))
    assert not np.array_equal(poor.spending / 0.2, rich.spending / 0.8)
    alone = run(learned, FAMILY.scenario(1), seeds(1, 1))
    assert run(learned, FAMILY, seeds(2)).returns[1] == pytest.approx(alone.returns[0], rel=1e-6)


def test_a_policy_of_other_communities_is_still_refused(trained: Trained) -> None:
    with pytest.raises(PolicyFileError, match="trained on 3 communities; this scenario has 8"):
        run(Learned(trained.policy, "learned"), Scenario(), seeds(1))


def test_a_policy_that_is_told_nothing_has_the_usual_observation() -> None:
    policy = train_seed(experiment(shown=BLIND), SMALL, 0).policy
    assert policy.metadata["spaces"]["observation"]["names"] == Setting.of(SMALL).layout.names()


def test_preferences_may_be_drawn_in_a_single_scenario() -> None:
    one = experiment("default", {"preferences": "drawn"})
    worlds = one.worlds(SMALL)
    assert isinstance(worlds, Family)
    assert not worlds.varies
    policy = train_seed(one, SMALL, 0).policy
    assert policy.metadata["family"]["axes"] == {}
    assert policy.metadata["spaces"]["observation"]["names"][-4:] == [
        "weight_breadth", "weight_resilience", "weight_excluded", "aversion",
    ]  # fmt: skip


def test_a_killed_training_on_a_family_ends_as_one_that_was_not(trained: Trained, tmp_path: Path) -> None:
    kill(experiment(), SMALL, tmp_path, 400)
    assert content(train_seed(experiment(), SMALL, 0, checkpoints=tmp_path)) == content(trained)


def test_the_configuration_knows_families_and_refuses_what_is_none(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("scenario: family:poor\nshown: {context: true, history: 2}\n", encoding="utf-8")
    found = load_experiment(path, ["override.money.m0=0.3"])
    worlds = found.worlds(found.world())
    assert isinstance(worlds, Family)
    assert worlds.base.money.m0 == 0.3
    assert worlds.base.name == "family:poor"
    with pytest.raises(ConfigError, match=r"shown\.history is 0; allowed is 1 to 64"):
        load_experiment(path, ["shown.history=0"])
    with pytest.raises(ConfigError, match=r"shown\.preferences is 'some'"):
        load_experiment(path, ["shown.preferences=some"])
