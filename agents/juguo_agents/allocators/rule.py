"""What every rule is: a doctrine that decides, and the institutions that are added to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import RELIEF, Observed, Setting, rows
from juguo_agents.allocators.declared import RuleNumber, RuleShares, numbers_of
from juguo_agents.allocators.institutions import EXIT_NUMBERS, RELIEF_NUMBERS, Exit, Institutions
from juguo_agents.array_types import Bools, Floats, Seeds, Singles
from juguo_envs.spaces.action import encode_allocation


@dataclass
class Decision:
    """What a rule decides for n environments: relative weights, and requests."""

    functions: Floats  # (n, 9)
    communities: Floats  # (n, R)
    openness: Floats | float
    advance: Bools | bool
    reserve: Floats | None = None  # (n,), none by default

    @classmethod
    def joined(cls, decisions: Sequence[Decision]) -> Decision:
        """Decisions for several runs of environments as one for all, in their order."""
        counts = [len(d.functions) for d in decisions]

        def column(values: Iterable[npt.ArrayLike]) -> npt.NDArray[Any]:
            return np.concatenate([np.full(n, v) for n, v in zip(counts, values, strict=True)])

        return cls(
            np.concatenate([d.functions for d in decisions]),
            np.concatenate([d.communities for d in decisions]),
            column(d.openness for d in decisions),
            column(d.advance for d in decisions),
            np.concatenate([d.spare() for d in decisions]),
        )

    def spare(self) -> Floats:
        """(n,) weight of the reserve, as it is where the decision names none."""
        if self.reserve is not None:
            return self.reserve
        return np.where(self.functions.sum(-1) <= 0.0, 1.0, 0.0)

    def action(self, abandon: Bools) -> Singles:
        """(n, 10 + R + 3) the action that says so, and (n,) whether the project is given up."""
        return encode_allocation(
            self.functions,
            self.communities,
            reserve=self.reserve,
            openness=self.openness,
            advance=self.advance,
            abandon=abandon,
        )


def level_of(stock: str, value: float) -> RuleNumber:
    """A threshold on a stock in [0, 1]."""
    return RuleNumber(value, 0.05, 0.95, f"{stock} from which it asks to advance")


class Rule:
    """Base of the rules: weights and thresholds in, actions out, with the institutions asked for."""

    base_name: ClassVar[str]
    idea: ClassVar[str]
    """The paper's idea behind it, in one line."""
    where: ClassVar[str] = "by population"
    """How places share, for the model page; `{name}` stands for a number of the rule, here and below."""
    advances: ClassVar[str] = "at once"
    """When the rule asks to advance."""
    gives_up: ClassVar[str] = "in its own way"
    """When the rule, as the paper has it, gives a project up; told where it has an exit of its own."""
    also: ClassVar[str] = ""
    """What else it does."""
    own_exit: ClassVar[tuple[str, ...] | None] = None
    """The numbers by which the rule, as the paper has it, gives a project up; None where it does not."""
    own_relief: ClassVar[bool] = False
    """Whether the rule, as the paper has it, answers crises."""
    heeds_values: ClassVar[bool] = False
    """Whether what it does depends on the weights of the reward or the aversion to inequality."""

    shares: RuleShares | Floats
    openness: RuleNumber | float = 0.0

    exit_trial = RuleNumber(
        0.25, 0.01, 1.0, "exit: estimate of harm above which it gives up before application", log=True
    )
    exit_use = RuleNumber(
        0.3, 0.01, 1.0, "exit: estimate of harm above which it gives up in application", log=True
    )
    exit_experience = RuleNumber(
        20.0, 0.5, 100.0, "exit: person-quarters of experience that are needed before application", log=True
    )
    relief = RuleNumber(
        4.0, 0.0, 8.0, "relief: weight of governance and resilience together, times the mean crisis level"
    )
    lean_crisis = RuleNumber(
        10.0, 0.0, 60.0, "relief: weight of a place, times its population share and its crisis level"
    )

    def __init__(self, institutions: Institutions | None = None) -> None:
        """Take the rule as the paper has it, or with other institutions."""
        asked = institutions or Institutions()
        own: Exit = "none" if self.own_exit is None else "common" if self.own_exit == EXIT_NUMBERS else "own"
        self.exit: Exit = own if asked.exit is None else "common" if asked.exit else "none"
        self.relieves = self.own_relief if asked.relief is None else asked.relief
        self.suffix = asked.suffix

    @property
    def name(self) -> str:
        """Name in tables, with the institutions where they were chosen."""
        return self.base_name + self.suffix

    @classmethod
    def doctrine_numbers(cls) -> tuple[str, ...]:
        """Names of the numbers that say how money is divided and when it advances."""
        apart = {*EXIT_NUMBERS, *RELIEF_NUMBERS, *(cls.own_exit or ())}
        return tuple(name for name in numbers_of(cls) if name not in apart)

    def active_numbers(self) -> tuple[str, ...]:
        """Names of the numbers in use: the doctrine's, and those of its institutions."""
        exits = {"none": (), "own": self.own_exit or (), "common": EXIT_NUMBERS}[self.exit]
        return (*self.doctrine_numbers(), *exits, *(RELIEF_NUMBERS if self.relieves else ()))

    def openness_by_stage(self) -> Floats:
        """(3,) openness in each stage."""
        return np.full(3, self.openness)

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; see `Allocator`."""
        self.setting = setting
        self.seeds = np.asarray(seeds, np.uint64)
        self.n = len(self.seeds)
        self.remember()

    def remember(self) -> None:
        """Make room for what the rule remembers of each environment."""

    @final  # several rules in one batch say their decisions together, and not by this
    def act(self, observation: Singles) -> Singles:
        """Actions for a batch of observations."""
        decision, abandon = self.decided(observation)
        return decision.action(abandon)

    def decided(self, observation: Singles) -> tuple[Decision, Bools]:
        """The allocation for a batch of observations, and (n,) whether the project is given up."""
        seen = Observed(self.setting, observation)
        decision = self.decide(seen)
        if self.relieves:
            self.relieve(seen, decision)
        return decision, self.abandons(seen)

    def decide(self, seen: Observed) -> Decision:
        """The allocation for what is seen, without institutions."""
        raise NotImplementedError  # abstract: every rule has its own

    def abandons(self, seen: Observed) -> Bools:
        """(n,) whether it gives the project up, by the exit that it has."""
        if self.exit == "none":
            return np.zeros(self.n, bool)
        return self.give_up(seen) if self.exit == "own" else self.exit_on_harm(seen)

    def exit_on_harm(self, seen: Observed) -> Bools:
        """The common exit: on an estimate of harm, before application also on enough experience."""
        stage, harm = seen.stage, seen.harm
        trial = (stage < 2) & (harm > self.exit_trial) & (seen.experience >= self.exit_experience)
        use: Bools = (stage == 2) & (harm > self.exit_use)
        return use | trial

    def give_up(self, seen: Observed) -> Bools:
        """Where the rule gives up in its own way."""
        return self.exit_on_harm(seen)

    def relieve(self, seen: Observed, decision: Decision) -> None:
        """Relief: more to what ends a crisis and to where it is, in proportion to its level."""
        population, crisis = self.setting.population, seen.crisis
        spare = np.zeros(self.n) if decision.reserve is None else decision.reserve
        total = decision.functions.sum(1) + spare
        functions = decision.functions.astype(np.float64, copy=True)
        more = self.relief * self.setting.mean(crisis) * np.where(total > 0.0, total, 1.0)
        for column in RELIEF:
            functions[:, column] += more / len(RELIEF)
        decision.functions = functions
        where = decision.communities / decision.communities.sum(1, keepdims=True)
        decision.communities = where + self.lean_crisis * population * crisis

    def by_population(self) -> Floats:
        """Community weights by population."""
        return rows(self.setting.population, self.n)

    def leaning_to_hubs(self, factor: float) -> Floats:
        """Community weights by population, a hub's times `factor`."""
        return rows(self.setting.population * np.where(self.setting.hubs > 0.0, factor, 1.0), self.n)

    def ready(self, seen: Observed, K: float, F: float | None = None) -> Bools:
        """Whether production has reached K and, where F is given, diffusion has reached F."""
        enough: Bools = seen.knowledge >= K
        if F is not None:
            enough = np.where(seen.stage == 0, enough, seen.fit >= F)
        return enough


class FixedShares(Rule):
    """Shares fixed at design time, by population, moving on as soon as allowed."""

    shares: RuleShares

    def decide(self, seen: Observed) -> Decision:
        """The same shares whatever is seen."""
        return Decision(rows(self.shares, self.n), self.by_population(), self.openness, True)


class HarmInUseExit(Rule):
    """A rule that, as the paper has it, gives up in application alone."""

    own_exit = ("exit_use",)
    gives_up = "in application, Ĥ > {exit_use}"

    def give_up(self, seen: Observed) -> Bools:
        """Only once the technology is in everybody's hands."""
        harmful: Bools = (seen.stage == 2) & (seen.harm > self.exit_use)
        return harmful
