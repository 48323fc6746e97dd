"""The mechanisms of the model that parameters can switch off, each with what switches it off."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import PARAMETER_GROUPS, Generated, Programme, Scenario, Society

Value = float | str | tuple[int, ...]
RULE = "society.communities."
"""Fields that only a scenario has whose communities are given by a rule."""
TINY = 1e-3
"""The least that is allowed where 0 is not."""
EASY = -10.0
"""The least difficulty that is allowed: everybody accepts."""


@dataclass(frozen=True)
class Mechanism:
    """A mechanism and its switch.

    Attributes:
        name: Short, unique; also the name of its rows.
        words: What the mechanism is, in plain words.
        off: Values that switch it off, by dotted name as in `Scenario.override`; a function takes the
            scenario where the value depends on it.
    """

    name: str
    words: str
    off: Mapping[str, Value | Callable[[Scenario], Value]]

    def changes(self, scenario: Scenario) -> dict[str, Any]:
        """The values that switch it off in a scenario; fields that this scenario cannot have are left out."""
        by_rule = isinstance(scenario.society.communities, Generated)
        return {
            field: value(scenario) if callable(value) else value
            for field, value in self.off.items()
            if by_rule or not field.startswith(RULE)
        }

    def without(self, scenario: Scenario) -> Scenario | None:
        """The scenario with the mechanism switched off; None where it is off in it already.

        Raises:
            ScenarioError: If a field is unknown or a value is not allowed.
        """
        changed = scenario.override(self.changes(scenario))
        return None if changed.digest() == scenario.digest() else changed


def _population(scenario: Scenario) -> list[float]:
    listed = scenario.society.listed()
    total = sum(one.population for one in listed)
    return [one.population / total for one in listed]


def _met_at_random(scenario: Scenario) -> float:
    """Share of ties inside a community where people meet without regard to communities."""
    return sum(share**2 for share in _population(scenario))


def _in_hubs(scenario: Scenario) -> float:
    """Share of the population that lives in hubs."""
    return sum(s for s, one in zip(_population(scenario), scenario.society.listed(), strict=True) if one.hub)


def _mean_capability(scenario: Scenario) -> float:
    listed = scenario.society.listed()
    return sum(s * one.capability for s, one in zip(_population(scenario), listed, strict=True))


def _whole_length(scenario: Scenario) -> tuple[int, ...]:
    return (scenario.programme.T, scenario.programme.T)


_ALL = (
    # society
    Mechanism("ties inside", "ties stay mostly inside a community", {"society.inside": _met_at_random}),
    Mechanism("neighbours", "ties that leave a community go to its neighbours", {"society.distant": 1.0}),
    Mechanism("network", "people are tied to few others, not to everybody", {"society.network": "complete"}),
    Mechanism("capability spread", "persons differ in capability", {"society.capability_spread": 0.0}),
    Mechanism(
        "capability of places",
        "communities differ in mean capability",
        dict.fromkeys(
            [RULE + field for field in ("hub_capability", "capability_first", "capability_last")],
            _mean_capability,
        ),
    ),
    Mechanism("size of hubs", "hubs are larger than other communities", {RULE + "hub_size": 1.0}),
    Mechanism("producers in hubs", "producers gather in hubs", {RULE + "hub_producers": _in_hubs}),
    # programme and money
    Mechanism("least durations", "a stage lasts some quarters at least", {"programme.minimum": (1, 1, 1)}),
    Mechanism("most durations", "a stage ends unasked", {"programme.maximum": _whole_length}),
    Mechanism("critical mass", "a little money brings less than its share", {"money.m_exp": 1.0}),
    Mechanism("money out of stage", "money for another stage's function counts less", {"money.mu": 1.0}),
    # knowledge
    Mechanism("research", "research makes knowledge", {"knowledge.eta_K": 0.0}),
    Mechanism("cost of openness", "openness costs research effort", {"knowledge.chi": 0.0}),
    Mechanism("knowledge by use", "use makes knowledge", {"knowledge.eta_L": 0.0}),
    Mechanism("decay of knowledge", "knowledge decays", {"knowledge.delta_K": 0.0}),
    Mechanism("ceiling", "a technology has a hidden ceiling of knowledge", {"knowledge.C_lo": 1.0}),
    # know-how, environment, trust
    Mechanism("openness spreads", "openness brings know-how to communities", {"know_how.phi1": 0.0}),
    Mechanism("environment stays", "some environment stays without upkeep", {"know_how.E_b": 0.0}),
    Mechanism("environment decays", "environment decays without service", {"know_how.delta_E": 0.0}),
    Mechanism("trust by guidance", "evaluation and explanation raise trust", {"trust.eta_tau": 0.0}),
    # roles
    Mechanism("recruitment", "participants become interactors", {"roles.eta_I": 0.0}),
    Mechanism("recruitment unpaid", "participants become interactors without money", {"roles.iota0": 0.0}),
    Mechanism("lapse", "interactors lapse who have nothing of it", {"roles.lambda_I": 0.0}),
    # adoption
    Mechanism("peers", "adopters make others adopt", {"adoption.q": 0.0}),
    Mechanism("guidance", "explanation and evaluation make people adopt", {"adoption.gamma": 0.0}),
    Mechanism("trials", "money for scenarios brings people into trials", {"adoption.p_tr": 0.0}),
    Mechanism("know-how needed", "use needs know-how", {"adoption.alpha_k": 0.0}),
    Mechanism("social conditions", "use needs fit, environment and trust", {"adoption.alpha_s": 0.0}),
    Mechanism("acceptance", "use needs capability", {"adoption.d0": EASY}),
    Mechanism("leaving", "adopters leave", {"adoption.delta_A": 0.0}),
    # defect
    Mechanism("defects", "technologies can be seriously defective", {"defect.p_X": 0.0}),
    Mechanism("repair", "defects can be repaired", {"defect.eta_X": 0.0}),
    Mechanism("repairability", "some defects cannot be repaired", {"defect.p_Y": 1.0}),
    Mechanism("informed repair", "repair needs evidence of harm", {"defect.n1": TINY}),
    Mechanism("damage by harm", "harm costs resilience", {"defect.damage_h": 0.0}),
    Mechanism("rumour", "unharmed adopters blame the technology", {"defect.rumour": 0.0}),
    Mechanism("weight of prior", "the estimate of harm begins at a prior", {"defect.n0": TINY}),
    # another technology
    Mechanism("kept", "the next technology starts with some knowledge and fit", {"programme.kept": 0.0}),
    Mechanism("lost", "some knowledge and fit goes with a technology", {"programme.kept": 1.0}),
    # shocks and crises
    Mechanism("shocks", "shocks strike communities", {"crisis.shock_rate": 0.0}),
    Mechanism("insurance", "the reserve pays for damage", {"crisis.cover": 0.0}),
    Mechanism("crises", "a shock leaves a crisis", {"crisis.crs": 0.0}),
    Mechanism("crises end alone", "a crisis ends by itself", {"crisis.cr0": 0.0}),
    Mechanism("relief", "money ends a crisis", {"crisis.cr1": 0.0}),
    Mechanism("spread of crises", "crises spread over the society", {"crisis.cr2": 0.0}),
    Mechanism("crisis on trust", "a crisis lowers trust", {"crisis.crT": 0.0}),
    Mechanism("crisis on leaving", "adopters leave more in a crisis", {"crisis.crL": 0.0}),
    # resilience and capability
    Mechanism("restoring", "money restores resilience", {"resilience.eta_R": 0.0}),
    Mechanism("limit of restoring", "money restores only up to a level", {"resilience.rho_n": 1.0}),
    Mechanism("gain from use", "use raises resilience", {"resilience.ben": 0.0}),
    Mechanism("exclusion", "who has lost too much cannot take part", {"resilience.floor": 0.0}),
    Mechanism("hysteresis", "to return takes more than not to fall out", {"resilience.margin": 0.0}),
    Mechanism("enablement", "money raises capability", {"resilience.eta_kappa": 0.0}),
    Mechanism("capability returns", "capability returns to one's own", {"resilience.delta_kappa": 0.0}),
    # fit
    Mechanism("fit by use", "use makes the technology fit", {"fit.eta_F": 0.0}),
    Mechanism("fit by evaluation", "fit grows by evaluated use", {"fit.g0": 1.0}),
    Mechanism("fit by diversity", "fit grows by diverse use", {"fit.div0": 1.0}),
    # observation
    Mechanism("noise of observation", "what is not evaluated is seen with noise", {"observation.s_obs": 0.0}),
    Mechanism("showing", "the allocator is shown what governance finds", {"observation.shown": 0.0}),
)
MECHANISMS: dict[str, Mechanism] = {mechanism.name: mechanism for mechanism in _ALL}


def find(names: Collection[str]) -> list[Mechanism]:
    """Mechanisms by name, each once and in the order of the table.

    Raises:
        UserError: If there is none of a name.
    """
    for name in names:
        if name not in MECHANISMS:
            raise UserError(f"mechanism is {name!r}; allowed are {', '.join(MECHANISMS)}")
    return [mechanism for name, mechanism in MECHANISMS.items() if name in names]


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
