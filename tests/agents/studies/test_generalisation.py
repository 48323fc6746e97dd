"""Generalisation: what regret is, what is kept apart, and that nothing is run twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text

from juguo_agents.allocators import BASELINE, make_rule
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP
from juguo_agents.artifacts.policy import PolicyFileError
from juguo_agents.artifacts.policy_file import save_policy
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import run
from juguo_agents.report.figures.regret import _draw
from juguo_agents.report.texts import say, speaking
from juguo_agents.search.checkpoint import Earlier, load_state
from juguo_agents.search.optimise import begin
from juguo_agents.studies import measurement
from juguo_agents.studies.executors import LocalExecutor
from juguo_agents.studies.generalisation import study
from juguo_agents.studies.generalisation.analysis import ORACLE_NAME as ORACLE
from juguo_agents.studies.generalisation.analysis import Subject, as_markdown, console_table, summarise
from juguo_agents.studies.generalisation.study import Generalisation, Settings, Table, tuned_rules
from juguo_agents.studies.study import conduct
from juguo_agents.training.config import Experiment
from juguo_agents.training.train import train_seed
from juguo_envs import Family
from juguo_envs.errors import UserError
from tests.agents.studies.conducting import english
from tests.support import small

SMALL = small()
NUMBERS = {
    "scenario": SMALL, "scenarios": 3, "episodes": 3, "budget": 700, "tuning": 200, "convergence": 2,
    "specialists": 2,
}  # fmt: skip
SETTINGS = Settings(**NUMBERS)  # not checked: the tuning is too short for a closed loop
FAMILY = Family(SMALL)
RULES = ("flat", BASELINE)


def returns(**means: list[float]) -> dict[str, Any]:
    """Two episodes in each scenario, with these means."""
    return {name: np.array(values)[:, None] + np.array([-0.1, 0.1]) for name, values in means.items()}


def subjects(*learned: str) -> list[Subject]:
    """The baseline as it is and tuned, a rule, and the training seeds of one run."""
    rules = [Subject(BASELINE, "rule"), Subject("flat", "rule"), Subject(f"{BASELINE}:tuned", "tuned")]
    return rules + [Subject(name, "learned", group="mine") for name in learned]


def page(summary: dict[str, Any]) -> str:
    return as_markdown({**SETTINGS.model_dump(exclude={"scenario"}), "scenario": "small", **summary})


YARDSTICKS = {
    BASELINE: [0.0, 0.0, 0.2],
    "flat": [0.5, 0.1, 0.0],
    f"{BASELINE}:tuned": [0.1, 0.0, 0.1],
    ORACLE: [1.0, 0.4, 1.0],
}


def test_regret_is_a_share_of_the_spread_and_a_runs_that_of_its_mean_seed() -> None:
    measured = returns(**YARDSTICKS, one=[1.0, 0.2, 0.8], two=[0.8, 0.2, 0.8])
    summary, regret = summarise(measured, subjects("one", "two"), FAMILY)
    np.testing.assert_allclose(regret["flat"], [0.5, 0.75, 1.0])
    np.testing.assert_allclose(regret["mine"], [0.1, 0.5, 0.2])
    row = next(r for r in summary["allocators"] if r["name"] == "mine")
    assert row["kind"] == "run"
    assert row["median"] == pytest.approx(0.2)
    assert row["worst_tenth"] == pytest.approx(0.5)
    assert row["beaten_by_baseline"] == 0.0


def test_a_policy_does_not_stretch_the_spread() -> None:
    _, without = summarise(returns(**YARDSTICKS), subjects(), FAMILY)
    _, beside = summarise(returns(**YARDSTICKS, one=[-9.0, 9.0, 0.0]), subjects("one"), FAMILY)
    np.testing.assert_array_equal(without["flat"], beside["flat"])


def test_the_summary_says_where_a_yardstick_beats_the_oracle() -> None:
    summary, regret = summarise(returns(**{**YARDSTICKS, "flat": [1.5, 0.1, 0.0]}), subjects(), FAMILY)
    assert regret["flat"][0] == pytest.approx(-1.0 / 3.0)
    assert summary["oracle_beaten"] == pytest.approx(1.0 / 3.0)
    assert summary["oracle_gap"] == pytest.approx(1.0 / 9.0)


def test_what_twice_the_budget_brings_the_oracles_is_a_share_of_the_spread() -> None:
    measured = returns(**YARDSTICKS)
    summary, _ = summarise(measured, subjects(), FAMILY, gains=[0.1, 0.02])
    assert summary["doubling"]["scenarios"] == 2
    assert summary["doubling"]["mean"] == pytest.approx((0.1 / 1.0 + 0.02 / 0.4) / 2)
    assert "In the first 2 scenarios twice the budget raised the oracle's mean return" in page(summary)
    without, _ = summarise(measured, subjects(), FAMILY)
    assert without["doubling"] is None and "twice the budget" not in page(without)


def test_what_is_earned_more_than_a_specialist_is_a_share_of_the_spread() -> None:
    measured = returns(**YARDSTICKS, one=[0.7, 0.3, 0.9])
    specialists = returns(specialist=[0.9, 0.2])["specialist"]
    summary, regret = summarise(measured, subjects("one"), FAMILY, specialists=specialists)
    beside = summary["specialists"]
    rows = {row["name"]: row for row in beside["against"]}
    assert beside["scenarios"] == 2 and beside["against"][0]["name"] == ORACLE
    assert rows[ORACLE]["mean"] == pytest.approx((0.1 / 1.0 + 0.2 / 0.4) / 2)  # the worth of knowing
    assert rows["mine"]["mean"] == pytest.approx((-0.2 / 1.0 + 0.1 / 0.4) / 2)
    assert rows["mine"]["better_in"] == 0.5
    assert "flat" not in rows and "## What knowing is worth" in page(summary)
    _, without = summarise(measured, subjects("one"), FAMILY)
    np.testing.assert_array_equal(regret["mine"], without["mine"])
    with speaking("zh"):
        assert english(page(summary)) == []


def test_scenarios_in_which_the_baseline_is_better_are_counted() -> None:
    summary, _ = summarise(returns(**YARDSTICKS, one=[0.5, -0.1, 0.1]), subjects("one"), FAMILY)
    row = next(r for r in summary["allocators"] if r["name"] == "mine")
    assert row["beaten_by_baseline"] == pytest.approx(2.0 / 3.0)
    assert row["beaten_by_tuned_baseline"] == pytest.approx(1.0 / 3.0)


@pytest.mark.parametrize(("gain", "beats", "small"), [(0.0, False, False), (0.49, True, True)])
def test_a_verdict_needs_every_rule_behind_beyond_noise_and_a_small_median(
    gain: float, beats: bool, small: bool
) -> None:
    rng = np.random.default_rng(0)
    base = rng.uniform(0.3, 0.5, 40)
    measured = returns(
        **{BASELINE: [0.0] * 40, f"{BASELINE}:tuned": [0.1] * 40, ORACLE: [1.0] * 40},
        flat=list(base),
        one=list(np.minimum(0.98, base + gain + 0.05 * rng.standard_normal(40))),
    )
    summary, _ = summarise(measured, subjects("one"), FAMILY)
    verdict = summary["verdicts"]["mine"]
    assert verdict["closest"] == "flat"
    assert verdict["beats_every_rule"] is beats
    assert verdict["small"] is (small and verdict["median"] <= 0.1)
    words = "less than every rule's" if beats else "not less than every rule's"
    assert words in console_table(summary) and words in page(summary)
    with speaking("zh"):
        assert english(console_table(summary)) == english(page(summary)) == []
        assert (say("generalisation.less") in page(summary)) is beats


def test_the_figure_and_what_twice_the_budget_brings_are_in_chinese() -> None:
    summary, regret = summarise(
        returns(**YARDSTICKS, one=[0.9, 0.3, 0.7]), subjects("one"), FAMILY, [0.1, 0.2]
    )
    told = {**SETTINGS.model_dump(exclude={"scenario"}), "scenario": "small", **summary}
    with speaking("zh"):
        assert "前 2 个情景中，预算加倍" in page(summary)
        said = [text.get_text() for text in _draw(told, regret).findobj(Text)]
    assert "先知" in "".join(said) and english(" | ".join(said)) == []


def test_a_scenario_in_which_nothing_matters_is_refused() -> None:
    with pytest.raises(UserError, match="held-out scenario 0: all yardsticks have one return"):
        summarise(returns(**{name: [0.5, 0.5, 1.0] for name in YARDSTICKS}), subjects(), FAMILY)


def test_held_out_worlds_are_of_seeds_that_nothing_else_has() -> None:
    assert SETTINGS.world(2).digest() == FAMILY.scenario(seeds.held_out_world(2)).digest()
    assert {seeds.held_out_world(2)} <= set(seeds.HELD_OUT_WORLDS.take(0, 3).tolist())
    searches = (SETTINGS.searched_in(0, ORACLE), *SETTINGS.tunings().values())
    assert {s.seed for s in searches} == {seeds.WORLD_SEARCH.first, seeds.RULE_SEARCH.first}


def test_rules_are_tuned_on_the_family_and_oracles_on_their_world() -> None:
    tunings = SETTINGS.tunings()
    assert len(tunings) == len(tuned_rules()) + 1
    assert all(search.varies for search in tunings.values())
    assert not SETTINGS.searched_in(1, ORACLE).varies
    assert SETTINGS.searched_in(1, ORACLE).scenario == SETTINGS.world(1)


def test_an_oracle_begins_within_what_its_programme_allows() -> None:
    """The family's programmes are of different lengths; every one can be begun at any of the numbers."""
    numbers = CLOSED_LOOP.space(SMALL).start | {"exit.quarter": 60.0}
    lengths = set()
    for index in range(12):
        search = SETTINGS.searched_in(index, ORACLE, numbers)
        begin(search)  # refuses numbers that are not allowed
        lengths.add(search.scenario.programme.T)
    assert min(lengths) < 60


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


class _Named:
    """A family by its name: a closed loop takes too long for a test; an open one has some of its numbers."""

    def __init__(self, name: str) -> None:
        self.name = name


def _refuse(*arguments: Any, **named: Any) -> None:
    raise AssertionError("this was done before")


@pytest.fixture(scope="module")
def done(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole small study with two tuned rules, to which a world and then the run were added later."""
    folder = tmp_path_factory.mktemp("done")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "compared_names", lambda: list(RULES))
        patch.setattr(study, "CLOSED_LOOP", _Named("open_loop"))
        patch.setattr(study, "VALIDATION", 10)
        fewer = conduct(Generalisation(Settings(**{**NUMBERS, "scenarios": 2})), folder, LocalExecutor(1))
        alone = conduct(Generalisation(SETTINGS), folder, LocalExecutor(1))
        for name, regret in fewer.data["regret"].items():
            assert alone.data["regret"][name][:2] == regret
        assert alone.data["verdicts"] == {}
        assert "No trained run was named" in alone.files["family.md"].decode()
        patch.setattr("juguo_agents.search.conduct.search", _refuse)
        measured = []

        def only_policies(allocator: Any, *arguments: Any, **options: Any) -> Any:
            measured.append(allocator.name)
            return run(allocator, *arguments, **options)

        patch.setattr(measurement, "run", only_policies)
        beside = Settings(**NUMBERS, runs=(trained,))
        page = conduct(Generalisation(beside), folder, LocalExecutor(1))
        assert sorted(set(measured)) == ["learned_seed0", "learned_seed1"]  # in the same worlds, and no more
        assert len(measured) == 2 * SETTINGS.scenarios
        rows = {row["name"]: row for row in page.data["allocators"]}
        assert all(rows[row["name"]] == row for row in alone.data["allocators"])
    return folder


def test_oracles_begin_at_what_was_searched_on_the_family(done: Path) -> None:
    tuned = load_state(done / "work/tuning/open_loop").phases[0].outcome
    assert tuned is not None
    for index in range(SETTINGS.scenarios):
        begun = load_state(done / f"work/oracles/{index:05d}").settings.begin
        assert begun is not None and begun.keys() == tuned.parameters.keys()
        moved = {name for name in begun if begun[name] != tuned.parameters[name]}
        assert moved <= {"production.quarters", "diffusion.quarters", "exit.quarter"}


def test_specialists_are_searched_like_the_oracles_and_do_not_know_what_is_hidden(done: Path) -> None:
    for index in range(SETTINGS.specialists):
        oracle, own = (
            load_state(done / f"work/{stage}/{index:05d}").settings for stage in ("oracles", "specialists")
        )
        assert (own.family, oracle.family) == ("open_loop", ORACLE)
        assert replace(own, family=ORACLE, begin=oracle.begin) == oracle
        assert (
            own.begin is not None and oracle.begin is not None and own.begin.items() <= oracle.begin.items()
        )
    assert not (done / "work/specialists/00002").exists()


def test_the_study_leaves_numbers_a_page_and_a_figure(done: Path) -> None:
    summary = json.loads((done / "family.json").read_text(encoding="utf-8"))
    assert summary["specialists"]["scenarios"] == SETTINGS.specialists
    names = {row["name"] for row in summary["allocators"]}
    assert {"generalist", "generalist seed 0", "generalist seed 1", "flat:tuned", ORACLE} <= names
    assert len(summary["regret"]["generalist"]) == SETTINGS.scenarios
    assert "## `generalist` against every yardstick" in (done / "family.md").read_text(encoding="utf-8")
    assert (done / "regret.png").read_bytes().startswith(b"\x89PNG")


def test_the_returns_are_those_of_the_test_episodes_in_the_held_out_world(
    done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables: list[Table] = []
    monkeypatch.setattr(study, "compared_names", lambda: list(RULES))
    monkeypatch.setattr(study, "CLOSED_LOOP", _Named("open_loop"))
    monkeypatch.setattr(study, "VALIDATION", 10)
    monkeypatch.setattr(Generalisation, "analyse", lambda self, table: tables.append(table))
    with pytest.raises(AttributeError):  # there is no page to write
        conduct(Generalisation(SETTINGS), done, LocalExecutor(1))
    record = run(make_rule("flat"), SETTINGS.world(1), seeds.held_out(1, SETTINGS.episodes))
    np.testing.assert_array_equal(tables[0].returns["flat"][1], record.returns)


def test_searches_at_twice_the_budget_go_on_from_the_oracles(done: Path) -> None:
    assert json.loads((done / "family.json").read_text())["doubling"]["scenarios"] == 2
    for index in range(2):
        oracle, twice = (load_state(done / f"work/{s}/{index:05d}") for s in ("oracles", "convergence"))
        assert (oracle.settings.budget, twice.settings.budget) == (700, 1400)
        asked = len(oracle.phases[0].told)
        assert twice.phases[0].told[:asked] == oracle.phases[0].told
        assert len(twice.phases[0].told) > asked
        assert oracle.phases[0].outcome is not None
        assert twice.earlier == [Earlier(700, oracle.phases[0].outcome.parameters)]
    assert not (done / "work/convergence/00002").exists()


def test_budgets_and_worlds_may_be_raised_and_not_lowered(tmp_path: Path) -> None:
    def claim(**changes: int) -> None:
        Settings(**{**NUMBERS, **changes}).claim(tmp_path, "generalisation")

    claim()
    with pytest.raises(UserError, match=r"budget is 600, .* give 700 or more"):
        claim(budget=600)
    with pytest.raises(UserError, match=r"scenarios is 2, .* give 3 or more"):
        claim(scenarios=2)
    claim(budget=900, convergence=3)
    with pytest.raises(UserError, match=r"budget is 700, .* give 900 or more"):
        claim()
    with pytest.raises(UserError, match=r"tuning is 300, .* has 200"):
        claim(budget=900, convergence=3, tuning=300)


def test_a_policy_of_the_zoo_is_judged_by_its_name() -> None:
    settings = Settings.parse({**NUMBERS, "tuning": 1000, "scenario": "default", "runs": ["zoo:family"]})
    [(subject, policy)] = settings.policies().items()
    assert (subject.name, subject.kind, subject.group) == ("zoo:family seed 0", "learned", "zoo:family")
    assert policy.digest == measurement.named("zoo:family").digest
    with pytest.raises(UserError, match="unknown policy of the zoo 'famly'"):
        Settings.parse({**NUMBERS, "tuning": 1000, "scenario": "default", "runs": ["zoo:famly"]})


def test_runs_that_cannot_be_measured_are_refused_before_anything_is_run(
    trained: Path, tmp_path: Path
) -> None:
    def runs(*folders: Path, **changes: Any) -> Settings:
        return Settings.parse({**NUMBERS, "tuning": 1000, **changes, "runs": folders})

    with pytest.raises(PolicyFileError, match="name the folder of a finished training run"):
        runs(tmp_path)
    (tmp_path / "flat").mkdir()
    with pytest.raises(UserError, match="a run is named 'flat', as an allocator is"):
        runs(tmp_path / "flat")
    with pytest.raises(UserError, match="two runs are named 'generalist'"):
        runs(trained, trained)
    (tmp_path / "copy").mkdir()
    name = "policy-seed0.safetensors"
    (tmp_path / "copy" / name).write_bytes((trained / name).read_bytes())
    with pytest.raises(UserError, match="holds the same policy as another one"):
        runs(trained, tmp_path / "copy")
    with pytest.raises(PolicyFileError, match="trained on 3 communities; this scenario has 8"):
        runs(trained, scenario="default")
