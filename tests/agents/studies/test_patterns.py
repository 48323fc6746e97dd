"""The patterns' arithmetic on records whose answers are known, and their bands."""

from __future__ import annotations

import csv
import json
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import like_for_like, make_rule, rule_names
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.adoption import Bass, crossing, fit_bass
from juguo_agents.evaluation.statistics import Estimate, composite_interval
from juguo_agents.report.names import PROPOSAL
from juguo_agents.studies.patterns import analysis
from juguo_agents.studies.patterns.analysis import MEASURES, PUBLISHED_P, PUBLISHED_Q, QUANTILES, SEARCHED
from juguo_agents.studies.patterns.runs import (
    AS_IS,
    CALM,
    CARE,
    CONCENTRATED,
    FACTS,
    KNOWLEDGE,
    NOTHING,
    SOUND,
    Band,
    Part,
    Pattern,
    Run,
    Runs,
    System,
    alike,
    bringing,
    follow,
)
from juguo_agents.studies.patterns.study import Patterns, measure_unsearched, use_of
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario
from tests.agents.studies.conducting import check_chinese, conducted
from tests.support import small

TABLE = (
    Path(__file__).resolve().parents[3].parent / "shared" / "data" / "bass_pq" / "pq_decisionpro_partial.csv"
)
SHIPPED_HOLD = tuple(MEASURES)
"""The patterns without searches that the shipped `default` must show."""
SHIPPED_EPISODES = 100

EPISODES, QUARTERS = 6, 60
YEARS = np.arange(QUARTERS + 1) / 4
EVEN = np.linspace(-0.01, 0.01, EPISODES)


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals of figures that hardly vary need no thousands of resamples."""

    def interval(statistic: Any, count: int, resamples: int = 100) -> Estimate:
        return composite_interval(statistic, count, min(resamples, 100))

    monkeypatch.setattr(analysis, "composite_interval", interval)


def a_run(
    returns: float = 0.0,
    adoption: Any = 0.0,
    knowledge: float = 0.0,
    excluded: float = 0.0,
    crises: float = 0.0,
    places: tuple[float, float] = (0.0, 0.0),
    strata: Any = None,
    spread: float = 1.0,
    given_up: Any = False,
) -> Run:
    """A run of `EPISODES` episodes; returns differ a little from episode to episode, the rest does not."""
    e, q = EPISODES, QUARTERS + 1
    return Run(
        returns=returns + spread * EVEN,
        excluded=np.full(e, excluded),
        adoption=np.broadcast_to(np.asarray(adoption, np.float64), (e, q)),
        given_up=np.broadcast_to(np.asarray(given_up), e),
        early_knowledge=np.full(e, knowledge),
        entering_knowledge=np.full(e, knowledge),
        crises=np.full(e, crises),
        places=np.broadcast_to(np.array(places), (e, q, 2)),
        strata=np.broadcast_to(np.zeros((q, 3)) if strata is None else strata, (e, q, 3)),
    )


def made_up(found: dict[System, Run]) -> Runs:
    """Made-up runs, of a world in which every technology is sound."""
    world = Scenario.load("default").override({"defect.p_X": 0.0})
    return Runs(world, 0, EPISODES, found)


def measured(number: int, **values: dict[str, Any]) -> Pattern:
    """A pattern of made-up runs, all alike but for the values that are given by the doctrine's name."""
    how = MEASURES[number]
    systems = {s: a_run(**values.get(s.name.split("+")[0], {})) for s in how.systems()}
    return how.pattern(made_up(systems))


def verdicts(pattern: Pattern) -> list[bool]:
    """Whether the parts hold that have a band."""
    return [part.holds for part in pattern.parts if part.band]


def test_a_curve_of_bass_gives_back_its_p_q_and_ceiling() -> None:
    for p, q, m in ((0.01, 0.4, 0.8), (0.0007, 0.9, 0.35), (0.08, 0.05, 0.6)):
        found = fit_bass(YEARS, Bass(p, q, m).at(YEARS))
        assert (found.p, found.q, found.m) == pytest.approx((p, q, m), rel=1e-3)


def test_the_ceiling_of_a_fitted_curve_is_at_most_all_people() -> None:
    assert fit_bass(YEARS, 0.01 * YEARS**2).m <= 1.0
    assert math.isnan(fit_bass(YEARS, np.zeros_like(YEARS)).p)


def test_a_crossing_lies_between_the_quarters_where_a_straight_line_would_meet_the_level() -> None:
    assert crossing(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.2, 0.6]), 0.3) == pytest.approx(1.25)
    assert math.isnan(crossing(np.array([0.0, 1.0]), np.array([0.0, 0.2]), 0.3))


# The data may not be committed; where it is at hand, the quantiles that `bass.py` declares are recomputed.
@pytest.mark.skipif(not TABLE.exists(), reason="the compilation of p and q is not part of the repository")
def test_the_published_range_is_the_5_and_95_percent_quantiles_of_the_table() -> None:
    with TABLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 22
    for column, declared in (("p", PUBLISHED_P), ("q", PUBLISHED_Q)):
        assert np.quantile([float(row[column]) for row in rows], QUANTILES) == pytest.approx(
            declared, rel=1e-9
        )


def test_a_part_beyond_noise_needs_its_whole_interval_in_the_band() -> None:
    estimate = Estimate(0.1, -0.1, 0.3)
    assert Part("x", estimate, Band(0.0, above=True)).holds
    assert Part("x", estimate, Band(0.0, above=True)).verdict == "undecided"
    assert not Part("x", estimate, Band(0.0, above=True, beyond_noise=True)).holds
    assert Part("x", Estimate(0.2, 0.1, 0.3), Band(0.0, above=True, beyond_noise=True)).verdict == "yes"
    assert Part("x", Estimate(-0.2, -0.3, -0.1), Band(0.0, above=True, beyond_noise=True)).verdict == "no"
    assert not Part("x", Estimate(0.0, 0.0, 0.0), Band(0.0, above=True)).holds
    assert Part("x", Estimate(0.0, 0.0, 0.0), Band(0.0)).holds
    assert Part("x", Estimate(math.nan, math.nan, math.nan), Band(0.0)).verdict == "no"


def test_a_pattern_is_told_by_the_first_part_that_does_not_hold() -> None:
    good, bad = Part("good", Estimate(1, 1, 1), Band(0.5)), Part("bad", Estimate(0, 0, 0), Band(0.5))
    told = Pattern(FACTS[1], (good, bad)).as_json()
    assert told["holds"] is False
    assert (told["part"], told["measured"], told["band"]) == ("bad", 0.0, ">= 0.5")
    assert Pattern(FACTS[1], (good, Part("told only", Estimate(0, 0, 0)))).holds


def test_the_interval_of_a_mean_of_equal_values_is_that_value_and_untold_resamples_are_left_out() -> None:
    values = np.full(5, 0.3)
    found = composite_interval(lambda drawn: float(values[drawn].mean()), 5)
    assert (found.mean, found.low, found.high) == pytest.approx((0.3, 0.3, 0.3))
    assert math.isnan(composite_interval(lambda drawn: math.nan, 5).mean)


def test_programmes_pay_where_all_gain_and_eight_reach_a_tenth_of_the_people() -> None:
    gaining = {name: {"returns": 0.1, "adoption": 0.101} for name in bringing()}
    assert verdicts(measured(1, **gaining)) == [True, True]
    few = {name: {"returns": 0.1, "adoption": 0.101 if i < 7 else 0.099} for i, name in enumerate(bringing())}
    assert verdicts(measured(1, **few)) == [True, False]
    noisy = gaining | {"flat": {"returns": 0.002, "adoption": 0.101, "spread": 3.0}}
    assert verdicts(measured(1, **noisy)) == [False, True]


def test_concentration_needs_the_lead_in_knowledge_the_hubs_and_the_excluded() -> None:
    typical = {
        CONCENTRATED: {"knowledge": 0.4, "places": (0.3, 0.15), "excluded": 0.1},
        KNOWLEDGE: {"knowledge": 0.6},
    }
    assert verdicts(measured(2, **typical)) == [True, True, True]
    tie = {CONCENTRATED: {"places": (0.3, 0.16)}, "flat": {"knowledge": 0.1}}
    tie |= {name: {"excluded": 0.1} for name in ("market", "tiered", "supply_led")}
    assert verdicts(measured(2, **tie)) == [False, False, False]


def test_hubs_are_ahead_also_where_nobody_else_adopts() -> None:
    nobody = {CONCENTRATED: {"knowledge": 0.4, "places": (0.3, 0.0), "excluded": 0.1}}
    pattern = measured(2, **nobody)
    assert verdicts(pattern)[1] and pattern.parts[1].estimate.mean == 0.0


def test_an_s_curve_holds_where_p_q_and_its_duration_lie_in_their_ranges() -> None:
    typical = {"adoption": Bass(0.01, 0.45, 0.7).at(YEARS)}
    sudden = {"adoption": Bass(0.01, 3.0, 0.7).at(YEARS)}
    pattern = measured(3, market=typical, experiment_diffusion=sudden)
    assert verdicts(pattern) == [True, True, True, True, False, False]
    assert pattern.parts[1].estimate.mean == pytest.approx(0.45, rel=1e-3)


def test_the_divide_is_the_years_between_the_halves_of_the_strata() -> None:
    def strata(low: float, high: float, level: float) -> Any:
        ramps = [level * np.clip((YEARS - start) / 4.0, 0.0, 1.0) for start in (low, low, high)]
        ramps[2] = np.clip((YEARS - high) / 4.0, 0.0, 1.0)
        return np.stack(ramps, 1)

    unequal = a_run(adoption=0.5, strata=strata(4.0, 2.5, 0.8))
    runs = dict.fromkeys(MEASURES[4].systems(), unequal)
    without = a_run(strata=strata(6.0, 2.5, 0.6))
    runs |= dict.fromkeys(alike(list(analysis.NARROWED), SOUND, "enablement"), without)
    pattern = analysis.divide(made_up(runs))
    assert pattern.holds
    assert pattern.parts[0].estimate.mean == pytest.approx(1.5)
    by_name = {part.name: part.estimate.mean for part in pattern.parts}
    assert by_name["flat: how much wider the gap is without enablement"] == pytest.approx(0.2)
    assert by_name["flat: further years ahead without enablement"] == pytest.approx(2.0)


def test_a_ranking_with_three_of_ten_pairs_exchanged_has_tau_of_four_tenths() -> None:
    assert analysis.kendall(np.arange(5.0), np.array([2.0, 1.0, 0.0, 3.0, 4.0])) == pytest.approx(0.4)


def test_crises_are_exceptions_where_they_are_few_and_the_ranking_stays() -> None:
    names = rule_names()
    assert measured(6, **{n: {"returns": i / 10, "crises": 0.15} for i, n in enumerate(names)}).holds
    runs = {System(like_for_like(n), AS_IS): a_run(i / 10, crises=0.16) for i, n in enumerate(names)}
    runs |= {System(like_for_like(n), CALM): a_run(-i / 10) for i, n in enumerate(names)}
    turned = analysis.crises_are_exceptions(made_up(runs))
    assert verdicts(turned) == [False, False]
    assert turned.parts[1].estimate.mean == pytest.approx(-1.0)
    assert turned.expected
    there = Runs(Scenario.load("crisis"), 0, EPISODES, runs)
    assert not analysis.crises_are_exceptions(there).expected


def test_care_is_not_enough_where_half_of_the_doctrines_earn_more() -> None:
    others = [name for name in rule_names() if name != CARE]
    for ahead, holds in ((8, True), (7, False)):
        values = {name: {"returns": 0.1} for name in others[:ahead]} | {CARE: {"returns": 0.05}}
        assert measured(7, **values).holds == holds


def test_no_diffusion_without_a_programme_means_at_most_a_twentieth_after_15_years() -> None:
    for share, holds in ((0.05, True), (0.051, False)):
        assert measured(10, **{NOTHING: {"adoption": share}}).holds == holds


def _share(value: float) -> dict[str, float]:
    return {"share": value, "share_low": value, "share_high": value}


def test_making_matters_where_a_fifth_of_the_gap_is_lost_and_diffusion_is_entered_with_knowledge() -> None:
    for lost, knowledge, holds in ((0.2, 0.3, [True, True]), (0.19, 0.29, [False, False])):
        ablated = {
            "levers": {"research": {"searched": _share(lost), "at_once": _share(lost)}},
            "control": {"searched": _share(0.5)},
            "gap": {},
        }
        pattern = analysis.making_matters(ablated, a_run(knowledge=knowledge), {})
        assert verdicts(pattern) == holds


def test_giving_up_is_told_apart_for_defective_and_sound_first_technologies() -> None:
    defective = np.array([True, True, False, False, False, False])
    run = a_run(given_up=defective)
    pattern = analysis.giving_up(run, defective, {})
    assert [part.estimate.mean for part in pattern.parts] == [1.0, 0.0]
    assert analysis.giving_up(run, ~defective, {}).holds is False


def test_feedback_pays_from_a_fifth_of_the_gap_and_what_governance_shows_from_8_percent() -> None:
    for feedback, evaluation, holds in ((0.2, 0.08, [True, True]), (0.19, 0.07, [False, False])):
        valued = {
            "worth_searched_on": {"feedback": _share(feedback), "evaluation": _share(evaluation)},
            "kinds_searched_on": {"holding": _share(0.0)},
            "gap": {},
            "searches": {"closed loop": "closed"},
            "last": {"closed loop": "closed loop"},
        }
        assert verdicts(analysis.feedback_pays(valued, {})) == holds


def test_every_fact_is_measured_once_and_the_searched_ones_are_5_8_and_9() -> None:
    assert sorted([*MEASURES, *SEARCHED]) == sorted(FACTS) == list(range(1, 11))


def test_test_episodes_are_for_making_a_world_for_confirming_it_or_for_something_else() -> None:
    ranges = (seeds.PATTERNS.first, seeds.CONFIRMING.end - 1, 5)
    assert [use_of(seed) for seed in ranges] == ["making", "confirming", "other"]


def test_a_run_tells_what_the_record_tells_of_the_same_episodes() -> None:
    world = Scenario.load("default").override({"society.persons": 60, "programme.T": 14})
    run = follow(make_rule(PROPOSAL), world, np.arange(3, dtype=np.uint64))
    sizes = np.array([1.25, 1.25, 1, 1, 1, 1, 1, 1])
    hubs = sizes[:2].sum() / sizes.sum()
    assert run.strata.shape == (3, 15, 3)
    both = run.places @ np.array([hubs, 1 - hubs])
    assert both == pytest.approx(run.adoption, abs=0.02)  # persons are whole, so sizes are near
    assert ((run.early_knowledge > 0.0) & (run.early_knowledge < 1.0)).all()
    alone = follow(make_rule(PROPOSAL), world, np.array([2], np.uint64))
    assert alone.early_knowledge[0] == run.early_knowledge[2]


@pytest.mark.slow
def test_the_shipped_world_shows_the_patterns_that_need_no_search() -> None:
    patterns = measure_unsearched(Scenario.load("default"), seeds.PATTERNS.first, SHIPPED_EPISODES)
    assert {pattern.fact.number for pattern in patterns if pattern.holds} >= set(SHIPPED_HOLD)


tiny = partial(conducted, Patterns, scenario=small(), episodes=4)


def test_every_pattern_has_a_verdict_a_line_and_a_figure(tmp_path: Path) -> None:
    page = tiny(tmp_path, only=tuple(MEASURES))
    assert json.loads((tmp_path / "patterns.json").read_text(encoding="utf-8")) == page.data
    assert [pattern["number"] for pattern in page.data["patterns"]] == list(MEASURES)
    for pattern in page.data["patterns"]:
        assert {"name", "holds", "measured", "low", "high", "band", "parts", "source"} <= set(pattern)
        assert (tmp_path / f"pattern-{pattern['number']}.png").read_bytes().startswith(b"\x89PNG")
    assert page.data["seeds"] == "making" and page.data["settings"]["first_seed"] == seeds.PATTERNS.first
    text = (tmp_path / "patterns.md").read_text(encoding="utf-8")
    assert "no programme, no diffusion" in text and "![pattern 10](pattern-10.png)" in text
    check_chinese(partial(tiny, tmp_path, only=tuple(MEASURES)), tmp_path, "patterns")


def test_patterns_measured_later_in_a_folder_stand_beside_those_measured_before(tmp_path: Path) -> None:
    first = tiny(tmp_path, only=(10,)).data["patterns"]
    both = tiny(tmp_path, only=(7,)).data["patterns"]
    assert [pattern["number"] for pattern in both] == [7, 10]
    assert both[1:] == first
    with pytest.raises(UserError, match="episodes is 9"):
        tiny(tmp_path, only=(7,), episodes=9)


def test_confirming_uses_the_episodes_kept_for_it(tmp_path: Path) -> None:
    data = tiny(tmp_path, only=(10,), confirm=True).data
    assert data["seeds"] == "confirming" and data["settings"]["first_seed"] == seeds.CONFIRMING.first
