"""Is a budget enough? Yardsticks are searched on until twice the episodes bring next to nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from juguo_agents.evidence.searches import conduct, validated
from juguo_agents.evidence.settings import Settings
from juguo_agents.evidence.shares import share_of_gap
from juguo_agents.evidence.yardsticks import (
    CLOSED,
    YARDSTICKS,
    Floats,
    Say,
    Searched,
    Told,
    better,
    worst_rule,
)

ENOUGH = 0.01
"""Share of the gap: where twice the budget brings less, it is enough."""
TIMES = (2, 4, 8)
"""The budgets, in those of before, up to which a yardstick is searched on."""
_WORDS = {2: "twice"}
ROUND = 4
"""By which these searches have their seeds; `ablate` has the rounds between."""


def search_on(
    settings: Settings,
    folder: Path,
    workers: int,
    searched: Searched,
    episodes: int,
    lowest: float,
    told: Told,
    say: Say,
    most: int = len(TIMES),
) -> list[Searched]:
    """Double every yardstick's budget until that brings less than `ENOUGH`, at most to the last of `TIMES`.

    Each goes on from its own numbers in one search, which is given more each time; the best of it and of what
    there was before counts. Who goes on is decided on validation episodes; test episodes only tell where the
    gap's lower end is.

    Args:
        settings: World, budgets and seeds.
        folder: The job's.
        workers: Processes.
        searched: The yardsticks as they are.
        episodes: Those that led to each of them.
        lowest: Mean return at the gap's lower end.
        told: Told of each search.
        say: Told what is being done.
        most: Doublings, at most.

    Returns:
        For each of `TIMES`, as far as it was gone, what the yardsticks searched so far were then.
    """
    gap = validated(searched[CLOSED][1]) - lowest
    steps: list[Searched] = []
    best, left, before = dict(searched), list(YARDSTICKS), 0
    for times in TIMES[:most]:
        say(f"searching on from {', '.join(left)}: {times} times {episodes:,} episodes in all")
        more = replace(settings, refine=(times - 1) * episodes)
        places = {name: _place(name, times) for name in left}
        onward = {}
        for name, place in places.items():
            begun = searched[name][1]
            onward[place] = more.onward(
                YARDSTICKS[name].name, begun.data["parameters"], scenario=begun.scenario, round=ROUND
            )
        after = {place: _place(name, before) for name, place in places.items()} if before else {}
        done = conduct(onward, folder, workers, told, after)
        found = {name: better([best[name], (place, done[place])]) for name, place in places.items()}
        steps.append(found)
        left = [n for n in left if validated(found[n][1]) - validated(best[n][1]) >= ENOUGH * gap]
        best, before = best | found, times
        if not left:
            break
    return steps


def label(name: str, times: int) -> str:
    """What a yardstick is called after so many times the budget."""
    return name if times == 1 else f"{name} {_WORDS.get(times, f'{times} times')}"


def labelled(steps: list[Searched]) -> Searched:
    """All that was found on the way, to be measured."""
    return {
        label(name, times): place
        for times, found in zip(TIMES, steps, strict=False)
        for name, place in found.items()
    }


def gains(
    returns: dict[str, Floats], steps: list[Searched], episodes: int
) -> dict[str, list[dict[str, Any]]]:
    """What each doubling brought a yardstick on the test episodes, plain and as a share of the gap."""
    worst = returns[worst_rule(returns)]
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in YARDSTICKS if steps}
    for times, step in zip(TIMES, steps, strict=False):
        for name in step:
            now, before = returns[label(name, times)], returns[label(name, times // 2)]
            share = share_of_gap(now, before, returns[CLOSED], worst)
            told[name].append({"times": times, "episodes": times * episodes, **share.as_json()})
    return told


def _place(name: str, times: int) -> str:
    return label(name, times).replace(" ", "_")
