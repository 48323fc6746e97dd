"""What an allocator does, in words: where its money goes in each stage, and when it gives up."""

from __future__ import annotations

from typing import Any

import numpy as np

from juguo_agents.report.names import place_names
from juguo_agents.report.texts import joined, say
from juguo_envs.model.state import FUNCTIONS, STAGES
from juguo_envs.worlds.scenario import Scenario

_NAMED, _LEAST = 4, 0.05  # uses named for a stage, and the least share of its money that is named
_APART = 1.2  # times the mean money per member from which a place is named


def in_words(
    scenario: Scenario,
    entry: dict[str, Any],
    spending: dict[str, Any],
    given_up: dict[str, Any],
) -> list[str]:
    """A sentence for each stage, and one on places and on giving up.

    Args:
        scenario: The world.
        entry: The allocator's entry in `comparison.json`.
        spending: What it spends there.
        given_up: What it gave up there.
    """
    said = []
    uses = [say(f"use.{name}") for name in (*FUNCTIONS, "reserve")]
    for i, stage in enumerate(STAGES):
        quarters, shares = spending["quarters"][i], spending["functions"][i]
        if quarters < 0.05 or not any(shares):
            continue
        order = [j for j in np.argsort(-np.array(shares), kind="stable") if shares[j] >= _LEAST][:_NAMED]
        money = joined([say("words.use", use=uses[j], share=f"{shares[j]:.0%}") for j in order])
        name = say(f"stage.{stage}")
        said.append(say("words.stage", stage=name, quarters=f"{quarters:.1f}", money=money))
    said += _places(scenario, spending)
    if entry["abandoned"] > 0.0 and given_up["age"]:
        age = f"{given_up['age'][2]:.0f}"
        said.append(say("words.given_up", count=f"{entry['abandoned']:.2f}", age=age))
    else:
        said.append(say("words.never"))
    return said


def _places(scenario: Scenario, spending: dict[str, Any]) -> list[str]:
    """The places with the most and the least money per member, where they are apart."""
    weights = np.array(spending["per_quarter"]) * np.array(spending["quarters"])
    if weights.sum() <= 0.0:
        return []
    per_member = weights @ np.array(spending["communities"]) / weights.sum()
    most, least = int(per_member.argmax()), int(per_member.argmin())
    if per_member[most] < _APART:
        return [say("words.alike")]
    names = place_names(scenario)
    values = {"most": names[most], "times": f"{per_member[most]:.1f}", "least": names[least]}
    return [say("words.places", **values, fewest=f"{per_member[least]:.1f}")]
