"""What is named is singled out: drawn, labelled and in a colour of its own in every figure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from juguo_agents.allocators import BASELINE, all_rule_names, make_rule
from juguo_agents.artifacts.load import find_allocators, named_one_by_one
from juguo_agents.comparing import compare as compare_easily
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import MOST_HIGHLIGHTED, compare
from juguo_agents.report import comparison_data, summarise
from juguo_agents.report.figures import draw_figure
from juguo_agents.report.figures.series import highlighted, learned_series
from juguo_agents.report.figures.style import colour
from juguo_agents.report.names import label_of
from juguo_agents.report.summary import Summary, main_rows
from juguo_envs.errors import UserError
from tests.running import TINY_WORLD, juguo, refused, succeeded
from tests.support import small

NAMED = (
    "market",
    "flat+exit",
    "care_only",
    "capability_first",
    "demonstration_zone",
    "flat",
    "equal",
    "slow",
)
DEFECTIVE = small({"defect.p_X": 1.0, "programme.T": 24})
FIGURES = ("return", "adoption", "exits", "money", "places", "board")
OWN = """
import numpy as np
from juguo_agents.allocators.rules import Flat


class Equal(Flat):
    base_name = "equal"


class Slow(Flat):
    base_name = "slow"
    openness = 0.1
"""
Both = tuple[Comparison, Summary]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """All rules, and two of one's own; eight of all that are singled out."""
    file = tmp_path_factory.mktemp("own") / "mine.py"
    file.write_text(OWN)
    own = find_allocators([f"{file}:Equal", f"{file}:Slow"])
    everyone = [*map(make_rule, all_rule_names()), *own]
    comparison = compare(everyone, DEFECTIVE, episodes=6, highlight=NAMED)
    return comparison, summarise(comparison, {})


def texts(figure: Figure) -> str:
    return "\n".join(found.get_text().replace("\n", " ") for found in figure.findobj(Text))


@pytest.mark.parametrize("name", FIGURES)
def test_each_of_eight_is_labelled_in_every_figure(name: str, both: Both) -> None:
    comparison, summary = both
    written = texts(draw_figure(name, comparison, summary))
    for one in NAMED:
        assert label_of(summary, one) in written, one


def test_each_has_a_colour_of_its_own(both: Both) -> None:
    chosen = highlighted(*both, ("concentrated", "flat", "experiment_diffusion"))
    shown = {series.records[0].name for series in chosen}
    assert {*NAMED, both[1]["best_rule"], BASELINE} <= shown
    assert len({colour(series) for series in chosen}) == len(chosen)


def test_what_is_singled_out_stands_in_the_main_table_and_in_the_file(both: Both) -> None:
    comparison, summary = both
    assert {*NAMED} <= {row["name"] for row in main_rows(summary)}
    assert comparison_data(summary)["highlighted"] == [*NAMED]
    plain = summarise(replace(comparison, highlight=()), {})
    assert plain["best"] == summary["best"]
    assert "flat+exit" not in {row["name"] for row in main_rows(plain)}


def test_without_names_the_figures_are_as_they_were(both: Both) -> None:
    comparison, summary = both
    plain = replace(comparison, highlight=())
    kinds = [series.kind for series in highlighted(plain, summarise(plain, {}), ("concentrated", "flat"))]
    assert kinds[1:] == ["concentrated", "flat"] and not highlighted(plain, summary, ())[0].number > 1


def test_runs_that_were_trained_are_told_apart(both: Both) -> None:
    comparison, _ = both
    flat = comparison.record("flat")
    names = ("learned_a_seed0", "learned_a_seed1", "learned_b_seed0", "learned_b_seed1")
    two = replace(comparison, records=(*comparison.records, *(replace(flat, name=name) for name in names)))
    assert [(s.label, len(s.records)) for s in learned_series(two)] == [
        ("learned a (mean of 2)", 2), ("learned b (mean of 2)", 2)
    ]  # fmt: skip
    chosen = highlighted(two, summarise(two, {}), ())
    assert len({colour(series) for series in chosen}) == len(chosen)
    one = replace(comparison, records=(*comparison.records, replace(flat, name="learned_seed3")))
    assert [series.label for series in learned_series(one)] == ["learned, seed 3"]


def test_rules_that_are_named_one_by_one_count_and_those_of_all_do_not() -> None:
    assert named_one_by_one(["all"], find_allocators(["all"])) == []
    assert named_one_by_one(["flat", "market"], find_allocators(["flat", "market"])) == ["flat", "market"]


def test_more_than_eight_are_cut_and_what_is_not_compared_is_refused() -> None:
    rules = [make_rule(name) for name in all_rule_names()[:10]]
    many = compare(rules, small(), episodes=1, highlight=[rule.name for rule in rules])
    assert many.highlight == tuple(rule.name for rule in rules[:MOST_HIGHLIGHTED])
    with pytest.raises(UserError, match=r"highlight: unknown allocator 'flatt' \(did you mean 'flat'\?\)"):
        compare([make_rule("flat")], small(), episodes=1, highlight=["flatt"])


def test_python_and_the_command_single_out_what_they_are_given(tmp_path: Path) -> None:
    assert compare_easily(small(), ["flat", "market"], episodes=2).comparison.highlight == ("flat", "market")
    (tmp_path / "tiny.yaml").write_text(TINY_WORLD)
    (tmp_path / "mine.py").write_text(OWN)
    words = ("evaluate", "all", "mine.py:Equal", "--scenario", "tiny.yaml", "--episodes", "2")
    told = succeeded(juguo(*words, "--highlight", "flat+exit", "--highlight", "mine.py:Equal", cwd=tmp_path))
    assert "flat+exit" in told and "equal" in told
    refused(juguo(*words, "--highlight", "flatt", cwd=tmp_path), "unknown allocator 'flatt'")
    refused(juguo("train", "smoke", "--highlight", "flatt", cwd=tmp_path), "--highlight: unknown allocator")
    assert not (tmp_path / "runs").exists()
