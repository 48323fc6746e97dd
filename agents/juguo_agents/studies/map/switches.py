"""Assumptions of the model as switches: what would be otherwise without each of them.

A switch sets some fields of every world it is tried in. All are checked against the scenario's fields before
a map begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from juguo_envs.worlds.scenario import Scenario

AS_IS = "as it is"


@dataclass(frozen=True)
class Switch:
    """One assumption, switched off.

    Attributes:
        name: Its name in results; it says what holds then.
        assumption: What the model assumes otherwise.
        changes: New values by dotted names of fields.
    """

    name: str
    assumption: str
    changes: Mapping[str, float]


SWITCHES = (
    Switch(AS_IS, "none: what the others are compared with", {}),
    Switch("no critical mass", "a little money does less than in proportion", {"money.m_exp": 1.0}),
    Switch("no serious defects", "a technology may do harm", {"defect.p_X": 0.0}),
    Switch("no shocks", "shocks strike, and crises follow", {"crisis.shock_rate": 0.0}),
    Switch("openness is free", "openness costs research effort", {"knowledge.chi": 0.0}),
    Switch("know-how reaches all", "know-how must be absorbed where it is used", {"know_how.phi0": 1.0}),
    Switch("use needs no knowledge", "use is hard where know-how is low", {"adoption.alpha_k": 0.0}),
    Switch("fit needs no diversity", "fit grows by the diversity of those who use", {"fit.div0": 1.0}),
    Switch(
        "no learning by use", "a technology improves by being used", {"knowledge.eta_L": 0.0}
    ),
    Switch("no aversion", "what reaches few counts less", {"reward.aversion": 0.0}),
)  # fmt: skip
"""Each assumption that the page names; the first is none."""


def check_switches(base: Scenario) -> None:
    """Check that every switch can be thrown in a scenario.

    Raises:
        ScenarioError: If a field is unknown or a value not allowed.
    """
    for switch in SWITCHES:
        base.override(dict(switch.changes))


def thrown(scenario: Scenario, name: str) -> Scenario:
    """A world with one assumption switched off."""
    switch = next(s for s in SWITCHES if s.name == name)
    return scenario.override(dict(switch.changes))
