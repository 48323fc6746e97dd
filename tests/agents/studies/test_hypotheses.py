"""The paper's claims as a study: the arms, what is measured, what is written, and that nothing is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from juguo_agents.allocators import make_rule
from juguo_agents.evaluation.outcomes import OUTCOMES, Watch
from juguo_agents.evaluation.rollout import run
from juguo_agents.report.texts import speaking
from juguo_agents.studies.hypotheses.analysis import as_json, as_markdown, console_table, results_of
from juguo_agents.studies.hypotheses.claims import SHIPPED, Arm, ChosenClaims, load_claims
from juguo_agents.studies.hypotheses.figures import draw
from juguo_agents.studies.hypotheses.study import (
    HypothesesStudy,
    build,
    search_scenario,
    seeds_of,
)
from juguo_envs import Batch
from juguo_envs.errors import UserError
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.worlds.sampling import axes
from tests.agents.studies.conducting import conducted, english
from tests.support import seeds, small


def test_episodes_can_be_chosen_by_their_first_technology() -> None:
    world = small({"defect.p_X": 0.3})
    for first, fits in (("defective", lambda x: x >= world.defect.X_lo), ("sound", lambda x: x <= 0.1)):
        chosen = seeds_of(world, 2, 30, 5000, first)  # type: ignore[arg-type]
        batch = Batch(world, 30)
        batch.reset(chosen)
        assert fits(batch.state.programme["X"]).all()
        assert ((chosen >= 7000) & (chosen < 8000)).all()
    assert seeds_of(world, 2, 3, 5000, "any").tolist() == [7000, 7001, 7002]


def test_outcomes_agree_with_the_record_where_both_hold_them() -> None:
    world = small()
    watch = Watch(6, world.programme.T)
    result = run(make_rule("flat"), world, seeds(6), watch=watch.see)
    np.testing.assert_allclose(watch.breadth.mean(1), result.breadth)
    for outcome in OUTCOMES.values():
        assert outcome.read(result, watch).shape == (6,)
    np.testing.assert_allclose(OUTCOMES["use_less_products"].read(result, watch), 0.0, atol=1e-6)
    np.testing.assert_allclose(OUTCOMES["others_less_products"].read(result, watch), 1.0 / 3.0, atol=1e-6)


def test_what_a_search_began_with_and_ended_with_are_allocators(tmp_path: Path) -> None:
    world = small()
    searched, notes = search_scenario(tmp_path, ["closed_loop", "thresholds"], world, 900, 5)
    assert notes["closed_loop"]["spent"] <= 900
    returns = []
    for at in ("start", "open_loop", "end"):
        stated = Arm.model_validate({"searched": "closed_loop", "at": at})
        returns.append(run(build(stated, at, world, make_rule, searched), world, seeds(6)).returns.mean())
    assert len(set(returns)) > 1
    again, _ = search_scenario(tmp_path, ["closed_loop", "thresholds"], world, 900, 5)
    assert again == searched


def test_shares_are_paid_as_stated_and_move_on_by_their_thresholds() -> None:
    stated = {"shares": {"research": 3, "service": 1}, "openness": [0, 0, 0], "advance": "never"}
    world = small()
    result = run(build(Arm.model_validate(stated), "arm", world, make_rule), world, seeds(6))
    paid = result.spending[:, :, :9].sum(1)
    research, service = (paid[:, FUNCTIONS.index(name)] for name in ("research", "service"))
    np.testing.assert_allclose(research, 3.0 * service, rtol=1e-5)
    assert result.stage_quarters[:, 2].max() == 0


TEST = ChosenClaims(load_claims(SHIPPED), (6, 7))


def made_up() -> list[dict[str, Any]]:
    """Runs in which openness pays where there is money, harms where there is not, and nothing else acts."""
    rng = np.random.default_rng(0)
    budget = [axis.name for axis in axes()].index("money.B")
    runs: list[dict[str, Any]] = []
    for i, place in enumerate(TEST.places()):
        cells = {}
        for key, (cell, outcomes) in TEST.cells().items():
            if cell.arm.searched is None or i < TEST.claims.search.scenarios:
                opened = cell.name == "open_always"
                level = (0.2 if place[budget] > 0.5 else -0.2) if opened else 0.0
                cells[key] = {o: (level + 0.01 * rng.standard_normal(24)).tolist() for o in outcomes}
        runs.append({"cells": cells, "notes": {}})
    return runs


def test_a_claim_that_depends_says_where_and_one_without_effect_is_refuted() -> None:
    runs = made_up()
    results = results_of(TEST, runs)
    pays = results[0].parts[0]
    assert pays.judged.verdict == "depends"
    assert pays.region is not None
    assert pays.region.tells
    assert [r.verdict for r in results] == [
        "refuted",
        "refuted",
    ]  # of the first, opening later brings no more
    page = as_markdown(TEST, results, runs)
    assert "Where *it pays* is true" in page
    assert "budget (B) above" in page
    for claim in TEST.chosen():
        for words in (claim.claim, claim.refuted_by, claim.built_in):
            assert words in page
    assert all(len(line) <= 110 for line in console_table(results).splitlines())
    scenarios = [(len(r.parts[0].judged.means), len(r.also[-1].judged.means)) for r in results]
    assert scenarios == [(TEST.claims.sample.scenarios, TEST.claims.search.scenarios)] * 2


def test_the_page_is_in_chinese_where_that_is_asked_for_and_what_is_ones_own_stays() -> None:
    runs = made_up()
    results = results_of(TEST, runs)
    with speaking("zh"):
        page, table = as_markdown(TEST, results, runs), console_table(results)
    assert english(page) == english(table) == []
    assert "*开放有利*在哪里成立" in page and "预算（B）高于" in page
    own = replace(results[0], claim=results[0].claim.model_copy(update={"claim": "A claim of my own."}))
    with speaking("zh"):
        assert "A claim of my own." in as_markdown(TEST, [own], runs)


def test_every_claim_has_a_figure_and_an_entry() -> None:
    result = results_of(TEST, made_up())[0]
    assert draw(result, TEST).startswith(b"\x89PNG")
    entry = as_json(TEST, result)
    assert list(entry)[:6] == ["claim", "verdict", "effect", "low", "high", "scenarios"]
    assert (entry["verdict"], entry["reason"]) == ("refuted", "the effect goes the other way")


TINY: dict[str, Any] = {
    "kind": "juguo_hypotheses",
    "format": 1,
    "sample": {"scenarios": 3, "points_seed": 5, "episodes": 3, "episodes_from": 1000},
    "search": {"scenarios": 2, "budget": 200, "seed": 3},
    "tuning": {
        "shipped": ["poor"], "points": 0, "points_seed": 6, "budget": 60, "seed": 4, "selection_episodes": 2,
    },
    "verdict": {"confidence": 0.95, "scenario_confidence": 0.99, "most": 0.5, "some": 0.1},
    "arms": {
        "tuned": {"tuned": "flat+exit"},
        "searched": {"searched": "thresholds", "world": {"crisis.crs": 0}},
        "nothing": {"rule": "nothing"},
    },
    "claims": [
        {
            "id": 1, "name": "the first", "claim": "Something is better than nothing.",
            "statistic": "Return.", "refuted_by": "No difference.", "built_in": "Nothing.",
            "parts": [
                {
                    "name": "return", "says": "Flat beats nothing.", "contrast": {"tuned": 1, "nothing": -1},
                    "outcome": "return", "direction": "above", "counts": 0.01,
                },
            ],
        },
        {
            "id": 2, "name": "the second", "claim": "The best do better still.", "statistic": "Return.",
            "refuted_by": "No difference.", "built_in": "Nothing.",
            "parts": [
                {
                    "name": "return", "says": "The best beat flat.", "contrast": {"searched": 1, "tuned": -1},
                    "outcome": "return", "direction": "above", "counts": 0.01,
                },
            ],
        },
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def claims(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small file of claims."""
    path = tmp_path_factory.mktemp("claims") / "claims.yaml"
    path.write_text(yaml.safe_dump(TINY, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(claims: Path) -> Path:
    """The folder of a finished small test."""
    conducted(HypothesesStudy, claims.parent / "whole", claims=claims)
    return claims.parent / "whole"


def test_a_test_leaves_a_verdict_a_number_and_a_figure_for_each_claim(whole: Path, claims: Path) -> None:
    page = conducted(HypothesesStudy, whole, claims=claims)
    assert json.loads((whole / "verdicts.json").read_text(encoding="utf-8")) == page.data
    assert [(entry["id"], entry["scenarios"]) for entry in page.data["claims"]] == [(1, 3), (2, 2)]
    for entry in page.data["claims"]:
        assert entry["verdict"] in ("holds", "depends", "undecided", "refuted")
        assert entry["low"] <= entry["effect"] <= entry["high"]
        assert (whole / entry["figure"]).read_bytes().startswith(b"\x89PNG")
    text = (whole / "hypotheses.md").read_text(encoding="utf-8")
    for words in ("## 1. Something is better than nothing.", "What is built in", "claim-02.png", "tuned: "):
        assert words in text
    assert "Something is better than nothing." in page.console
    assert all(len(line) <= 110 for line in page.console.splitlines())


def test_a_folder_keeps_to_the_claims_that_it_was_begun_with(whole: Path, claims: Path) -> None:
    with pytest.raises(UserError, match=r"sample\.episodes is 9.* has 3"):
        conducted(HypothesesStudy, whole, claims=claims, episodes=9)


@pytest.mark.slow
def test_what_was_lost_runs_again_to_the_same_verdicts_with_other_workers(whole: Path, claims: Path) -> None:
    before = (whole / "verdicts.json").read_bytes()
    (whole / "store" / "scenarios" / "scenario-0001.parquet").unlink()
    kept = whole / "store" / "scenarios" / "scenario-0000.parquet"
    time = kept.stat().st_mtime_ns
    conducted(HypothesesStudy, whole, workers=2, claims=claims)
    assert (whole / "verdicts.json").read_bytes() == before
    assert kept.stat().st_mtime_ns == time
