"""Which doctrine is best where and under which values, over scenarios sampled from the ranges.

Tunes every doctrine in worlds of their own, runs every allocator at every point under common random numbers,
says who is best where beyond noise, what decides it, and which assumption keeps whom from winning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.hybrid import Hybrid
from juguo_agents.allocators.institutions import TUNED
from juguo_agents.allocators.parametric.rule_numbers import with_numbers
from juguo_agents.allocators.registry import compared_names, make_rule
from juguo_agents.allocators.rule import Rule
from juguo_agents.allocators.side_by_side import SideBySide
from juguo_agents.array_types import Floats, Seeds
from juguo_agents.artifacts.identity import text_of
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import MANY_SEARCHES
from juguo_agents.provenance import MODEL
from juguo_agents.search.optimise import QUICK
from juguo_agents.search.portfolio import OWN, Portfolio, Tuning, portfolio, tunings
from juguo_agents.studies.map.analysis import Judged, load_runs, summarise
from juguo_agents.studies.map.design import (
    DRAWN,
    EXCHANGES,
    SEPARATOR,
    SWITCH_CHOICE,
    SWITCH_EPISODES,
    VALUE_SETS,
    Point,
    Settings,
    ValueSet,
    allocator_names,
    aversions,
    breadth_column,
    score,
    switched,
    tuned_rules,
)
from juguo_agents.studies.map.figures import draw_figures
from juguo_agents.studies.map.page import as_markdown, console_summary
from juguo_agents.studies.searches import tune_all
from juguo_agents.studies.store import encoded, fingerprint
from juguo_agents.studies.study import Execute, Page, Stage, Study
from juguo_envs.engine.batch import Batch
from juguo_envs.model.measures import breadths
from juguo_envs.model.state import STAGES
from juguo_envs.worlds.sampling import values_at
from juguo_envs.worlds.scenario import Scenario

Columns = dict[str, npt.NDArray[Any]]
_TOGETHER = 100  # episodes in one batch; results do not depend on it


def schema(base: Scenario) -> pa.Schema:
    """The columns of the table of runs: one row for each point, allocator and episode."""
    return pa.schema(
        [
            ("point", pa.int32()),
            ("switch", pa.string()),  # which assumption is off; empty for the whole point as it is
            ("allocator", pa.string()),
            ("numbers", pa.string()),  # whose numbers a tuned rule uses; empty for the others
            ("values", pa.string()),  # the value sets for which the row counts
            ("part", pa.string()),  # which part is that of the second best; empty where none was exchanged
            ("second", pa.string()),  # the second best, where parts were exchanged
            ("episode", pa.int16()),
            ("seed", pa.uint64()),
            ("return", pa.float64()),  # under the values drawn at the point
            ("breadth", pa.float64()),  # at the aversion drawn at the point
            *((breadth_column(aversion), pa.float64()) for aversion in aversions(base)),
            ("resilience", pa.float64()),
            ("excluded", pa.float64()),
            ("abandoned", pa.int16()),
            *((f"quarters_{stage}", pa.int16()) for stage in STAGES),
            ("adoption_end", pa.float64()),
            ("adoption_peak", pa.float64()),
            ("money_spent", pa.float64()),  # per person, the whole programme, without the reserve
        ]
    )


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

    @property
    def behaviour(self) -> tuple[str, str]:
        """The same for entries that allocate alike: a tuned rule may have kept its own numbers."""
        return self.allocator.removesuffix(TUNED), "" if self.numbers == OWN else self.numbers


@dataclass(frozen=True)
class Site:
    """Where entries run.

    Attributes:
        scenario: The world, with the values drawn there.
        base: What all points have in common.
        values: The value sets.
    """

    scenario: Scenario
    base: Scenario
    values: tuple[ValueSet, ...]

    def entries(self, allocator: str, rules: Mapping[str, Rule]) -> list[Entry]:
        """Entries of one allocator's rules by their numbers; one that heeds the values runs under each."""
        heeds = any(rule.heeds_values for rule in rules.values())
        told = [(one, (one,)) for one in self.values] if heeds else [(DRAWN, self.values)]
        return [
            Entry(allocator, numbers, rule, counted, pursued)
            for pursued, counted in told
            for numbers, rule in rules.items()
        ]

    def score(self, columns: Columns, values: ValueSet = DRAWN) -> Floats:
        """(episodes,) returns."""
        return score(columns, values, self.scenario, self.base)

    def measure(self, entries: Sequence[Entry], seeds: Seeds) -> list[Columns]:
        """What comes of every entry, in its order; those that are told of the same values run together."""
        found: dict[int, Columns] = {}
        for pursued in self.values:
            some = [i for i, entry in enumerate(entries) if entry.pursued is pursued]
            first: dict[tuple[str, str], int] = {}
            same = {i: first.setdefault(entries[i].behaviour, i) for i in some}
            rules = [entries[i].rule for i in first.values()]
            ran = dict(zip(first.values(), self.run(rules, seeds, pursued), strict=True))
            found |= {i: ran[same[i]] for i in some}
        return [found[i] for i in range(len(entries))]

    def run(self, rules: Sequence[Allocator], seeds: Seeds, pursued: ValueSet = DRAWN) -> list[Columns]:
        """(episodes,) of each column for each rule, on the same episodes."""
        scenario = pursued.pursued(self.scenario, self.base)
        return measure(rules, scenario, seeds, self.scenario.reward.aversion, aversions(self.base))


def measure(
    rules: Sequence[Allocator],
    scenario: Scenario,
    seeds: Seeds,
    aversion: float,
    others: Sequence[float],
) -> list[Columns]:
    """What comes of each rule on the same episodes.

    Args:
        rules: The rules; none of them twice as the same object.
        scenario: The world.
        seeds: (episodes,) one for each episode.
        aversion: That of column `breadth`.
        others: Aversions of further columns of breadth.

    Returns:
        For each rule, (episodes,) for each column.
    """
    size = max(1, _TOGETHER // len(seeds))
    found: list[Columns] = []
    for i in range(0, len(rules), size):
        some = rules[i : i + size]
        columns = _together(some, scenario, np.tile(seeds, len(some)), np.array([aversion, *others]))
        parts = {name: np.split(values, len(some)) for name, values in columns.items()}
        found += [{name: values[j] for name, values in parts.items()} for j in range(len(some))]
    return found


def _together(rules: Sequence[Allocator], scenario: Scenario, seeds: Seeds, at: Floats) -> Columns:
    sums = np.zeros((len(seeds), len(at)))

    def watch(first: int, quarter: int, batch: Batch) -> None:
        seen = breadths(batch.state.adopters_measured, batch.state.cells, batch.persons, at)
        sums[first : first + len(seen)] += seen

    record = run(rules[0] if len(rules) == 1 else SideBySide(rules), scenario, seeds, watch=watch)
    means = sums / scenario.programme.T
    return {
        "breadth": means[:, 0],
        **{breadth_column(a): means[:, i] for i, a in enumerate(at.tolist()) if i},
        "resilience": record.resilience,
        "excluded": record.excluded,
        "abandoned": record.abandoned,
        **{f"quarters_{stage}": record.stage_quarters[:, i] for i, stage in enumerate(STAGES)},
        "adoption_end": record.adoption[:, -1],
        "adoption_peak": record.adoption.max(1),
        "money_spent": record.spending[:, :, :-1].sum((1, 2)),
    }


def run_point(settings: Settings, portfolio: Portfolio, point: Point, work: Path) -> pa.Table:
    """Choose the tuned rules' numbers, run every allocator, and exchange parts of the two best.

    Returns:
        The point's rows of the table of runs.
    """
    scenario = settings.world(point.place, f"point {point.number}")
    measured, chosen_on = settings.measured_seeds(point.number), settings.choice_seeds(point.number)
    if point.switch:
        site = Site(switched(scenario, point.switch), settings.scenario, (DRAWN,))
        measured, entries = measured[:SWITCH_EPISODES], []
        tuned = _chosen(site, portfolio, chosen_on[:SWITCH_CHOICE])
    else:
        site = Site(scenario, settings.scenario, VALUE_SETS)
        entries = [e for name in compared_names() for e in site.entries(name, {"": make_rule(name)})]
        tuned = _chosen(site, portfolio, chosen_on)
    entries += tuned
    found = site.measure(entries, measured)
    tables = [_table(site, point, e, columns, measured) for e, columns in zip(entries, found, strict=True)]
    if not point.switch:
        means = {
            i: -float(site.score(columns).mean())
            for i, (entry, columns) in enumerate(zip(entries, found, strict=True))
            if entry.allocator.endswith(TUNED) and DRAWN in entry.values
        }
        best, second = (entries[i] for i in sorted(means, key=lambda i: (means[i], i))[:2])
        seeds = settings.exchange_seeds(point.number)
        hybrids = [Hybrid(best.rule, second.rule, parts) for parts in EXCHANGES.values()]
        drawn = replace(best, values=(DRAWN,))
        tables += [
            _table(site, point, drawn, columns, seeds, part, second.allocator)
            for part, columns in zip(EXCHANGES, site.run(hybrids, seeds), strict=True)
        ]
    return pa.concat_tables(tables)


def _chosen(site: Site, portfolio: Portfolio, seeds: Seeds) -> list[Entry]:
    """Every tuned rule with the numbers that do best on some episodes, for each value set."""
    candidates = [
        entry
        for name in tuned_rules()
        for entry in site.entries(
            name + TUNED,
            {
                member: with_numbers(name, numbers, name + TUNED)
                for member, numbers in portfolio[name].items()
            },
        )
    ]
    best: dict[tuple[str, str], tuple[float, Entry]] = {}
    for entry, columns in zip(candidates, site.measure(candidates, seeds), strict=True):
        for values in entry.values:
            mean, place = float(site.score(columns, values).mean()), (entry.allocator, values.name)
            if place not in best or mean > best[place][0]:
                best[place] = (mean, entry)
    counted = [
        replace(e, values=tuple(v for v in e.values if best[e.allocator, v.name][1] is e)) for e in candidates
    ]
    return [entry for entry in counted if entry.values]


def _table(
    site: Site, point: Point, entry: Entry, columns: Columns, seeds: Seeds, part: str = "", second: str = ""
) -> pa.Table:
    """The rows of one entry, or of one exchange."""
    same = {
        "point": point.number,
        "switch": point.switch,
        "allocator": entry.allocator,
        "numbers": entry.numbers,
        "values": SEPARATOR.join(v.name for v in entry.values),
        "part": part,
        "second": second,
    }
    count = len(seeds)
    rows: dict[str, Any] = {name: [value] * count for name, value in same.items()}
    rows |= {"episode": np.arange(count), "seed": seeds, "return": site.score(columns), **columns}
    form = schema(site.base)
    return pa.table({field.name: pa.array(rows[field.name]).cast(field.type) for field in form}, schema=form)


_MARK = "juguo_map"


@dataclass(frozen=True)
class Rows:
    """What was run.

    Attributes:
        tunings: The searches of the rules' numbers.
        tuned: What each found.
        members: The portfolio of each rule.
        runs: The table of runs.
    """

    tunings: list[Tuning]
    tuned: list[dict[str, Any]]
    members: Portfolio
    runs: pa.Table


class Map(Study[Settings, Rows]):
    """Two stages: the rules' numbers are searched, then every point is run."""

    name, settings_type, home = "map", Settings, "maps"

    def announcement(self) -> str:
        """About how many episodes each stage runs."""
        asked = self.settings
        tuning = len(tuned_rules()) * asked.regimes * asked.budget
        points = [(bool(point.switch), asked.cost(point)) for point in asked.map_points()]
        plain, switched = (sum(cost for off, cost in points if off == which) for which in (False, True))
        return (
            f"{tuning + plain + switched:,} episodes "
            f"(tuning {tuning:,}, points {plain:,}, points with switches {switched:,})"
        )

    def plan(self, execute: Execute) -> Rows:
        """Tune the rules in worlds of their own, then run every point with their portfolios."""
        asked = self.settings
        worlds = [asked.world(place, f"regime {i}") for i, place in enumerate(asked.tuning_places(), 1)]
        seeds = MANY_SEARCHES.take(0, asked.regimes).tolist()
        searches = tunings(tuned_rules(), worlds, asked.budget, seeds, **QUICK)
        tuned = tune_all(execute, searches)
        members = portfolio(searches, tuned, asked.scenario)
        run = partial(run_point, asked, members)
        stage = Stage("runs", asked.map_points(), run, members, asked.cost, "episode")
        return Rows(searches, tuned, members, pa.concat_tables(execute(stage)).combine_chunks())

    def analyse(self, table: Rows) -> Page:
        """Judge the runs, and say and draw what decides them."""
        asked = self.settings
        runs = load_runs(asked, table.runs)
        judged = runs.verdicts()
        summary = summarise(asked, runs, judged)
        members = {rule: list(group.items()) for rule, group in table.members.items()}
        key = fingerprint(asked.as_json(), allocator_names(), members)[:32]
        files = {
            "portfolio.json": _portfolio_file(asked, table),
            "points.parquet": encoded(_points(asked), MODEL, _MARK),
            "runs.parquet": encoded(table.runs, key, _MARK),
            "verdicts.parquet": _verdicts_file(judged),
            "map.md": as_markdown(summary).encode(),
            **draw_figures(runs, judged, summary),
        }
        return Page(summary, "map.json", console_summary(summary), files)


def _portfolio_file(asked: Settings, rows: Rows) -> bytes:
    """The worlds where rules were tuned, and what each search found."""
    worlds = {t.search.scenario.name: t.search.scenario for t in rows.tunings}
    data = {
        "settings": asked.as_json(),
        "regimes": [
            {
                "name": name,
                "values": values_at(place, asked.scenario, preferences=True),
                "scenario": scenario.model_dump(mode="json"),
            }
            for (name, scenario), place in zip(worlds.items(), asked.tuning_places(), strict=True)
        ],
        "rules": {
            rule: [
                {"regime": t.search.scenario.name, **found}
                for t, found in zip(rows.tunings, rows.tuned, strict=True)
                if t.rule == rule
            ]
            for rule in rows.members
        },
    }
    return text_of(data).encode()


def _points(asked: Settings) -> pa.Table:
    """Every point with its place in the cube, the value of every axis, and its scenario."""
    rows = []
    for number, place in enumerate(asked.places()):
        scenario = asked.world(place, f"point {number}")
        values = values_at(place, asked.scenario, preferences=True)
        rows.append(
            {"point": number}
            | values
            | {f"unit:{name}": float(u) for name, u in zip(values, place, strict=True)}
            | {"digest": scenario.digest(), "scenario": json.dumps(scenario.model_dump(mode="json"))}
        )
    return pa.Table.from_pylist(rows)


def _verdicts_file(judged: Judged) -> bytes:
    """Every verdict of every condition, under all values, as one table."""
    rows = [
        {"condition": condition, "values": values, **asdict(v), "tied": list(v.tied)}
        for (condition, values), group in judged.items()
        for v in group
    ]
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), out, compression="zstd")
    content: bytes = out.getvalue().to_pybytes()
    return content
