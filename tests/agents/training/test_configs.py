"""The configurations that come with the program: they load, and learners have what their studies found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from juguo_agents.training.config import load_experiment
from juguo_agents.training.learners.settings import SECTIONS, Algorithm

CONFIGS = Path(__file__).parents[3] / "configs"
LEARNERS = CONFIGS / "learners"


def record(algorithm: str) -> dict[str, Any]:
    """A learner's study."""
    told: dict[str, Any] = json.loads((LEARNERS / f"{algorithm}.study.json").read_text(encoding="utf-8"))
    return told


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_a_configuration_loads_and_is_named_like_its_file(path: Path) -> None:
    experiment = load_experiment(path, [])
    assert experiment.name == path.stem
    experiment.training_world(experiment.world())


def test_every_learner_was_studied_at_one_budget() -> None:
    budgets = [record(algorithm)["budget"] for algorithm in SECTIONS]
    assert all(budget == budgets[0] for budget in budgets)
    assert len({len(record(algorithm)["trials"]) for algorithm in SECTIONS}) == 1


@pytest.mark.parametrize("algorithm", SECTIONS)
def test_a_study_tells_its_best_trial_and_the_winner_is_that(algorithm: Algorithm) -> None:
    study = record(algorithm)
    best = max(study["trials"], key=lambda trial: (trial["value"], -trial["number"]))
    assert study["best"] == best["number"]
    winner = load_experiment(LEARNERS / f"{algorithm}.yaml", []).training.settings.model_dump(mode="json")
    assert {name: winner[name] for name in best["parameters"]} == best["parameters"]


@pytest.mark.parametrize("algorithm", [algorithm for algorithm in SECTIONS if algorithm != "ppo"])
def test_defaults_are_the_winners(algorithm: Algorithm) -> None:
    """But PPO's, which were found at twenty times the steps; see docs/how-to/train.md."""
    winner = load_experiment(LEARNERS / f"{algorithm}.yaml", []).training.settings
    assert SECTIONS[algorithm]() == winner
