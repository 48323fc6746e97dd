"""`juguo list`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from juguo_agents.allocators.registry import RULES
from juguo_agents.artifacts.policy_file import load_policy
from juguo_agents.artifacts.zoo import PREFIX, zoo_file, zoo_names
from juguo_agents.cli.options import LANG, command
from juguo_agents.cli.running import show
from juguo_agents.report.formatting import interval, mean_with_interval
from juguo_agents.report.names import about
from juguo_agents.report.texts import Lang, say, speaking, translated
from juguo_agents.studies import STUDIES
from juguo_agents.studies.mechanisms.mechanism import count_parameters
from juguo_agents.tables import terminal_table
from juguo_agents.training.config import load_experiment
from juguo_agents.training.shipped import config_names, find_config
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario, scenario_names

_ALLOCATORS = ("all", "FOLDER or FILE", "zoo:NAME", "MODULE:CLASS", "FILE.zip:ALGORITHM")
_INSTITUTIONS = ("NAME", "NAME+exit, NAME-exit", "NAME+relief", "NAME-relief")
_FAMILY = ("family", "family:NAME")
_VALUES = {
    "zoo:NAME": {"command": "juguo list zoo"},
    "FILE.zip:ALGORITHM": {"example": "model.zip:PPO"},
}


def _told(kind: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """Names, each with what it stands for."""
    texts = ((name, say(f"list.{kind}.{name}", **_VALUES.get(name, {}))) for name in names)
    return [(name.replace(" or ", say("list.or")), text) for name, text in texts]


def allocators() -> str:
    """What `juguo evaluate` compares."""
    rows = [(rule.base_name, say(f"idea.{rule.base_name}")) for rule in RULES]
    rules = terminal_table((say("list.allocator"), ""), [*rows, *_told("allocator", _ALLOCATORS)])
    table = terminal_table((say("list.institution"), ""), _told("institution", _INSTITUTIONS))
    return f"{rules}\n\n{table}\n{say('list.institutions', example='flat+exit+relief')}"


def scenarios() -> str:
    """The worlds that come with the package."""
    rows = [(name, about(Scenario.load(name))) for name in scenario_names()]
    return terminal_table((say("list.scenario"), ""), [*rows, *_told("family", _FAMILY)])


def configs() -> str:
    """The experiments that come with the package: what each trains, in which world."""
    rows = []
    for name in config_names():
        config = load_experiment(find_config(name), [])
        training = config.training
        rows.append(
            (name, str(config.scenario), training.algorithm, f"{len(training.seeds)} x {training.steps:,}")
        )
    return terminal_table(
        [say(f"list.{head}") for head in ("config", "scenario", "learner", "steps")], rows, "lllr"
    )


def studies() -> str:
    """What `juguo study` asks."""
    return terminal_table(
        (say("list.study"), ""), [(name, translated(entry.text)) for name, entry in STUDIES.items()]
    )


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
    policy_head, earned, over, made = (say(f"list.{head}") for head in ("policy", "return", "gain", "made"))
    return terminal_table((policy_head, earned, over, "", made), rows, "lrrll")


def parameters() -> str:
    """How many numbers a scenario sets, by group."""
    groups = count_parameters()
    rows = [(name, str(count)) for name, count in {**groups, say("list.all"): sum(groups.values())}.items()]
    return terminal_table((say("list.group"), say("list.parameters")), rows, "lr")


KINDS = {
    "allocators": allocators, "scenarios": scenarios, "configs": configs, "studies": studies, "zoo": zoo,
    "parameters": parameters,
}  # fmt: skip


class What(Strict):
    """What is listed."""

    kind: Literal["allocators", "scenarios", "configs", "studies", "zoo", "parameters"] | None = Field(
        None, description="of which kind; default: all", json_schema_extra={"positional": True}
    )
    lang: Lang = LANG


@command
def names(asked: What) -> int:
    """Name the allocators, scenarios, configs, studies and shipped policies."""
    with speaking(asked.lang):
        show("\n\n".join(KINDS[kind]() for kind in ([asked.kind] if asked.kind else KINDS)))
    return 0
