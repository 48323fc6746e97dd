"""The mechanisms of the model that parameters can switch off, each with what switches it off."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from juguo_agents.report.texts import say
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
        off: Values that switch it off, by dotted name as in `Scenario.override`; a function takes the
            scenario where the value depends on it.
    """

    name: str
    off: Mapping[str, Value | Callable[[Scenario], Value]]

    @property
    def words(self) -> str:
        """What the mechanism is, in plain English words; the catalogue has them."""
        return say(f"mechanisms.words.{self.name}", "en")

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
    Mechanism("ties inside", {"society.inside": _met_at_random}),
    Mechanism("neighbours", {"society.distant": 1.0}),
    Mechanism("network", {"society.network": "complete"}),
    Mechanism("capability spread", {"society.capability_spread": 0.0}),
    Mechanism(
        "capability of places",
        dict.fromkeys(
            [RULE + field for field in ("hub_capability", "capability_first", "capability_last")],
            _mean_capability,
        ),
    ),
    Mechanism("size of hubs", {RULE + "hub_size": 1.0}),
    Mechanism("producers in hubs", {RULE + "hub_producers": _in_hubs}),
    # programme and money
    Mechanism("least durations", {"programme.minimum": (1, 1, 1)}),
    Mechanism("most durations", {"programme.maximum": _whole_length}),
    Mechanism("critical mass", {"money.m_exp": 1.0}),
    Mechanism("money out of stage", {"money.mu": 1.0}),
    # knowledge
    Mechanism("research", {"knowledge.eta_K": 0.0}),
    Mechanism("cost of openness", {"knowledge.chi": 0.0}),
    Mechanism("knowledge by use", {"knowledge.eta_L": 0.0}),
    Mechanism("decay of knowledge", {"knowledge.delta_K": 0.0}),
    Mechanism("ceiling", {"knowledge.C_lo": 1.0}),
    # know-how, environment, trust
    Mechanism("openness spreads", {"know_how.phi1": 0.0}),
    Mechanism("environment stays", {"know_how.E_b": 0.0}),
    Mechanism("environment decays", {"know_how.delta_E": 0.0}),
    Mechanism("trust by guidance", {"trust.eta_tau": 0.0}),
    # roles
    Mechanism("recruitment", {"roles.eta_I": 0.0}),
    Mechanism("recruitment unpaid", {"roles.iota0": 0.0}),
    Mechanism("lapse", {"roles.lambda_I": 0.0}),
    # adoption
    Mechanism("peers", {"adoption.q": 0.0}),
    Mechanism("guidance", {"adoption.gamma": 0.0}),
    Mechanism("trials", {"adoption.p_tr": 0.0}),
    Mechanism("know-how needed", {"adoption.alpha_k": 0.0}),
    Mechanism("social conditions", {"adoption.alpha_s": 0.0}),
    Mechanism("acceptance", {"adoption.d0": EASY}),
    Mechanism("leaving", {"adoption.delta_A": 0.0}),
    # defect
    Mechanism("defects", {"defect.p_X": 0.0}),
    Mechanism("repair", {"defect.eta_X": 0.0}),
    Mechanism("repairability", {"defect.p_Y": 1.0}),
    Mechanism("informed repair", {"defect.n1": TINY}),
    Mechanism("damage by harm", {"defect.damage_h": 0.0}),
    Mechanism("rumour", {"defect.rumour": 0.0}),
    Mechanism("weight of prior", {"defect.n0": TINY}),
    # another technology
    Mechanism("kept", {"programme.kept": 0.0}),
    Mechanism("lost", {"programme.kept": 1.0}),
    # shocks and crises
    Mechanism("shocks", {"crisis.shock_rate": 0.0}),
    Mechanism("insurance", {"crisis.cover": 0.0}),
    Mechanism("crises", {"crisis.crs": 0.0}),
    Mechanism("crises end alone", {"crisis.cr0": 0.0}),
    Mechanism("relief", {"crisis.cr1": 0.0}),
    Mechanism("spread of crises", {"crisis.cr2": 0.0}),
    Mechanism("crisis on trust", {"crisis.crT": 0.0}),
    Mechanism("crisis on leaving", {"crisis.crL": 0.0}),
    # resilience and capability
    Mechanism("restoring", {"resilience.eta_R": 0.0}),
    Mechanism("limit of restoring", {"resilience.rho_n": 1.0}),
    Mechanism("gain from use", {"resilience.ben": 0.0}),
    Mechanism("exclusion", {"resilience.floor": 0.0}),
    Mechanism("hysteresis", {"resilience.margin": 0.0}),
    Mechanism("enablement", {"resilience.eta_kappa": 0.0}),
    Mechanism("capability returns", {"resilience.delta_kappa": 0.0}),
    # fit
    Mechanism("fit by use", {"fit.eta_F": 0.0}),
    Mechanism("fit by evaluation", {"fit.g0": 1.0}),
    Mechanism("fit by diversity", {"fit.div0": 1.0}),
    # observation
    Mechanism("noise of observation", {"observation.s_obs": 0.0}),
    Mechanism("showing", {"observation.shown": 0.0}),
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
