"""What feedback, evaluation and knowledge are worth in a world, measured by searching without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, KNOWLEDGE_OFF, OPEN_LOOP, ORACLE
from juguo_agents.artifacts.searched import validated
from juguo_agents.evaluation.statistics import mean_interval
from juguo_agents.provenance import versions
from juguo_agents.search.conduct import best_of, measure
from juguo_agents.studies.value.arms import ROUNDS, Arm, Job, Searched, better, search_on
from juguo_agents.studies.value.doubling import double, gains, labelled, last_labels
from juguo_agents.studies.value.feedback import KINDS
from juguo_agents.studies.value.settings import Settings
from juguo_agents.studies.value.shares import Share, share_of_gap
from juguo_agents.studies.value.yardsticks import (
    CLOSED,
    KNOWING,
    OPEN,
    UNEVALUATED,
    Floats,
    measurements,
    of_family,
    rules_of,
    worst_rule,
    yardsticks,
)

VALUE_FILE = "value.json"
LOOPS = (CLOSED, *(kind.name for kind in KINDS))
"""Arms whose results are closed loops; what was found without a kind of feedback is one, too."""


@dataclass(frozen=True)
class Worth:
    """One answer: by how much one allocator beats another.

    Attributes:
        name: What is worth that.
        words: What was compared.
        share: The difference, plain and as a share of the gap.
    """

    name: str
    words: str
    share: Share

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"what": self.words, **self.share.as_json()}


def value(job: Job, doublings: int = 0) -> dict[str, Any]:
    """Search the yardsticks, search on without each thing, measure all on test episodes.

    Args:
        job: The world, budgets and seeds; what is done in its folder already is not done again.
        doublings: Search on from all that was found until twice the episodes bring next to nothing, at most
            so often.
    """
    settings, everything = job.settings, arms(job.settings)
    found = yardsticks(job)
    restarts = {CLOSED: of_family(found, CLOSED_LOOP), OPEN: of_family(found, OPEN_LOOP)}
    closed, opened = (best_of(found, names).data["parameters"] for names in restarts.values())
    searched = search_on(job, everything, closed, LOOPS, {OPEN: opened})
    searched |= {CLOSED: better([searched[name] for name in LOOPS])}
    returns = measure(rules_of(settings), job.workers)
    episodes = settings.budget + ROUNDS * settings.refine
    steps: list[Searched] = []
    if doublings:
        lowest = float(returns[worst_rule(returns)].mean())
        steps = double(job, everything, searched, CLOSED, LOOPS, episodes, lowest, doublings)
    job.say(f"measuring on {settings.episodes:,} test episodes")
    returns |= measure(measurements(job, searched | labelled(steps)), job.workers)
    return _report(settings, searched, returns, steps) | {
        "restarts": {name: [validated(found[one]) for one in names] for name, names in restarts.items()},
        "doubling": gains(returns, steps, CLOSED, episodes),
    }


def arms(settings: Settings) -> dict[str, Arm]:
    """All that is searched on, by name; the kinds of feedback are switched off, one in each."""
    world = settings.scenario
    return {
        OPEN: Arm(OPEN_LOOP.name, world),
        KNOWING: Arm(ORACLE.name, world, extra=KNOWLEDGE_OFF),
        UNEVALUATED: Arm(CLOSED_LOOP.name, world.override({"observation.shown": 0.0})),
        CLOSED: Arm(CLOSED_LOOP.name, world),
        **{kind.name: Arm(CLOSED_LOOP.name, world, held=kind.off) for kind in KINDS},
    }


def _worths(returns: Mapping[str, Floats], last: Mapping[str, str]) -> dict[str, list[Worth]]:
    """What differences between what was found tell, each by what it is called at the end of some steps."""
    best, worst = returns[last[CLOSED]], returns[worst_rule(returns)]

    def share(better: str, worse: str) -> Share:
        return share_of_gap(returns[last[better]], returns[last[worse]], best, worst)

    return {
        "worth": [
            Worth("feedback", "closed loop less open loop", share(CLOSED, OPEN)),
            Worth(
                "evaluation",
                "closed loop less one not shown what governance finds",
                share(CLOSED, UNEVALUATED),
            ),
            Worth(
                "knowledge", "oracle, which knows the hidden draws, less closed loop", share(KNOWING, CLOSED)
            ),
        ],
        "kinds": [Worth(kind.name, kind.words, share(CLOSED, kind.name)) for kind in KINDS],
    }


def _report(
    settings: Settings, searched: Searched, returns: Mapping[str, Floats], steps: list[Searched]
) -> dict[str, Any]:
    worst, best = worst_rule(returns), returns[CLOSED]
    made, last = searched | labelled(steps), last_labels(searched, steps)
    worths = _worths(returns, last_labels(searched, []))
    searched_on = _worths(returns, last) if steps else {"worth": [], "kinds": []}
    return {
        "kind": "juguo_value",
        "settings": settings.as_json(),
        "scenario_digest": settings.scenario.digest(),
        "allocators": {
            name.removeprefix("rule "): {
                **mean_interval(values).__dict__,
                "standard_deviation": float(values.std(ddof=1)),
                "rule": name.startswith("rule "),
            }
            for name, values in returns.items()
        },
        "gap": {
            "best": CLOSED,
            "worst": worst.removeprefix("rule "),
            "mean": float((best - returns[worst]).mean()),
        },
        **{group: {w.name: w.as_json() for w in found} for group, found in worths.items()},
        **{
            f"{group}_searched_on": {w.name: w.as_json() for w in found}
            for group, found in searched_on.items()
        },
        "searches": {name: place for name, (place, _) in made.items()},
        "last": last,
        "numbers": {name: found.data["parameters"] for name, (_, found) in made.items()},
        "versions": versions(),
    }
