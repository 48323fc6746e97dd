"""A limit on the excluded: the multiplier rises while it is broken and falls while it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from juguo_agents.allocators import make_rule
from juguo_agents.evaluation.record import Record
from juguo_agents.evaluation.rollout import run
from juguo_agents.training.checkpoint import CheckpointFolder
from juguo_agents.training.config import Constraint, Experiment, load_experiment
from juguo_agents.training.learners.constraint import SIDE, Merit, Multiplier, merit
from juguo_agents.training.learners.kinds import make_learner, multiplier_of
from juguo_agents.training.sb3_vec_env import BatchVecEnv
from juguo_agents.training.train import train_seed
from tests.agents.training.killing import content, kill
from tests.support import seeds, small

SMALL = small()
CONFIGS = Path(__file__).parents[3] / "configs"


def experiment(**constraint: float) -> Experiment:
    """Four updates; two episodes of 12 quarters end in three rollouts of 8, so that some wait."""
    return Experiment.model_validate(
        {
            "training": {
                "seeds": [0],
                "steps": 128,
                "selections": 2,
                "selection_episodes": 3,
                "checkpoint_minutes": 0,
                "constraint": {"limit": 0.02, **constraint},
                "ppo": {"envs": 4, "paired": 2, "n_steps": 8, "batch_size": 16},
            }
        }
    )


def multiplier(**fields: float) -> Multiplier:
    return Multiplier(
        Constraint.model_validate({"limit": 0.1, "rate": 2.0, "start": 1.0, "aim": 1.0, **fields})
    )


def test_the_multiplier_rises_while_the_limit_is_broken_and_falls_while_it_is_kept() -> None:
    held = multiplier()
    held.saw(np.array([0.2, 0.4]))
    assert held.update() == pytest.approx(0.3)
    assert held.value == pytest.approx(1.0 + 2.0 * (0.3 - 0.1))
    held.saw(np.array([0.0]))
    held.update()
    assert held.value == pytest.approx(1.4 - 2.0 * 0.1)


def test_the_multiplier_stays_within_zero_and_its_highest_value() -> None:
    low, high = multiplier(rate=100.0), multiplier(rate=100.0, most=5.0)
    low.saw(np.array([0.0]))
    high.saw(np.array([1.0]))
    low.update()
    high.update()
    assert (low.value, high.value) == (0.0, 5.0)


def test_the_multiplier_aims_a_little_under_the_limit() -> None:
    held = multiplier(aim=0.5)
    held.saw(np.array([0.09]))  # keeps the limit of 0.1, but not half of it
    held.update()
    assert held.value > 1.0


def test_without_an_ended_episode_the_multiplier_stays() -> None:
    held = multiplier()
    assert held.update() is None
    assert held.value == 1.0


def test_the_learner_is_rewarded_with_the_multiplier_in_the_place_of_the_weight() -> None:
    heavy = small({"reward.w_x": 7.0})
    constrained = BatchVecEnv(SMALL, 3, seed=0, multiplier=multiplier(start=7.0))
    plain = BatchVecEnv(heavy, 3, seed=0)
    constrained.reset()
    plain.reset()
    actions = np.zeros((3, plain.batch.action_size), np.float32)
    for _ in range(SMALL.programme.T):
        np.testing.assert_allclose(constrained.step(actions)[1], plain.step(actions)[1], rtol=1e-6)


def test_the_environment_shows_the_multiplier_what_episodes_excluded() -> None:
    held = multiplier()
    venv = BatchVecEnv(SMALL, 3, seed=0, multiplier=held)
    venv.reset()
    actions = np.zeros((3, venv.batch.action_size), np.float32)
    for _ in range(SMALL.programme.T):
        infos = venv.step(actions)[3]
    assert held.state[2] == 3
    assert held.state[1] == pytest.approx(sum(info["excluded"] for info in infos))


def record(excluded: list[float], breadth: float) -> Record:
    real = run(make_rule("nothing"), SMALL, seeds(len(excluded)))
    fields = {**vars(real), "excluded": np.array(excluded), "breadth": np.full(len(excluded), breadth)}
    return Record(**fields)


def test_a_policy_that_keeps_the_limit_is_preferred_to_any_that_breaks_it() -> None:
    rules, weights = Constraint(limit=0.1), SMALL.reward
    keeps, breaks = (
        merit(record([0.0, 0.01], 0.1), rules, weights),
        merit(record([0.2, 0.3], 1.0), rules, weights),
    )
    assert keeps.kept and not breaks.kept
    assert keeps > breaks
    assert merit(record([0.2, 0.2], 0.0), rules, weights) > breaks  # of two that break it, the lower
    assert merit(record([0.0, 0.01], 0.5), rules, weights) > keeps  # of two that keep it, the better


def test_the_limit_is_kept_only_beyond_the_noise_of_the_episodes() -> None:
    values = [0.0, 0.18]  # the mean keeps the limit, by less than its error
    error = np.std(values, ddof=1) / np.sqrt(2)
    assert np.mean(values) < 0.1 < np.mean(values) + SIDE * error
    assert not merit(record(values, 1.0), Constraint(limit=0.1), SMALL.reward).kept
    assert Merit(True, 0.0) > Merit(False, 1.0)


@pytest.mark.parametrize(("limit", "rises"), [(0.0, True), (1.0, False)])
def test_in_training_the_multiplier_moves_with_the_limit(limit: float, rises: bool) -> None:
    harsh = small({"resilience.floor": 0.6}) if rises else SMALL
    policy = train_seed(experiment(limit=limit, start=1.0), harsh, 0).policy
    value = policy.metadata["training"]["multiplier"]
    assert value > 1.0 if rises else value < 1.0
    assert policy.metadata["evaluation"]["selection"]["limit_kept"] is not rises


def test_killed_under_a_limit_a_training_ends_with_the_same_policy(tmp_path: Path) -> None:
    wanted = content(train_seed(experiment(), SMALL, 0))
    kill(experiment(), SMALL, tmp_path, 96)
    found = CheckpointFolder(tmp_path).take_up()
    assert found is not None
    assert found.arrays["societies.multiplier"][0] != Constraint(limit=0.02).start
    assert content(train_seed(experiment(), SMALL, 0, checkpoints=tmp_path)) == wanted


def test_a_learner_without_a_limit_has_no_multiplier() -> None:
    plain = Experiment.model_validate(
        {"training": {"ppo": {"envs": 2, "paired": 2, "n_steps": 8, "batch_size": 8}}}
    )
    assert multiplier_of(make_learner(SMALL, plain, 0)) is None
    assert multiplier_of(make_learner(SMALL, experiment(), 0)) is not None


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"training": {"constraint": {"limit": 0.1}, "algorithm": "sac"}}, "ppo and recurrent_ppo"),
        ({"training": {"constraint": {"limit": 0.1}}, "shown": {"preferences": "drawn"}}, "drawn"),
        ({"training": {"constraint": {"limit": 1.5}}}, "limit"),
        ({"training": {"constraint": {"limit": 0.1, "start": 9.0, "most": 1.0}}}, "most"),
        ({"training": {"per_weight": True}}, "per_weight"),
    ],
)
def test_what_makes_no_sense_together_is_refused_by_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Experiment.model_validate(fields)


@pytest.mark.parametrize("name", ["constrained", "preferences"])
def test_the_configurations_load(name: str) -> None:
    training = load_experiment(CONFIGS / f"{name}.yaml", []).training
    assert (training.constraint is not None) == (name == "constrained")
    assert training.per_weight == (name == "preferences")
