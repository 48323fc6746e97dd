"""One small file of every kind that is read back, in the folders where they lie, made once for a session."""

from __future__ import annotations

import shutil
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.artifacts.front import FrontRecord, front_content, front_file, front_name
from juguo_agents.artifacts.identity import text_of
from juguo_agents.artifacts.load import POLICY
from juguo_agents.artifacts.policy_file import save_policy
from juguo_agents.artifacts.tree import Tree
from juguo_agents.artifacts.tree_file import TreeRecord, tree_content
from juguo_agents.evaluation.rollout import compare
from juguo_agents.play.saved import Saved
from juguo_agents.provenance import MODEL, versions
from juguo_agents.report import comparison_data, summarise
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.optimise import begin, search
from juguo_agents.search.result import write_result
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies.arms import ArmSettings
from juguo_agents.studies.explain.study import Settings as ExplainSettings
from juguo_agents.studies.pareto.study import Settings as ParetoSettings
from juguo_agents.studies.patterns.study import PatternsRecord, PatternsSettings
from juguo_agents.studies.settings import Settings
from juguo_agents.training.config import Experiment, load_experiment
from juguo_agents.training.expert_search import find_expert
from juguo_agents.training.provenance import run_identity
from juguo_agents.training.run import begin_run, checkpoints_of, keep_curve, policy_path
from juguo_agents.training.shipped import find_config
from juguo_agents.training.train import train_seed
from juguo_agents.training.tuning.conduct import new_study
from juguo_agents.training.tuning.study import Budget, Study, Trial
from juguo_envs import Scenario
from tests.agents.forging import store, store_value
from tests.agents.play.playing import played
from tests.agents.training.killing import kill
from tests.support import small

SMALL = small()
WORLD = "world.yaml"
SEEDS = (0, 1)
PPO = {"envs": 4, "paired": 2, "n_steps": 6, "batch_size": 12, "net": [4]}


def make(folder: Path, tree: Tree, world: Scenario) -> Path:
    """Make everything in a folder. `tree` was fitted in `world`."""
    with chdir(folder):
        SMALL.save(WORLD)
        for name, rate in (("a", 0.001), ("b", 0.002)):
            _run(Path("runs") / name, rate)
        shutil.copytree("runs/a", "runs/half")
        Path("runs/half/comparison.json").unlink()
        _checkpoints(Path("runs/cut"))
        for number, name in enumerate(("a", "b")):
            _search(Path("searches") / name, number)
        begun = begin(SearchSettings("constant", SMALL, 400, validation=4))
        begun.save(_made(Path("searches/cut")))
        SMALL.save("searches/cut/scenario.yaml")
        for name in ("a", "b"):
            _trees(Path("explained") / name, f"runs/{name}", tree, world)
            _fronts(Path("fronts") / name, 900 if name == "a" else 901)
        _experts(Path("runs/parts"))
        _value(Path("values/a"))
        _patterns(Path("patterns/a"))
        _trials(Path("tuned/a"))
        Saved(Path("plays")).save(played(SMALL))
    return folder


def _experts(folder: Path) -> None:
    """What a training in a family imitates."""
    training = {"search": 2600, "parts": 2, "processes": 1}
    asked = Experiment.model_validate({"scenario": f"family:{WORLD}", "training": training})
    find_expert(asked, asked.world(), folder)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def experiment(rate: float = 0.001, **training: Any) -> Experiment:
    """What runs train: two seeds, a few steps."""
    settings = {"seeds": SEEDS, "steps": 24, "selections": 1, "selection_episodes": 2, **training}
    return Experiment.model_validate(
        {
            "scenario": WORLD,
            "training": {**settings, "checkpoint_minutes": 0, "ppo": {**PPO, "learning_rate": rate}},
            "comparison": {"allocators": ["flat"], "episodes": 2},
        }
    )


def _run(folder: Path, rate: float) -> None:
    asked = experiment(rate)
    of = run_identity(asked, SMALL)
    begin_run(_made(folder), asked, SMALL)
    for seed in SEEDS:
        trained = train_seed(asked, SMALL, seed)
        keep_curve(folder, of, seed, trained.curve)
        save_policy(trained.policy, policy_path(folder, seed))
    learned = POLICY.allocators([policy_path(folder, seed) for seed in SEEDS])
    comparison = compare([make_rule("flat"), *learned], SMALL, episodes=2)
    text = text_of(comparison_data(summarise(comparison, versions()), of))
    (folder / "comparison.json").write_text(text, encoding="utf-8")


def _checkpoints(folder: Path) -> None:
    asked = experiment(steps=240)
    begin_run(_made(folder), asked, SMALL)
    for seed in SEEDS:
        alone = asked.model_copy(update={"training": asked.training.model_copy(update={"seeds": (seed,)})})
        kill(alone, SMALL, checkpoints_of(folder, seed), 96)


def _search(folder: Path, seed: int) -> None:
    state, scorer = begin(SearchSettings("constant", SMALL, 400, seed=seed, validation=4)), Scorer(SMALL)
    SMALL.save(_made(folder) / "scenario.yaml")
    search(state, folder, scorer)
    write_result(state, folder, scorer)


def _claimed(folder: Path, study: str, settings: Settings) -> str:
    settings.claim(_made(folder), study)
    return settings.identity(study)


def _trees(folder: Path, source: str, tree: Tree, world: Scenario) -> None:
    of = _claimed(folder, "explain", ExplainSettings.parse({"run": source, "scenario": SMALL, "episodes": 9}))
    for leaves, cut in ((4, 0.5), (8, 0.25)):
        about = {"name": f"tree{leaves}_of_learned_seed0", "observe": "noisy", "fidelity": {}}
        about |= {"source": {"name": "learned_seed0", "sha256": None, "other_seeds": {}}}
        content = {**about, **tree_content(tree, world), "cut": cut}
        store(folder / f"tree{leaves}.json", TreeRecord, content, of)


def _fronts(folder: Path, budget: int) -> None:
    asked = ParetoSettings.parse({"scenario": SMALL, "budget": 10_000 * budget, "levels": 2})
    of = _claimed(folder, "pareto", asked)
    starts = [dict(start) for start in list(CLOSED_LOOP.starts(SMALL).values())[:3]]
    for seed, members in ((64, starts[:2]), (65, starts[1:])):
        about = {"name": front_name(seed), "seed": seed, "observe": "noisy", "versions": {}, "begun": False}
        about |= {"budget": budget, "steps": 900, "generations": 3}
        means = np.array([[0.3, 0.4, 0.02], [0.1, 0.5, 0.01]])
        store(folder / front_file(seed), FrontRecord, front_content(members, means, about, SMALL), of)


def value_settings() -> ArmSettings:
    """Those of the study `value`."""
    return ArmSettings.parse({"scenario": (SMALL,), **ArmSettings.smoke})


def _value(folder: Path) -> None:
    of = _claimed(folder, "value", value_settings())
    numbers = {"closed loop": CLOSED_LOOP.space(SMALL).start, "open loop": {"start": 0.5}}
    store_value(folder, SMALL, numbers, of)


def _patterns(folder: Path) -> None:
    asked = PatternsSettings.parse({"scenario": SMALL, "episodes": 4, "only": (1,)})
    of = _claimed(folder, "patterns", asked)
    figure = {"measured": 0.5, "low": 0.25, "high": 0.75, "band": ">= 0.1"}
    pattern = {"number": 10, "name": "none", "statement": "none", "source": "none", "holds": True}
    pattern |= {"verdict": "yes", "expected": True, "part": "share", **figure, "details": {}}
    pattern |= {"parts": [{"name": "share", **figure, "holds": True, "verdict": "yes"}]}
    content = {"settings": {"model": MODEL}, "seeds": "making", "scenario_digest": SMALL.digest()}
    store(folder / "patterns.json", PatternsRecord, {**content, "patterns": [pattern], "versions": {}}, of)


SELECTED = ("training.selections=2", "training.selection_episodes=20")
TUNE = ("tune", "td3", f"scenario={WORLD}", *SELECTED, "--steps", "24", "--trainings", "1",
        "--episodes", "2", "--trials", "1")  # fmt: skip


def tuning_study() -> Study:
    """A tuning, of which no trial is done."""
    changes = ["training.algorithm=td3", f"scenario={WORLD}", *SELECTED]
    asked = load_experiment(find_config("from_scratch"), changes)
    training = asked.training
    budget = Budget(24, 1, training.selections, training.selection_episodes, 2)
    return new_study(asked, asked.world(), budget, 0)


def _trials(folder: Path) -> None:
    study = tuning_study()
    parameters = {name: _first(axis.as_json()) for name, axis in study.space.items()}
    study = study.add(Trial(0, parameters, (0.25,), (1.5,)))
    study.save(_made(folder) / "td3.study.json")


def _first(axis: dict[str, Any]) -> Any:
    return axis["choice"][0] if "choice" in axis else axis["logarithmic"]["low"]
