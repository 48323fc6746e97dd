"""Portfolios: the numbers of rules, searched in a few worlds, to choose from in many others.

A search in every world of a sample would be too dear. Instead a rule is tuned in a few other worlds, and in
each world of the sample that member is chosen which does best on episodes that are not measured. A rule's own
numbers are a member, so tuning can be of no use, but hardly of harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from juguo_agents.allocators.parametric.policy_classes import RULE, find_policy_class
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.search.checkpoint import Settings
from juguo_agents.search.conduct import search_state
from juguo_agents.search.optimise import search
from juguo_agents.search.scoring import Scorer
from juguo_envs.worlds.scenario import Scenario

OWN = "own numbers"

Portfolio = dict[str, dict[str, Parameters]]
"""For each tuned rule its members by name: its own numbers first, then those found in each world."""


@dataclass(frozen=True)
class Tuning:
    """The search of a rule's numbers in a world.

    Attributes:
        rule: Name of the rule.
        number: Of the world, from 1.
        search: What is searched; its scenario is the world.
    """

    rule: str
    number: int
    search: Settings

    @property
    def key(self) -> str:
        """Its name among all searches of a portfolio."""
        return f"{self.rule}-{self.number}"


def tunings(
    rules: Sequence[str], worlds: Sequence[Scenario], budget: int, seeds: Sequence[int], **settings: Any
) -> list[Tuning]:
    """A search for each rule in each world.

    Args:
        rules: Names of rules.
        worlds: The worlds.
        budget: Episodes of each search.
        seeds: Of the searches in each world.
        settings: Further settings of the searches.
    """
    return [
        Tuning(rule, number, Settings(RULE + rule, world, budget, seed=seed, validation=1, **settings))
        for number, (world, seed) in enumerate(zip(worlds, seeds, strict=True), 1)
        for rule in rules
    ]


def tune(point: Tuning, folder: Path) -> dict[str, Any]:
    """Run a search, or what is left of it.

    Returns:
        The `parameters` found, their `mean` return when they were chosen, that of the rule's `own` numbers,
        which generation was `chosen`, and the episodes `spent`.
    """
    state = search_state(point.search, folder)
    search(state, folder, Scorer(point.search.scenario))
    outcome = state.phases[-1].outcome
    if outcome is None:
        raise RuntimeError(f"{folder}: the search ended without an outcome")
    return {
        "parameters": outcome.parameters,
        "mean": outcome.search_mean,
        "own_mean": outcome.start_mean,
        "chosen": outcome.finalist,
        "spent": state.phases[-1].spent,
    }


def portfolio(points: Sequence[Tuning], found: Sequence[Mapping[str, Any]], base: Scenario) -> Portfolio:
    """The members of each rule, in the order of the searches.

    Args:
        points: The searches.
        found: What `tune` returned for each.
        base: The scenario for which a rule's own numbers are asked.
    """
    members: Portfolio = {}
    for point, outcome in zip(points, found, strict=True):
        own = {OWN: find_policy_class(point.search.family).space(base).start}
        members.setdefault(point.rule, own)[point.search.scenario.name] = outcome["parameters"]
    return members
