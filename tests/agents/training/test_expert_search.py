"""The main job begins from nothing but its config: a search, an imitation, reinforcement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.institutions import split_name
from juguo_agents.allocators.registry import rule_names
from juguo_agents.artifacts.searched import RESULT_FILE
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import compare
from juguo_agents.report import figures, summarise
from juguo_agents.report.doctrines import REFERENCES
from juguo_agents.report.route import PARTS, Route, parts_as_rows
from juguo_agents.search.checkpoint import Keeper
from juguo_agents.training import experiment as job
from juguo_agents.training import expert_search, rule_tuning
from juguo_agents.training.config import Experiment
from juguo_agents.training.learners import imitation
from juguo_agents.training.run import checkpoints_of, expert_of, imitation_path
from juguo_agents.training.train import train_seed
from juguo_envs import Scenario
from juguo_envs.errors import UserError
from tests.agents.training.killing import Killed

SMALL = {"society.persons": 60, "programme.T": 8}
TRAINING: dict[str, Any] = {
    "search": 1300,
    "seeds": [3],
    "processes": 1,
    "steps": 96,
    "selections": 1,
    "selection_episodes": 2,
    "checkpoint_minutes": 0,
    "ppo": {"envs": 4, "paired": 2, "n_steps": 6, "batch_size": 24},
}
COMPARED = {"allocators": ["flat+exit+relief", "experiment_diffusion"], "episodes": 4, "tuned": 700}
SETUP = Experiment.model_validate({"override": SMALL, "training": TRAINING, "comparison": COMPARED})


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, which can be killed anywhere, with few episodes and without figures."""

    def train_all(setup, world, seeds, folder, done, begun) -> None:
        for seed in seeds:
            expert, place = expert_of(setup, folder), imitation_path(folder, seed)
            checkpoints = checkpoints_of(folder, seed)
            done(
                seed, train_seed(setup, world, seed, checkpoints=checkpoints, expert=expert, imitation=place)
            )

    monkeypatch.setattr(job, "train_all", train_all)
    monkeypatch.setattr(imitation, "ROUNDS", 2)
    monkeypatch.setattr(imitation, "EPISODES", 6)
    monkeypatch.setattr(imitation, "PASSES", 1)
    monkeypatch.setattr(expert_search, "_VALIDATION", 4)
    monkeypatch.setattr(rule_tuning, "_VALIDATION", 4)
    monkeypatch.setattr(figures, "draw_figures", lambda *asked: {})


def content(folder: Path) -> dict[str, bytes]:
    """What a job ends with, but for what tells the time."""
    files = [*folder.rglob("*.safetensors"), *folder.rglob(RESULT_FILE), folder / "comparison.json"]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], str]:
    with pytest.MonkeyPatch.context() as patch:
        brief.__wrapped__(patch)  # type: ignore[attr-defined]
        folder = tmp_path_factory.mktemp("job") / "run"
        printed = job.run_experiment(SETUP, SETUP.world(), folder)
    return content(folder), printed


def test_the_comparison_holds_expert_and_imitations_and_its_last_lines_tell_what_each_part_brought(
    wanted: tuple[dict[str, bytes], str],
) -> None:
    files, printed = wanted
    told = json.loads(files["comparison.json"])
    names = {row["name"] for row in told["allocators"]}
    assert {"expert", "imitation_seed3", "learned_seed3"} <= names
    assert [part["part"] for part in told["route"]] == list(PARTS)
    assert [line.split()[0] for line in printed.splitlines()[-3:]] == list(PARTS)
    found = [
        json.loads(text)
        for name, text in files.items()
        if name.startswith("expert/") and name.endswith(RESULT_FILE)
    ]
    assert len(found) == 3 and sum(one["budget"] for one in found) == TRAINING["search"]
    spent = sum(one["spent"] + 2 * 4 for one in found)
    assert told["route"][0]["steps"] == 8 * spent and told["route"][2]["steps"] == TRAINING["steps"]


def test_every_doctrine_is_tuned_with_both_institutions_where_all_are_compared() -> None:
    setup = Experiment.model_validate({"comparison": {"tuned": 700}})
    assert len(rule_tuning.searches(setup, setup.world())) == len(rule_names()) - len(REFERENCES)


def test_each_rule_with_both_institutions_stands_beside_itself_with_tuned_numbers(
    wanted: tuple[dict[str, bytes], str],
) -> None:
    files, _ = wanted
    names = [row["name"] for row in json.loads(files["comparison.json"])["allocators"]]
    for rule in COMPARED["allocators"]:
        found = json.loads(files[f"tuned/{rule}/{RESULT_FILE}"])
        assert f"{split_name(rule)[0]}:tuned" in names and rule in names
        assert found["budget"] == COMPARED["tuned"] and found["family"] == f"rule:{rule}"


def test_a_tuning_that_cannot_begin_is_refused_before_anything_is_done() -> None:
    setup = Experiment.model_validate({"override": SMALL, "comparison": {"tuned": 3}})
    with pytest.raises(UserError, match=r"comparison\.tuned is 3: "):
        rule_tuning.check_tuning(setup, setup.world())


def test_a_rule_without_both_institutions_is_not_tuned() -> None:
    setup = Experiment.model_validate({"comparison": {"allocators": ["flat"], "tuned": 700}})
    assert rule_tuning.searches(setup, setup.world()) == {}


@pytest.mark.parametrize(
    "place",
    ["first-2", "expert", "imitation", "flat+exit+relief", pytest.param("learning", marks=pytest.mark.slow)],
)
def test_killed_in_any_part_it_goes_on_and_ends_with_the_same_bytes(
    place: str, wanted: tuple[dict[str, bytes], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        if place == "imitation":
            patch.setattr(imitation, "_fit", _kill)
        elif place == "learning":
            patch.setattr(job, "keep_curve", _kill)
        else:

            def save(keeper: Keeper) -> None:
                keeper._state.save(keeper._folder)
                if keeper._folder.name == place:
                    raise Killed

            patch.setattr(Keeper, "save_if_due", save)
        with pytest.raises(Killed):
            job.run_experiment(SETUP, SETUP.world(), tmp_path / "run")
    assert job.resume_experiment(tmp_path / "run") == wanted[1]
    assert content(tmp_path / "run") == wanted[0]


def _kill(*arguments: object) -> float:
    raise Killed


def test_the_search_is_in_the_world_of_the_training_and_of_a_family_where_that_is_one() -> None:
    training = {"search": 1300, "override": {"resilience.floor": 0.1}}
    setup = Experiment.model_validate({"scenario": "family", "training": training})
    settings = expert_search.first_searches(setup, setup.world())
    assert all(one.varies and one.scenario.resilience.floor == 0.1 for one in settings)
    assert len({one.seed for one in settings}) == len(settings) == expert_search.FIRST


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"search": 100, "expert": "flat"}, "expert is set and search is, too"),
        ({"search": 100, "algorithm": "sac"}, "search is set and algorithm is sac; allowed is ppo"),
    ],
)
def test_a_search_is_refused_where_it_has_no_part(training: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Experiment.model_validate({"training": training})


def test_a_search_that_cannot_begin_is_refused_before_anything_is_written() -> None:
    small = SETUP.model_copy(update={"training": SETUP.training.model_copy(update={"search": 100})})
    with pytest.raises(UserError, match=r"training\.search is 100: budget is too small"):
        expert_search.check_search(small, small.world())
    drawn = Experiment.model_validate({"shown": {"preferences": "drawn"}, "training": {"search": 5000}})
    with pytest.raises(UserError, match=r"training\.search is set and shown\.preferences is drawn"):
        expert_search.check_search(drawn, drawn.world())


def test_a_seed_is_not_trained_from_nothing_where_a_search_should_come_first() -> None:
    with pytest.raises(UserError, match=r"training\.search is set, and nothing was searched"):
        train_seed(SETUP, SETUP.world(), 0)


def _compared(world: Scenario) -> Comparison:
    names = {"expert": "market", "imitation_seed0": "flat", "learned_seed0": "experiment_diffusion"}
    allocators = [make_rule("care_only"), make_rule("demand_led")]
    for name, rule in names.items():
        allocators.append(_Called(name, rule))  # type: ignore[arg-type]
    return compare(allocators, world, episodes=6)


class _Called:
    """A rule under another name."""

    def __init__(self, name: str, rule: str) -> None:
        self.name, self._rule = name, make_rule(rule)
        self.start, self.act = self._rule.start, self._rule.act


def test_what_each_part_brought_is_paired_and_sums_to_the_whole() -> None:
    comparison = _compared(SETUP.world())
    parts = summarise(comparison, {}, Route("expert", dict.fromkeys(PARTS, 1)))["route"]
    whole = comparison.record("learned_seed0").returns - comparison.record("demand_led").returns
    assert [part["over"] for part in parts] == ["demand_led", "expert", "imitation_seed0"]
    assert np.isclose(sum(part["difference"] for part in parts), whole.mean())
    assert len(parts_as_rows(parts)[1]) == 3
    by_rule = summarise(comparison, {}, Route("demand_led", dict.fromkeys(PARTS, 1)))["route"]
    assert [part["part"] for part in by_rule] == ["imitation", "reinforcement"]
    assert summarise(comparison, {})["route"] == []
