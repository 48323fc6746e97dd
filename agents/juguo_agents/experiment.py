"""The main job: train, write the policies, compare with the rules, report."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from tqdm import tqdm

from juguo_agents.allocators import all_rule_names, load_learned, make_rule
from juguo_agents.config import Experiment
from juguo_agents.evaluation import compare
from juguo_agents.policy_file import save_policy
from juguo_agents.pool import train_all
from juguo_agents.report import console_table, summarise, write_report
from juguo_agents.run_folder import claim_folder, write_yaml
from juguo_agents.training import Trained
from juguo_agents.versions import versions
from juguo_envs.batch import Batch
from juguo_envs.files import write_text
from juguo_envs.scenario import Scenario


def run_experiment(experiment: Experiment, scenario: Scenario, folder: Path) -> str:
    """Train and compare, and write everything under a new folder.

    Args:
        experiment: What to do.
        scenario: The world, overrides applied.
        folder: Made anew; gets `config.yaml`, `scenario.yaml`, `policy-seed<k>.safetensors`,
            `learning_curve.json`, `tensorboard/`, and the comparison's tables and figures.

    Returns:
        The table for the terminal.

    Raises:
        FolderExists: If the folder exists.
    """
    claim_folder(folder)
    write_yaml(folder / "config.yaml", {**experiment.model_dump(mode="json"), "versions": versions()})
    scenario.save(folder / "scenario.yaml")
    _compile(scenario)
    files: dict[int, Path] = {}
    curves: dict[str, list[dict[str, float]]] = {}

    def keep(seed: int, trained: Trained) -> None:
        files[seed] = folder / f"policy-seed{seed}.safetensors"
        save_policy(trained.policy, files[seed])
        curves[str(seed)] = [
            {"steps": steps, "seconds": round(seconds, 1), "selection_return": mean}
            for steps, seconds, mean in trained.curve
        ]

    train_all(experiment, scenario, folder / "tensorboard", keep)
    write_text(folder / "learning_curve.json", json.dumps(curves, indent=2, sort_keys=True) + "\n")

    protocol = experiment.comparison
    rules = all_rule_names() if protocol.allocators == "all" else list(protocol.allocators)
    learned = load_learned([files[seed] for seed in experiment.training.seeds])
    with tqdm(total=len(rules) + len(learned), unit="allocator", desc="comparing") as bar:
        comparison = compare(
            [*(make_rule(name) for name in rules), *learned],
            scenario,
            episodes=protocol.episodes,
            first_seed=protocol.first_seed,
            observe=experiment.observe,
            threads=os.cpu_count() or 1,
            progress=lambda name: bar.update(),
        )
    summary = summarise(comparison, versions())
    write_report(comparison, folder, versions(), summary)
    return console_table(summary)


def _compile(scenario: Scenario) -> None:
    """Compile the model here, announced, so that the training processes find it cached."""
    batch = Batch(scenario, 1)
    batch.reset(np.zeros(1, np.uint64))
    batch.step(np.zeros((1, batch.action_size), np.float32))
