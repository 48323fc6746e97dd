"""How many parameters the model has."""

from __future__ import annotations

from pydantic import BaseModel

from juguo_envs.worlds.scenario import PARAMETER_GROUPS, Generated, Programme, Scenario, Society


def count_parameters() -> dict[str, int]:
    """Numbers that a scenario with communities by a rule sets, by group.

    Every field that holds a number counts as one, and every number of a tuple. Text, the kind of network,
    listed ties and listed communities do not count: they are data.
    """
    scenario = Scenario()
    groups: dict[str, BaseModel] = {
        "society": Society(),
        "society.communities": Generated(),
        "programme": Programme(),
        **{name: getattr(scenario, name) for name in PARAMETER_GROUPS},
    }
    return {name: sum(_numbers(value) for _, value in group) for name, group in groups.items()}


def _numbers(value: object) -> int:
    if isinstance(value, tuple):
        return sum(_numbers(one) for one in value)
    return int(isinstance(value, int | float) and not isinstance(value, bool))
