"""The report: its numbers are the records' numbers, its words follow from them, its figures can be seen."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest

from juguo_agents import report
from juguo_agents.allocators import BASELINE
from juguo_agents.evaluation.record import EXIT_DTYPE, Comparison
from juguo_agents.report import console_table, summarise, write_report
from juguo_agents.report.doctrines import REFERENCES
from juguo_agents.report.figures import FACTORIAL, FIGURES, places
from juguo_agents.report.figures.style import spread
from juguo_agents.report.findings import findings
from juguo_agents.report.formatting import number
from juguo_agents.report.markdown import comparison_markdown
from juguo_agents.report.names import label
from juguo_agents.report.summary import main_rows
from juguo_agents.report.technologies import first_is_defective, share_given_up
from juguo_agents.report.tidy import csv_text, episodes
from juguo_envs import Batch, Scenario
from tests.agents.report.compared import VERSIONS, check_picture, compared, with_learned

EPISODES = 30
RULES = ("flat", "flat+exit", "experiment_diffusion", "market", "nothing", "care_only")
FIELDS = {
    "name", "episodes", "mean", "std", "iqm", "mean_low", "mean_high", "breadth", "resilience", "excluded",
    "excluded_low", "excluded_high",
    "difference", "difference_low", "difference_high", "adoption_end", "abandoned", "stage_quarters",
    "difference_to_best_rule", "difference_to_best_rule_low", "difference_to_best_rule_high",
    "defective_given_up", "sound_given_up",
}  # fmt: skip
# One place is able, the other is not, so some cells are empty; and the names are hard on fonts.
POLAR = Scenario.parse(
    {
        "name": "小世界 $x$",
        "society": {
            "persons": 40,
            "mean_degree": 4,
            "communities": [
                {"name": "北京", "population": 2, "producers": 1, "capability": 0.95, "hub": True},
                {"name": "Αθήνα $\\no$", "population": 3, "producers": 1, "capability": 0.05},
            ],
        },
        "programme": {"T": 6, "minimum": [1, 1, 1], "maximum": [2, 2]},
    }
)


def numbers_in(tree: Any) -> list[float]:
    if isinstance(tree, dict):
        return [x for part in tree.values() for x in numbers_in(part)]
    if isinstance(tree, list):
        return [x for part in tree for x in numbers_in(part)]
    return [float(tree)] if isinstance(tree, int | float) else []


def raised(comparison: Comparison, name: str, by: float) -> Comparison:
    """The comparison with one allocator's returns raised in every episode."""
    records = tuple(replace(r, returns=r.returns + by) if r.name == name else r for r in comparison.records)
    return replace(comparison, records=records)


def said(comparison: Comparison) -> str:
    return "\n".join(findings(summarise(comparison, {})))


@pytest.fixture(scope="module")
def small() -> Comparison:
    changes = {"society.persons": 60, "society.communities.count": 3, "programme.T": 24}
    return compared(RULES, Scenario.load("default").override(changes), EPISODES)


@pytest.fixture(scope="module")
def written(small: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    settings = dict(matplotlib.rcParams)
    files = write_report(with_learned(small, 0.05, 0.06), folder, VERSIONS)
    assert dict(matplotlib.rcParams) == settings  # nobody else's figures change
    assert files[-1] == folder / "comparison.json"  # where it is, the rest is, too
    assert sorted(files) == sorted(folder.iterdir())  # and no temporary file is left
    return folder


def test_the_json_holds_every_field_and_only_finite_numbers(written: Path) -> None:
    summary = json.loads((written / "comparison.json").read_text())
    top = {"scenario", "scenario_digest", "observe", "episodes", "first_seed", "baseline", "best_rule",
           "confidence", "versions", "allocators", "learned", "defective_first", "programmes", "references",
           "highlighted", "like_for_like", "institutions", "factorial", "best", "indicators", "spending",
           "board", "parts", "given_up", "world", "route"}  # fmt: skip
    assert set(summary) == top | {"kind", "format", "model", "of", "sha256"}
    assert summary["versions"] == VERSIONS
    assert summary["confidence"] == 0.95
    assert all(set(a) == FIELDS for a in summary["allocators"])
    assert all(math.isfinite(x) for x in numbers_in(summary))


def test_allocators_come_best_first_and_differ_from_themselves_by_nothing(written: Path) -> None:
    summary = json.loads((written / "comparison.json").read_text())
    means = [a["mean"] for a in summary["allocators"]]
    assert means == sorted(means, reverse=True)
    by_name = {a["name"]: a for a in summary["allocators"]}
    assert set(by_name) == {*RULES, BASELINE, "learned_seed0", "learned_seed1"}
    for name, field in (
        (summary["baseline"], "difference"),
        (summary["best_rule"], "difference_to_best_rule"),
    ):
        assert [by_name[name][field + end] for end in ("", "_low", "_high")] == [0.0, 0.0, 0.0]
    assert summary["learned"]["names"] == ["learned_seed1", "learned_seed0"]
    assert summary["learned"]["difference_to_best_rule"] == pytest.approx(0.055)


def test_the_numbers_are_those_of_the_records(small: Comparison) -> None:
    base, best = small.record(BASELINE), small.record(summarise(small, VERSIONS)["best_rule"])
    for a in summarise(small, VERSIONS)["allocators"]:
        record = small.record(a["name"])
        assert a["mean"] == pytest.approx(record.returns.mean())
        assert a["std"] == pytest.approx(record.returns.std(ddof=1))
        assert a["mean_low"] <= a["mean"] <= a["mean_high"]
        assert a["difference"] == pytest.approx(record.returns.mean() - base.returns.mean())
        assert a["difference_low"] <= a["difference"] <= a["difference_high"]
        assert a["difference_to_best_rule"] == pytest.approx(record.returns.mean() - best.returns.mean())
        assert a["adoption_end"] == pytest.approx(record.adoption[:, -1].mean())
        assert a["abandoned"] == pytest.approx(len(record.exits) / EPISODES)
        assert sum(a["stage_quarters"]) == pytest.approx(small.scenario.programme.T)


def test_the_episodes_give_the_means_again(small: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(episodes(small)))))
    assert len(rows) == len(small.records) * EPISODES
    for a in summarise(small, VERSIONS)["allocators"]:
        own = [r for r in rows if r["allocator"] == a["name"]]
        assert [int(r["seed"]) for r in own] == list(range(EPISODES))
        for column, field in (("return", "mean"), ("excluded", "excluded"), ("abandoned", "abandoned")):
            assert np.mean([float(r[column]) for r in own]) == pytest.approx(a[field])


def test_every_figure_is_a_picture_with_something_in_it(written: Path) -> None:
    assert {path.name for path in written.glob("*.png")} == {*FIGURES} - {FACTORIAL}
    for name in {*FIGURES} - {FACTORIAL}:
        check_picture((written / name).read_bytes())


def test_the_page_shows_every_figure_and_every_allocator(written: Path) -> None:
    page = (written / "comparison.md").read_text()
    for name in FIGURES:
        assert (f"]({name})" in page) is (name != FACTORIAL)  # not all cells of a doctrine were compared
    for name in (*RULES, BASELINE, "learned_seed0"):
        assert f"| `{name}` |" in page or f"| `{name}` (reference) |" in page
    for word in ("Return", "Breadth", "Resilience", "Excluded", "Given up", "Paired difference", "(IQM)"):
        assert word in page.split("## Words")[1]
    assert "60 persons in 3 communities" in page
    assert "24 quarters (6 years)" in page
    assert "budget of 0.8 units" in page


def test_a_failure_on_the_way_leaves_the_old_report_alone(
    small: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no room for a figure")

    (tmp_path / "comparison.json").write_text("old")
    monkeypatch.setitem(FIGURES, "return.png", fail)
    with pytest.raises(RuntimeError, match="no room"):
        write_report(small, tmp_path, VERSIONS)
    assert (tmp_path / "comparison.json").read_text() == "old"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_single_episode_with_empty_cells_and_hard_names_is_reported_without_a_verdict(
    tmp_path: Path,
) -> None:
    comparison = compared(("flat",), POLAR, 1)
    assert np.isnan(comparison.record("flat").final_adoption).any()
    write_report(comparison, tmp_path, VERSIONS)
    page = (tmp_path / "comparison.md").read_text()
    assert "a single episode, too few to say which programme is best" in page
    assert "tied" not in page.split("## The numbers")[0]
    summary = json.loads((tmp_path / "comparison.json").read_text())
    assert all(a["std"] == 0.0 and a["mean_low"] == a["mean"] for a in summary["allocators"])


def test_empty_cells_are_left_out_of_the_mean_and_marked(tmp_path: Path) -> None:
    cells = np.array([[[0.2, np.nan]], [[0.4, np.nan]], [[np.nan, np.nan]]])
    np.testing.assert_allclose(places.mean_where_any(cells), [[0.3, np.nan]])
    comparison = compared(("flat",), POLAR, 2)
    legend = places.draw(comparison, summarise(comparison, VERSIONS)).legends[0]
    assert legend.get_texts()[0].get_text() == "nobody of that third lives there"


def test_where_nobody_gave_up_page_and_figure_say_so(small: Comparison) -> None:
    records = tuple(replace(r, exits=np.zeros(0, EXIT_DTYPE)) for r in small.records)
    comparison = replace(small, records=records)
    summary = summarise(comparison, VERSIONS)
    assert all(
        a["abandoned"] == 0.0 and a["defective_given_up"] in (0.0, None) for a in summary["allocators"]
    )
    assert "No allocator gave up a project in any episode." in comparison_markdown(comparison, summary)
    texts = FIGURES["exits.png"](comparison, summary).texts
    assert any("No allocator gave up" in text.get_text() for text in texts)


@pytest.mark.parametrize(
    ("gain", "words", "unsaid"),
    [
        (0.05, "taken together, gain +0.050", "tied with the best rule"),
        (0.0, "taken together, are tied with the best rule", " gain "),
        (-0.05, "taken together, fall behind the best rule", " gain "),
    ],
)
def test_the_words_on_the_learned_follow_the_sign_of_the_interval(
    small: Comparison, gain: float, words: str, unsaid: str
) -> None:
    text = said(with_learned(small, gain, gain))
    assert words in text
    assert unsaid not in text.split("**The 2 learned")[1].split("**Against")[0].split("One by one")[0]


def test_a_rule_that_did_the_same_in_every_episode_is_called_tied(small: Comparison) -> None:
    best = small.record(summarise(small, {})["best_rule"])
    twin = replace(small, records=(*small.records, replace(best, name="tiered")))
    assert "tied with `tiered`" in said(twin)
    assert "Every other programme is behind it" not in said(twin)
    assert f"`{best.name}` comes first" not in said(twin)


def test_the_winner_in_the_words_is_the_winner_in_the_numbers(small: Comparison) -> None:
    for winner in (BASELINE, "market"):
        text = said(raised(small, winner, 1.0))
        assert f"**The best rule is `{winner}`**" in text
        assert "Every other programme is behind it" in text


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_is_never_the_best_rule_and_where_no_programme_beats_it_that_is_said(
    small: Comparison, reference: str
) -> None:
    comparison = raised(small, reference, 1.0)
    summary = summarise(comparison, {})
    assert summary["allocators"][0]["name"] == reference
    assert summary["best_rule"] != reference
    assert f"No programme earns more than `{reference}`" in said(comparison)
    below = raised(small, reference, -1.0)
    assert f"No programme earns more than `{reference}`" not in said(below)
    (found,) = [row for row in summarise(below, {})["references"] if row["doctrine"] == reference]
    assert found["above"] == summarise(below, {})["programmes"]


def test_a_few_episodes_give_no_findings() -> None:
    assert said(compared(("flat",), POLAR, 4)) == ""


def test_where_a_doctrine_lacks_the_version_with_both_institutions_the_table_is_a_plain_one(
    small: Comparison,
) -> None:
    summary = summarise(small, VERSIONS)
    assert summary["like_for_like"] == summary["institutions"] == []
    assert summary["factorial"] is None
    assert [r["name"] for r in main_rows(summary)] == [a["name"] for a in summary["allocators"]]


def test_the_defects_that_are_reported_are_those_the_environment_drew(small: Comparison) -> None:
    batch = Batch(small.scenario, EPISODES, noisy=False)
    batch.reset(np.arange(EPISODES, dtype=np.uint64))
    drawn = batch.state.programme["X"] >= small.scenario.defect.X_lo
    assert drawn.any()
    assert not drawn.all()
    np.testing.assert_array_equal(first_is_defective(small), drawn)
    exits = small.record("market").exits
    given_up = np.isin(np.arange(EPISODES), exits["episode"][exits["project"] == 0])
    (row,) = [a for a in summarise(small, VERSIONS)["allocators"] if a["name"] == "market"]
    assert row["defective_given_up"] == pytest.approx(given_up[drawn].mean())
    assert row["sound_given_up"] == pytest.approx(given_up[~drawn].mean())


def test_only_the_first_technology_of_an_episode_counts_as_a_right_or_a_false_call(small: Comparison) -> None:
    exits = np.zeros(3, EXIT_DTYPE)
    exits["episode"], exits["project"] = [0, 1, 1], [1, 0, 1]
    record, chosen = replace(small.record("flat"), exits=exits), np.zeros(EPISODES, bool)
    assert share_given_up(record, chosen) is None
    chosen[[0, 1, 2, 3]] = True
    assert share_given_up(record, chosen) == 0.25


def test_the_console_table_is_made_from_the_json_and_fits_the_terminal(small: Comparison) -> None:
    long = replace(small.record("flat"), name="learned_a_run_with_a_name_that_has_no_end_at_all_seed0")
    comparison = replace(small, records=(*small.records, long))
    summary = json.loads(json.dumps(summarise(comparison, VERSIONS)))
    lines = console_table(summary).splitlines()
    assert len(lines) == len(comparison.records) + 2
    assert max(map(len, lines)) <= 110
    assert [line.split()[0] for line in lines[2:] if "no_end" not in line and "learned" not in line] == [
        a["name"] for a in summary["allocators"] if a["name"] != long.name
    ]


def test_numbers_come_without_matplotlib() -> None:
    code = "import sys, juguo_agents.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert not hasattr(report, "draw_figures")


def test_labels_at_line_ends_keep_their_distance_and_their_order() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        wanted = rng.choice((rng.uniform(0.0, 1.0), rng.uniform(0.0, 1.0)), 7) + rng.normal(0.0, 0.02, 7)
        placed = spread(wanted, 0.06, 0.0, 1.0)
        order = np.argsort(wanted, kind="stable")
        assert np.diff(placed[order]).min() > 0.06 - 1e-9
        assert placed.min() >= -1e-9
        assert placed.max() <= 1.0 + 1e-9


def test_names_are_put_into_words() -> None:
    assert label("experiment_diffusion") == "experiment diffusion"
    assert label("flat+exit") == "flat, with exit"
    assert label("market-exit") == "market, no exit"
    assert label("learned_seed3") == "learned, seed 3"
    assert label("learned_ppo_seed12") == "learned ppo, seed 12"
    assert number(-0.0004) == "0.000"
    assert number(-0.1234, signed=True) == "−0.123"
