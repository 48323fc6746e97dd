"""The reward is made of its parts, and `info` tells them, the accounts and the indicator board."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from juguo_envs import ExperimentDiffusionEnv, ExperimentDiffusionVectorEnv, Scenario
from juguo_envs.info import ACCOUNTS, ENTRIES, REWARD_PARTS, batch_info
from juguo_envs.model.equations import INTERACTOR, PARTICIPANT
from juguo_envs.model.state import ACTORS, INDICATORS
from tests.properties.strategies import Plan, first_seeds, plans, scenarios
from tests.support import random_actions, small, spend, started

WORLD = small({"programme.T": 20, "adoption.alpha_k": 0.0, "adoption.alpha_s": 0.0})
weights = st.floats(0.0, 10.0)


@given(breadth=weights, resilience=weights, excluded=weights, seed=first_seeds())
def test_the_reward_is_the_weighted_sum_of_its_parts_over_the_programme(
    breadth: float, resilience: float, excluded: float, seed: int
) -> None:
    env = ExperimentDiffusionEnv(
        WORLD, reward={"breadth": breadth, "resilience": resilience, "excluded": excluded}
    )
    env.reset(seed=seed)
    for _ in range(8):
        _, reward, _, _, info = env.step(env.action_space.sample())
        expected = breadth * info["breadth"] + resilience * info["resilience"] - excluded * info["excluded"]
        assert_allclose(reward, expected / 20, rtol=1e-12, atol=1e-15)
        assert_allclose(info["reward_vector"], [info[name] for name in REWARD_PARTS], rtol=0)
        assert info["cost"] == info["excluded"]


def test_the_default_weights_are_those_of_the_model_page() -> None:
    scenario = Scenario.load("default")
    assert (scenario.reward.w_b, scenario.reward.w_r, scenario.reward.w_x) == (1.0, 0.2, 1.0)


def test_weights_change_the_reward_and_nothing_else() -> None:
    plain, weighted = ExperimentDiffusionEnv(WORLD), ExperimentDiffusionEnv(WORLD, reward={"excluded": 5.0})
    plain.reset(seed=0)
    weighted.reset(seed=0)
    assert weighted.scenario.reward.w_b == plain.scenario.reward.w_b
    for _ in range(20):
        action = plain.action_space.sample()
        one, other = plain.step(action), weighted.step(action)
        assert np.array_equal(one[0], other[0])
        assert_allclose(one[1] - other[1], 4.0 * one[4]["excluded"] / 20, atol=1e-12)


def test_the_aversion_changes_breadth_and_nothing_of_the_world() -> None:
    plain = ExperimentDiffusionEnv(WORLD, reward={"aversion": 0.0})
    averse = ExperimentDiffusionEnv(WORLD, reward={"aversion": 2.0})
    plain.reset(seed=0)
    averse.reset(seed=0)
    used = False
    for _ in range(20):
        action = plain.action_space.sample()
        one, other = plain.step(action), averse.step(action)
        assert np.array_equal(one[0], other[0])
        assert one[4]["breadth"] >= other[4]["breadth"]
        used |= one[4]["breadth"] > other[4]["breadth"] > 0.0
    assert used


def test_the_vector_environment_takes_the_same_weights() -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD, reward={"breadth": 0.0, "resilience": 0.0})
    envs.reset(seed=0)
    _, rewards, _, _, info = envs.step(envs.action_space.sample())
    assert_allclose(rewards, -info["excluded"] / 20)


def test_info_tells_the_same_at_reset_as_in_a_step() -> None:
    env = ExperimentDiffusionEnv(WORLD)
    _, begin = env.reset(seed=0)
    *_, after = env.step(env.action_space.sample())
    assert list(begin) == list(after) == [entry.name for entry in ENTRIES]
    assert not any(begin[f"money_{name}"] for name in ACCOUNTS)
    assert (begin["breadth"], begin["stage"], begin["project"], begin["abandoned"]) == (0.0, 0, 0, 0)


def test_info_is_flat_and_of_numpy() -> None:
    """So that what makes a spec of it, or keeps it in arrays, needs no word of ours."""
    env = ExperimentDiffusionEnv(WORLD)
    _, begin = env.reset(seed=0)
    *_, after = env.step(env.action_space.sample())
    for info in (begin, after):
        assert {type(value) for value in info.values()} == {np.float64, np.int64, np.ndarray}
        assert {name: value.dtype for name, value in info.items()} == {n: v.dtype for n, v in begin.items()}


def test_the_money_that_info_tells_is_the_money_there_is() -> None:
    env = ExperimentDiffusionEnv(small({"crisis.shock_rate": 0.3}))
    env.reset(seed=0)
    for _ in range(12):
        before = env.batch.state.programme["M"][0]
        *_, info = env.step(env.action_space.sample())
        assert_allclose(
            info["money_spent"] + info["money_payout"] + info["money_saved"], info["money_budget"]
        )
        assert_allclose(info["reserve"] - before, info["money_saved"], atol=1e-9)


def test_costs_over_the_programme_sum_to_the_mean_share_of_the_excluded() -> None:
    env = ExperimentDiffusionEnv(small({"programme.T": 6, "resilience.r0": 0.02}))
    env.reset(seed=0)
    infos = [env.step(env.action_space.sample())[4] for _ in range(6)]
    mean = np.mean([info["excluded"] for info in infos])
    assert_allclose(sum(info["cost_over_T"] for info in infos), mean, rtol=1e-12)
    assert mean > 0.0


def test_info_counts_stages_projects_and_those_given_up() -> None:
    env = ExperimentDiffusionEnv(WORLD)
    env.reset(seed=0)
    action = spend(env.batch, {"research": 1.0}, advance=True)[0]
    stages = [env.step(action)[4]["stage"] for _ in range(8)]
    assert stages == [0, 0, 0, 1, 1, 1, 1, 2]
    action[-1] = 1.0
    info = env.step(action)[4]
    assert (info["stage"], info["project"], info["abandoned"]) == (0, 1, 1)


# --- the indicator board -----------------------------------------------------------------------------------


@given(scenarios(), plans(), first_seeds())
def test_every_cell_of_the_board_is_in_the_unit_interval(scenario: Scenario, plan: Plan, seed: int) -> None:
    batch = started(scenario, 1, seed)
    for actions in plan.actions(batch):
        batch.step(actions)
        board = batch.state.board
        assert board.shape == (1, len(INDICATORS), len(ACTORS))
        assert (board >= 0.0).all() and (board <= 1.0 + 1e-9).all()


def test_the_board_reads_the_state() -> None:
    batch = started(
        small({"society.persons": 300, "programme.T": 40, "adoption.d0": 0.3, "adoption.alpha_k": 0.0}), 4
    )
    rng = np.random.default_rng(0)
    for _ in range(20):
        batch.step(random_actions(rng, batch, abandon=0.0))
    s, board = batch.state, batch_info(batch)["board"]
    functions = s.allocation[:, :9].reshape(4, 3, 3).sum(axis=2)
    assert_allclose(board[:, 0], functions / functions.sum(axis=1, keepdims=True), rtol=1e-9)
    assert_allclose(board[:, 1, 1], s.community["E"] @ batch.structure.share, rtol=1e-9)
    used = s.adopted == 1
    participants = s.role == PARTICIPANT
    assert_allclose(board[:, 1, 2], (used & participants).sum(1) / participants.sum(1), rtol=1e-9)
    assert_allclose(board[:, 3, 0], s.programme["K"], rtol=1e-9)
    interactors = (used & (s.role == INTERACTOR)).sum(1)
    assert_allclose(board[:, 3, 2], interactors / (interactors + (used & participants).sum(1)), rtol=1e-9)
    distance = np.abs(s.kappa.astype(float) - s.kappa0)
    for actor in range(3):
        moved = np.where(used, 1.0, distance)
        mean = [moved[b][s.role[b] == actor].mean() for b in range(4)]
        assert_allclose(board[:, 4, actor], mean, rtol=1e-6)


@pytest.mark.parametrize(
    ("functions", "actor"),
    [({"research": 1.0}, 0), ({"governance": 1.0}, 1), ({"engagement": 1.0, "resilience": 1.0}, 2)],
)
def test_the_target_of_the_money_is_the_actor_that_receives_it(
    functions: dict[str, float], actor: int
) -> None:
    batch = started(WORLD, 1)
    batch.step(spend(batch, functions, reserve=0.5))
    assert batch.state.board[0, 0].tolist() == np.eye(3)[actor].tolist()


BUSY = {
    "society.persons": 300,
    "adoption.p": 0.2,
    "adoption.d0": 0.15,
    "adoption.alpha_k": 0.0,
    "adoption.alpha_s": 0.0,
}
"""A world in which some adopt in every quarter."""


def test_the_three_ways_of_governing_sum_to_one_where_somebody_adopted() -> None:
    batch = started(small(BUSY), 3)
    for _ in range(3):
        batch.step(spend(batch, {"governance": 1.0, "scenarios": 1.0}))
        assert_allclose(batch.state.board[:, 2].sum(axis=1), 1.0, rtol=1e-9)
    assert (batch.state.board[:, 2] > 0.0).all()


def test_nothing_organised_is_shown_where_nothing_is_guided_or_tried() -> None:
    batch = started(small(BUSY), 3)
    for _ in range(3):
        batch.step(spend(batch, {"research": 1.0}))
    assert_allclose(batch.state.board[:, 2, 1], 0.0, atol=1e-9)
    assert (batch.state.board[:, 2, 0] > 0.0).all()


def test_nothing_is_shown_of_how_adoption_was_governed_where_nobody_adopted() -> None:
    batch = started(small({"adoption.p": 0.0, "adoption.p_tr": 0.0}), 2)
    batch.step(spend(batch, {"governance": 1.0}))
    assert not batch.state.board[:, 2].any()
