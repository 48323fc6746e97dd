"""`juguo list`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from juguo_agents.allocators.registry import RULES
from juguo_agents.artifacts.policy import load_policy
from juguo_agents.artifacts.zoo import PREFIX, zoo_file, zoo_names
from juguo_agents.cli.options import command
from juguo_agents.cli.running import show
from juguo_agents.report.formatting import interval, mean_with_interval
from juguo_agents.studies import STUDIES
from juguo_agents.studies.mechanisms.mechanism import count_parameters
from juguo_agents.tables import terminal_table
from juguo_agents.training.config import load_experiment
from juguo_agents.training.shipped import config_names, find_config
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario, scenario_names

_ALLOCATORS = {
    "all": "every rule as the paper has it, and with each combination of institutions",
    "FOLDER or FILE": "a trained run, a search, an explanation (its trees), a front, or plays; or a file",
    "zoo:NAME": "a policy that comes with the package; see juguo list zoo",
    "MODULE:CLASS": "an allocator of your own in an installed module, made without arguments",
    "FILE.zip:ALGORITHM": "a model of stable-baselines3 or sb3-contrib, for example model.zip:PPO",
}
_INSTITUTIONS = {
    "NAME": "the rule as the paper has it",
    "NAME+exit, NAME-exit": "it can, or cannot, give a project up on evidence of harm; the same for all",
    "NAME+relief": "more money goes to where a crisis is, in proportion to it; the same for all",
    "NAME-relief": "it does not answer crises",
}
_FAMILY = {
    "family": "in every episode another one, drawn over the sampling ranges",
    "family:NAME": "the same around the scenario of that name",
}


def allocators() -> str:
    """What `juguo evaluate` compares."""
    rules = terminal_table(("allocator", ""), [*((r.base_name, r.idea) for r in RULES), *_ALLOCATORS.items()])
    head = "institution, behind a rule's name"
    note = "Both may stand there, in this order: flat+exit+relief."
    return f"{rules}\n\n{terminal_table((head, ''), _INSTITUTIONS.items())}\n{note}"


def scenarios() -> str:
    """The worlds that come with the package."""
    rows = [(name, Scenario.load(name).description) for name in scenario_names()]
    return terminal_table(("scenario", ""), [*rows, *_FAMILY.items()])


def configs() -> str:
    """The experiments that come with the package: what each trains, in which world."""
    rows = []
    for name in config_names():
        config = load_experiment(find_config(name), [])
        training = config.training
        rows.append(
            (name, str(config.scenario), training.algorithm, f"{len(training.seeds)} x {training.steps:,}")
        )
    return terminal_table(("config", "scenario", "learner", "seeds x steps"), rows, "lllr")


def studies() -> str:
    """What `juguo study` asks."""
    return terminal_table(("study", ""), [(name, entry.text) for name, entry in STUDIES.items()])


def zoo() -> str:
    """The policies that come with the package: their worlds, how they did, and how they were made."""
    rows = []
    for name in zoo_names():
        policy = load_policy(zoo_file(PREFIX + name))
        told = policy.metadata["evaluation"]
        test = told["test"]
        gain = interval(test, "difference_to_best_rule", signed=True).replace("−", "-")
        rows.append(
            (PREFIX + name, mean_with_interval(test), gain, test["best_rule"], told["zoo"]["command"])
        )
    return terminal_table(("policy", "return [95%]", "over the best rule", "", "made by"), rows, "lrrll")


def parameters() -> str:
    """How many numbers a scenario sets, by group."""
    groups = count_parameters()
    rows = [(name, str(count)) for name, count in {**groups, "all": sum(groups.values())}.items()]
    return terminal_table(("group of a scenario", "parameters"), rows, "lr")


KINDS = {
    "allocators": allocators, "scenarios": scenarios, "configs": configs, "studies": studies, "zoo": zoo,
    "parameters": parameters,
}  # fmt: skip


class What(Strict):
    """What is listed."""

    kind: Literal["allocators", "scenarios", "configs", "studies", "zoo", "parameters"] | None = Field(
        None, description="of which kind; default: all", json_schema_extra={"positional": True}
    )


@command
def names(asked: What) -> int:
    """Name the allocators, scenarios, configs, studies and shipped policies."""
    show("\n\n".join(KINDS[kind]() for kind in ([asked.kind] if asked.kind else KINDS)))
    return 0
