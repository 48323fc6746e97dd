"""The verdict follows from the numbers: a winner, a tie, nothing or care ahead, one episode, learned."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from juguo_agents.allocators import BASELINE, make_rule
from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.evaluation.rollout import compare
from juguo_agents.report import console_page, summarise
from juguo_agents.report.markdown import comparison_markdown
from juguo_agents.report.verdict import verdict
from juguo_envs import Family, Scenario

SMALL = {"society.persons": 60, "society.communities.count": 3, "programme.T": 12}
EPISODES = 40


@pytest.fixture(scope="module")
def world() -> Scenario:
    return Scenario.load("default").override(SMALL)


@pytest.fixture(scope="module")
def measured(world: Scenario) -> Comparison:
    rules = [make_rule(name) for name in ("flat", "market", "care_only", "nothing")]
    return compare(rules, world, episodes=EPISODES)


def with_returns(comparison: Comparison, **means: float) -> Comparison:
    """The comparison with returns that were made up: their means, and luck that all allocators share."""
    luck = np.random.default_rng(0).normal(0.0, 0.05, comparison.episodes)
    own = np.random.default_rng(1)
    records = []
    for name, mean in means.items():
        known = name.replace("baseline", BASELINE)
        like = next((r for r in comparison.records if r.name == known), comparison.records[0])
        noise = luck + own.normal(0.0, 0.01, comparison.episodes)
        records.append(replace(like, name=known, returns=mean + noise - noise.mean()))
    return replace(comparison, records=tuple(records))


def points(comparison: Comparison) -> list[str]:
    found = verdict(json.loads(json.dumps(summarise(comparison, {}))))
    assert len(found) == 5
    return found


REFERENCES = {"care_only": 0.1, "nothing": 0.0, "baseline": 0.2}


def test_a_clear_winner_is_named_with_what_it_gains_over_the_baseline(measured: Comparison) -> None:
    best, *_, basis = points(with_returns(measured, flat=0.5, market=0.3, **REFERENCES))
    assert best.startswith("The best programme is flat, with a mean return of 0.500 [")
    assert "It earns 0.300 [" in best and best.endswith("more than the baseline concentrated+exit+relief.")
    assert "highest of 3 means" in basis


def test_a_tie_is_called_a_tie(measured: Comparison) -> None:
    best = points(with_returns(measured, flat=0.5, market=0.4999, **REFERENCES))[0]
    assert best.startswith("The best programmes are tied, flat and market: these")
    assert "The best programme is" not in best


def test_a_programme_that_ties_with_the_baseline_is_not_called_better(measured: Comparison) -> None:
    best = points(with_returns(measured, flat=0.2001, care_only=0.1, nothing=0.0, baseline=0.2))[0]
    assert "The best programmes are tied" in best
    assert "It cannot be told from the baseline" in best


def test_where_nothing_earns_more_that_is_said_and_it_is_no_programme(measured: Comparison) -> None:
    best, *_, risk, _ = points(
        with_returns(measured, flat=-0.2, market=-0.3, care_only=-0.1, nothing=0.0, baseline=-0.4)
    )
    assert best.startswith(
        "No programme does better than nothing and care_only beyond luck. The best of them, flat,"
    )
    assert "falls behind it by 0.200 [" in best
    assert "The best programme is" not in best
    assert "worse than without a programme in 100%" in risk


def test_where_care_alone_earns_more_that_is_said(measured: Comparison) -> None:
    best = points(with_returns(measured, flat=0.2, market=0.1, care_only=0.4, nothing=0.0, baseline=0.1))[0]
    assert best.startswith("No programme does better than care_only beyond luck. The best of them, flat,")


@pytest.mark.parametrize("name", ["care_only+exit", "oracle"])
def test_variants_of_references_and_who_sees_what_is_hidden_are_no_programmes(
    measured: Comparison, name: str
) -> None:
    best = points(with_returns(measured, **{"flat": 0.3, name: 0.9, **REFERENCES}))[0]
    assert best.startswith("The best programme is flat")


def test_a_single_episode_is_no_verdict_on_the_console_and_the_page(world: Scenario) -> None:
    comparison = compare([make_rule("flat")], world, episodes=1)
    summary = summarise(comparison, {})
    for text in (console_page(summary).replace("\n   ", " "), comparison_markdown(comparison, summary)):
        assert "This is a single episode, too few to say which programme is best." in text
        assert "The risk cannot be told from so few episodes." in text
        assert "best programme is" not in text and "tied" not in text.split("##")[0]


def test_learned_allocators_are_one_programme_and_may_fall_behind_a_rule(measured: Comparison) -> None:
    learned = {"learned_seed0": 0.301, "learned_seed1": 0.299}
    best = points(with_returns(measured, flat=0.5, **learned, **REFERENCES))[0]
    assert best.startswith("The best programme is flat")
    assert "What was learned, the learned allocators (2 seeds), falls behind it by 0.200 [" in best
    ahead = points(with_returns(measured, flat=0.2, **learned, **REFERENCES))
    assert ahead[0].startswith(
        "The best programme is the learned allocators (2 seeds), with a mean return of 0.300"
    )


def test_a_rule_that_is_the_baseline_is_said_to_be_it(measured: Comparison) -> None:
    best = points(with_returns(measured, flat=0.1, care_only=0.1, nothing=0.0, baseline=0.5))[0]
    assert "It is the baseline itself." in best


def test_worlds_that_are_drawn_are_told_as_such(measured: Comparison) -> None:
    drawn = replace(with_returns(measured, flat=0.5, **REFERENCES), family=Family(measured.scenario))
    assert "each with a world of its own, drawn around" in points(drawn)[4]


def test_reach_and_who_is_left_out_are_those_of_the_records(measured: Comparison) -> None:
    comparison = with_returns(measured, flat=0.5, **REFERENCES)
    flat: Record = comparison.record("flat")
    adoption = np.zeros_like(flat.adoption)
    adoption[: EPISODES // 2, 4:] = 0.3
    assert flat.course is not None
    excluded = np.zeros_like(flat.course.excluded)
    excluded[:, 1] = 0.25
    changed = replace(flat, adoption=adoption, course=replace(flat.course, excluded=excluded))
    records = tuple(changed if r.name == "flat" else r for r in comparison.records)
    _, reach, left, *_ = points(replace(comparison, records=records))
    assert "15.0% of all persons use the technology at the end" in reach
    assert "25% of all persons is reached in 50% of the episodes, there after 4 quarters on average" in reach
    assert "50% is reached in no episode" in reach
    assert f"In {comparison.scenario.society.listed()[1].name}, where it is worst, these are 25.0%" in left


def test_from_some_episodes_on_there_is_a_verdict_with_a_warning(world: Scenario) -> None:
    rules = [make_rule("flat")]
    for episodes, verdict_given, warned in ((9, False, False), (10, True, True), (30, True, False)):
        found = points(with_returns(compare(rules, world, episodes=episodes), flat=0.5, **REFERENCES))
        assert ("best programme is" in found[0]) is verdict_given
        assert ("somewhat too narrow" in found[4]) is warned
