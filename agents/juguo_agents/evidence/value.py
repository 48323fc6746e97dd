"""What feedback, evaluation and knowledge are worth in a world, measured by searching without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.registry import rule_names
from juguo_agents.evidence.feedback import KINDS
from juguo_agents.evidence.searches import SEARCHES, Measurement, best_of, conduct, measure, validated
from juguo_agents.evidence.settings import Settings
from juguo_agents.evidence.shares import Share, share_of_gap
from juguo_agents.search.families import CLOSED_LOOP, KNOWLEDGE_OFF, OPEN_LOOP, ORACLE, Family
from juguo_agents.search.searched import RESULT_FILE, Found
from juguo_agents.search.space import Parameters
from juguo_agents.statistics import mean_interval
from juguo_agents.versions import versions

Floats = npt.NDArray[np.float64]
Say = Callable[[str], None]
CLOSED, OPEN, KNOWING, UNEVALUATED = "closed loop", "open loop", "oracle", "not shown"
YARDSTICKS = {CLOSED: CLOSED_LOOP, OPEN: OPEN_LOOP, KNOWING: ORACLE, UNEVALUATED: CLOSED_LOOP}
VALUE_FILE = "value.json"
ROUNDS = 2
DOUBLING = 4
"""Its round, by which a search has its seeds; `ablate` has those between."""
Place = tuple[str, Found]
"""A search's folder by name, and what it found."""
Searched = dict[str, Place]


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


def value(settings: Settings, folder: Path, workers: int, say: Say, double: bool = False) -> dict[str, Any]:
    """Search the yardsticks, search on without each thing, measure all on test episodes.

    Args:
        settings: World, budgets and seeds.
        folder: The job's folder; what is done there already is not done again.
        workers: Processes.
        say: Told what is being done.
        double: Search on from each yardstick with as many episodes as led to it, to see what that brings.
    """

    def told(name: str, mean: float) -> None:
        say(f"  {name}: {mean:.3f} on the validation episodes")

    found = yardsticks(settings, folder, workers, told, say)
    closed = best_of(found, [n for n in found if n.startswith("closed")])
    opened = best_of(found, [n for n in found if n.startswith("open")])
    searched = search_on(settings, folder, workers, closed, opened, told, say)
    doubled = search_twice(settings, folder, workers, searched, told, say) if double else {}
    say(f"measuring on {settings.episodes:,} test episodes")
    everything = searched | {_twice(name): place for name, place in doubled.items()}
    returns = measure([*_found(settings, folder, everything), *rules_of(settings)], workers)
    return _report(settings, searched, returns) | {"doubling": _gains(returns, doubled)}


def search_on(
    settings: Settings,
    folder: Path,
    workers: int,
    closed: Found,
    opened: Found,
    told: Callable[[str, float], None],
    say: Say,
) -> Searched:
    """Search on as it is, without each kind, unevaluated, knowing and blind, in two rounds.

    What was found without a kind of feedback is a closed loop, too: the second round begins at the best of
    them, and the best of all is the closed loop. Else a kind could seem to be worth less than nothing, as
    the search without it has fewer numbers to find.
    """
    blind = settings.scenario.override({"observation.shown": 0.0})
    off: dict[str, Parameters] = {CLOSED: {}} | {kind.name: kind.off for kind in KINDS}
    best = closed.data["parameters"]
    others: dict[str, Parameters] = {
        OPEN: opened.data["parameters"],
        KNOWING: {**best, **KNOWLEDGE_OFF},
        UNEVALUATED: best,
    }
    found: dict[str, list[Place]] = {name: [] for name in (*others, *off)}
    for turn in range(ROUNDS):
        say(
            f"searching on without each kind of feedback, {settings.refine:,} episodes each, round {turn + 1}"
        )
        onward = {
            OPEN: settings.onward(OPEN_LOOP.name, others[OPEN], round=turn),
            KNOWING: settings.onward(ORACLE.name, others[KNOWING], round=turn),
            UNEVALUATED: settings.onward(CLOSED_LOOP.name, others[UNEVALUATED], scenario=blind, round=turn),
            **{n: settings.onward(CLOSED_LOOP.name, best, fixed=held, round=turn) for n, held in off.items()},
        }
        places = {name: name.replace(" ", "_") + (f"-{turn + 1}" if turn else "") for name in onward}
        done = conduct({places[name]: s for name, s in onward.items()}, folder, workers, told)
        for name, place in places.items():
            found[name].append((place, done[place]))
        others |= {name: better(found[name])[1].data["parameters"] for name in others}
        best = better([place for name in off for place in found[name]])[1].data["parameters"]
    chosen = {name: better(places) for name, places in found.items()}
    return chosen | {CLOSED: better([chosen[name] for name in off])}


def search_twice(
    settings: Settings,
    folder: Path,
    workers: int,
    searched: Searched,
    told: Callable[[str, float], None],
    say: Say,
) -> Searched:
    """Search on from each yardstick with as many episodes as its searches had before; the better of both."""
    episodes = settings.budget + ROUNDS * settings.refine
    say(f"searching on from each yardstick, {episodes:,} episodes each: twice the budget")
    more, places = replace(settings, refine=episodes), {n: _twice(n).replace(" ", "_") for n in YARDSTICKS}
    onward = {}
    for name, family in YARDSTICKS.items():
        begun = searched[name][1]
        onward[places[name]] = more.onward(
            family.name, begun.data["parameters"], scenario=begun.scenario, round=DOUBLING
        )
    done = conduct(onward, folder, workers, told)
    return {name: better([searched[name], (place, done[place])]) for name, place in places.items()}


def _twice(name: str) -> str:
    return f"{name} twice"


def better(places: Sequence[Place]) -> Place:
    """The best of some results by the validation episodes."""
    return max(places, key=lambda place: validated(place[1]))


def yardsticks(
    settings: Settings,
    folder: Path,
    workers: int,
    told: Callable[[str, float], None],
    say: Say,
    families: Sequence[Family] = (OPEN_LOOP, CLOSED_LOOP),
) -> dict[str, Found]:
    """Every search of some families, the open and the closed loop by default; by name."""
    names = " and ".join(family.name for family in families)
    say(f"searching {settings.searches} x {names}, {settings.budget:,} episodes each")
    wanted = {
        f"{family.name.removesuffix('_loop')}-{i + 1}": settings.yardstick(family.name, i)
        for i in range(settings.searches)
        for family in families
    }
    return conduct(wanted, folder, workers, told)


def rules_of(settings: Settings) -> list[Measurement]:
    """Every rule as the paper has it; the worst of them is the gap's lower end."""
    return [
        Measurement(f"rule {r}", settings.scenario, settings.observe, settings.seeds, rule=r)
        for r in rule_names()
    ]


def _found(settings: Settings, folder: Path, found: Searched) -> list[Measurement]:
    return [
        Measurement(
            name,
            result.scenario,
            settings.observe,
            settings.seeds,
            file=folder / SEARCHES / place / RESULT_FILE,
        )
        for name, (place, result) in found.items()
    ]


def _gains(returns: dict[str, Floats], doubled: Searched) -> dict[str, Any]:
    """What twice the budget brings each yardstick, plain and as a share of the gap."""
    worst = returns[worst_rule(returns)]
    return {
        name: share_of_gap(returns[_twice(name)], returns[name], returns[CLOSED], worst).as_json()
        for name in doubled
    }


def worst_rule(returns: dict[str, Floats]) -> str:
    """The name of the rule with the lowest mean return."""
    return min((n for n in returns if n.startswith("rule ")), key=lambda n: float(returns[n].mean()))


def _report(settings: Settings, searched: Searched, returns: dict[str, Floats]) -> dict[str, Any]:
    worst = worst_rule(returns)
    best = returns[CLOSED]

    def share(better: str, worse: str) -> Share:
        return share_of_gap(returns[better], returns[worse], best, returns[worst])

    worths: Sequence[Worth] = [
        Worth("feedback", "closed loop less open loop", share(CLOSED, OPEN)),
        Worth(
            "evaluation", "closed loop less one not shown what governance finds", share(CLOSED, UNEVALUATED)
        ),
        Worth("knowledge", "oracle, which knows the hidden draws, less closed loop", share(KNOWING, CLOSED)),
    ]
    kinds = [Worth(k.name, k.words, share(CLOSED, k.name)) for k in KINDS]
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
        "worth": {w.name: {"what": w.words, **w.share.as_json()} for w in worths},
        "kinds": {w.name: {"what": w.words, **w.share.as_json()} for w in kinds},
        "searches": {name: place for name, (place, _) in searched.items()},
        "numbers": {name: found.data["parameters"] for name, (_, found) in searched.items()},
        "versions": versions(),
    }
