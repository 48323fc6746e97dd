"""One task of a map: what is run at a point, as it is or with an assumption switched off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from juguo_agents.allocators.registry import make_rule
from juguo_agents.allocators.rule import Rule
from juguo_agents.studies.map.design import (
    SWITCH_CHOICE,
    SWITCH_EPISODES,
    TUNED,
    Settings,
    choice_seeds,
    exchange_seeds,
    map_seeds,
    own_names,
    tuned_rules,
    world,
)
from juguo_agents.studies.map.exchange import exchanged
from juguo_agents.studies.map.measure import Columns, measure
from juguo_agents.studies.map.portfolio import OWN, Portfolio, rule_of
from juguo_agents.studies.map.store import PartStore, schema
from juguo_agents.studies.map.switches import SWITCHES, thrown
from juguo_agents.studies.map.values import DRAWN, VALUE_SETS, ValueSet, aversions, score
from juguo_envs.worlds.scenario import Scenario

SEPARATOR = ","
"""Between the names of the value sets for which a row counts."""


@dataclass(frozen=True)
class Task:
    """Everything that is run at a point with a switch.

    Attributes:
        index: Place among all tasks.
        point: The point.
        switch: Name of the switch; empty for the whole point as it is.
        place: (axes,) of the point in the unit cube.
        settings, portfolio, folder: The map's.
        key: What its runs depend on.
    """

    index: int
    point: int
    switch: str
    place: tuple[float, ...]
    settings: Settings
    portfolio: Portfolio
    folder: Path
    key: str


@dataclass(frozen=True)
class Entry:
    """A rule to run.

    Attributes:
        allocator: Its name in the table.
        numbers: Whose numbers it uses; empty for its own.
        rule: The rule.
        values: For which value sets its runs count.
        pursued: The values that it is told of.
    """

    allocator: str
    numbers: str
    rule: Rule
    values: tuple[ValueSet, ...]
    pursued: ValueSet


@dataclass(frozen=True)
class Site:
    """Where a task runs: the world, the base of the map, the value sets, the episodes."""

    scenario: Scenario
    base: Scenario
    values: tuple[ValueSet, ...]
    measured: npt.NDArray[np.uint64]
    chosen_on: npt.NDArray[np.uint64]


def tasks(settings: Settings, portfolio: Portfolio, folder: Path, key: str) -> list[Task]:
    """Every point as it is, then the first points with each switch."""
    places = [tuple(place) for place in settings.places().tolist()]
    wanted = [(point, "") for point in range(settings.points)]
    wanted += [(point, switch.name) for switch in SWITCHES for point in range(settings.switched_points)]
    return [
        Task(index, point, switch, places[point], settings, portfolio, folder, key)
        for index, (point, switch) in enumerate(wanted)
    ]


def run_task(task: Task) -> None:
    """Choose the tuned rules' numbers, run every allocator, exchange parts, and write the part."""
    site = _site(task)
    entries = [] if task.switch else _own(site)
    entries += _tuned(site, task.portfolio)
    measured = _measure(entries, site, site.measured)
    tables = [
        _table(task, entry, columns, site.measured, site)
        for entry, columns in zip(entries, measured, strict=True)
    ]
    if not task.switch:
        tables += _exchange(task, site, entries, measured)
    PartStore(task.folder, task.key).write(task.index, pa.concat_tables(tables))


def _site(task: Task) -> Site:
    settings = task.settings
    scenario = world(settings, np.array(task.place), f"point {task.point}")
    measured, chosen_on = map_seeds(settings, task.point), choice_seeds(settings, task.point)
    if not task.switch:
        return Site(scenario, settings.base, VALUE_SETS, measured, chosen_on)
    return Site(
        thrown(scenario, task.switch),
        settings.base,
        (DRAWN,),
        measured[:SWITCH_EPISODES],
        chosen_on[:SWITCH_CHOICE],
    )


def _apart(rule: Rule, values: tuple[ValueSet, ...]) -> list[tuple[ValueSet, tuple[ValueSet, ...]]]:
    """The values that a rule is told of, and those for which its runs then count."""
    return [(one, (one,)) for one in values] if rule.heeds_values else [(DRAWN, values)]


def _own(site: Site) -> list[Entry]:
    """Every doctrine as the paper has it and with both institutions."""
    return [
        Entry(name, "", make_rule(name), counted, pursued)
        for name in own_names()
        for pursued, counted in _apart(make_rule(name), site.values)
    ]


def _tuned(site: Site, portfolio: Portfolio) -> list[Entry]:
    """Every tuned rule with the numbers that did best on the episodes for choosing, for each value set."""
    candidates = [
        Entry(name + TUNED, member.name, rule_of(name, member), counted, pursued)
        for name in tuned_rules()
        for pursued, counted in _apart(make_rule(name), site.values)
        for member in portfolio[name]
    ]
    means: dict[tuple[str, str], tuple[float, Entry]] = {}
    for entry, columns in zip(candidates, _measure(candidates, site, site.chosen_on), strict=True):
        for values in entry.values:
            mean = float(score(columns, values, site.scenario, site.base).mean())
            best = means.get((entry.allocator, values.name))
            if best is None or mean > best[0]:
                means[entry.allocator, values.name] = (mean, entry)
    found = []
    for entry in candidates:
        counted = tuple(v for v in entry.values if means[entry.allocator, v.name][1] is entry)
        if counted:
            found.append(Entry(entry.allocator, entry.numbers, entry.rule, counted, entry.pursued))
    return found


def _measure(entries: Sequence[Entry], site: Site, seeds: npt.NDArray[np.uint64]) -> list[Columns]:
    """What comes of every entry, in its order; those that are told of the same values run side by side."""
    found: dict[int, Columns] = {}
    for pursued in site.values:
        some = [i for i, entry in enumerate(entries) if entry.pursued is pursued]
        if not some:
            continue
        scenario = pursued.pursued(site.scenario, site.base)
        first: dict[tuple[str, str], int] = {}
        same = {i: first.setdefault(_alike(entries[i]), i) for i in some}
        distinct = list(first.values())
        columns = measure(
            [entries[i].rule for i in distinct],
            scenario,
            seeds,
            site.scenario.reward.aversion,
            aversions(site.base),
        )
        run = dict(zip(distinct, columns, strict=True))
        found |= {i: run[same[i]] for i in some}
    return [found[i] for i in range(len(entries))]


def _alike(entry: Entry) -> tuple[str, str]:
    """The same for entries that allocate alike: a tuned rule may have kept its own numbers."""
    return entry.allocator.removesuffix(TUNED), "" if entry.numbers == OWN else entry.numbers


def _exchange(task: Task, site: Site, entries: list[Entry], measured: list[Columns]) -> list[pa.Table]:
    """The best tuned rule of the point with each part of the second best, under the values drawn there."""
    tuned = [
        (float(score(columns, DRAWN, site.scenario, site.base).mean()), i)
        for i, (entry, columns) in enumerate(zip(entries, measured, strict=True))
        if entry.allocator.endswith(TUNED) and DRAWN in entry.values
    ]
    best, second = (entries[i] for _, i in sorted(tuned, key=lambda pair: (-pair[0], pair[1]))[:2])
    seeds = exchange_seeds(task.settings, task.point)
    rules = exchanged(best.rule, second.rule)
    found = measure(
        list(rules.values()),
        site.scenario,
        seeds,
        site.scenario.reward.aversion,
        aversions(site.base),
    )
    return [
        _table(task, best, columns, seeds, site, part, second.allocator)
        for part, columns in zip(rules, found, strict=True)
    ]


def _table(
    task: Task,
    entry: Entry,
    columns: Columns,
    seeds: npt.NDArray[np.uint64],
    site: Site,
    part: str = "",
    second: str = "",
) -> pa.Table:
    """The rows of one entry, or of one exchange."""
    count = len(seeds)
    counted = SEPARATOR.join(v.name for v in entry.values if not part or v is DRAWN)
    same = {
        "point": task.point,
        "switch": task.switch,
        "allocator": entry.allocator,
        "numbers": entry.numbers,
        "values": counted,
        "part": part,
        "second": second,
    }
    rows: dict[str, Any] = {name: [value] * count for name, value in same.items()}
    rows |= {"episode": np.arange(count), "seed": seeds}
    rows |= {"return": score(columns, DRAWN, site.scenario, site.base), **columns}
    form = schema(task.settings.base)
    return pa.table({field.name: pa.array(rows[field.name]).cast(field.type) for field in form}, schema=form)
