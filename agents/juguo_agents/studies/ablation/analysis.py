"""What each lever costs, from what searches found with it forced."""

from __future__ import annotations

from typing import Any

from juguo_agents.allocators.levers import LEVERS
from juguo_agents.evaluation.statistics import mean_interval
from juguo_agents.provenance import versions
from juguo_agents.studies.arms import RULE, ArmResults, search_name

UNFORCED, CONTROL = "unforced", "control"
LEAST = 0.03
"""Share of the gap from which a lever is said to matter."""


def forced(lever: str) -> str:
    """Name of the measurement of the closed loop with a lever forced, and nothing searched since."""
    return search_name(f"{lever} forced")


def ablation_data(results: ArmResults) -> dict[str, Any]:
    """All numbers of a world, as JSON values."""
    last = results.last()
    best, worst = results.returns[results.leaders[UNFORCED]], results.returns[results.worst]

    def loss(name: str) -> dict[str, float]:
        return results.share(UNFORCED, name).as_json()

    def loss_at_the_end(name: str) -> dict[str, float] | None:
        return results.share(last[UNFORCED], last[name], last[UNFORCED]).as_json() if results.steps else None

    return {
        "settings": results.settings.as_json(results.scenario),
        "scenario_digest": results.scenario.digest(),
        "gap": {
            "best": mean_interval(best).__dict__,
            "worst": results.worst.removeprefix(RULE),
            "mean": float((best - worst).mean()),
        },
        "control": {"searched": loss(CONTROL), "doubled": loss_at_the_end(CONTROL)},
        "levers": {
            name: {
                "forced": LEVERS[name].forced,
                "at_once": loss(forced(name)),
                "searched": loss(name),
                "doubled": loss_at_the_end(name),
            }
            for name in results.leaders
            if name in LEVERS
        },
        "doubling": results.gains(),
        "versions": versions(),
    }


def lost(row: dict[str, Any]) -> dict[str, Any]:
    """What a lever costs at the end of all searches."""
    found: dict[str, Any] = row["doubled"] or row["searched"]
    return found


def matters(data: dict[str, Any], lever: str) -> bool:
    """Whether a lever costs enough even after searching on without it, beyond what the control shows."""
    cost, control = lost(data["levers"][lever]), lost(data["control"])
    return bool(cost["share"] - max(0.0, control["share"]) >= LEAST and cost["low"] > 0.0)
