"""Configs, claims and assignments with faults in them: what they say, or a refusal in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from juguo_agents.studies.hypotheses.claims import SHIPPED, Hypotheses, load_claims
from juguo_agents.training.config import Experiment, load_experiment
from juguo_envs.documents import dump_yaml
from juguo_envs.errors import UserError
from tests.mutations import ODD, mutated, read_or_refused

CONFIGS = sorted((Path(__file__).parents[2] / "configs").rglob("*.yaml"))
TEXTS = [path.read_text("utf-8") for path in CONFIGS] + [
    "name: mine\nscenario: {base: poor, money: {B: 0.7}}\n"
    "override: {money.mu: 0.9, crisis: {severity: 0.2}}\n"
    "training: {steps: 1e6, seeds: [0, 1], override: {society: {persons: 500}}, ppo: {net: [8, 8]}}\n"
    "comparison: {allocators: [flat, market], episodes: 20}\n",
]
KEYS = (
    "training.steps", "training.seeds", "training", "override.money.B", "override", "observe", "scenario",
    "name", "training.ppo.net", "comparison.allocators", "training.constraint", "training.ppo.learning_rate",
    "", ".", "a..b",
)  # fmt: skip


def checked(path: Path) -> Experiment:
    """An experiment with its worlds."""
    experiment = load_experiment(path, [])
    experiment.training_world(experiment.world())
    return experiment


def check_configs(numbers: range, folder: Path) -> int:
    """Number of the mutations that are configs; each is the same when it was saved and loaded."""
    good = 0
    for number in numbers:
        found = read_or_refused(checked, folder / "config.yaml", mutated(TEXTS[number % len(TEXTS)], number))
        if isinstance(found, Experiment):
            good += 1
            (folder / "again.yaml").write_text(dump_yaml(found.model_dump(mode="json")), encoding="utf-8")
            assert checked(folder / "again.yaml") == found
    return good


def check_claims(numbers: range, folder: Path) -> int:
    """Number of the mutations that are claims."""
    text = SHIPPED.read_text("utf-8")
    found = (
        read_or_refused(load_claims, folder / "claims.yaml", mutated(text, number)) for number in numbers
    )
    return sum(isinstance(one, Hypotheses) for one in found)


def test_mutated_configs_are_configs_or_refused(tmp_path: Path) -> None:
    assert 50 < check_configs(range(500), tmp_path) < 450


def test_mutated_claims_are_claims_or_refused(tmp_path: Path) -> None:
    assert 0 < check_claims(range(40), tmp_path) < 40


def test_odd_assignments_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(TEXTS[-1], encoding="utf-8")
    for key in KEYS:
        for value in ODD:
            try:
                load_experiment(path, [f"{key}={value}"])
            except UserError as error:
                assert "\n" not in str(error) and len(str(error)) < 3000


@pytest.mark.slow
def test_ten_thousand_mutated_configs_are_configs_or_refused(tmp_path: Path) -> None:
    check_configs(range(500, 10_500), tmp_path)


@pytest.mark.slow
def test_ten_thousand_mutated_claims_are_claims_or_refused(tmp_path: Path) -> None:
    check_claims(range(40, 10_040), tmp_path)
