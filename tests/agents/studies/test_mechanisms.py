"""Mechanisms: their switches, what counts as a change, and the verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.evaluation.ranking import Noise, RankingEffect, pairs, ranking_effect, ranking_noise
from juguo_agents.report.texts import say, speaking
from juguo_agents.search.checkpoint import Settings
from juguo_agents.search.conduct import run_or_resume
from juguo_agents.studies.mechanisms.analysis import (
    feedback_changed,
    feedback_noise,
    part_noise,
    pattern_changes,
    verdict,
)
from juguo_agents.studies.mechanisms.mechanism import _ALL, MECHANISMS, Mechanism, count_parameters, find
from juguo_agents.studies.mechanisms.study import FAMILIES, Mechanisms, MechanismsSettings, cases_of
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario, ScenarioError, scenario_names
from tests.agents.forging import store_value
from tests.agents.studies.conducting import check_chinese, conducted, has_page
from tests.support import small

SHIPPED = [Scenario.load(name) for name in scenario_names()]
QUIET = Noise(change=0.02, tau=0.9, level=0.01, comparisons=36)
STILL = RankingEffect(change=0.0, who="flat", chance=0.0, tau=1.0, mean=0.0, low=0.0, high=0.0)


@pytest.mark.parametrize("mechanism", _ALL, ids=lambda mechanism: mechanism.name)
def test_a_switch_changes_a_shipped_scenario_and_nothing_but_its_own_fields(mechanism: Mechanism) -> None:
    changed = [(world, off) for world in SHIPPED if (off := mechanism.without(world)) is not None]
    assert changed
    for world, off in changed:
        differing = _differing(world.model_dump(mode="json"), off.model_dump(mode="json"))
        assert differing <= set(mechanism.changes(world))
        assert mechanism.without(off) is None  # off is off


def _differing(one: dict[str, Any], other: dict[str, Any], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in one.items():
        if isinstance(value, dict):
            found |= _differing(value, other[key], f"{prefix}{key}.")
        elif value != other[key]:
            found.add(prefix + key)
    return found


def test_names_of_mechanisms_are_unique() -> None:
    assert len(MECHANISMS) == len(_ALL)


def test_a_switch_with_an_unknown_field_or_a_forbidden_value_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"defect\.rumor"):
        Mechanism("rumour", {"defect.rumor": 0.0}).without(Scenario())
    with pytest.raises(ScenarioError, match=r"defect\.rumour"):
        Mechanism("rumour", {"defect.rumour": 2.0}).without(Scenario())


def test_capability_of_places_goes_without_changing_the_mean_of_the_society() -> None:
    off = MECHANISMS["capability of places"].without(Scenario())
    assert off is not None

    def mean(scenario: Scenario) -> float:
        listed = scenario.society.listed()
        return float(
            np.average([one.capability for one in listed], weights=[one.population for one in listed])
        )

    assert mean(off) == pytest.approx(mean(Scenario()))
    assert len({one.capability for one in off.society.listed()}) == 1


def test_unknown_mechanisms_are_refused_and_known_ones_come_in_the_order_of_the_table() -> None:
    with pytest.raises(UserError, match="mechanism is 'gossip'; allowed are"):
        find(["gossip"])
    last, first = list(MECHANISMS)[-1], next(iter(MECHANISMS))
    assert [mechanism.name for mechanism in find([last, first])] == [first, last]


def test_every_number_of_a_scenario_counts_once() -> None:
    groups = count_parameters()
    assert groups["money"] == len(Scenario().money.model_dump())
    assert groups["programme"] == 2 + 3 + 2 + 1  # T, rounds, least and most durations, kept
    assert sum(groups.values()) == sum(1 for value in _leaves(Scenario().model_dump(mode="json")))


def _leaves(data: Any) -> list[float]:
    if isinstance(data, dict):
        return [leaf for value in data.values() for leaf in _leaves(value)]
    if isinstance(data, list):
        return [leaf for value in data for leaf in _leaves(value)]
    return [data] if isinstance(data, int | float) else []


def test_a_world_compared_with_itself_changes_exactly_nothing() -> None:
    returns = _returns(0)
    effect = ranking_effect(returns, returns)
    numbers = (effect.change, effect.chance, effect.mean, effect.low, effect.high)
    assert numbers == (0.0, 0.0, 0.0, 0.0, 0.0)
    assert effect.tau == 1.0
    noise = ranking_noise([returns, returns, returns], pairs(2))
    assert (noise.change, noise.tau, noise.level, noise.comparisons) == (0.0, 1.0, 0.0, 3)
    assert verdict(effect, noise).words() == "none beyond noise"
    patterns = _patterns(0.3)
    assert pattern_changes(patterns, patterns, part_noise([patterns, patterns], pairs(1))) == []


def test_a_shift_of_all_doctrines_changes_the_level_and_not_the_ranking() -> None:
    returns = _returns(0)
    effect = ranking_effect(returns, {name: [x + 0.25 for x in row] for name, row in returns.items()})
    assert effect.change == pytest.approx(0.0, abs=1e-12)
    assert effect.tau == 1.0
    assert effect.mean == pytest.approx(0.25)


def test_the_change_of_one_doctrine_is_found_and_named() -> None:
    returns = _returns(0)
    effect = ranking_effect(returns, returns | {"market": [x + 0.3 for x in returns["market"]]})
    assert effect.who == "market"
    assert effect.change == pytest.approx(0.3 * (1 - 1 / len(returns)))


def test_a_change_of_either_sign_by_chance_is_not_told_from_chance() -> None:
    returns, rng = _returns(0), np.random.default_rng(1)
    beyond = 0
    for _ in range(40):
        off = {name: list(np.array(row) + rng.normal(0.0, 0.1, len(row))) for name, row in returns.items()}
        effect = ranking_effect(returns, off)
        beyond += effect.change > effect.chance
    assert beyond <= 6  # 2 are expected at 95 %


def _returns(seed: int) -> dict[str, list[float]]:
    rng = np.random.default_rng(seed)
    return {
        name: list(place + rng.normal(0.0, 0.05, 30))
        for place, name in enumerate(("flat", "market", "tiered"))
    }


@pytest.mark.parametrize(
    ("change", "chance", "tau", "told"),
    [
        (0.010, 0.011, 0.95, "none beyond noise"),  # chance alone would do as much
        (0.030, 0.040, 0.80, "none beyond noise"),
        (
            0.010,
            0.005,
            0.95,
            "none beyond noise; ranking detectable",
        ),  # told from chance, but within the noise of other episodes
        (0.030, 0.005, 0.95, "changes ranking"),
        (0.010, 0.005, 0.85, "changes ranking"),  # the order changes more than by other episodes
    ],
)
def test_the_ranking_changes_beyond_chance_and_beyond_other_episodes(
    change: float, chance: float, tau: float, told: str
) -> None:
    effect = replace(STILL, change=change, chance=chance, tau=tau)
    assert verdict(effect, QUIET).words() == told


def test_the_verdict_names_all_that_changes() -> None:
    moved = pattern_changes(_patterns(0.3), _patterns(0.45), {(6, 0): 0.1, (6, 1): 0.1})
    flipped = pattern_changes(_patterns(0.3), _patterns(0.7), {(6, 0): 0.1, (6, 1): 0.1})
    assert verdict(STILL, QUIET, moved).words() == "changes figures of 6"
    assert verdict(STILL, QUIET, flipped).words() == "changes whether 6 holds"
    assert verdict(replace(STILL, change=0.5), QUIET, flipped, feedback=True).words() == (
        "changes ranking; whether 6 holds; feedback"
    )


@pytest.mark.parametrize(
    ("value", "noise", "changes"),
    [
        (0.33, 0.01, False),  # within the interval
        (0.45, 0.20, False),  # out of it, but other episodes move it as far
        (0.45, 0.10, True),
        (None, 0.10, True),  # cannot be told any more
    ],
)
def test_a_pattern_changes_where_a_figure_leaves_its_interval_by_more_than_noise(
    value: float | None, noise: float, changes: bool
) -> None:
    found = pattern_changes(_patterns(0.3), _patterns(value), {(6, 0): noise, (6, 1): noise})
    assert bool(found) == changes


def test_a_figure_that_only_some_episodes_tell_has_no_bounded_noise() -> None:
    noise = part_noise([_patterns(0.3), _patterns(None)], pairs(1))
    assert noise[6, 0] == float("inf")
    assert noise[6, 1] == 0.0


def _patterns(value: float | None) -> list[dict[str, Any]]:
    """One pattern with two figures.

    The first must be at most .5 and has an interval of .05 to each side; the second decides nothing.
    """
    low, high = (None, None) if value is None else (value - 0.05, value + 0.05)
    holds = value is not None and value <= 0.5
    part = {"name": "share", "measured": value, "low": low, "high": high, "band": "<= 0.5", "holds": holds}
    told = {"name": "aside", "measured": 1.0, "low": 1.0, "high": 1.0, "band": None, "holds": None}
    return [{"number": 6, "name": "exceptions", "holds": holds, "parts": [part, told]}]


def test_feedback_changes_beyond_the_noise_of_other_searches_and_episodes() -> None:
    blocks = [{"feedback": {"share": share}} for share in (0.20, 0.22, 0.24)]
    noise = feedback_noise(blocks, pairs(2))
    assert 0.02 < noise <= 0.04
    assert not feedback_changed(blocks[0], {"feedback": {"share": 0.23}}, noise)
    assert feedback_changed(blocks[0], {"feedback": {"share": 0.10}}, noise)
    assert feedback_changed(blocks[0], {"feedback": None}, noise)
    with pytest.raises(UserError, match="no share"):
        feedback_noise([{"feedback": None}], [])


ONLY = ("shocks", "network", "neighbours")


TINY = {"scenario": small(), **MechanismsSettings.smoke, "only": ONLY}
"""Settings in a world that takes seconds."""


def test_sets_of_episodes_have_none_in_common_and_every_pair_is_compared() -> None:
    as_it_is, without = cases_of(
        MechanismsSettings.parse({**TINY, "first_seed": 100, "episodes": 7, "repeats": 3})
    )
    assert sorted(seed for case in as_it_is for seed in case.test_seeds) == list(range(100, 100 + 4 * 7))
    assert {tuple(case.test_seeds) for case in without} == {tuple(range(100, 107))}
    assert len(pairs(3)) == 6
    assert max(max(pair) for pair in pairs(3)) == 3


def test_what_is_done_counts_and_what_is_lost_runs_again(tmp_path: Path) -> None:
    first = conducted(Mechanisms, tmp_path, **TINY, patterns=False)
    assert json.loads((tmp_path / "mechanisms.json").read_text(encoding="utf-8")) == first.data
    assert set(first.data["mechanisms"]) == set(ONLY)
    assert first.data["mechanisms"]["neighbours"]["verdict"] == "off in this world already"
    assert has_page(tmp_path, "mechanisms")
    assert "shocks strike communities" in (tmp_path / "mechanisms.md").read_text(encoding="utf-8")
    cells = {path: path.stat().st_mtime_ns for path in (tmp_path / "store" / "returns").iterdir()}
    lost = next(path for path in cells if path.stem == "shocks-0")
    lost.unlink()
    again = partial(conducted, Mechanisms, tmp_path, **TINY, patterns=False)
    assert again().data == first.data
    later = {path: path.stat().st_mtime_ns for path in cells}
    assert [path for path in cells if later[path] != cells[path]] == [lost]
    check_chinese(again, tmp_path, "mechanisms")
    with pytest.raises(UserError, match="episodes is 5"):
        conducted(Mechanisms, tmp_path, **{**TINY, "episodes": 5})


def test_every_mechanism_and_verdict_has_words_in_chinese() -> None:
    moved = pattern_changes(_patterns(0.3), _patterns(0.45), {(6, 0): 0.1, (6, 1): 0.1})
    with speaking("zh"):
        told = [say(f"mechanisms.{kind}.{name}") for name in MECHANISMS for kind in ("name", "words")]
        told += [verdict(replace(STILL, change=0.5), QUIET, moved, feedback=True).words()]
    assert len(set(told)) == len(told) == 2 * len(MECHANISMS) + 1
    assert told[-1] == "改变排名；6 的数值；反馈"


@pytest.mark.slow
def test_patterns_and_the_worth_of_feedback_are_measured_on_request(tmp_path: Path) -> None:
    value = _finished_value(tmp_path / "value")
    data = conducted(
        Mechanisms, tmp_path / "out", **{**TINY, "only": ("shocks",)}, value=value, budget=300
    ).data
    assert {pattern["number"] for pattern in data["as_it_is"]["patterns"]} == {1, 2, 3, 4, 6, 7, 10}
    row = data["mechanisms"]["shocks"]
    assert isinstance(row["patterns"], list)
    assert set(row["feedback"]) == {"share", "changed"}
    assert data["noise"]["feedback"] >= 0.0


def _finished_value(folder: Path) -> Path:
    """What the study `value` writes, as far as it is read here."""
    scenario = small()
    found = {
        name: run_or_resume(Settings(family, scenario, 1200, validation=2), folder / family)
        for name, family in FAMILIES.items()
    }
    store_value(folder, scenario, {name: one.data["parameters"] for name, one in found.items()})
    return folder
