"""The judgement of generalists: what regret is, what is kept apart, and that nothing is done twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import BASELINE, compared_names, make_rule
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.artifacts.policy import PolicyFileError, save_policy
from juguo_agents.artifacts.searched import RESULT_FILE, load_result
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import held_out, held_out_world
from juguo_agents.search.checkpoint import Earlier, load_state
from juguo_agents.search.conduct import SEARCHES
from juguo_agents.search.optimise import begin, make_phase
from juguo_agents.studies.generalisation import job, measure
from juguo_agents.studies.generalisation.judge import judge
from juguo_agents.studies.generalisation.measure import ORACLE, Subject
from juguo_agents.studies.generalisation.settings import Settings, doubled_name, oracle_name, tuned_rules
from juguo_agents.studies.generalisation.words import as_markdown, console_table
from juguo_agents.training.config import Experiment
from juguo_agents.training.train import train_seed
from juguo_envs import Family
from juguo_envs.errors import UserError
from tests.support import small

SMALL = small()
SETTINGS = Settings(SMALL, scenarios=3, episodes=3, budget=700, tuning=200, doubled=2)
RULES = ("flat", BASELINE)


def returns(**means: list[float]) -> dict[str, Any]:
    """Two episodes in each scenario, with these means."""
    return {name: np.array(values)[:, None] + np.array([-0.1, 0.1]) for name, values in means.items()}


def subjects(*learned: str) -> list[Subject]:
    """The baseline as it is and tuned, a rule, and the training seeds of one run."""
    rules = [Subject(BASELINE, "rule"), Subject("flat", "rule"), Subject(f"{BASELINE}:tuned", "tuned")]
    return rules + [Subject(name, "learned", group="mine") for name in learned]


YARDSTICKS = {
    BASELINE: [0.0, 0.0, 0.2],
    "flat": [0.5, 0.1, 0.0],
    f"{BASELINE}:tuned": [0.1, 0.0, 0.1],
    ORACLE: [1.0, 0.4, 1.0],
}


def test_regret_is_a_share_of_the_spread_and_a_runs_that_of_its_mean_seed() -> None:
    settings = replace(SETTINGS, scenarios=3)
    told = returns(**YARDSTICKS, one=[1.0, 0.2, 0.8], two=[0.8, 0.2, 0.8])
    summary, regret = judge(settings, told, subjects("one", "two"))
    np.testing.assert_allclose(regret["flat"], [0.5, 0.75, 1.0])
    np.testing.assert_allclose(regret["mine"], [0.1, 0.5, 0.2])
    row = next(r for r in summary["allocators"] if r["name"] == "mine")
    assert row["kind"] == "run"
    assert row["median"] == pytest.approx(0.2)
    assert row["worst_tenth"] == pytest.approx(0.5)
    assert row["beaten_by_baseline"] == 0.0


def test_what_is_judged_does_not_stretch_the_spread() -> None:
    _, without = judge(SETTINGS, returns(**YARDSTICKS), subjects())
    _, beside = judge(SETTINGS, returns(**YARDSTICKS, one=[-9.0, 9.0, 0.0]), subjects("one"))
    np.testing.assert_array_equal(without["flat"], beside["flat"])


def test_where_a_yardstick_beats_the_oracle_that_is_told() -> None:
    told = returns(**{**YARDSTICKS, "flat": [1.5, 0.1, 0.0]})
    summary, regret = judge(SETTINGS, told, subjects())
    assert regret["flat"][0] == pytest.approx(-1.0 / 3.0)
    assert summary["oracle_beaten"] == pytest.approx(1.0 / 3.0)
    assert summary["oracle_gap"] == pytest.approx(1.0 / 9.0)


def test_what_twice_the_budget_brings_the_oracles_is_a_share_of_the_spread() -> None:
    told = returns(**YARDSTICKS)
    summary, _ = judge(SETTINGS, told, subjects(), gains=[0.1, 0.02])
    doubling = summary["doubling"]
    assert doubling["scenarios"] == 2
    assert doubling["mean"] == pytest.approx((0.1 / 1.0 + 0.02 / 0.4) / 2)
    assert "In the first 2 scenarios twice the budget raised the oracle's mean return" in as_markdown(summary)
    alone, _ = judge(SETTINGS, told, subjects(), gains=[0.1])
    assert alone["doubling"]["median"] == pytest.approx(0.1)
    without, _ = judge(SETTINGS, told, subjects())
    assert without["doubling"] is None and "twice the budget" not in as_markdown(without)


def test_scenarios_in_which_the_baseline_is_better_are_counted() -> None:
    summary, _ = judge(SETTINGS, returns(**YARDSTICKS, one=[0.5, -0.1, 0.1]), subjects("one"))
    row = next(r for r in summary["allocators"] if r["name"] == "mine")
    assert row["beaten_by_baseline"] == pytest.approx(2.0 / 3.0)
    assert row["beaten_by_tuned_baseline"] == pytest.approx(1.0 / 3.0)


@pytest.mark.parametrize(("gain", "beats", "small"), [(0.0, False, False), (0.49, True, True)])
def test_a_verdict_needs_every_rule_behind_beyond_noise_and_a_small_median(
    gain: float, beats: bool, small: bool
) -> None:
    rng = np.random.default_rng(0)
    base = rng.uniform(0.3, 0.5, 40)
    told = returns(
        **{BASELINE: [0.0] * 40},
        flat=list(base),
        **{f"{BASELINE}:tuned": [0.1] * 40, ORACLE: [1.0] * 40},
        one=list(np.minimum(0.98, base + gain + 0.05 * rng.standard_normal(40))),
    )
    summary, _ = judge(replace(SETTINGS, scenarios=40), told, subjects("one"))
    verdict = summary["verdicts"]["mine"]
    assert verdict["closest"] == "flat"
    assert verdict["beats_every_rule"] is beats
    assert verdict["small"] is (small and verdict["median"] <= 0.1)
    words = "less than every rule's" if beats else "not less than every rule's"
    assert words in console_table(summary)
    assert words in as_markdown(summary)


def test_a_scenario_in_which_nothing_matters_is_refused() -> None:
    told = returns(**{name: [0.5, 0.5, 1.0] for name in YARDSTICKS})
    with pytest.raises(UserError, match="held-out scenario 0: all yardsticks have one return"):
        judge(SETTINGS, told, subjects())


def test_held_out_scenarios_are_of_seeds_that_nothing_else_has() -> None:
    assert SETTINGS.world(2).digest() == Family(SMALL).scenario(held_out_world(2)).digest()


def test_rules_are_tuned_on_the_family_and_oracles_on_their_scenario() -> None:
    tunings = SETTINGS.tunings()
    assert len(tunings) == len(tuned_rules()) + 1
    assert all(search.varies for search in tunings.values())
    assert not SETTINGS.oracle(1).varies
    assert SETTINGS.oracle(1).scenario == SETTINGS.world(1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scenarios": 1}, "scenarios is 1; allowed is 2 to"),
        ({"episodes": 10_000}, "episodes is 10000; allowed is 2 to 4096"),
        ({"budget": 100}, "budget is too small"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_anything_is_run(
    changes: dict[str, int], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        replace(SETTINGS, **changes).check()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two short trainings on the family."""
    folder = tmp_path_factory.mktemp("runs") / "generalist"
    folder.mkdir()
    experiment = Experiment.model_validate(
        {
            "scenario": "family",
            "shown": {"context": True, "history": 2},
            "training": {
                "steps": 100,
                "selections": 1,
                "selection_episodes": 2,
                "ppo": {"envs": 2, "paired": 2, "n_steps": 50, "batch_size": 50},
            },
        }
    )
    for seed in (0, 1):
        save_policy(train_seed(experiment, SMALL, seed).policy, folder / f"policy-seed{seed}.safetensors")
    return folder


@pytest.fixture(scope="module")
def judged(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole small judgement, with two tuned rules."""
    folder = tmp_path_factory.mktemp("judged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("juguo_agents.studies.generalisation.settings.compared_names", lambda: list(RULES))
        patch.setattr("juguo_agents.studies.generalisation.settings.CLOSED_LOOP", _Named("open_loop"))
        patch.setattr("juguo_agents.studies.generalisation.job.CLOSED_LOOP", _Named("open_loop"))
        patch.setattr("juguo_agents.studies.generalisation.settings.VALIDATION", 10)
        SETTINGS.claim(folder)
        job.judge_family(SETTINGS, folder, [trained], 1, lambda text: None)
        patch.setattr("juguo_agents.studies.generalisation.measure.run", _refuse)
        patch.setattr("juguo_agents.search.conduct.search", _refuse)
        before = (folder / job.SUMMARY_FILE).read_bytes()
        job.judge_family(SETTINGS, folder, [trained], 1, lambda text: None)  # nothing is run again
        assert (folder / job.SUMMARY_FILE).read_bytes() == before
    return folder


class _Named:
    """A family by its name: a closed loop takes too long for a test; an open one has some of its numbers."""

    def __init__(self, name: str) -> None:
        self.name = name


def _refuse(*arguments: Any, **named: Any) -> None:
    raise AssertionError("this was done before")


def test_oracles_begin_at_what_was_searched_on_the_family(judged: Path) -> None:
    tuned = load_result(judged / SEARCHES / "tuned-open_loop" / RESULT_FILE).data["parameters"]
    for index in range(SETTINGS.scenarios):
        begun = load_state(judged / SEARCHES / oracle_name(index)).settings.begin
        assert begun is not None and begun.keys() == tuned.keys()
        moved = {name for name in tuned if begun[name] != tuned[name]}
        assert moved <= {"production.quarters", "diffusion.quarters", "exit.quarter"}


def test_an_oracle_begins_within_what_its_programme_allows() -> None:
    """The family's programmes are of different lengths; every one can be begun at any of the numbers."""
    numbers = CLOSED_LOOP.space(SMALL).start | {"exit.quarter": 60.0}
    lengths = set()
    for index in range(12):
        search = SETTINGS.oracle(index, numbers)
        begin(search)  # refuses numbers that are not allowed
        lengths.add(search.scenario.programme.T)
    assert min(lengths) < 60


def test_a_judgement_leaves_numbers_words_and_a_figure(judged: Path) -> None:
    summary = json.loads((judged / job.SUMMARY_FILE).read_text(encoding="utf-8"))
    names = {row["name"] for row in summary["allocators"]}
    assert {"generalist", "generalist seed 0", "generalist seed 1", "flat:tuned", ORACLE} <= names
    assert len(summary["regret"]["generalist"]) == SETTINGS.scenarios
    page = (judged / job.WORDS_FILE).read_text(encoding="utf-8")
    assert "## `generalist` against every yardstick" in page
    assert (judged / "regret.png").read_bytes().startswith(b"\x89PNG")


def test_the_returns_are_those_of_the_test_episodes_in_the_held_out_scenario(judged: Path) -> None:
    data = json.loads((judged / measure.MEASURED / "scenario-00001.json").read_text(encoding="utf-8"))
    record = run(make_rule("flat"), SETTINGS.world(1), held_out(1, SETTINGS.episodes))
    assert data["allocators"]["flat"]["returns"] == record.returns.tolist()
    assert set(data["allocators"]) >= set(compared_names())


def test_a_tuned_rule_was_tuned_on_episodes_of_the_family(judged: Path) -> None:
    state = load_state(judged / "searches" / "tuned-rule-flat")
    assert state.settings.varies
    assert make_phase(state, 0).plan.generations == len(state.phases[0].told)


def test_a_torn_or_foreign_measurement_is_done_again(judged: Path, tmp_path: Path) -> None:
    (tmp_path / measure.MEASURED).mkdir()
    task = measure.Task(0, SETTINGS, tmp_path, (Subject("flat", "rule"),))
    path = tmp_path / measure.MEASURED / "scenario-00000.json"
    whole = (judged / measure.MEASURED / "scenario-00001.json").read_text(encoding="utf-8")
    for text in ("{", whole):
        path.write_text(text, encoding="utf-8")
        measure._measure_one(task)
        found = json.loads(path.read_text(encoding="utf-8"))
        assert found["scenario"] == SETTINGS.world(0).digest()


def test_a_folder_of_other_settings_is_refused(judged: Path) -> None:
    with pytest.raises(UserError, match="episodes is 3 there, and not what is asked for now"):
        replace(SETTINGS, episodes=4).claim(judged)


def test_searches_at_twice_the_budget_go_on_from_the_oracles(judged: Path) -> None:
    summary = json.loads((judged / job.SUMMARY_FILE).read_text(encoding="utf-8"))
    assert summary["doubling"]["scenarios"] == SETTINGS.doubled == 2
    for index in range(2):
        name = oracle_name(index)
        oracle, twice = (load_state(judged / SEARCHES / n) for n in (name, doubled_name(name)))
        assert (oracle.settings.budget, twice.settings.budget) == (700, 1400)
        asked = len(oracle.phases[0].told)
        assert twice.phases[0].told[:asked] == oracle.phases[0].told
        assert len(twice.phases[0].told) > asked
        assert twice.earlier == [Earlier(700, oracle.phases[0].outcome.parameters)]
    assert not (judged / SEARCHES / doubled_name(oracle_name(2))).exists()


def test_a_budget_may_be_raised_and_not_lowered(judged: Path, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes((judged / "settings.json").read_bytes())
    with pytest.raises(UserError, match=r"budget is 700 there, .* ask for the same or more"):
        replace(SETTINGS, budget=600).claim(tmp_path)
    replace(SETTINGS, budget=900, doubled=3).claim(tmp_path)
    now = json.loads(path.read_text(encoding="utf-8"))
    assert (now["budget"], now["doubled"]) == (900, 3)
    path.write_text(json.dumps({**now, "budget": "many"}), encoding="utf-8")
    with pytest.raises(UserError, match="budget is 'many' there"):
        replace(SETTINGS, budget=900, doubled=3).claim(tmp_path)


def test_a_run_without_policies_or_with_an_allocators_name_is_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="no training finished in it"):
        measure.learned_subjects([tmp_path], SETTINGS)
    (tmp_path / "flat").mkdir()
    with pytest.raises(UserError, match="a run is named 'flat', as an allocator is"):
        measure.learned_subjects([tmp_path / "flat"], SETTINGS)
    with pytest.raises(UserError, match="two runs are named 'generalist'"):
        measure.learned_subjects([trained, trained], SETTINGS)


def test_a_policy_for_other_communities_is_refused_before_anything_is_run(trained: Path) -> None:
    with pytest.raises(PolicyFileError, match="trained on 3 communities; this scenario has 8"):
        measure.learned_subjects([trained], Settings())


def test_a_judgement_ends_after_the_search_in_hand_when_it_is_told_to(tmp_path: Path) -> None:
    SETTINGS.claim(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        job.judge_family(SETTINGS, tmp_path, [], 1, lambda text: None, stop=lambda: True)
    assert len(list((tmp_path / "searches").iterdir())) == 1
