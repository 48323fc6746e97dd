"""The main job: train, write the policies, compare with the rules, report; and go on after a kill."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.allocators import Allocator, make_rule
from juguo_agents.allocators.registry import variant_of
from juguo_agents.artifacts.load import POLICY, files_of, find_allocators, load_artifact
from juguo_agents.artifacts.policy_file import load_policy, save_policy
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import compare
from juguo_agents.folders import working_in
from juguo_agents.progress import progress
from juguo_agents.provenance import versions
from juguo_agents.report import (
    COMPARISON,
    IMITATION,
    Route,
    Summary,
    check_figures,
    console_page,
    read_comparison,
    summarise,
    write_report,
)
from juguo_agents.training.config import Experiment
from juguo_agents.training.expert_search import find_expert, steps_of_search
from juguo_agents.training.experts import IMITATED
from juguo_agents.training.pool import train_all
from juguo_agents.training.provenance import run_identity
from juguo_agents.training.rule_tuning import tune_rules
from juguo_agents.training.run import (
    begin_run,
    check_expert,
    expert_of,
    forget_checkpoints,
    imitation_path,
    keep_curve,
    load_run,
    policy_path,
    read_curves,
    states_of,
    steps_of,
)
from juguo_agents.training.train import Trained
from juguo_envs.engine.batch import Batch
from juguo_envs.worlds.scenario import Scenario

_EVALUATED = (
    "mean", "mean_low", "mean_high", "breadth", "resilience", "excluded", "excluded_low", "excluded_high",
    "difference", "difference_low", "difference_high", "difference_to_best_rule",
    "difference_to_best_rule_low", "difference_to_best_rule_high",
)  # fmt: skip


def run_experiment(
    experiment: Experiment,
    scenario: Scenario,
    folder: Path,
    lang: str = "en",
    highlight: Sequence[str] = (),
) -> str:
    """Train and compare, and write everything under a new folder.

    Args:
        experiment: What to do.
        scenario: The world, overrides applied.
        folder: Made anew; gets `config.yaml`, `scenario.yaml`, `policy-seed<k>.safetensors`,
            `learning_curve.json`, `tensorboard/`, and the comparison's tables and figures; `expert/`, where
            the job has a search, and `imitation/`, where there is an expert. While a seed is trained its
            checkpoints are in `checkpoints/`.
        lang: Language of the comparison.
        highlight: Names of rules that figures single out beside the learned allocators.

    Returns:
        The table for the terminal.

    Raises:
        FolderExists: If the folder exists.
        ImportError: If a package is missing that is used when training is over.
        TrainingFailed: If a training process dies.
    """
    _check_packages()
    with working_in(folder, lambda new: begin_run(new, experiment, scenario)):
        begun = dict.fromkeys(experiment.training.seeds, 0)
        return _conduct(experiment, scenario, folder, begun, lang=lang, highlight=highlight)


def resume_experiment(
    folder: Path,
    config: Path | None = None,
    assignments: Sequence[str] = (),
    say: Callable[[str], None] = lambda text: None,
    lang: str = "en",
    highlight: Sequence[str] = (),
) -> str:
    """Go on with a run that was interrupted, at any moment; it ends as if it had not been.

    Finished seeds are kept, begun ones go on from their last whole checkpoint, the others begin.

    Args:
        folder: The run's.
        config: A configuration that must agree with the run's own, where one is named.
        assignments: `key=value` likewise; `training.processes` and `training.checkpoint_minutes` may differ.
        say: Told, in a line each, what there is and what is done.
        lang: Language of the comparison.
        highlight: As in `run_experiment`.

    Returns:
        The table for the terminal.

    Raises:
        ResumeError: If it is no run, or configuration, scenario or software are not what they were.
        FolderInUse: If another process works on it.
        ImportError: If a package is missing that is used when training is over.
    """
    _check_packages()
    experiment, scenario = load_run(folder, config, assignments)
    with working_in(folder):
        if (folder / COMPARISON).exists():
            say(f"{folder} is finished; nothing is left to do")
            return console_page(read_comparison(folder), lang)
        states = states_of(folder, experiment, scenario)
        for seed, state in states.items():
            say(f"{folder}, training seed {seed}: {state}")
        if any(not state.steps for state in states.values()):
            check_expert(folder, experiment)
        begun = {seed: state.steps for seed, state in states.items()}
        finished = {seed for seed, state in states.items() if state.finished}
        return _conduct(experiment, scenario, folder, begun, finished, lang, highlight)


def _conduct(
    experiment: Experiment,
    scenario: Scenario,
    folder: Path,
    begun: dict[int, int],
    finished: set[int] | None = None,
    lang: str = "en",
    highlight: Sequence[str] = (),
) -> str:
    """Do what is left of a run."""
    _compile(scenario)
    find_expert(experiment, scenario, folder)
    seeds = experiment.training.seeds
    for seed in finished or ():
        forget_checkpoints(folder, seed)

    def keep(seed: int, trained: Trained) -> None:
        keep_curve(folder, run_identity(experiment, scenario), seed, trained.curve)
        save_policy(trained.policy, policy_path(folder, seed))  # last: with it the seed is finished
        forget_checkpoints(folder, seed)

    left = [seed for seed in seeds if seed not in (finished or ())]
    train_all(experiment, scenario, left, folder, keep, begun=begun)
    return _report(experiment, scenario, folder, lang, highlight)


def _report(
    experiment: Experiment, scenario: Scenario, folder: Path, lang: str, highlight: Sequence[str]
) -> str:
    protocol = experiment.comparison
    rules = protocol.names()
    files = [policy_path(folder, seed) for seed in experiment.training.seeds]
    learned = POLICY.allocators(files)
    route, begun = _route(experiment, scenario, folder)
    begun += tune_rules(experiment, scenario, folder)
    with progress(len(rules) + len(begun) + len(learned), "comparing", "allocator") as bar:
        comparison = compare(
            [*find_allocators(rules), *begun, *learned],
            experiment.worlds(scenario),
            episodes=protocol.episodes,
            first_seed=protocol.first_seed,
            observe=experiment.observe,
            threads=os.cpu_count() or 1,
            progress=lambda name: bar.update(),
            highlight=highlight,
        )
    summary = summarise(comparison, versions(), route)
    for path, allocator in zip(files, learned, strict=True):
        _record_evaluation(path, allocator.name, comparison, summary)
    of, settings = run_identity(experiment, scenario), experiment.model_dump(mode="json")
    curves = read_curves(folder)
    write_report(comparison, folder, versions(), summary, curves=curves, of=of, config=settings, lang=lang)
    return console_page(summary, lang)


def _route(experiment: Experiment, scenario: Scenario, folder: Path) -> tuple[Route | None, list[Allocator]]:
    """How a run came to its policies, and what it came by, for the comparison."""
    name, training = expert_of(experiment, folder), experiment.training
    if name is None:
        return None, []
    imitations: list[Allocator] = [
        load_policy(imitation_path(folder, seed)).allocator(f"{IMITATION}_seed{seed}")
        for seed in training.seeds
    ]
    quarters = scenario.programme.T
    steps = {
        "search": steps_of_search(folder),
        "imitation": IMITATED * quarters,
        "reinforcement": steps_of(experiment),
    }
    files = files_of(name)
    if files:
        return Route("expert", steps), [load_artifact(files[0]).allocator("expert"), *imitations]
    alike = [rule for rule in experiment.comparison.names() if variant_of(rule) == variant_of(name)]
    return Route(alike[0] if alike else name, steps), [*([] if alike else [make_rule(name)]), *imitations]


def _record_evaluation(path: Path, name: str, comparison: Comparison, summary: Summary) -> None:
    """Add to a policy's metadata how it did on the test episodes."""
    policy = load_policy(path)
    row: dict[str, Any] = next(a for a in summary["allocators"] if a["name"] == name)
    told = ("scenario", "scenario_digest", "observe", "first_seed", "episodes", "confidence", "baseline",
            "best_rule")  # fmt: skip
    policy.metadata.setdefault("evaluation", {})["test"] = {
        **{field: summary[field] for field in told},
        **{field: row[field] for field in _EVALUATED},
    }
    constraint = policy.metadata["training"]["config"]["training"]["constraint"]
    if constraint:
        kept = bool(row["excluded_high"] <= constraint["limit"])
        policy.metadata["evaluation"]["test"]["limit_kept"] = kept
    save_policy(policy, path)


def _check_packages() -> None:
    """Import what is used only when training is over, so that its lack is told before."""
    check_figures()
    import_module("safetensors")


def _compile(scenario: Scenario) -> None:
    """Compile the model here, announced, so that the training processes find it cached."""
    batch = Batch(scenario, 1)
    batch.reset(np.zeros(1, np.uint64))
    batch.step(np.zeros((1, batch.action_size), np.float32))
