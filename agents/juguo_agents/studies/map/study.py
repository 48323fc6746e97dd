"""Which doctrine is best where and under which values, over scenarios sampled from the ranges.

Tunes every doctrine in worlds of their own, runs every allocator at every point under common random numbers,
says who is best where beyond noise, what decides it, and which assumption keeps whom from winning.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from juguo_agents.evaluation.seeds import MANY_SEARCHES
from juguo_agents.provenance import MODEL
from juguo_agents.search.optimise import QUICK
from juguo_agents.search.portfolio import Portfolio, Tuning, portfolio, tune, tunings
from juguo_agents.studies.map.analysis import load_runs, summarise
from juguo_agents.studies.map.design import Settings, allocator_names, tuned_rules
from juguo_agents.studies.map.figures import draw_figures
from juguo_agents.studies.map.page import as_markdown, console_summary
from juguo_agents.studies.map.runs import run_point
from juguo_agents.studies.map.verdicts import Judged
from juguo_agents.studies.store import encoded, fingerprint, record, recorded
from juguo_agents.studies.study import Execute, Page, Stage, Study
from juguo_envs.worlds.sampling import values_at

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
        found = execute(Stage("tuning", searches, _tune, cost=lambda _: asked.budget, unit="episode"))
        tuned = [recorded(table) for table in found]
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
            **dict(draw_figures(runs, judged, summary)),
        }
        return Page(summary, "map.json", console_summary(summary), files)


def _tune(point: Tuning, work: Path) -> pa.Table:
    return record(tune(point, work))


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
    return (json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n").encode()


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
