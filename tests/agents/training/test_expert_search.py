"""The main job begins from nothing but its config: a search, an imitation, reinforcement."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.by_budget import ByBudget, budget_edges
from juguo_agents.allocators.institutions import split_name
from juguo_agents.allocators.registry import NamedTwice, rule_names
from juguo_agents.artifacts.load import common_world, digest_of, find_allocator, find_allocators
from juguo_agents.artifacts.searched import RESULT_FILE
from juguo_agents.benchmark.card import steps_behind
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import compare, run
from juguo_agents.report import figures, summarise
from juguo_agents.report.doctrines import REFERENCES
from juguo_agents.report.route import PARTS, Route, parts_as_rows
from juguo_agents.search.checkpoint import Keeper
from juguo_agents.training import experiment as job
from juguo_agents.training import expert_search, rule_tuning
from juguo_agents.training.config import Experiment
from juguo_agents.training.experts import find_experts
from juguo_agents.training.learners import imitation
from juguo_agents.training.run import checkpoints_of, expert_of, imitation_path
from juguo_agents.training.train import train_seed
from juguo_envs import Family, Scenario
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


IN_PARTS = Experiment.model_validate(
    {
        "scenario": "family",
        "override": {"society.persons": 60},
        "training": {**TRAINING, "search": 2600, "parts": 2},
        "comparison": {"allocators": ["flat"], "episodes": 6},
    }
)


def test_in_a_family_each_part_of_the_range_of_budgets_has_an_expert(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    job.run_experiment(IN_PARTS, IN_PARTS.world(), folder)
    told = json.loads((folder / "comparison.json").read_text())
    assert [part["part"] for part in told["route"]] == list(PARTS)
    assert "expert" in {row["name"] for row in told["allocators"]}
    files = sorted(folder.rglob(RESULT_FILE))
    found = [json.loads(file.read_text()) for file in files]
    assert [one["budget"] for one in found] == [650, 650, 650, 650]
    assert [one["ranges"] for one in found] == [
        [], [], [["money.B", 0.12, 0.6]], [["money.B", 0.6, 3.0]],
    ]  # fmt: skip
    experts = find_experts(str(folder / "expert"), Family(IN_PARTS.world()))
    assert [world for _, world in experts] == [
        Family(IN_PARTS.world(), ranges=(("money.B", low, high),)) for low, high in ((0.12, 0.6), (0.6, 3.0))
    ]


def test_experts_of_parts_are_imitated_where_they_fit_and_all_of_them(tmp_path: Path) -> None:
    folder, world = tmp_path / "run", IN_PARTS.world()
    expert_search.find_expert(IN_PARTS, world, folder)
    experts = str(folder / "expert")
    ((_, where),) = find_experts(f"{experts}/parts/part-1", Family(world))
    assert where == Family(world)
    with pytest.raises(UserError, match="of a part of a family, and the training is in none"):
        find_experts(experts, world)
    with pytest.raises(UserError, match="a world with 8 communities, and the training has 4"):
        find_experts(experts, Family(world.override({"society.communities.count": 4})))
    two = folder / "expert" / "parts" / "part-2"
    for other, words in (
        ("parts/part-1", r"from 0\.12 to 0\.6, 0\.12 to 0\.6; allowed are parts of 0\.12 to 3"),
        ("first-1", r"part-2.*is of no part of the range of money\.B"),
    ):
        shutil.rmtree(two)
        shutil.copytree(folder / "expert" / other, two)
        with pytest.raises(UserError, match=words):
            find_experts(experts, Family(world))
    shutil.rmtree(two)
    with pytest.raises(UserError, match=r"money\.B from 0\.12 to 0\.6; allowed are parts"):
        find_experts(experts, Family(world))
    shutil.rmtree(two.parent)
    two.parent.mkdir()
    with pytest.raises(UserError, match=r"has no experts, no \*/searched\.json; go on with"):
        find_experts(experts, Family(world))


def test_the_folder_of_experts_is_one_allocator_for_every_command(tmp_path: Path) -> None:
    folder, family, seeds = tmp_path / "run", Family(IN_PARTS.world()), np.arange(8, dtype=np.uint64)
    expert_search.find_expert(IN_PARTS, IN_PARTS.world(), folder)
    name = str(folder / "expert")
    assert common_world([name]) == family
    (panel,) = find_allocators([name])
    low, high = (find_allocator(f"{name}/parts/part-{part}", "") for part in (1, 2))
    np.testing.assert_array_equal(
        run(panel, family, seeds).returns, run(ByBudget("", [low, high], [0.6]), family, seeds).returns
    )
    assert digest_of(name) not in (None, digest_of(f"{name}/parts/part-1"))
    spent = [json.loads(file.read_text())["spent"] for file in (folder / "expert").rglob(RESULT_FILE)]
    assert len(spent) == 4 and steps_behind(name) == sum(spent) * family.base.programme.T
    assert steps_behind(f"{name}/parts/part-1") is None  # it began at what another search found
    with pytest.raises(NamedTwice, match="hold the same allocator"):
        find_allocators([name, name])


def test_experts_of_two_worlds_are_not_one(tmp_path: Path) -> None:
    world = IN_PARTS.world()
    for name, there in (("run", world), ("other", world.override({"resilience.floor": 0.11}))):
        expert_search.find_expert(IN_PARTS, there, tmp_path / name)
    part = Path("expert/parts/part-2")
    shutil.rmtree(tmp_path / "run" / part)
    shutil.copytree(tmp_path / "other" / part, tmp_path / "run" / part)
    with pytest.raises(UserError, match=r"part-2.*was not made as .*part-1.* was, in the same world"):
        find_allocators([str(tmp_path / "run" / "expert")])


@pytest.mark.parametrize("place", ["first-2", "part-1", "part-2"])
def test_killed_in_any_part_of_a_family_it_goes_on_and_ends_with_the_same_bytes(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.run_experiment(IN_PARTS, IN_PARTS.world(), tmp_path / "whole")

    def save(keeper: Keeper) -> None:
        keeper._state.save(keeper._folder)
        if keeper._folder.name == place:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Keeper, "save_if_due", save)
        job.run_experiment(IN_PARTS, IN_PARTS.world(), tmp_path / "run")
    job.resume_experiment(tmp_path / "run")
    assert content(tmp_path / "run") == content(tmp_path / "whole")


def test_the_experts_of_the_parts_act_as_one_each_where_its_budgets_are() -> None:
    family, seeds = Family(IN_PARTS.world()), np.arange(40, dtype=np.uint64)
    low, high = make_rule("flat"), make_rule("experiment_diffusion")
    both = run(ByBudget("expert", [low, high], [0.6]), family, seeds).returns
    poor = family.draw(seeds).params["B"] < 0.6
    assert poor.any() and not poor.all()
    np.testing.assert_array_equal(both[poor], run(low, family, seeds).returns[poor])
    np.testing.assert_array_equal(both[~poor], run(high, family, seeds).returns[~poor])
    one_world = run(ByBudget("expert", [low, high], [0.6]), family.scenario(0), seeds[:3]).returns
    alone = low if poor[0] else high
    np.testing.assert_array_equal(one_world, run(alone, family.scenario(0), seeds[:3]).returns)


@pytest.mark.parametrize("edges", [[], [0.5, 0.5], [0.7, 0.5]])
def test_parts_that_are_none_are_refused(edges: list[float]) -> None:
    with pytest.raises(ValueError, match="allowed are 2 numbers that rise"):
        ByBudget("expert", [make_rule("flat")] * 3, edges)


def test_a_configuration_takes_no_part_of_a_family() -> None:
    world = {"family": "default", "ranges": {"money.B": [0.2, 0.4]}}
    with pytest.raises(ValueError, match="family stands in a mapping; allowed are family and family:NAME"):
        Experiment.model_validate({"scenario": world})


def test_parts_divide_the_range_of_budgets_in_equal_ratios() -> None:
    edges = budget_edges(IN_PARTS.world(), 4)
    assert edges[0] == 0.12 and edges[-1] == 3.0
    np.testing.assert_allclose(np.diff(np.log(edges)), np.log(25) / 4)


def test_parts_that_cannot_be_searched_are_refused_before_anything_is_written() -> None:
    plain = Experiment.model_validate({"training": {"search": 5000, "parts": 2}})
    with pytest.raises(UserError, match=r"training\.parts is 2 and the scenario is no family"):
        expert_search.check_search(plain, plain.world())
    small = Experiment.model_validate({"scenario": "family", "training": {"search": 2600, "parts": 16}})
    with pytest.raises(UserError, match=r"training\.search is 2600: budget is too small"):
        expert_search.check_search(small, small.world())
    with pytest.raises(ValueError, match="parts is 2 and search is null; set search"):
        Experiment.model_validate({"scenario": "family", "training": {"parts": 2}})


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
