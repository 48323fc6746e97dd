"""Learning begins at an expert: the student does what it does, and nothing else of the learner has moved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from stable_baselines3 import PPO

from juguo_agents.allocators import Allocator, make_rule
from juguo_agents.artifacts.load import UnknownAllocator, find_allocator
from juguo_agents.artifacts.policy import Learned
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import SELECTION
from juguo_agents.training.config import Experiment
from juguo_agents.training.experiment import resume_experiment
from juguo_agents.training.experts import find_experts
from juguo_agents.training.learners import imitation
from juguo_agents.training.learners.imitation import imitate
from juguo_agents.training.learners.kinds import extract_policy, make_learner
from juguo_agents.training.provenance import ResumeError
from juguo_agents.training.run import begin_run, check_expert
from juguo_agents.training.train import train_seed
from juguo_envs import Family, ObservationConfig, Scenario
from juguo_envs.spaces.context import ContextConfig
from tests.support import small

Floats = npt.NDArray[np.float64]
SMALL = small()
SEEDS = SELECTION.take(0, 20)


def experiment(section: Mapping[str, str] | None = None, **training: Any) -> Experiment:
    ppo = {
        "envs": 4, "paired": 2, "n_steps": 10, "batch_size": 20, "log_std_init": -2.0, **(section or {}),
    }  # fmt: skip
    return Experiment.model_validate(
        {
            "training": {"seeds": [0], "steps": 80, "selections": 1, "selection_episodes": 3, "ppo": ppo}
            | training
        }
    )


def fresh(setup: Experiment) -> PPO:
    learner = make_learner(SMALL, setup, 0)
    assert isinstance(learner, PPO)
    return learner


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer rounds and episodes: enough for societies as small as these."""
    monkeypatch.setattr(imitation, "ROUNDS", 4)
    monkeypatch.setattr(imitation, "EPISODES", 60)


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize(
    ("section", "most"), [({}, 0.25), ({"network": "communities"}, 0.3), ({"critic": "group"}, 0.25)]
)
@pytest.mark.parametrize("rule", ["experiment_diffusion", "flat"])
def test_a_student_earns_what_its_expert_earns(rule: str, section: dict[str, str], most: float) -> None:
    setup = experiment(section)
    learner = fresh(setup)
    before = {name: tensor.clone() for name, tensor in learner.policy.state_dict().items()}
    missed = imitate(learner, [(make_rule(rule), SMALL)], ObservationConfig(), 0)
    assert missed < most
    after = learner.policy.state_dict()
    for name, tensor in before.items():
        actor = "policy_net" in name or "action_net" in name
        assert bool((after[name] != tensor).any()) == actor, name

    student = Learned(extract_policy(learner, SMALL, setup, 0), "learned")
    expert, nothing = (run(make_rule(name), SMALL, SEEDS).returns for name in (rule, "nothing"))
    own = run(student, SMALL, SEEDS).returns
    assert abs((own - expert).mean()) < most * abs((expert - nothing).mean())


@pytest.mark.usefixtures("brief")
def test_a_student_learns_in_a_family_from_what_a_policy_is_shown() -> None:
    shown = ContextConfig(context=True, history=2)
    setup = experiment().model_copy(update={"scenario": "family", "shown": shown})
    learner, worlds = fresh(setup), Family(SMALL)

    def returns() -> Floats:
        return run(Learned(extract_policy(learner, SMALL, setup, 0), "learned"), worlds, SEEDS).returns

    expert = run(make_rule("experiment_diffusion"), worlds, SEEDS).returns
    before = np.abs(returns() - expert).mean()
    imitate(learner, [(make_rule("experiment_diffusion"), worlds)], setup.observation, 0)
    assert np.abs(returns() - expert).mean() < 0.5 * before


@pytest.mark.usefixtures("brief")
def test_a_student_of_many_experts_does_in_each_world_what_is_done_there() -> None:
    """What tells the worlds apart, their money, is in the context alone."""
    shown = ContextConfig(context=True)
    setup = experiment().model_copy(update={"scenario": "family", "shown": shown})
    rules = {0.4: "care_only", 1.2: "technology_centred"}
    experts = [(make_rule(rule), SMALL.override({"money.B": money})) for money, rule in rules.items()]
    learner = fresh(setup)
    imitate(learner, experts, setup.observation, 0)
    student = Learned(extract_policy(learner, SMALL, setup, 0), "learned")

    def shares(allocator: Allocator, world: Scenario) -> Floats:
        spent = run(allocator, world, SEEDS).spending.sum(1)
        return spent / spent.sum(-1, keepdims=True)

    def missed(allocator: Allocator, world: Scenario) -> float:
        return float(np.abs(shares(student, world) - shares(allocator, world)).mean())

    for (own, world), (other, _) in (experts, experts[::-1]):
        assert missed(own, world) < 0.5 * missed(other, world)


def test_a_training_with_an_expert_is_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imitation, "ROUNDS", 2)
    monkeypatch.setattr(imitation, "EPISODES", 10)
    setup = experiment(expert="experiment_diffusion")
    one, other = (train_seed(setup, SMALL, 0).policy for _ in range(2))
    alone = train_seed(experiment(), SMALL, 0).policy
    for name, tensor in one.tensors.items():
        assert (other.tensors[name] == tensor).all()
    assert (alone.tensors["action_net.weight"] != one.tensors["action_net.weight"]).any()
    assert one.metadata["training"]["config"]["training"]["expert"] == "experiment_diffusion"


def test_an_expert_is_refused_where_it_cannot_be_imitated() -> None:
    with pytest.raises(ValueError, match="algorithm is sac; allowed is ppo"):
        Experiment.model_validate({"training": {"expert": "flat", "algorithm": "sac"}})


def test_an_expert_has_to_be_one_allocator(tmp_path: Path) -> None:
    with pytest.raises(UnknownAllocator, match=r"training\.expert is 'all', which stands for \d+ allocators"):
        find_allocator("all", "training.expert")
    with pytest.raises(UnknownAllocator, match="flatt"):
        find_allocator("flatt", "training.expert")
    with pytest.raises(UnknownAllocator, match=r"flatt.*, or the folder of experts of a training in parts$"):
        find_experts("flatt", SMALL)


def test_a_run_goes_on_with_the_expert_it_was_begun_with_and_no_other(tmp_path: Path) -> None:
    """Seeds that are yet to begin would imitate another one, so the run would not end as it should."""
    expert, run = tmp_path / "searched.json", tmp_path / "run"
    expert.write_text("one")
    setup = experiment(expert=str(expert))
    run.mkdir()
    begin_run(run, setup, setup.world())
    check_expert(run, setup)
    expert.write_text("other")
    with pytest.raises(ResumeError, match=r"training\.expert .*searched\.json.*expert_sha256 is .* and was"):
        resume_experiment(run)
    expert.unlink()
    with pytest.raises(ResumeError, match="expert_sha256 is absent now"):
        resume_experiment(run)
