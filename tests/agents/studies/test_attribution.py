"""A difference between two rules, divided over their parts: what the division must hold to."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.hybrid import PARTS, Hybrid
from juguo_agents.evaluation.rollout import run
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies.attribution.analysis import best_first, division, parts_of, shapley
from juguo_agents.studies.attribution.study import COALITIONS, Attribution, Settings, hybrid
from juguo_envs import Scenario
from juguo_envs.errors import UserError
from tests.agents.search.test_search import TINY as SEARCHED
from tests.agents.search.test_search import found as search
from tests.agents.studies.conducting import check_chinese, conducted

EPISODES = 3
SEEDS = np.arange(EPISODES, dtype=np.uint64)
TINY = Scenario.load("default").override(
    {
        "society.persons": 60,
        "society.communities.count": 3,
        "society.communities.hubs": 1,
        "programme.T": 20,
        "programme.minimum": [2, 2, 2],
        "programme.maximum": [5, 5],
        "crisis.shock_rate": 0.1,
        "defect.p_X": 1.0,
        "defect.h0": 1.0,
        "adoption.alpha_s": 0.0,
        "knowledge.K0": 0.4,
        "know_how.k0": 0.4,
    }
)
"""Stages are short enough to see all three; shocks and defects are frequent enough for relief and exits."""
Array = np.ndarray


def returns(a: str, b: str, coalitions: list[int]) -> Array:
    hybrids = [hybrid(make_rule(a), make_rule(b), coalition) for coalition in coalitions]
    return Scorer(TINY).returns_of(hybrids, SEEDS)


def all_returns(a: str, b: str) -> Array:
    return returns(a, b, list(range(COALITIONS)))


def some_values(parts: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=(2**parts, 5))


@pytest.fixture(scope="module")
def values() -> Array:
    """(256, episodes) returns of `concentrated` with parts of the proposal."""
    return all_returns("concentrated", "experiment_diffusion")


# --- the division ---------------------------------------------------------------------------------------


def test_parts_add_up_to_the_whole_difference_in_every_episode(values: Array) -> None:
    assert np.ptp(values) > 0.01
    np.testing.assert_allclose(shapley(values).sum(0), values[-1] - values[0], rtol=0, atol=1e-12)
    data = division(values)
    total = sum(part["worth"]["mean"] for part in data["parts"])
    assert abs(total - (values[-1] - values[0]).mean()) < 1e-9


def test_the_shapley_value_is_the_mean_gain_over_all_orders() -> None:
    from itertools import permutations

    values = some_values(4)
    expected = np.zeros((4, 5))
    orders = list(permutations(range(4)))
    for order in orders:
        here = 0
        for part in order:
            expected[part] += values[here | 1 << part] - values[here]
            here |= 1 << part
    np.testing.assert_allclose(shapley(values), expected / len(orders), rtol=0, atol=1e-12)


def test_a_part_that_changes_nothing_is_worth_exactly_nothing() -> None:
    values = some_values(3)
    values[[2, 3, 6, 7]] = values[[0, 1, 4, 5]]
    assert (shapley(values)[1] == 0.0).all()


def test_two_parts_that_change_the_same_are_worth_the_same() -> None:
    values = some_values(3)
    values[2], values[6] = values[1], values[5]
    found = shapley(values)
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-12)


def test_from_b_to_a_every_part_is_worth_the_negative(values: Array) -> None:
    back = all_returns("experiment_diffusion", "concentrated")
    np.testing.assert_array_equal(back, values[::-1])
    np.testing.assert_allclose(shapley(back), -shapley(values), rtol=0, atol=1e-12)
    there, here = division(values), division(back)
    assert [s["part"] for s in there["orders"]["a_to_b"]] == [s["part"] for s in here["orders"]["b_to_a"]]


def test_each_step_of_an_order_leaves_the_highest_mean_that_one_exchange_can() -> None:
    values = some_values(4, 1)
    for start in (0, 15):
        path = best_first(values, start)
        assert sorted(step.part for step in path) == [0, 1, 2, 3]
        left, here = {0, 1, 2, 3}, start
        for step in path:
            assert step.before == here
            assert values[step.after].mean() == max(values[here ^ 1 << i].mean() for i in left)
            left.remove(step.part)
            here = step.after
        assert here == 15 - start


def test_a_number_of_coalitions_that_is_no_power_of_two_is_refused() -> None:
    with pytest.raises(ValueError, match="there are 6 coalitions"):
        parts_of(np.zeros((6, 2)))


# --- hybrids --------------------------------------------------------------------------------------------

PAIRS = [
    ("concentrated", "experiment_diffusion"),
    ("policy_learning", "nothing"),
    ("capability_first+exit+relief", "market"),
    ("demonstration_zone", "policy_learning+relief"),
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_without_parts_of_b_it_earns_as_a_and_with_all_as_b_bit_for_bit(a: str, b: str) -> None:
    empty, full = returns(a, b, [0, COALITIONS - 1])
    for name, found in ((a, empty), (b, full)):
        np.testing.assert_array_equal(found, run(make_rule(name), TINY, SEEDS).returns)


@pytest.mark.parametrize(
    ("a", "b", "part"),
    [
        ("flat", "flat+exit", "exit"),
        ("flat", "flat+relief", "relief"),
        ("market", "market+exit", "exit"),
        ("experiment_diffusion-exit", "experiment_diffusion", "exit"),
        ("experiment_diffusion-relief", "experiment_diffusion", "relief"),
    ],
)
def test_where_one_part_differs_it_is_worth_the_whole_difference(a: str, b: str, part: str) -> None:
    values = all_returns(a, b)
    found = shapley(values)
    assert (values[-1] != values[0]).any()
    for i, name in enumerate(PARTS):
        if name == part:
            np.testing.assert_allclose(found[i], values[-1] - values[0], rtol=0, atol=1e-12)
        else:
            assert (found[i] == 0.0).all()
    same = {told["part"]: told["same"] for told in division(values)["parts"]}
    assert same == {name: name != part for name in PARTS}


@pytest.mark.parametrize(
    ("numbers", "part"),
    [
        ({"openness_production": 0.5, "openness_diffusion": 0.5}, "openness"),
        ({"K": 0.05, "F": 0.05, "hold": 1.0}, "timing"),
        ({"lean_low": 9.0}, "places"),
        ({"exit_trial": 0.01, "exit_use": 0.01, "exit_experience": 0.5}, "exit"),
        ({"relief": 0.0}, "relief"),
    ],
)
def test_a_number_belongs_to_one_part(numbers: dict[str, float], part: str) -> None:
    rule, changed = make_rule("experiment_diffusion"), make_rule("experiment_diffusion")
    for name, value in numbers.items():
        setattr(changed, name, value)
    others = frozenset(PARTS) - {part}
    hybrids = [Hybrid(rule, changed, others), Hybrid(rule, changed, {part})]
    without, alone = Scorer(TINY).returns_of(hybrids, SEEDS)
    np.testing.assert_array_equal(without, run(rule, TINY, SEEDS).returns)
    np.testing.assert_array_equal(alone, run(changed, TINY, SEEDS).returns)
    assert (alone != without).any()


def test_the_shares_of_each_stage_are_parts_of_their_own() -> None:
    rule, changed = make_rule("experiment_diffusion"), make_rule("experiment_diffusion")
    changed.shares = np.array(changed.shares)
    changed.shares[2] = changed.shares[2][::-1]
    others = frozenset(PARTS) - {"functions in application"}
    hybrids = [Hybrid(rule, changed, others), Hybrid(rule, changed, {"functions in application"})]
    without, alone = Scorer(TINY).returns_of(hybrids, SEEDS)
    np.testing.assert_array_equal(without, run(rule, TINY, SEEDS).returns)
    np.testing.assert_array_equal(alone, run(changed, TINY, SEEDS).returns)
    assert (alone != without).any()


def test_a_part_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown part 'places by crisis'"):
        Hybrid(make_rule("flat"), make_rule("market"), {"places by crisis"})


# --- the study ------------------------------------------------------------------------------------------


ASKED = {"a": "concentrated", "b": "experiment_diffusion", "scenario": TINY, "episodes": EPISODES}


def test_its_page_tells_what_every_coalition_earned(values: Array, tmp_path: Path) -> None:
    page = conducted(Attribution, tmp_path, **ASKED)
    data = page.data
    assert data == json.loads((tmp_path / "between.json").read_text(encoding="utf-8"))
    np.testing.assert_array_equal(np.array(data["coalitions"]), values.mean(1))
    assert all(part in page.console for part in PARTS)
    text = (tmp_path / "between.md").read_text(encoding="utf-8")
    for figure in ("worth.png", "orders.png"):
        assert f"({figure})" in text and (tmp_path / figure).read_bytes().startswith(b"\x89PNG")
    for order, end in (("a_to_b", "b"), ("b_to_a", "a")):
        steps = data["orders"][order]
        assert sorted(step["part"] for step in steps) == sorted(PARTS)
        assert steps[-1]["return"] == pytest.approx(data[end]["return"]["mean"], abs=1e-12)
    check_chinese(partial(conducted, Attribution, tmp_path, **ASKED), tmp_path, "between")
    with pytest.raises(UserError, match=r"episodes is 7, but .* has 3"):
        conducted(Attribution, tmp_path, **{**ASKED, "episodes": 7})


def test_two_searches_of_one_rule_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    one, other = (str(tmp_path / folder) for folder in ("one", "other"))
    for seed, folder in enumerate((one, other)):
        search(Path(folder), "rule:market", seed=seed, budget=700)
    settings = Settings(a=one, b=other)
    a, b = settings.sides
    assert (a.rule.name, b.rule.name) == ("market:tuned_one", "market:tuned_other")
    assert a.digest != b.digest
    assert settings.world.digest() == SEARCHED.digest()
    with pytest.raises(UserError, match="hold the same allocator"):
        Settings(a=one, b=one).check()


def test_what_is_no_rule_is_refused(tmp_path: Path) -> None:
    search(tmp_path, "constant")
    with pytest.raises(UserError, match="is searched_constant and no rule; only rules can be divided"):
        Settings(a=str(tmp_path), b="flat").check()
