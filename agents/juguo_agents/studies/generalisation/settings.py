"""What a judgement of generalists was asked for, and the searches that it stands on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, ORACLE, RULE
from juguo_agents.allocators.parametric.rule_numbers import NoNumbers, space_of
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.allocators.registry import compared_names
from juguo_agents.evaluation import seeds
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.optimise import QUICK, begin
from juguo_agents.studies.value.settings import Claim, check_within
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

VALIDATION = 200
"""Episodes on which a search says how good it found its allocator; nothing here rests on that."""


@dataclass(frozen=True)
class Settings(Claim):
    """What is asked.

    Attributes:
        scenarios: Held-out scenarios.
        episodes: Test episodes of every allocator in each.
        budget: Episodes of the search for each scenario's oracle.
        tuning: Episodes of the search that tunes a rule on the family.
        doubled: Scenarios, the first ones, in which the search goes on to twice the budget: is it enough?
        observe: "noisy" or "true".
    """

    scenarios: int = 200
    episodes: int = 50
    budget: int = 20_000
    tuning: int = 20_000
    doubled: int = 24
    observe: str = "noisy"
    format: ClassVar[int] = 3

    def check(self) -> None:
        """Refuse what cannot be done, before anything is run.

        Raises:
            UserError: Naming the number, its value and what is allowed.
        """
        check_within(
            self,
            scenarios=(2, seeds.HELD_OUT_WORLDS.size),
            episodes=(2, seeds.HELD_OUT_EPISODES),
            budget=(100, seeds.LARGEST_BUDGET // 2),
            tuning=(100, seeds.LARGEST_BUDGET),
            doubled=(0, seeds.HELD_OUT_WORLDS.size),
        )
        for search in (self.oracle(0), *self.tunings().values()):
            begin(search)

    @property
    def grows(self) -> tuple[str, ...]:
        """Oracles begin at given numbers, so their searches can be lengthened."""
        return ("budget", "doubled")

    @property
    def family(self) -> Family:
        """The scenarios."""
        return Family(self.scenario)

    def world(self, index: int) -> Scenario:
        """A held-out scenario, by its number from 0."""
        return self.family.scenario(seeds.held_out_world(index), f"held-out {index}")

    def oracle(self, index: int, begin: Parameters | None = None) -> SearchSettings:
        """The search for the oracle of a held-out scenario, from the numbers of a closed loop on.

        Numbers outside their range there, such as quarters after a shorter programme's end, are brought in.
        """
        world = self.world(index)
        if begin is not None:
            begin = {**begin, **ORACLE.space(world).within(begin)}
        return SearchSettings(
            ORACLE.name,
            world,
            self.budget,
            seed=seeds.WORLD_SEARCH.first,
            observe=self.observe,
            validation=VALIDATION,
            begin=begin,
            **QUICK,
        )

    def oracles(self, begin: Parameters | None = None) -> dict[str, SearchSettings]:
        """All of them, by the names of their folders."""
        return {oracle_name(index): self.oracle(index, begin) for index in range(self.scenarios)}

    def doublings(self, begin: Parameters | None = None) -> dict[str, SearchSettings]:
        """The searches at twice the budget, by the name of the oracle whose search they go on with."""
        return {
            oracle_name(index): replace(self.oracle(index, begin), budget=2 * self.budget)
            for index in range(min(self.doubled, self.scenarios))
        }

    def tunings(self) -> dict[str, SearchSettings]:
        """The searches that tune rules and the closed loop on the family, by the names of their folders."""
        families = [RULE + rule for rule in tuned_rules()] + [CLOSED_LOOP.name]
        return {
            tuning_name(family): SearchSettings(
                family,
                self.scenario,
                self.tuning,
                seed=seeds.RULE_SEARCH.first,
                observe=self.observe,
                validation=VALIDATION,
                varies=True,
            )
            for family in families
        }


def tuned_rules() -> list[str]:
    """Every rule that has numbers to tune, as the paper has it and with both institutions."""
    found = []
    for name in compared_names():
        try:
            space_of(name)
        except NoNumbers:
            continue
        found.append(name)
    return found


def oracle_name(index: int) -> str:
    """Folder of a scenario's oracle."""
    return f"oracle-{index:05d}"


def doubled_name(oracle: str) -> str:
    """Folder of an oracle's search at twice the budget."""
    return f"{oracle}-doubled"


def tuning_name(family: str) -> str:
    """Folder of a tuning search."""
    return f"tuned-{family.replace(':', '-')}"
