"""Generalisation: how far trained policies are from the best in held-out worlds of a family, beside rules.

Rules and the closed loop are tuned on the family. From that closed loop on an oracle, which knows what is
hidden, is searched in each held-out world, and in some a specialist, which does not. All meet the same
episodes there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from juguo_agents.allocators.parametric.policy_classes import (
    CLOSED_LOOP,
    ORACLE,
    RULE,
    find_policy_class,
)
from juguo_agents.allocators.parametric.rule_numbers import NoNumbers, space_of
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.allocators.registry import compared_names
from juguo_agents.array_types import Floats
from juguo_agents.artifacts.policy import Policy, fitted
from juguo_agents.artifacts.policy_file import load_policy
from juguo_agents.artifacts.zoo import PREFIX, zoo_file
from juguo_agents.evaluation import seeds
from juguo_agents.report.figures.regret import FIGURE, draw
from juguo_agents.report.texts import say
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.optimise import QUICK, begin
from juguo_agents.studies import settings as base
from juguo_agents.studies.generalisation.analysis import (
    ORACLE_NAME,
    SPECIALIST_NAME,
    Kind,
    Subject,
    as_markdown,
    console_table,
    summarise,
)
from juguo_agents.studies.measurement import Measurement, Named, Parametric, measure_all, named
from juguo_agents.studies.searches import search_all
from juguo_agents.studies.settings import NamedScenario, default_world
from juguo_agents.studies.study import Execute, Page, Study
from juguo_agents.training.run import policies_in
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

MOST = seeds.LARGEST_BUDGET
VALIDATION = 200
"""Episodes on which a search measures what it found; only the check of convergence rests on them."""


class Settings(base.Settings):
    """What is asked."""

    format: ClassVar[int] = 4
    smoke: ClassVar[Mapping[str, Any]] = {
        "scenarios": 3, "episodes": 4, "budget": 1000, "tuning": 400, "convergence": 2, "specialists": 2,
    }  # fmt: skip
    # Worlds are told apart by their number, and oracles begin at given numbers.
    grows: ClassVar[frozenset[str]] = frozenset({"scenarios", "budget", "convergence", "specialists"})
    free: ClassVar[frozenset[str]] = frozenset({"runs"})

    runs: tuple[Path, ...] = Field(
        (),
        description="folders of runs trained on the family, or zoo:NAME; others may be added later, in the "
        "same folder",
        json_schema_extra={"positional": True},
    )
    scenario: NamedScenario = default_world("what all worlds of the family have in common")
    scenarios: int = Field(200, ge=2, le=seeds.HELD_OUT_WORLDS.size, description="held-out worlds")
    episodes: int = Field(50, ge=2, le=seeds.HELD_OUT_EPISODES, description="test episodes in each world")
    budget: int = Field(20_000, ge=100, le=MOST // 2, description="episodes of the search for each oracle")
    tuning: int = Field(20_000, ge=100, le=MOST, description="episodes of each search on the family")
    convergence: int = Field(
        24,
        ge=0,
        le=seeds.HELD_OUT_WORLDS.size,
        description="worlds in which the oracle's search goes on to twice the budget, to see if it is enough",
    )
    specialists: int = Field(
        24,
        ge=0,
        le=seeds.HELD_OUT_WORLDS.size,
        description="worlds in which a closed loop that does not know what is hidden is searched as well",
    )
    observe: Literal["noisy", "true"] = Field("noisy", description="noise on what allocators observe")

    def check(self) -> None:
        """Refuse budgets that are too small, and runs that do not fit.

        Raises:
            UserError: Naming the field or the run.
        """
        for search in (self.searched_in(0, ORACLE.name), *self.tunings().values()):
            begin(search)
        self.policies()

    @property
    def family(self) -> Family:
        """The worlds."""
        return Family(self.scenario)

    def world(self, index: int) -> Scenario:
        """A held-out world, by its number from 0."""
        return self.family.scenario(seeds.held_out_world(index), f"held-out {index}")

    def searched_in(self, index: int, policy_class: str, start: Parameters | None = None) -> SearchSettings:
        """The search in a held-out world, from the numbers of a closed loop on.

        Numbers outside their range there, such as quarters after a shorter programme's end, are brought in.
        """
        world = self.world(index)
        if start is not None:
            start = {**start, **find_policy_class(policy_class).space(world).within(start)}
        found = self._search(policy_class, world, self.budget, seeds.WORLD_SEARCH)
        return replace(found, begin=start, **QUICK)

    def tunings(self) -> dict[str, SearchSettings]:
        """The searches that tune rules and the closed loop on the family, by their keys."""
        families = (*(RULE + rule for rule in tuned_rules()), CLOSED_LOOP.name)
        searches = (self._search(name, self.scenario, self.tuning, seeds.RULE_SEARCH) for name in families)
        return {_key(search.family): replace(search, varies=True) for search in searches}

    def _search(self, family: str, world: Scenario, budget: int, seed: seeds.Range) -> SearchSettings:
        return SearchSettings(
            family, world, budget, seed=seed.first, observe=self.observe, validation=VALIDATION
        )

    def policies(self) -> dict[Subject, Named]:
        """The policies of trained runs, each run a group named like its folder.

        Raises:
            UserError: If a folder holds no policy, two have one name, or a policy does not fit the family.
        """
        groups = [run.resolve().name for run in self.runs]
        for group in groups:
            if group in (*compared_names(), ORACLE_NAME, SPECIALIST_NAME):
                raise UserError(f"a run is named {group!r}, as an allocator is; rename its folder")
            if groups.count(group) > 1:
                raise UserError(
                    f"two runs are named {group!r}; rename a folder, so that a table can tell them apart"
                )
        communities = len(self.scenario.society.listed())
        found: dict[Subject, Named] = {}
        for folder, group in zip(self.runs, groups, strict=True):
            for file, policy in _policies(folder).items():
                fitted(policy, policy.layout(communities), str(file))
                allocator = named(str(file))
                name = say("generalisation.name.seed", "en", run=group, seed=policy.seed)
                if any(allocator.digest == other.digest for other in found.values()):
                    raise UserError(f"{file} holds the same policy as another one; name one of them")
                found[Subject(name, "learned", group)] = allocator
        return found


def _policies(run: Path) -> dict[Path, Policy]:
    """Those of a run's folder, or one of the zoo, by their files."""
    if not str(run).startswith(PREFIX):
        return policies_in(run)
    file = zoo_file(str(run))
    return {file: load_policy(file)}


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


def _key(family: str) -> str:
    return family.replace(":", "-")


@dataclass(frozen=True)
class Table:
    """What was measured.

    Attributes:
        subjects: All allocators but the oracle.
        returns: (worlds, episodes) by name, the oracle's among them.
        gains: What twice the budget brought the oracles of the first worlds, in mean return.
        specialists: (first worlds, episodes) returns of the specialists.
    """

    subjects: list[Subject]
    returns: dict[str, Floats]
    gains: list[float]
    specialists: Floats


class Generalisation(Study[Settings, Table]):
    """The study."""

    name = "generalisation"
    settings_type = Settings
    home = "generalisation"

    def default_name(self) -> str:
        """The scenario's."""
        return self.settings.scenario.name

    def announcement(self) -> str:
        """About how many episodes each step runs."""
        s, tunings = self.settings, len(self.settings.tunings())
        counts = {
            "tuning": tunings * s.tuning,
            "oracles": s.scenarios * s.budget,
            "convergence": min(s.convergence, s.scenarios) * s.budget,
            "specialists": min(s.specialists, s.scenarios) * s.budget,
            "measuring": s.scenarios * s.episodes * (len(compared_names()) + tunings + 1 + len(s.policies())),
        }
        parts = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        return f"{sum(counts.values()):,} episodes ({parts}); what is done is not done again"

    def plan(self, execute: Execute) -> Table:
        """Tune on the family, search every oracle, measure."""
        s, learned = self.settings, self.settings.policies()
        tuned = search_all(execute, "tuning", s.tunings())
        start = tuned[_key(CLOSED_LOOP.name)]["parameters"]
        worlds = {f"{index:05d}": index for index in range(s.scenarios)}
        searches = {name: s.searched_in(index, ORACLE.name, start) for name, index in worlds.items()}
        oracles = search_all(execute, "oracles", searches)
        longer = {n: replace(searches[n], budget=2 * s.budget) for n in list(searches)[: s.convergence]}
        doubled = search_all(execute, "convergence", longer, {name: f"oracles/{name}" for name in longer})
        gains = [doubled[n]["validation"]["mean"] - oracles[n]["validation"]["mean"] for n in doubled]

        known: dict[Subject, Named | Parametric] = {Subject(n, "rule"): named(n) for n in compared_names()}
        for result in tuned.values():
            kind: Kind = "searched" if result["family"] == CLOSED_LOOP.name else "tuned"
            known[Subject(result["name"], kind)] = Parametric(
                result["family"], result["parameters"], s.scenario
            )
        some = {n: s.searched_in(worlds[n], CLOSED_LOOP.name, start) for n in list(worlds)[: s.specialists]}
        specialists = search_all(execute, "specialists", some)
        points: list[Measurement] = []
        owners: list[list[str]] = []
        for name, index in worlds.items():
            groups: dict[str, dict[str, Named | Parametric]] = {
                "yardsticks": {subject.name: allocator for subject, allocator in known.items()},
                **{policy.digest[:16]: {subject.name: policy} for subject, policy in learned.items()},
            }
            for what, found in ((ORACLE_NAME, oracles), (SPECIALIST_NAME, specialists)):
                if name in found:
                    family, numbers = found[name]["family"], found[name]["parameters"]
                    groups[what] = {what: Parametric(family, numbers, searches[name].scenario)}
            first = int(seeds.held_out(index, 1)[0])
            for label, group in groups.items():
                allocators, world = tuple(group.values()), searches[name].scenario
                points.append(Measurement(f"{name}-{label}", allocators, world, first, s.episodes, s.observe))
                owners.append(list(group))
        rows: dict[str, list[Floats]] = {}
        for names, measured in zip(owners, measure_all(execute, points), strict=True):
            for name, row in zip(names, measured, strict=True):
                rows.setdefault(name, []).append(row)
        special = np.array(rows.pop(SPECIALIST_NAME, [])).reshape(-1, s.episodes)
        returns = {name: np.array(values) for name, values in rows.items()}
        return Table([*known, *learned], returns, gains, special)

    def analyse(self, table: Table) -> Page:
        """Regret to each world's oracle, and verdicts on the runs."""
        s = self.settings
        numbers, regret = summarise(table.returns, table.subjects, s.family, table.gains, table.specialists)
        asked = ("scenarios", "episodes", "budget", "tuning", "observe")
        summary = {"scenario": s.scenario.name, **{n: getattr(s, n) for n in asked}, **numbers}
        return Page(
            data={**summary, "regret": {name: values.tolist() for name, values in regret.items()}},
            data_file="family.json",
            console=console_table(summary),
            files={FIGURE: draw(summary, regret), "family.md": as_markdown(summary).encode()},
        )
