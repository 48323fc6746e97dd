"""The allocators that a world is measured by: what searches found, and the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, OPEN_LOOP, PolicyClass
from juguo_agents.allocators.registry import rule_names
from juguo_agents.artifacts.searched import RESULT_FILE, SearchResult
from juguo_agents.search.conduct import SEARCHES, Measurement
from juguo_agents.studies.value.arms import Job, Searched
from juguo_agents.studies.value.settings import Settings

Floats = npt.NDArray[np.float64]
CLOSED, OPEN, KNOWING, UNEVALUATED = "closed loop", "open loop", "oracle", "not shown"


def yardsticks(
    job: Job, families: Sequence[PolicyClass] = (OPEN_LOOP, CLOSED_LOOP)
) -> dict[str, SearchResult]:
    """Every search of some families, the open and the closed loop by default; by name."""
    names, settings = " and ".join(family.name for family in families), job.settings
    job.say(f"searching {settings.searches} x {names}, {settings.budget:,} episodes each")
    return job.conduct(
        {
            f"{_short(family)}-{i + 1}": settings.yardstick(family.name, i)
            for i in range(settings.searches)
            for family in families
        }
    )


def of_family(found: Mapping[str, SearchResult], family: PolicyClass) -> list[str]:
    """The names of those of `yardsticks` that searched a family."""
    return [name for name in found if name.startswith(f"{_short(family)}-")]


def _short(family: PolicyClass) -> str:
    return family.name.removesuffix("_loop")


def rules_of(settings: Settings) -> list[Measurement]:
    """Every rule as the paper has it; the worst of them is the gap's lower end."""
    return [
        Measurement(f"rule {r}", settings.scenario, settings.observe, settings.seeds, rule=r)
        for r in rule_names()
    ]


def worst_rule(returns: Mapping[str, Floats]) -> str:
    """The name of the rule with the lowest mean return."""
    return min((n for n in returns if n.startswith("rule ")), key=lambda n: float(returns[n].mean()))


def measurements(job: Job, found: Searched) -> list[Measurement]:
    """What searches found, to be measured on the test episodes."""
    settings = job.settings
    return [
        Measurement(
            name,
            result.scenario,
            settings.observe,
            settings.seeds,
            file=job.folder / SEARCHES / place / RESULT_FILE,
        )
        for name, (place, result) in found.items()
    ]
