"""What feedback, evaluation and knowledge are worth in a world, measured by searching without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.evidence import doubling
from juguo_agents.evidence.feedback import KINDS
from juguo_agents.evidence.searches import best_of, conduct, measure, validated
from juguo_agents.evidence.settings import Settings
from juguo_agents.evidence.shares import Share, share_of_gap
from juguo_agents.evidence.yardsticks import (
    CLOSED,
    KNOWING,
    OPEN,
    UNEVALUATED,
    YARDSTICKS,
    Floats,
    Place,
    Say,
    Searched,
    Told,
    better,
    measurements,
    of_family,
    rules_of,
    worst_rule,
    yardsticks,
)
from juguo_agents.search.families import CLOSED_LOOP, KNOWLEDGE_OFF, OPEN_LOOP, ORACLE, Family
from juguo_agents.search.scoring import Scorer
from juguo_agents.search.searched import Found
from juguo_agents.search.seeds import start_seeds
from juguo_agents.search.space import Parameters
from juguo_agents.statistics import mean_interval
from juguo_agents.versions import versions
from juguo_envs.scenario import Scenario

VALUE_FILE = "value.json"
ROUNDS = 2
BEGINNING = 400
"""Episodes on which places to go on from are compared."""


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


def value(settings: Settings, folder: Path, workers: int, say: Say, doublings: int = 0) -> dict[str, Any]:
    """Search the yardsticks, search on without each thing, measure all on test episodes.

    Args:
        settings: World, budgets and seeds.
        folder: The job's folder; what is done there already is not done again.
        workers: Processes.
        say: Told what is being done.
        doublings: Search on from each yardstick until twice the episodes bring next to nothing, at most so
            often.
    """

    def told(name: str, mean: float) -> None:
        say(f"  {name}: {mean:.3f} on the validation episodes")

    found = yardsticks(settings, folder, workers, told, say)
    restarts = {CLOSED: of_family(found, CLOSED_LOOP), OPEN: of_family(found, OPEN_LOOP)}
    closed, opened = (best_of(found, names) for names in restarts.values())
    searched = search_on(settings, folder, workers, closed, opened, told, say)
    returns = measure(rules_of(settings), workers)
    episodes = settings.budget + ROUNDS * settings.refine
    steps: list[Searched] = []
    if doublings:
        lowest = float(returns[worst_rule(returns)].mean())
        steps = doubling.search_on(
            settings, folder, workers, searched, episodes, lowest, told, say, doublings
        )
    say(f"measuring on {settings.episodes:,} test episodes")
    everything = searched | doubling.labelled(steps)
    returns |= measure(measurements(settings, folder, everything), workers)
    return _report(settings, searched, returns, steps) | {
        "restarts": {name: [validated(found[one]) for one in names] for name, names in restarts.items()},
        "doubling": doubling.gains(returns, steps, episodes),
    }


@dataclass(frozen=True)
class Arm:
    """What is searched on: a family, in a world, with numbers held.

    Attributes:
        family: What is searched.
        scenario: Where.
        held: Numbers that are held: those that switch a kind of feedback off.
        extra: Numbers that a closed loop lacks.
    """

    family: Family
    scenario: Scenario
    held: Parameters = field(default_factory=dict)
    extra: Parameters = field(default_factory=dict)

    def of(self, closed: Parameters) -> Parameters:
        """A closed loop's numbers, made this arm's."""
        return {**closed, **self.extra, **self.held}

    def best(
        self, settings: Settings, places: Sequence[Parameters], turn: int, threads: int = 1
    ) -> Parameters:
        """The best of some places to begin at, on episodes on which the search that follows ranks nothing."""
        if len(places) == 1:
            return places[0]
        episodes = start_seeds(settings.onward_seed(turn), 0, BEGINNING)
        scorer = Scorer(self.scenario, settings.observe, threads)
        return places[int(np.argmax(scorer.returns(self.family, places, episodes).mean(1)))]


def arms(settings: Settings) -> dict[str, Arm]:
    """All that is searched on, by name; the kinds of feedback are switched off, one in each."""
    world = settings.scenario
    return {
        OPEN: Arm(OPEN_LOOP, world),
        KNOWING: Arm(ORACLE, world, extra=KNOWLEDGE_OFF),
        UNEVALUATED: Arm(CLOSED_LOOP, world.override({"observation.shown": 0.0})),
        CLOSED: Arm(CLOSED_LOOP, world),
        **{kind.name: Arm(CLOSED_LOOP, world, held=kind.off) for kind in KINDS},
    }


def search_on(
    settings: Settings,
    folder: Path,
    workers: int,
    closed: Found,
    opened: Found,
    told: Told,
    say: Say,
) -> Searched:
    """Search on as it is, without each kind, unevaluated, knowing and blind, in two rounds.

    What was found without a kind of feedback is a closed loop, too: in the second round an arm begins at the
    better of what it found itself and of the best of all closed loops, made its own; and the best of all is
    the closed loop. Else a kind could seem to be worth less than nothing, as the search without it has fewer
    numbers to find, or more than it is, where what stands in for it takes long to find.
    """
    everything = arms(settings)
    loops = [CLOSED, *(kind.name for kind in KINDS)]
    best = closed.data["parameters"]
    found: dict[str, list[Place]] = {name: [] for name in everything}
    for turn in range(ROUNDS):
        say(
            f"searching on without each kind of feedback, {settings.refine:,} episodes each, round {turn + 1}"
        )
        onward, places = {}, {}
        for name, arm in everything.items():
            own = [better(found[name])[1].data["parameters"]] if found[name] else []
            if name == OPEN:
                begin = own[0] if own else opened.data["parameters"]
            else:
                begin = arm.best(settings, [*own, arm.of(best)], turn, workers)
            places[name] = name.replace(" ", "_") + (f"-{turn + 1}" if turn else "")
            onward[places[name]] = settings.onward(
                arm.family.name, begin, fixed=arm.held, scenario=arm.scenario, round=turn
            )
        done = conduct(onward, folder, workers, told)
        for name, place in places.items():
            found[name].append((place, done[place]))
        best = better([place for name in loops for place in found[name]])[1].data["parameters"]
    chosen = {name: better(places) for name, places in found.items()}
    return chosen | {CLOSED: better([chosen[name] for name in loops])}


def _worths(returns: dict[str, Floats], steps: list[Searched]) -> list[Worth]:
    """What differences between the yardsticks tell, after all steps that are given."""
    last = {name: name for name in YARDSTICKS}
    for times, step in zip(doubling.TIMES, steps, strict=False):
        last |= {name: doubling.label(name, times) for name in step}
    best, worst = returns[last[CLOSED]], returns[worst_rule(returns)]

    def share(better: str, worse: str) -> Share:
        return share_of_gap(returns[last[better]], returns[last[worse]], best, worst)

    return [
        Worth("feedback", "closed loop less open loop", share(CLOSED, OPEN)),
        Worth(
            "evaluation", "closed loop less one not shown what governance finds", share(CLOSED, UNEVALUATED)
        ),
        Worth("knowledge", "oracle, which knows the hidden draws, less closed loop", share(KNOWING, CLOSED)),
    ]


def _report(
    settings: Settings, searched: Searched, returns: dict[str, Floats], steps: list[Searched]
) -> dict[str, Any]:
    worst, best = worst_rule(returns), returns[CLOSED]
    worths, searched_on = _worths(returns, []), _worths(returns, steps) if steps else []
    kinds = [Worth(k.name, k.words, share_of_gap(best, returns[k.name], best, returns[worst])) for k in KINDS]
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
        "worth": {w.name: w.as_json() for w in worths},
        "worth_searched_on": {w.name: w.as_json() for w in searched_on},
        "kinds": {w.name: w.as_json() for w in kinds},
        "searches": {name: place for name, (place, _) in searched.items()},
        "numbers": {name: found.data["parameters"] for name, (_, found) in searched.items()},
        "versions": versions(),
    }
