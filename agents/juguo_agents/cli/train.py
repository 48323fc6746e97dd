"""`juguo train`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from juguo_agents.allocators import BASELINE, NOTHING
from juguo_agents.artifacts.load import find_allocators, in_tables, named_one_by_one
from juguo_agents.cli.options import LANG, command
from juguo_agents.cli.running import going_on, show
from juguo_agents.evaluation.rollout import check_comparison
from juguo_agents.folders import check_destination, check_new, next_free
from juguo_agents.progress import say
from juguo_agents.report import written_in
from juguo_agents.report.texts import Lang
from juguo_agents.training.config import ConfigError, Experiment, load_experiment
from juguo_agents.training.expert_search import check_search
from juguo_agents.training.experts import find_experts
from juguo_agents.training.learners.device import check_device
from juguo_agents.training.rule_tuning import check_tuning, searches
from juguo_agents.training.run import CONFIG, load_run
from juguo_agents.training.shipped import DEFAULT, config_names, find_config
from juguo_envs.engine.memory import check_bytes, check_societies
from juguo_envs.errors import UserError, unknown
from juguo_envs.spaces.action import action_size
from juguo_envs.spaces.context import ContextLayout
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario, scenario_names


class Train(Strict):
    """What is trained, and where."""

    words: tuple[str, ...] = Field(
        (),
        description="name or path of a config, or name of a scenario for the config 'default'; and "
        "changes of its fields, for example training.steps=100000 or override.money.B=0.3",
        json_schema_extra={"positional": "CONFIG KEY=VALUE", "names": "config"},
    )
    config: str | None = Field(None, description="the same as CONFIG")
    out: Path | None = Field(
        None, description="folder of the run; default: runs/ and the name of the config, numbered"
    )
    highlight: tuple[str, ...] = Field(
        (), description="allocators that figures single out beside the learned ones; default: those that the "
        "config names one by one"
    )  # fmt: skip
    resume: Path | None = Field(None, description="the same as --out alone: go on with that run")
    lang: Lang = LANG


@command
def train(asked: Train) -> int:
    """Train, compare and report."""
    names = [word for word in asked.words if "=" not in word] + ([asked.config] if asked.config else [])
    if len(names) > 1:
        raise ConfigError(
            f"two configs are named, {names[0]} and {names[1]}; name one, and changes as key=value"
        )
    changes = [word for word in asked.words if "=" in word]
    if asked.out and asked.resume:
        raise UserError("--resume goes on in the run's own folder; leave out --out")
    folder = asked.out or asked.resume
    if folder is not None:
        check_destination(folder)
    path, assumed = find(names[0]) if names else (None, [])
    begun = time.monotonic()
    if folder is not None and (asked.resume or (folder / CONFIG).is_file()):
        experiment, _ = load_run(folder, path, [*assumed, *changes])  # refuses before torch is imported
        check_device(experiment.training)
        shown = singled_out(experiment, asked.highlight)
        from juguo_agents.training.experiment import resume_experiment

        with going_on(folder, "train"):
            table = resume_experiment(
                folder, path, [*assumed, *changes], say=say, lang=asked.lang, highlight=shown
            )
    else:
        experiment = load_experiment(path or find_config(DEFAULT), [*assumed, *changes])
        folder = folder or next_free(Path("runs"), experiment.name)
        check_new(folder)
        scenario = checked(experiment)
        shown = singled_out(experiment, asked.highlight)
        from juguo_agents.training.experiment import run_experiment

        with going_on(folder, "train"):
            table = run_experiment(experiment, scenario, folder, asked.lang, shown)
    show(f"{table}\n\n{time.monotonic() - begun:.0f} s; {written_in(folder, asked.lang)}")
    return 0


def singled_out(experiment: Experiment, asked: Sequence[str]) -> list[str]:
    """What figures single out beside the learned ones: what is asked for, or what the config names.

    Raises:
        UserError: If it is not compared, or an allocator of one's own cannot be used.
    """
    compared = find_allocators(experiment.comparison.names())
    names = [*dict.fromkeys([*(one.name for one in compared), BASELINE, NOTHING])]
    wanted = [in_tables(name) for name in asked]
    for name in wanted:
        if name not in names:
            raise UserError(f"--highlight: {unknown('allocator', name, names)}")
    named = experiment.comparison.allocators
    return wanted or named_one_by_one(() if named == "all" else named, compared)


def find(name: str) -> tuple[Path, list[str]]:
    """The file of a config, and what is changed in it where the name is that of a scenario; says which."""
    if name in scenario_names() and name not in config_names():
        say(f"scenario {name}, with the config {DEFAULT} (no config is named {name})")
        return find_config(DEFAULT), [f"name={name}", f"scenario={name}"]
    path = find_config(name, scenario_names())
    if name in config_names():
        say(f"config {name}")
    return path, []


def checked(experiment: Experiment, processes: int | None = None) -> Scenario:
    """The world of an experiment, of which everything is looked at before anything is written.

    Args:
        experiment: What is trained.
        processes: That train it, if not those of the experiment.

    Raises:
        UserError: If something cannot be used.
    """
    scenario, training = experiment.world(), experiment.training
    trained_in = experiment.training_world(scenario)
    processes = min(training.processes, len(training.seeds)) if processes is None else processes
    check_societies(trained_in, training.settings.envs, processes)
    _check_steps(experiment, len(scenario.society.listed()), processes)
    worlds, rules = experiment.worlds(scenario), experiment.comparison.names()
    check_comparison(worlds, training.selection_episodes, processes)
    check_comparison(
        worlds,
        experiment.comparison.episodes,
        len(rules) + 2 * len(training.seeds) + 1 + len(searches(experiment, scenario)),
    )
    check_device(training)
    check_search(experiment, scenario)
    check_tuning(experiment, scenario)
    learned_in = experiment.worlds(trained_in)
    if training.expert is not None:
        find_experts(training.expert, learned_in)
    return scenario


def _check_steps(experiment: Experiment, communities: int, processes: int) -> None:
    """Refuse a learner whose steps, of a rollout or of a replay buffer, do not fit into memory."""
    settings = experiment.training.settings
    replayed = getattr(settings, "buffer_size", 0)  # with what was seen next
    seen = ContextLayout(communities, experiment.observation).size * (2 if replayed else 1)
    held = replayed or settings.rollout
    check_bytes(
        processes * held * (seen + action_size(communities)) * 4,
        f"{held:,} steps that a learner holds, in {processes} processes,",
        "take fewer envs, n_steps or processes, or a smaller buffer_size",
    )
