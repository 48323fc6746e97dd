"""Configs as they are written and changed from the command line: nothing is lost, nothing misread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from juguo_agents.training.config import ConfigError, Experiment, load_experiment
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario


def load(folder: Path, text: str, *changes: str) -> Experiment:
    """A config, with changes."""
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load_experiment(path, list(changes))


@pytest.mark.parametrize(
    ("change", "place", "value"),
    [
        ("training.steps=1e6", "training.steps", 1_000_000),
        ("training.steps=0100", "training.steps", 100),
        ("training.seeds=[3, 1e1]", "training.seeds", (3, 10)),
        ("observe=true", "observe", "true"),
        ("training.ppo.learning_rate=1e-3", "training.ppo.learning_rate", 0.001),
        ("training.constraint={limit: 0.1}", "training.constraint.limit", 0.1),
        ("name=2024-02-30", "name", "2024-02-30"),
    ],
)
def test_an_assignment_is_what_yaml_says(tmp_path: Path, change: str, place: str, value: Any) -> None:
    held: Any = load(tmp_path, "name: mine\n", change)
    for part in place.split("."):
        held = getattr(held, part)
    assert held == value and type(held) is type(value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("training.steps=yes", "training.steps is 'yes': input should be a valid integer; write a number"),
        ("training.steps=true", "training.steps is true"),
        ("training.steps=1:00", "training.steps is '1:00'"),
        ("training.steps=10**6", "write the number itself, 1e+06"),
        ("training.steps='5'", "write 5, without quotation marks"),
        ("training.steps=1.5", "training.steps is 1.5"),
        ("training.seeds=10", "training.seeds is 10: input should be a list; write a list: [10]"),
        ("training.seeds=[18446744073709551616]", "has more than 64 bits"),
        ("training.seeds=[9223372036854775807]", "allowed are distinct whole numbers, 0 to 2**32 - 1"),
        ("observe=yes", "observe is 'yes': input should be 'noisy' or 'true'"),
        ("training={steps: 5, steps: 6}", "'steps' stands twice in a mapping"),
        ("training.steps={", "not readable as YAML"),
        ("training.steps.more=3", "steps holds no fields"),
        ("override.money.b=3", "unknown field 'money.b'"),
        ("override=3", "override is 3: input should be a mapping"),
        ("training.steps", "is no key=value"),
    ],
)
def test_an_assignment_that_cannot_be_is_refused_with_what_to_write(
    tmp_path: Path, change: str, said: str
) -> None:
    with pytest.raises(UserError) as caught:
        load(tmp_path, "training: {steps: 7}\n", change).world()
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_an_assignment_of_a_section_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    text = "training: {steps: 7, ppo: {n_steps: 15, envs: 64}, seeds: [5]}\n"
    made = load(tmp_path, text, "training={ppo: {envs: 32}}").training
    assert (made.steps, made.ppo.n_steps, made.ppo.envs, made.seeds) == (7, 15, 32, (5,))


def test_an_assignment_changes_an_override_of_the_file_however_both_are_written(tmp_path: Path) -> None:
    for text in ("override: {money.B: 0.5, money.mu: 0.9}\n", "override: {money: {B: 0.5, mu: 0.9}}\n"):
        for change in ("override.money.B=0.3", "override={money.B: 0.3}", "override={money: {B: 0.3}}"):
            assert load(tmp_path, text, change).override == {"money.B": 0.3, "money.mu": 0.9}


def test_nothing_is_given_twice(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"training\.steps is given twice"):
        load(tmp_path, "name: mine\n", "training.steps=5", "training.steps=6")
    with pytest.raises(ConfigError, match=r"config .*: override gives money\.B twice"):
        load(tmp_path, "override: {money.B: 0.3, money: {B: 0.4}}\n")
    with pytest.raises(ConfigError, match=r"line 2: 'training' stands twice in a mapping, on lines 1 and 2"):
        load(tmp_path, "training: {steps: 7}\ntraining: {seeds: [1]}\n")


def test_an_override_of_a_group_keeps_the_scenarios_other_fields(tmp_path: Path) -> None:
    world = load(tmp_path, "scenario: poor\noverride: {crisis: {severity: 0.2}}\n").world()
    assert world == Scenario.load("poor").override({"crisis.severity": 0.2})


def test_a_scenario_may_be_written_in_the_config(tmp_path: Path) -> None:
    made = load(tmp_path, "scenario: {base: poor, name: mine, money: {mu: 0.9}}\noverride: {money.B: 0.4}\n")
    world = made.world()
    assert world.digest() == Scenario.load("poor").override({"money.mu": 0.9, "money.B": 0.4}).digest()
    assert world.name == "mine" and Experiment.model_validate(made.model_dump(mode="json")) == made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scenario: family\noverride: {money.B: 0.4}\n", "override gives money.B, which is drawn"),
        ("scenario: family:poor\noverride: {programme: {T: 12}}\n", "override gives programme.T, which is"),
        (
            "scenario: family\ntraining: {override: {adoption.d0: 0.4}}\n",
            "training.override gives adoption.d0",
        ),
        (
            "shown: {preferences: drawn}\noverride: {reward.w_b: 2}\n",
            "override gives reward.w_b, which is drawn for every episode, so it would change nothing",
        ),
    ],
)
def test_an_override_of_what_every_episode_draws_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text).world()
    assert said in str(caught.value) and "leave it out, or train in one scenario" in str(caught.value)


def test_an_override_of_what_no_episode_draws_holds_in_a_family(tmp_path: Path) -> None:
    text = "scenario: family\noverride: {society.persons: 300, crisis.crT: 0.5, reward.w_b: 2}\n"
    world = load(tmp_path, text).world()
    assert (world.society.persons, world.crisis.crT, world.reward.w_b) == (300, 0.5, 2.0)


def test_every_fault_of_a_config_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "trainng: {}\nobserve: nosy\ntraining: {steps: 0, sedes: [1]}\n")
    message = str(caught.value)
    assert "4 faults: (1) " in message and "\n" not in message
    for part in (
        "did you mean 'training'",
        "did you mean 'noisy'",
        "training.steps is 0",
        "did you mean 'seeds'",
    ):
        assert part in message
