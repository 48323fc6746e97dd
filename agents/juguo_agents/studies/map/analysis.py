"""The map in numbers: who is best where, by how much, and what decides it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from juguo_agents.allocators.institutions import TUNED
from juguo_agents.allocators.registry import rule_names
from juguo_agents.array_types import Bools, Floats
from juguo_agents.evaluation.discovery import grow, region
from juguo_agents.evaluation.sensitivity import sensitivity
from juguo_agents.evaluation.verdicts import (
    LEVEL,
    Verdict,
    interval,
    share_interval,
    verdicts,
)
from juguo_agents.provenance import versions
from juguo_agents.search.portfolio import OWN
from juguo_agents.studies.map.design import (
    ALL,
    AS_IS,
    CONDITIONS,
    DRAWN,
    EXCHANGES,
    GROUPS,
    NONE,
    REFERENCES,
    SEPARATOR,
    SWITCHES,
    TUNED_ALIKE,
    VALUE_SETS,
    Settings,
    allocator_names,
    doctrine_of,
    programmes,
    score,
    tuned_names,
    tuned_rules,
)
from juguo_envs.worlds.sampling import Axis, axes

Judged = dict[tuple[str, str], list[Verdict]]
"""Verdicts on all points, by the names of condition and value set."""
NEEDED, NEEDED_DOCTRINES = 0.05, 4
"""So many programmes are to be best beyond noise in at least this share of the points, under some values."""
PAIR = ("experiment_diffusion", "concentrated")
"""The proposal and the traditional system: what their difference depends on is told by Sobol indices."""
INDICES = ("drawn", "default")
"""Under these values indices are computed: with the values among the axes, and with none."""
_LEAST_LED = 5  # points that a doctrine must lead before its parts are told


@dataclass(frozen=True)
class Exchange:
    """The exchange of parts at one point.

    Attributes:
        best, second: The two tuned allocators.
        returns: (episodes,) for each part, under the values drawn at the point.
    """

    best: str
    second: str
    returns: dict[str, Floats]


@dataclass(frozen=True)
class Runs:
    """What was measured.

    Attributes:
        names: The allocators.
        returns: (points, allocators, episodes) under each set of values.
        numbers: (points, allocators) whose numbers a tuned rule uses under the values drawn, or nothing.
        switched: (points, tuned allocators, episodes) with each switch, under the values drawn.
        exchanges: The exchange of parts at each point.
        axes: The axes of the family, those of the values last.
        places: (points, axes) places in the unit cube.
    """

    names: list[str]
    returns: dict[str, Floats]
    numbers: npt.NDArray[np.str_]
    switched: dict[str, Floats]
    exchanges: list[Exchange]
    axes: tuple[Axis, ...]
    places: Floats

    def of(self, name: str, values: str = DRAWN.name) -> Floats:
        """(points, episodes) returns of an allocator under some values."""
        found: Floats = self.returns[values][:, self.names.index(name)]
        return found

    def axes_under(self, values: str) -> tuple[tuple[Axis, ...], Floats]:
        """The axes that can matter under some values, and the places on them."""
        drawn = values == DRAWN.name
        keep = [i for i, a in enumerate(self.axes) if drawn or not a.name.startswith("reward.")]
        return tuple(self.axes[i] for i in keep), self.places[:, keep]

    @cached_property
    def values(self) -> Floats:
        """(points, axes) values on the axes."""
        return np.array(
            [[axis.value(u) for axis, u in zip(self.axes, row, strict=True)] for row in self.places.tolist()]
        )

    def verdicts(self) -> Judged:
        """The verdicts of every condition under all values, point by point."""
        found: Judged = {}
        for condition in CONDITIONS:
            names = condition.competitors()
            places = [self.names.index(name) for name in names]
            for values in VALUE_SETS:
                found[condition.name, values.name] = verdicts(
                    self.returns[values.name][:, places], names, rule_names()
                )
        return found


def load_runs(settings: Settings, table: pa.Table) -> Runs:
    """The arrays of a table of runs.

    Raises:
        ValueError: If a point, an allocator or an episode is missing.
    """
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    plain = (columns["switch"] == "") & (columns["part"] == "")
    names = allocator_names()

    def cube(rows: Bools, values: Floats, among: list[str], points: int) -> Floats:
        """(points, allocators, episodes) of some rows."""
        index = {name: i for i, name in enumerate(among)}
        allocator = [index[name] for name in columns["allocator"][rows]]
        found = np.full((points, len(among), int(columns["episode"][rows].max()) + 1), np.nan)
        found[columns["point"][rows], allocator, columns["episode"][rows]] = values[rows]
        if not np.isfinite(found).all():
            raise ValueError("the table of runs lacks a return, or holds one that is not finite")
        return found

    returns = {}
    for values in VALUE_SETS:
        counted = [values.name in told.split(SEPARATOR) for told in columns["values"]]
        drawn = values is DRAWN
        scored = columns["return"] if drawn else score(columns, values, settings.scenario, settings.scenario)
        returns[values.name] = cube(plain & counted, scored, names, settings.points)
    numbers = np.full((settings.points, len(names)), "", object)
    for name in tuned_names():
        some = plain & (columns["allocator"] == name) & [DRAWN.name in told for told in columns["values"]]
        numbers[columns["point"][some], names.index(name)] = columns["numbers"][some]
    exchanges = []
    for point in range(settings.points):
        rows = np.flatnonzero((columns["point"] == point) & (columns["part"] != ""))
        by_part = {part: columns["return"][rows[columns["part"][rows] == part]] for part in EXCHANGES}
        exchanges.append(Exchange(columns["allocator"][rows[0]], columns["second"][rows[0]], by_part))
    return Runs(
        names,
        returns,
        numbers.astype(str),
        {
            s.name: cube(
                columns["switch"] == s.name, columns["return"], tuned_names(), settings.switched_points
            )
            for s in SWITCHES
        },
        exchanges,
        axes(settings.scenario, preferences=True),
        settings.places(),
    )


def difference_of(runs: Runs, values: str) -> Floats:
    """(points, episodes) the proposal less the traditional system, both tuned, like for like."""
    of = {doctrine_of(name): name for name in TUNED_ALIKE.competitors()}
    return runs.of(of[PAIR[0]], values) - runs.of(of[PAIR[1]], values)


def summarise(settings: Settings, runs: Runs, judged: Judged) -> dict[str, Any]:
    """Everything that the words, the figures and the terminal say, as plain values."""
    conditions: dict[str, Any] = {
        c.name: {
            "text": c.text,
            "competitors": c.competitors(),
            "values": {v.name: shares(judged[c.name, v.name]) for v in VALUE_SETS},
        }
        for c in CONDITIONS
    }
    return {
        "settings": settings.as_json(),
        "versions": versions(),
        "points": settings.points,
        "episodes": settings.episodes,
        "level": LEVEL,
        "needed": {"share": NEEDED, "doctrines": NEEDED_DOCTRINES},
        "axes": [asdict(axis) for axis in runs.axes],
        "values": [
            {
                "name": v.name,
                "text": v.text,
                "reward": None
                if v.changes is None
                else v.reward(settings.scenario, settings.scenario).model_dump(mode="json"),
            }
            for v in VALUE_SETS
        ],
        "conditions": conditions,
        "acceptance": _acceptance(conditions[TUNED_ALIKE.name]["values"]),
        "tuning": _tuning(runs),
        "deciding": {v.name: _deciding(runs, judged[TUNED_ALIKE.name, v.name], v.name) for v in VALUE_SETS},
        "parts": _parts(runs),
        "switches": _switches(settings, runs),
    }


def shares(found: list[Verdict]) -> dict[str, Any]:
    """Counts and margins of the verdicts on some points."""
    won: dict[str, Any] = {}
    shared, leading = {}, {}
    for doctrine in rule_names():
        margins = np.array([v.margin for v in found if v.best == doctrine])
        count = len(margins)
        low, high = share_interval(count, len(found))
        won[doctrine] = {
            "points": count,
            "share": count / len(found),
            "low": low,
            "high": high,
            "margin_median": float(np.median(margins)) if count else None,
            "margin_quartiles": np.quantile(margins, (0.25, 0.75)).tolist() if count else None,
        }
        shared[doctrine] = sum(doctrine in v.tied for v in found) / len(found)
        leading[doctrine] = sum(v.leads == doctrine for v in found) / len(found)
    ties = sum(not v.best for v in found)
    return {
        "won": won,
        "ties": {"points": ties, "share": ties / len(found)},
        "in_ties": shared,
        "leading": leading,
        "unbeaten": {r: won[r]["share"] + shared[r] for r in REFERENCES},
        "margin_half_width": float(np.median([v.high - v.margin for v in found])),
    }


def _acceptance(by_values: dict[str, Any]) -> dict[str, Any]:
    """The programmes that win often enough under each set of values."""
    enough = {
        name: [d for d in programmes() if part["won"][d]["share"] >= NEEDED]
        for name, part in by_values.items()
    }
    most = {d: max(part["won"][d]["share"] for part in by_values.values()) for d in programmes()}
    return {
        "winners": enough,
        "met": max(map(len, enough.values())) >= NEEDED_DOCTRINES,
        "hardly": [d for d in programmes() if most[d] < NEEDED],
    }


def _tuning(runs: Runs) -> dict[str, Any]:
    """What tuning was worth on the map's own episodes, and how often the rule's own numbers were kept."""
    found = {}
    for rule in tuned_rules():
        gain = (runs.of(rule + TUNED) - runs.of(rule)).mean(1)
        chosen, counts = np.unique(runs.numbers[:, runs.names.index(rule + TUNED)], return_counts=True)
        found[rule] = {
            "mean": float(runs.of(rule).mean()),
            "tuned_mean": float(runs.of(rule + TUNED).mean()),
            "gain": float(gain.mean()),
            "worse_share": float((gain < 0).mean()),
            "own_kept": float(counts[chosen == OWN].sum() / len(runs.places)),
            "chosen": dict(zip(chosen.tolist(), counts.tolist(), strict=True)),
        }
    return found


def _deciding(runs: Runs, judged: list[Verdict], values: str) -> dict[str, Any]:
    """Trees, and where they are computed indices, of the tuned doctrines under some values."""
    known, places = runs.axes_under(values)
    won = np.array([bool(v.best) for v in judged])
    grown = grow(places[won], [v.best for v in judged if v.best], known)
    differences = difference_of(runs, values)
    wins = {d: np.array([v.best == d for v in judged]) for d in rule_names()}
    regions = {d: region(places, at, known) for d, at in wins.items() if at.mean() >= NEEDED}
    mean, names = differences.mean(1), [axis.name for axis in known]
    return {
        "tree": None if grown is None else asdict(grown),
        "regions": {d: None if found is None else asdict(found) for d, found in regions.items()},
        "difference": {
            "mean": float(mean.mean()),
            "quantiles": np.quantile(mean, (0.05, 0.25, 0.5, 0.75, 0.95)).tolist(),
            "positive": float((mean > 0).mean()),
        },
        "sensitivity": sensitivity(places, differences, names) if values in INDICES else None,
    }


def _parts(runs: Runs) -> dict[str, Any]:
    """For each doctrine that leads often enough, its mean loss by the exchange of each part."""
    found = {}
    for doctrine in rule_names():
        led = [e for e in runs.exchanges if doctrine_of(e.best) == doctrine]
        if len(led) < _LEAST_LED:
            continue
        loss = {
            part: np.array([float((e.returns[NONE] - e.returns[part]).mean()) for e in led])
            for part in (*GROUPS, ALL)
        }
        seconds, counts = np.unique([doctrine_of(e.second) for e in led], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        told = {part: interval(values) for part, values in loss.items()}
        found[doctrine] = {
            "points": len(led),
            "seconds": {str(seconds[i]): int(counts[i]) for i in order},
            "loss": {part: dict(zip(("mean", "low", "high"), t, strict=True)) for part, t in told.items()},
        }
    return found


def _switches(settings: Settings, runs: Runs) -> dict[str, Any]:
    """Who wins and leads with each assumption switched off."""
    return {
        "points": settings.switched_points,
        "episodes": int(runs.switched[AS_IS].shape[2]),
        "switches": [
            {
                "name": switch.name,
                "assumption": switch.assumption,
                "changes": dict(switch.changes),
                **shares(verdicts(runs.switched[switch.name], tuned_names(), rule_names())),
            }
            for switch in SWITCHES
        ],
    }


def deciding_axes(summary: dict[str, Any], count: int, values: str) -> list[str]:
    """The axes on which the winner depends most: those of the tree from its root, then by total index."""
    part = summary["deciding"][values]
    ranked: dict[str, None] = {}
    if part["tree"]:
        split = [node for node in part["tree"]["nodes"] if "axis" in node]
        for node in sorted(split, key=lambda node: -sum(node["counts"])):
            ranked[node["axis"]] = None
    if part["sensitivity"]:
        ranked |= {row["axis"]: None for row in part["sensitivity"]["indices"]}
    ranked |= {axis["name"]: None for axis in summary["axes"]}
    return list(ranked)[:count]
