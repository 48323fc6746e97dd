"""Who is run for the patterns, in which world."""

from __future__ import annotations

from dataclasses import dataclass

from juguo_agents.allocators import Allocator, make_rule
from juguo_agents.allocators.levers import Forced, find_lever
from juguo_agents.allocators.registry import like_for_like as like_for_like
from juguo_agents.allocators.registry import rule_names
from juguo_agents.report.names import PROPOSAL as PROPOSAL
from juguo_envs.worlds.scenario import Scenario

NOTHING, CARE, KNOWLEDGE = "nothing", "care_only", "knowledge_centred"
CONCENTRATED, MARKET, FLAT = "concentrated", "market", "flat"
AS_IS, CALM, SOUND = "as it is", "no shocks", "sound technology, no shocks"
WORLDS: dict[str, dict[str, float]] = {
    AS_IS: {},
    CALM: {"crisis.shock_rate": 0.0},
    SOUND: {"crisis.shock_rate": 0.0, "defect.p_X": 0.0},
}
"""Worlds that are derived from a scenario, by the fields that are changed."""


@dataclass(frozen=True)
class System:
    """An allocator in a world.

    Attributes:
        name: The rule's, as `make_rule` takes it.
        world: One of `WORLDS`.
        lever: A lever that is forced, if any.
    """

    name: str
    world: str = AS_IS
    lever: str | None = None

    def allocator(self) -> Allocator:
        """The allocator, its lever forced."""
        rule = make_rule(self.name)
        return Forced(rule, find_lever(self.lever)) if self.lever else rule

    def scenario(self, base: Scenario) -> Scenario:
        """Its world."""
        changes = WORLDS[self.world]
        return base.override(changes) if changes else base


def doctrines() -> list[str]:
    """All of them, like for like or not: the rules by name."""
    return rule_names()


def bringing() -> list[str]:
    """The doctrines that bring a technology to people."""
    return [name for name in doctrines() if name not in (NOTHING, KNOWLEDGE, CARE)]
