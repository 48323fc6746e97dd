"""The kinds of feedback of the closed loop, and the numbers with which each is switched off."""

from __future__ import annotations

from dataclasses import dataclass

from juguo_agents.allocators.parametric.policy_classes import FEEDBACK_OFF
from juguo_agents.allocators.parametric.space import Parameters


@dataclass(frozen=True)
class Kind:
    """A kind of feedback.

    Attributes:
        name: Its name.
        words: What it is.
        numbers: Names of the closed loop's numbers that are its own.
    """

    name: str
    words: str
    numbers: tuple[str, ...]

    @property
    def off(self) -> Parameters:
        """The numbers with which it does nothing."""
        return {name: FEEDBACK_OFF[name] for name in self.numbers}


KINDS = (
    Kind(
        "giving up",
        "abandon where harm is seen",
        (
            "exit.harm.production",
            "exit.harm.diffusion",
            "exit.harm.application",
            "exit.experience",
            "exit.patience",
            "exit.time_left",
        ),
    ),
    Kind("holding", "do not move on while harm is seen or unknown", ("hold.harm", "hold.experience")),
    Kind("repairing", "redesign where harm is seen", ("redesign.above", "redesign.extra")),
    Kind(
        "shifting",
        "pay more in some places by what is seen there: adoption, resilience, a crisis, a fault to mend",
        ("lean.adoption", "lean.resilience", "lean.crisis", "redesign.hubs"),
    ),
    Kind("answering crises", "pay more for what ends a crisis while there is one", ("relief.extra",)),
    Kind("protecting the floor", "restore where many are excluded", ("resilience.above", "resilience.extra")),
    Kind("timing", "move on when knowledge or fit is reached, not by date", ("advance.K", "advance.F")),
)
