"""Fronts: compared at equal steps, measured alike, and gone on with after a kill."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, WARM_START
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.load import find_allocators
from juguo_agents.artifacts.policy import PolicyFileError
from juguo_agents.artifacts.policy_file import load_policy, save_policy
from juguo_agents.evaluation import seeds as ranges
from juguo_agents.evaluation.rollout import run
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies import measurement
from juguo_agents.studies.executors import LocalExecutor
from juguo_agents.studies.study import Page, conduct
from juguo_agents.training.config import Experiment
from juguo_agents.training.train import train_seed
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import PREFERENCES
from tests.agents.studies.conducting import check_chinese, has_page
from tests.support import seeds, small

pytest.importorskip("pymoo")

from pymoo.core.population import Population

from juguo_agents.evaluation.hypervolume import (
    episode_weights,
    estimate,
    non_dominated,
    objectives,
    resampled,
    volume,
)
from juguo_agents.search.multi_objective import (
    BOUND,
    CANDIDATE_EPISODES,
    FrontSearch,
    Searched,
    ToldError,
    first_generation,
    search_front,
    take,
)
from juguo_agents.studies.pareto import study
from juguo_agents.studies.pareto.analysis import Point, summarise
from juguo_agents.studies.pareto.study import Pareto, Settings

SMALL = small()
T = SMALL.programme.T
GENERATION = 8 * CANDIDATE_EPISODES * T
SEARCH = FrontSearch(SMALL, ranges.MANY_SEARCHES.first, 4 * GENERATION, 8)
Floats = npt.NDArray[np.float64]


def experiment(preferences: str = "drawn") -> Experiment:
    return Experiment.model_validate(
        {
            "shown": {"preferences": preferences},
            "training": {
                "seeds": [0],
                "steps": 96,
                "selections": 2,
                "selection_episodes": 60,
                "per_weight": preferences == "drawn",
                "ppo": {"envs": 4, "paired": 2, "n_steps": 12, "batch_size": 24, "net": [8]},
            },
        }
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with one policy that hardly learned."""
    folder = tmp_path_factory.mktemp("run")
    save_policy(train_seed(experiment(), SMALL, 0).policy, folder / "policy-seed0.safetensors")
    return folder


def asked(trained: Path, **changes: Any) -> Settings:
    numbers = {"run": trained, "budget": 4 * GENERATION, "levels": 2, "episodes": 6}
    return Settings.parse({**numbers, **changes})


def conducted(settings: Settings, folder: Path, workers: int = 1, lang: str = "en") -> Page:
    return conduct(Pareto(settings), folder, LocalExecutor(workers), lang=lang)


def test_the_volume_of_points_is_that_of_the_boxes_that_they_dominate() -> None:
    generator = np.random.default_rng(0)
    points = generator.integers(1, 6, (7, 3)).astype(float)
    cells = itertools.product(range(6), repeat=3)  # unit boxes above the reference, counted one by one
    counted = sum(
        any(all(p > c for p, c in zip(point, cell, strict=True)) for point in points) for cell in cells
    )
    assert volume(points, np.zeros(3)) == pytest.approx(counted)
    assert volume(points - 10.0, np.zeros(3)) == 0.0


def test_excluded_is_to_be_low() -> None:
    episodes = np.array([[[0.5, 0.5, 0.1]], [[0.5, 0.5, 0.2]]])
    assert non_dominated(objectives(episodes)).tolist() == [True, False]


def test_resamples_of_equal_weights_are_the_estimate_and_are_paired() -> None:
    episodes = np.random.default_rng(0).random((4, 10, 3))
    whole = resampled(episodes, np.full((1, 10), 0.1), lambda points: float(points.sum()))
    assert whole[0] == pytest.approx(objectives(episodes).sum())
    weights = episode_weights(10)
    np.testing.assert_allclose(weights.sum(1), 1.0)
    better = episodes + np.array([0.1, 0.0, 0.0])
    gap = resampled(better, weights, lambda p: float(p[0, 0])) - resampled(
        episodes, weights, lambda p: float(p[0, 0])
    )
    np.testing.assert_allclose(gap, 0.1)


def test_the_interval_takes_off_what_resampling_adds() -> None:
    found = estimate(1.0, np.linspace(1.1, 1.3, 1001))
    assert found.low < found.high < 1.0


def test_the_scorer_measures_what_a_run_measures() -> None:
    numbers = CLOSED_LOOP.space(SMALL).start
    record = run(CLOSED_LOOP.allocator([numbers], SMALL), SMALL, seeds(3))
    parts = Scorer(SMALL).parts(CLOSED_LOOP, [numbers, numbers], seeds(3))
    for k, part in enumerate(("breadth", "resilience", "excluded")):
        np.testing.assert_allclose(parts[1, :, k], getattr(record, part), rtol=1e-12)


def test_the_budget_is_what_training_and_its_selections_took(trained: Path) -> None:
    settings = asked(trained, budget=None)
    (search,) = settings.fronts()
    assert search.budget == 96 + 2 * 60 * T
    preferences = settings.preferences()
    assert len(preferences) == search.population == 8
    assert preferences[0] == pytest.approx([low for low, _ in PREFERENCES])
    assert preferences[-1] == pytest.approx([high for _, high in PREFERENCES])


def test_a_run_that_does_not_know_its_preferences_is_refused(tmp_path: Path) -> None:
    save_policy(train_seed(experiment("shown"), SMALL, 0).policy, tmp_path / "policy-seed0.safetensors")
    with pytest.raises(PolicyFileError, match=r"shown\.preferences is shown there.*configs/preferences"):
        asked(tmp_path)
    with pytest.raises(PolicyFileError, match="name the folder of a finished training run"):
        asked(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levels": 1}, "levels is 1; allowed is 2( |$)"),
        ({"episodes": 1}, "episodes is 1; allowed is 2( |$)"),
        ({"budget": 100}, "budget is 100; allowed is"),
        ({"budget": None, "levels": 8}, "budget is .* fewer levels need less"),
        ({"searches": 0}, "searches is 0; allowed is 1( |$)"),
        ({"seed": -1}, "seed is -1; allowed is 0( |$)"),
        ({"seed": 2**29}, f"seed is {2**29}; allowed is 0 to {2**29 - 6}"),
        ({"scenario": SMALL}, "scenario is for a search without a run"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(trained: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        asked(trained, **changes)


def test_the_first_generation_holds_the_starts_of_the_other_searches() -> None:
    space = CLOSED_LOOP.space(SMALL)
    search = replace(SEARCH, population=200)
    found = first_generation(search, space)
    assert found.shape == (200, space.size)
    assert np.abs(found).max() <= BOUND
    flat = space.encode(CLOSED_LOOP.starts(SMALL)["flat"])
    assert any(np.allclose(place, flat) for place in found)
    begun = space.encode(CLOSED_LOOP.starts(SMALL)[WARM_START])
    assert not any(np.allclose(place, begun) for place in found)
    warm = first_generation(replace(search, warm_start=True), space)
    assert any(np.allclose(place, begun) for place in warm)
    ends = [space.encode(space.decode(np.full(space.size, sign * BOUND))) for sign in (-1.0, 1.0)]
    assert np.abs(ends).max() <= BOUND + 1e-9  # whatever a number may be lies within the bounds


def fake(told: list[int]) -> Callable[[list[Parameters], int], Floats]:
    """Scores without a society: numbers of the candidates, and the noise of a generation."""

    def score(candidates: list[Parameters], generation: int) -> Floats:
        told.append(generation)
        noise = np.random.default_rng(generation).normal(0.0, 0.01, (len(candidates), 3))
        rows = [(c["advance.K"], 1.0 - c["advance.K"] ** 2, abs(c["advance.F"] - 0.3)) for c in candidates]
        return np.array(rows) + noise

    return score


def test_a_search_keeps_to_its_budget_and_moves_to_the_front(tmp_path: Path) -> None:
    longer = replace(SEARCH, budget=61 * GENERATION)
    found = search_front(longer, tmp_path, fake([]))
    assert longer.budget - 2 * GENERATION < found.steps <= longer.budget
    assert found.generations == len(list(tmp_path.glob("*.told")))
    off = np.mean([abs(numbers["advance.F"] - 0.3) for numbers in found.front])
    space = CLOSED_LOOP.space(SMALL)
    before = [abs(space.decode(x)["advance.F"] - 0.3) for x in first_generation(SEARCH, space)]
    assert off < 0.5 * np.mean(before)


def test_a_search_that_was_killed_goes_on_to_the_same_front(tmp_path: Path) -> None:
    longer = replace(SEARCH, budget=15 * GENERATION)
    told: list[int] = []
    wanted = search_front(longer, tmp_path / "whole", fake(told))

    def dying(candidates: list[Parameters], generation: int) -> Floats:
        if generation == 4:
            raise KeyboardInterrupt
        return fake([])(candidates, generation)

    with pytest.raises(KeyboardInterrupt):
        search_front(longer, tmp_path / "killed", dying)
    again: list[int] = []
    assert search_front(longer, tmp_path / "killed", fake(again)) == wanted
    assert again == told[4:]
    assert search_front(replace(longer, seed=65), tmp_path / "other", fake([])) != wanted


def test_what_another_search_was_told_is_refused(tmp_path: Path) -> None:
    search_front(SEARCH, tmp_path, fake([]))
    with pytest.raises(ToldError, match=r"generation-00000\.told: is no generation 0 of this search"):
        search_front(replace(SEARCH, seed=65), tmp_path, fake([]))
    first, second = (tmp_path / f"generation-0000{i}.told" for i in range(2))
    held = first.read_bytes()
    first.write_bytes(second.read_bytes())
    with pytest.raises(ToldError, match="is no generation 0 of this search"):
        search_front(SEARCH, tmp_path, fake([]))
    for torn in (b"", held[:-9], held[:200] + bytes([held[200] ^ 1]) + held[201:]):
        first.write_bytes(torn)
        with pytest.raises(ToldError, match=r"generation-00000\.told.*remove"):
            search_front(SEARCH, tmp_path, fake([]))


def test_a_member_is_judged_by_all_the_episodes_that_it_met() -> None:
    old, young = Population.new("X", np.zeros((1, 2))), Population.new("X", np.ones((1, 2)))
    take(old, np.array([[0.2, 0.4, 0.1]]))
    take(Population.merge(old, young), np.array([[0.4, 0.4, 0.3], [0.9, 0.8, 0.7]]))
    np.testing.assert_allclose(old.get("F"), [[-0.3, -0.4, 0.2]])  # pymoo makes all of them low
    np.testing.assert_allclose(young.get("F"), [[-0.9, -0.8, 0.7]])


def test_members_meet_the_episodes_of_every_generation(tmp_path: Path) -> None:
    scored: list[list[Parameters]] = []

    def score(candidates: list[Parameters], generation: int) -> Floats:
        scored.append(candidates)
        return fake([])(candidates, generation)

    found = search_front(replace(SEARCH, budget=11 * GENERATION), tmp_path, score)
    assert len(scored) == found.generations > 2
    for before, now in itertools.pairwise(scored):
        assert len(now) > len(before) / 2
        assert all(member in before for member in now[:8])
        assert not any(child in before for child in now[8:])


def judged(shift: float) -> dict[str, Any]:
    """A policy whose breadth is that of the search plus something."""
    preferences = [(w, 1.0, 1.0) for w in range(1, 9)]
    rules = [Point("rule", name) for name in ("nothing", "flat")]
    policy = [Point("policy", "policy", w) for w in preferences]
    search = [Point("search", "search", parameters={"x": float(i)}) for i in range(8)]
    generator = np.random.default_rng(0)
    own = generator.random((8, 1, 3)) * (0.5, 0.5, 0.1) + generator.normal(0.0, 0.01, (1, 6, 3))
    worst = np.tile([0.0, 0.0, 0.5], (2, 6, 1))
    episodes = np.concatenate([worst, own + np.array([shift, 0.0, 0.0]), own])
    found = {"search": Searched([], [], 10, 1)}
    verdict: dict[str, Any] = summarise([*rules, *policy, *search], episodes, found, preferences)["verdicts"]
    return verdict["worst rule"]


def test_the_verdict_follows_the_volumes() -> None:
    better, worse, same = judged(0.1), judged(-0.1), judged(0.0)
    assert better["at_least"] and better["beyond_noise"]
    assert not worse["at_least"]
    assert same["at_least"] and not same["beyond_noise"] and same["difference"] == 0.0


def test_the_whole_comparison_is_written_once_and_does_not_depend_on_threads(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = asked(trained)
    pages = []
    for threads in (1, 2):
        monkeypatch.setattr(study, "cores", lambda threads=threads: threads)
        pages.append(conducted(settings, tmp_path / str(threads)))
    assert pages[0] == pages[1]
    summary = pages[0].data
    assert [front["kind"] for front in summary["fronts"]] == ["policy", "search"]
    assert summary["budget"] >= summary["fronts"][1]["steps"] > 0
    assert set(pages[0].files) == {"front.md", "front.png", "front-seed64.json"}
    assert "Hypervolume of the one policy" in pages[0].console
    assert all(len(line) <= 110 for line in pages[0].console.splitlines())
    monkeypatch.delattr(measurement, "run")  # nothing is run again
    assert conducted(settings, tmp_path / "1") == pages[0]
    check_chinese(partial(conducted, settings, tmp_path / "1"), tmp_path / "1", "front")
    with pytest.raises(UserError, match=r"warm_start is true, .* has false"):
        conducted(asked(trained, warm_start=True), tmp_path / "1")


def test_a_policy_is_measured_as_it_runs_under_each_preference(trained: Path, tmp_path: Path) -> None:
    settings = asked(trained)
    page = conducted(settings, tmp_path)
    weights = settings.preferences()[5]
    world = SMALL.override({f"reward.w_{k}": w for k, w in zip("brx", weights, strict=True)})
    record = run(load_policy(trained / "policy-seed0.safetensors").allocator(), world, seeds(6))
    point = page.data["fronts"][0]["points"][5]
    assert point["weights"] == list(weights) and point["breadth"] == record.breadth.mean()
    (flat,) = (rule for rule in page.data["rules"] if rule["name"] == "flat")
    assert flat["excluded"] == run(make_rule("flat"), SMALL, seeds(6)).excluded.mean()


def test_without_a_run_a_front_is_searched_and_is_an_allocator(tmp_path: Path) -> None:
    settings = Settings.parse({"scenario": SMALL, "levels": 2, "budget": 3 * GENERATION, "searches": 2})
    page = conducted(settings, tmp_path / "one")
    assert "search seed 65" in page.console
    assert has_page(tmp_path / "one", "front")
    check_chinese(partial(conducted, settings, tmp_path / "one"), tmp_path / "one", "front", least=20)
    told = json.loads((tmp_path / "one/searches.json").read_text())
    assert {"search seed 64", "search seed 65"} <= told.keys()
    allocators = find_allocators([str(tmp_path / "one")])
    assert [allocator.name for allocator in allocators] == ["front_seed64", "front_seed65"]


@pytest.mark.slow
def test_the_comparison_does_not_depend_on_the_number_of_processes(trained: Path, tmp_path: Path) -> None:
    settings = asked(trained, searches=2)
    assert conducted(settings, tmp_path / "one", 1) == conducted(settings, tmp_path / "two", 2)
