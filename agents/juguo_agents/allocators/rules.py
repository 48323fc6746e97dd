"""The rules of the systems that the paper names. Adding a rule takes one class here.

A rule is a doctrine, a way to divide money, with the institutions that the paper gives it or with others;
see `juguo_agents.allocators.institutions`. Its numbers are declared in its class. The tables of the model
page and of the READMEs, and the space in which a rule is tuned, are made from the declarations.
"""

from __future__ import annotations

import numpy as np

from juguo_agents.allocators.base import Observed, rows
from juguo_agents.allocators.declared import RuleNumber, RuleShares, alike
from juguo_agents.allocators.institutions import EXIT_NUMBERS
from juguo_agents.allocators.rule import Decision, FixedShares, HarmInUseExit, Rule, level_of
from juguo_agents.array_types import Bools, Floats


class Nothing(Rule):
    """No programme: all money goes to the reserve."""

    base_name, idea = "nothing", "no programme: all money is saved; the denominator"
    advances, also = "never asks", "all to the reserve"

    def decide(self, seen: Observed) -> Decision:
        """Everything to the reserve."""
        return Decision(np.zeros((self.n, 9)), self.by_population(), 0.0, False, np.ones(self.n))


class Concentrated(Rule):
    """The traditional system: money concentrates on producers and hubs, use stays closed."""

    base_name = "concentrated"
    idea = "the traditional concentrated system: producers and hubs, closed; the baseline"
    where = "hubs only, by population (everywhere where there are none)"
    advances = "K ≥ {K}"
    shares = RuleShares(
        {"research": 0.45, "adaptation": 0.2, "scenarios": 0.15, "service": 0.1, "governance": 0.1}
    )
    openness = RuleNumber(0.1, 0.0, 0.3, "openness")
    K = level_of("knowledge", 0.5)

    def decide(self, seen: Observed) -> Decision:
        """Hubs only (everywhere, where there are none)."""
        hubs = self.setting.population * self.setting.hubs
        where = hubs if hubs.sum() > 0.0 else self.setting.population
        return Decision(
            rows(self.shares, self.n), rows(where, self.n), self.openness, self.ready(seen, self.K)
        )


class KnowledgeCentred(Rule):
    """The knowledge economy's view: knowledge is produced, spread and used."""

    base_name, idea = "knowledge_centred", "the knowledge economy (OECD): research and its feedback"
    where, advances = "by population, hubs x {lean}", "K ≥ {K}, F ≥ {F}"
    own_exit = ("stuck_K", "stuck_after")
    gives_up = "K < {stuck_K} in a project of {stuck_after} quarters or more"
    shares = RuleShares({"research": 0.5, "adaptation": 0.25, "iteration": 0.25})
    openness = RuleNumber(0.7, 0.5, 1.0, "openness")
    K, F = level_of("knowledge", 0.5), level_of("seen fit", 0.3)
    lean = RuleNumber(2.0, 1.0, 20.0, "factor on the weight of a hub", log=True)
    stuck_K = RuleNumber(0.35, 0.05, 0.95, "own exit: knowledge below which a project is stuck")
    stuck_after = RuleNumber(12, 4, 40, "own exit: quarters of a project before it can be stuck", whole=True)

    def decide(self, seen: Observed) -> Decision:
        """Leans to hubs."""
        where = self.leaning_to_hubs(self.lean)
        advance = self.ready(seen, self.K, self.F)
        return Decision(rows(self.shares, self.n), where, self.openness, advance)

    def give_up(self, seen: Observed) -> Bools:
        """Knowledge that does not come."""
        stuck: Bools = (seen.knowledge < self.stuck_K) & (seen.project_quarters >= self.stuck_after)
        return stuck


class TechnologyCentred(HarmInUseExit):
    """The national innovation system's view: technology and the organisations that master it."""

    base_name = "technology_centred"
    idea = "the national innovation system (Freeman): technology and its organisations, participants unfunded"
    where, advances = "by population, hubs x {lean}", "K ≥ {K}"
    shares = RuleShares(
        {
            "research": 0.25, "scenarios": 0.2, "adaptation": 0.15, "governance": 0.15, "service": 0.15,
            "iteration": 0.1,
        }
    )  # fmt: skip
    openness = RuleNumber(0.5, 0.3, 0.7, "openness")
    K = level_of("knowledge", 0.4)
    lean = RuleNumber(2.0, 1.0, 20.0, "factor on the weight of a hub", log=True)

    def decide(self, seen: Observed) -> Decision:
        """Leans to hubs, where the organisations are."""
        where = self.leaning_to_hubs(self.lean)
        return Decision(rows(self.shares, self.n), where, self.openness, self.ready(seen, self.K))


class Market(Rule):
    """Market attraction: money follows adoption, and leaves what does not sell."""

    base_name, idea = "market", "market attraction: money follows adoption, and leaves what does not sell"
    where, advances = "population x ({least} + adoption)", "K ≥ {K}"
    own_exit = ("unwanted", "unwanted_after", "unwanted_by")
    gives_up = (
        "after n ≥ {unwanted_after} quarters in a stage, adoption < {unwanted}·min(1, (n + 1)/{unwanted_by})"
    )
    shares = RuleShares(
        {
            "research": 0.2, "scenarios": 0.2, "service": 0.2, "adaptation": 0.15, "enablement": 0.15,
            "governance": 0.1,
        }
    )  # fmt: skip
    openness = RuleNumber(0.5, 0.3, 0.7, "openness")
    K = level_of("knowledge", 0.4)
    least = RuleNumber(0.05, 0.001, 1.0, "weight of a place where nobody has adopted", log=True)
    unwanted = RuleNumber(
        0.15, 0.01, 0.6, "own exit: adoption below which a technology does not sell", log=True
    )
    unwanted_after = RuleNumber(12, 4, 40, "own exit: quarters in a stage before it must sell", whole=True)
    unwanted_by = RuleNumber(
        20, 5, 60, "own exit: quarters in a stage by which it must sell in full", whole=True
    )

    def decide(self, seen: Observed) -> Decision:
        """In proportion to adopters, a little everywhere."""
        where = self.setting.population * (self.least + seen.adoption_by_place)
        return Decision(rows(self.shares, self.n), where, self.openness, self.ready(seen, self.K))

    def give_up(self, seen: Observed) -> Bools:
        """Too few adopters for the time in a stage."""
        quarters = seen.stage_quarters
        wanted = self.unwanted * np.minimum(1.0, (quarters + 1) / self.unwanted_by)
        too_few: Bools = (quarters >= self.unwanted_after) & (seen.adoption_total < wanted)
        return too_few


class SocialExperiment(FixedShares):
    """The technological social experiment as a one-off: open, for participants, gone afterwards."""

    base_name = "social_experiment"
    idea = "the technological social experiment: open, one-off, carries nothing over"
    shares = RuleShares(
        {
            "scenarios": 0.25, "engagement": 0.25, "enablement": 0.2, "governance": 0.1, "service": 0.1,
            "resilience": 0.1,
        }
    )  # fmt: skip
    openness = RuleNumber(1.0, 0.7, 1.0, "openness")


class PolicyLearning(Rule):
    """Policy learning: try a change, keep it if it worked, lean to where it worked best."""

    base_name = "policy_learning"
    idea = "perturb the allocation, keep what raised the reward, lean to where it worked"
    where, advances = "population x ({least} + adoption + seen mean ρ)", "K ≥ {K}"
    also = (
        "every {period} quarters it keeps the tried shares if the mean of the seen reward was at least that "
        "of the kept ones, then tries the kept ones x exp({step}·N(0, 1))"
    )
    heeds_values = True
    own_exit = ("fallen", "fallen_after")
    gives_up = (
        "its last record is more than {fallen} below its best, "
        "in a project of {fallen_after} quarters or more"
    )
    shares = RuleShares(alike(), free="nothing")
    openness = RuleNumber(0.5, 0.0, 1.0, "openness")
    K = level_of("knowledge", 0.4)
    period = RuleNumber(4, 2, 12, "quarters for which an allocation is tried", whole=True)
    step = RuleNumber(0.4, 0.05, 2.0, "size of a change, of the shares' logarithm", log=True)
    least = RuleNumber(0.2, 0.001, 1.0, "weight of a place where nothing has worked", log=True)
    fallen = RuleNumber(0.03, 0.01, 0.5, "own exit: fall of the record from its best", log=True)
    fallen_after = RuleNumber(4, 4, 40, "own exit: quarters of a project before it gives up", whole=True)

    def remember(self) -> None:
        """The kept and the tried allocation, and the record of each."""
        self.kept = rows(self.shares / self.shares.sum(), self.n).copy()
        self.tried = self.kept.copy()
        self.kept_reward = np.full(self.n, -np.inf)
        self.total = np.zeros(self.n)
        self.best_record = np.full(self.n, -np.inf)
        self.record = np.zeros(self.n)
        self.generators = [np.random.default_rng(int(seed)) for seed in self.seeds]

    def decide(self, seen: Observed) -> Decision:
        """After every period: keep the tried allocation if it did better, then try another."""
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
        where = self.setting.population * (self.least + seen.adoption_by_place + seen.resilience)
        return Decision(self.tried, where, self.openness, self.ready(seen, self.K))

    def give_up(self, seen: Observed) -> Bools:
        """Its own record has fallen well below its best; then the record begins anew."""
        worse = (self.record < self.best_record - self.fallen) & (seen.project_quarters >= self.fallen_after)
        self.best_record = np.where(worse, -np.inf, self.best_record)
        self.kept_reward = np.where(worse, -np.inf, self.kept_reward)
        return worse


class SupplyLed(FixedShares):
    """Push: what the producers can make."""

    base_name, idea = "supply_led", "push: research, adaptation, scenarios"
    shares = RuleShares(alike("research", "adaptation", "scenarios"))
    openness = RuleNumber(0.5, 0.0, 1.0, "openness")


class DemandLed(FixedShares):
    """Pull: what the users want."""

    base_name, idea = "demand_led", "pull: engagement, enablement, service, scenarios"
    shares = RuleShares(alike("engagement", "enablement", "service", "scenarios"))
    openness = RuleNumber(0.5, 0.0, 1.0, "openness")


class CapabilityFirst(Rule):
    """People first: capability, then everything alike."""

    base_name = "capability_first"
    idea = "people first: teach until capability has risen, then everything alike"
    advances = "not before mean κ has risen by {rise}, then at once"
    also = "everything alike once mean κ has risen by {rise}"
    shares = RuleShares({"enablement": 0.5, "research": 0.5})
    openness = RuleNumber(0.5, 0.0, 1.0, "openness")
    rise = RuleNumber(0.05, 0.005, 0.3, "rise of mean capability after which everything gets alike", log=True)

    def remember(self) -> None:
        """Mean capability at the start, and whether it has risen."""
        self.at_start = np.full(self.n, np.nan)
        self.risen = np.zeros(self.n, bool)

    def decide(self, seen: Observed) -> Decision:
        """Enablement and research until mean capability has risen."""
        self.at_start = np.where(np.isnan(self.at_start), seen.capability, self.at_start)
        self.risen |= seen.capability >= self.at_start + self.rise
        functions = np.where(self.risen[:, None], np.ones(9), self.shares)
        return Decision(functions, self.by_population(), self.openness, self.risen)


class Tiered(HarmInUseExit, FixedShares):
    """Pre-allocation by tiers: half to producers, fixed at design time."""

    base_name = "tiered"
    idea = "50/30/20 to producers, interactors and participants, fixed at design time"
    shares = RuleShares(
        {
            "research": 50, "adaptation": 50, "iteration": 50,
            "scenarios": 30, "governance": 30, "service": 30,
            "engagement": 20, "enablement": 20, "resilience": 20,
        },
        free="within actors",
    )  # fmt: skip
    openness = RuleNumber(0.3, 0.0, 0.5, "openness")


class Flat(FixedShares):
    """Absolutely flat: everything alike."""

    base_name, idea = "flat", "absolutely flat management: everything alike"
    shares = RuleShares(alike(), free="nothing")
    openness = RuleNumber(0.5, 0.0, 1.0, "openness")


class CareOnly(Rule):
    """Care without a technology: a check on the reward."""

    base_name, idea = "care_only", "care without a technology (a check on the reward)"
    advances = "never asks"
    shares = RuleShares({"resilience": 0.7, "enablement": 0.3})

    def decide(self, seen: Observed) -> Decision:
        """Never asks to advance."""
        return Decision(rows(self.shares, self.n), self.by_population(), 0.0, False)


class ExperimentDiffusion(Rule):
    """The paper's proposal: roles by stage, openness that grows, care for the weak, exit and relief."""

    base_name = "experiment_diffusion"
    idea = "the proposal: roles by stage, opening up, the floor protected, an exit and relief"
    where = "by population; in application x exp(−{lean_low}·(seen mean ρ))"
    advances = "K ≥ {K}, F ≥ {F}, and Ĥ ≤ {hold}"
    also = "resilience + {extra} where more than {care} are excluded"
    own_exit, own_relief = EXIT_NUMBERS, True
    shares = RuleShares(
        {"research": 0.5, "scenarios": 0.25, "engagement": 0.15, "governance": 0.1},
        {
            "adaptation": 0.25, "governance": 0.25, "enablement": 0.2, "scenarios": 0.15, "research": 0.1,
            "engagement": 0.05,
        },
        {
            "service": 0.25, "enablement": 0.2, "resilience": 0.2, "scenarios": 0.15, "governance": 0.1,
            "iteration": 0.1,
        },
    )  # fmt: skip
    openness_production = RuleNumber(0.2, 0.0, 0.5, "openness in production")
    openness_diffusion = RuleNumber(0.8, 0.5, 1.0, "openness in diffusion")
    openness_application = RuleNumber(1.0, 0.7, 1.0, "openness in application")
    K, F = level_of("knowledge", 0.4), level_of("seen fit", 0.5)
    hold = RuleNumber(0.12, 0.01, 1.0, "estimate of harm above which it does not advance", log=True)
    care = RuleNumber(0.05, 0.0, 0.5, "share of excluded above which resilience gets more")
    extra = RuleNumber(0.4, 0.0, 1.0, "weight that resilience then gets more, on a sum of 1")
    lean_low = RuleNumber(3.0, 0.0, 10.0, "lean to places of low resilience in application")

    def openness_by_stage(self) -> Floats:
        """(3,) opening up from stage to stage."""
        return np.array([self.openness_production, self.openness_diffusion, self.openness_application])

    def decide(self, seen: Observed) -> Decision:
        """By stage; more to the floor where it calls for it; holds while harm is seen."""
        functions = self.shares[seen.stage]
        functions[:, 8] += np.where(seen.excluded > self.care, self.extra, 0.0)
        low = np.where((seen.stage == 2)[:, None], np.exp(-self.lean_low * seen.resilience), 1.0)
        advance = self.ready(seen, self.K, self.F) & (seen.harm <= self.hold)
        return Decision(
            functions, self.setting.population * low, self.openness_by_stage()[seen.stage], advance
        )


class DemonstrationZone(ExperimentDiffusion):
    """A pilot zone first, then everywhere with the proposal's shares."""

    base_name = "demonstration_zone"
    idea = "one ordinary place until the technology fits, then everywhere as the proposal"
    where = "the largest community that is no hub, alone, until F ≥ {F_zone} is seen; then as the proposal"
    F_zone = RuleNumber(0.25, 0.05, 0.95, "seen fit from which all places get money")

    def decide(self, seen: Observed) -> Decision:
        """The largest community that is no hub (an ordinary place) until fit is seen."""
        decision = super().decide(seen)
        zone = np.zeros(len(self.setting.population))
        zone[int(np.argmax(self.setting.population * (1.0 - self.setting.hubs) + 1e-9))] = 1.0
        piloting = (seen.fit < self.F_zone)[:, None]
        decision.communities = np.where(piloting, zone, decision.communities)
        return decision
