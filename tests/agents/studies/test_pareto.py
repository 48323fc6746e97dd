"""Fronts: compared at equal steps, measured alike, and gone on with after a kill."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, WARM_START
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.policy import Learned, PolicyFileError, load_policy, save_policy
from juguo_agents.evaluation.rollout import run
from juguo_agents.search.scoring import Scorer
from juguo_agents.training.config import Experiment
from juguo_agents.training.train import train_seed
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import PREFERENCES
from tests.support import seeds, small

pytest.importorskip("pymoo")

from pymoo.core.population import Population

from juguo_agents.search.multi_objective import (
    BOUND,
    Searched,
    ToldError,
    first_generation,
    scorer_of,
    search_front,
    take,
)
from juguo_agents.studies.pareto.job import SUMMARY_FILE, compare_fronts
from juguo_agents.studies.pareto.judge import judge
from juguo_agents.studies.pareto.measure import Point, measure
from juguo_agents.studies.pareto.settings import CANDIDATE_EPISODES, FIRST_SEED, Settings, settings_of
from juguo_agents.studies.pareto.volume import (
    episode_weights,
    estimate,
    non_dominated,
    objectives,
    resampled,
    volume,
)

SMALL = small()
T = SMALL.programme.T
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


@pytest.fixture
def settings(trained: Path) -> Settings:
    return settings_of(trained, budget=4 * 8 * CANDIDATE_EPISODES * T, levels=2, episodes=6)


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
    found = settings_of(trained, levels=2)
    assert found.steps == found.budget == 96 + 2 * 60 * T
    assert found.ranges == PREFERENCES
    assert len(found.preferences) == found.population == 8
    assert found.preferences[0] == pytest.approx([low for low, _ in PREFERENCES])
    assert found.preferences[-1] == pytest.approx([high for _, high in PREFERENCES])


def test_a_run_that_knows_one_preference_only_is_refused(tmp_path: Path) -> None:
    save_policy(train_seed(experiment("shown"), SMALL, 0).policy, tmp_path / "policy-seed0.safetensors")
    with pytest.raises(PolicyFileError, match=r"shown\.preferences is shown"):
        settings_of(tmp_path)
    with pytest.raises(PolicyFileError, match="no training finished"):
        settings_of(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("number", "value"),
    [("levels", 1), ("episodes", 1), ("budget", 100), ("searches", 0), ("first_seed", -1)],
)
def test_a_number_that_is_not_allowed_is_refused_by_name(settings: Settings, number: str, value: int) -> None:
    with pytest.raises(UserError, match=f"{number} is {value}; allowed is"):
        replace(settings, **{number: value})


def test_the_first_generation_holds_the_starts_of_the_other_searches(settings: Settings) -> None:
    space = CLOSED_LOOP.space(SMALL)
    found = first_generation(SMALL, space, 200, 0)
    assert found.shape == (200, space.size)
    assert np.abs(found).max() <= BOUND
    flat = space.encode(CLOSED_LOOP.starts(SMALL)["flat"])
    assert any(np.allclose(place, flat) for place in found)
    begun = space.encode(CLOSED_LOOP.starts(SMALL)[WARM_START])
    assert not any(np.allclose(place, begun) for place in found)
    assert any(np.allclose(place, begun) for place in first_generation(SMALL, space, 200, 0, begun=True))
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


def test_a_search_keeps_to_its_budget_and_moves_to_the_front(settings: Settings, tmp_path: Path) -> None:
    generation = 8 * CANDIDATE_EPISODES * T
    longer = replace(settings, budget=61 * generation)
    found = search_front(longer, 0, tmp_path, fake([]))
    assert longer.budget - 2 * generation < found.steps <= longer.budget
    assert found.generations == len(list(tmp_path.glob("*.npy")))
    off = np.mean([abs(numbers["advance.F"] - 0.3) for numbers in found.front])
    first = first_generation(SMALL, CLOSED_LOOP.space(SMALL), 8, FIRST_SEED)
    before = [abs(CLOSED_LOOP.space(SMALL).decode(x)["advance.F"] - 0.3) for x in first]
    assert off < 0.5 * np.mean(before)


def test_a_search_that_was_killed_goes_on_to_the_same_front(settings: Settings, tmp_path: Path) -> None:
    longer = replace(settings, budget=15 * 8 * CANDIDATE_EPISODES * T)
    told: list[int] = []
    wanted = search_front(longer, 0, tmp_path / "whole", fake(told))

    def dying(candidates: list[Parameters], generation: int) -> Floats:
        if generation == 4:
            raise KeyboardInterrupt
        return fake([])(candidates, generation)

    with pytest.raises(KeyboardInterrupt):
        search_front(longer, 0, tmp_path / "killed", dying)
    again: list[int] = []
    assert search_front(longer, 0, tmp_path / "killed", fake(again)) == wanted
    assert again == told[4:]
    assert search_front(longer, 1, tmp_path / "other", fake([])) != wanted


def test_what_another_search_was_told_is_refused(settings: Settings, tmp_path: Path) -> None:
    np.save(tmp_path / "generation-00000.npy", np.zeros((3, 3)))
    with pytest.raises(ToldError, match="another search"):
        search_front(settings, 0, tmp_path, fake([]))


def test_a_member_is_judged_by_all_the_episodes_that_it_met() -> None:
    old, young = Population.new("X", np.zeros((1, 2))), Population.new("X", np.ones((1, 2)))
    take(old, np.array([[0.2, 0.4, 0.1]]))
    take(Population.merge(old, young), np.array([[0.4, 0.4, 0.3], [0.9, 0.8, 0.7]]))
    np.testing.assert_allclose(old.get("F"), [[-0.3, -0.4, 0.2]])  # pymoo makes all of them low
    np.testing.assert_allclose(young.get("F"), [[-0.9, -0.8, 0.7]])


def test_members_meet_the_episodes_of_every_generation(settings: Settings, tmp_path: Path) -> None:
    longer = replace(settings, budget=11 * 8 * CANDIDATE_EPISODES * T)
    scored: list[list[Parameters]] = []

    def score(candidates: list[Parameters], generation: int) -> Floats:
        scored.append(candidates)
        return fake([])(candidates, generation)

    found = search_front(longer, 0, tmp_path, score)
    assert len(scored) == found.generations > 2
    for before, now in itertools.pairwise(scored):
        assert len(now) > len(before) / 2
        assert all(member in before for member in now[:8])
        assert not any(child in before for child in now[8:])


def test_a_policy_is_measured_as_it_runs_under_each_preference(settings: Settings, tmp_path: Path) -> None:
    weights = settings.preferences[5]
    points = [Point("policy", "p", weights, settings.policies[0]), Point("rule", "flat")]
    values = measure(settings, tmp_path, points, 1, lambda: None)
    learned = Learned(load_policy(settings.policies[0].file), "learned")
    record = run(learned, settings.world(weights), seeds(6))
    np.testing.assert_array_equal(values[0, :, 0], record.breadth)
    np.testing.assert_array_equal(values[1, :, 2], run(make_rule("flat"), SMALL, seeds(6)).excluded)
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "measured").iterdir()}
    np.testing.assert_array_equal(measure(settings, tmp_path, points, 1, lambda: None), values)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "measured").iterdir()} == files


def judged(settings: Settings, shift: float) -> dict[str, object]:
    """A policy whose breadth is that of the search plus something."""
    rules = [Point("rule", name) for name in ("nothing", "flat")]
    policy = [Point("policy", "policy", w, settings.policies[0]) for w in settings.preferences]
    search = [Point("search", "search", parameters=(("x", float(i)),)) for i in range(8)]
    generator = np.random.default_rng(0)
    own = generator.random((8, 1, 3)) * (0.5, 0.5, 0.1) + generator.normal(0.0, 0.01, (1, 6, 3))
    worst = np.tile([0.0, 0.0, 0.5], (2, 6, 1))
    episodes = np.concatenate([worst, own + np.array([shift, 0.0, 0.0]), own])
    return judge(settings, [*rules, *policy, *search], episodes, {"search": Searched([], [], 10, 1)})


def test_the_verdict_follows_the_volumes(settings: Settings) -> None:
    better, worse = judged(settings, 0.1)["verdicts"], judged(settings, -0.1)["verdicts"]
    same = judged(settings, 0.0)["verdicts"]["worst rule"]  # type: ignore[index]
    assert better["worst rule"]["at_least"] and better["worst rule"]["beyond_noise"]  # type: ignore[index]
    assert not worse["worst rule"]["at_least"]  # type: ignore[index]
    assert same["at_least"] and not same["beyond_noise"] and same["difference"] == 0.0


def test_the_whole_comparison_is_written_and_does_not_depend_on_threads(
    settings: Settings, tmp_path: Path
) -> None:
    for name, threads in (("one", 1), ("two", 2)):
        folder = tmp_path / name
        folder.mkdir()
        search = search_front(settings, 0, folder / "searches" / "search-00", scorer_of(settings, 0, threads))
        assert search.front
        compare_fronts(settings, folder, 1, lambda text: None)
    one, two = ((tmp_path / name / SUMMARY_FILE).read_text() for name in ("one", "two"))
    assert one == two
    summary = json.loads(one)
    assert [front["kind"] for front in summary["fronts"]] == ["policy", "search"]
    assert summary["budget"] >= summary["fronts"][1]["steps"] > 0
    assert {path.name for path in (tmp_path / "one").iterdir()} >= {"front.json", "front.md", "front.png"}


@pytest.mark.slow
def test_the_comparison_does_not_depend_on_the_number_of_processes(
    settings: Settings, tmp_path: Path
) -> None:
    twice = replace(settings, searches=2)
    for name, workers in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        compare_fronts(twice, tmp_path / name, workers, lambda text: None)
    one, two = ((tmp_path / name / SUMMARY_FILE).read_text() for name in ("one", "two"))
    assert one == two
