"""From latent actions to actions: shares that sum to one, and densities that are the right ones."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, norm
from stable_baselines3 import PPO

from juguo_agents.artifacts.heads import HEADS
from juguo_agents.training.config import Experiment
from juguo_agents.training.learners.kinds import make_learner
from juguo_agents.training.sb3_vec_env import BatchVecEnv
from juguo_envs import Scenario
from juguo_envs.spaces.action import SHARES, decode_allocation

COMMUNITIES = 3
SIZE = SHARES + COMMUNITIES + 3
SMALL = Scenario.load("default").override({"society.persons": 60, "programme.T": 10})
SOFT = HEADS["logistic_normal"]


def latents(bound: float) -> st.SearchStrategy[np.ndarray]:
    numbers = st.floats(-bound, bound, width=32)
    return st.lists(numbers, min_size=SIZE, max_size=SIZE).map(lambda z: np.array([z], np.float32))


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z.astype(np.float64) - z.max())
    return e / e.sum()


@given(latents(8.0))
def test_the_shares_that_are_decoded_are_the_softmax_of_the_logits(z: np.ndarray) -> None:
    decoded = decode_allocation(SOFT.actions(z), np.full(COMMUNITIES, 1 / COMMUNITIES))
    shares = np.append(decoded.functions[0], decoded.reserve[0])
    np.testing.assert_allclose(shares, softmax(z[0, :SHARES]), atol=1e-6)
    np.testing.assert_allclose(decoded.communities[0], softmax(z[0, SHARES:-3]), atol=1e-6)
    np.testing.assert_allclose(decoded.openness[0], 1 / (1 + np.exp(-np.float64(z[0, -3]))), atol=1e-6)
    clear = np.abs(z[0, -2:]) > 1e-5  # beside 0.5 float32 may round to either side
    said = np.array([decoded.advance[0], decoded.abandon[0]])
    np.testing.assert_array_equal(said[clear], (z[0, -2:] > 0)[clear])


@given(latents(2.0**100))
def test_any_number_gives_an_action_within_bounds(z: np.ndarray) -> None:
    for head in HEADS.values():
        action = head.actions(z)
        assert action.dtype == np.float32 and action.shape == z.shape
        assert (np.abs(action) <= 1.0).all()


@given(latents(3.0), st.floats(-3.0, 3.0))
def test_the_same_number_added_to_a_group_changes_nothing(z: np.ndarray, shift: float) -> None:
    moved = z.copy()
    moved[:, :SHARES] += np.float32(shift)
    np.testing.assert_allclose(SOFT.actions(moved), SOFT.actions(z), atol=1e-5)


def test_the_adapter_steps_the_world_with_what_the_head_makes_of_latent_actions() -> None:
    soft = BatchVecEnv(SMALL, 2, seed=5, head=SOFT)
    plain = BatchVecEnv(SMALL, 2, seed=5)
    assert soft.action_space.low.min() == -SOFT.limit
    soft.reset(), plain.reset()
    rng = np.random.default_rng(0)
    for _ in range(4):
        z = rng.normal(0, 2, (2, soft.batch.action_size)).astype(np.float32)
        mine, theirs = soft.step(z), plain.step(SOFT.actions(z))
        np.testing.assert_array_equal(mine[0], theirs[0])
        np.testing.assert_array_equal(mine[1], theirs[1])


def test_the_log_probabilities_that_ppo_learns_from_are_the_gaussians_of_the_latent_actions_drawn() -> None:
    training = {
        "ppo": {
            "envs": 4,
            "paired": 2,
            "n_steps": 10,
            "batch_size": 20,
            "head": "logistic_normal",
            "n_epochs": 1,
        }
    }
    learner = make_learner(SMALL, Experiment.model_validate({"training": training}), seed=0)
    assert isinstance(learner, PPO)
    before = {name: tensor.clone() for name, tensor in learner.policy.state_dict().items()}
    learner.learn(40)
    buffer = learner.rollout_buffer
    drawn = buffer.actions.reshape(40, -1)
    assert np.abs(drawn).max() > 1.0  # the plain Gaussian would have been clipped there
    learner.policy.load_state_dict(before)
    with torch.no_grad():
        mean = learner.policy.get_distribution(torch.from_numpy(buffer.observations.reshape(40, -1))).mode()
    spread = np.exp(before["log_std"].numpy())
    wanted = norm.logpdf(drawn, mean.numpy(), spread).sum(1)
    np.testing.assert_allclose(buffer.log_probs.reshape(40), wanted, rtol=1e-4)


def test_the_shares_of_gaussian_logits_are_logistic_normal() -> None:
    """The logarithms of ratios to a group's last share are normal: means and variances of differences."""
    rng = np.random.default_rng(0)
    mean, spread, draws = rng.uniform(-1, 1, SIZE), rng.uniform(0.2, 0.8, SIZE), 20_000
    z = (mean + spread * rng.standard_normal((draws, SIZE))).astype(np.float32)
    decoded = decode_allocation(SOFT.actions(z), np.full(COMMUNITIES, 1 / COMMUNITIES))
    shares = np.column_stack([decoded.functions, decoded.reserve])
    ratios = np.log(shares[:, :-1] / shares[:, -1:])
    m, s = mean[:SHARES], spread[:SHARES]
    wanted = np.diag(s[:-1] ** 2) + s[-1] ** 2
    tolerance = 5 * np.sqrt(wanted.diagonal().max() / draws)
    np.testing.assert_allclose(ratios.mean(0), m[:-1] - m[-1], atol=tolerance)
    np.testing.assert_allclose(np.cov(ratios.T), wanted, atol=2 * tolerance)
    assert kstest(ratios[:, 0], norm(m[0] - m[-1], np.sqrt(wanted[0, 0])).cdf).pvalue > 1e-3
