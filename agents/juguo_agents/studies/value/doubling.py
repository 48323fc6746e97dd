"""Is a budget enough? What was searched is searched on until twice the episodes bring next to nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from juguo_agents.artifacts.searched import validated
from juguo_agents.studies.value.arms import Arm, Job, Searched, better, folder_of
from juguo_agents.studies.value.shares import share_of_gap
from juguo_agents.studies.value.yardsticks import Floats, worst_rule

ENOUGH = 0.01
"""Share of the gap: where twice the budget brings less, it is enough."""
TIMES = (2, 4, 8, 16)
"""The budgets, in those of before, up to which something is searched on."""
_WORDS = {2: "twice"}
ROUND = 4
"""By which these searches have their seeds; `ablate` has the rounds between."""


def double(
    job: Job,
    arms: Mapping[str, Arm],
    searched: Searched,
    best: str,
    loops: Collection[str],
    episodes: int,
    lowest: float,
    most: int = len(TIMES),
) -> list[Searched]:
    """Double every arm's budget until that brings less than `ENOUGH` of the gap, at most `most` times.

    Each goes on from its own numbers in one search, which is given more each time; the best of it and of what
    there was before counts. Who goes on is decided on validation episodes; test episodes only tell where the
    gap's lower end is.

    Args:
        job: The world.
        arms: By name.
        searched: What they found so far.
        best: The name of the best closed loop, the gap's upper end. What other closed loops find is its, too.
        loops: Arms whose results are closed loops with nothing forced.
        episodes: Those that led to each of what was found.
        lowest: Mean return at the gap's lower end.
        most: Doublings, at most.

    Returns:
        For each of `TIMES`, as far as it was gone, what had been found then by the arms that were searched
        on, and the best closed loop where closed loops were among them.
    """
    gap = validated(searched[best][1]) - lowest
    steps: list[Searched] = []
    so_far, left, before = dict(searched), list(arms), 0
    for times in TIMES[:most]:
        job.say(f"searching on from {', '.join(left)}: {times} times {episodes:,} episodes in all")
        more = replace(job.settings, refine=(times - 1) * episodes)
        places = {name: _place(name, times) for name in left}
        onward = {
            place: arms[name].onward(more, searched[name][1].data["parameters"], ROUND)
            for name, place in places.items()
        }
        after = {place: _place(name, before) for name, place in places.items()} if before else {}
        done = job.conduct(onward, after)
        found = {name: better([so_far[name], (place, done[place])]) for name, place in places.items()}
        top = better([so_far[best], *(found[name] for name in loops if name in found)])
        if any(name in loops for name in found):
            found[best] = top
        steps.append(found)
        gained = {name: validated(place[1]) - validated(so_far[name][1]) for name, place in found.items()}
        left = [name for name, gain in gained.items() if gain >= ENOUGH * gap]
        so_far, before = so_far | found, times
        if not left:
            break
    return steps


def label(name: str, times: int) -> str:
    """What an arm is called after so many times the budget."""
    return name if times == 1 else f"{name} {_WORDS.get(times, f'{times} times')}"


def labelled(steps: Sequence[Searched]) -> Searched:
    """All that was found on the way, to be measured."""
    return {
        label(name, times): place
        for times, found in zip(TIMES, steps, strict=False)
        for name, place in found.items()
    }


def last_labels(names: Collection[str], steps: Sequence[Searched]) -> dict[str, str]:
    """What arms are called at the end of some steps."""
    last = {name: name for name in names}
    for times, step in zip(TIMES, steps, strict=False):
        last |= {name: label(name, times) for name in step}
    return last


def gains(
    returns: Mapping[str, Floats], steps: Sequence[Searched], best: str, episodes: int
) -> dict[str, list[dict[str, Any]]]:
    """What each doubling brought on the test episodes, plain and as a share of the gap; by arm."""
    worst = returns[worst_rule(returns)]
    told: dict[str, list[dict[str, Any]]] = {name: [] for step in steps for name in step}
    for i, (times, step) in enumerate(zip(TIMES, steps, strict=False)):
        before = last_labels(step, steps[:i])
        for name in step:
            now = returns[label(name, times)]
            share = share_of_gap(now, returns[before[name]], returns[best], worst)
            told[name].append({"times": times, "episodes": times * episodes, **share.as_json()})
    return told


def _place(name: str, times: int) -> str:
    return folder_of(label(name, times))
