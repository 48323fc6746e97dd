"""What a search leaves behind: its result, an allocator like any other, and its state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from juguo_agents.allocators import BASELINE, NOTHING, Setting
from juguo_agents.artifacts.load import find_allocators
from juguo_agents.artifacts.searched import (
    SearchedFileError,
    SearchRecord,
    best_result,
    load_result,
    validated,
)
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import compare, run
from juguo_agents.search import checkpoint
from juguo_agents.search.checkpoint import CheckpointError, Keeper, Settings, State, load_state
from juguo_agents.search.optimise import begin, take_up
from juguo_envs import Scenario
from tests.agents.forging import Change, forge, store
from tests.agents.search.test_search import SEEDS, TINY, found


@pytest.fixture(scope="module")
def finished_search(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a closed loop's search."""
    folder = tmp_path_factory.mktemp("closed")
    found(folder, "closed_loop", budget=700)
    return folder


def test_what_was_found_is_an_allocator_like_any_other(tmp_path: Path) -> None:
    for family in ("open_loop", "closed_loop", "rule:concentrated+exit"):
        found(tmp_path / family.replace(":", "-"), family, budget=700)
    names = ["open_loop", "closed_loop", "rule-concentrated+exit/searched.json"]
    allocators = find_allocators(["flat", *(str(tmp_path / name) for name in names)])
    comparison = compare(allocators, TINY, episodes=3)
    assert {r.name for r in comparison.records} == {
        "flat", BASELINE, NOTHING, "searched_open_loop", "searched_closed_loop", "concentrated+exit:tuned",
    }  # fmt: skip
    assert not any(r.learned for r in comparison.records)


def test_an_evaluation_gives_what_the_search_measured(tmp_path: Path) -> None:
    result = found(tmp_path, "closed_loop", budget=700)
    record = run(result.allocator(), TINY, seeds.SEARCH_VALIDATION.take(0, 20))
    assert float(record.returns.mean()) == pytest.approx(result.data["validation"]["mean"], abs=1e-12)


def test_two_results_of_one_family_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for seed, folder in enumerate(("a", "b")):
        found(tmp_path / folder, "constant", seed=seed)
    names = [a.name for a in find_allocators([str(tmp_path / "a"), str(tmp_path / "b")])]
    assert names == ["searched_constant_a", "searched_constant_b"]


def test_an_allocator_that_was_searched_for_other_places_is_refused(tmp_path: Path) -> None:
    allocator = found(tmp_path, "constant").allocator()
    with pytest.raises(ValueError, match="searched for the 3 communities"):
        allocator.start(Setting.of(Scenario.load("default")), SEEDS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "other"}, "not the result of a search"),
        ({"format": 99}, "format is 99"),
        ({"family": "closed"}, "unknown family 'closed'"),
        ({"scenario": {"monney": 1}}, "unknown field 'monney'"),
        ({"scenario_digest": "0" * 16}, "scenario_digest is 0{16} and that of its scenario is"),
        ({"parameters": 3}, "parameters is 3: input should be a mapping"),
        ({"parameters": {}}, "is missing"),
        ({"validation": {"mean": 0.1}}, "validation.seeds is missing"),
        ({"name": "flat"}, "name is 'flat'; allowed is 'searched_constant'"),
        ({"search": "0" * 16}, "is of another search"),
        ({"phases": []}, "phases is .*at least 1 entr"),
        ({"surplus": 1}, "unknown field 'surplus'"),
    ],
)
def test_a_malformed_result_is_refused_in_one_line(tmp_path: Path, change: dict, words: str) -> None:
    found(tmp_path, "constant")
    forge(tmp_path / "searched.json", lambda data: data.update(change))
    with pytest.raises(SearchedFileError, match=words) as refused:
        find_allocators([str(tmp_path)])
    assert "\n" not in str(refused.value)


def test_a_parameter_that_its_family_does_not_allow_is_refused(tmp_path: Path) -> None:
    data = found(tmp_path, "constant").data
    path = tmp_path / "searched.json"
    for name, value, words in (
        ("always.openness", 1.5, r"always\.openness is 1\.5; allowed are numbers from 0 to 1"),
        ("advance", 0.5, "whole numbers"),
        ("always.shares.research", 0.9, "do not sum to 1"),
        ("always.openness", "much", r"parameters\.always\.openness is 'much'"),
        ("always.openness", True, r"parameters\.always\.openness is true"),
        ("surplus", 1.0, "unknown parameter 'surplus'"),
    ):
        store(path, SearchRecord, {**data, "parameters": {**data["parameters"], name: value}})
        with pytest.raises(SearchedFileError, match=words):
            load_result(path)
    for text in ("", "[1, 2", "null", "[]"):
        path.write_text(text)
        with pytest.raises(SearchedFileError):
            load_result(path)
    with pytest.raises(SearchedFileError, match="cannot be read"):
        find_allocators([str(tmp_path / "absent.json")])


def test_a_folder_without_a_state_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no search to resume"):
        load_state(tmp_path)
    (tmp_path / "search_state.json").write_text('{"format": 1}')
    with pytest.raises(CheckpointError, match="not the state of a search"):
        load_state(tmp_path)


def _phases(**change: Any) -> Change:
    return lambda data: data["phases"][0].update(change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(model="0" * 14), "the model's source is .* and was 00000000000000"),
        (lambda d: d.update(id="0" * 16), "its id does not fit its settings"),
        (lambda d: d["settings"].update(seed=1), "its id does not fit its settings"),
        (lambda d: d["settings"].update(seed=-1), "settings.seed is -1"),
        (lambda d: d["settings"].update(budget=True), "settings.budget is true"),
        (lambda d: d["settings"].pop("varies"), "settings.varies is missing"),
        (lambda d: d["settings"]["scenario"]["money"].update(B=-1.0), r"scenario: money\.B"),
        (lambda d: d["phases"].pop(), "phases holds 1; allowed is 2"),
        (_phases(start="nowhere"), r"phases\.0\.start is 'nowhere'"),
        (_phases(start=None), r"phases\.0 holds returns, and not where it began"),
        (_phases(told=[[0.1] * 3]), r"phases\.0\.told\.0 holds 3 returns"),
        (_phases(told=[["much"]]), r"phases\.0\.told\.0\.0 is 'much'"),
        (_phases(told=[]), r"phases\.0 has an outcome, and 0 of its generations"),
        (lambda d: d["phases"][0]["outcome"].update(parameters={}), r"outcome: parameter .* is missing"),
        (_phases(outcome=None), r"phases\.1 has begun, and the one before it is not finished"),
    ],
)  # fmt: skip
def test_a_state_that_no_search_could_have_come_to_is_refused_by_name(
    finished_search: Path, tmp_path: Path, change: Change, words: str
) -> None:
    file = tmp_path / "search_state.json"
    file.write_bytes((finished_search / file.name).read_bytes())
    forge(file, change)
    with pytest.raises(CheckpointError, match=words) as refused:
        take_up(tmp_path)
    assert str(tmp_path) in str(refused.value) and "\n" not in str(refused.value)


def test_a_search_that_has_no_result_yet_is_refused_with_what_finishes_it(tmp_path: Path) -> None:
    begin(Settings("closed_loop", TINY, 900)).save(tmp_path)
    with pytest.raises(SearchedFileError, match=rf"no result yet; finish it: juguo search --out {tmp_path}$"):
        load_result(tmp_path / "searched.json")


def test_a_saved_state_is_read_back_as_it_was(tmp_path: Path) -> None:
    state = begin(replace(Settings("closed_loop", TINY, 900), observe="true"))
    state.phases[0].told = [[0.1, 1.0 / 3.0]]
    state.save(tmp_path)
    assert load_state(tmp_path) == state


def test_of_several_results_the_best_is_the_one_with_the_highest_validation_mean(tmp_path: Path) -> None:
    files = [tmp_path / name / "searched.json" for name in ("constant", "open_loop", "closed_loop")]
    results = [found(file.parent, file.parent.name, budget=700) for file in files]
    path, best = best_result(files)
    assert validated(best) == max(map(validated, results))
    assert load_result(path).data == best.data


@pytest.mark.parametrize(
    "change", [{"observe": "true"}, {"validation": 12}, {"scenario": TINY.override({"money.B": 0.5})}]
)
def test_results_that_were_measured_otherwise_are_not_compared(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    found(tmp_path / "one", "constant")
    found(tmp_path / "other", "constant", **change)
    with pytest.raises(SearchedFileError, match=r"other/searched\.json: was not measured as"):
        best_result([tmp_path / name / "searched.json" for name in ("one", "other")])


def test_saving_takes_a_small_share_of_the_time_and_the_first_generation_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, saved = [0.0], []

    def save(state: State, folder: Path) -> None:
        saved.append(now[0])
        now[0] += 1.0

    monkeypatch.setattr(checkpoint, "monotonic", lambda: now[0])
    monkeypatch.setattr(State, "save", save)
    keeper = Keeper(begin(Settings("constant", TINY, 900)), tmp_path)
    while now[0] < 1000:
        keeper.save_if_due()
        now[0] += 0.5  # a generation
    assert saved[0] == 0.0
    assert 0.9 * checkpoint.SAVING < len(saved) / now[0] <= checkpoint.SAVING
