"""The page and the figures, of runs whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.studies.hypotheses.claims import CLAIMS_FILE, load_claims
from juguo_agents.studies.hypotheses.figures import draw
from juguo_agents.studies.hypotheses.job import as_json, judge_all
from juguo_agents.studies.hypotheses.page import as_markdown, console_table
from juguo_agents.studies.hypotheses.runs import Settings, cells_of
from juguo_envs.worlds.sampling import axes

SETTINGS = Settings(load_claims(Path(__file__).resolve().parents[3] / CLAIMS_FILE), (6, 7))


def made_up() -> list[dict[str, Any]]:
    """Runs in which openness pays where there is money, harms where there is not, and nothing else acts."""
    rng = np.random.default_rng(0)
    budget = [axis.name for axis in axes()].index("money.B")
    runs: list[dict[str, Any]] = []
    for i, place in enumerate(SETTINGS.places()):
        cells = {}
        for key, (cell, outcomes) in cells_of(SETTINGS).items():
            if cell.arm.searched is None or i < SETTINGS.claims.search.scenarios:
                opened = cell.name == "open_always"
                level = (0.2 if place[budget] > 0.5 else -0.2) if opened else 0.0
                cells[key] = {o: (level + 0.01 * rng.standard_normal(24)).tolist() for o in outcomes}
        runs.append({"cells": cells, "notes": {}})
    return runs


def test_a_claim_that_depends_says_where_and_one_without_effect_fails() -> None:
    runs = made_up()
    results = judge_all(SETTINGS, runs)
    pays = results[0].parts[0]
    assert pays.judged.verdict == "depends"
    assert pays.region is not None
    assert pays.region.tells
    assert [r.verdict for r in results] == ["fails", "fails"]  # of the first, opening later brings no more
    page = as_markdown(SETTINGS, results, runs)
    assert "Where *it pays* is true" in page
    assert "budget (B) above" in page
    for claim in SETTINGS.chosen():
        for words in (claim.claim, claim.refuted_by, claim.built_in):
            assert words in page
    assert all(len(line) <= 110 for line in console_table(results).splitlines())
    scenarios = [(len(r.parts[0].judged.means), len(r.also[-1].judged.means)) for r in results]
    assert scenarios == [(SETTINGS.claims.sample.scenarios, SETTINGS.claims.search.scenarios)] * 2


def test_every_claim_has_a_figure_and_an_entry() -> None:
    result = judge_all(SETTINGS, made_up())[0]
    assert draw(result, SETTINGS).startswith(b"\x89PNG")
    entry = as_json(SETTINGS, result)
    assert list(entry)[:6] == ["claim", "verdict", "effect", "low", "high", "scenarios"]
    assert entry["reason"].startswith("refuted")
