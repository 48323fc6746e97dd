"""Doctrines like for like, and what institutions are worth: the factorial of a comparison."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import all_rule_names, cell_name, variant_of
from juguo_agents.evaluation.record import Comparison
from juguo_agents.report import console_table, summarise
from juguo_agents.report.doctrines import REFERENCES
from juguo_agents.report.factorial import SOURCES, effects, variance_shares
from juguo_agents.report.figures import FACTORIAL, FIGURES
from juguo_agents.report.markdown import comparison_markdown
from juguo_agents.report.summary import main_rows
from juguo_envs import Scenario
from tests.agents.report.compared import VERSIONS, check_picture, compared, with_learned

EPISODES = 30
DOCTRINES = ("nothing", "concentrated", "market", "flat", "care_only", "experiment_diffusion")


@pytest.fixture(scope="module")
def full() -> Comparison:
    """All cells of some doctrines and the paper's own versions."""
    changes = {"society.persons": 60, "society.communities.count": 3, "programme.T": 24}
    names = [name for name in all_rule_names() if variant_of(name).doctrine in DOCTRINES]
    return compared(tuple(names), Scenario.load("default").override(changes), EPISODES)


def test_every_doctrine_has_one_row_with_both_institutions_and_its_own_version_in_it(
    full: Comparison,
) -> None:
    summary = summarise(full, VERSIONS)
    rows = {row["doctrine"]: row for row in summary["like_for_like"]}
    assert list(rows) == [r["doctrine"] for r in sorted(rows.values(), key=lambda r: -r["mean"])]
    assert set(rows) == set(DOCTRINES)
    for doctrine, row in rows.items():
        both = doctrine != "nothing"  # stands as it is
        assert variant_of(row["name"]) == variant_of(cell_name(doctrine, both, both))
        assert row["mean"] == full.record(row["name"]).returns.mean()
        assert row["reference"] == (doctrine in REFERENCES)
        own = full.record(row["own"]["name"])
        assert variant_of(own.name) == variant_of(doctrine)
        assert row["own"]["difference"] == pytest.approx(own.returns.mean() - row["mean"])
    assert summary["best_rule"] == next(r["name"] for r in rows.values() if not r["reference"])
    assert summary["programmes"] == [r["name"] for r in rows.values() if not r["reference"]]


def test_the_main_table_has_a_row_for_each_doctrine_and_each_other_allocator(full: Comparison) -> None:
    other = replace(full.record("flat"), name="searched_closed_loop")
    summary = summarise(with_learned(replace(full, records=(*full.records, other)), 0.1), VERSIONS)
    rows = main_rows(summary)
    assert {r["doctrine"] or r["name"] for r in rows} == {*DOCTRINES, "learned_seed0", other.name}
    assert [r["mean"] for r in rows] == sorted((r["mean"] for r in rows), reverse=True)
    lines = console_table(json.loads(json.dumps(summary))).splitlines()
    assert [line.split()[0] for line in lines[2 : 2 + len(rows)]] == [
        r["doctrine"] or r["name"] for r in rows
    ]
    assert max(map(len, lines)) <= 110


def test_the_effects_are_differences_between_the_cells_on_the_same_episodes(full: Comparison) -> None:
    rows = summarise(full, VERSIONS)["institutions"]
    assert {row["doctrine"] for row in rows} == set(DOCTRINES)
    for row in rows:
        neither, exit, relief, both = (
            full.record(row["cells"][cell]["name"]).returns for cell in ("neither", "exit", "relief", "both")
        )
        assert row["mean"] == pytest.approx(both.mean())
        assert row["exit"] == pytest.approx(((exit - neither) + (both - relief)).mean() / 2.0)
        assert row["exit_alone"] == pytest.approx((exit - neither).mean())
        assert row["exit_with_relief"] == pytest.approx((both - relief).mean())
        assert row["relief"] == pytest.approx(((relief - neither) + (both - exit)).mean() / 2.0)
        assert row["relief_alone"] == pytest.approx((relief - neither).mean())
        assert row["relief_with_exit"] == pytest.approx((both - exit).mean())
        assert row["interplay"] == pytest.approx((both - relief - exit + neither).mean())
        for name in effects({}.fromkeys(((False, False), (True, False), (False, True), (True, True)), both)):
            assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]


def test_a_doctrine_whose_own_version_is_a_cell_is_found_by_what_it_does_not_by_its_name(
    full: Comparison,
) -> None:
    (row,) = [r for r in summarise(full, {})["institutions"] if r["doctrine"] == "experiment_diffusion"]
    assert row["cells"]["both"]["name"] == "experiment_diffusion"
    longer = tuple(
        replace(r, name="experiment_diffusion+exit+relief") if r.name == "experiment_diffusion" else r
        for r in full.records
    )
    (again,) = [
        r
        for r in summarise(replace(full, records=longer), {})["institutions"]
        if r["doctrine"] == "experiment_diffusion"
    ]
    assert again["mean"] == row["mean"]


def test_the_variance_is_divided_into_shares_that_add_up_to_one(full: Comparison) -> None:
    totals = summarise(full, VERSIONS)["factorial"]
    assert totals["cells"] == 4 * len(DOCTRINES)
    assert totals["bringing"] == [d for d in totals["doctrines"] if d not in REFERENCES]
    assert sum(totals["variance"][name] for name in SOURCES) == pytest.approx(1.0, abs=0.02)


def cells_of(doctrine: float = 0.0, exit: float = 0.0, relief: float = 0.0, both: float = 0.0) -> Any:
    """(6, 2, 2, 200) returns with given effects and the luck of episodes, common and of each cell's own."""
    rng = np.random.default_rng(0)
    d, e, r = np.meshgrid(np.arange(6.0), (0.0, 1.0), (0.0, 1.0), indexing="ij")
    means = doctrine * d + exit * e + relief * r + both * e * r
    return means[..., None] + rng.normal(0.0, 1.0, 200) + rng.normal(0.0, 0.3, (*means.shape, 200))


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("doctrine", {"doctrine": 1.0}),
        ("exit", {"exit": 2.0}),
        ("relief", {"relief": 2.0}),
        ("interplay", {"both": 4.0, "exit": -2.0, "relief": -2.0}),
    ],
)
def test_the_variance_goes_to_what_makes_it(source: str, made: dict[str, float]) -> None:
    shares = variance_shares(cells_of(**made))
    assert shares is not None
    assert shares[source] > 0.97
    for name in SOURCES:
        assert shares[f"{name}_low"] <= shares[name] <= shares[f"{name}_high"]
        assert name == source or shares[f"{name}_low"] < 0.01


def test_luck_alone_is_no_share_of_the_interplay() -> None:
    # without a correction 17 of the 23 degrees of freedom, all luck, would count as interplay
    shares = variance_shares(cells_of(doctrine=0.02))
    assert shares is not None
    assert shares["interplay"] < 0.3


def test_cells_that_are_all_alike_have_no_variance_to_divide() -> None:
    assert variance_shares(np.ones((3, 2, 2, 10))) is None


def test_the_page_of_the_factorial_says_what_the_division_and_the_institutions_are_worth(
    full: Comparison,
) -> None:
    summary = summarise(full, VERSIONS)
    out = io.BytesIO()
    FIGURES[FACTORIAL](full, summary).savefig(out, format="png")
    check_picture(out.getvalue())
    page = comparison_markdown(full, summary)
    for words in ("What the division of the money is worth", "What the institutions are worth"):
        assert words in page
    table = page.split("## The numbers")[1].split("## ")[0]
    for doctrine in DOCTRINES:
        assert table.count(f"| `{doctrine}`") == 1
    assert "+exit" not in table
    assert f"]({FACTORIAL})" in page
