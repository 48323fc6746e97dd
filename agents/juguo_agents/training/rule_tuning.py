"""The doctrines of a run's comparison with their numbers tuned, those of both institutions among them.

Each has a search of its own at the same budget, in the world of the training. What is killed goes on, as
every search does.
"""

from __future__ import annotations

from pathlib import Path

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.institutions import TUNED, split_name
from juguo_agents.allocators.parametric.policy_classes import RULE
from juguo_agents.allocators.registry import variant_of
from juguo_agents.artifacts.searched import RESULT_FILE, load_result
from juguo_agents.evaluation.seeds import RULE_SEARCH
from juguo_agents.processes import cores, work_through
from juguo_agents.progress import progress
from juguo_agents.report.doctrines import REFERENCES
from juguo_agents.search.checkpoint import Settings
from juguo_agents.search.conduct import run_or_resume
from juguo_agents.search.optimise import begin
from juguo_agents.training.config import Experiment
from juguo_agents.training.expert_search import search_of
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

FOLDER = "tuned"
"""The folder of these searches in that of a run."""
_VALIDATION = 100

Task = tuple[Settings, Path]


def searches(experiment: Experiment, scenario: Scenario) -> dict[str, Settings]:
    """What the searches are asked for, by the rule's name; none where nothing is, or can be, tuned."""
    budget = experiment.comparison.tuned
    if budget is None:
        return {}
    variants = {name: variant_of(name) for name in experiment.comparison.names()}
    rules = [
        name
        for name, variant in variants.items()
        if variant is not None
        and variant.exit == "common"
        and variant.relief
        and variant.doctrine not in REFERENCES
    ]
    return {
        rule: search_of(RULE + rule, experiment, scenario, budget, RULE_SEARCH.first, _VALIDATION)
        for rule in rules
    }


def check_tuning(experiment: Experiment, scenario: Scenario) -> None:
    """Refuse searches that cannot begin.

    Raises:
        UserError: Naming the field.
    """
    budget = experiment.comparison.tuned
    if budget is None:
        return
    if isinstance(worlds := experiment.worlds(scenario), Family) and worlds.weights is not None:
        raise UserError(
            "comparison.tuned is set and shown.preferences is drawn; numbers serve one preference"
        )
    try:
        for settings in searches(experiment, scenario).values():
            begin(settings)
    except UserError as error:
        raise UserError(f"comparison.tuned is {budget}: {error}") from None


def tune_rules(experiment: Experiment, scenario: Scenario, folder: Path) -> list[Allocator]:
    """The tuned rules of a run, searched or what is left of that; what is finished is only read.

    Args:
        experiment: Whose `comparison.tuned` says for how many episodes each.
        scenario: The world, overrides applied.
        folder: The run's; gets a folder for each search in `tuned/`.
    """
    asked = searches(experiment, scenario)
    tasks = [(settings, folder / FOLDER / rule) for rule, settings in asked.items()]
    if tasks:
        workers = min(experiment.training.processes, len(tasks), cores())
        with progress(len(tasks), "tuning", "rule") as bar:
            work_through(_run, tasks, workers, lambda task, found: bar.update())
    found = {rule: load_result(place / RESULT_FILE) for rule, (_, place) in zip(asked, tasks, strict=True)}
    return [
        result.policy_class.allocator([result.data["parameters"]], scenario, split_name(rule)[0] + TUNED)
        for rule, result in found.items()
    ]


def _run(task: Task) -> None:
    run_or_resume(*task)
