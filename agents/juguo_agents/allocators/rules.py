"""The rules of the systems that the paper names. Numbers are those of the model page, section 7."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import RELIEF, Bools, Floats, Observed, Setting, rows, weights
from juguo_envs.allocation import encode_allocation


@dataclass
class Decision:
    """What a rule decides for n environments: relative weights, and requests."""

    functions: Floats  # (n, 9)
    communities: Floats  # (n, R)
    openness: Floats | float
    advance: Bools | bool
    reserve: Floats | None = None  # (n,), none by default


class Rule:
    """Base of the rules: weights and thresholds in, actions out, with or without the exit.

    A rule that has no exit of its own takes, when it is given one, the common exit: harm is estimated above
    .15 by at least four person-quarters of experience before application, or above .25 in application.
    """

    base_name: ClassVar[str]
    idea: ClassVar[str]
    """The paper's idea behind it, in one line."""
    gives_up: ClassVar[bool] = False
    """Whether the rule, as the paper has it, can give a project up."""
    exit_trial, exit_use, exit_experience = 0.15, 0.25, 4.0

    def __init__(self, exits: bool | None = None) -> None:
        """Take the rule as it is, or force its exit on or off."""
        self.exits = self.gives_up if exits is None else exits
        self.suffix = "" if exits is None else ("+exit" if exits else "-exit")

    @property
    def name(self) -> str:
        """Name in tables, with `+exit` or `-exit` where that was chosen."""
        return self.base_name + self.suffix

    def start(self, setting: Setting, seeds: npt.NDArray[np.uint64]) -> None:
        """Begin episodes; see `Allocator`."""
        self.setting = setting
        self.seeds = np.asarray(seeds, np.uint64)
        self.n = len(self.seeds)
        self.remember()

    def remember(self) -> None:
        """Make room for what the rule remembers of each environment."""

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Actions for a batch of observations."""
        seen = Observed(self.setting, observation)
        decision = self.decide(seen)
        return encode_allocation(
            decision.functions,
            decision.communities,
            reserve=decision.reserve,
            openness=decision.openness,
            advance=decision.advance,
            abandon=self.give_up(seen) if self.exits else False,
        )

    def decide(self, seen: Observed) -> Decision:
        """The allocation for what is seen."""
        raise NotImplementedError  # abstract: every rule has its own

    def give_up(self, seen: Observed) -> Bools:
        """Where to give the project up."""
        trial = (seen.stage < 2) & (seen.harm > self.exit_trial) & (seen.experience >= self.exit_experience)
        use: Bools = (seen.stage == 2) & (seen.harm > self.exit_use)
        return use | trial

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

    shares: ClassVar[Floats]
    openness: ClassVar[float] = 0.5

    def decide(self, seen: Observed) -> Decision:
        """The same shares whatever is seen."""
        return Decision(rows(self.shares, self.n), self.by_population(), self.openness, True)


class HarmInUseExit(Rule):
    """A rule that gives up in application, when harm is estimated above .25."""

    gives_up = True

    def give_up(self, seen: Observed) -> Bools:
        """Only once the technology is in everybody's hands."""
        harmful: Bools = (seen.stage == 2) & (seen.harm > self.exit_use)
        return harmful


class Nothing(Rule):
    """No programme: all money goes to the reserve."""

    base_name, idea = "nothing", "no programme; the denominator"

    def decide(self, seen: Observed) -> Decision:
        """Everything to the reserve."""
        return Decision(np.zeros((self.n, 9)), self.by_population(), 0.0, False)


class Concentrated(Rule):
    """The traditional system: money concentrates on producers and hubs, use stays closed."""

    base_name = "concentrated"
    idea = "traditional concentrated system: producers and hubs, closed (the baseline)"
    shares = weights(research=0.45, adaptation=0.2, scenarios=0.15, service=0.1, governance=0.1)
    openness, K = 0.1, 0.5

    def decide(self, seen: Observed) -> Decision:
        """Hubs only (everywhere, where there are none)."""
        hubs = self.setting.population * self.setting.hubs
        where = hubs if hubs.sum() > 0.0 else self.setting.population
        return Decision(
            rows(self.shares, self.n), rows(where, self.n), self.openness, self.ready(seen, self.K)
        )


class KnowledgeCentred(Rule):
    """The knowledge economy's view: knowledge is produced, spread and used."""

    base_name, idea, gives_up = (
        "knowledge_centred",
        "knowledge economy (OECD): research and its feedback",
        True,
    )
    shares = weights(research=0.5, adaptation=0.25, iteration=0.25)
    openness, K, F, lean = 0.7, 0.5, 0.3, 2.0
    stuck_K, stuck_after = 0.35, 12

    def decide(self, seen: Observed) -> Decision:
        """Leans to hubs."""
        where = self.leaning_to_hubs(self.lean)
        advance = self.ready(seen, self.K, self.F)
        return Decision(rows(self.shares, self.n), where, self.openness, advance)

    def give_up(self, seen: Observed) -> Bools:
        """Knowledge that does not come in twelve quarters."""
        stuck: Bools = (seen.knowledge < self.stuck_K) & (seen.project_quarters >= self.stuck_after)
        return stuck


class TechnologyCentred(HarmInUseExit):
    """The national innovation system's view: technology and the organisations that master it."""

    base_name = "technology_centred"
    idea = "national innovation system (Freeman): technology and its organisations; participants unfunded"
    shares = weights(
        research=0.25, scenarios=0.2, adaptation=0.15, governance=0.15, service=0.15, iteration=0.1
    )
    openness, K, lean = 0.5, 0.4, 2.0

    def decide(self, seen: Observed) -> Decision:
        """Leans to hubs, where the organisations are."""
        where = self.leaning_to_hubs(self.lean)
        return Decision(rows(self.shares, self.n), where, self.openness, self.ready(seen, self.K))


class Market(Rule):
    """Market attraction: money follows adoption, and leaves what does not sell."""

    base_name, idea, gives_up = "market", "market attraction: money follows adoption", True
    shares = weights(
        research=0.2, scenarios=0.2, service=0.2, adaptation=0.15, enablement=0.15, governance=0.1
    )
    openness, K, floor = 0.5, 0.4, 0.05
    unwanted, unwanted_after = 0.15, 12

    def decide(self, seen: Observed) -> Decision:
        """In proportion to adopters, a little everywhere."""
        where = self.setting.population * (self.floor + seen.adoption_by_place)
        return Decision(rows(self.shares, self.n), where, self.openness, self.ready(seen, self.K))

    def give_up(self, seen: Observed) -> Bools:
        """Too few adopters twelve quarters into a stage."""
        quarters = seen.stage_quarters
        wanted = self.unwanted * np.minimum(1.0, (quarters + 1) / 20.0)
        too_few: Bools = (quarters >= self.unwanted_after) & (seen.adoption_total < wanted)
        return too_few


class SocialExperiment(FixedShares):
    """The technological social experiment as a one-off: open, for participants, gone afterwards."""

    base_name, idea = (
        "social_experiment",
        "technological social experiment: open, one-off, carries nothing over",
    )
    shares = weights(
        scenarios=0.25, engagement=0.25, enablement=0.2, governance=0.1, service=0.1, resilience=0.1
    )
    openness = 1.0


class SupplyLed(FixedShares):
    """Push: what the producers can make."""

    base_name, idea = "supply_led", "supply-led: research, adaptation, scenarios"
    shares = weights(research=1.0, adaptation=1.0, scenarios=1.0)


class DemandLed(FixedShares):
    """Pull: what the users want."""

    base_name, idea = "demand_led", "demand-led: engagement, enablement, service, scenarios"
    shares = weights(engagement=1.0, enablement=1.0, service=1.0, scenarios=1.0)


class CapabilityFirst(Rule):
    """People first: capability, then everything alike."""

    base_name, idea = "capability_first", "capability first: teach until people can, then as flat"
    before = weights(enablement=0.5, research=0.5)
    rise, openness = 0.05, 0.5

    def remember(self) -> None:
        """Mean capability at the start, and whether it has risen."""
        self.at_start = np.full(self.n, np.nan)
        self.risen = np.zeros(self.n, bool)

    def decide(self, seen: Observed) -> Decision:
        """Enablement and research until mean capability has risen."""
        self.at_start = np.where(np.isnan(self.at_start), seen.capability, self.at_start)
        self.risen |= seen.capability >= self.at_start + self.rise
        functions = np.where(self.risen[:, None], np.ones(9), self.before)
        return Decision(functions, self.by_population(), self.openness, self.risen)


class Tiered(HarmInUseExit, FixedShares):
    """Pre-allocation by tiers: half to producers, fixed at design time."""

    base_name, idea = "tiered", "tiered pre-allocation: 50/30/20 by actor, fixed at design time"
    shares = np.repeat([0.5, 0.3, 0.2], 3)
    openness = 0.3


class Flat(FixedShares):
    """Absolutely flat: everything alike."""

    base_name, idea = "flat", "absolutely flat management: everything alike"
    shares = np.ones(9)


class CareOnly(Rule):
    """Care without a technology: a check on the reward."""

    base_name, idea = (
        "care_only",
        "care only: resilience and enablement, no technology (a check on the reward)",
    )
    shares = weights(resilience=0.7, enablement=0.3)

    def decide(self, seen: Observed) -> Decision:
        """Never asks to advance."""
        return Decision(rows(self.shares, self.n), self.by_population(), 0.0, False)


class ExperimentDiffusion(Rule):
    """The paper's proposal: roles by stage, openness that grows, care for the weak, and an exit."""

    base_name = "experiment_diffusion"
    idea = (
        "technology experiment-diffusion mode: roles by stage, opening up, the floor protected (the proposal)"
    )
    gives_up = True
    by_stage = np.stack(
        [
            weights(research=0.5, scenarios=0.25, engagement=0.15, governance=0.1),
            weights(
                adaptation=0.25,
                governance=0.25,
                enablement=0.2,
                scenarios=0.15,
                research=0.1,
                engagement=0.05,
            ),
            weights(
                service=0.25, enablement=0.2, resilience=0.2, scenarios=0.15, governance=0.1, iteration=0.1
            ),
        ]
    )
    openness_by_stage = np.array([0.2, 0.8, 1.0])
    K, F, hold = 0.4, 0.5, 0.12
    care, extra = 0.05, 0.4
    lean_low, lean_crisis, relief = 3.0, 10.0, 4.0

    def decide(self, seen: Observed) -> Decision:
        """By stage; more to the floor and to crises when they call for it; holds while harm is seen."""
        functions = self.by_stage[seen.stage]
        functions[:, 8] += np.where(seen.excluded > self.care, self.extra, 0.0)
        functions[:, RELIEF] += (0.5 * self.relief * (seen.crisis @ self.setting.population))[:, None]
        low = np.where((seen.stage == 2)[:, None], np.exp(self.lean_low * (0.4 - seen.resilience)), 1.0)
        where = self.setting.population * low * (1.0 + self.lean_crisis * seen.crisis)
        advance = self.ready(seen, self.K, self.F) & (seen.harm <= self.hold + 1e-6)
        return Decision(functions, where, self.openness_by_stage[seen.stage], advance)


class DemonstrationZone(ExperimentDiffusion):
    """A pilot zone first, then everywhere with the proposal's shares."""

    base_name, idea = (
        "demonstration_zone",
        "demonstration zone: one place until it fits there, then everywhere",
    )
    F_zone = 0.25

    def decide(self, seen: Observed) -> Decision:
        """The largest community that is no hub (an ordinary place) until fit is seen."""
        decision = super().decide(seen)
        zone = np.zeros(len(self.setting.population))
        zone[int(np.argmax(self.setting.population * (1.0 - self.setting.hubs) + 1e-9))] = 1.0
        piloting = (seen.fit < self.F_zone)[:, None]
        decision.communities = np.where(piloting, zone, decision.communities)
        return decision


class PolicyLearning(Rule):
    """Policy learning: try a change, keep it if it worked, lean to where it worked best."""

    base_name, idea = (
        "policy_learning",
        "policy learning: perturb, keep what raised the reward, lean to the best",
    )
    gives_up = True
    period, step, K, openness = 4, 0.4, 0.4, 0.5
    fallen = 0.03

    def remember(self) -> None:
        """The kept and the tried allocation, and the record of each."""
        self.kept = np.ones((self.n, 9)) / 9.0
        self.tried = self.kept.copy()
        self.kept_reward = np.full(self.n, -np.inf)
        self.total = np.zeros(self.n)
        self.best_record = np.full(self.n, -np.inf)
        self.record = np.zeros(self.n)
        self.generators = [np.random.default_rng(int(seed)) for seed in self.seeds]

    def decide(self, seen: Observed) -> Decision:
        """Every four quarters: keep the tried allocation if it did better, then try another."""
        self.total += seen.reward()
        quarter = int(seen.quarter.max())  # all began together; programmes that are over stand still
        if quarter > 0 and quarter % self.period == 0:
            self.record = self.total / self.period
            better = self.record >= self.kept_reward
            self.kept = np.where(better[:, None], self.tried, self.kept)
            self.kept_reward = np.where(better, self.record, self.kept_reward)
            noise = np.stack([g.standard_normal(9) for g in self.generators])
            self.tried = self.kept * np.exp(self.step * noise)
            self.tried /= self.tried.sum(1, keepdims=True)
            self.total[:] = 0.0
            self.best_record = np.maximum(self.best_record, self.record)
        where = self.setting.population * (0.2 + seen.adoption_by_place + seen.resilience)
        return Decision(self.tried, where, self.openness, self.ready(seen, self.K))

    def give_up(self, seen: Observed) -> Bools:
        """Its own record has fallen well below its best; then the record begins anew."""
        worse = (self.record < self.best_record - self.fallen) & (seen.project_quarters >= 4)
        self.best_record = np.where(worse, -np.inf, self.best_record)
        self.kept_reward = np.where(worse, -np.inf, self.kept_reward)
        return worse
