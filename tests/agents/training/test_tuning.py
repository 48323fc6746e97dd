"""A study of a learner's settings: recorded whole, going on after a kill, its winner a configuration."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from juguo_agents.training.config import Experiment, load_experiment
from juguo_agents.training.learners.settings import SECTIONS
from juguo_agents.training.provenance import ResumeError
from juguo_agents.training.tuning import conduct as conduct_module
from juguo_agents.training.tuning.conduct import (
    Files,
    Task,
    conduct,
    new_study,
    trial_experiment,
)
from juguo_agents.training.tuning.space import SPACES, Choice, Logarithmic, present
from juguo_agents.training.tuning.study import (
    STARTUP,
    Budget,
    Study,
    StudyError,
    suggest,
)
from juguo_envs import Scenario
from juguo_envs.errors import UserError

WORLD = {"society.persons": 60, "programme.T": 10}
BUDGET = Budget(steps=60, trainings=2, selections=1, selection_episodes=2, episodes=2)


def experiment(algorithm: str = "ppo", **section: Any) -> Experiment:
    return Experiment.model_validate(
        {"override": WORLD, "training": {"algorithm": algorithm, algorithm: section}}
    )


def fake(task: Task) -> tuple[float | None, float]:
    """A return that is highest at a learning rate of 0.002, and a training that breaks down above 0.004."""
    rate = task.experiment.training.settings.learning_rate
    return (None if rate > 0.004 else -abs(math.log(rate / 0.002)) + 1e-6 * task.seed), 1.0


def told(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def studied(folder: Path, trials: int, **changes: Any) -> Study:
    setup = experiment()
    study = dataclasses.replace(new_study(setup, setup.world(), BUDGET, 0), **changes)
    return conduct(setup, setup.world(), study, trials, Files(folder, "ppo"), 1)


@pytest.mark.parametrize("algorithm", SECTIONS)
def test_every_learner_has_a_space_that_holds_its_defaults_and_only_settings_that_it_allows(
    algorithm: Any,
) -> None:
    space, section = SPACES[algorithm], SECTIONS[algorithm]
    assert present(space, section()) is not None
    for name, axis in space.items():
        for value in axis.values if isinstance(axis, Choice) else (axis.low, axis.high):
            made = section.model_validate({name: value, **({"batch_size": 120} if name == "n_steps" else {})})
            assert getattr(made, name) == value


@pytest.mark.parametrize("algorithm", ["ppo", "recurrent_ppo"])
def test_the_shortest_rollout_of_a_space_holds_its_largest_batch(algorithm: Any) -> None:
    space = SPACES[algorithm]
    steps, batches = space["n_steps"], space["batch_size"]
    assert isinstance(steps, Choice) and isinstance(batches, Choice)
    SECTIONS[algorithm].model_validate({"n_steps": min(steps.values), "batch_size": max(batches.values)})


def test_a_study_begins_at_the_settings_as_they_are_and_finds_better_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conduct_module, "train_and_score", fake)
    space = {name: SPACES["ppo"][name] for name in ("learning_rate", "net")}
    study = studied(tmp_path, STARTUP + 30, space=space)
    assert study.trials[0].parameters == {"learning_rate": 0.001, "net": [128, 128]}
    assert len({json.dumps(t.parameters) for t in study.trials}) == len(study.trials)

    def distance(trials: Any) -> float:
        return median(abs(math.log(t.parameters["learning_rate"] / 0.002)) for t in trials)

    assert distance(study.trials[STARTUP:]) < 0.5 * distance(study.trials[1:STARTUP])
    record = told(tmp_path / "ppo.study.json")
    assert record["best"] == study.best.number  # type: ignore[union-attr]
    assert [t["parameters"] for t in record["trials"]] == [t.parameters for t in study.trials]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ppo.study.json", "ppo.yaml"]


def test_a_trial_of_which_a_training_broke_down_is_recorded_and_never_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = BUDGET.seeds[0]
    monkeypatch.setattr(
        conduct_module, "train_and_score", lambda task: (None if task.seed == first else 9.0, 1.0)
    )
    study = studied(tmp_path, 2)
    assert study.best is None
    assert [t["returns"] for t in told(tmp_path / "ppo.study.json")["trials"]] == [[None, 9.0]] * 2
    assert not (tmp_path / "ppo.yaml").exists()


@pytest.mark.parametrize("kills", [(1,), (4, 9)])
def test_a_study_that_was_killed_ends_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: tuple[int, ...]
) -> None:
    class Killed(BaseException):
        pass

    monkeypatch.setattr(conduct_module, "train_and_score", fake)
    trials = STARTUP + 3
    whole = studied(tmp_path / "whole", trials)
    calls = 0

    def deadly(task: Task) -> tuple[float | None, float]:
        nonlocal calls
        calls += 1
        if calls in kills:
            raise Killed
        return fake(task)

    monkeypatch.setattr(conduct_module, "train_and_score", deadly)
    for _ in kills:
        with pytest.raises(Killed):
            studied(tmp_path / "cut", trials)
    assert studied(tmp_path / "cut", trials) == whole
    for name in ("ppo.study.json", "ppo.yaml"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_more_trials_may_be_asked_of_a_study_but_no_other_budget_or_sampler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conduct_module, "train_and_score", fake)
    three = studied(tmp_path, 3)
    assert studied(tmp_path, 4).trials[:3] == three.trials
    with pytest.raises(ResumeError, match=r"budget\.steps is 61 now and was 60"):
        studied(tmp_path, 4, budget=dataclasses.replace(BUDGET, steps=61))
    with pytest.raises(ResumeError, match=r"sampler\.seed is 1 now and was 0"):
        studied(tmp_path, 4, seed=1)
    (tmp_path / "ppo.study.json").write_text("{")
    with pytest.raises(StudyError, match=r"ppo\.study\.json: no JSON"):
        studied(tmp_path, 4)


def test_the_winner_is_a_configuration_that_train_takes(tmp_path: Path) -> None:
    """With two real trainings of a trial."""
    setup = experiment("sac", envs=4, learning_starts=20, buffer_size=64, net=[4])
    space = {"learning_rate": Logarithmic(1e-4, 1e-2), "batch_size": Choice((8, 16))}
    study = dataclasses.replace(new_study(setup, setup.world(), BUDGET, 0), space=space)
    study = conduct(setup, setup.world(), study, 2, Files(tmp_path, "sac"), 1)
    assert study.best is not None
    written = load_experiment(tmp_path / "sac.yaml", [])
    assert (
        written.training.settings == trial_experiment(setup, BUDGET, study.best.parameters).training.settings
    )
    assert written.world().digest() == setup.world().digest()
    assert written.training.seeds == Experiment().training.seeds
    assert not set(written.training.seeds) & set(BUDGET.seeds)
    assert (tmp_path / "sac.yaml").read_text().startswith("# Made by juguo tune: trial")


def test_the_sampler_is_asked_the_same_whatever_process_asks() -> None:
    setup = experiment()
    study = new_study(setup, setup.world(), BUDGET, 0)
    assert suggest(study, None) == suggest(study, None)
    assert suggest(study, None) != suggest(dataclasses.replace(study, seed=1), None)


def test_a_budget_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="--steps is 0; allowed is 1 to"):
        dataclasses.replace(BUDGET, steps=0)


def test_a_training_that_runs_away_breaks_down_and_is_no_fault(tmp_path: Path) -> None:
    setup = experiment(
        "ppo", envs=4, paired=2, n_steps=10, batch_size=40, learning_rate=1.0, max_grad_norm=1e6
    )
    wild = trial_experiment(setup, dataclasses.replace(BUDGET, steps=120), {"log_std_init": 5.0})
    scenario: Scenario = setup.world()
    result = conduct_module.train_and_score(Task(wild, scenario, 1000, 2, tmp_path))
    assert result[0] is None or -10.0 < result[0] < 10.0
