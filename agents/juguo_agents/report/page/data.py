"""What the page shows of a comparison, as plain values: from its files, or from what they are made of."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from juguo_agents.evaluation.course import PLACE, SOCIETY, STRATA
from juguo_agents.report.comparison_file import COMPARISON, read_comparison
from juguo_agents.report.glossary import glossary
from juguo_agents.report.names import about, idea, label_of, place_names
from juguo_agents.report.page.words import in_words
from juguo_agents.report.summary import Summary, main_rows
from juguo_agents.report.texts import say, speaking
from juguo_agents.report.tidy import COURSE_COLUMNS, COURSE_FILE, Table, read_csv, read_parquet
from juguo_agents.report.verdict import verdict
from juguo_envs.documents import load_mapping, read_text
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import STEPS_A_YEAR, Scenario
from juguo_envs.worlds.society_map import society_map

SCENARIO, CONFIG = "scenario.yaml", "config.yaml"
QUANTITIES = ("adoption", "excluded", *SOCIETY[-len(STRATA) :])
BANDS = ("mean", "q10", "q90")
MOST_NUMBERS = 450_000
"""Numbers of places and quarters that a page holds, at most."""
_NONE, _FINEST = 65535, 65534  # of 16 bits: no number, and the largest
Rules = Mapping[str, Sequence[tuple[str, Sequence[str]]]]
"""Trees by the allocator that they are, or were distilled from: each its name and its lines."""
_WORDS, _NUMBERS = ("allocator", "quantity"), ("quarter", *BANDS)
_KEPT = (
    "best_rule", "scenario", "scenario_digest", "observe", "episodes", "first_seed", "baseline", "confidence",
    "versions", "defective_first", "best", "world",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """What a page of a comparison is made from.

    Attributes:
        title: What it is called where several stand on one page.
        summary: The content of `comparison.json`.
        courses: The table of `courses.parquet`.
        trajectories: The table of `trajectories.csv`.
        scenario: The world, or that around which the worlds lie.
        config: The configuration of a training run; empty where there is none.
    """

    title: str
    summary: Summary
    courses: Table
    trajectories: Table
    scenario: Scenario
    config: Mapping[str, Any] = field(default_factory=dict)


def load_source(folder: Path) -> Source:
    """The source of a page from the folder of a training run or of a comparison.

    Raises:
        UserError: If it holds no comparison, or a file cannot be read.
    """
    if not (folder / COMPARISON).is_file():
        raise UserError(
            f"{folder}: no {COMPARISON} there; name the folder of a finished training run, or one that "
            "juguo evaluate --out made"
        )
    summary, scenario = read_comparison(folder), Scenario.load(folder / SCENARIO)
    if scenario.digest() != summary["scenario_digest"]:
        raise UserError(
            f"{folder / SCENARIO} is not the world that {COMPARISON} tells of; restore it as it was written"
        )
    courses = read_parquet(folder / COURSE_FILE, COURSE_COLUMNS)
    trajectories = _read_trajectories(folder)
    names = {row["name"] for row in summary["allocators"]}
    for table, file in ((courses, COURSE_FILE), (trajectories, "trajectories")):
        if set(table["allocator"].tolist()) != names:
            raise UserError(
                f"{folder}: {file} is not of the allocators of {COMPARISON}; run juguo evaluate anew"
            )
    config = folder / CONFIG
    return Source(
        title=folder.resolve().name,
        summary=summary,
        courses=courses,
        trajectories=trajectories,
        scenario=scenario,
        config=load_mapping(read_text(config, "config"), str(config)) if config.is_file() else {},
    )


def _read_trajectories(folder: Path) -> Table:
    path = folder / "trajectories.csv"
    if path.is_file():
        return read_csv(path, _WORDS, _NUMBERS)
    return read_parquet(path.with_suffix(".parquet"), (*_WORDS, *_NUMBERS))


def page_data(
    source: Source,
    lang: str = "en",
    most: int = MOST_NUMBERS,
    rules: Rules | None = None,
) -> dict[str, Any]:
    """What the page shows of one comparison.

    Args:
        source: What it is made from.
        lang: Language of the sentences.
        most: Numbers of places and quarters, at most.
        rules: Trees in words.
    """
    with speaking(lang, source.scenario.step):
        return _page_data(source, lang, most, rules or {})


def _page_data(source: Source, lang: str, most: int, rules: Rules) -> dict[str, Any]:
    summary = source.summary
    names, step = _systems(source, most)
    rows = {row["name"]: row for row in main_rows(summary)}
    return {
        "title": source.title,
        **{name: summary[name] for name in _KEPT},
        "alike": bool(summary["like_for_like"]),
        "verdict": verdict(summary, _marked, lang),
        "learned": _group(summary),
        "systems": [_system(source, name, rows.get(name), step, rules) for name in names],
        "quarters": [int(q) for q in _kept(source, step)],
        "quantities": list(PLACE),
        "trajectory_quarters": _trajectory_quarters(source, step),
        "society": named_map(source.scenario),
        "settings": _settings(source),
        "step": source.scenario.step,
        "steps_a_year": STEPS_A_YEAR[source.scenario.step],
        "glossary": [[word, text.replace("`", "")] for word, text in glossary(summary)],
    }


def named_map(scenario: Scenario) -> dict[str, Any]:
    """The map, with places as the page's language calls them."""
    found = society_map(scenario)
    for place, name in zip(found["places"], place_names(scenario), strict=True):
        place["name"] = name
    return found


def _marked(name: str) -> str:
    """A name between the marks by which the page tells it from the words around it."""
    return f"`{name.replace('`', chr(39))}`"


def _systems(source: Source, most: int) -> tuple[list[str], int]:
    """The allocators that the page shows, and every how many quarters of their course.

    All where there is room; else those of the main table; where that is too much, not every quarter.
    """
    everybody = [a["name"] for a in source.summary["allocators"]]
    each = len(source.courses["allocator"]) // len(everybody) * len(PLACE)
    each += len(source.trajectories["allocator"]) // len(everybody) * len(BANDS)
    if each * len(everybody) <= most:
        return everybody, 1
    main = [row["name"] for row in main_rows(source.summary)]
    return main, max(1, -(-each * len(main) // most))


def _system(
    source: Source,
    name: str,
    row: Mapping[str, Any] | None,
    step: int,
    rules: Rules,
) -> dict[str, Any]:
    summary = source.summary
    entry = next(a for a in summary["allocators"] if a["name"] == name)
    doctrine = row["doctrine"] if row else None
    return {
        **entry,
        "label": label_of(summary, name),
        "idea": idea(doctrine or name),
        "main": row is not None,
        "reference": bool(row and row["reference"]),
        "learned": bool(summary["learned"]) and name in summary["learned"]["names"],
        "own": row["own"] if row else None,
        **{key: summary[key][name] for key in ("indicators", "spending", "board", "parts", "given_up")},
        "trajectories": _trajectories(source.trajectories, name, step),
        "course": _course(source, name, step),
        "words": in_words(source.scenario, entry, summary["spending"][name], summary["given_up"][name]),
        "rules": [{"name": tree, "lines": list(lines)} for tree, lines in rules.get(name, ())],
    }


def _group(summary: Summary) -> dict[str, Any] | None:
    learned = summary["learned"]
    if not learned:
        return None
    return {name: value for name, value in learned.items() if name != "indicators"}


def _kept(source: Source, step: int) -> np.ndarray[Any, Any]:
    quarters = np.unique(source.courses["quarter"])
    return quarters[::-1][::step][::-1]  # the last is always among them


def _course(source: Source, name: str, step: int) -> dict[str, Any]:
    """Places and quarters in 16 bits: quarter by quarter, place by place, in the order of `PLACE`."""
    own = source.courses["allocator"] == name
    kept = np.isin(source.courses["quarter"][own], _kept(source, step))
    values = np.stack([source.courses[quantity][own] for quantity in PLACE], axis=1).astype(float)
    money = PLACE.index("money")
    places = len(source.scenario.society.listed())
    if step > 1:  # money adds up between the quarters that are kept
        total = np.cumsum(values[:, money].reshape(-1, places), axis=0)[kept.reshape(-1, places)[:, 0]]
        values = values[kept]
        values[:, money] = np.diff(total, axis=0, prepend=0.0).ravel()
    scale = [max(float(np.nanmax(column, initial=0.0)), 1e-9) for column in values.T]
    return {"scale": scale, "values": _packed(values / scale)}


def _trajectory_quarters(source: Source, step: int) -> list[int]:
    quarters = np.unique(source.trajectories["quarter"])
    return [int(q) for q in quarters[::-1][::step][::-1]]


def _trajectories(table: Table, name: str, step: int) -> dict[str, str]:
    """By quantity, mean and the middle 80 % of the episodes, in 16 bits; all but adoption lack a start."""
    found = {}
    for quantity in QUANTITIES:
        own = (table["allocator"] == name) & (table["quantity"] == quantity)
        values = np.stack([table[band][own] for band in BANDS], axis=1)
        if quantity != "adoption":
            values = np.concatenate([np.full((1, len(BANDS)), np.nan), values])
        found[quantity] = _packed(values[::-1][::step][::-1])
    return found


def _packed(shares: np.ndarray[Any, Any]) -> str:
    """Numbers between 0 and 1 as 16 bits each, low byte first, in base 64."""
    whole = np.where(np.isnan(shares), _NONE, np.rint(np.clip(shares, 0.0, 1.0) * _FINEST))
    return base64.b64encode(whole.astype("<u2").tobytes()).decode("ascii")


def _settings(source: Source) -> list[dict[str, Any]]:
    """Every setting, in groups: of the world, and of the training where there was one."""
    scenario = source.scenario
    single, groups = [], []
    for name in type(scenario).model_fields:
        value = getattr(scenario, name)
        if hasattr(value, "model_dump"):
            fields, dumped = type(value).model_fields, value.model_dump(mode="json")
            rows = [[field, _shown(dumped[field]), say(f"setting.{name}.{field}")] for field in fields]
            groups.append({"name": name, "rows": rows})
        else:
            value = about(scenario) if name == "description" else value
            single.append([name, _shown(value), say(f"setting.{name}")])
    groups.insert(0, {"name": SCENARIO, "rows": single})
    if source.config:
        groups.append({"name": CONFIG, "rows": [[name, _shown(x), ""] for name, x in _flat(source.config)]})
    return groups


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        inner = isinstance(value, Mapping) and value
        found += _flat(value, f"{prefix}{name}.") if inner else [(f"{prefix}{name}", value)]
    return found


def _shown(value: Any) -> str:
    """A value as a scenario's file has it; of a long list how many it holds."""
    if isinstance(value, list | tuple) and len(value) > 12:
        return say("page.listed", count=len(value))
    if isinstance(value, str):
        return value
    return (
        yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
        .removesuffix("...\n")
        .strip()
    )
