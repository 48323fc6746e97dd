"""What the best searched closed loop loses when a lever is forced: at once, and after searching on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from juguo_agents.allocators.levers import LEVERS
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.searched import RESULT_FILE, STATE_FILE, SearchResult, load_result
from juguo_agents.evaluation.statistics import mean_interval
from juguo_agents.provenance import versions
from juguo_agents.search.checkpoint import load_state
from juguo_agents.search.conduct import SEARCHES, Measurement, best_of, measure
from juguo_agents.studies.value.arms import ROUNDS, Arm, Job, Searched, search_on
from juguo_agents.studies.value.doubling import double, gains, labelled, last_labels
from juguo_agents.studies.value.settings import Settings
from juguo_agents.studies.value.shares import share_of_gap
from juguo_agents.studies.value.yardsticks import measurements, rules_of, worst_rule, yardsticks

UNFORCED, CONTROL = "unforced", "control"
FIRST, APART = ROUNDS, 3
"""The rounds by which these searches have their seeds: after those of `value`, and the control's after those
of doubling."""
ABLATION_FILE = "ablation.json"
LEAST = 0.03
"""Share of the gap from which a lever is said to matter."""


def ablate(job: Job, doublings: int = 0, levers: Collection[str] = tuple(LEVERS)) -> dict[str, Any]:
    """Search the best closed loop, force each lever, search on with it forced, measure all on test episodes.

    The closed loop is the best that the folder holds, those of `value` included, after searching on. The
    control is searched on, too, from the same numbers and with the same budget but on other episodes, with
    nothing forced: what it differs by is what searching alone makes of it.

    Args:
        job: The world, budgets and seeds; what is done in its folder already is not done again.
        doublings: Search on from all that was found until twice the episodes bring next to nothing, at most
            so often.
        levers: Which are forced, one at a time, by name.
    """
    settings, everything = job.settings, arms(job.settings, levers)
    restarts = yardsticks(job, [CLOSED_LOOP])
    begun = _begun(job) or best_of(known := restarts | closed_loops(job), list(known)).data["parameters"]
    of_value = begun not in [found.data["parameters"] for found in restarts.values()]
    searched = search_on(job, everything, begun, [UNFORCED], {CONTROL: begun}, FIRST)
    returns = measure(rules_of(settings), job.workers)
    episodes = settings.budget + ROUNDS * settings.refine * (2 if of_value else 1)
    steps: list[Searched] = []
    if doublings:
        lowest = float(returns[worst_rule(returns)].mean())
        steps = double(job, everything, searched, UNFORCED, [UNFORCED], episodes, lowest, doublings)
    job.say(f"measuring on {settings.episodes:,} test episodes")
    file = job.folder / SEARCHES / searched[UNFORCED][0] / RESULT_FILE
    at_once = [
        Measurement(
            f"{lever} forced", settings.scenario, settings.observe, settings.seeds, file=file, lever=lever
        )
        for lever in levers
    ]
    returns |= measure([*at_once, *measurements(job, searched | labelled(steps))], job.workers)
    best, worst = returns[UNFORCED], returns[worst_rule(returns)]
    last = last_labels(searched, steps)
    best_last = returns[last[UNFORCED]]

    def loss(name: str) -> dict[str, float]:
        return share_of_gap(best, returns[name], best, worst).as_json()

    def loss_at_the_end(name: str) -> dict[str, float] | None:
        if not steps:
            return None
        return share_of_gap(best_last, returns[last[name]], best_last, worst).as_json()

    return {
        "kind": "juguo_ablation",
        "settings": settings.as_json(),
        "scenario_digest": settings.scenario.digest(),
        "gap": {
            "best": mean_interval(best).__dict__,
            "worst": worst_rule(returns).removeprefix("rule "),
            "mean": float((best - worst).mean()),
        },
        "control": {"searched": loss(CONTROL), "doubled": loss_at_the_end(CONTROL)},
        "levers": {
            name: {
                "forced": LEVERS[name].forced,
                "at_once": loss(f"{name} forced"),
                "searched": loss(name),
                "doubled": loss_at_the_end(name),
            }
            for name in levers
        },
        "doubling": gains(returns, steps, UNFORCED, episodes),
        "versions": versions(),
    }


def arms(settings: Settings, levers: Collection[str] = tuple(LEVERS)) -> dict[str, Arm]:
    """All that is searched on, by name: the closed loop as it is, twice, and with each lever forced."""
    name, world = CLOSED_LOOP.name, settings.scenario
    return {
        UNFORCED: Arm(name, world),
        CONTROL: Arm(name, world, apart=APART),
        **{lever: Arm(name, world, lever=lever) for lever in levers},
    }


def _begun(job: Job) -> Parameters | None:
    """The numbers that this job began at, where it was begun before; `value` may have found others since."""
    first = job.folder / SEARCHES / UNFORCED
    return load_state(first).settings.begin if (first / STATE_FILE).exists() else None


def closed_loops(job: Job) -> dict[str, SearchResult]:
    """The closed loops for this world that the folder holds, those that `value` left included; by name."""
    files = sorted((job.folder / SEARCHES).glob(f"*/{RESULT_FILE}"))
    found = {file.parent.name: load_result(file) for file in files}
    digest = job.settings.scenario.digest()
    return {
        name: one
        for name, one in found.items()
        if one.data["family"] == CLOSED_LOOP.name
        and one.data.get("lever") is None
        and one.data["scenario_digest"] == digest
    }
