"""What a map varies at a point: the values, assumptions of the model, and parts of the best rule.

What a reward consists of does not depend on the values, so an episode is run once and scored under all value
sets. Only a rule that looks at its reward acts otherwise under other values, and is run under each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.hybrid import PARTS
from juguo_envs.worlds.parameters import Reward
from juguo_envs.worlds.scenario import Scenario

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ValueSet:
    """One way to value what comes of an allocation.

    Attributes:
        name: Its name in results.
        text: What it is, in words.
        changes: Fields of the reward that differ from the base scenario's; None for the values that are drawn
            at a point.
    """

    name: str
    text: str
    changes: Mapping[str, float] | None

    def reward(self, scenario: Scenario, base: Scenario) -> Reward:
        """The values.

        Args:
            scenario: That of a point, with the values drawn there.
            base: What all points have in common.
        """
        if self.changes is None:
            return scenario.reward
        return base.override({f"reward.{name}": value for name, value in self.changes.items()}).reward

    def pursued(self, scenario: Scenario, base: Scenario) -> Scenario:
        """The scenario of a point, for a rule that is to pursue these values."""
        reward = self.reward(scenario, base).model_dump()
        return scenario.override({f"reward.{name}": value for name, value in reward.items()})


DRAWN = ValueSet("drawn", "the values drawn in each world", None)
VALUE_SETS = (
    DRAWN,
    ValueSet("default", "the scenario's own values", {}),
    ValueSet("headcount", "heads count, whoever they are", {"aversion": 0.0}),
    ValueSet("egalitarian", "strong aversion to inequality", {"aversion": 2.0}),
    ValueSet("care", "resilience counts most", {"w_r": 2.0}),
    ValueSet("no harm", "the excluded count most", {"w_x": 5.0}),
)
"""Drawn; the scenario's own; its aversion at both ends; and each weight of the floor high in its range."""


def aversions(base: Scenario) -> tuple[float, ...]:
    """The aversions of the value sets other than `DRAWN`, in ascending order."""
    return tuple(sorted({s.reward(base, base).aversion for s in VALUE_SETS if s.changes is not None}))


def breadth_column(aversion: float) -> str:
    """Name of breadth at an aversion; breadth at the aversion drawn at a point is `breadth`."""
    return f"breadth_{aversion:g}"


def score(measured: Mapping[str, Floats], values: ValueSet, scenario: Scenario, base: Scenario) -> Floats:
    """Returns (episodes,) under some values.

    Args:
        measured: Resilience, excluded and breadth, the latter at the drawn and at all other aversions.
        values: The values.
        scenario, base: As of `ValueSet.reward`.
    """
    reward = values.reward(scenario, base)
    breadth = measured["breadth" if values.changes is None else breadth_column(reward.aversion)]
    found: Floats = (
        reward.w_b * breadth + reward.w_r * measured["resilience"] - reward.w_x * measured["excluded"]
    )
    return found


@dataclass(frozen=True)
class Switch:
    """One assumption of the model, switched off.

    Attributes:
        name: Its name in results; it says what holds then.
        assumption: What the model assumes otherwise.
        changes: New values by dotted names of fields.
    """

    name: str
    assumption: str
    changes: Mapping[str, float]


AS_IS = "as it is"
SWITCHES = (
    Switch(AS_IS, "none: what the others are compared with", {}),
    Switch("no critical mass", "a little money does less than in proportion", {"money.m_exp": 1.0}),
    Switch("no serious defects", "a technology may do harm", {"defect.p_X": 0.0}),
    Switch("no shocks", "shocks strike, and crises follow", {"crisis.shock_rate": 0.0}),
    Switch("openness is free", "openness costs research effort", {"knowledge.chi": 0.0}),
    Switch("know-how reaches all", "know-how must be absorbed where it is used", {"know_how.phi0": 1.0}),
    Switch("use needs no knowledge", "use is hard where know-how is low", {"adoption.alpha_k": 0.0}),
    Switch("fit needs no diversity", "fit grows by the diversity of those who use", {"fit.div0": 1.0}),
    Switch("no learning by use", "a technology improves by being used", {"knowledge.eta_L": 0.0}),
    Switch("no aversion", "what reaches few counts less", {"reward.aversion": 0.0}),
)
"""Each assumption that the page names; the first is none."""


def switched(scenario: Scenario, name: str) -> Scenario:
    """A scenario with one assumption switched off.

    Raises:
        ScenarioError: If a field is unknown or a value not allowed.
    """
    return scenario.override(dict(next(s for s in SWITCHES if s.name == name).changes))


ALL, NONE = "all", "none"
GROUPS: dict[str, frozenset[str]] = {
    "functions": frozenset(part for part in PARTS if part.startswith("functions")),
    **{part: frozenset({part}) for part in PARTS if not part.startswith("functions")},
}
"""Parts of a rule that are exchanged together: functions in all stages, and each other part alone."""
EXCHANGES: dict[str, frozenset[str]] = {NONE: frozenset(), **GROUPS, ALL: frozenset(PARTS)}
"""Parts that the best rule of a point takes from the second best, from none to all.

What it loses is measured on episodes on which neither was chosen, so that luck which made it the best does
not count."""
